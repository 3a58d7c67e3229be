"""The drawings behind the titles: each turns a seed into layers of polygons.

A motif is told where the text stands and composes around it. It knows no colours and no Pillow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .seed import Seed
from .shapes import Box, Canvas, Layer, Point, Polygon, arc, disc, ring


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a motif draws, back to front."""

    layers: tuple[Layer, ...]
    beneath_text: bool
    """Whether it runs on below the text, where it must be held back."""


Motif = Callable[[Canvas, Seed, Box | None], Drawing]


def choose(seed: Seed) -> Motif:
    """Return the motif that the seed draws."""
    return seed.choice("motif", (ribbons, arcs, tiles, hills))


def ribbons(canvas: Canvas, seed: Seed, _text: Box | None) -> Drawing:
    """Draw bands of strands that run from curve to curve and turn where the curves cross."""
    layers: list[Layer] = []
    for band, deepest in ((0, 0.5), (1, 1.0)):
        strands = tuple(_strands(canvas, seed, f"ribbon {band}", 24))
        marked = int(seed.number(f"mark {band}", 4, 19))
        for third in range(3):
            far = deepest * (0.45 + 0.27 * third)
            layers.append(Layer(strands[third * 8 : third * 8 + 8], far * 0.3, far))
        if band:
            layers.append(Layer(strands[marked : marked + 2], 0.6, 1.0, accent=True))
    return Drawing(tuple(layers), beneath_text=True)


def _strands(canvas: Canvas, seed: Seed, name: str, count: int) -> Iterator[Polygon]:
    one, other = _curve(canvas, seed, f"{name} one"), _curve(canvas, seed, f"{name} other")

    def along(share: float) -> list[Point]:
        return [
            (ax + (bx - ax) * share, ay + (by - ay) * share)
            for (ax, ay), (bx, by) in zip(one, other, strict=True)
        ]

    for i in range(count):
        yield (*along(i / count), *reversed(along((i + 0.62) / count)))


def _curve(canvas: Canvas, seed: Seed, name: str) -> list[Point]:
    start = seed.number(f"{name} start", 0.55, 1.25)
    end = seed.number(f"{name} end", -0.25, 0.65)
    swing = seed.number(f"{name} swing", 0.10, 0.26)
    phase = seed.number(f"{name} phase", 0, math.tau)
    waves = seed.number(f"{name} waves", 0.7, 1.3)
    points = []
    for i in range(73):
        t = i / 72
        y = start + (end - start) * t + swing * math.sin(phase + math.tau * waves * t)
        points.append(((-0.05 + 1.1 * t) * canvas.width, y * canvas.height))
    return points


def arcs(canvas: Canvas, seed: Seed, _text: Box | None) -> Drawing:
    """Draw discs within discs, cut from paper, with one bright ring."""
    x = seed.number("x", 0.84, 1.0) * canvas.width
    y = seed.choice("y", (0.04, 0.5, 0.96)) * canvas.height
    radius = seed.number("radius", 0.78, 0.9) * canvas.unit
    count = 6
    bright = seed.choice("bright", (2, 3))
    layers = []
    for i in range(count):
        share = i / (count - 1)
        shrink = radius * (1 - 0.165 * i)
        depth = 0.10 + 0.62 * share
        layers.append(Layer((disc(x, y, shrink),), depth * 0.6, depth + 0.1, shadow=0.55))
        if i == bright:
            layers.append(Layer((ring(x, y, shrink * 0.93, shrink * 0.87),), 0.7, 1.0, accent=True))
    return Drawing(tuple(layers), beneath_text=True)


def tiles(canvas: Canvas, seed: Seed, text: Box | None) -> Drawing:
    """Draw a grid of quarter and half discs that thins out to the left and leaves the text free."""
    rows = 4 if canvas.width >= canvas.height else 6
    side = canvas.height / rows
    columns = math.ceil(canvas.width / side)
    placed: list[tuple[float, float, Polygon]] = []
    for row in range(rows):
        for column in range(columns):
            name = f"tile {row} {column}"
            left, top = canvas.width - (column + 1) * side, row * side
            density = (1 - column / columns - 0.18) * 1.7
            cell = Box(left, top, left + side, top + side)
            if seed.number(f"{name} there", 0, 1) > density or (
                text is not None and cell.overlaps(text, padding_px=0.04 * canvas.unit)
            ):
                continue
            shape = seed.choice(f"{name} shape", (_quarter, _half, _disc, _leaf, _square))()
            turns = int(seed.number(f"{name} turns", 0, 4))
            depth = seed.choice(f"{name} depth", (0.10, 0.22, 0.36, 0.52, 0.7))
            rank = seed.number(f"{name} rank", 0, 1)
            placed.append((rank, depth, _turned(shape, turns, left, top, side)))
    placed.sort()
    bright = 1 + len(placed) // 8
    layers = [Layer((shape,), 0.8, 0.8, accent=True) for _, _, shape in placed[:bright]]
    for depth in sorted({depth for _, depth, _ in placed[bright:]}):
        shapes = tuple(shape for _, at, shape in placed[bright:] if at == depth)
        layers.append(Layer(shapes, depth, depth))
    return Drawing(tuple(layers), beneath_text=False)


def _turned(shape: Polygon, turns: int, left: float, top: float, side: float) -> Polygon:
    for _ in range(turns):
        shape = tuple((1 - y, x) for x, y in shape)
    return tuple((left + x * side, top + y * side) for x, y in shape)


def _quarter() -> Polygon:
    return ((0, 0), *arc(0, 0, 1, 0, 90))


def _half() -> Polygon:
    return tuple(arc(0, 0.5, 0.5, -90, 90))


def _disc() -> Polygon:
    return disc(0.5, 0.5, 0.36)


def _leaf() -> Polygon:
    return (*arc(0, 0, 1, 0, 90), *arc(1, 1, 1, 180, 270))


def _square() -> Polygon:
    return ((0, 0), (1, 0), (1, 1), (0, 1))


def hills(canvas: Canvas, seed: Seed, text: Box | None) -> Drawing:
    """Draw ranges of hills before a sun, each throwing its shadow on the one behind."""
    sun_x = seed.number("sun x", 0.66, 0.88) * canvas.width
    sun_y = seed.number("sun y", 0.20, 0.34) * canvas.height
    radius = seed.number("sun radius", 0.11, 0.17) * canvas.unit
    if text is not None:
        # Beside the text or above it, and smaller where there is little room.
        sun_x, sun_y = 0.84 * canvas.width, min(sun_y, 0.20 * canvas.height)
        room = text.distance_px(sun_x, sun_y) - 0.11 * canvas.unit
        radius = min(radius, max(room, 0.05 * canvas.unit))
    layers = [
        Layer((disc(sun_x, sun_y, radius * 2.6),), 0.12, 0.12),
        Layer((disc(sun_x, sun_y, radius * 1.75),), 0.22, 0.22),
        Layer((disc(sun_x, sun_y, radius),), 1.2, -0.2, falls=True, accent=True),
    ]
    count = 5
    for i in range(count):
        share = i / (count - 1)
        crest = 0.46 + 0.40 * share
        depth = 0.66 - 0.56 * share
        layers.append(
            Layer(
                (_range(canvas, seed, f"hill {i}", crest),),
                depth + 0.12,
                depth - 0.3,
                falls=True,
                shadow=0.5,
            )
        )
    return Drawing(tuple(layers), beneath_text=True)


def _range(canvas: Canvas, seed: Seed, name: str, crest: float) -> Polygon:
    phase = seed.number(f"{name} phase", 0, math.tau)
    waves = seed.number(f"{name} waves", 0.8, 1.5)
    small = seed.number(f"{name} small", 0, math.tau)
    points = []
    for i in range(97):
        t = i / 96
        lift = 0.085 * math.sin(phase + math.tau * waves * t)
        lift += 0.03 * math.sin(small + math.tau * waves * 2.3 * t)
        points.append((t * canvas.width, (crest + 0.10 * (0.5 - t) + lift) * canvas.height))
    return (*points, (canvas.width, canvas.height), (0, canvas.height))
