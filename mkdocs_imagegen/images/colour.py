"""The colour that stands in for a picture while it loads."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

LONGEST_PX = 48
"""Of the copy that is counted."""
NEUTRAL = (238, 238, 238)
"""What shows through a picture where nothing else is known to lie behind it."""
_SHIFT = 5
"""Colours are counted in cells of 32 levels a channel."""

Colour = tuple[int, int, int]


def dominant(small: Image.Image) -> Colour:
    """Return the mean of the colours that crowd together most in a small picture.

    A mean of all colours is mud, and the commonest single colour is chance. So colours are counted
    in cells, and a crowd is a block of 2x2x2 of them: the blocks overlap, so a crowd on the border
    of two cells is not split. Transparent pixels count by how much of them shows.

    Args:
        small: in the mode RGB or RGBA, of a few thousand pixels at most.
    """
    weights: Counter[Colour] = Counter()
    sums: tuple[Counter[Colour], ...] = (Counter(), Counter(), Counter())
    pixels = small.convert("RGBA").tobytes()
    for *colour, alpha in zip(*(pixels[n::4] for n in range(4)), strict=True):
        red, green, blue = colour
        cell = red >> _SHIFT, green >> _SHIFT, blue >> _SHIFT
        weights[cell] += alpha
        for total, level in zip(sums, colour, strict=True):
            total[cell] += level * alpha
    blocks: Counter[Colour] = Counter()
    for cell, weight in weights.items():
        for block in _blocks(cell):
            blocks[block] += weight
    fullest = max(blocks, key=lambda block: (blocks[block], block))
    if not blocks[fullest]:
        return NEUTRAL
    crowd = [cell for cell in weights if fullest in _blocks(cell)]
    red, green, blue = (
        round(sum(total[cell] for cell in crowd) / blocks[fullest]) for total in sums
    )
    return red, green, blue


def _blocks(cell: Colour) -> list[Colour]:
    """Return the eight blocks that a cell lies in, each named by its lowest cell."""
    red, green, blue = cell
    return [(red - n // 4, green - n // 2 % 2, blue - n % 2) for n in range(8)]
