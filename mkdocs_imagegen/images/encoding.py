"""An original, decoded once, and all that is published of it: WebP, AVIF, a link preview.

The same picture and arguments give the same bytes. Nothing of the original's metadata gets through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from typing import TYPE_CHECKING

from ..errors import PictureError
from ..model import Size
from .colour import LONGEST_PX as COLOUR_PX
from .colour import NEUTRAL, dominant
from .cropping import Box, box_round, raised
from .decoding import broken, decode
from .interest import liveliest
from .pixels import upright_srgb
from .provenance import XMP
from .titling import Lettering, titled

if TYPE_CHECKING:
    from PIL import Image

RECIPE = 1
"""Goes up with each change here that makes other bytes of the same picture."""
PREVIEW_SIZE = Size(1200, 630)
WEBP_LIMIT_PX = 16_383
"""The longest side that the format can hold; AVIF is held to it too."""
WEBP_METHOD = 4
"""Effort 0 to 6: above 4 the time doubles for under 15 % of the bytes."""
AVIF_SPEED = 8
"""Of 0 to 10: up to four times as quick as 7, for a few bytes more or less."""
LOWEST_QUALITY = 40
"""Of WebP and AVIF: below it pictures look broken, and the cap gives way."""
PREVIEW_QUALITY = 90
LOWEST_PREVIEW_QUALITY = 25
"""Lower than a reader should see; but what is over a crawler's limit is not shown at all."""
QUALITY_STEP = 3
"""How close to the best quality that fits the search goes."""
_GAP = 2.0
"""Pillow halves a picture by plain means down to this many times the size wanted."""
_INTEREST_PX = 128


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture's pixels, upright and in sRGB; may be used by several threads at once."""

    image: Image.Image
    """In the mode RGB, or RGBA where some of it is transparent."""
    colour: str
    """The dominant colour, as `#rrggbb`."""
    moves: bool = False
    """Whether these are the first pixels only, of a picture that moves."""

    @property
    def size(self) -> Size:
        """Its size, upright and cropped."""
        return Size(*self.image.size)


def decoded(data: bytes, *, crop: Box | None = None) -> Decoded:
    """Decode a picture for all its renditions.

    Takes 4 bytes of memory for a pixel, and twice that for a moment.

    Args:
        data: PNG, JPEG or WebP bytes.
        crop: the part of it to show, as it stands upright; all of it where it is `None`.

    Raises:
        PictureError: none of these, broken, or beyond the limits.
    """
    image, found = decode(data)
    with broken(found):
        shown = upright_srgb(image, found, crop)
        red, green, blue = dominant(_small(shown, COLOUR_PX))
    moves = getattr(image, "n_frames", 1) > 1
    return Decoded(shown, f"#{red:02x}{green:02x}{blue:02x}", moves)


def webp(
    picture: Decoded, *, width_px: int | None, quality: int, cap_bytes: int, ai: bool
) -> tuple[bytes, Size]:
    """Encode a picture as WebP, in lower quality where it would be too many bytes.

    Args:
        picture: what to encode; transparency is kept.
        width_px: of the result, never wider than the picture; `None` for as wide.
        quality: 0 to 100, to begin with.
        cap_bytes: the most it should take. Held as far as a quality of 40 can.
        ai: whether to mark it as made by a trained model.

    Raises:
        PictureError: a side is too long for WebP.
    """
    image = _at_width(picture.image, width_px)

    def encode(tried: int) -> bytes:
        return _saved(image, "WEBP", ai=ai, quality=tried, method=WEBP_METHOD)

    return _fitting(encode, quality, LOWEST_QUALITY, cap_bytes), Size(*image.size)


def avif(
    picture: Decoded, *, width_px: int | None, quality: int, cap_bytes: int, ai: bool
) -> tuple[bytes, Size]:
    """Encode a picture as AVIF; all else as `webp`. Needs `has_avif`."""
    image = _at_width(picture.image, width_px)

    def encode(tried: int) -> bytes:
        # One thread: pictures are made side by side, and threads within one change its bytes.
        return _saved(image, "AVIF", ai=ai, quality=tried, speed=AVIF_SPEED, max_threads=1)

    return _fitting(encode, quality, LOWEST_QUALITY, cap_bytes), Size(*image.size)


@cache
def has_avif() -> bool:
    """Tell whether this Pillow was built with AVIF. Imports Pillow."""
    from PIL import features

    return bool(features.check("avif"))


def preview(
    picture: Decoded,
    *,
    size: Size = PREVIEW_SIZE,
    focus: tuple[float, float] | None,
    lettering: Lettering | None = None,
    cap_bytes: int = 290_000,
    ai: bool,
) -> bytes:
    """Make the JPEG of exactly one size that link previews show.

    Args:
        picture: upscaled only where it is smaller than that.
        size: of the result, to the pixel.
        focus: what must be in it, as fractions from the left and the top; guessed where `None`.
        lettering: what stands over its lower part.
        cap_bytes: the most it may take. Held as far as a quality of 25 can.
        ai: whether to mark it as made by a trained model.
    """
    image = picture.image
    if focus is None:
        focus = liveliest(_on_neutral(_small(image, _INTEREST_PX)).convert("L"), size)
    if lettering:
        focus = raised(focus, picture.size, size)
    box = box_round(picture.size, size, focus)
    cut = _on_neutral(_resized(image.crop(box), size))
    if lettering:
        cut = titled(cut, lettering)
    encode = partial(_jpeg, cut, ai=ai)
    return _fitting(encode, PREVIEW_QUALITY, LOWEST_PREVIEW_QUALITY, cap_bytes)


def _jpeg(image: Image.Image, quality: int, *, ai: bool) -> bytes:
    options = {"optimize": True, "progressive": True, "subsampling": "4:2:0"}
    return _saved(image, "JPEG", ai=ai, quality=quality, **options)


def _saved(image: Image.Image, form: str, *, ai: bool, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, form, exif=b"", xmp=XMP if ai else b"", icc_profile=None, **options)
    return out.getvalue()


def _fitting(encode: Callable[[int], bytes], quality: int, lowest: int, cap_bytes: int) -> bytes:
    """Return the bytes of about the best quality that fits, or of the lowest where none does."""
    made = encode(quality)
    if len(made) <= cap_bytes or quality <= lowest:
        return made
    fits: bytes | None = None
    low, high = lowest, quality
    while high - low > QUALITY_STEP:
        middle = (low + high) // 2
        tried = encode(middle)
        if len(tried) <= cap_bytes:
            low, fits = middle, tried
        else:
            high = middle
    return fits or encode(lowest)


def _at_width(image: Image.Image, width_px: int | None) -> Image.Image:
    if width_px is not None and width_px < image.width:
        height_px = max(1, round(image.height * width_px / image.width))
        image = _resized(image, Size(width_px, height_px))
    if max(image.size) > WEBP_LIMIT_PX:
        raise PictureError(f"a picture of {image.width}x{image.height} pixels, too large for WebP")
    return image


def _resized(image: Image.Image, size: Size) -> Image.Image:
    from PIL import Image

    wanted = (size.width_px, size.height_px)
    if image.size == wanted:
        return image
    return image.resize(wanted, Image.Resampling.LANCZOS, reducing_gap=_GAP)


def _small(image: Image.Image, longest_px: int) -> Image.Image:
    """Return a copy by plain averages: quick, and to look at by numbers only."""
    from PIL import Image

    scale = min(1.0, longest_px / max(image.size))
    wanted = tuple(max(1, round(side * scale)) for side in image.size)
    return image.resize((wanted[0], wanted[1]), Image.Resampling.BOX, reducing_gap=1.0)


def _on_neutral(image: Image.Image) -> Image.Image:
    from PIL import Image

    if image.mode == "RGB":
        return image
    ground = Image.new("RGBA", image.size, (*NEUTRAL, 255))
    return Image.alpha_composite(ground, image).convert("RGB")
