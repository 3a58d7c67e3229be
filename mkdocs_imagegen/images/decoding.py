"""Bytes to pixels within limits: nothing reaches Pillow before `headers` has let it through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

from ..errors import PictureError
from .headers import Format, claimed_size, name_of, sniff

if TYPE_CHECKING:
    from PIL import Image

LIMIT_PX = 50_000_000
"""Pixels in one picture. The Image API's largest are 8.3 million; more is a decompression bomb."""
LIMIT_BYTES = 50_000_000


def open_picture(data: bytes) -> tuple[Image.Image, Format]:
    """Open a picture without decoding it.

    Raises:
        PictureError: not PNG, JPEG or WebP, broken, or beyond the limits.
    """
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

    with broken(found):
        image = Image.open(BytesIO(data), formats=[found])
    _check_size(*image.size)  # two headers may claim two sizes
    return image, found


def _check_size(width_px: int, height_px: int) -> None:
    if width_px * height_px > LIMIT_PX:
        raise PictureError(
            f"a picture of {width_px}x{height_px} pixels; the limit is {LIMIT_PX:,} in all"
        )


def decode(data: bytes) -> tuple[Image.Image, Format]:
    """Decode a picture wholly.

    Raises:
        PictureError: as `open_picture`.
    """
    image, found = open_picture(data)
    with broken(found):
        image.load()
    return image, found


@contextmanager
def broken(found: Format) -> Iterator[None]:
    """Tell what Pillow raises on bytes from elsewhere as one error."""
    from PIL import Image

    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError("a picture of far too many pixels") from error
    except Exception as error:  # fuzzing finds a new class every time
        raise PictureError(f"a broken {found} picture") from error
