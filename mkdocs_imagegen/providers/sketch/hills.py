"""Hills: the title stands in the sky, ranges of hills fill the foot, a sun sinks behind them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from .layout import Setting
from .seed import Seed
from .shapes import Box, Canvas, Layer, Polygon, disc

_RANGES = 5


def setting(canvas: Canvas, _seed: Seed) -> Setting:
    """Return the upper left."""
    return Setting(anchor=0.0, width=0.86 if canvas.width > canvas.height else 1.0, height=0.62)


def draw(canvas: Canvas, seed: Seed, text: Box | None) -> tuple[Layer, ...]:
    """Draw ranges of hills, each throwing its shadow on the one behind, and the sun."""
    horizon = 0.42 * canvas.height
    if text is not None:
        horizon = max(text.bottom + 0.07 * canvas.unit, 0.52 * canvas.height)
        horizon = min(horizon, 0.93 * canvas.height)
    layers = list(_sun(canvas, seed, text, horizon))
    for i in range(_RANGES):
        share = i / (_RANGES - 1)
        ridge = _ridge(canvas, seed, f"hill {i}", horizon, share)
        depth = 0.12 + 0.88 * (1 - share) if i % 2 else 0.95 - 0.85 * share
        layers.append(Layer((ridge,), depth, depth - 0.34, falls=True, shadow=0.55))
    return tuple(layers)


def _sun(canvas: Canvas, seed: Seed, text: Box | None, horizon: float) -> Iterator[Layer]:
    """Draw the sun with its halos where it may be largest: beside the text or low under it."""
    wanted = seed.number("sun radius", 0.12, 0.17) * canvas.unit
    lift = seed.number("sun lift", 0.2, 1.1)

    def room_px(x: float, y: float) -> float:
        away = canvas.unit if text is None else text.distance_px(x, y) - 0.045 * canvas.unit
        return min(away, 1.4 * (canvas.width - x), 1.4 * y)

    places = [
        (share * canvas.width, horizon - rise * wanted)
        for share, rise in itertools.product((0.86, 0.8, 0.72, 0.62), (2.2, 1.4, lift, 0.3, -0.1))
    ]
    x, y = max(places, key=lambda place: min(room_px(*place), 1.9 * wanted))
    room = room_px(x, y)
    radius = min(wanted, 0.8 * room)
    if radius < 0.02 * canvas.unit:
        return
    for halo, depth in ((2.3, 0.10), (1.6, 0.22)):
        if halo * radius <= room:
            yield Layer((disc(x, y, halo * radius),), depth, depth)
    yield Layer((disc(x, y, radius),), 1.2, -0.2, falls=True, accent=True)


def _ridge(canvas: Canvas, seed: Seed, name: str, horizon: float, share: float) -> Polygon:
    """Return one range: its crest never rises above the horizon, less the nearer it is."""
    phase = seed.number(f"{name} phase", 0, math.tau)
    waves = seed.number(f"{name} waves", 0.7, 1.4)
    small = seed.number(f"{name} small", 0, math.tau)
    free = 1.04 * canvas.height - horizon
    crest, swing = horizon + free * (0.72 * share), free * 0.13
    points = []
    for i in range(97):
        t = i / 96
        lift = math.sin(phase + math.tau * waves * t)
        lift += 0.3 * math.sin(small + math.tau * waves * 2.3 * t)
        points.append((t * canvas.width, crest + swing * (1.3 - lift)))
    return (*points, (canvas.width, canvas.height + 1), (0, canvas.height + 1))
