"""An article's title over its link preview: where it stands, and the shade that it is read on.

The same picture and lettering give the same pixels.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from ..keys import digest
from ..lettering import fitting, fonts, glyphs, linebreaks, wording
from ..lettering.colours import Oklch, read
from ..lettering.fontfile import FontFile
from ..lettering.glyphs import Line
from ..model import Size
from . import shading

if TYPE_CHECKING:
    from PIL import Image

LAYOUT = 1
"""Goes up with each change here or in `shading` that makes other pixels of the same title."""
LABEL_TRACKING_EM = 0.02
_MARGIN = 0.062
"""Of the width, on either side: platforms cut off up to a twentieth."""
_FREE_BELOW = 0.125
"""Of the height: X lays the site's address over the lower left corner."""
_LARGEST_TITLE = (0.165, 0.138, 0.110, 0.090)
"""The title's size by its number of lines, as a share of the height."""
_SMALLEST_TITLE = 0.078
_LONGEST_WORD_AT = 0.085
_LABEL = 0.047
_HEAD_GAP = 0.056
"""Between the site's name and the title's capitals."""
_LEADING_EM = 1.1
_DESCENT_EM = 0.25


@dataclass(frozen=True, slots=True)
class Lettering:
    """What stands over a link preview."""

    title: str
    label: str
    """The site's name."""
    accent: str
    """`#rrggbb`"""
    font: bytes | None = field(default=None, repr=False)
    """The site's own font file; Manrope where there is none."""

    @property
    def key(self) -> str:
        """All that decides the pixels besides the picture and Pillow, as one line."""
        fields = (self.title, self.label, self.accent, _font_name(self.font))
        return f"title/{LAYOUT} {digest(json.dumps(fields).encode())}"

    def face(self, weight: fonts.Weight) -> fonts.Typeface:
        """Return the typeface; a font file has one weight."""
        return fonts.own(self.font) if self.font else fonts.manrope(weight)


@lru_cache(maxsize=2)  # a large font takes a while to hash, and each article asks
def _font_name(font: bytes | None) -> str:
    return digest(font) if font else f"{fonts.PACKAGE}/{importlib.metadata.version(fonts.PACKAGE)}"


@dataclass(frozen=True, slots=True)
class Layout:
    """A title and the site's name, placed."""

    title: tuple[Line, ...]
    title_size_px: float
    label: Line | None
    label_size_px: float
    rule: tuple[int, int, int, int]
    box: tuple[int, int, int, int]
    """What holds all of the above, ascenders and descenders included: left, top, right, bottom."""


def can_letter(lettering: Lettering) -> bool:
    """Tell whether a title can be set: its font has all letters, and it runs to the right."""
    if lettering.font is None and wording.is_plain(lettering.title):
        return any(map(str.isalnum, lettering.title))
    return bool(_shown(lettering))


def _shown(lettering: Lettering) -> str:
    if wording.runs_leftwards(lettering.title):
        return ""
    return fitting.ended(wording.readable(lettering.title, lettering.face("ExtraBold").measures))


def lay_out(lettering: Lettering, size: Size) -> Layout | None:
    """Return the placed text, `None` where the title can't be set."""
    face = lettering.face("ExtraBold").measures
    title = _shown(lettering)
    if not title:
        return None
    width_px, height_px = size.width_px, size.height_px
    left_px = round(_MARGIN * width_px)
    lines, size_px = fitting.fit(
        title,
        face,
        measure_px=width_px - 2 * left_px,
        largest_px=[share * height_px for share in _LARGEST_TITLE],
        smallest_px=_SMALLEST_TITLE * height_px,
        word_px=_LONGEST_WORD_AT * height_px,
    )
    title_px = round(size_px)
    placed = _stacked(lines, title_px, face, left_px, round((1 - _FREE_BELOW) * height_px))
    cap_px = title_px * face.cap_height / face.units_per_em
    head_px = placed[0].baseline_px - cap_px - _HEAD_GAP * height_px
    label, label_px, rule = _head(lettering, left_px, head_px, size)
    lines_and_label = (*placed, label) if label else placed
    right_px = max(rule[2], *(line.x_px + line.width_px for line in lines_and_label))
    top_px, bottom_px = rule[1] - label_px / 2, (1 - _FREE_BELOW) * height_px
    box = (left_px, round(top_px), math.ceil(right_px), round(bottom_px))
    return Layout(placed, title_px, label, label_px, rule, box)


def _stacked(
    lines: tuple[str, ...], size_px: int, face: FontFile, left_px: int, bottom_px: int
) -> tuple[Line, ...]:
    """Place a title's lines one below the other, the last one's descenders on the bottom."""
    last_px = bottom_px - math.ceil(_DESCENT_EM * size_px)
    leading_px = round(_LEADING_EM * size_px)
    return tuple(
        Line(
            text,
            left_px,
            last_px - leading_px * (len(lines) - 1 - n),
            size_px * linebreaks.title_em(text, face),
        )
        for n, text in enumerate(lines)
    )


def _head(
    lettering: Lettering, left_px: int, baseline_px: float, size: Size
) -> tuple[Line | None, float, tuple[int, int, int, int]]:
    """Place the rule, and behind it the site's name where there is one."""
    face = lettering.face("Bold").measures
    size_px = round(_LABEL * size.height_px)
    leftwards = wording.runs_leftwards(lettering.label)
    text = "" if leftwards else wording.readable(lettering.label, face)
    thickness_px = round(0.009 * size.height_px)
    cap_px = size_px * face.cap_height / face.units_per_em if text else thickness_px
    top_px = round(baseline_px - (cap_px + thickness_px) / 2)
    right_px = left_px + round((0.036 if text else 0.058) * size.width_px)
    rule = (left_px, top_px, right_px, top_px + thickness_px)
    if not text:
        return None, size_px, rule
    x_px = right_px + 0.62 * size_px
    longest_em = (size.width_px - left_px - x_px) / size_px
    text = fitting.cut(text, face, longest_em, tracking_em=LABEL_TRACKING_EM)
    width_px = size_px * face.width_em(text, tracking_em=LABEL_TRACKING_EM)
    return Line(text, x_px, round(baseline_px), width_px), size_px, rule


def titled(picture: Image.Image, lettering: Lettering) -> Image.Image:
    """Return a picture with its title over the lower part, itself where that can't be shown."""
    from PIL import ImageDraw

    layout = lay_out(lettering, Size(*picture.size))
    if layout is None:
        return picture
    shaded, inks = shading.shaded(picture, layout.box, Oklch.of(read(lettering.accent)))
    pen = ImageDraw.Draw(shaded)
    left, top, right, bottom = layout.rule
    pen.rectangle((left, top, right - 1, bottom - 1), fill=inks.rule)
    if layout.label:
        glyphs.write_line(
            pen,
            layout.label,
            lettering.face("Bold"),
            inks.label,
            size_px=layout.label_size_px,
            tracking_em=LABEL_TRACKING_EM,
        )
    for line in layout.title:
        glyphs.write_line(
            pen,
            line,
            lettering.face("ExtraBold"),
            inks.title,
            size_px=layout.title_size_px,
            tracking_em=linebreaks.TITLE_TRACKING_EM,
        )
    return shaded
