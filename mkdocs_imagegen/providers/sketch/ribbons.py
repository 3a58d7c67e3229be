"""Ribbons: strands flow past the title, below it or above it, and turn where curves cross."""

from __future__ import annotations

import math
from collections.abc import Iterator

from .layout import Setting
from .seed import Seed
from .shapes import Box, Canvas, Layer, Point, Polygon

_STEPS = 90


def setting(canvas: Canvas, seed: Seed) -> Setting:
    """Return the top or the foot, whichever the strands leave."""
    wide = canvas.width > canvas.height
    return Setting(anchor=_side(seed), width=0.8 if wide else 1.0, height=0.62 if wide else 0.55)


def draw(canvas: Canvas, seed: Seed, text: Box | None) -> tuple[Layer, ...]:
    """Draw two bands of strands, the nearer with a bright one."""
    back = tuple(_strands(canvas, seed, text, ("a", 0.10), ("b", 0.62), 7))
    front = tuple(_strands(canvas, seed, text, ("c", 0.05), ("d", 0.80), 9))
    bright = int(seed.number("bright", 2, 7))
    return (
        Layer(back, 0.10, 0.40),
        *(Layer(front[i : i + 3], 0.35, 0.75 + 0.08 * i) for i in (0, 3, 6)),
        Layer(front[bright : bright + 1], 0.5, 1.0, accent=True),
    )


def _side(seed: Seed) -> float:
    return seed.choice("side", (0.0, 1.0))


def _strands(
    canvas: Canvas,
    seed: Seed,
    text: Box | None,
    one: tuple[str, float],
    other: tuple[str, float],
    count: int,
) -> Iterator[Polygon]:
    """Yield stripes that divide the space between two curves, with gaps between them."""
    first, second = (_curve(canvas, seed, text, *curve) for curve in (one, other))

    def along(share: float) -> list[Point]:
        return [
            (ax + (bx - ax) * share, ay + (by - ay) * share)
            for (ax, ay), (bx, by) in zip(first, second, strict=True)
        ]

    for i in range(count):
        yield (*along(i / count), *reversed(along((i + 0.74) / count)))


def _curve(canvas: Canvas, seed: Seed, text: Box | None, name: str, end: float) -> list[Point]:
    """Return a wave from the far left corner to about `end` of the lane's width at the right."""
    start = seed.number(f"{name} start", 0.45, 1.0)
    end += seed.number(f"{name} end", -0.05, 0.16)
    swing = seed.number(f"{name} swing", 0.10, 0.24)
    phase = seed.number(f"{name} phase", 0, math.tau)
    waves = seed.number(f"{name} waves", 0.7, 1.2)
    points = []
    for i in range(_STEPS + 1):
        t = i / _STEPS
        x = (-0.02 + 1.04 * t) * canvas.width
        share = start + (end - start) * t + swing * math.sin(phase + math.tau * waves * t)
        free = _free_px(canvas, text, x, _side(seed))
        y = canvas.height - free * (1 - max(share, 0.0))
        points.append((x, y if _side(seed) == 0.0 else canvas.height - y))
    return points


def _free_px(canvas: Canvas, text: Box | None, x: float, side: float) -> float:
    """Return how much of the height the strands may use: past the text's end more and more."""
    if text is None:
        return 1.1 * canvas.height
    used = text.bottom if side == 0.0 else canvas.height - text.top
    beside = canvas.height - used - 0.05 * canvas.unit
    start = text.right + 0.04 * canvas.unit
    share = min(max((x - start) / (0.45 * canvas.unit), 0.0), 1.0)
    return beside + (1.3 * canvas.height - beside) * share * share * (3 - 2 * share)
