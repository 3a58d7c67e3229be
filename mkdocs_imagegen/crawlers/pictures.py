"""What bytes are, judged by the bytes: format, size, whether they are whole. Pure."""

from __future__ import annotations

import re

from .. import images
from ..errors import PictureError
from ..images.headers import claimed_size, name_of
from ..model import Size
from .facts import Picture

MIMES = {name: f"image/{name}" for name in ("jpeg", "png", "webp", "gif", "avif")} | {
    "svg": "image/svg+xml"
}
ENDINGS = {f".{name}": mime for name, mime in MIMES.items()} | {".jpg": "image/jpeg"}
"""What static hosts say of a file; a table of our own, as `mimetypes` differs between machines."""
_NAMES = {"jpeg": "JPEG", "png": "PNG", "webp": "WebP", "gif": "GIF", "avif": "AVIF", "svg": "SVG"}
_HEAD_BYTES = 4096


def picture_of(data: bytes, *, wholly: bool) -> Picture:
    """Return what these bytes are.

    Args:
        data: of the file.
        wholly: decode it to see whether it is broken; else only its first bytes are read.
    """
    found = images.sniff(data)
    if found is None:
        return _other(data)
    claimed = claimed_size(data, found)
    size = Size(*claimed) if claimed and min(claimed) > 0 else None
    is_whole = size is not None
    if wholly and is_whole:
        try:
            size = images.inspect(data).size
        except PictureError:
            is_whole = False
    return Picture(found, _NAMES[found], size, len(data), is_whole)


def _other(data: bytes) -> Picture:
    """Return what is known of the formats that we publish none of."""
    found, size = "", None
    if data[:6] in (b"GIF87a", b"GIF89a"):
        found = "gif"
        size = _size(int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little"))
    elif data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis"):
        found, size = "avif", _avif_size(data[:_HEAD_BYTES])
    elif _is_svg(data[:_HEAD_BYTES]):
        found = "svg"
    what = _NAMES[found] if found else name_of(data).partition(";")[0]
    return Picture(found, what, size, len(data))


def _is_svg(head: bytes) -> bool:
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return head.startswith((b"<?xml", b"<!--", b"<!doctype svg", b"<svg")) and b"<svg" in head


def _avif_size(head: bytes) -> Size | None:
    """Return the largest size that the properties tell: tiles and alpha have one of their own."""
    sizes = [
        (int.from_bytes(head[at + 8 : at + 12]), int.from_bytes(head[at + 12 : at + 16]))
        for at in (found.start() for found in re.finditer(b"ispe", head))
    ]
    return _size(*max(sizes, key=lambda one: one[0] * one[1], default=(0, 0)))


def _size(width_px: int, height_px: int) -> Size | None:
    return Size(width_px, height_px) if width_px and height_px else None
