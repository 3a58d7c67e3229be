"""What a change costs: nothing, or exactly the covers that it is about."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bills import apply_as_planned, charged, planned, server_of
from tests.imageserver import ImageServer
from tests.sites import Site

PROMPT = "A café at dawn,\nseen through a rainy window"
TEMPLATE = "A woodcut of {{ cover.prompt }}.\nTwo colours, bold lines.\n"
OPTIONS = {
    "price_as": "openai",
    "on_change": "repaint",
    "style": "Watercolour on rough paper",
    "size": "1024x1024",
}


def write_articles(site: Site) -> None:
    site.write("cover_templates/woodcut.j2", TEMPLATE)
    site.article("cafe.md", cover_prompt=PROMPT)
    site.article("fox.md", cover_prompt="A red fox in fresh snow", cover_quality="low")
    site.article("posts/fox-again.md", cover_prompt="A red fox in fresh snow", cover_quality="low")
    site.article("owl.md", cover_prompt="An owl in a library", cover_style="Oil, thick strokes")
    site.article("ship.md", cover_prompt="a ship in a bottle", cover_template="woodcut.j2")


@pytest.fixture(scope="module")
def paid_for(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a site whose covers were all bought: copy it, never build in it."""
    with ImageServer() as server:
        site = Site(tmp_path_factory.mktemp("paid") / "site", server, options=dict(OPTIONS))
        write_articles(site)
        plan = site.plan()
        run = site.apply()
        assert run.code == 0, run.output
        assert charged(server.calls) == planned(plan)
        assert len(server.calls) == 4
        yield site.root


@pytest.fixture
def bought(paid_for: Path, image_server: ImageServer, tmp_path: Path) -> Site:
    """The paid site, moved to another folder and given another endpoint that saw no request."""
    shutil.copytree(paid_for, tmp_path / "moved checkout")
    return Site(tmp_path / "moved checkout", image_server, options=dict(OPTIONS))


def rename_an_article(site: Site) -> None:
    (site.docs / "cafe.md").rename(site.docs / "posts" / "zz-coffee.md")


def rename_the_article_that_bought_a_shared_request(site: Site) -> None:
    (site.docs / "fox.md").rename(site.docs / "zz-fox.md")


def edit_body_and_title(site: Site) -> None:
    meta = {"cover_prompt": PROMPT, "title": "Another title", "tags": ["new"], "date": "2026-01-02"}
    site.article("cafe.md", body="Rewritten from start to end.", **meta)


def write_an_alternative_text(site: Site) -> None:
    site.article(
        "cafe.md",
        cover_prompt=PROMPT,
        cover_alt="A window",
        cover_caption="At dawn",
        cover_label="Drawn by AI",
        cover_focus="top left",
    )


def nest_the_keys(site: Site) -> None:
    site.article("fox.md", cover={"quality": "low", "prompt": "A red fox in fresh snow"})


def set_option(name: str, value: object) -> Callable[[Site], None]:
    def change(site: Site) -> None:
        site.options[name] = value

    change.__name__ = f"set_{name}"
    return change


def say_the_defaults_aloud(site: Site) -> None:
    site.options |= {"quality": "medium", "model": "gpt-image-2", "template": "cover.j2"}


def give_the_site_other_words(site: Site) -> None:
    site.config |= {
        "site_name": "Renamed",
        "site_description": "About",
        "site_url": "https://other.example/",
        "use_directory_urls": False,
    }


def end_lines_as_windows_does(site: Site) -> None:
    for path in (*site.docs.rglob("*.md"), site.root / "cover_templates" / "woodcut.j2"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def leave_space_at_line_ends(site: Site) -> None:
    site.write("cover_templates/woodcut.j2", "\n" + TEMPLATE.replace("\n", " \t\n") + "\n\n")
    site.article("cafe.md", cover_prompt=PROMPT.replace("\n", "  \n") + "  \n")
    site.article("owl.md", cover_prompt="An owl in a library ", cover_style=" Oil, thick strokes ")
    site.options["style"] = "  Watercolour on rough paper \n"


def decompose_the_accents(site: Site) -> None:
    site.article("cafe.md", cover_prompt=unicodedata.normalize("NFD", PROMPT))


FREE = (
    rename_an_article,
    rename_the_article_that_bought_a_shared_request,
    edit_body_and_title,
    write_an_alternative_text,
    nest_the_keys,
    set_option("concurrency", 1),
    set_option("log_level", "error"),
    set_option("webp_quality", 10),
    set_option("timeout_s", 9),
    set_option("insert", "above_title"),
    set_option("max_prompt_chars", 30_000),
    set_option("price_as", None),
    set_option("mode", "generate"),
    say_the_defaults_aloud,
    give_the_site_other_words,
    end_lines_as_windows_does,
    leave_space_at_line_ends,
    decompose_the_accents,
)


@pytest.mark.parametrize("change", FREE, ids=lambda change: change.__name__)
def test_it_costs_nothing_to(change: Callable[[Site], None], bought: Site) -> None:
    change(bought)
    run = bought.apply()
    assert run.code == 0, run.output
    assert "nothing to pay" in run.stdout
    assert server_of(bought).calls == []


def test_another_cpu_count_costs_nothing(bought: Site) -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        run = bought.apply()
    finally:
        os.sched_setaffinity(0, allowed)
    assert run.code == 0, run.output
    assert server_of(bought).calls == []


class Reformatted(Site):
    """A site whose mkdocs.yml says the same in another layout."""

    __slots__ = ()

    def configure(self) -> None:
        self.write(
            "mkdocs.yml",
            "# by hand\nplugins:\n"
            "  - imagegen: {size: '1024x1024', price_as: openai, on_change: repaint,\n"
            '      style: "Watercolour on\n      rough paper"}   # the look\n\n'
            "site_url:   https://example.com/\nsite_name: 'Test site'\n",
        )


def test_a_reformatted_mkdocs_yml_costs_nothing(bought: Site) -> None:
    run = Reformatted(bought.root, bought.server).apply()
    assert run.code == 0, run.output
    assert server_of(bought).calls == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("prompt", PROMPT + " in winter"),
        ("size", "1536x1024"),
        ("quality", "high"),
        ("model", "gpt-image-2.5-flare"),
        ("variant", 1),
    ],
)
def test_one_articles_own_change_buys_one_cover(key: str, value: object, bought: Site) -> None:
    bought.article("cafe.md", cover={"prompt": PROMPT, key: value})
    assert apply_as_planned(bought) == 1
    assert bought.actions() == dict.fromkeys(
        ("cafe.md", "fox.md", "owl.md", "posts/fox-again.md", "ship.md"), "reuse"
    )


def test_changing_one_of_two_that_share_a_request_buys_one(bought: Site) -> None:
    bought.article("fox.md", cover_prompt="A red fox in fresh snow", cover_quality="medium")
    assert apply_as_planned(bought) == 1


def test_the_sites_style_repaints_the_covers_that_use_it_and_no_other(bought: Site) -> None:
    bought.options["style"] = "Pencil"
    assert bought.actions() == {
        "cafe.md": "generate",
        "fox.md": "generate",
        "owl.md": "reuse",  # its own cover_style
        "posts/fox-again.md": "shared",
        "ship.md": "reuse",  # its template reads no style
    }
    assert apply_as_planned(bought) == 2

    bought.options["style"] = OPTIONS["style"]
    assert apply_as_planned(bought) == 0  # both looks are kept


def test_a_template_repaints_the_covers_that_use_it_and_no_other(bought: Site) -> None:
    bought.write("cover_templates/woodcut.j2", TEMPLATE.replace("Two", "Three"))
    bought.write("cover_templates/unused.j2", "Nobody asks for {{ this }}")
    assert bought.actions()["ship.md"] == "generate"
    assert apply_as_planned(bought) == 1
