"""Turns a placed line of text into pixels. Knows Pillow, and imports it late."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from .colours import Rgb
from .fonts import Typeface

if TYPE_CHECKING:
    from PIL import ImageDraw


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text; `x_px` and `baseline_px` are where its first glyph stands."""

    text: str
    x_px: float
    baseline_px: float
    width_px: float


def write_line(
    pen: ImageDraw.ImageDraw,
    line: Line,
    face: Typeface,
    ink: Rgb,
    *,
    size_px: float,
    tracking_em: float,
) -> None:
    """Draw glyph by glyph: the basic layout can't track, nor kern from a GPOS table."""
    from PIL import ImageFont

    font = ImageFont.truetype(BytesIO(face.data), size_px, layout_engine=ImageFont.Layout.BASIC)
    starts_em = face.measures.positions_em(line.text)
    for i, (character, start_em) in enumerate(zip(line.text, starts_em, strict=False)):
        x_px = line.x_px + size_px * (start_em + tracking_em * i)
        pen.text((x_px, line.baseline_px), character, ink, font, anchor="ls")
