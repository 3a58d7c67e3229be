"""The colour that stands in for a picture while it loads."""

from __future__ import annotations

from collections import Counter, defaultdict
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
    cells = _cells(small.convert("RGBA").tobytes())
    blocks: Counter[Colour] = Counter()
    for cell, (*_, weight) in cells.items():
        for block in _blocks(cell):
            blocks[block] += weight
    fullest = max(blocks, key=lambda block: (blocks[block], block))
    if not blocks[fullest]:
        return NEUTRAL
    crowd = [sums for cell, sums in cells.items() if fullest in _blocks(cell)]
    red, green, blue = (round(sum(s[n] for s in crowd) / blocks[fullest]) for n in range(3))
    return red, green, blue


def _cells(rgba: bytes) -> dict[Colour, list[int]]:
    """Return the sums of red, green, blue and alpha of the pixels in each cell."""
    cells: defaultdict[Colour, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    # Plain additions: this runs for thousands of pixels of each picture.
    for red, green, blue, alpha in zip(*(rgba[n::4] for n in range(4)), strict=True):
        sums = cells[red >> _SHIFT, green >> _SHIFT, blue >> _SHIFT]
        sums[0] += red * alpha
        sums[1] += green * alpha
        sums[2] += blue * alpha
        sums[3] += alpha
    return cells


def _blocks(cell: Colour) -> list[Colour]:
    """Return the eight blocks that a cell lies in, each named by its lowest cell."""
    red, green, blue = cell
    return [(red - n // 4, green - n // 2 % 2, blue - n % 2) for n in range(8)]
