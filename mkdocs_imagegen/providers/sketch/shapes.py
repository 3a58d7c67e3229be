"""The geometry that layout, motifs and paint share. Knows no colours and no Pillow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

Point = tuple[float, float]
Polygon = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def distance_px(self, x: float, y: float) -> float:
        """Return how far outside the point lies, 0 inside."""
        return math.hypot(
            max(self.left - x, 0, x - self.right), max(self.top - y, 0, y - self.bottom)
        )

    def overlaps(self, other: Box, *, padding_px: float) -> bool:
        """Tell whether the boxes come nearer to each other than the padding."""
        return (
            other.left < self.right + padding_px
            and self.left < other.right + padding_px
            and other.top < self.bottom + padding_px
            and self.top < other.bottom + padding_px
        )


@dataclass(frozen=True, slots=True)
class Canvas:
    """The picture's size in pixels."""

    width: int
    height: int

    @property
    def unit(self) -> float:
        """The side of a square with the same area."""
        return math.sqrt(self.width * self.height)


@dataclass(frozen=True, slots=True)
class Layer:
    """Shapes of one tone, painted over the layers before it."""

    shapes: tuple[Polygon, ...]
    near: float
    """Depth at the start of its shading, left or top: 0 is the background, 1 the very front."""
    far: float
    """Depth at the end of its shading, right or bottom."""
    falls: bool = False
    """Whether it is shaded from top to bottom, not from left to right."""
    shadow: float = 0.0
    """How dark a shadow it throws, 0 to 1."""
    accent: bool = False


def disc(x: float, y: float, radius: float) -> Polygon:
    """Return a full circle."""
    return tuple(arc(x, y, radius, 0, 360))


def ring(x: float, y: float, outer: float, inner: float) -> Polygon:
    """Return a circle with a hole, as one outline that runs there and back."""
    return (*arc(x, y, outer, 0, 360), *arc(x, y, inner, 360, 0))


def arc(x: float, y: float, radius: float, start: float, end: float) -> Iterator[Point]:
    """Yield the points of an arc, `start` and `end` in degrees, clockwise from the right."""
    steps = max(round(abs(end - start) / 2), 1)
    for i in range(steps + 1):
        angle = math.radians(start + (end - start) * i / steps)
        yield x + radius * math.cos(angle), y + radius * math.sin(angle)


def bounds(shapes: tuple[Polygon, ...]) -> Box:
    """Return the smallest box around all shapes."""
    xs = [x for shape in shapes for x, _ in shape]
    ys = [y for shape in shapes for _, y in shape]
    return Box(min(xs), min(ys), max(xs), max(ys))
