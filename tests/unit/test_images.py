"""Bytes to pictures: what is sniffed, measured, refused, and encoded as WebP."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from contextlib import suppress
from io import BytesIO
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st
from PIL import Image

from mkdocs_imagegen import images
from mkdocs_imagegen.errors import PictureError
from mkdocs_imagegen.model import Size
from tests.encoded import to_webp

FORMATS: tuple[images.Format, ...] = ("png", "jpeg", "webp")
ORIENTATION = 0x0112


def picture(
    form: str,
    size: tuple[int, int] = (48, 32),
    *,
    mode: Literal["RGB", "RGBA", "L", "P", "CMYK", "LA"] = "RGB",
    orientation: int | None = None,
) -> bytes:
    """A picture whose left half is red and whose right half is blue, where the mode has colours."""
    image = Image.new("RGB", size, "red")
    image.paste((0, 0, 255), (size[0] // 2, 0, size[0], size[1]))
    out = BytesIO()
    exif = Image.Exif()
    if orientation is not None:
        exif[ORIENTATION] = orientation
    image.convert(mode).save(out, form.upper(), exif=exif.tobytes() if exif else b"")
    return out.getvalue()


def animated_webp() -> bytes:
    frames = [Image.new("RGB", (48, 32), colour) for colour in ("red", "green", "blue")]
    out = BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that is small in bytes and claims any size: how a decompression bomb begins."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b"")


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.mark.parametrize("form", FORMATS)
def test_a_picture_is_what_it_is(form: images.Format) -> None:
    data = picture(form)
    assert images.sniff(data) == form
    assert images.measure(data) == images.inspect(data) == images.Picture(form, Size(48, 32))


@pytest.mark.parametrize("form", FORMATS)
def test_a_picture_becomes_a_webp_of_its_own_size(form: str) -> None:
    data, size = to_webp(picture(form), quality=80)
    assert size == Size(48, 32)
    with opened(data) as image:
        assert (image.format, image.size, image.mode) == ("WEBP", (48, 32), "RGB")


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA"])
def test_every_mode_of_png_becomes_webp(mode: Literal["L", "P", "RGBA", "LA"]) -> None:
    data, _ = to_webp(picture("png", mode=mode), quality=80)
    assert images.inspect(data).format == "webp"


def test_a_cmyk_jpeg_becomes_webp() -> None:
    data, _ = to_webp(picture("jpeg", mode="CMYK"), quality=80)
    assert images.inspect(data).format == "webp"


def test_transparency_is_kept() -> None:
    image = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (16, 0, 32, 32))
    out = BytesIO()
    image.save(out, "PNG")
    data, _ = to_webp(out.getvalue(), quality=80)
    with opened(data) as webp:
        alpha = webp.convert("RGBA").getchannel("A")
        assert (alpha.getpixel((2, 2)), alpha.getpixel((30, 2))) == (0, 255)


def test_a_palette_with_a_transparent_colour_keeps_it() -> None:
    image = Image.new("P", (32, 32), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    out = BytesIO()
    image.save(out, "PNG", transparency=0)
    data, _ = to_webp(out.getvalue(), quality=80)
    with opened(data) as webp:
        assert webp.convert("RGBA").getpixel((3, 3))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_refused(form: str, part: float) -> None:
    whole = picture(form, (400, 300))
    with pytest.raises(PictureError, match=form):
        images.inspect(whole[: max(30, int(len(whole) * part))])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # how Pillow tells of broken EXIF
@run(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_never_brings_any_other_error(data: st.DataObject) -> None:
    whole = WHOLE[data.draw(st.sampled_from(FORMATS))]
    cut = data.draw(st.integers(0, len(whole)))
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255))
    damaged = (whole[:at] + bytes([other]) + whole[at + 1 :])[:cut]
    for read in (images.measure, images.inspect, lambda d: to_webp(d, quality=50)):
        with suppress(PictureError):
            read(damaged)


WHOLE = {form: picture(form, orientation=6) for form in FORMATS}


@pytest.mark.parametrize(
    ("width", "height"),
    [(60_000, 60_000), (10_000, 10_000), (8_000, 7_000), (2**31 - 1, 2**31 - 1)],
)
def test_a_decompression_bomb_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    for read in (images.measure, images.inspect):
        with pytest.raises(PictureError, match="pixels"):
            read(png_header(width, height))


def test_too_many_bytes_are_refused_unread() -> None:
    data = picture("png").ljust(images.LIMIT_BYTES + 1, b"\0")
    with pytest.raises(PictureError, match="the limit is 50,000,000"):
        images.measure(data)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "no bytes at all"),
        (b"GIF89a\x01\x00\x01\x00", "GIF"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b'<?xml version="1.0"?>\n<svg/>', "SVG"),
        (b"\n  <!DOCTYPE html><title>Bad gateway</title>", "HTML"),
        (b"<html>", "HTML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n", "git lfs pull"),
        (b"\x00\x00\x00\x20ftypavif", "AVIF; covers are PNG, JPEG or WebP"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "no PNG, JPEG or WebP"),
        (b'{"error": "no"}', "a message instead of a picture"),
        (b"https://cdn.example.com/p.png", "the address of a picture"),
    ],
)
def test_what_is_no_picture_is_named(data: bytes, named: str) -> None:
    assert images.sniff(data) is None
    for read in (images.measure, images.inspect):
        with pytest.raises(PictureError, match=named):
            read(data)


def test_an_animated_webp_is_a_picture_and_its_first_frame_is_encoded() -> None:
    data = animated_webp()
    assert images.inspect(data) == images.Picture("webp", Size(48, 32))
    encoded, size = to_webp(data, quality=90)
    assert size == Size(48, 32)
    with opened(encoded) as image:
        red, green, blue = image.convert("RGB").getpixel((5, 5))  # type: ignore[misc]
        assert red > 200
        assert max(green, blue) < 60


@pytest.fixture(params=["jpeg", "webp"])
def turned(request: pytest.FixtureRequest) -> bytes:
    """A picture that browsers show turned by 90 degrees: a phone's photo."""
    return picture(request.param, (48, 32), orientation=6)


def test_a_picture_that_exif_turns_is_measured_as_browsers_show_it(turned: bytes) -> None:
    assert images.measure(turned).size == Size(32, 48)
    assert images.inspect(turned).size == Size(32, 48)


def test_a_picture_that_exif_turns_is_encoded_upright(turned: bytes) -> None:
    data, size = to_webp(turned, quality=95)
    assert size == images.measure(turned).size == images.measure(data).size
    with opened(data) as image:
        # The red left half is at the top once it is turned to the right.
        red, _, blue = image.convert("RGB").getpixel((16, 5))  # type: ignore[misc]
        assert red > 150 > blue


def test_a_mirrored_picture_keeps_its_size() -> None:
    data = picture("jpeg", (48, 32), orientation=2)
    assert images.measure(data).size == to_webp(data, quality=80)[1] == Size(48, 32)


def test_encoding_is_the_same_each_time() -> None:
    data = picture("png")
    assert to_webp(data, quality=82) == to_webp(data, quality=82)
    assert to_webp(data, quality=82) != to_webp(data, quality=10)


def test_sniffing_and_naming_the_encoder_do_not_import_pillow() -> None:
    code = (
        "import sys; from mkdocs_imagegen import images; "
        "images.sniff(b'GIF8'); print(images.encoder(), 'PIL' in sys.modules)"
    )
    run_ = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run_.stdout.startswith("pillow/")
    assert run_.stdout.strip().endswith("False")
