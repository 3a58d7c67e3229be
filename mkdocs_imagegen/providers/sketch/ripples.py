"""Ripples: discs cut from paper lie on one another, the title stands on the topmost one."""

from __future__ import annotations

import math

from .layout import Setting
from .seed import Seed
from .shapes import Box, Canvas, Layer, disc, ring

_BANDS = 5


def setting(canvas: Canvas, seed: Seed) -> Setting:
    """Return the left, in the middle or towards the corner that the rings run away from."""
    if canvas.width <= canvas.height:
        return Setting(anchor=_side(canvas, seed), width=1.0, height=0.55)
    return Setting(anchor=_side(canvas, seed), width=0.66, height=0.8)


def draw(canvas: Canvas, seed: Seed, text: Box | None) -> tuple[Layer, ...]:
    """Draw the rings around the text, one of them bright."""
    x, y = _centre(canvas, seed, text)
    inner = 0.42 * canvas.unit
    if text is not None:
        corners = [(cx, cy) for cx in (text.left, text.right) for cy in (text.top, text.bottom)]
        gap = min(0.06 * canvas.unit, 0.5 * (canvas.width - text.right))
        inner = max(math.hypot(cx - x, cy - y) for cx, cy in corners) + gap
    farthest = math.hypot(canvas.width - x, max(y, canvas.height - y))
    step = min(max((farthest - inner) / (_BANDS + 0.5), 0.008 * canvas.unit), 0.24 * canvas.unit)
    bright = seed.choice("bright", (1, 2, 3))
    edge = ((0, 0), (canvas.width, 0), (canvas.width, canvas.height), (0, canvas.height))
    layers = [Layer((edge,), 1.0, 1.0)]
    for i in range(_BANDS, -1, -1):
        radius = inner + i * step
        depth = 0.9 * i / _BANDS + 0.06 if i else 0.0
        layers.append(Layer((disc(x, y, radius),), depth, depth, shadow=0.8))
        if i == bright:
            outer = radius - 0.3 * step
            layers.append(Layer((ring(x, y, outer, outer - 0.34 * step),), 0.5, 1.0, accent=True))
    return tuple(layers)


def _centre(canvas: Canvas, seed: Seed, text: Box | None) -> tuple[float, float]:
    """Return the point around which the rings run: the longer the lines, the farther away."""
    y = (0.5 + 1.1 * (_side(canvas, seed) - 0.5)) * canvas.height
    if canvas.width <= canvas.height:
        return seed.number("x", 0.1, 0.35) * canvas.width, y
    long = 0.0 if text is None else max(text.right / canvas.width - 0.66, 0.0)
    return (seed.number("x", -0.22, -0.05) - 8 * long) * canvas.width, y


def _side(canvas: Canvas, seed: Seed) -> float:
    """Return where the rings' centre is, from the top to the bottom."""
    wide = canvas.width > canvas.height
    return seed.choice("side", (0.0, 0.5, 1.0) if wide else (0.0, 1.0))
