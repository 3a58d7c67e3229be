"""Mosaic: a wall of tiles with quarter and half discs stands beside the title, or above it."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass

from .layout import Setting
from .seed import Seed
from .shapes import Box, Canvas, Layer, Polygon, arc, disc

_DEPTHS = (0.06, 0.30, 0.56, 0.82, 1.05)
_ACCENTED = 0.16
"""The share of tiles with a bright shape."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the tiles are: `side` apart, from a corner that is a whole pixel."""

    left: float
    top: float
    columns: int
    rows: int
    side: float

    def cell(self, column: int, row: int) -> Box:
        """Return a tile in whole pixels: neighbours then meet without a seam."""
        xs = [round(self.left + (column + i) * self.side) for i in (0, 1)]
        ys = [round(self.top + (row + i) * self.side) for i in (0, 1)]
        return Box(xs[0], ys[0], xs[1], ys[1])


def setting(canvas: Canvas, seed: Seed) -> Setting:
    """Return the left of wide pictures, the foot of the others."""
    if canvas.width > canvas.height:
        return Setting(anchor=seed.choice("anchor", (0.5, 1.0)), width=0.58, height=0.9)
    return Setting(anchor=1.0, width=1.0, height=0.5)


def draw(canvas: Canvas, seed: Seed, text: Box | None) -> tuple[Layer, ...]:
    """Draw the tiles that the room beside or above the text holds, none of them alike."""
    grid = _grid(canvas, text)
    shapes: defaultdict[tuple[bool, float], list[Polygon]] = defaultdict(list)
    grounds: defaultdict[float, list[Polygon]] = defaultdict(list)
    for column, row in itertools.product(range(grid.columns), range(grid.rows)):
        name, cell = f"tile {column} {row}", grid.cell(column, row)
        behind = seed.choice(f"{name} behind", _DEPTHS)
        others = [depth for depth in _DEPTHS if abs(depth - behind) > 0.4]
        front = seed.choice(f"{name} front", others)
        kind = seed.choice(f"{name} shape", (_quarter, _quarter, _halves, _disc, _leaf))
        turns = int(seed.number(f"{name} turns", 0, 4))
        bright = seed.chance(f"{name} bright", _ACCENTED) or (column, row) == _always(grid, seed)
        grounds[behind].append(_square(cell))
        for shape in kind():
            shapes[bright, 0.8 if bright else front].append(_turned(shape, turns, cell))
    return (
        *(Layer(tuple(grounds[depth]), depth, depth) for depth in sorted(grounds)),
        *(Layer(tuple(found), at, at, accent=lit) for (lit, at), found in sorted(shapes.items())),
    )


def _always(grid: _Grid, seed: Seed) -> tuple[int, int]:
    """Return the one tile that is bright by all means."""
    return int(seed.number("column", 0, grid.columns)), int(seed.number("row", 0, grid.rows))


def _grid(canvas: Canvas, text: Box | None) -> _Grid:
    if text is None:
        return _columns(canvas, 0.0, 3 if canvas.width > 2 * canvas.height else 4)
    gap = 0.055 * canvas.unit
    beside, above = canvas.width - text.right - gap, text.top - gap
    wide = canvas.width > canvas.height and beside >= 0.1 * canvas.width
    if wide or beside * canvas.height >= above * canvas.width:
        rows = next((n for n in (2, 3, 4, 5, 6) if 2 * canvas.height / n <= beside), 0)
        return _columns(canvas, text.right + gap, rows or round(canvas.height / max(beside, 8)))
    columns = next((n for n in (2, 3, 4, 5, 6) if 2 * canvas.width / n <= above), 0)
    side = canvas.width / (columns or round(canvas.width / max(above, 8)))
    return _Grid(0, 0, round(canvas.width / side), max(int(above / side), 1), side)


def _columns(canvas: Canvas, left: float, rows: int) -> _Grid:
    """Return as many whole columns as there are right of `left`, or all that the picture shows."""
    side = canvas.height / rows
    columns = max(int((canvas.width - left) / side), 1) if left else -int(-canvas.width // side)
    return _Grid(canvas.width - columns * side, 0, columns, rows, side)


def _square(cell: Box) -> Polygon:
    left, top, right, bottom = cell.left, cell.top, cell.right, cell.bottom
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _turned(shape: Polygon, turns: int, cell: Box) -> Polygon:
    for _ in range(turns):
        shape = tuple((1 - y, x) for x, y in shape)
    width, height = cell.right - cell.left, cell.bottom - cell.top
    return tuple((cell.left + x * width, cell.top + y * height) for x, y in shape)


def _quarter() -> tuple[Polygon, ...]:
    return (((0, 0), *arc(0, 0, 1, 0, 90)),)


def _halves() -> tuple[Polygon, ...]:
    return tuple(arc(0, 0.5, 0.5, -90, 90)), tuple(arc(0.5, 0.5, 0.5, -90, 90))


def _disc() -> tuple[Polygon, ...]:
    return (disc(0.5, 0.5, 0.34),)


def _leaf() -> tuple[Polygon, ...]:
    return ((*arc(0, 0, 1, 0, 90), *arc(1, 1, 1, 180, 270)),)
