"""Bytes to pictures and back: sniff, decode within limits, encode WebP.

Pillow is imported late: a build in which nothing changed needs none of it. Nothing reaches it
before `headers` has found the format and a bearable size in the bytes.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

from ..errors import PictureError
from ..model import Size
from .cropping import Box, crop_box
from .headers import Format, claimed_size, name_of, sniff
from .riff import without_metadata

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "LIMIT_BYTES",
    "LIMIT_PX",
    "Format",
    "Picture",
    "crop_box",
    "encoder",
    "inspect",
    "measure",
    "sniff",
    "thumbnail",
    "to_webp",
    "without_metadata",
]

LIMIT_PX = 50_000_000
"""Pixels in one picture. The Image API's largest are 8.3 million; more is a decompression bomb."""
LIMIT_BYTES = 50_000_000
WEBP_LIMIT_PX = 16_383
"""The longest side that the format can hold."""
WEBP_METHOD = 4
"""Effort 0 to 6: above 4 the time doubles for under 15 % of the bytes."""


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
    image, found = _decode(data)
    with _broken(found):
        return Picture(found, _shown_size(image, found))


def measure(data: bytes) -> Picture:
    """Read a picture's header only: enough for an author's own picture.

    Raises:
        PictureError: not PNG, JPEG or WebP.
    """
    image, found = _open(data)
    with _broken(found):
        return Picture(found, _shown_size(image, found))


def to_webp(data: bytes, *, quality: int, crop: Box | None = None) -> tuple[bytes, Size]:
    """Encode a picture as WebP in its own size; transparency is kept.

    Args:
        data: PNG, JPEG or WebP bytes.
        quality: 0 to 100.
        crop: the part of it to show, as it stands upright; all of it where it is `None`.

    Raises:
        PictureError: as `inspect`.
    """
    from PIL import ImageOps

    image, found = _decode(data)
    if max(image.size) > WEBP_LIMIT_PX:
        raise PictureError(f"a picture of {image.width}x{image.height} pixels, too large for WebP")
    out = BytesIO()
    with _broken(found):
        if found != "png":
            image = ImageOps.exif_transpose(image)
        if crop is not None:
            image = image.crop(crop)
        mode = "RGBA" if image.has_transparency_data else "RGB"
        # Without the original's EXIF: it has been applied, and may be broken or private.
        image.convert(mode).save(
            out, "WEBP", quality=quality, method=WEBP_METHOD, exif=b"", xmp=b""
        )
    return out.getvalue(), Size(*image.size)


def thumbnail(data: bytes, *, longest_px: int) -> bytes:
    """Return a small WebP of a picture, for reports; never larger than the picture.

    Raises:
        PictureError: as `inspect`.
    """
    image, found = _decode(data)
    out = BytesIO()
    with _broken(found):
        image.thumbnail((longest_px, longest_px))
        mode = "RGBA" if image.has_transparency_data else "RGB"
        image.convert(mode).save(out, "WEBP", quality=70, method=2, exif=b"", xmp=b"")
    return out.getvalue()


@cache
def encoder() -> str:
    """Name what encodes, with its version, without importing it."""
    return f"pillow/{importlib.metadata.version('pillow')}"


def _open(data: bytes) -> tuple[Image.Image, Format]:
    found = sniff(data)
    if found is None:
        raise PictureError(name_of(data))
    if len(data) > LIMIT_BYTES:
        raise PictureError(f"a picture of {len(data):,} bytes; the limit is {LIMIT_BYTES:,}")
    # By the header: Pillow takes memory for some formats as soon as it opens them.
    claimed = claimed_size(data, found)
    if claimed is None:
        raise PictureError(f"a broken {found} picture")
    _check_size(*claimed)
    from PIL import Image

    with _broken(found):
        image = Image.open(BytesIO(data), formats=[found])
    _check_size(*image.size)  # two headers may claim two sizes
    return image, found


def _check_size(width_px: int, height_px: int) -> None:
    if width_px * height_px > LIMIT_PX:
        raise PictureError(
            f"a picture of {width_px}x{height_px} pixels; the limit is {LIMIT_PX:,} in all"
        )


def _decode(data: bytes) -> tuple[Image.Image, Format]:
    image, found = _open(data)
    with _broken(found):
        image.load()
    return image, found


@contextmanager
def _broken(found: Format) -> Iterator[None]:
    """Tell what Pillow raises on bytes from elsewhere as one error."""
    from PIL import Image

    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError("a picture of far too many pixels") from error
    except Exception as error:  # fuzzing finds a new class every time
        raise PictureError(f"a broken {found} picture") from error


def _shown_size(image: Image.Image, found: Format) -> Size:
    """Return the size that browsers show: cameras leave it to EXIF to turn a picture upright.

    PNG's EXIF is left alone: no camera writes it, and reading it decodes the picture.
    """
    from PIL import ExifTags

    width, height = image.size
    if found != "png" and image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8):
        return Size(height, width)
    return Size(width, height)
