"""What is remembered of link previews, as JSON under a seal: it names files to publish."""

from __future__ import annotations

import json
from typing import Any

from ..model import FormerPreview, PagePreviews, Preview, Previews
from .records import read_count, read_digest, read_object
from .seal import is_sealed, seal


def write_previews(name: str, previews: Previews) -> bytes:
    """Return the text of what is known, for a row of this name."""
    pages = [[*page, _written(known)] for page, known in sorted(previews.items())]
    text = json.dumps(pages, ensure_ascii=False)
    return json.dumps({"pages": text, "seal": seal(name, text)}).encode()


def read_previews(name: str, text: bytes) -> Previews:
    """Return what a row says.

    Raises:
        ValueError: it is broken, or was written elsewhere.
    """
    fields = read_object(text)
    pages = fields.get("pages")
    if not isinstance(pages, str) or not is_sealed(name, pages, fields.get("seal")):
        raise ValueError("written elsewhere")
    return {(locale, uri): _read(known) for locale, uri, known in json.loads(pages)}


def _written(known: PagePreviews) -> dict[str, Any]:
    former = [{**_file(each.preview), "until": each.until} for each in known.former]
    return {"now": _file(known.now) if known.now else None, "former": former}


def _file(preview: Preview) -> dict[str, Any]:
    return {"digest": preview.digest, "size_bytes": preview.size_bytes}


def _read(known: dict[str, Any]) -> PagePreviews:
    now = known["now"]
    former = (FormerPreview(_preview(each), str(each["until"])) for each in known["former"])
    return PagePreviews(_preview(now) if now else None, tuple(former))


def _preview(fields: dict[str, Any]) -> Preview:
    return Preview(read_digest(fields), read_count(fields, "size_bytes"))
