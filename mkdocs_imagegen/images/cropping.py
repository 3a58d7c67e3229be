"""What is cut off a picture of another shape than was asked for."""

from __future__ import annotations

from fractions import Fraction

from ..model import Size

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""
_RAISED = 0.12
"""Of a part's height: how far above its middle a point stands that makes room for text below."""


def crop_box(came: Size, asked: Size) -> Box | None:
    """Return the largest middle part of a picture in the shape that was asked for.

    `None` where it has that shape already; its size may be another all the same.
    """
    if came.is_shaped_as(asked):
        return None
    return box_round(came, asked, (0.5, 0.5))


def box_round(came: Size, asked: Size, focus: tuple[float, float]) -> Box:
    """Return the largest part of a picture in a shape, with a point as near its middle as can be.

    Args:
        came: the picture's size.
        asked: the shape, whatever its size.
        focus: fractions of the width from the left and of the height from the top, 0 to 1.
    """
    part = largest_part(came, asked)
    left = _start(focus[0], came.width_px, part.width_px)
    top = _start(focus[1], came.height_px, part.height_px)
    return left, top, left + part.width_px, top + part.height_px


def raised(focus: tuple[float, float], came: Size, asked: Size) -> tuple[float, float]:
    """Return a focus round which a part shows this point above its middle, as far as it can."""
    part = largest_part(came, asked)
    return focus[0], focus[1] + _RAISED * part.height_px / came.height_px


def largest_part(came: Size, asked: Size) -> Size:
    """Return the size of the largest part of a picture in a shape, to the nearest pixel."""
    shape = Fraction(asked.width_px, asked.height_px)
    return Size(
        max(1, min(came.width_px, round(came.height_px * shape))),
        max(1, min(came.height_px, round(came.width_px / shape))),
    )


def _start(focus: float, came_px: int, part_px: int) -> int:
    """Return where a part begins so that the pixel of the focus lies in it."""
    middle = int(focus * came_px - part_px / 2)
    point = int(focus * came_px)
    nearest = max(point - part_px + 1, min(middle, point))  # for parts of a pixel or two
    return max(0, min(nearest, came_px - part_px))
