"""Covers that a theme places itself, and what pages say of them: labels, alternative texts."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

from PIL import Image

from tests.bills import server_of
from tests.reader import read_page
from tests.sites import Site

FIGURE = re.compile(r'<figure class="cover.*?</figure>', re.DOTALL)
FOX: dict[str, Any] = {
    "cover_prompt": "A fox",
    "cover_size": "1280x672",
    "cover_quality": "low",
    "cover_alt": 'A "red" fox & <b>snow</b>',
    "cover_caption": "1 < 2",
    "cover_label": True,
}
DOCS = Path(__file__).parents[2] / "docs" / "publishing.md"
HEAD = """{% block extrahead %}
{% if page and page.cover %}
{% set cover = page.cover %}
<link rel="preload" href="{{ cover.url | url }}" imagesrcset="{{ cover.srcset }}">
<meta name="theirs" content="{{ cover.preview_url }}|{{ cover.alt }}|{{ cover.label }}">
<meta name="size" content="{{ cover.width }}x{{ cover.height }} {{ cover.drawn }}">
{% else %}<meta name="theirs" content="{{ page.cover is none }}">{% endif %}
{% endblock %}
{% block site_nav %}
{% if page.is_homepage %}
{% for other in nav.pages %}{{ imagegen.card(other, loop.first) }}{% endfor %}
{% endif %}
{% endblock %}
"""


NOT_FOUND = """{% extends "main.html" %}
{% block content %}
{% for each in nav.pages %}{{ imagegen.card(each) }}{% endfor %}
{% endblock %}
"""
POSTS_HOOK = """
from mkdocs.plugins import event_priority


@event_priority(-115)  # the last before the lists' covers
def on_page_context(context, page, config, nav):
    context["posts"] = [{"title": "A post"}, *nav.pages] if page.is_homepage else {"a": "b"}
    return context
"""


def example(name: str) -> str:
    """Return a template as the docs show it."""
    (found,) = re.findall(
        rf"```html\+jinja\n({{# {re.escape(name)}.*?)```", DOCS.read_text("utf-8"), re.DOTALL
    )
    return str(found)


def test_a_theme_places_covers_as_the_plugin_would(site: Site) -> None:
    site.options |= {"mode": "generate", "avif": True, "widths": [480]}
    site.config["site_url"] = "https://example.com/docs/"
    site.article("index.md")
    site.article("deep/fox.md", **FOX)
    assert site.build("--strict").code == 0
    (inserted,) = FIGURE.findall(site.page("deep/fox/index.html"))

    site.options["insert"] = False
    site.config["theme"] = {"name": "mkdocs", "custom_dir": "overrides"}
    site.write("overrides/404.html", NOT_FOUND)
    site.write("overrides/main.html", example("overrides/main.html") + HEAD)
    built = site.build("--strict")
    assert built.code == 0, built.output
    html = site.page("deep/fox/index.html")
    assert FIGURE.findall(html) == [inserted]
    page = read_page(html)
    [theirs], [announced] = page.meta("theirs"), page.meta("og:image")
    assert theirs == f"{announced}|{FOX['cover_alt']}|AI-generated"
    assert page.meta("size") == ["1280x672 False"]
    [link] = re.findall(r'<link rel="preload"[^>]*>', html)
    addresses = re.findall(r"\.\./\.\./(assets/covers/[0-9a-f]{32}\.webp)", link)
    assert len(set(addresses)) == 2
    assert all((site.built / address).is_file() for address in addresses)

    lost = site.page("404.html")  # which a server shows in the place of any page
    (listed,) = FIGURE.findall(lost)
    assert 'href="/docs/deep/fox/"' in listed
    sources = re.findall(r"[\s\"](/docs/assets/covers/[0-9a-f]{32}\.(?:webp|avif))[\s\"]", listed)
    assert len(sources) == 1 + 2 + 2
    assert all((site.built / each.removeprefix("/docs/")).is_file() for each in sources)

    home = site.page("index.html")
    assert read_page(home).meta("theirs") == ["True"]
    (card,) = FIGURE.findall(home)
    assert 'href="deep/fox/"' in card
    (source,) = re.findall(r' src="([^"]+)"', card)
    assert (site.built / source).is_file()
    assert not (site.built / "imagegen").exists()

    site.write(
        "overrides/imagegen/cover.html",
        "{% macro figure(a) %}<b>Mine</b>{% endmacro %}{% macro card(a, first) %}{% endmacro %}",
    )
    assert site.build("--strict").code == 0
    assert "<b>Mine</b>" in site.page("deep/fox/index.html")
    (site.root / "overrides/imagegen/cover.html").unlink()
    site.options["enabled"] = False
    assert site.build("--strict").code == 0
    assert FIGURE.findall(site.page("deep/fox/index.html")) == []
    assert len(server_of(site).paid_calls) == 1


def test_what_others_call_posts_is_left_alone(keyless_site: Site) -> None:
    site = keyless_site
    site.config["hooks"] = ["posts.py"]
    site.write("posts.py", POSTS_HOOK)
    site.article("index.md")
    site.article("fox.md", **FOX)
    for listed in ("card", False):
        site.options["covers"] = {"list": listed}
        built = site.build("--strict")
        assert built.code == 0, built.output
        assert len(FIGURE.findall(site.page("fox/index.html"))) == 1
        assert FIGURE.findall(site.page("index.html")) == []


def test_a_blogs_theme_places_posts_covers_with_labels_in_its_language(site: Site) -> None:
    site.options |= {"mode": "generate", "covers": {"label": True}}
    site.config |= {
        "theme": {"name": "material", "language": "de", "custom_dir": "overrides", "font": False},
        "plugins": ["blog"],
    }
    site.write("overrides/.keep", "")
    site.article("index.md")
    Image.new("RGB", (640, 480)).save(site.docs / "own.png")
    metas: dict[str, dict[str, Any]] = {
        "bought": {"cover_prompt": "A fox"},
        "quiet": {"cover_prompt": "A fox", "cover_label": False},
        "own-ai": {"cover_file": "/own.png", "cover_ai": True},
        "own": {"cover_file": "/own.png", "cover_alt": "A hare"},
        "none": {},
    }
    for day, (name, meta) in enumerate(metas.items(), start=1):
        more = "Intro.\n\n<!-- more -->\n\nRest."
        site.article(f"blog/posts/{name}.md", body=more, date=date(2026, 1, day), **meta)
    assert site.build("--strict").code == 0
    captions = {
        name: read_page(site.page(f"blog/2026/01/0{day}/{name}/index.html")).captions
        for day, name in enumerate(metas, start=1)
    }
    assert captions == {
        "bought": ["KI-generiert"],
        "quiet": [],
        "own-ai": ["KI-generiert"],
        "own": [],
        "none": [],
    }
    listed = site.page("blog/index.html")
    assert listed.count("KI-generiert") == 2
    assert "Titelbild des Artikels „Bought“" in listed
    run = site.cli("report", "covers", "--format", "csv")
    rows = csv.DictReader(io.StringIO(run.stdout.lstrip("\ufeff")))
    labels = {row["article"].split("/")[-1]: (row["label"], row["ai"]) for row in rows}
    assert labels == {
        "bought.md": ("KI-generiert", "yes"),
        "quiet.md": ("", "yes"),
        "own-ai.md": ("KI-generiert", "yes"),
        "own.md": ("", "not stated"),
    }

    theirs = '<img class="theirs" src="{{ post.cover.url | url }}">'
    given = f"{{% if post.cover %}}{theirs}{{% endif %}}"
    site.write("overrides/partials/post.html", example("overrides/partials/post.html") + given)
    site.write("overrides/main.html", example("overrides/main.html"))
    site.write("overrides/post.html", example("overrides/post.html"))
    post = "blog/posts/bought.md"
    site.article(post, date=date(2026, 1, 1), cover_prompt="A fox", template="post.html")
    site.article("page.md", cover_prompt="A fox")
    site.options |= {"covers": {"list": False}, "insert": False}
    built = site.build("--strict")
    assert built.code == 0, built.output
    for uri in ("blog/2026/01/01/bought/index.html", "page/index.html"):
        shown = read_page(site.page(uri))
        assert shown.order[:2] == ["cover", "h1"]
        assert len(shown.figures) == 1
    assert 'class="md-post__meta' in site.page("blog/2026/01/01/bought/index.html")
    page = site.page("blog/archive/2026/index.html")
    assert len(FIGURE.findall(page)) == page.count('class="theirs"') == 4
    for source in re.findall(r' src="([^"]+\.(?:webp|png))"', page):
        assert (site.built / "blog/archive/2026" / source).is_file()
    assert "KI-generiert" not in page
    assert len(server_of(site).paid_calls) == 1


def test_a_missing_alt_is_told_before_anything_is_bought_and_costs_nothing_to_mend(
    site: Site,
) -> None:
    site.options |= {"mode": "generate", "covers": {"missing_alt": "warn"}}
    site.article("fox.md", cover_prompt="A fox", cover_size="1280x672")
    built = site.build("--strict")
    assert built.code == 1
    assert "fox.md: the cover has no cover_alt" in built.stderr
    assert site.cli("plan", "--strict").code == 1
    assert "hint: write cover_alt:" in site.cli("plan").stderr
    assert server_of(site).paid_calls == []
    assert site.build().code == 0
    assert site.actions() == {"fox.md": "reuse"}

    site.article(
        "fox.md",
        cover_prompt="A fox",
        cover_size="1280x672",
        cover_alt={"en": "A fox", "de": "Ein Fuchs"},
    )
    site.article("index.md")
    site.article("index.de.md")
    languages = [
        {"locale": "en", "name": "English", "default": True, "build": True},
        {"locale": "de", "name": "Deutsch", "build": True},
    ]
    site.config["plugins"] = [{"i18n": {"languages": languages}}]
    site.options["covers"] = {
        "missing_alt": "warn",
        "label": {"de": "Von einer KI"},
        "alt": {"de": "Bild zu {title}"},
    }
    built = site.build("--strict")
    assert built.code == 0, built.output
    for uri, alt, label in (
        ("fox/index.html", "A fox", "AI-generated"),
        ("de/fox/index.html", "Ein Fuchs", "Von einer KI"),
    ):
        page = read_page(site.page(uri))
        assert page.figures[0]["alt"] == unescape(page.meta("og:image:alt")[0]) == alt
        assert page.captions == [label]
    assert len(server_of(site).paid_calls) == 1
