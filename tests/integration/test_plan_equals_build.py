"""The command line's plan is the build's: what it lists is what a build asks for and pays."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from typing import Any

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig

from mkdocs_imagegen.keys import request_key
from mkdocs_imagegen.model import CoverRequest, Size
from tests.imageserver import Call, ImageServer
from tests.sites import Site

FIGURE = '<figure class="cover">'

PRINTING_SCRIPT = """
import subprocess
import sys

import mkdocs_gen_files

print("a script prints")
sys.stdout.write("and leaves its line open")
subprocess.run([sys.executable, "-c", "print('a child process prints')"], check=True)
with mkdocs_gen_files.open("reference/made.md", "w") as page:
    page.write("---\\ncover_prompt: A page that a script made\\n---\\n# Made\\n\\nText.\\n")
"""

PRINTING_HOOK = """
import os
import subprocess

print("a hook prints on import")


def on_startup(**_):
    print("a hook prints on startup")


def on_nav(nav, **_):
    os.write(1, b"a hook writes to file descriptor 1\\n")
    subprocess.run(["echo", "a hook's child prints"], check=True)
    return nav
"""


def server_of(site: Site) -> ImageServer:
    assert site.server is not None
    return site.server


def keys_to_buy(plan: dict[str, Any]) -> list[str]:
    return sorted(a["request_key"] for a in plan["actions"] if a["action"] == "generate")


def key_of(call: Call) -> str:
    """The request key of what really arrived."""
    body = dict(call.body or {})
    return request_key(
        CoverRequest(
            kind="generate",
            model=str(body["model"]),
            prompt=str(body["prompt"]),
            size=Size.parse(str(body["size"])),
            quality=str(body["quality"]),
        )
    )


def assert_the_plan_was_the_bill(plan: dict[str, Any], server: ImageServer) -> None:
    assert keys_to_buy(plan) == sorted(key_of(call) for call in server.paid_calls)
    assert plan["total_micro_usd"] == server.paid_micro_usd


def january(day: int) -> dt.date:
    return dt.date(2026, 1, day)


@pytest.fixture
def many_makers(site: Site) -> Site:
    """A site whose pages come from authors, the blog, `.meta.yml`, `defaults:` and a script."""
    site.config = {
        "theme": {"name": "material", "font": False},
        "plugins": [
            "search",
            "meta",
            {"blog": {"pagination_per_page": 2}},
            {"gen-files": {"scripts": ["make_pages.py"]}},
        ],
        "hooks": ["printing_hook.py"],
        "draft_docs": "unfinished.md",
        "exclude_docs": "secret.md",
    }
    site.options |= {"defaults": [{"match": "guides/**", "size": "1280x672", "style": "Etching"}]}
    site.write("make_pages.py", PRINTING_SCRIPT)
    site.write("printing_hook.py", PRINTING_HOOK)
    site.write("docs/blog/.meta.yml", "cover_prompt: A stack of letters\ncover_quality: low\n")
    site.article("blog/index.md", cover_enabled=False)
    for day in (1, 2, 3):
        site.article(f"blog/posts/inherits-{day}.md", date=january(day), categories=["Craft"])
    site.article("blog/posts/own-prompt.md", date=january(4), cover_prompt="A quill")
    site.article("blog/posts/off.md", date=january(5), cover_enabled=False)
    site.article("blog/posts/a-draft.md", date=january(6), draft=True, cover_prompt="A sketch")
    site.article("guides/start.md", cover_prompt="A ladder")
    site.article("guides/plain.md")
    site.article("index.md", cover_prompt="A door")
    site.article("unfinished.md", cover_prompt="Half a bridge")
    site.article("secret.md", cover_prompt="A safe")
    return site


def test_blog_meta_defaults_and_made_pages_cost_what_the_plan_says(many_makers: Site) -> None:
    site, server = many_makers, server_of(many_makers)
    ran = site.cli("plan", "--format", "json")
    assert ran.code == 0, ran.stderr
    plan = json.loads(ran.stdout)  # nothing but JSON, whatever hooks, scripts and children print
    for printed in ("on import", "on startup", "descriptor 1", "child prints", "a script prints"):
        assert printed in ran.stderr
    actions = {a["article"]: a["action"] for a in plan["actions"]}
    assert actions == {
        "blog/posts/inherits-1.md": "generate",
        "blog/posts/inherits-2.md": "shared",
        "blog/posts/inherits-3.md": "shared",
        "blog/posts/own-prompt.md": "generate",
        "guides/start.md": "generate",
        "index.md": "generate",
        "reference/made.md": "generate",
    }
    rows = {a["article"]: a for a in plan["actions"]}
    assert rows["blog/posts/own-prompt.md"]["quality"] == "low"
    assert rows["guides/start.md"]["size"] == "1280x672"

    built = site.build("--strict", IMAGEGEN_MODE="generate")
    assert built.code == 0, built.output
    assert_the_plan_was_the_bill(plan, server)
    for view in ("blog/archive/2026", "blog/category/craft", "blog/page/2"):
        assert FIGURE not in site.page(f"{view}/index.html")
    posts = (f"blog/2026/01/0{day}/inherits-{day}" for day in (1, 2, 3))
    assert len({site.cover_of(f"{post}/index.html") for post in posts}) == 1
    assert site.cover_of("reference/made/index.html").is_file()
    assert FIGURE not in site.page("blog/2026/01/05/off/index.html")

    again = site.build("--strict", IMAGEGEN_MODE="generate")
    assert again.code == 0, again.output
    assert len(server.paid_calls) == len(keys_to_buy(plan))


def test_a_dry_run_build_prints_the_command_lines_plan_and_buys_nothing(many_makers: Site) -> None:
    planned = many_makers.cli("plan", IMAGEGEN_DRY_RUN="1")
    assert planned.code == 0, planned.stderr
    built = many_makers.build("--strict", IMAGEGEN_DRY_RUN="1", CI="true")
    assert built.code == 0, built.output
    assert "5 to buy" in planned.stdout
    assert planned.stdout in built.stdout
    many_makers.options["mode"] = "plan"
    assert planned.stdout in many_makers.build("--strict").stdout
    assert server_of(many_makers).calls == []


def write_languages(site: Site, structure: str) -> None:
    """Three languages; `shared.md` is there in English only, so the others fall back to it."""

    def name(stem: str, locale: str) -> str:
        if structure == "folder":
            return f"{locale}/{stem}.md"
        return f"{stem}.md" if locale == "en" else f"{stem}.{locale}.md"

    site.article(name("index", "en"))
    site.article(name("story", "en"), cover_prompt="A fox in snow")
    site.article(name("story", "fr"), cover_prompt="Un renard dans la neige")
    site.article(name("shared", "en"), cover_prompt="A lighthouse", cover_quality="low")
    languages = [
        {"locale": "en", "name": "English", "default": True},
        {"locale": "fr", "name": "Français"},
        {"locale": "de", "name": "Deutsch"},
    ]
    i18n = {"docs_structure": structure, "fallback_to_default": True, "languages": languages}
    site.config["plugins"] = ["search", {"i18n": i18n}]


@pytest.mark.parametrize("structure", ["suffix", "folder"])
def test_all_languages_are_planned_together_and_a_fallback_page_costs_nothing(
    site: Site, structure: str
) -> None:
    server = server_of(site)
    write_languages(site, structure)
    plan = site.plan()
    assert [a["action"] for a in plan["actions"]] == ["generate"] * 3
    assert len(set(keys_to_buy(plan))) == 3

    site.options["budget"] = {"max_images": 2}
    walled = site.build(CI="true")
    assert walled.code == 4, walled.output
    assert "3 covers to buy" in walled.output
    assert server.calls == []

    del site.options["budget"]
    built = site.build(CI="true")
    assert built.code == 0, built.output
    assert_the_plan_was_the_bill(plan, server)
    assert built.output.count("3 of 3 covers bought") == 1
    english, french, german = (
        site.cover_of(f"{place}story/index.html") for place in ("", "fr/", "de/")
    )
    assert english == german != french
    falling_back = {site.cover_of(f"{place}shared/index.html") for place in ("", "fr/", "de/")}
    assert len(falling_back) == 1
    assert sorted(site.actions().values()) == ["reuse"] * 3


def test_each_rebuild_of_several_languages_tells_a_mistake_once(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_languages(site, "suffix")
    site.article("story.md", cover_prompt="A fox in snow", cover_size="16:9")
    site.configure()
    monkeypatch.setattr(MkDocsConfig.plugins, "plugin_cache", {})
    for told in (1, 2):  # as `mkdocs serve` builds, with the plugins of the build before
        build(load_config(str(site.root / "mkdocs.yml")))
        assert caplog.text.count("16:9 is a ratio") == told
    assert server_of(site).calls == []


def test_a_dry_run_of_several_languages_prints_one_plan_of_them_all(site: Site) -> None:
    write_languages(site, "suffix")
    planned = site.cli("plan", IMAGEGEN_DRY_RUN="1")
    assert planned.code == 0, planned.stderr
    built = site.build(IMAGEGEN_DRY_RUN="1")
    assert built.code == 0, built.output
    assert built.stdout.count(planned.stdout) == 1
    assert Counter(built.stdout.split())["Plan:"] == 1
    assert server_of(site).calls == []
