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
    shape = Fraction(asked.width_px, asked.height_px)
    width_px = max(1, min(came.width_px, round(came.height_px * shape)))
    height_px = max(1, min(came.height_px, round(came.width_px / shape)))
    left = (came.width_px - width_px) // 2
    top = (came.height_px - height_px) // 2
    return left, top, left + width_px, top + height_px
