"""What bytes are, by the bytes."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from mkdocs_imagegen.crawlers.pictures import picture_of
from mkdocs_imagegen.model import Size


def drawn(kind: str, size: tuple[int, int] = (60, 40)) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif", "avif"])
def test_each_format_is_told_with_its_size(kind: str) -> None:
    data = drawn(kind)
    for wholly in (True, False):
        picture = picture_of(data, wholly=wholly)
        assert (picture.format, picture.size) == (kind, Size(60, 40))
        assert picture.is_whole
        assert picture.length_bytes == len(data)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_a_cut_file_is_seen_where_it_is_decoded(kind: str) -> None:
    data = drawn(kind, (300, 200))
    assert not picture_of(data[: len(data) // 2], wholly=True).is_whole


def test_svg_is_told_behind_its_prologue() -> None:
    svg = b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="x"/>'
    assert picture_of(svg, wholly=True).format == "svg"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "no bytes at all"),
        (b"<!doctype html><p>404", "an HTML page instead of a picture"),
        (b"version https://git-lfs.github.com/spec/v1", "a git-lfs pointer"),
    ],
)
def test_what_is_no_picture_is_named(data: bytes, what: str) -> None:
    picture = picture_of(data, wholly=True)
    assert picture.format == ""
    assert what in picture.what
