"""The site's own list of its covers, `covers.json`: for readers' tools, and for the record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

VERSION = 1


@dataclass(frozen=True, slots=True)
class InventoryEntry:
    """One published cover that AI made."""

    article: str
    """Its src_uri."""
    file: str
    """The picture in the article, relative to the site's root."""
    model: str
    """`""` where nobody knows, as of an own picture."""
    date: str
    """The ISO day on which it was made, UTC; `""` where nobody knows."""
    digest: str
    """sha256 of the original's bytes, hexadecimal."""
    prompt: str = ""
    """As it was sent; `""` where nobody knows."""


def inventory_json(entries: Iterable[InventoryEntry], *, publish_prompts: bool) -> str:
    """Return the list as JSON that ends with a line end; the same for the same covers.

    Its order does not depend on that of the entries. It is ASCII, and what is not known is left
    out. Prompts are only in it with `publish_prompts`.
    """
    ordered = sorted(set(entries), key=astuple)
    covers = [_fields(entry, publish_prompts=publish_prompts) for entry in ordered]
    return json.dumps({"version": VERSION, "covers": covers}, indent=1) + "\n"


def _fields(entry: InventoryEntry, *, publish_prompts: bool) -> Mapping[str, str]:
    fields = {
        "article": entry.article,
        "file": entry.file,
        "model": entry.model,
        "date": entry.date,
        "digest": entry.digest,
    }
    if publish_prompts:
        fields["prompt"] = entry.prompt
    return {name: value for name, value in fields.items() if value}
