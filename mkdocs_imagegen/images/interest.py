"""Where to look in a picture when nobody said so: where most happens."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from ..model import Size
from .cropping import largest_part

if TYPE_CHECKING:
    from PIL import Image

_PULL = 0.15
"""What a window at the very edge loses of its score: subjects stand in the middle, mostly."""


def liveliest(grey: Image.Image, asked: Size) -> tuple[float, float]:
    """Return the middle of the part of a picture, in a shape, that holds most of its edges.

    Args:
        grey: the picture, small and in the mode L.
        asked: the shape, whatever its size.

    Returns:
        Fractions of the width from the left and of the height from the top.
    """
    part = largest_part(Size(*grey.size), asked)
    columns, rows = _edges(grey)
    return _middle(columns, part.width_px), _middle(rows, part.height_px)


def _edges(grey: Image.Image) -> tuple[list[int], list[int]]:
    """Return how much changes from each pixel to the next, by column and by row."""
    from PIL import ImageChops

    width, height = grey.size
    columns, rows = [0] * width, [0] * height
    for across, down in ((1, 0), (0, 1)):
        here = grey.crop((0, 0, width - across, height - down))
        there = grey.crop((across, down, width, height))
        changes = ImageChops.difference(here, there).tobytes()
        stride = width - across
        for n in range(stride):
            columns[n] += sum(changes[n::stride])
        for n in range(height - down):
            rows[n] += sum(changes[n * stride : (n + 1) * stride])
    return columns, rows


def _middle(lines: Sequence[int], window: int) -> float:
    """Return where the middle of the best window lies, as a fraction of all lines."""
    slack = len(lines) - window
    sums = [0, *accumulate(lines)]

    def score(start: int) -> tuple[float, float]:
        off = abs(2 * start - slack) / slack if slack else 0.0
        return (sums[start + window] - sums[start]) * (1 - _PULL * off), -off

    best = max(range(slack + 1), key=score)
    if 2 * best == slack or not any(lines):
        return 0.5
    return (best + window / 2) / len(lines)
