"""A feed's entry carries the article's cover: a file of the site, with its true length and type."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from PIL import Image

from mkdocs_imagegen.images import sniff
from tests.sites import Site

DATES = {"as_creation": "date", "as_update": "date", "datetime_format": "%Y-%m-%d"}
MATERIAL = {"name": "material", "font": False}
SMALL = {"cover_size": "1280x672", "cover_quality": "low"}
RSS = ("feed_rss_created.xml", "feed_rss_updated.xml")
JSON = ("feed_json_created.json", "feed_json_updated.json")
FETCHING_HOOK = """
import sys

sockets = []


def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        sockets.append(args)


sys.addaudithook(watch)


def on_shutdown():
    print("sockets:", sockets)
"""


def rss(**options: Any) -> dict[str, Any]:
    return {"rss": {"use_git": False, "date_from_meta": DATES, **options}}


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What a feed reader learns of an entry's picture."""

    url: str
    mime: str
    length_bytes: int


def read_rss(path: Path) -> dict[str, Enclosed]:
    """Return the enclosure of each entry that has one, by title."""
    entries = {}
    for item in ElementTree.parse(path).iter("item"):
        enclosures = item.findall("enclosure")
        assert len(enclosures) <= 1
        for found in enclosures:
            length_bytes = int(found.get("length", ""))
            enclosed = Enclosed(found.get("url", ""), found.get("type", ""), length_bytes)
            entries[item.findtext("title", "")] = enclosed
    return entries


def read_json(path: Path) -> dict[str, Enclosed]:
    """Return the attachment of each entry that has one; `image` must be the same."""
    feed = json.loads(path.read_text(encoding="utf-8"))
    entries = {}
    for item in feed["items"]:
        for found in item.get("attachments", []):
            assert item["image"] == found["url"]
            entries[item["title"]] = Enclosed(
                found["url"], found["mime_type"], found["size_in_bytes"]
            )
    return entries


def assert_published(enclosed: Enclosed, site: Site, site_url: str) -> Path:
    """Return the file of the site that an enclosure names."""
    assert enclosed.url.startswith(site_url)
    assert enclosed.url.isascii()
    assert " " not in enclosed.url
    file = site.built / unquote(enclosed.url.removeprefix(site_url))
    data = file.read_bytes()
    assert enclosed.length_bytes == len(data)
    kind = "svg+xml" if file.suffix == ".svg" else sniff(data)
    assert enclosed.mime == f"image/{kind}"
    return file


def test_each_cover_is_its_entrys_enclosure_under_a_site_path(site: Site) -> None:
    site.config = {
        "site_url": "https://example.com/sub/path",  # no slash at its end
        "theme": MATERIAL,
        "plugins": ["blog", rss()],
        "hooks": ["fetching.py"],
    }
    site.write("fetching.py", FETCHING_HOOK)
    post = "docs/blog/posts/post.md"
    front = "date: 2026-01-01\ncover_prompt: A fox\ncover_size: 1280x672\ncover_quality: low"
    site.write(post, f"---\n{front}\n---\n# A post\n\nText.\n")
    site.article("index.md", date="2026-01-01")
    site.article("bought.md", date="2026-02-01", cover_prompt="A hare", **SMALL)
    (site.docs / "near").mkdir()
    for name in ("my picture #1 é & ü.png", "plain.jpg", "given.jpg"):
        Image.new("RGB", (640, 480), "navy").save(site.docs / "near" / name)
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"/>'
    site.write("docs/near/Bär & #1.svg", svg)
    site.article("near/odd.md", date="2026-03-01", cover="my picture #1 é & ü.png")
    site.article("near/plain.md", date="2026-03-02", cover="plain.jpg")
    site.article("near/vector.md", date="2026-03-03", cover="Bär & #1.svg")
    site.article("near/given.md", date="2026-03-04", image="given.jpg")
    assert site.apply().code == 0
    site.article("drawn.md", date="2026-04-01", cover_prompt="An owl", **SMALL)

    site.fresh = True
    built = site.build("--strict")
    assert built.code == 0, built.output
    assert "sockets: []" in built.stdout
    assert site.server is not None
    assert len(site.server.paid_calls) == 2

    expected = {"A post", "Bought", "Drawn", "Odd", "Plain", "Vector", "Given"}
    feeds = [read_rss(site.built / name) for name in RSS]
    feeds += [read_json(site.built / name) for name in JSON]
    assert [set(feed) for feed in feeds] == [expected] * 4
    assert all(feed == feeds[0] for feed in feeds)
    files = {
        title: assert_published(enclosed, site, "https://example.com/sub/path/")
        for title, enclosed in feeds[0].items()
    }
    # What every reader shows; others' own files where no JPEG was made of them.
    assert {title for title, file in files.items() if file.parent.name == "covers"} == (
        expected - {"Vector", "Given"}
    )
    assert {files[title].suffix for title in expected - {"Vector", "Given"}} == {".jpeg"}
    assert files["Vector"].name == "Bär & #1.svg"
    assert files["Given"] == site.built / "near" / "given.jpg"


NO_SLASH_HOOK = """
from mkdocs.plugins import event_priority


@event_priority(-50)
def on_config(config):
    config.site_url = "https://example.com/latest"  # as mike's canonical_version does
    return config
"""


@pytest.mark.parametrize("host", ["mkdocs", "properdocs"])
def test_feeds_are_found_by_the_names_that_the_site_gave_them(site: Site, host: str) -> None:
    names = {"rss_created": "news.xml", "json_created": "news.json"}
    site.config = {
        "hooks": ["no_slash.py"],
        "plugins": [
            rss(feeds_filenames=names, pretty_print=True, match_path="news/.*"),
            rss(
                feeds_filenames={"rss_updated": "all.xml", "rss_created": "all2.xml"},
                json_feed_enabled=False,
            ),
        ],
    }
    site.write("no_slash.py", NO_SLASH_HOOK)
    site.write("properdocs.yml", "INHERIT: mkdocs.yml\n")
    site.article("index.md", date="2026-01-01")
    site.article("news/fox.md", date="2026-02-01", cover_prompt="A fox", **SMALL)
    site.article("hare.md", date="2026-02-01", cover_prompt="A hare", **SMALL)
    built = site.build("--strict", host=host)
    assert built.code == 0, built.output

    assert set(read_rss(site.built / "all.xml")) == {"Fox", "Hare"}
    feeds = [read_rss(site.built / "news.xml"), read_rss(site.built / RSS[1])]
    feeds += [read_json(site.built / "news.json"), read_json(site.built / JSON[1])]
    assert all(set(feed) == {"Fox"} for feed in feeds)
    for feed in feeds:
        assert_published(feed["Fox"], site, "https://example.com/latest/")
    assert "\n" in (site.built / "news.json").read_text(encoding="utf-8")
    if host == "mkdocs":
        site.config = {"plugins": [rss(rss_feed_enabled=False)]}
        built = site.build("--strict")
        assert built.code == 0, built.output
        assert not (site.built / RSS[0]).exists()
        assert set(read_json(site.built / JSON[0])) == {"Fox", "Hare"}
    assert site.server is not None
    assert site.server.calls == []


def test_an_address_of_the_authors_and_a_page_without_cover_stay_as_they_were(site: Site) -> None:
    address = "http://127.0.0.1:9/picture.png"  # where nothing answers
    site.article("index.md", date="2026-01-01")
    site.article("given.md", date="2026-02-01", image=address)
    site.config = {"plugins": [rss()]}
    site.options["enabled"] = False
    assert site.build().code == 0
    without = {name: (site.built / name).read_bytes() for name in (*RSS, *JSON)}
    site.options["enabled"] = True
    site.article("fox.md", date="2026-03-01", cover_prompt="A fox", **SMALL)
    assert site.build().code == 0
    for name in RSS:
        assert b'url="http://127.0.0.1:9/picture.png"' in without[name]
        given = b"<title>Given</title>"
        before, after = (
            text[text.index(given) : text.index(b"</item>", text.index(given))]
            for text in (without[name], (site.built / name).read_bytes())
        )
        assert before == after
    items = json.loads((site.built / JSON[0]).read_text(encoding="utf-8"))["items"]
    told = {item["title"]: item for item in items}
    assert told["Given"]["image"] == address
    assert "attachments" not in told["Given"]
    assert "attachments" in told["Fox"]


def test_the_one_feed_of_several_languages_has_the_covers_of_all(site: Site) -> None:
    languages = [{"locale": "en", "name": "English", "default": True}]
    languages.append({"locale": "de", "name": "Deutsch"})
    i18n = {"i18n": {"docs_structure": "folder", "languages": languages}}
    site.config = {"site_url": "https://example.com/sub/", "plugins": [i18n, rss()]}
    for locale, title in (("en", "Fox"), ("de", "Fuchs")):
        site.article(f"{locale}/index.md", date="2026-01-01")
        site.article(f"{locale}/{title}.md", date="2026-02-01", cover_prompt="A fox", **SMALL)
    built = site.build(IMAGEGEN_MODE="generate")  # not strict: rss warns of its own time
    assert built.code == 0, built.output
    feed = read_rss(site.built / RSS[0])
    assert feed == read_json(site.built / JSON[0])
    assert set(feed) == {"Fox", "Fuchs"}
    assert feed["Fox"] == feed["Fuchs"]
    assert_published(feed["Fox"], site, "https://example.com/sub/")
    assert site.server is not None
    assert len(site.server.paid_calls) == 1
