"""Draws covers on this machine: no key, no network, no cost, the same bytes for a sketch.

What draws is imported where something is drawn: it takes as long as half of the plugin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Sketch
from .encoding import encoder

if TYPE_CHECKING:
    from PIL import Image

    from .colour import Scheme
    from .layout import TextLayout
    from .motifs import Drawing
    from .shapes import Canvas

__all__ = ["Composition", "backdrop", "compose", "draw", "encoder"]


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
    from . import colour, fonts, layout, motifs
    from .seed import Seed
    from .shapes import Canvas

    seed = Seed.of(sketch.title, sketch.section)
    canvas = Canvas(sketch.size.width_px, sketch.size.height_px)
    text = layout.lay_out(sketch, fonts.measures("ExtraBold"), fonts.measures("Bold"))
    drawing = motifs.choose(seed)(canvas, seed, text.box if text else None)
    return Composition(canvas, colour.scheme(sketch.palette, seed), drawing, text)


def draw(sketch: Sketch) -> bytes:
    """Return the cover as a WebP file of exactly the sketch's size."""
    from . import paint

    composition = compose(sketch)
    image = backdrop(composition)
    if composition.text is not None:
        paint.write(image, composition.text, composition.scheme)
    return paint.encode(image)


def backdrop(composition: Composition) -> Image.Image:
    """Paint a cover without its text."""
    from . import paint

    text, drawing = composition.text, composition.drawing
    quiet = text.box if text and drawing.beneath_text else None
    return paint.backdrop(composition.canvas, drawing.layers, composition.scheme, quiet)
