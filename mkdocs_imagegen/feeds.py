"""Text of a site's feeds, with each article's cover as its enclosure. Pure text to text.

mkdocs-rss-plugin looks for a picture's length beside the article, where a published cover is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

_ITEM = re.compile(r"<item>.*?</item>", re.DOTALL)
_GUID = re.compile(r"<guid\b[^>]*>\s*([^<]*?)\s*</guid>")
# What an author wrote as a picture is not escaped in it.
_ENCLOSURE = re.compile(r"<enclosure\b.*?/>", re.DOTALL)
_JSON_INDENT = 4
"""With `pretty_print`; else all stands in one line."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """The picture of one entry."""

    url: str
    """Absolute."""
    mime: str
    length_bytes: int


def mended_rss(feed: str, enclosures: Mapping[str, Enclosure]) -> str:
    """Return an RSS feed with these enclosures; every other character stays.

    Args:
        feed: its text.
        enclosures: by the address of their article, which is the entry's guid.
    """
    return _ITEM.sub(partial(_mended_item, enclosures=enclosures), feed)


def _mended_item(item: re.Match[str], enclosures: Mapping[str, Enclosure]) -> str:
    text, guid = item[0], _GUID.search(item[0])
    enclosure = enclosures.get(guid[1]) if guid else None
    if guid is None or enclosure is None:
        return text
    tag = (
        f'<enclosure url="{escape(enclosure.url)}" type="{enclosure.mime}" '
        f'length="{enclosure.length_bytes}" />'
    )
    if _ENCLOSURE.search(text):
        return _ENCLOSURE.sub(lambda _: tag, text, count=1)
    return text[: guid.end()] + tag + text[guid.end() :]


def mended_json(feed: str, enclosures: Mapping[str, Enclosure]) -> str:
    """Return a JSON feed with these pictures, each as `image` and, with its length, attached.

    Args:
        feed: its text.
        enclosures: by the address of their article, which is the entry's id.
    """
    document = json.loads(feed)
    document["items"] = [_mended_entry(entry, enclosures) for entry in document["items"]]
    return json.dumps(document, indent=_JSON_INDENT if "\n" in feed else None)


def _mended_entry(entry: dict[str, Any], enclosures: Mapping[str, Enclosure]) -> dict[str, Any]:
    enclosure = enclosures.get(entry["id"])
    if enclosure is None:
        return entry
    attached = {
        "url": enclosure.url,
        "mime_type": enclosure.mime,
        "size_in_bytes": enclosure.length_bytes,
    }
    return {**entry, "image": enclosure.url, "attachments": [attached]}
