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
    back = tuple(_strands(_curve(canvas, seed, "a", 0.1), _curve(canvas, seed, "b", 0.5), 9))
    front = tuple(_strands(_curve(canvas, seed, "c", 0.0), _curve(canvas, seed, "d", 0.68), 15))
    bright = int(seed.number("bright", 2, 12))
    return Drawing(
        (
            Layer(back, 0.06, 0.34),
            *(Layer(front[i : i + 5], 0.12, 0.48 + 0.05 * i) for i in (0, 5, 10)),
            Layer(front[bright : bright + 2], 0.6, 1.0, accent=True),
        ),
        beneath_text=True,
    )


def _curve(canvas: Canvas, seed: Seed, name: str, end: float) -> list[Point]:
    """Return a wave that rises from the lower left to about `end` at the right, 0 being the top."""
    start = seed.number(f"{name} start", 0.6, 1.25)
    end += seed.number(f"{name} end", -0.16, 0.16)
    swing = seed.number(f"{name} swing", 0.10, 0.24)
    phase = seed.number(f"{name} phase", 0, math.tau)
    waves = seed.number(f"{name} waves", 0.7, 1.2)
    points = []
    for i in range(73):
        t = i / 72
        y = start + (end - start) * t + swing * math.sin(phase + math.tau * waves * t)
        points.append(((-0.05 + 1.1 * t) * canvas.width, y * canvas.height))
    return points


def _strands(one: list[Point], other: list[Point], count: int) -> Iterator[Polygon]:
    """Yield stripes that divide the space between two curves, with gaps between them."""

    def along(share: float) -> list[Point]:
        return [
            (ax + (bx - ax) * share, ay + (by - ay) * share)
            for (ax, ay), (bx, by) in zip(one, other, strict=True)
        ]

    for i in range(count):
        yield (*along(i / count), *reversed(along((i + 0.64) / count)))


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
    layers = list(_sun(canvas, seed, text))
    count = 5
    for i in range(count):
        share = i / (count - 1)
        crest = 0.46 + 0.40 * share
        depth = 0.80 - 0.64 * share
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


def _sun(canvas: Canvas, seed: Seed, text: Box | None) -> Iterator[Layer]:
    """Draw a sun with its halos beside the text or above it, or none where there is no room."""
    x = seed.number("sun x", 0.66, 0.88) * canvas.width
    y = seed.number("sun y", 0.20, 0.34) * canvas.height
    radius = seed.number("sun radius", 0.11, 0.17) * canvas.unit
    if text is not None:
        x, y = 0.89 * canvas.width, min(y, 0.15 * canvas.height)
        room = min(text.distance_px(x, y) - 0.13 * canvas.unit, 0.85 * (canvas.width - x), 0.85 * y)
        radius = min(radius, room)
    if radius >= 0.04 * canvas.unit:
        yield Layer((disc(x, y, radius * 2.6),), 0.12, 0.12)
        yield Layer((disc(x, y, radius * 1.75),), 0.22, 0.22)
        yield Layer((disc(x, y, radius),), 1.2, -0.2, falls=True, accent=True)


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
