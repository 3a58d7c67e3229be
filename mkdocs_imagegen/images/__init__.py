"""Bytes to pictures and back: sniff, decode within limits, encode WebP.

Pillow is imported late: a build in which nothing changed needs none of it. Nothing reaches it
before `headers` has found the format and a bearable size in the bytes.
"""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

from ..model import Size
from .credits import Credits, credits_of
from .cropping import Box, crop_box
from .decoding import LIMIT_BYTES, LIMIT_PX, broken, decode, open_picture
from .encoding import (
    PREVIEW_SIZE,
    RECIPE,
    Decoded,
    avif,
    decoded,
    has_avif,
    preview,
    webp,
)
from .headers import Format, sniff
from .provenance import SOURCE_TYPE, with_source_type
from .riff import without_metadata
from .titling import Lettering, can_letter

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "LIMIT_BYTES",
    "LIMIT_PX",
    "PREVIEW_SIZE",
    "SOURCE_TYPE",
    "Box",
    "Credits",
    "Decoded",
    "Format",
    "Lettering",
    "Picture",
    "avif",
    "can_letter",
    "crop_box",
    "decoded",
    "encoder",
    "has_avif",
    "inspect",
    "measure",
    "preview",
    "read_credits",
    "sniff",
    "thumbnail",
    "webp",
    "with_source_type",
    "without_metadata",
]


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture's bytes turned out to be."""

    format: Format
    size: Size


def inspect(data: bytes) -> Picture:
    """Decode a picture wholly and return what it is.

    Raises:
        PictureError: not PNG, JPEG or WebP, broken, or beyond the limits.
    """
    image, found = decode(data)
    with broken(found):
        return Picture(found, _shown_size(image, found))


def measure(data: bytes) -> Picture:
    """Read a picture's header only: enough for an author's own picture.

    Raises:
        PictureError: not PNG, JPEG or WebP.
    """
    image, found = open_picture(data)
    with broken(found):
        return Picture(found, _shown_size(image, found))


def read_credits(data: bytes) -> Credits:
    """Read from a picture's header who made it; decodes nothing.

    Raises:
        PictureError: not PNG, JPEG or WebP, or broken.
    """
    image, found = open_picture(data)
    with broken(found):
        return credits_of(image)


def thumbnail(data: bytes, *, longest_px: int) -> bytes:
    """Return a small WebP of a picture, for reports; never larger than the picture.

    Raises:
        PictureError: as `inspect`.
    """
    image, found = decode(data)
    out = BytesIO()
    with broken(found):
        image.thumbnail((longest_px, longest_px))
        mode = "RGBA" if image.has_transparency_data else "RGB"
        image.convert(mode).save(out, "WEBP", quality=70, method=2, exif=b"", xmp=b"")
    return out.getvalue()


@cache
def encoder() -> str:
    """Name what encodes and by which recipes, with their versions, without importing it."""
    return f"pillow/{importlib.metadata.version('pillow')} recipe/{RECIPE}"


def _shown_size(image: Image.Image, found: Format) -> Size:
    """Return the size that browsers show: cameras leave it to EXIF to turn a picture upright.

    PNG's EXIF is left alone: no camera writes it, and reading it decodes the picture.
    """
    from PIL import ExifTags

    width, height = image.size
    if found != "png" and image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8):
        return Size(height, width)
    return Size(width, height)
