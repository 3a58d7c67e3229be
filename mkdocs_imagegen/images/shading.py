"""The shade that text is read on, whatever the picture: as weak as the contrast allows.

Light text stands on a dark shade. On a picture that is bright enough by itself, dark text stands on
a light one: that leaves more of the picture than any shade that is dark enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..lettering.colours import TEXT_CONTRAST, Oklch, Rgb, gamma, linear, luminance
from .cropping import Box

if TYPE_CHECKING:
    from PIL import Image

_RESERVE = 0.4
"""Contrast kept for what the JPEG encoder changes."""
_WEAKEST = 0.25
"""The share of a dark shade that even a dark picture gets: text must stand out at a glance."""
_WEAK = 0.35
"""Dark text is chosen where so little of a light shade is enough, and of a dark one is not."""
_STEP = 4 / 255
_REACH = 0.38
"""How far above the text the shade fades out, as a share of the height."""
_DEEPER = 0.4
"""How much of what is left of the picture the shade takes from the text to the lower edge."""
_SOFT_PX = 8
_SOFT_REACH = 0.12
_BUSY, _BUSIEST = 8, 28
"""How far pixels are from their blurred selves, 0 to 255: what starts to disturb reading."""
_WEIGHTS = (0.2126, 0.7152, 0.0722)
_LINEAR = tuple(linear(level / 255) for level in range(256))


@dataclass(frozen=True, slots=True)
class Inks:
    """The colours of a title, of the label above it, and of the rule beside that."""

    title: Rgb
    label: Rgb
    rule: Rgb
    are_light: bool

    @classmethod
    def of(cls, accent: Oklch, *, are_light: bool) -> Inks:
        """Return the light or the dark colours that go with an accent."""
        chroma, hue = accent.chroma, accent.hue
        if are_light:
            label = Oklch(0.93, min(chroma, 0.05), hue)
            rule = Oklch(max(accent.lightness, 0.70), chroma, hue)
            return cls((255, 255, 255), label.rgb(), rule.rgb(), are_light)
        title = Oklch(0.20, min(chroma, 0.02), hue)
        label = Oklch(0.32, min(chroma, 0.08), hue)
        rule = Oklch(min(accent.lightness, 0.62), chroma, hue)
        return cls(title.rgb(), label.rgb(), rule.rgb(), are_light)

    @property
    def limit(self) -> float:
        """The luminance that no pixel may pass on which they are read."""
        lights = [luminance(self.title), luminance(self.label)]
        if self.are_light:
            return (min(lights) + 0.05) / (TEXT_CONTRAST + _RESERVE) - 0.05
        return (max(lights) + 0.05) * (TEXT_CONTRAST + _RESERVE) - 0.05


def shaded(picture: Image.Image, text: Box, accent: Oklch) -> tuple[Image.Image, Inks]:
    """Return a picture on which text in a box can be read, and the colours for the text.

    The shade fades out above the box.

    Args:
        picture: in the mode RGB; stays as it is.
        text: where the text will stand.
        accent: of the site.
    """
    ground = _calmed(picture, text)
    below = ground.crop(text)
    light, dark = (Inks.of(accent, are_light=are_light) for are_light in (True, False))
    night, day = (_shade(below, inks) for inks in (light, dark))
    share = _share(below, night, light)
    if share > _WEAK and _is_readable(below, day, _WEAK, dark):
        pale = _mask(picture.size, text[1], _share(below, day, dark), reach=_REACH)
        return _under(ground, pale, day), dark
    mask = _mask(picture.size, text[1], max(share, _WEAKEST), reach=_REACH, deeper=_DEEPER)
    return _under(ground, mask, night), light


def _calmed(picture: Image.Image, text: Box) -> Image.Image:
    """Return the picture with what is below the text out of focus, where it is restless."""
    from PIL import Image, ImageChops, ImageFilter, ImageStat

    width, height = picture.size
    small = picture.resize((width // _SOFT_PX, height // _SOFT_PX), Image.Resampling.BOX)
    # What the small picture lost of the large one, looked at in half the size.
    half = picture.resize((width // 2, height // 2), Image.Resampling.BOX)
    off = ImageChops.difference(half, small.resize(half.size, Image.Resampling.BILINEAR))
    left, top, right, bottom = (edge // 2 for edge in text)
    change = ImageStat.Stat(off.crop((left, top, right, bottom)).convert("L")).mean[0]
    restless = (change - _BUSY) / (_BUSIEST - _BUSY)
    if restless <= 0:
        return picture
    soft = small.filter(ImageFilter.GaussianBlur(1.2)).resize(picture.size)
    mask = _mask(picture.size, text[1], min(1.0, restless), reach=_SOFT_REACH)
    return Image.composite(soft, picture, mask)


def _under(picture: Image.Image, mask: Image.Image, shade: Rgb) -> Image.Image:
    shaded = picture.copy()
    shaded.paste(shade, (0, 0), mask)
    return shaded


def _shade(below: Image.Image, inks: Inks) -> Rgb:
    """Return a near black, or white, in the hue of what lies below: it looks like its own."""
    red, green, blue = below.reduce(below.size).tobytes()
    colour = Oklch.of((red, green, blue))
    if inks.are_light:
        return Oklch(0.13, min(colour.chroma * 0.6, 0.045), colour.hue).rgb()
    return Oklch(0.97, min(colour.chroma * 0.6, 0.03), colour.hue).rgb()


def _share(below: Image.Image, shade: Rgb, inks: Inks) -> float:
    """Return about the least share of the shade, 0 to 1, under which the inks are read."""
    if _is_readable(below, shade, 0.0, inks):
        return 0.0
    # Of greys exactly; what colours need beyond that is found in steps.
    lights = (_extreme(below, inks), inks.limit, luminance(shade))
    worst, wanted, full = (gamma(light) for light in lights)
    share = (worst - wanted) / (worst - full)
    while share < 1 and not _is_readable(below, shade, share, inks):
        share = min(1.0, share + _STEP)
    return share


def _is_readable(below: Image.Image, shade: Rgb, share: float, inks: Inks) -> bool:
    """Tell whether no pixel under so much shade passes the limit."""
    rounded = math.ceil if inks.are_light else math.floor
    tables = [
        [_LINEAR[rounded(level + (shaded - level) * share)] for level in range(256)]
        for shaded in shade
    ]
    extreme = _extreme(below, inks, tables)
    return extreme <= inks.limit if inks.are_light else extreme >= inks.limit


def _extreme(
    below: Image.Image, inks: Inks, tables: Sequence[Sequence[float]] = (_LINEAR,) * 3
) -> float:
    """Return the luminance of the brightest pixel, of the darkest for dark inks.

    Never on the wrong side: each of the three channels is rounded to the safe one.
    """
    from PIL import ImageChops

    rounded = math.ceil if inks.are_light else math.floor
    red, green, blue = (
        channel.point([rounded(255 * weight * light) for light in table])
        for channel, weight, table in zip(below.split(), _WEIGHTS, tables, strict=True)
    )
    extremes = ImageChops.add(ImageChops.add(red, green), blue).getextrema()
    extreme = extremes[1 if inks.are_light else 0]
    assert isinstance(extreme, int)
    return extreme / 255


def _mask(
    size: tuple[int, int], top: int, share: float, *, reach: float, deeper: float = 0.0
) -> Image.Image:
    """Return a share by row: eased in from above the text, and on to the lower edge."""
    from PIL import Image

    width, height = size
    rows = []
    for row in range(height):
        above = _eased(min(1.0, max(0.0, 1 - (top - row) / (reach * height))))
        further = deeper * (1 - share) * max(0, row - top) / (height - top)
        rows.append(round(255 * (share * above + further)))
    column = Image.frombytes("L", (1, height), bytes(rows))
    return column.resize((width, height), Image.Resampling.NEAREST)


def _eased(part: float) -> float:
    return part * part * (3 - 2 * part)
