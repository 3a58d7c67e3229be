"""Real pictures, cheap to make: a gradient, three shapes, and a mark that tells every two apart."""

from __future__ import annotations

import hashlib
import io
import random
import zlib
from collections.abc import Mapping

from PIL import Image, ImageDraw

from .answers import Format

_BLOCK_PX = 16
"""Drawn at a sixteenth of the size and scaled up: a big picture costs no more than its encoding."""

_ENCODERS: Mapping[Format, Mapping[str, int]] = {
    "png": {"compress_level": 1, "compress_type": zlib.Z_RLE},
    "webp": {"lossless": True, "quality": 20, "method": 0},
    "jpeg": {"quality": 80},
}

_MARK = 8
"""The mark's edge in blocks; each of its 64 blocks shows one bit of the seed's hash."""


def draw(
    seed: str, width: int, height: int, output_format: Format, *, transparent: bool = False
) -> bytes:
    """Return the bytes of a picture of exactly this size; another seed gives other bytes."""
    small = (-(-width // _BLOCK_PX), -(-height // _BLOCK_PX))
    digest = hashlib.sha256(seed.encode()).digest()
    picture = _paint(digest, small)
    if transparent:
        picture.putalpha(_vignette(small))
    # NEAREST keeps the blocks sharp, so that the mark survives lossy encoders.
    full = picture.resize((width, height), Image.Resampling.NEAREST)
    out = io.BytesIO()
    full.save(out, output_format, **_ENCODERS[output_format])
    return out.getvalue()


def _paint(digest: bytes, size: tuple[int, int]) -> Image.Image:
    dice = random.Random(digest)
    slope = Image.linear_gradient("L").rotate(dice.choice((0, 90, 180, 270))).resize(size)
    picture = Image.composite(
        Image.new("RGB", size, _colour(dice)), Image.new("RGB", size, _colour(dice)), slope
    )
    pen = ImageDraw.Draw(picture)
    for shape in (pen.ellipse, pen.rectangle, pen.ellipse):
        left, top = dice.randrange(size[0]), dice.randrange(size[1])
        span = dice.randint(4, 24)
        shape((left, top, left + span, top + span), fill=_colour(dice))
    for bit in range(_MARK * _MARK):
        lit = digest[bit // 8] >> bit % 8 & 1
        pen.point((bit % _MARK, bit // _MARK), fill=(255, 255, 255) if lit else (0, 0, 0))
    return picture


def _vignette(size: tuple[int, int]) -> Image.Image:
    """Return an alpha channel that is clear at the right edge and opaque at the mark."""
    alpha = Image.new("L", size, 255)
    ImageDraw.Draw(alpha).rectangle((size[0] - 4, 0, size[0], size[1]), fill=0)
    return alpha


def _colour(dice: random.Random) -> tuple[int, int, int]:
    return dice.randrange(256), dice.randrange(256), dice.randrange(256)
