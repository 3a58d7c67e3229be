"""What is cut off a picture of another shape than was asked for."""

from __future__ import annotations

from fractions import Fraction

from ..model import Size

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""


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
    left = int(focus[0] * came.width_px - part.width_px / 2)
    top = int(focus[1] * came.height_px - part.height_px / 2)
    left = max(0, min(left, came.width_px - part.width_px))
    top = max(0, min(top, came.height_px - part.height_px))
    return left, top, left + part.width_px, top + part.height_px


def largest_part(came: Size, asked: Size) -> Size:
    """Return the size of the largest part of a picture in a shape, to the nearest pixel."""
    shape = Fraction(asked.width_px, asked.height_px)
    return Size(
        max(1, min(came.width_px, round(came.height_px * shape))),
        max(1, min(came.height_px, round(came.width_px / shape))),
    )
