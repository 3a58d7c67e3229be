"""What a cover adds to a built page, and what it leaves as it was."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
import yaml
from PIL import Image

from tests.reader import Page, read_page, without_cover
from tests.sites import Site

COVER = {"cover_prompt": "A fox", "cover_size": "1024x1024"}
THEMES: dict[str, dict[str, Any]] = {
    "mkdocs": {"name": "mkdocs"},
    "readthedocs": {"name": "readthedocs"},
    "material": {"name": "material", "font": False},
}


def write_articles(site: Site) -> None:
    """Articles with and without a title in the Markdown, with headings and a description."""
    body = "First words.\n\n## A part\n\nMore words.\n\n## Another part\n\nLast words."
    site.article("index.md")
    site.article("with-title.md", body=body, description="What it is about", **COVER)
    site.write(
        "docs/no-title.md",
        f"---\n{yaml.safe_dump({'title': 'Named above', **COVER})}---\n\n{body}\n",
    )


def build_without_plugin(site: Site) -> None:
    """Build the same site into `plain/`, by a mkdocs.yml that does not name the plugin."""
    site.configure()
    document = yaml.safe_load((site.root / "mkdocs.yml").read_text(encoding="utf-8"))
    document["plugins"] = [name for name in document["plugins"] if "imagegen" not in name]
    site.write("plain.yml", yaml.safe_dump(document))
    built = site.build("-f", "plain.yml", "-d", "plain")
    assert built.code == 0, built.output


@pytest.mark.parametrize("theme", THEMES)
def test_title_description_contents_and_search_are_as_without_the_plugin(
    keyless_site: Site, theme: str
) -> None:
    site = keyless_site
    site.config = {"theme": THEMES[theme], "plugins": ["search"]}
    write_articles(site)
    build_without_plugin(site)
    built = site.build("--strict")
    assert built.code == 0, built.output

    for name, below in (("with-title", ["h1", "cover", "p"]), ("no-title", ["cover", "p", "h2"])):
        html = site.page(f"{name}/index.html")
        plain = (site.root / "plain" / name / "index.html").read_text(encoding="utf-8")
        assert html != plain
        assert without_cover(html) == without_cover(plain)
        page = read_page(html)
        assert page.title == read_page(plain).title
        start = page.order.index(below[0])
        assert page.order[start : start + len(below)] == below
        assert len(page.figures) == 1
        assert (page.figures[0]["width"], page.figures[0]["height"]) == ("1024", "1024")
    if theme == "material":  # the others describe the home page only
        page = read_page(site.page("with-title/index.html"))
        assert page.meta("description") == ["What it is about"]

    index = "search/search_index.json"
    assert json.loads(site.page(index)) == json.loads(
        (site.root / "plain" / index).read_text(encoding="utf-8")
    )


def test_a_cover_stands_above_the_title_or_is_left_to_the_theme(keyless_site: Site) -> None:
    site = keyless_site
    write_articles(site)
    site.options["insert"] = "above_title"
    assert site.build("--strict").code == 0
    assert read_page(site.page("with-title/index.html")).order[:3] == ["cover", "h1", "p"]
    assert read_page(site.page("no-title/index.html")).order[:3] == ["cover", "p", "h2"]

    site.options["insert"] = False
    site.config["theme"] = {"name": "mkdocs", "custom_dir": "overrides"}
    site.write(
        "overrides/main.html",
        '{% extends "base.html" %}\n{% block extrahead %}'
        '{% if page and page.meta.image %}<link rel="cover" href="{{ page.meta.image | url }}">'
        "{% endif %}{% endblock %}\n",
    )
    assert site.build("--strict").code == 0
    html = site.page("with-title/index.html")
    page = read_page(html)
    assert page.figures == []
    [announced] = page.meta("og:image")
    assert (site.built / announced.removeprefix("https://example.com/")).is_file()
    linked = re.search(r'<link rel="cover" href="\.\./(assets/covers/[0-9a-f]{32}\.webp)">', html)
    assert linked
    assert (site.built / linked[1]).is_file()
    assert page.title == "With title - Test site"


def test_alt_caption_and_label_are_escaped_and_the_title_stands_in_for_alt(site: Site) -> None:
    site.article(
        "full.md",
        **COVER,
        cover_alt='A "red" fox & <b>snow</b>',
        cover_caption="1 < 2 & <script>alert(1)</script>",
        cover_label=True,
    )
    site.write(
        "docs/heading.md",
        f'---\n{yaml.safe_dump(COVER)}---\n\n# Foxes & `<snow>` *at* "night"\n\nText.\n',
    )
    site.write(
        "docs/titled.md",
        f"---\n{yaml.safe_dump({**COVER, 'title': 'Foxes & 1 < 2'})}---\n\nText.\n",
    )
    site.article("markup.md", **COVER, title="R&amp;D <em>at</em> night")
    built = site.build("--strict")
    assert built.code == 0, built.output
    drawn = read_page(site.page("full/index.html"))
    assert drawn.figures[0]["alt"] == "Full"
    assert drawn.captions == ["1 < 2 & <script>alert(1)</script>"]

    assert site.apply().code == 0
    built = site.build("--strict")
    assert built.code == 0, built.output

    page = read_page(site.page("full/index.html"))
    assert page.figures[0]["alt"] == 'A "red" fox & <b>snow</b>'
    assert page.captions == ["1 < 2 & <script>alert(1)</script> AI-generated"]
    assert page.meta("og:image:alt") == ['A "red" fox & <b>snow</b>']
    assert "<script>alert(1)" not in site.page("full/index.html")

    heading = read_page(site.page("heading/index.html"))
    assert heading.figures[0]["alt"] == 'Cover of the article “Foxes & <snow> at "night"”'
    assert heading.captions == []
    titled = read_page(site.page("titled/index.html"))
    assert titled.figures[0]["alt"] == "Cover of the article “Foxes & 1 < 2”"
    marked_up = read_page(site.page("markup/index.html"))
    assert marked_up.figures[0]["alt"] == "Cover of the article “R&D at night”"
    assert marked_up.meta("og:title") == ["R&D at night"]


OWN_TAGS = """{% extends "base.html" %}
{% block extrahead %}
<meta content="https://example.com/theirs.png" property="og:image">
<meta property="og:image:width" content="7">
<meta name="twitter:card" content="summary"/>
<meta content="A > B" name="twitter:image:alt">
<meta name="theirs" content="stays">
{% endblock %}
"""


def test_a_bought_or_own_cover_replaces_the_themes_preview_and_a_drawn_one_yields(
    site: Site,
) -> None:
    site.config["theme"] = {"name": "mkdocs", "custom_dir": "overrides"}
    site.write("overrides/main.html", OWN_TAGS)
    site.article("bought.md", cover_prompt="A fox", cover_size="1280x672")
    assert site.apply().code == 0
    site.article("drawn.md", cover_prompt="A hare", cover_size="1280x672")
    site.article("none.md")
    Image.new("RGB", (640, 480)).save(site.docs / "own.png")
    site.article("own.md", cover="own.png")
    built = site.build("--strict")
    assert built.code == 0, built.output

    page = read_page(site.page("bought/index.html"))
    [url] = page.meta("og:image")
    assert page.meta("twitter:image") == [url]
    assert_is_preview(site, page)
    assert page.meta("twitter:card") == ["summary_large_image"]
    assert page.meta("og:image:alt") == page.meta("twitter:image:alt")
    assert page.meta("og:image:alt") == ["Cover of the article “Bought”"]
    assert page.meta("theirs") == ["stays"]
    page = read_page(site.page("own/index.html"))
    assert_is_preview(site, page)
    for name in ("drawn", "none"):
        page = read_page(site.page(f"{name}/index.html"))
        assert page.meta("og:image") == ["https://example.com/theirs.png"]
        assert page.meta("twitter:card") == ["summary"]
        assert page.meta("twitter:image:alt") == ["A > B"]
        assert len(page.figures) == (name == "drawn")


def assert_is_preview(site: Site, page: Page) -> None:
    """Hold a page's tags against the file that they name."""
    [url] = page.meta("og:image")
    assert url.startswith("https://example.com/assets/covers/")
    assert page.meta("og:image:type") == ["image/jpeg"]
    with Image.open(site.built / url.removeprefix("https://example.com/")) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1200, 630))
    assert page.meta("og:image:width") == ["1200"]
    assert page.meta("og:image:height") == ["630"]


def test_articles_with_one_picture_share_one_file_named_by_its_content(site: Site) -> None:
    site.config |= {"site_url": "https://example.com/docs", "use_directory_urls": False}
    for name in ("a.md", "deep/down/b.md"):
        site.article(name, cover_prompt="A fox", cover_size="1280x672")
    built = site.build("--strict", IMAGEGEN_MODE="generate")
    assert built.code == 0, built.output
    assert site.server is not None
    assert len(site.server.paid_calls) == 1

    [preview] = (site.built / "assets" / "covers").glob("*.jpeg")
    file = site.cover_of("a.html")
    assert site.cover_of("a.html") == site.cover_of("deep/down/b.html") == file.resolve()
    assert hashlib.sha256(file.read_bytes()).hexdigest().startswith(file.stem)
    assert len(file.stem) == 32
    for name in ("a.html", "deep/down/b.html"):
        url = f"https://example.com/docs/assets/covers/{preview.name}"
        assert read_page(site.page(name)).meta("og:image") == [url]


def test_without_a_site_url_there_is_a_cover_and_no_preview(keyless_site: Site) -> None:
    keyless_site.config["site_url"] = ""
    keyless_site.article("index.md")
    assert "no site_url" not in keyless_site.build("--strict").output
    keyless_site.article("a.md", **COVER)
    keyless_site.article("b.md", **COVER)
    built = keyless_site.build("--strict")
    assert built.code == 0, built.output
    (told,) = (line for line in built.stderr.splitlines() if "no site_url" in line)
    assert told.startswith("INFO ")
    assert keyless_site.cover_of("a/index.html").is_file()
    page = read_page(keyless_site.page("a/index.html"))
    assert page.meta("og:image") == page.meta("twitter:image") == []


def test_a_file_of_docs_dir_at_a_covers_place_is_told_and_left_out(keyless_site: Site) -> None:
    site = keyless_site
    site.article("a.md", **COVER)
    assert site.build("--strict").code == 0
    name = site.cover_of("a/index.html").name
    site.write(f"docs/assets/covers/{name}", "not a picture")

    built = site.build()
    assert built.code == 0, built.output
    assert f"assets/covers/{name}: this file of docs_dir stands where a cover is" in built.stderr
    published = (site.built / "assets" / "covers" / name).read_bytes()
    assert hashlib.sha256(published).hexdigest().startswith(name.removesuffix(".webp"))
    assert site.build("--strict").code == 1
