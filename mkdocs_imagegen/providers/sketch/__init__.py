"""Draws covers on this machine: no key, no network, no cost, the same bytes for a sketch."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ...model import Sketch
from . import colour, fonts, layout, motifs, paint
from .colour import Scheme
from .layout import TextLayout
from .motifs import Drawing
from .seed import Seed
from .shapes import Canvas

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class Composition:
    """All that is decided before the first pixel is painted."""

    canvas: Canvas
    scheme: Scheme
    drawing: Drawing
    text: TextLayout | None
    """`None` where the title is empty or in a script that the font lacks."""


def compose(sketch: Sketch) -> Composition:
    """Decide a cover's colours, drawing and text."""
    seed = Seed.of(sketch.title, sketch.section)
    canvas = Canvas(sketch.size.width_px, sketch.size.height_px)
    text = layout.lay_out(sketch, fonts.measures("ExtraBold"), fonts.measures("Bold"))
    drawing = motifs.choose(seed)(canvas, seed, text.box if text else None)
    return Composition(canvas, colour.scheme(sketch.palette, seed), drawing, text)


def draw(sketch: Sketch) -> bytes:
    """Return the cover as a WebP file of exactly the sketch's size."""
    composition = compose(sketch)
    image = backdrop(composition)
    if composition.text is not None:
        paint.write(image, composition.text, composition.scheme)
    return paint.encode(image)


def backdrop(composition: Composition) -> Image.Image:
    """Paint a cover without its text."""
    text, drawing = composition.text, composition.drawing
    quiet = text.box if text and drawing.beneath_text else None
    return paint.backdrop(composition.canvas, drawing.layers, composition.scheme, quiet)


@cache
def encoder() -> str:
    """Name what decides a drawn cover's bytes besides the sketch, without loading it."""
    pillow, typeface = (importlib.metadata.version(name) for name in ("pillow", fonts.PACKAGE))
    webp = f"webp/{paint.WEBP_QUALITY}-{paint.WEBP_METHOD}"
    return f"pillow/{pillow} {webp} {fonts.PACKAGE}/{typeface}"
