"""Draws covers on this machine: no key, no network, no cost, the same bytes for a sketch."""

from __future__ import annotations

import importlib.metadata

from ...model import Sketch
from . import colour, fonts, layout, motifs, paint
from .seed import Seed
from .shapes import Canvas


def draw(sketch: Sketch) -> bytes:
    """Return the cover as a WebP file of exactly the sketch's size.

    Without text where the title is empty or in a script that the font lacks.
    """
    seed = Seed.of(sketch.title, sketch.section)
    canvas = Canvas(sketch.size.width_px, sketch.size.height_px)
    scheme = colour.scheme(sketch.palette, seed)
    text = layout.lay_out(sketch, fonts.measures("ExtraBold"), fonts.measures("Bold"))
    drawing = motifs.choose(seed)(canvas, seed, text.box if text else None)
    quiet = text.box if text and drawing.beneath_text else None
    image = paint.backdrop(canvas, drawing.layers, scheme, quiet)
    if text is not None:
        paint.write(image, text, scheme)
    return paint.encode(image)


def encoder() -> str:
    """Name what decides a drawn cover's bytes besides the sketch, without loading it."""
    pillow, typeface = (importlib.metadata.version(name) for name in ("pillow", fonts.PACKAGE))
    webp = f"webp/{paint.WEBP_QUALITY}-{paint.WEBP_METHOD}"
    return f"pillow/{pillow} {webp} {fonts.PACKAGE}/{typeface}"
