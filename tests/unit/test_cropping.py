"""Which part of a picture of another shape is shown."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.images import crop_box, inspect
from mkdocs_imagegen.images.cropping import Box, box_round, raised
from mkdocs_imagegen.model import Size
from tests.encoded import to_webp
from tests.imageserver.pictures import draw

ASKED = Size(1536, 1024)
sizes = st.builds(Size, st.integers(1, 4000), st.integers(1, 4000))


@pytest.mark.parametrize(
    ("came", "box"),
    [
        (Size(1536, 1024), None),
        (Size(768, 512), None),
        (Size(1500, 1000), None),
        (Size(1520, 1024), (0, 5, 1520, 1018)),
        (Size(512, 512), (0, 85, 512, 426)),
        (Size(2048, 1024), (256, 0, 1792, 1024)),
        (Size(1024, 1536), (0, 426, 1024, 1109)),
    ],
)
def test_the_middle_is_shown(came: Size, box: Box | None) -> None:
    assert crop_box(came, ASKED) == box


@given(came=sizes, asked=sizes)
def test_the_part_is_the_largest_that_lies_in_the_picture(came: Size, asked: Size) -> None:
    box = crop_box(came, asked)
    if box is None:
        shape = Fraction(came.width_px, came.height_px)
        assert abs(shape / Fraction(asked.width_px, asked.height_px) - 1) <= Fraction(1, 100)
        return
    left, top, right, bottom = box
    assert 0 <= left < right <= came.width_px
    assert 0 <= top < bottom <= came.height_px
    assert right - left == came.width_px or bottom - top == came.height_px


def test_a_picture_is_encoded_without_what_is_cut_off() -> None:
    png = draw("fox", 640, 640, "png")
    webp, size = to_webp(png, quality=80, crop=crop_box(Size(640, 640), ASKED))
    assert size == inspect(webp).size == Size(640, 427)


def test_a_raised_focus_stands_above_the_middle_where_the_picture_has_room() -> None:
    came, asked = Size(1536, 1024), Size(1200, 630)
    for y, shown_at in [(0.5, 0.38), (0.1, 0.127), (0.9, 0.873)]:
        _, top, _, bottom = box_round(came, asked, raised((0.5, y), came, asked))
        assert (y * came.height_px - top) / (bottom - top) == pytest.approx(shown_at, abs=0.01)
