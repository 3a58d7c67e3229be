"""What is published of an original: sizes, bytes, colour, crop, and the mark of its source."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as run
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw, ImageFilter

from mkdocs_imagegen import images
from mkdocs_imagegen.errors import PictureError
from mkdocs_imagegen.images.colour import NEUTRAL
from mkdocs_imagegen.images.cropping import box_round
from mkdocs_imagegen.images.interest import liveliest
from mkdocs_imagegen.images.provenance import XMP
from mkdocs_imagegen.images.riff import Chunk, chunks, joined
from mkdocs_imagegen.model import Size

ANY = 10**9
"""A cap that nothing reaches."""
Encode = Callable[..., tuple[bytes, Size]]
RESPONSIVE: tuple[Encode, ...] = (images.webp, images.avif)
SECRET = "a fox who audits the accounts"
GPS_TAG, DESCRIPTION_TAG, ORIENTATION_TAG = 0x8825, 0x010E, 0x0112
ns = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}


def test_avif_is_there_where_these_tests_run() -> None:
    assert images.has_avif()


def noise(size: tuple[int, int], mode: str = "RGB", seed: int = 0) -> Image.Image:
    count = size[0] * size[1] * len(Image.new(mode, (1, 1)).getbands())
    return Image.frombytes(mode, size, random.Random(seed).randbytes(count))


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def decoded(image: Image.Image) -> images.Decoded:
    return images.decoded(saved(image))


def near(colour: str, wanted: tuple[int, int, int], most: int = 6) -> bool:
    found = bytes.fromhex(colour.removeprefix("#"))
    return all(abs(a - b) <= most for a, b in zip(found, wanted, strict=True))


@st.composite
def pictures(draw: st.DrawFn, longest_px: int = 48) -> Image.Image:
    size = draw(st.integers(1, longest_px)), draw(st.integers(1, longest_px))
    mode = draw(st.sampled_from(["RGB", "RGBA", "L", "LA"]))
    if draw(st.booleans()):
        return noise(size, mode, draw(st.integers(0, 9)))
    bands = [draw(st.integers(0, 255)) for _ in Image.new(mode, (1, 1)).getbands()]
    return Image.merge(mode, [Image.new("L", size, level) for level in bands])


@pytest.mark.parametrize("encode", RESPONSIVE)
@run(max_examples=40, deadline=None)
@given(
    picture=pictures(),
    width=st.none() | st.integers(1, 60),
    quality=st.integers(0, 100),
    ai=st.booleans(),
)
def test_a_rendition_is_never_wider_than_its_original_and_keeps_its_shape(
    encode: Encode, picture: Image.Image, width: int | None, quality: int, ai: bool
) -> None:
    came = decoded(picture)
    data, size = encode(came, width_px=width, quality=quality, cap_bytes=ANY, ai=ai)
    wide, high = picture.size
    with opened(data) as shown:
        assert shown.size == (size.width_px, size.height_px)
    assert size.width_px == min(wide, width or wide)
    assert abs(size.height_px - high * size.width_px / wide) < 1
    again = encode(decoded(picture), width_px=width, quality=quality, cap_bytes=ANY, ai=ai)
    assert again == (data, size)


@pytest.mark.parametrize("encode", RESPONSIVE)
@run(max_examples=12, deadline=None)
@given(seed=st.integers(0, 9), quality=st.integers(45, 95), share=st.floats(0, 1))
def test_a_cap_is_held_where_the_lowest_quality_can(
    encode: Encode, seed: int, quality: int, share: float
) -> None:
    came = decoded(noise((64, 40), seed=seed))

    def length(asked: int, cap_bytes: int = ANY) -> int:
        data, _ = encode(came, width_px=None, quality=asked, cap_bytes=cap_bytes, ai=True)
        return len(data)

    smallest, largest = length(40), length(quality)
    cap = int(smallest + share * (largest - smallest))
    assert smallest <= cap or largest <= smallest
    assert length(quality, cap) <= cap
    assert length(quality, 1) == smallest
    assert length(quality, largest) == largest


def test_under_a_cap_a_picture_is_about_as_good_as_fits() -> None:
    came = decoded(noise((200, 120)))

    def data(quality: int, cap_bytes: int = ANY) -> bytes:
        return images.webp(came, width_px=None, quality=quality, cap_bytes=cap_bytes, ai=False)[0]

    cap = len(data(70))
    assert data(95, cap) in [data(quality) for quality in (68, 69, 70, 71, 72)]


def test_a_quality_below_the_lowest_is_taken_as_it_is() -> None:
    came = decoded(noise((64, 40)))
    made = [
        images.webp(came, width_px=None, quality=20, cap_bytes=cap, ai=False) for cap in (1, ANY)
    ]
    assert made[0] == made[1]


def test_a_picture_too_long_for_webp_is_refused_until_it_is_narrower() -> None:
    came = decoded(Image.new("RGB", (17_000, 100)))
    with pytest.raises(PictureError, match="17000x100"):
        images.webp(came, width_px=None, quality=80, cap_bytes=ANY, ai=False)
    _, size = images.webp(came, width_px=1700, quality=80, cap_bytes=ANY, ai=False)
    assert size == Size(1700, 10)


@run(max_examples=60, deadline=None)
@given(
    picture=pictures(),
    size=st.builds(Size, st.integers(1, 60), st.integers(1, 60)),
    focus=st.none() | st.tuples(st.floats(0, 1), st.floats(0, 1)),
    ai=st.booleans(),
)
def test_a_preview_is_a_jpeg_of_exactly_its_size(
    picture: Image.Image, size: Size, focus: tuple[float, float] | None, ai: bool
) -> None:
    data = images.preview(decoded(picture), size=size, focus=focus, ai=ai)
    with opened(data) as shown:
        assert (shown.format, shown.mode) == ("JPEG", "RGB")
        assert shown.size == (size.width_px, size.height_px)
        assert shown.info["progressive"]
    assert images.preview(decoded(picture), size=size, focus=focus, ai=ai) == data


@pytest.mark.parametrize("size", [(1536, 1024), (300, 900)])
def test_a_preview_of_noise_stays_under_the_limit_of_the_crawlers(size: tuple[int, int]) -> None:
    black_or_white = noise(size, "L").point(lambda level: 255 * (level > 127)).convert("RGB")
    for picture in (noise(size), black_or_white):
        data = images.preview(decoded(picture), focus=None, ai=True)
        assert images.measure(data) == images.Picture("jpeg", Size(1200, 630))
        assert len(data) <= 290_000


sides = st.builds(Size, st.integers(1, 5000), st.integers(1, 5000))


@run(max_examples=300)
@given(came=sides, asked=sides, focus=st.tuples(st.floats(0, 1), st.floats(0, 1)))
@example(Size(1536, 1024), Size(1200, 630), (1.0, 1.0))
@example(Size(1536, 1024), Size(1200, 630), (0.0, 0.0))
def test_the_point_of_focus_lies_in_the_crop(
    came: Size, asked: Size, focus: tuple[float, float]
) -> None:
    left, top, right, bottom = box_round(came, asked, focus)
    assert 0 <= left <= focus[0] * came.width_px <= right <= came.width_px
    assert 0 <= top <= focus[1] * came.height_px <= bottom <= came.height_px
    assert right - left == came.width_px or bottom - top == came.height_px
    assert right > left
    assert bottom > top


@run(max_examples=60, deadline=None)
@given(picture=pictures(), asked=sides)
def test_a_guessed_focus_lies_in_the_picture(picture: Image.Image, asked: Size) -> None:
    across, down = liveliest(picture.convert("L"), asked)
    assert 0 < across < 1
    assert 0 < down < 1


def shown_at(preview: bytes, x: float, y: float) -> tuple[int, ...]:
    with opened(preview) as shown:
        found = shown.getpixel((int(x * (shown.width - 1)), int(y * (shown.height - 1))))
    assert isinstance(found, tuple)
    return tuple(int(level) for level in found)


def test_a_preview_is_cut_round_the_focus() -> None:
    bands = Image.new("RGB", (300, 900), "blue")
    bands.paste((255, 0, 0), (0, 0, 300, 160))
    bands.paste((0, 255, 0), (0, 740, 300, 900))
    for focus, colour in (
        ((0.5, 0.0), (255, 0, 0)),
        ((0.5, 0.5), (0, 0, 255)),
        ((0.5, 1.0), (0, 255, 0)),
    ):
        made = images.preview(decoded(bands), focus=focus, ai=False)
        found = shown_at(made, 0.5, 0.5)
        assert max(abs(a - b) for a, b in zip(found, colour, strict=True)) < 8


@pytest.mark.parametrize(("at", "seen"), [(60, 0), (420, 0.5), (780, 1)])
def test_without_a_focus_a_preview_shows_where_most_happens(at: int, seen: float) -> None:
    sky = Image.linear_gradient("L").resize((300, 900)).convert("RGB")
    flock = ImageDraw.Draw(sky)
    for n in range(40):
        x, y = 60 + n * 37 % 180, at + n * 11 % 60
        flock.ellipse((x, y, x + 8, y + 8), fill=(255, 240, 0))
    grey = sky.convert("L").resize((43, 128), Image.Resampling.BOX)
    _, down = liveliest(grey, Size(1200, 630))
    top, bottom = box_round(Size(300, 900), Size(1200, 630), (0.5, down))[1::2]
    assert top <= at
    assert bottom >= at + 68


def test_where_nothing_happens_the_middle_is_shown() -> None:
    assert liveliest(Image.new("L", (100, 128), 90), Size(1200, 630)) == (0.5, 0.5)


def test_of_two_equal_parts_the_one_nearer_the_middle_is_shown() -> None:
    grey = Image.new("L", (40, 120), 0)
    for top in (45, 112):
        grey.paste(noise((40, 8), "L"), (0, top))
    assert liveliest(grey, Size(40, 20))[1] < 0.6


def test_what_is_transparent_lies_on_a_neutral_ground_in_a_preview() -> None:
    picture = Image.new("RGBA", (1200, 630), (0, 0, 0, 0))
    picture.paste((0, 0, 255, 255), (600, 0, 1200, 630))
    made = images.preview(decoded(picture), focus=None, ai=False)
    assert max(abs(a - b) for a, b in zip(shown_at(made, 0.1, 0.5), NEUTRAL, strict=True)) < 4


def test_the_colour_is_one_that_the_picture_has_and_no_mean_of_all() -> None:
    flag = Image.new("RGB", (300, 200), (200, 30, 40))
    flag.paste((20, 40, 200), (180, 0, 300, 200))
    assert near(decoded(flag).colour, (200, 30, 40))


def test_a_crowd_of_colours_on_a_border_of_cells_is_one_crowd() -> None:
    sky = Image.merge("RGB", [noise((300, 200), "L").point(lambda v: 124 + v // 32)] * 3)
    sky.paste((250, 10, 10), (0, 0, 130, 200))
    assert near(decoded(sky).colour, (127, 127, 127))


def test_transparent_pixels_have_no_colour() -> None:
    picture = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
    assert near(decoded(picture).colour, NEUTRAL, most=0)
    picture.paste((10, 120, 30, 255), (0, 0, 30, 30))
    assert near(decoded(picture).colour, (10, 120, 30))


@run(max_examples=40, deadline=None)
@given(picture=pictures())
def test_a_colour_is_written_for_css_and_lies_within_the_picture(
    picture: Image.Image,
) -> None:
    came = decoded(picture)
    assert len(came.colour) == 7
    assert came.colour == f"#{int(came.colour[1:], 16):06x}"
    if came.image.mode == "RGB":
        for level, band in zip(bytes.fromhex(came.colour[1:]), came.image.split(), strict=True):
            assert min(band.tobytes()) <= level <= max(band.tobytes())


def test_a_light_touch_of_compression_leaves_the_colour_about_as_it_was() -> None:
    picture = noise((60, 40)).resize((600, 400)).filter(ImageFilter.GaussianBlur(20))
    plain = images.decoded(saved(picture))
    pressed = images.decoded(saved(picture, "JPEG", quality=85))
    found: tuple[int, ...] = tuple(bytes.fromhex(plain.colour[1:]))
    assert near(pressed.colour, (found[0], found[1], found[2]), most=12)


def test_a_picture_that_cameras_lay_on_its_side_is_turned_before_it_is_cropped() -> None:
    lying = Image.new("RGB", (60, 40), "red")
    lying.paste((0, 0, 255), (30, 0, 60, 40))
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    data = saved(lying, "JPEG", exif=exif, quality=95)
    assert images.decoded(data).size == Size(40, 60)
    lower = images.decoded(data, crop=(0, 34, 40, 60))
    assert lower.size == Size(40, 26)
    assert near(lower.colour, (0, 0, 255))


def profile_of(red_gamma: float) -> bytes:
    """A profile as other programs write them, for colours that are not those of sRGB."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, int(red_gamma * 256)) + bytes(2)
    tags = struct.unpack_from(">I", made, 128)[0]
    head, body = bytearray(made[: 132 + 12 * tags]), made[132 + 12 * tags :]
    for n in range(tags):
        at = 132 + 12 * n
        if bytes(head[at : at + 4]) in (b"rTRC", b"gTRC", b"bTRC"):
            struct.pack_into(">II", head, at + 4, len(made), len(curve))
    whole = bytes(head) + body + curve
    return struct.pack(">I", len(whole)) + whole[4:].replace(b"s\0R\0G\0B", b"w\0i\0d\0e")


def test_colours_of_another_profile_become_srgb() -> None:
    grey = Image.new("RGB", (20, 20), (128, 128, 128))
    assert near(images.decoded(saved(grey)).colour, (128, 128, 128), most=1)
    dark = images.decoded(saved(grey, icc_profile=profile_of(1.0))).colour
    assert near(dark, (188, 188, 188), most=3)


@pytest.mark.parametrize("icc", [b"no profile", profile_of(1.0)[:200], b"\0" * 128])
def test_a_broken_profile_is_ignored(icc: bytes) -> None:
    grey = Image.new("RGB", (20, 20), (128, 128, 128))
    assert near(images.decoded(saved(grey, icc_profile=icc)).colour, (128, 128, 128), most=1)


def test_a_profile_of_another_kind_of_colours_is_ignored() -> None:
    grey = Image.new("L", (20, 20), 128)
    data = saved(grey, icc_profile=profile_of(1.0))
    assert images.decoded(data).image.mode == "RGB"
    cmyk = saved(Image.new("CMYK", (20, 20), (255, 0, 0, 0)), "JPEG", icc_profile=profile_of(1.0))
    assert images.decoded(cmyk).image.mode == "RGB"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "I;16", "LA", "RGBA"])
def test_every_mode_of_png_is_decoded_to_rgb_or_rgba(mode: str) -> None:
    picture = Image.new("L", (16, 16), 255).convert(mode) if mode != "I;16" else None
    picture = picture or Image.new("I;16", (16, 16), 65_535)
    came = decoded(picture)
    assert came.image.mode == "RGB"  # nothing in it is transparent
    assert near(came.colour, (255, 255, 255), most=1)


def test_sixteen_bits_of_grey_are_not_cut_off() -> None:
    assert near(decoded(Image.new("I;16", (16, 16), 32_768)).colour, (128, 128, 128), most=1)


def test_a_palette_with_a_transparent_colour_keeps_it() -> None:
    picture = Image.new("P", (16, 16), 0)
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.paste(1, (0, 0, 16, 8))
    came = images.decoded(saved(picture, transparency=0))
    assert came.image.getpixel((3, 3)) == (0, 0, 255, 255)
    assert came.image.getpixel((3, 12))[3] == 0  # type: ignore[index]


def test_what_is_no_picture_or_broken_is_refused() -> None:
    for data in (b"", b"<svg>", saved(noise((90, 90)))[:5_000]):
        with pytest.raises(PictureError):
            images.decoded(data)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # how Pillow tells of broken EXIF
@run(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_never_brings_any_other_error(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(DAMAGED))
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255))
    damaged = whole[:at] + bytes([other]) + whole[at + 1 :]
    with suppress(PictureError):
        came = images.decoded(damaged)
        images.preview(came, size=Size(8, 8), focus=None, ai=True)


def test_several_threads_may_encode_one_picture_at_once() -> None:
    came = decoded(noise((300, 200)))

    def made(width: int) -> tuple[bytes, bytes]:
        webp, _ = images.webp(came, width_px=width, quality=80, cap_bytes=ANY, ai=True)
        return webp, images.preview(came, size=Size(width, 90), focus=None, ai=True)

    widths = [40, 80, 120, 160, 200, 240, 280, 300]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(made, widths)) == [made(width) for width in widths]


def with_secrets(form: str, picture: Image.Image) -> bytes:
    """A picture that says where it was taken and what was asked for, in every place there is."""
    from PIL.PngImagePlugin import PngInfo

    exif = Image.Exif()
    exif[DESCRIPTION_TAG] = SECRET
    exif.get_ifd(GPS_TAG)[1] = "N"
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{SECRET}</x:xmpmeta>".encode()
    options: dict[str, Any] = {"exif": exif, "icc_profile": profile_of(1.0)}
    if form == "PNG":
        text = PngInfo()
        text.add_text("prompt", SECRET)
        text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options["pnginfo"] = text
    else:
        options["xmp"] = xmp
    if form == "JPEG":
        options["comment"] = SECRET
    data = saved(picture, form, **options)
    assert SECRET.encode() in data
    return data


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("ai", [True, False])
def test_no_metadata_of_the_original_gets_through(form: str, ai: bool) -> None:
    came = images.decoded(with_secrets(form, noise((40, 30))))
    for width in (None, 20):
        made = [e(came, width_px=width, quality=60, cap_bytes=ANY, ai=ai)[0] for e in RESPONSIVE]
        made.append(images.preview(came, size=Size(24, 16), focus=None, ai=ai))
        for data in made:
            assert SECRET.encode() not in data
            with opened(data) as shown:
                assert not shown.getexif()
                assert {"exif", "comment", "icc_profile"}.isdisjoint(shown.info)
                assert (shown.info.get("xmp") or None) == (XMP if ai else None)


DAMAGED = [with_secrets(form, noise((20, 20))) for form in ("PNG", "JPEG", "WEBP")]


def test_the_mark_is_xml_that_says_just_that() -> None:
    root = ET.fromstring(XMP)
    statements = root.findall("rdf:RDF/rdf:Description", ns)
    assert [len(statement) for statement in statements] == [1]
    assert statements[0].findtext("Iptc4xmpExt:DigitalSourceType", "", ns) == images.SOURCE_TYPE
    assert statements[0].attrib == {f"{{{ns['rdf']}}}about": ""}
    assert sum(1 for _ in root.iter()) == 4


@pytest.mark.parametrize("lossless", [True, False])
@run(max_examples=30, deadline=None)
@given(picture=pictures())
def test_the_mark_is_added_to_a_webp_without_touching_a_pixel(
    lossless: bool, picture: Image.Image
) -> None:
    plain = saved(picture, "WEBP", lossless=lossless)
    marked = images.with_source_type(plain)
    with opened(plain) as before, opened(marked) as after:
        assert (after.mode, after.size) == (before.mode, before.size)
        assert after.tobytes() == before.tobytes()
        assert after.info["xmp"] == XMP
    assert images.measure(marked) == images.measure(plain)
    assert images.with_source_type(marked) is marked
    again = images.without_metadata(marked)
    assert again is not None
    assert opened(again).tobytes() == opened(plain).tobytes()


def test_the_mark_stands_beside_what_the_metadata_says_already() -> None:
    said = XMP.replace(b"DigitalSourceType", b"Event")
    exif = Image.Exif()
    exif[DESCRIPTION_TAG] = "kept"
    marked = images.with_source_type(saved(noise((20, 20)), "WEBP", xmp=said, exif=exif))
    with opened(marked) as shown:
        root = ET.fromstring(shown.info["xmp"])
        assert shown.getexif()[DESCRIPTION_TAG] == "kept"
    assert root.findtext(".//Iptc4xmpExt:DigitalSourceType", "", ns) == images.SOURCE_TYPE
    assert root.findtext(".//Iptc4xmpExt:Event", "", ns) == images.SOURCE_TYPE


def test_metadata_that_nothing_can_read_gives_way_to_the_mark() -> None:
    marked = images.with_source_type(saved(noise((20, 20)), "WEBP", xmp=b"nonsense"))
    assert opened(marked).info["xmp"] == XMP


def test_a_picture_that_is_signed_or_marked_or_broken_stays_as_it_is() -> None:
    plain = saved(noise((20, 20)), "WEBP", exif=Image.Exif().tobytes() + b"\0" * 4)
    signed = joined([*chunks(plain), Chunk(b"C2PA", b"signed")])
    composite = b"<Iptc4xmpExt:DigitalSourceType>http://example.org/composite"
    told = saved(noise((20, 20)), "WEBP", xmp=composite)
    cut = plain[: len(plain) // 2]
    for data in (signed, told, cut, b"", b"RIFF", saved(noise((20, 20)))):
        assert images.with_source_type(data) is data


@run(max_examples=200, deadline=None)
@given(data=st.data())
def test_damage_to_a_webp_never_raises_when_it_is_marked(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(WHOLE))
    at = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.integers(0, len(whole)))
    other = data.draw(st.integers(0, 255))
    images.with_source_type((whole[:at] + bytes([other]) + whole[at + 1 :])[:cut])


WHOLE = [
    saved(Image.new("RGB", (9, 9), "teal"), "WEBP"),
    saved(Image.new("RGBA", (9, 9), (1, 2, 3, 4)), "WEBP", lossless=True),
    saved(Image.new("RGB", (9, 9), "teal"), "WEBP", xmp=XMP.replace(b"SourceType", b"Kind")),
]


def test_the_encoder_names_the_recipe_and_imports_no_pillow() -> None:
    code = (
        "import sys; from mkdocs_imagegen import images; "
        "print(images.encoder(), 'PIL' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    name, recipe, pillow = told.stdout.split()
    assert name.startswith("pillow/")
    assert recipe.startswith("recipe/")
    assert pillow == "False"
