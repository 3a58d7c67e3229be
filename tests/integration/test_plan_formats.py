"""A real site's plan as a comment on a pull request, and as a page that stands alone."""

from __future__ import annotations

import base64
import shutil
from html.parser import HTMLParser
from io import BytesIO

import pytest
from PIL import Image

from tests.bills import server_of
from tests.sites import Site

MARKER = "<!-- mkdocs-imagegen plan -->"
TEMPLATE = "{{ cover.subject }}\nFor a magazine.\nWater colours.\n"
HOSTILE = (
    '<img src="http://example.org/x.png" onerror="alert(1)"> @someone | [x](http://example.org)'
)
LOADING = {"src", "srcset", "href", "poster", "data", "action", "background", "style"}


class Page(HTMLParser):
    """What a page shows, and what it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.pictures: dict[str, bytes] = {}
        self.text = ""
        self._picture = b""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = {name: value or "" for name, value in attrs}
        assert not any(name.startswith("on") for name in values), values
        self.loads += [value for name, value in values.items() if name in LOADING]
        if tag == "article":
            self._picture = b""
        if tag == "img":
            head, _, data = values["src"].partition(",")
            assert head == "data:image/webp;base64"
            self._picture = base64.b64decode(data, validate=True)

    def handle_data(self, data: str) -> None:
        self.text += data
        if data.endswith(".md") and self._picture:
            self.pictures[data] = self._picture
            self._picture = b""


@pytest.fixture
def magazine(site: Site) -> Site:
    """A site with three covers that are bought, and more in its front matter since."""
    site.options |= {"template": "blog.j2", "quality": "low", "store": "covers"}
    site.config["site_name"] = "Notes & <notes>"
    site.write("cover_templates/blog.j2", TEMPLATE)
    for name in ("bear", "elk", "fox"):
        site.article(f"{name}.md", cover_prompt=f"A {name} of folded paper in snow")
    return site


def shown(site: Site, form: str, **environ: str) -> str:
    run = site.cli("plan", "--format", form, **environ)
    assert run.code == 0, run.output
    assert server_of(site).api_key not in run.output
    return run.stdout


def change_some(site: Site) -> None:
    """Change an article and the site, add articles, and lose nothing."""
    site.article("bear.md", cover_prompt="A bear of folded paper in deep snow")
    site.write("cover_templates/blog.j2", TEMPLATE.replace("Water", "Oil"))
    site.article("new.md", cover_prompt=HOSTILE)


def test_a_comment_keeps_its_marker_and_is_quiet_where_nothing_is_paid(magazine: Site) -> None:
    site = magazine
    first = shown(site, "markdown").splitlines()
    assert first[0] == MARKER
    assert first[1].startswith("**Covers: 3 to buy: pictures $0.0142, prompts about $0.00")
    assert first[2:5] == ["", "<details>", "<summary>Cover by cover</summary>"]
    assert sum(line.startswith("| <code>") for line in first) == 3

    assert site.apply().code == 0
    quiet = f"{MARKER}\n**Covers: 3 reused: nothing to pay.**\n"
    assert shown(site, "markdown") == quiet
    shutil.rmtree(site.root / ".cache")  # as in a fork: no store but covers/, and no key
    keyless = {"IMAGEGEN_API_KEY": "", "IMAGEGEN_BASE_URL": ""}
    assert shown(site, "markdown", **keyless) == quiet.replace("reused", "to render")

    change_some(site)
    later = shown(site, "markdown")
    lines = later.splitlines()
    assert lines[0] == MARKER
    assert lines[1].startswith("**Covers: 2 to buy, 2 outdated: pictures $0.0095")
    assert "- outdated: blog.j2 line 3: 2 articles, \\$0.0095" in lines
    assert "| changed: cover\\_prompt, blog.j2 line 3 |" in later
    assert later.count("<details>") == later.count("</details>") == 1
    assert "http" not in later  # neither links nor what authors wrote
    assert "@" not in later
    assert len(server_of(site).calls) == 3


def test_a_page_shows_what_stands_beside_what_would_change_and_loads_nothing(
    magazine: Site,
) -> None:
    site, server = magazine, server_of(magazine)
    assert site.apply().code == 0
    change_some(site)
    text = shown(site, "html")
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "@import" not in text
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert {uri.partition(",")[0].partition(":")[0] for uri in page.loads} == {
        "#buy",
        "#outdated-1",
        "aspect-ratio",
        "data",
    }
    assert page.pictures.keys() == {"bear.md", "elk.md", "fox.md"}
    for data in page.pictures.values():
        with Image.open(BytesIO(data)) as picture:
            assert (picture.format, picture.size) == ("WEBP", (480, 320))
            picture.load()
    assert len(set(page.pictures.values())) == 3
    for told in ("Covers of Notes & <notes>", "To buy", "Outdated: blog.j2 line 3", HOSTILE):
        assert told in page.text, told
    assert "<ins>deep </ins>" in text
    assert "<del>Water</del><ins>Oil</ins> colours." in text

    shutil.rmtree(site.root / ".cache")
    shutil.rmtree(site.root / "covers")
    lost = Page(shown(site, "html"))
    assert not lost.pictures
    assert "picture not at hand" in lost.text
    assert "the earlier one is not at hand to compare" in lost.text
    assert len(server.calls) == 3


def test_a_page_of_a_site_without_changes_says_so(magazine: Site) -> None:
    assert magazine.apply().code == 0
    page = Page(shown(magazine, "html"))
    assert "3 reused: nothing to pay" in page.text
    assert "Unchanged" in page.text
    assert "To buy" not in page.text
    assert page.tags.count("img") == 3
