"""Titles over link previews: readable on any picture, within what platforms show, reproducible."""

from __future__ import annotations

import hashlib
import random
import string
import subprocess
import sys
from dataclasses import replace
from io import BytesIO

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from mkdocs_imagegen.images.shading import shaded
from mkdocs_imagegen.images.titling import Layout, Lettering, can_letter, lay_out, titled
from mkdocs_imagegen.lettering import fonts
from mkdocs_imagegen.lettering.colours import TEXT_CONTRAST, Oklch, Rgb, contrast, read
from mkdocs_imagegen.lettering.wording import is_plain
from mkdocs_imagegen.model import Size

SIZE = Size(1200, 630)
WIDTH, HEIGHT = 1200, 630
HEADLINE = Lettering("Running PostgreSQL on a Saturday", "Field notes", "#ff6e40")
LONG = " ".join(["How we cut our build times in half without buying a single new machine"] * 6)


def plain(colour: Rgb) -> Image.Image:
    return Image.new("RGB", (WIDTH, HEIGHT), colour)


def noise() -> Image.Image:
    return Image.frombytes("RGB", (WIDTH, HEIGHT), random.Random(7).randbytes(WIDTH * HEIGHT * 3))


def stripes() -> Image.Image:
    picture = plain((255, 255, 255))
    pen = ImageDraw.Draw(picture)
    for x in range(-HEIGHT, WIDTH, 40):
        pen.line((x, HEIGHT, x + HEIGHT, 0), fill=(20, 20, 20), width=18)
    return picture


def stars() -> Image.Image:
    """Return a dark sky with single white pixels."""
    picture, dice = plain((6, 8, 20)), random.Random(3)
    for _ in range(4000):
        picture.putpixel((dice.randrange(WIDTH), dice.randrange(HEIGHT)), (255, 255, 255))
    return picture


PICTURES = {
    "white": plain((255, 255, 255)),
    "black": plain((0, 0, 0)),
    "grey": plain((128, 128, 128)),
    "yellow": plain((255, 221, 0)),
    "blue": plain((0, 0, 255)),
    "noise": noise(),
    "stripes": stripes(),
    "stars": stars(),
}


def layout_of(lettering: Lettering) -> Layout:
    layout = lay_out(lettering, SIZE)
    assert layout is not None
    return layout


def least_contrast(picture: Image.Image, layout: Layout, accent: str) -> float:
    """Return the contrast of the text with the one pixel in its box on which it is the least."""
    ground, inks = shaded(picture, layout.box, Oklch.of(read(accent)))
    colours = ground.crop(layout.box).getcolors(1 << 24)
    assert colours is not None
    worst = 21.0
    for _, colour in colours:
        assert isinstance(colour, tuple)
        red, green, blue = colour[:3]
        worst = min(worst, *(contrast(ink, (red, green, blue)) for ink in (inks.title, inks.label)))
    return worst


@pytest.mark.parametrize("name", PICTURES)
def test_a_title_can_be_read_on_every_pixel_of_any_picture(name: str) -> None:
    assert least_contrast(PICTURES[name], layout_of(HEADLINE), HEADLINE.accent) >= TEXT_CONTRAST


@given(
    one=st.integers(0, 0xFFFFFF), other=st.integers(0, 0xFFFFFF), accent=st.integers(0, 0xFFFFFF)
)
@settings(max_examples=25, deadline=None)
def test_a_title_can_be_read_on_any_two_colours(one: int, other: int, accent: int) -> None:
    picture = plain(read(f"#{one:06x}"))
    picture.paste(read(f"#{other:06x}"), (0, 0, 500, HEIGHT))
    assert least_contrast(picture, layout_of(HEADLINE), f"#{accent:06x}") >= TEXT_CONTRAST


def test_text_stays_readable_in_the_jpeg() -> None:
    """Where glyphs are far off, the encoder changes pixels by less than the contrast in reserve."""
    layout = layout_of(HEADLINE)
    ground, inks = shaded(PICTURES["noise"], layout.box, Oklch.of(read(HEADLINE.accent)))
    jpeg = BytesIO()
    ground.save(jpeg, "JPEG", quality=90)
    colours = Image.open(jpeg).convert("RGB").crop(layout.box).getcolors(1 << 24)
    assert colours is not None
    found = [colour[:3] for _, colour in colours if isinstance(colour, tuple)]
    assert min(contrast(inks.title, (red, green, blue)) for red, green, blue in found) >= 4.4


@pytest.mark.parametrize(("colour", "light"), [((255, 255, 255), False), ((10, 10, 30), True)])
def test_a_plain_bright_picture_has_dark_text_and_no_shade(colour: Rgb, light: bool) -> None:
    ground, inks = shaded(plain(colour), layout_of(HEADLINE).box, Oklch.of(read("#ff6e40")))
    assert inks.are_light is light
    assert light or ground.getcolors() == [(WIDTH * HEIGHT, colour)]


def test_the_upper_part_of_a_picture_stays_as_it_was() -> None:
    picture = PICTURES["stripes"]
    shown = titled(picture, replace(HEADLINE, title="Outage"))
    upper = (0, 0, WIDTH, 60)
    assert shown.crop(upper).tobytes() == picture.crop(upper).tobytes()
    assert picture.tobytes() == stripes().tobytes(), "the picture itself was painted on"


def ink_box(lettering: Lettering) -> tuple[int, int, int, int]:
    """Return what the glyphs and the rule cover, on white, where nothing is shaded."""
    shown = titled(PICTURES["white"], lettering).convert("L").point(lambda level: 255 - level)
    box = shown.getbbox()
    assert box is not None
    return box


WORDS = st.sampled_from(["a", "Ångström", "of", "Kubernetes", "Ğüşİ", "Ελλάδα", "größer,", "gypsy"])


@given(words=st.lists(WORDS, min_size=1, max_size=40), label=st.text("Wgj ", max_size=90))
@settings(max_examples=30, deadline=None)
def test_all_text_stays_within_what_every_platform_shows(words: list[str], label: str) -> None:
    lettering = replace(HEADLINE, title=" ".join(words), label=label)
    left, top, right, bottom = ink_box(lettering)
    assert left >= 60, "the outer twentieth may be cut off"
    assert right <= WIDTH - 60
    assert top >= 32
    assert bottom <= HEIGHT - 60, "X lays the site's address over the lower corner"
    box = layout_of(lettering).box
    assert box[0] <= left + 1
    assert right <= box[2] + 3, "glyphs stand outside of what was made dark enough"
    assert box[1] <= top
    assert bottom <= box[3] + 2


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("Outage", ["Outage"]),
        ("Running PostgreSQL on a Saturday", ["Running PostgreSQL", "on a Saturday"]),
        (
            "How we cut our build times in half without buying a single new machine",
            ["How we cut our build times", "in half without buying", "a single new machine"],
        ),
        ("Ship it \N{ROCKET} today \N{SPARKLES}", ["Ship it today"]),
        ("Журнал изменений", ["Журнал изменений"]),
        ("Größere Änderungen & `Öl`", ["Größere Änderungen & Öl"]),
    ],
)
def test_titles_are_set_in_few_even_lines_without_emoji(title: str, lines: list[str]) -> None:
    assert [line.text for line in layout_of(replace(HEADLINE, title=title)).title] == lines


def test_a_title_that_never_ends_is_cut_after_four_lines() -> None:
    layout = layout_of(replace(HEADLINE, title=LONG))
    assert len(layout.title) == 4
    assert layout.title[-1].text.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert layout.title_size_px >= 49, "nobody reads it in a chat's small preview"


def test_a_word_that_is_too_long_for_a_line_is_hyphenated() -> None:
    word = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
    first, second = (line.text for line in layout_of(replace(HEADLINE, title=word)).title)
    assert first.endswith("-")
    assert first[:-1] + second == word


@pytest.mark.parametrize(
    "title", ["缓存的秘密", "שלום עולם", "مرحبا", "\N{ROCKET}", "", "!?", "हिन्दी"]
)
def test_what_the_font_can_not_show_leaves_the_picture_as_it_was(title: str) -> None:
    lettering = replace(HEADLINE, title=title)
    assert not can_letter(lettering)
    assert titled(PICTURES["white"], lettering) is PICTURES["white"]


@given(st.text(string.printable + "äßøÞÿÀ÷Жα語ש\N{ROCKET}", max_size=30))
@settings(max_examples=200, deadline=None)
def test_it_is_known_before_a_font_is_read_whether_it_can_show_a_title(title: str) -> None:
    lettering = replace(HEADLINE, title=title)
    assert can_letter(lettering) == (lay_out(lettering, SIZE) is not None)


def test_plain_titles_are_all_in_the_packages_font() -> None:
    glyphs = fonts.manrope("ExtraBold").measures.glyphs
    assert [c for c in map(chr, range(0x2000)) if is_plain(c) and c not in glyphs] == []


def test_a_site_name_that_can_not_be_shown_is_left_out() -> None:
    for label in ("", "缓存", "שלום"):
        assert layout_of(replace(HEADLINE, label=label)).label is None


@pytest.mark.parametrize(
    "other",
    [{"title": "Another"}, {"label": "Another"}, {"accent": "#000000"}, {"font": b"another"}],
)
def test_all_that_changes_the_pixels_is_in_the_key(other: dict[str, str]) -> None:
    assert replace(HEADLINE, **other).key != HEADLINE.key  # type: ignore[arg-type]
    assert "Saturday" not in HEADLINE.key


def test_the_same_title_on_the_same_picture_gives_the_same_pixels_in_another_process() -> None:
    code = (
        "import hashlib\nfrom PIL import Image\n"
        "from mkdocs_imagegen.images.titling import Lettering, titled\n"
        "picture = Image.radial_gradient('L').resize((1200, 630)).convert('RGB')\n"
        f"lettering = Lettering({HEADLINE.title!r}, {HEADLINE.label!r}, {HEADLINE.accent!r})\n"
        "print(hashlib.sha256(titled(picture, lettering).tobytes()).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    picture = Image.radial_gradient("L").resize((WIDTH, HEIGHT)).convert("RGB")
    here = hashlib.sha256(titled(picture, HEADLINE).tobytes()).hexdigest()
    assert there.stdout.strip() == here


def font_with(characters: str) -> bytes:
    """Return a font file in which each character is an empty box's width."""
    builder = FontBuilder(1000, isTTF=True)
    names = [".notdef", *(f"g{n}" for n in range(len(characters)))]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(c): f"g{n}" for n, c in enumerate(characters)})
    builder.setupGlyf({name: Glyph() for name in names})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Test", "styleName": "Bold"})
    builder.setupOS2(version=1)
    builder.setupPost()
    out = BytesIO()
    builder.save(out)
    return out.getvalue()


def test_a_font_of_the_sites_own_shows_what_it_has() -> None:
    title = "静的なサイトと、動的なチームのための新しい公開の手順について。"
    lettering = Lettering(title, "", "#ff6e40", font_with(title + " -…"))
    assert can_letter(lettering)
    lines = [line.text for line in layout_of(lettering).title]
    assert "".join(lines) == title
    assert len(lines) > 1
    assert not any(line[0] in "、。っ" for line in lines)
    assert not can_letter(replace(lettering, title="שלום")), "it would read backwards"


@pytest.mark.parametrize("data", [b"", b"no font", fonts.manrope("Bold").data[:5000]])
def test_a_file_that_is_no_font_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no font that can be read"):
        fonts.own(data)


def test_a_font_without_what_line_breaks_put_in_is_refused() -> None:
    with pytest.raises(ValueError, match="without the space"):
        fonts.own(font_with("abc"))
