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
    from .shapes import Canvas, Layer

__all__ = ["Composition", "backdrop", "compose", "draw", "encoder"]


@dataclass(frozen=True, slots=True)
class Composition:
    """All that is decided before the first pixel is painted."""

    canvas: Canvas
    scheme: Scheme
    layers: tuple[Layer, ...]
    text: TextLayout | None
    """`None` where the title is empty or in a script that the font lacks."""


def compose(sketch: Sketch) -> Composition:
    """Decide a cover's colours, drawing and text."""
    from ...lettering import fonts
    from . import colour, layout, motifs
    from .seed import Seed
    from .shapes import Canvas

    seed = Seed.of(sketch.title, sketch.section)
    canvas = Canvas(sketch.size.width_px, sketch.size.height_px)
    motif = motifs.choose(seed)
    setting = motif.setting(canvas, seed)
    title_font, label_font = (fonts.manrope(weight).measures for weight in ("ExtraBold", "Bold"))
    text = layout.lay_out(sketch, setting, title_font, label_font)
    layers = motif.draw(canvas, seed, text.box if text else None)
    return Composition(canvas, colour.scheme(sketch.palette, seed), layers, text)


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

    return paint.backdrop(composition.canvas, composition.layers, composition.scheme)
