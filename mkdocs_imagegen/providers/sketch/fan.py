"""Fan: sheets of paper turn about a point below the picture, like a fan of colour samples."""

from __future__ import annotations

import math

from .layout import Setting
from .seed import Seed
from .shapes import Box, Canvas, Layer

_NARROWEST = 0.36
"""The angle, in radians, that the sheets need to look like a fan."""


def setting(canvas: Canvas, _seed: Seed) -> Setting:
    """Return the lower left."""
    wide = canvas.width > canvas.height
    return Setting(anchor=1.0, width=0.64 if wide else 1.0, height=0.72 if wide else 0.5)


def draw(canvas: Canvas, seed: Seed, text: Box | None) -> tuple[Layer, ...]:
    """Draw the sheets from over the text to the right edge, one of them bright."""
    x, y, first = _turning_point(canvas, seed, text)
    count = seed.choice("sheets", (5, 7, 9))
    step = (1.5 * math.pi + 0.06 - first) / count
    bright = int(seed.number("bright", count // 3, count // 3 + 2))
    far = 2.5 * max(canvas.width, canvas.height)
    layers = []
    for i in range(count):
        angle = first + i * step
        tip = (x + far * math.cos(angle), y + far * math.sin(angle))
        sheet = ((x, y), tip, (x + far, y - far), (x + far, y))
        depth = 0.12 + 0.9 * i / (count - 1)
        layers.append(Layer((sheet,), depth - 0.08, depth + 0.06, shadow=0.9, accent=i == bright))
    return tuple(layers)


def _turning_point(canvas: Canvas, seed: Seed, text: Box | None) -> tuple[float, float, float]:
    """Return where the sheets are held together, and the angle of the first one.

    That is below the picture, or just over a text as wide as the picture.
    """
    x = seed.number("x", 1.0, 1.04) * canvas.width
    y = seed.number("y", 1.04, 1.16) * canvas.height
    if text is None:
        return x, y, math.pi + 0.14
    gap = 0.05 * canvas.unit
    top, right = text.top - gap, text.right + gap
    if right < x:
        first = math.pi + math.atan2(y - top, x - right)
        if 1.5 * math.pi - first > _NARROWEST:
            return x, y, first
    return x, top, math.pi + 0.12
