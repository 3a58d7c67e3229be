"""Drawn covers: exact size, the same bytes everywhere, text that can be read and is in bounds."""

from __future__ import annotations

import collections
import hashlib
import itertools
import json
import os
import subprocess
import sys
from io import BytesIO
from typing import Any

import pytest
from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFont, ImageStat

from mkdocs_imagegen.lettering import colours, fontfile, fonts
from mkdocs_imagegen.lettering.wording import readable, upper
from mkdocs_imagegen.model import Palette, Size, Sketch
from mkdocs_imagegen.providers import sketch as sketches
from mkdocs_imagegen.providers.sketch import (
    colour,
    hills,
    mosaic,
    motifs,
    paint,
)
from mkdocs_imagegen.providers.sketch.layout import MAX_LINES, SAFE_HEIGHT, Frame, TextLayout
from mkdocs_imagegen.providers.sketch.motifs import MOTIFS, Motif
from mkdocs_imagegen.providers.sketch.seed import Seed
from mkdocs_imagegen.providers.sketch.shapes import Box

SMALL = Size(480, 320)

SIZES = (SMALL, Size(480, 160), Size(1536, 1024), Size(1024, 1024), Size(1024, 1536))
SMALL_SIZES = (SMALL, Size(480, 160), Size(320, 320), Size(240, 360), Size(400, 210))
WORDS = (
    "a",
    "we",
    "how",
    "Docs",
    "static",
    "Kubernetes",
    "naïve",
    "42-minute",
    "outage:",
    "Ελλάδα",
)
TITLES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=16).map(" ".join)
PALETTES = {
    "indigo": Palette(),
    "deep orange": Palette("#ff5722", "#ffd740"),
    "yellow": Palette("#ffeb3b", "#536dfe"),
    "lime on lime": Palette("#cddc39", "#cddc39"),
    "white": Palette("#ffffff", "#ffffff"),
    "black": Palette("#000000", "#000000"),
    "grey": Palette("#808080", "#808080"),
    "pure green": Palette("#00ff00", "#0000ff"),
    "light cyan": Palette("#84ffff", "#ff80ab"),
}


def sketch(
    title: str = "How we cut build times by half",
    section: str = "Engineering",
    palette: Palette = PALETTES["indigo"],
    size: Size = SMALL,
) -> Sketch:
    return Sketch(title, section, palette, size)


def laid_out(wanted: Sketch) -> TextLayout:
    text = sketches.compose(wanted).text
    assert text is not None
    return text


def drawn_as(motif: Motif, title: str, **further: Any) -> Sketch:
    """Return a sketch of this title, in the first section that gets this composition."""
    sections = (f"Section {n}" for n in itertools.count())
    section = next(each for each in sections if motifs.choose(Seed.of(title, each)) is motif)
    return sketch(title, section, **further)


def lines(wanted: Sketch) -> list[str]:
    return [line.text for line in laid_out(wanted).title]


def opened(data: bytes) -> Image.Image:
    with Image.open(BytesIO(data)) as image:
        return image.convert("RGB")


@pytest.mark.parametrize(
    "size", [SMALL, Size(480, 160), Size(331, 701), Size(1024, 1536), Size(1923, 1081)], ids=str
)
def test_the_cover_is_webp_in_exactly_the_size_asked_for(size: Size) -> None:
    with Image.open(BytesIO(sketches.draw(sketch(size=size)))) as image:
        assert (image.format, image.size) == ("WEBP", (size.width_px, size.height_px))


@pytest.mark.parametrize("motif", MOTIFS, ids=lambda motif: motif.__name__.split(".")[-1])
@pytest.mark.parametrize("size", SMALL_SIZES, ids=str)
@pytest.mark.parametrize(
    "title", ["Hello", "A title of the usual length", "long words " * 12, "漢字"]
)
def test_every_motif_shows_beside_every_title(motif: Motif, size: Size, title: str) -> None:
    composition = sketches.compose(drawn_as(motif, title, size=size))
    drawing = sketches.backdrop(composition)
    empty = paint.backdrop(composition.canvas, (), composition.scheme)
    changed = ImageChops.difference(drawing, empty).convert("L").point([0] * 12 + [255] * 244)
    assert drawing.size == (size.width_px, size.height_px)
    assert changed.histogram()[255] > 0.02 * size.width_px * size.height_px


def test_a_cover_stays_small_on_disk() -> None:
    drawn = [sketches.draw(sketch(f"A title of some length, number {n}")) for n in range(8)]
    assert max(map(len, drawn)) < 20_000


def test_two_processes_draw_the_same_bytes() -> None:
    program = (
        "import hashlib, json, sys\n"
        "from mkdocs_imagegen.model import Palette, Size, Sketch\n"
        "from mkdocs_imagegen.providers import sketch\n"
        "drawn = [sketch.draw(Sketch(t, 'Notes', Palette(), Size(480, 320)))\n"
        "         for t in json.loads(sys.argv[1])]\n"
        "print(json.dumps([hashlib.sha256(d).hexdigest() for d in drawn]))\n"
    )
    titles = [f"Title {n}" for n in range(8)]

    def digests(hash_seed: str) -> list[str]:
        run = subprocess.run(
            [sys.executable, "-c", program, json.dumps(titles)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found: list[str] = json.loads(run.stdout)
        return found

    first = digests("1")
    here = [sketches.draw(sketch(title, "Notes")) for title in titles]
    assert first == digests("2") == [hashlib.sha256(data).hexdigest() for data in here]
    assert len(set(first)) == len(titles)


def test_the_motifs_are_about_evenly_used() -> None:
    drawn = collections.Counter(motifs.choose(Seed.of(f"Title {n}", "Blog")) for n in range(2000))
    assert len(drawn) == len(MOTIFS) == 5
    assert 340 < min(drawn.values()) <= max(drawn.values()) < 460


@settings(max_examples=40, deadline=None)
@given(TITLES, TITLES)
def test_titles_that_differ_give_pictures_that_differ(one: str, other: str) -> None:
    first, second = (sketches.compose(sketch(title, size=Size(96, 64))) for title in (one, other))
    assert (one == other) == (
        sketches.backdrop(first).tobytes() == sketches.backdrop(second).tobytes()
    )


def test_the_section_changes_the_drawing_too() -> None:
    assert Seed.of("ab", "c") != Seed.of("a", "bc")


def test_naming_the_encoder_imports_no_picture_or_font_library() -> None:
    program = (
        "import sys\n"
        "from mkdocs_imagegen.providers import sketch\n"
        "print(sketch.encoder())\n"
        "assert not {'PIL', 'fontTools'} & set(sys.modules)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    name = run.stdout.strip()
    assert name == sketches.encoder()
    assert name.startswith("drawing/")
    assert " pillow/" in name
    assert " webp/" in name
    assert " font-manrope/" in name


@pytest.mark.parametrize("motif", MOTIFS, ids=lambda motif: motif.__name__.split(".")[-1])
@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES.keys())
def test_text_can_be_read_on_every_palette_and_motif(palette: Palette, motif: Motif) -> None:
    for number in range(2):
        wanted = drawn_as(motif, f"A rather long title, take {number}", palette=palette)
        assert contrast_of(wanted) >= colours.TEXT_CONTRAST


@settings(max_examples=40, deadline=None)
@given(TITLES, st.sampled_from(SMALL_SIZES), *[st.integers(0, 0xFFFFFF)] * 2)
def test_any_title_can_be_read_in_any_colours(
    title: str, size: Size, primary: int, accent: int
) -> None:
    palette = Palette(f"#{primary:06x}", f"#{accent:06x}")
    assert contrast_of(sketch(title, palette=palette, size=size)) >= colours.TEXT_CONTRAST


def contrast_of(wanted: Sketch) -> float:
    """Return the least contrast of the text against the picture behind it, as it is published."""
    composition = sketches.compose(wanted)
    assert composition.text is not None
    behind = opened(paint.encode(sketches.backdrop(composition))).crop(whole(composition.text.box))
    pixels = behind.tobytes()
    found = set(zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True))
    inks = composition.scheme.ink, composition.scheme.label
    return min(colours.contrast(ink, rgb) for ink in inks for rgb in found)


def whole(box: Box) -> tuple[int, int, int, int]:
    return int(box.left), int(box.top), int(box.right) + 1, int(box.bottom) + 1


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES.keys())
def test_a_cover_neither_glares_on_a_dark_page_nor_is_lost_on_a_light_one(palette: Palette) -> None:
    for number in range(15):
        image = sketches.backdrop(sketches.compose(sketch(f"Take {number}", palette=palette)))
        red, green, blue = (round(value) for value in ImageStat.Stat(image).mean)
        assert colours.contrast((red, green, blue), (255, 255, 255)) > 1.25
        assert 0.015 < colours.luminance((red, green, blue)) < 0.80


@settings(max_examples=100, deadline=None)
@given(*[st.integers(0, 0xFFFFFF)] * 2, st.text(max_size=3))
def test_the_text_colours_keep_their_contrast_to_the_ground(
    primary: int, accent: int, title: str
) -> None:
    scheme = colour.scheme(Palette(f"#{primary:06x}", f"#{accent:06x}"), Seed.of(title))
    for ramp in (scheme.cool, scheme.warm):
        for tone in (scheme.ground - scheme.glow, scheme.ground, scheme.ground + scheme.glow):
            behind = ramp[min(max(tone, 0), 255)]
            assert colours.contrast(scheme.ink, behind) >= colours.TEXT_CONTRAST
            assert colours.contrast(scheme.label, behind) >= colours.TEXT_CONTRAST


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_a_colour_survives_the_way_through_oklch(rgb: colours.Rgb) -> None:
    back = colours.Oklch.of(rgb).rgb()
    assert all(abs(one - other) <= 1 for one, other in zip(rgb, back, strict=True))


def test_contrast_is_that_of_wcag() -> None:
    assert colours.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert colours.contrast((118, 118, 118), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(
    "title",
    [
        "深入理解静态网站",
        "الدرس الأول",
        "שלום עולם",
        "नमस्ते",
        "한국어",
        "Python 入門",
        "🎉🚀",
        "",
        "   ",
        "١٢٣",
    ],
)
def test_a_title_that_the_font_can_not_show_is_drawn_as_a_pattern(title: str) -> None:
    wanted = sketch(title)
    composition = sketches.compose(wanted)
    assert composition.text is None
    assert sketches.draw(wanted) == paint.encode(sketches.backdrop(composition))


def test_a_section_in_another_script_is_left_out_and_the_title_stays() -> None:
    text = laid_out(sketch(section="工程"))
    assert text.label is None
    assert text.title


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Shipped 🚀 at last", "Shipped at last"),
        ("Family 👨‍👩‍👧 time", "Family time"),
        ("Use `uv` now", "Use uv now"),
        ("cafe\N{COMBINING ACUTE ACCENT} noir", "café noir"),
        ("за\N{COMBINING ACUTE ACCENT}мок", "замок"),
        ("1\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP} First", "1 First"),
        ("two \t\n  words\N{ZERO WIDTH SPACE}", "two words"),
        ("Łódź, Ελλάδα, Ёлка, Đặng", "Łódź, Ελλάδα, Ёлка, Đặng"),
        ("Prix\N{NO-BREAK SPACE}!", "Prix\N{NO-BREAK SPACE}!"),
    ],
)
def test_only_what_is_no_letter_is_left_out(title: str, shown: str) -> None:
    assert readable(title, fonts.manrope("ExtraBold").measures) == shown


def test_greek_capitals_carry_no_accent() -> None:
    assert upper("Οδηγοί") == "ΟΔΗΓΟΙ"
    assert upper("Café") == "CAFÉ"


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    "title",
    [
        "A",
        "Donaudampfschifffahrtsgesellschaftskapitänswitwenrente",
        "W" * 200,
        "https://example.org/a/very/long/path/that_never_ends/index.html",
        "word " * 40,
        "i " * 300,
        "Why static sites are still the best place for long-lived writing",
    ],
    ids=lambda title: title[:20],
)
def test_no_text_leaves_its_margins_or_the_safe_height(title: str, size: Size) -> None:
    text, frame = (
        laid_out(sketch(title, "A section of some length " * 4, size=size)),
        Frame.of(size),
    )
    edge = (1 - SAFE_HEIGHT) / 2 * size.height_px
    assert text.box.left >= frame.margin_px
    assert text.box.right <= frame.width_px - frame.margin_px + 0.5
    assert text.box.top >= edge
    assert text.box.bottom <= size.height_px - edge
    assert 1 <= len(text.title) <= MAX_LINES
    assert all(line.width_px <= frame.measure_px + 0.5 for line in text.title)
    assert text.title_size_px >= 7


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120), st.text(max_size=30), st.integers(96, 2000), st.integers(96, 2000))
def test_any_text_stays_in_the_safe_area_of_any_size(
    title: str, section: str, width_px: int, height_px: int
) -> None:
    assume(max(width_px, height_px) <= 3 * min(width_px, height_px))
    size = Size(width_px, height_px)
    text, frame = sketches.compose(sketch(title, section, size=size)).text, Frame.of(size)
    if text is None:
        return
    edge = (1 - SAFE_HEIGHT) / 2 * height_px
    assert text.box.left >= frame.margin_px
    assert text.box.right <= width_px - frame.margin_px + 0.5
    assert text.box.top >= edge
    assert text.box.bottom <= height_px - edge
    for line in text.title:
        assert line.x_px + line.width_px <= text.box.right + 0.5
        assert text.box.top < line.baseline_px < text.box.bottom


@settings(max_examples=150, deadline=None)
@given(TITLES.filter(lambda title: len(title) <= 120), st.sampled_from(SIZES))
def test_a_title_of_up_to_120_characters_is_shown_whole(title: str, size: Size) -> None:
    shown = lines(sketch(title, size=size))
    assert "".join(shown).replace(" ", "") == title.replace(" ", "")


def test_what_is_painted_stays_in_the_box_that_was_laid_out() -> None:
    wanted = sketch("Typography, jäger & Ångström", "Gjøvik")
    composition = sketches.compose(wanted)
    assert composition.text is not None
    blank = Image.new("RGB", (480, 320))
    paint.write(blank, composition.text, composition.scheme)
    painted, box = blank.getbbox(), composition.text.box
    assert painted is not None
    assert painted[0] >= box.left - 1
    assert painted[1] >= box.top - 1 - 0.2 * composition.text.title_size_px
    assert painted[2] <= box.right + 1
    assert painted[3] <= box.bottom + 1


def test_lines_are_balanced_and_keep_phrases_together() -> None:
    assert lines(drawn_as(hills, "How we cut build times by half")) == [
        "How we cut build",
        "times by half",
    ]
    title = "Release 4.2: faster search, smaller bundles and a new theme"
    assert lines(drawn_as(mosaic, title)) == [
        "Release 4.2:",
        "faster search,",
        "smaller bundles",
        "and a new theme",
    ]


def test_a_word_is_not_parted_at_its_hyphen_where_a_space_serves() -> None:
    title = "Why static sites are still the best place for long-lived writing"
    for motif in MOTIFS:
        assert not any(line.endswith("-") for line in lines(drawn_as(motif, title)))


def test_a_title_of_more_than_300_characters_ends_in_an_ellipsis() -> None:
    title = "an exhaustive treatment of everything " * 12
    shown = lines(sketch(title))
    assert len(shown) <= MAX_LINES
    assert shown[-1].endswith("\N{HORIZONTAL ELLIPSIS}")
    assert title.startswith(" ".join(shown)[:-1])


def test_a_short_title_is_shown_whole() -> None:
    assert " ".join(lines(sketch("The quiet joy of plain text"))) == "The quiet joy of plain text"


def test_a_word_that_is_too_wide_is_divided_with_hyphens() -> None:
    shown = lines(sketch("Donaudampfschifffahrtsgesellschaftskapitänswitwenrente"))
    assert all(line.endswith("-") for line in shown[:-1])
    assert "".join(line.removesuffix("-") for line in shown).startswith("Donaudampfschiff")


@pytest.mark.parametrize("weight", ["ExtraBold", "Bold"])
def test_the_font_is_measured_as_freetype_and_harfbuzz_measure_it(weight: fonts.Weight) -> None:
    measures = fonts.manrope(weight).measures
    font = ImageFont.truetype(
        BytesIO(fonts.manrope(weight).data),
        measures.units_per_em,
        layout_engine=ImageFont.Layout.BASIC,
    )
    for text in ("nn", "Hamburgefonstiv", "Ćwikła", "Ελλάδα", "Журнал", "Đặng", "0123"):
        kerning = sum(
            measures.width_em(pair, tracking_em=0)
            - measures.width_em(pair[0], tracking_em=0)
            - measures.width_em(pair[1], tracking_em=0)
            for pair in map("".join, itertools.pairwise(text))
        )
        plain_em = measures.width_em(text, tracking_em=0) - kerning
        assert plain_em * measures.units_per_em == pytest.approx(font.getlength(text), abs=2)


@pytest.mark.parametrize(("pair", "units"), [("To", -160), ("AV", -140), ("P.", -320), ("nn", 0)])
def test_pairs_are_kerned_as_the_font_says(pair: str, units: int) -> None:
    measures = fonts.manrope("ExtraBold").measures
    together = measures.width_em(pair, tracking_em=0)
    apart = sum(measures.width_em(character, tracking_em=0) for character in pair)
    assert (together - apart) * measures.units_per_em == pytest.approx(units)


@pytest.mark.parametrize("kept_in", ["", " useExtension"])
def test_a_pair_by_itself_beats_its_classes_and_lookups_add_up(kept_in: str) -> None:
    data = small_font(f"""
        lookup pairs{kept_in} {{
            pos A B -10;
            pos [A C] [B D] -200;
            enum pos [C D] A <1 2 -30 4>;
        }} pairs;
        lookup more{kept_in} {{ pos A B 5; }} more;
        lookup other {{ pos B B -999; }} other;
        feature kern {{ lookup pairs; lookup more; }} kern;
        feature cpsp {{ lookup other; }} cpsp;
    """)
    measures = fontfile.parse(data)
    assert (measures.units_per_em, measures.advances["A"]) == (1000, 500)
    found = {
        pair: round(1000 * measures.width_em(pair, tracking_em=0)) - 1000
        for pair in ("AB", "AD", "CB", "CA", "DA", "BB", "AA")
    }
    kerned = {"AB": -5, "AD": -200, "CB": -200, "CA": -30, "DA": -30}
    assert found == {**kerned, "BB": 0, "AA": 0}


def small_font(features: str) -> bytes:
    """Return a font of four blank letters, each 500 of 1000 units wide."""
    builder = FontBuilder(1000)
    names = [".notdef", *"ABCD"]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(letter): letter for letter in "ABCD"})
    builder.setupGlyf(dict.fromkeys(names, Glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (500, 0)))
    builder.setupHorizontalHeader()
    builder.setupOS2(sCapHeight=700)
    builder.setupPost()
    addOpenTypeFeaturesFromString(builder.font, features)
    out = BytesIO()
    builder.save(out)
    return out.getvalue()


def test_a_file_without_a_character_map_is_refused() -> None:
    data = fonts.manrope("Bold").data
    start = data.index(b"cmap") + 8
    offset = int.from_bytes(data[start : start + 4], "big")
    broken = data[: offset + 2] + b"\0\0" + data[offset + 4 :]
    with pytest.raises(ValueError, match="character map"):
        fontfile.parse(broken)


def test_the_title_is_painted_in_its_ink() -> None:
    composition = sketches.compose(sketch())
    image = opened(sketches.draw(sketch()))
    assert composition.text is not None
    box = composition.text.box
    inside = image.crop((int(box.left), int(box.top), int(box.right), int(box.bottom)))
    pixels = inside.tobytes()
    found = zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True)
    ink = composition.scheme.ink
    assert min(max(map(abs, map(int.__sub__, ink, rgb))) for rgb in found) < 12
