"""Feeds get their enclosures, and keep everything else to the letter."""

from __future__ import annotations

import json
from html import escape
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.feeds import Enclosure, mended_json, mended_rss

SITE = "https://example.com/sub/"
TEXTS = st.text(st.characters(exclude_characters="<>&\r", codec="utf-8", exclude_categories=["C"]))
ENCLOSURES = st.builds(
    Enclosure,
    url=st.sampled_from(["a.jpeg", "b%20c.webp", r"\1\g<0>.png", "?a=1&b=2"]).map(SITE.__add__),
    mime=st.sampled_from(["image/jpeg", "image/webp"]),
    length_bytes=st.integers(0, 10**9),
)
WRONG = '<enclosure url="a.webp" type="image/webp" length="None" />'


def rss_item(title: str, guid: str, enclosure: str) -> str:
    return (
        f"<item> <title>{title}</title> <link>{guid}?utm=feed</link> "
        f'<guid isPermaLink="true">{guid}</guid>{enclosure}</item>'
    )


def rss_feed(items: list[str]) -> str:
    return f'<?xml version="1.0"?>\n<rss><channel>{" ".join(items)}</channel></rss>'


@given(st.lists(st.tuples(TEXTS, st.booleans(), st.one_of(st.none(), ENCLOSURES)), max_size=5))
def test_rss_entries_get_their_enclosure_and_keep_all_else(
    entries: list[tuple[str, bool, Enclosure | None]],
) -> None:
    written, wanted, enclosures = [], [], {}
    for n, (title, had, enclosure) in enumerate(entries):
        guid, before = f"{SITE}{n}/", WRONG if had else ""
        after = before
        if enclosure:
            enclosures[guid] = enclosure
            url, length = escape(enclosure.url), enclosure.length_bytes
            after = f'<enclosure url="{url}" type="{enclosure.mime}" length="{length}" />'
        written.append(rss_item(title, guid, before))
        wanted.append(rss_item(title, guid, after))
    mended = mended_rss(rss_feed(written), enclosures)
    assert mended == rss_feed(wanted)
    assert mended_rss(mended, enclosures) == mended
    read = [tag.get("url") for tag in ElementTree.fromstring(mended).iter("enclosure")]
    assert [url for url in read if url != "a.webp"] == [e.url for e in enclosures.values()]


def test_what_stands_unescaped_in_a_feed_does_not_mislead() -> None:
    broken = '<enclosure url="https://example.com/a>b.png" type="image/png" length="None" />'
    feed = (
        f"<item><author>R & D</author>{rss_item('', 'x', broken)[6:]}{rss_item('', 'xx', broken)}"
    )
    mended = mended_rss(feed, {"x": Enclosure("https://e.com/a.jpeg", "image/jpeg", 5)})
    right = '<enclosure url="https://e.com/a.jpeg" type="image/jpeg" length="5" />'
    assert mended == feed.replace(broken, right, 1)


def test_a_json_feed_keeps_its_layout_and_its_other_entries() -> None:
    items: list[dict[str, object]] = [
        {"id": SITE, "title": "Ö \ud83e", "image": None},
        {"id": "other", "image": "x.png"},
    ]
    feed = {"title": "T", "language": "en", "items": items}
    enclosure = Enclosure(f"{SITE}a.jpeg", "image/jpeg", 5)
    attached = {"url": enclosure.url, "mime_type": "image/jpeg", "size_in_bytes": 5}
    wanted = {**items[0], "image": enclosure.url, "attachments": [attached]}
    for indent in (4, None):
        text = json.dumps(feed, indent=indent)
        assert mended_json(text, {}) == text
        mended = mended_json(text, {SITE: enclosure})
        assert mended == json.dumps({**feed, "items": [wanted, items[1]]}, indent=indent)
        assert mended_json(mended, {SITE: enclosure}) == mended
