"""What people get wrong: one clear diagnostic each, with place and mend, and nothing bought."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bills import said_cleanly, server_of
from tests.sites import Site

BROKEN: dict[str, str] = {
    "colon.md": "---\ncover_prompt: A fox: red\n---\n",
    "key.md": "---\ncover_prompt: A fox\ncover_stile: oil\n---\n",
    "size.md": "---\ncover_prompt: A fox\ncover_size: 1000x1000\n---\n",
    "ratio.md": "---\ncover_prompt: A fox\ncover_size: 16:9\n---\n",
    "quality.md": "---\ncover_prompt: A fox\ncover_quality: hihg\n---\n",
    "variable.md": "---\ncover_prompt: A fox\ncover_template: broken.j2\n---\n",
    "missing.md": "---\ncover_prompt: A fox\ncover_template: gone.j2\n---\n",
    "long.md": f"---\ncover_prompt: {'A fox and ' * 500}\n---\n",
    "picture.md": "---\ncover: nowhere.png\n---\n",
    "twice.md": "---\ncover_prompt: A fox\ncover_prompt: A hare\n---\n",
    "empty.md": "---\ncover_prompt:\n---\n",
    "number.md": "---\ncover_prompt: 42\n---\n",
}
"""Articles by name, each with one mistake."""

TOLD: dict[str, tuple[str | None, int | None, str, str]] = {
    "colon.md": ("cover_prompt", 2, "not valid YAML", 'cover_prompt: "A fox: red"'),
    "key.md": ("cover_stile", 3, "unknown key cover_stile", "cover_style"),
    "size.md": ("cover_size", 3, "multiples of 16", "cover_size: 1008x1008"),
    "ratio.md": ("cover_size", 3, "16:9 is a ratio", "cover_size: 1536x864"),
    "quality.md": ("cover_quality", 3, "no quality hihg", "cover_quality: high"),
    "variable.md": ("cover_template", 3, "broken.j2, line 2", "article.title"),
    "missing.md": ("cover_template", 3, "there is no template `gone.j2`", "broken.j2"),
    "long.md": ("cover_prompt", 2, "the limit is 4,000", "max_prompt_chars"),
    "picture.md": ("cover", 2, "nowhere.png", "nowhere.png in docs_dir"),
    "twice.md": ("cover_prompt", 3, "stands twice, in lines 2 and 3", "delete one"),
    "empty.md": ("cover_prompt", 2, "cover_prompt is empty", "cover_prompt:"),
    "number.md": ("cover_prompt", 2, "the number 42", 'cover_prompt: "42"'),
}
"""Key, line, a part of the message and a part of the hint."""


@pytest.fixture
def half_broken(site: Site) -> Site:
    """A site with one mistake an article, and one good article."""
    site.write("cover_templates/broken.j2", "A picture of\n{{ article.titel }}\n")
    for name, block in BROKEN.items():
        site.write(f"docs/{name}", f"{block}\n# {name}\n\nSome text.\n")
    site.article("good.md", cover_prompt="A hare in the grass")
    return site


def test_each_mistake_is_one_diagnostic_with_place_and_mend(half_broken: Site) -> None:
    run = half_broken.cli("plan")
    assert run.code == 1
    plan = half_broken.plan()
    assert [action["article"] for action in plan["actions"]] == ["good.md"]
    told: dict[str, dict[str, Any]] = {d["article"]: d for d in plan["diagnostics"]}
    assert len(told) == len(plan["diagnostics"])
    assert told.keys() == BROKEN.keys()
    for article, (key, line, message, hint) in TOLD.items():
        one = told[article]
        assert one.keys() == {"level", "article", "key", "line", "message", "hint"}
        assert (one["level"], one["key"], one["line"]) == ("error", key, line), one
        assert message in one["message"], one
        assert hint in one["hint"], one
        assert "\n" not in one["message"] + one["hint"]
        assert run.stderr.count(f"error: {article}:{line}: ") == 1
    assert server_of(half_broken).calls == []


@pytest.mark.parametrize("strict", ["--strict", "strict: true"])
def test_strict_stops_the_run_before_anything_is_bought(strict: str, half_broken: Site) -> None:
    args = ["--strict"] if strict == "--strict" else []
    if not args:
        half_broken.config["strict"] = True
    applied = half_broken.apply(*args)
    assert applied.code == 1
    assert "nothing was bought" in applied.stderr
    built = half_broken.build(*args, CI="true")
    assert built.code == 1
    assert half_broken.cli("plan", *args).code == 1
    plan = half_broken.plan(*args, CI="true")
    assert not plan["will_buy"]
    assert "strict" in plan["will_buy_reason"]
    for run in (applied, built):
        said_cleanly(run, server_of(half_broken))
    assert server_of(half_broken).calls == []


def test_strict_buys_nothing_beside_a_broken_draft_that_the_blog_drops(site: Site) -> None:
    """The build would end as strict ones do at its end, after it had paid."""
    site.config = {"theme": {"name": "material", "font": False}, "plugins": ["blog"]}
    site.write("docs/blog/index.md", "# Blog\n")
    site.write(
        "docs/blog/posts/half.md",
        "---\ndate: 2026-01-01\ndraft: true\ncover_prompt: A fox\ncover_prompt: A hare\n---\n"
        "\n# Half\n",
    )
    site.article("good.md", cover_prompt="A hare in the grass")
    told = "blog/posts/half.md:5: cover_prompt stands twice"

    built = site.build("--strict", CI="true")
    assert built.code == 1
    assert said_cleanly(built, server_of(site)).count(told) == 1
    applied = site.apply("--strict")
    assert applied.code == 1
    assert said_cleanly(applied, server_of(site)).count(told) == 1
    plan = site.plan("--strict", CI="true")
    assert [d["article"] for d in plan["diagnostics"]] == ["blog/posts/half.md"]
    assert not plan["will_buy"]
    assert server_of(site).calls == []


def test_without_strict_only_the_broken_articles_stay_out(half_broken: Site) -> None:
    server = server_of(half_broken)
    half_broken.article("better.md", cover_prompt="An owl")
    built = half_broken.build(CI="true")
    assert built.code == 0, built.output
    said = said_cleanly(built, server)
    assert all(said.count(f"{name}:") == 1 for name in BROKEN), said
    assert len(server.paid_calls) == 2

    half_broken.article("best.md", cover_prompt="An elk")
    applied = half_broken.apply()
    assert applied.code == 1  # the broken ones are still broken
    assert "best.md: bought" in said_cleanly(applied, server)
    assert len(server.paid_calls) == 3


def test_a_warning_stops_a_strict_run_and_no_other(site: Site) -> None:
    """The warning: an earlier purchase whose original was lost."""
    server = server_of(site)
    site.article("a.md", cover_prompt="A fox")
    assert site.apply().code == 0
    for path in site.root.glob(".cache/imagegen/originals/**/*.val"):
        path.unlink()
    site.article("b.md", cover_prompt="A hare")

    assert site.apply("--strict").code == 1
    assert site.build("--strict", CI="true").code == 1
    assert site.cli("plan", "--strict").code == 1
    assert len(server.calls) == 1

    assert site.cli("plan").code == 0
    relaxed = site.apply()
    assert relaxed.code == 0, relaxed.output
    assert len(server.calls) == 2


OPTIONS: dict[str, tuple[object, str]] = {
    "concurrency": (0, "set it to a number from 1 to 64"),
    "size": ("1000x1000", "`size: 1008x1008`"),
    "quality": ("best", "low, medium, high"),
    "budget": ({"per_year": 1}, "per_build and per_month (USD), and max_images"),
    "defaults": ([{"match": "**", "size": "16:9"}], "write size: 1536x864"),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_a_bad_option_is_refused_before_the_site_is_emptied(option: str, site: Site) -> None:
    value, mend = OPTIONS[option]
    site.article("a.md", cover_prompt="A fox")
    site.write("site/kept.html", "from the last build")
    site.options[option] = value
    applied = site.apply()
    built = site.build(CI="true")
    for run in (applied, built):
        assert run.code == 1
        said = said_cleanly(run, server_of(site))
        assert said.count(f"imagegen: {option}") == 1, said
        assert said.count("hint: ") == 1
        assert mend in said
    assert (site.built / "kept.html").is_file()
    assert server_of(site).calls == []


@pytest.mark.parametrize(
    ("option", "value"), [("mode", "sometimes"), ("budget", "cheap"), ("style", 3)]
)
def test_an_option_of_another_type_is_named(option: str, value: object, site: Site) -> None:
    site.article("a.md", cover_prompt="A fox")
    site.options[option] = value
    for run in (site.apply(), site.build(CI="true")):
        assert run.code == 1
        assert said_cleanly(run, server_of(site)).count(f"option '{option}': Expected") == 1
    assert server_of(site).calls == []


def test_what_is_no_template_in_the_templates_folder_is_left_alone(site: Site) -> None:
    site.article("a.md", cover_prompt="A fox", cover_template="night.j2")
    site.article("b.md", cover_prompt="A fox", cover_template="photo.png")
    site.write("cover_templates/night.j2", "{{ cover.prompt }} at night")
    for name in (".DS_Store", ".night.j2.swp", "night.j2~", "photo.png"):
        (site.root / "cover_templates" / name).write_bytes(b"\x00\xe9\xff")
    plan = site.plan()
    assert [action["article"] for action in plan["actions"]] == ["a.md"]
    assert [d["article"] for d in plan["diagnostics"]] == ["b.md"]
    assert "photo.png" in plan["diagnostics"][0]["message"]


@pytest.fixture
def inheriting(site: Site) -> Site:
    """Two articles, and two in a folder."""
    site.config = {"theme": {"name": "material", "font": False}, "plugins": ["meta"]}
    for name in ("a.md", "b.md", "blog/a.md", "blog/b.md"):
        site.article(name, cover_prompt=f"A fox in {name}")
    return site


def test_a_mistake_in_a_meta_yml_is_told_once_at_its_line(inheriting: Site) -> None:
    inheriting.write("docs/.meta.yml", "title_case: yes\ncover_quality: low\n")
    folder = inheriting.write("docs/blog/.meta.yml", "x: y\ncover_size: 16:9\ncover_stile: oil\n")
    plan = inheriting.plan()
    assert [action["article"] for action in plan["actions"]] == ["a.md", "b.md"]
    told = [(d["article"], d["line"], d["key"], d["hint"]) for d in plan["diagnostics"]]
    assert sorted(told) == [
        ("blog/.meta.yml", 2, "cover_size", "write cover_size: 1536x864"),
        ("blog/.meta.yml", 3, "cover_stile", "did you mean cover_style?"),
    ]
    built = inheriting.build()
    assert built.output.count("16:9 is a ratio") == 1, built.output

    folder.write_text("cover_style: oil\ncover_style: ink\n", encoding="utf-8")
    plan = inheriting.plan()
    assert [action["article"] for action in plan["actions"]] == ["a.md", "b.md"]
    assert [(d["article"], d["line"]) for d in plan["diagnostics"]] == [("blog/.meta.yml", 2)]
    strict = inheriting.build("--strict", CI="true")
    assert strict.code == 1
    assert strict.output.count("cover_style stands twice") == 1, strict.output
    assert server_of(inheriting).calls == []


def test_a_meta_yml_that_is_no_yaml_is_told_with_the_mended_line(inheriting: Site) -> None:
    inheriting.write("docs/blog/.meta.yml", "x: y\ncover_prompt: A fox: red\n")
    for run in (inheriting.cli("plan"), inheriting.build(CI="true")):
        assert run.code == 1
        assert run.output.count("blog/.meta.yml:2: the file is not valid YAML") == 1, run.output
        assert 'write: cover_prompt: "A fox: red"' in run.output
    assert server_of(inheriting).calls == []


def test_two_entries_of_the_plugin_buy_nothing(site: Site) -> None:
    site.article("a.md", cover_prompt="A fox")
    site.config["plugins"] = [{"imagegen": {"style": "oil"}}]
    for run in (site.apply(), site.build(CI="true"), site.cli("plan")):
        assert run.code == 1, run.output
        said = said_cleanly(run, server_of(site))
        assert said.count("imagegen stands twice below `plugins:`") == 1
        assert "delete one of the two" in said
    assert server_of(site).calls == []


def test_a_wall_without_a_value_buys_nothing(site: Site) -> None:
    site.article("a.md", cover_prompt="A fox")
    site.configure()
    config = site.root / "mkdocs.yml"
    options = "  - imagegen: {price_as: openai, budget: {per_build: !ENV [MAX_USD]}}\n"
    config.write_text(f"site_name: T\nplugins:\n{options}", encoding="utf-8")
    unwritten = Unwritten(site.root, site.server)
    for run in (unwritten.apply(), unwritten.build(CI="true")):
        assert run.code == 1, run.output
        assert "budget: per_build has no value" in said_cleanly(run, server_of(site))
    assert server_of(site).calls == []
    assert unwritten.apply(MAX_USD="0.20").code == 0
    assert len(server_of(site).paid_calls) == 1


def test_a_template_that_is_no_utf8_text_is_named(site: Site) -> None:
    site.article("a.md", cover_prompt="A fox", cover_template="cafe.j2")
    site.write("cover_templates/cafe.j2", "")
    (site.root / "cover_templates" / "cafe.j2").write_bytes(b"caf\xe9 {{ cover.prompt }}")
    for run in (site.apply(), site.build(CI="true")):
        assert run.code == 1
        said = said_cleanly(run, server_of(site))
        assert said.count("cover_templates/cafe.j2 is no UTF-8 text") == 1
        assert "save it as UTF-8" in said
    assert server_of(site).calls == []


def test_a_part_of_mkdocs_yml_with_an_undefined_variable_is_named(site: Site) -> None:
    site.article("a.md", cover_prompt="A fox")
    site.article("b.md", cover_prompt="A hare", cover_style="oil")
    site.options["style"] = "In the manner of\n{{ site.autor }}"
    plan = site.plan()
    (told,) = plan["diagnostics"]
    assert (told["level"], told["article"]) == ("error", "a.md")
    assert "mkdocs.yml: style, line 2" in told["message"]
    assert [action["article"] for action in plan["actions"]] == ["b.md"]


@pytest.mark.parametrize("args", [(), ("-f", "elsewhere.yml")])
def test_no_mkdocs_yml_is_one_line(args: tuple[str, ...], site: Site) -> None:
    site.configure()
    (site.root / "mkdocs.yml").rename(site.root / "other.yml")
    run = Unwritten(site.root, site.server).cli("plan", *args)
    assert run.code == 1
    said = said_cleanly(run, server_of(site))
    assert (args[-1] if args else "mkdocs.yml") in said


class Unwritten(Site):
    """A site whose mkdocs.yml is left as it is."""

    __slots__ = ()

    def configure(self) -> None:
        """Write nothing."""


def test_a_mistyped_option_stops_a_strict_apply(site: Site) -> None:
    site.article("a.md", cover_prompt="A paper fox")
    site.options["budgt"] = 0.1
    run = site.apply("--strict")
    assert run.code == 1, run.output
    assert "budgt" in run.stderr
    assert not server_of(site).paid_calls
