"""Pictures from elsewhere: refused by their first bytes, published without what hides in them."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from mkdocs_imagegen import images
from mkdocs_imagegen.errors import PictureError
from tests.encoded import to_webp

PROMPT = b"a fox on the beach, Steps: 20, Seed: 42"
GIANTS = [(2**31 - 1, 2**31 - 1), (60_000, 60_000), (16_383, 16_383)]


def png(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + zlib.crc32(name + data).to_bytes(4)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10_000_000)))
        + chunk(b"IEND", b"")
    )


def jpeg(width: int, height: int) -> bytes:
    """A picture whose second frame header claims another size than its first."""
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    whole = out.getvalue()
    at = whole.index(b"\xff\xc0")
    frame = bytearray(whole[at : at + 2 + int.from_bytes(whole[at + 2 : at + 4])])
    frame[5:9] = struct.pack(">HH", min(height, 65_535), min(width, 65_535))
    return whole[: at + len(frame)] + bytes(frame) + whole[at + len(frame) :]


def webp_canvas(width: int, height: int) -> bytes:
    """A WebP of the extended form, which claims its canvas apart from its picture."""
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "WEBP")
    side = [(min(n, 2**24) - 1).to_bytes(3, "little") for n in (width, height)]
    return riff([(b"VP8X", b"\0\0\0\0" + b"".join(side)), *chunks(out.getvalue())])


def webp_lossless(width: int, height: int) -> bytes:
    bits = (min(width, 16_384) - 1) | (min(height, 16_384) - 1) << 14
    return riff([(b"VP8L", b"\x2f" + bits.to_bytes(4, "little") + bytes(50))])


def chunks(webp: bytes) -> list[tuple[bytes, bytes]]:
    at, found = 12, []
    while at + 8 <= len(webp):
        length = int.from_bytes(webp[at + 4 : at + 8], "little")
        found.append((webp[at : at + 4], webp[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return found


def riff(parts: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in parts
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def still(*, alpha: bool = False, size: tuple[int, int] = (40, 24)) -> bytes:
    out = BytesIO()
    Image.effect_noise(size, 60).convert("RGBA" if alpha else "RGB").save(out, "WEBP")
    return out.getvalue()


def exif(orientation: int | None = None) -> bytes:
    tags = Image.Exif()
    tags[0x010E] = PROMPT.decode()
    if orientation is not None:
        tags[0x0112] = orientation
    return tags.tobytes()


def written_into(webp: bytes, *more: tuple[bytes, bytes]) -> bytes:
    """Return the WebP in its extended form, with further chunks and the flags that tell of them."""
    found = [chunk for chunk in chunks(webp) if chunk[0] != b"VP8X"]
    flags = {b"EXIF": 0x08, b"XMP ": 0x04}
    with Image.open(BytesIO(webp)) as image:
        alpha = 0x10 * image.has_transparency_data
        side = [(n - 1).to_bytes(3, "little") for n in image.size]
    flag = alpha + sum(flags.get(kind, 0) for kind, _ in more)
    return riff([(b"VP8X", bytes([flag, 0, 0, 0]) + b"".join(side)), *found, *more])


def pixels(data: bytes) -> bytes:
    with Image.open(BytesIO(data)) as image:
        return image.convert("RGBA").tobytes()


@pytest.mark.parametrize("make", [png, jpeg, webp_canvas, webp_lossless])
@pytest.mark.parametrize(("width", "height"), GIANTS)
def test_a_giant_is_refused_by_its_header_before_a_pixel_is_made(
    make: Callable[[int, int], bytes], width: int, height: int
) -> None:
    data = make(width, height)
    Image.init()
    for read in (images.measure, images.inspect, lambda d: to_webp(d, quality=50)):
        tracemalloc.start()
        try:
            with pytest.raises(PictureError, match="pixels"):
                read(data)
            assert tracemalloc.get_traced_memory()[1] < 2_000_000
        finally:
            tracemalloc.stop()


def test_text_that_unpacks_to_gigabytes_is_refused() -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    body = b"Comment\0\0" + bomb
    text = struct.pack(">I", len(body)) + b"zTXt" + body + zlib.crc32(b"zTXt" + body).to_bytes(4)
    whole = BytesIO()
    Image.new("RGB", (8, 8)).save(whole, "PNG")
    data = whole.getvalue()
    at = data.index(b"IDAT") - 4
    with pytest.raises(PictureError):
        images.inspect(data[:at] + text + data[at:])


FOREIGN = {
    "GIF": b"GIF89a" + struct.pack("<HH", 8, 8) + bytes(40),
    "TIFF": b"II*\0" + bytes(40),
    "BMP": b"BM" + bytes(60),
    "PSD": b"8BPS" + bytes(60),
    "HEIC": b"\0\0\0\x18ftypheic" + bytes(40),
    "AVIF": b"\0\0\0\x18ftypavif" + bytes(40),
    "ICO": b"\0\0\1\0\1\0" + bytes(40),
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n" + bytes(40),
    "PDF": b"%PDF-1.7\n" + bytes(40),
    "ZIP": b"PK\3\4" + bytes(40),
    "SVG": b"\xef\xbb\xbf\n<!-- drawn --><svg onload='alert(1)'/>",
    "SVG, packed": b"\x1f\x8b\x08" + bytes(40),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_every_other_format_is_refused_by_name_before_it_is_opened(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(Image, "open", lambda *args, **kwargs: opened.append(args))
    for read in (images.measure, images.inspect):
        with pytest.raises(PictureError, match=name.partition(",")[0]):
            read(FOREIGN[name])
    assert opened == []


def test_a_picture_under_a_false_flag_is_opened_as_what_it_claims_to_be_only() -> None:
    """A TIFF behind the first bytes of a PNG must not reach the reader of TIFF."""
    for head in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x24\0\0\0WEBPVP8 "):
        for body in FOREIGN.values():
            with pytest.raises(PictureError, match="broken"):
                images.inspect(head + body)


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize(
    "more",
    [
        [(b"XMP ", b"<x:xmpmeta>" + PROMPT + b"</x:xmpmeta>")],
        [(b"EXIF", exif())],
        [(b"EXIF", b"Exif\0\0" + exif().removeprefix(b"Exif\0\0")), (b"XMP ", PROMPT)],
        [(b"prmt", PROMPT)],
    ],
)
def test_what_a_server_writes_into_a_webp_is_cut_out_and_no_pixel_changes(
    more: list[tuple[bytes, bytes]], alpha: bool
) -> None:
    data = written_into(still(alpha=alpha), *more, (b"C2PA", b"who made it"))
    cut = images.without_metadata(data)
    assert cut is not None
    assert PROMPT not in cut
    assert b"who made it" in cut
    assert pixels(cut) == pixels(data)
    assert images.without_metadata(cut) is cut
    with Image.open(BytesIO(cut)) as image:
        assert not image.getexif()
        assert "xmp" not in image.info


@pytest.mark.parametrize("alpha", [False, True])
def test_a_webp_that_holds_nothing_else_stays_byte_for_byte(alpha: bool) -> None:
    for data in (still(alpha=alpha), written_into(still(alpha=alpha), (b"C2PA", b"mark"))):
        assert images.without_metadata(data) is data


def test_what_follows_a_picture_is_not_published() -> None:
    """A file that is a picture and a ZIP archive or a page at once."""
    data = still()
    assert images.without_metadata(data + b"PK\3\4<script>alert(1)</script>") == data


def test_a_picture_that_moves_or_is_turned_is_made_anew() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green")]
    out = BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    assert images.without_metadata(out.getvalue()) is None
    assert images.without_metadata(written_into(still(), (b"EXIF", exif(6)))) is None
    assert images.without_metadata(written_into(still(), (b"EXIF", exif(1)))) is not None


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_encoding_carries_no_metadata_over(form: str) -> None:
    image = Image.effect_noise((40, 24), 60).convert("RGB")
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", PROMPT.decode())
    text.add_itxt("XML:com.adobe.xmp", PROMPT.decode(), zip=False)
    kept = {"pnginfo": text} if form == "PNG" else {"xmp": b"<x:xmpmeta>" + PROMPT}
    out = BytesIO()
    image.save(out, form, exif=exif(), comment=PROMPT, **kept)
    assert PROMPT in out.getvalue()
    webp, _ = to_webp(out.getvalue(), quality=80)
    assert PROMPT not in webp
    assert {kind for kind, _ in chunks(webp)} <= {b"VP8 ", b"VP8X", b"ICCP"}
    assert PROMPT not in images.thumbnail(out.getvalue(), longest_px=20)


WHOLE = written_into(still(alpha=True), (b"EXIF", exif(6)), (b"XMP ", PROMPT))
PLAIN = written_into(still(), (b"XMP ", PROMPT))


@given(whole=st.sampled_from([WHOLE, PLAIN]), data=st.data())
def test_damage_brings_no_error_and_no_metadata(whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    bad = whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + data.draw(st.integers(0, 4)) :]
    cut = images.without_metadata(bad)
    if cut is not None and cut != bad:
        assert images.without_metadata(cut) is cut
        assert {kind for kind, _ in chunks(cut)} <= {
            *(b"VP8 ", b"VP8L", b"VP8X"),
            *(b"ALPH", b"ICCP", b"C2PA"),
        }
    with suppress(PictureError):
        images.measure(bad)
