"""Front matter values -> Cover: the allow-list, its types, the layers, and what is told."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import settings as run
from hypothesis import strategies as st

from mkdocs_imagegen.articles import COVER_FIELDS, check_defaults, read_cover, scan_front_matter
from mkdocs_imagegen.model import (
    ArticleSource,
    Cover,
    Diagnostic,
    FileRef,
    Inherited,
    OwnPicture,
    RawValue,
    Size,
)
from mkdocs_imagegen.settings import PathDefaults, Settings

SITE = Settings()
URI = "blog/fox.md"


class Rules:
    """Sizes in steps of 16 px; one model with listed qualities, one that takes a single size."""

    def size_problem(self, model: str, size: Size) -> str:
        return "" if self.nearest_size(model, size) == size else "both sides go in steps of 16"

    def nearest_size(self, model: str, size: Size) -> Size:
        if model == "square":
            return Size(1024, 1024)
        return Size(*(max(16, round(px / 16) * 16) for px in (size.width_px, size.height_px)))

    def qualities(self, model: str) -> tuple[str, ...]:
        return ("low", "medium", "high") if model == "gpt-image-2" else ()


RULES = Rules()


def article(block: str, *, uri: str = URI, meta: dict[str, object] | None = None) -> ArticleSource:
    """An article with this front matter; `meta` is what a .meta.yml adds."""
    text = f"---\n{block}\n---\n"
    own = yaml.safe_load(block) or {}
    front_matter = scan_front_matter(text, where=uri)
    return ArticleSource(uri, "Fox", {**(meta or {}), **own}, front_matter=front_matter)


def read(
    block: str, settings: Settings = SITE, *, uri: str = URI, meta: dict[str, object] | None = None
) -> tuple[Cover | None, tuple[Diagnostic, ...]]:
    return read_cover(article(block, uri=uri, meta=meta), settings, RULES)


def cover_of(block: str, settings: Settings = SITE, **source: Any) -> Cover:
    cover, diagnostics = read(block, settings, **source)
    assert cover is not None, diagnostics
    return cover


def problem_of(block: str, settings: Settings = SITE, **source: Any) -> Diagnostic:
    cover, diagnostics = read(block, settings, **source)
    assert cover is None
    assert len(diagnostics) == 1, diagnostics
    assert diagnostics[0].level == "error"
    return diagnostics[0]


def with_defaults(*entries: tuple[str, dict[str, object]], **values: Any) -> Settings:
    return Settings(defaults=tuple(PathDefaults(*entry) for entry in entries), **values)


@pytest.mark.parametrize("block", ["title: Fox", "image:", "image: false", "image: {alt: x}"])
def test_an_article_that_asks_for_nothing_gets_nothing(block: str) -> None:
    assert read(block) == (None, ())


def test_a_prompt_takes_everything_else_from_the_site() -> None:
    site = Settings(model="m", size=Size(64, 32), quality="q", background="opaque", template="t.j2")
    source = article("cover_prompt: '  a fox  '")
    assert read_cover(source, site, RULES) == (
        Cover(
            source,
            "a fox",
            "m",
            Size(64, 32),
            "q",
            "t.j2",
            shown_alt="Cover of the article “Fox”",
            background="opaque",
            given=("prompt",),
        ),
        (),
    )


FILE = FileRef("a.png", ("blog/a.png", "a.png"))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("style", "ink", "ink"),
        ("alt", "A fox\nin snow", "A fox\nin snow"),
        ("caption", "c", "c"),
        ("size", "1024x1024", Size(1024, 1024)),
        ("size", "1024X640", Size(1024, 640)),
        ("quality", "high", "high"),
        ("model", "gpt-image-3", "gpt-image-3"),
        ("template", "night.j2", "night.j2"),
        ("template", "dark/night.j2", "dark/night.j2"),
        ("use_case", "u", "u"),
        ("composition", "c", "c"),
        ("constraints", "no text", "no text"),
        ("background", "transparent", "transparent"),
        ("moderation", "low", "low"),
        ("references", "a.png", (FILE,)),
        ("references", ["a.png", "/b.png"], (FILE, FileRef("/b.png", ("b.png",)))),
        ("mask", "a.png", FILE),
        ("edits", "more snow", ("more snow",)),
        ("edits", ["more snow", "less fox"], ("more snow", "less fox")),
        ("variant", 3, 3),
        ("variant", "3", 3),
        ("pin", True, True),
        ("pin", "no", False),
        ("alt", {"de": "Fuchs", "en": "A fox"}, "Fuchs"),
        ("label", {"en": "By AI", "no": "Av KI"}, "By AI"),
        ("label", True, "AI-generated"),
        ("label", "yes", "AI-generated"),
        ("label", False, ""),
        ("label", "Drawn by a machine", "Drawn by a machine"),
        ("focus", "0.25,0.5", (0.25, 0.5)),
        ("focus", "0, 1", (0.0, 1.0)),
        ("focus", [0.25, 1], (0.25, 1.0)),
        ("focus", "center", (0.5, 0.5)),
        ("focus", "top", (0.5, 0.0)),
        ("focus", "top left", (0.0, 0.0)),
        ("focus", "Right-Bottom", (1.0, 1.0)),
        ("focus", "left center", (0.0, 0.5)),
    ],
)
def test_each_field_is_read(name: str, value: object, expected: object) -> None:
    for meta in ({f"cover_{name}": value}, {"cover": {name: value}}):
        block = yaml.safe_dump({"cover_prompt": "x", **meta})
        assert getattr(cover_of(block), name) == expected


LONG = "A red fox and a grey hare. " * 10
NO_SIZE = "cover_size must be a size in pixels, WIDTHxHEIGHT"


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("cover_alt: 16:9", "must be text, but YAML reads 16:9 as the number 969", '"16:9"'),
        ("cover_alt: no", "YAML reads no as false", 'cover_alt: "no"'),
        ("cover_alt: On", "YAML reads On as true", 'cover_alt: "On"'),
        ("cover_alt: 0777", "as the number 511", 'cover_alt: "0777"'),
        ("cover_alt: 1.5e+3", "as a number", 'cover_alt: "1.5e+3"'),
        ("cover_alt: 2026-01-14", "as a date", 'cover_alt: "2026-01-14"'),
        ("cover_alt: ~", "YAML reads ~ as nothing", 'cover_alt: "~"'),
        ("cover_alt:", "cover_alt is empty", "or delete the line"),
        ("cover_alt: '  '", "cover_alt is empty", "or delete the line"),
        ("cover_alt: [a]", "must be text, not a list", 'write cover_alt: "..."'),
        ("cover_alt: {a: b}", "must be text, not a mapping", 'write cover_alt: "..."'),
        ("cover_size: 16:9", f"{NO_SIZE}: 16:9 is a ratio", "write cover_size: 1536x864"),
        ("cover_size: '9:16'", "is a ratio", "write cover_size: 864x1536"),
        ("cover_size: 1/1", "is a ratio", "write cover_size: 1024x1024"),
        ("cover_size: auto", "has no price", "write cover_size: 1536x1024"),
        ("cover_size: 1024 x 640", NO_SIZE, "write cover_size: 1024x640"),
        ("cover_size: 1024×640", NO_SIZE, "write cover_size: 1024x640"),  # noqa: RUF001
        ("cover_size: 1024", NO_SIZE, "write cover_size: 1536x1024"),
        ("cover_size: [1, 2]", NO_SIZE, "write cover_size: 1536x1024"),
        ("cover_size: ''", "cover_size is empty", "or delete the line"),
        ("cover_size: 1200x630", "1200x630 does not fit", "write cover_size: 1200x624"),
        ("cover_quality: hgh", "no quality hgh, only low, medium, high", "cover_quality: high"),
        ("cover_quality: 4k", "no quality 4k", "write one of low, medium, high"),
        ("cover_background: clear", "transparent, opaque or auto", "cover_background: "),
        ("cover_moderation: off", "YAML reads off as false", 'cover_moderation: "off"'),
        ("cover_variant: -1", "a whole number from 0", "write cover_variant: 1"),
        ("cover_variant: 1.5", "a whole number from 0", "write cover_variant: 1"),
        ("cover_variant: true", "a whole number from 0", "write cover_variant: 1"),
        ("cover_variant: 1:30", "a whole number from 0", "write cover_variant: 1"),
        ("cover_variant: 010", "YAML reads 010 as 8", "write cover_variant: 10"),
        ("cover_pin: 1", "must be true or false", "write cover_pin: true"),
        ("cover_enabled: flase", "must be true or false", "write cover_enabled: true"),
        ("cover_label: 3", "YAML reads 3 as the number 3", 'cover_label: "3"'),
        ("cover_focus: 50,30", "two fractions from 0 to 1", 'cover_focus: "0.5,0.3"'),
        ("cover_focus: top bottom", "two fractions", "cover_focus"),
        ("cover_focus: [0.1, .nan]", "two fractions", "cover_focus"),
        ("cover_focus: [0.1, true]", "two fractions", "cover_focus"),
        ("cover_focus: 0.5", "two fractions", "cover_focus"),
        ("cover_template: ../night.j2", "below the templates folder", "cover_template: night.j2"),
        ("cover_template: /etc/night.j2", "below the templates folder", "night.j2"),
        ("cover_template: 'C:\\night.j2'", "below the templates folder", "night.j2"),
        ("cover_mask: https://e.com/a.png", "a file of the site", "write its path: cover_mask"),
        ("cover_references: [a.png, '//e.com/b.png']", "'//e.com/b.png'", "/b.png"),
        ("cover_references: [a.png, 3]", "cover_references[1] must be text", "in quotes"),
        ("cover_references: []", "cover_references is empty", "or delete the line"),
        (f"cover_references: [{'a.png, ' * 17}]", "has 17 pictures; 16", "leave out 1 of them"),
        ("cover_edits: [more, '']", "cover_edits[1] is empty", "cover_edits[1]"),
        ("cover_mask: ../../a.png", "must name a file in docs_dir", "write cover_mask: /a.png"),
        ("cover_mask: /../a.png", "must name a file in docs_dir", "write cover_mask: /a.png"),
        ("cover_mask: '%2e%2e/../a.png'", "must name a file in docs_dir", "/a.png"),
        ("cover_mask: pictures/", "must name a file in docs_dir", "write cover_mask: /"),
        ("cover_mask: data://a", "must name a file in docs_dir", "write cover_mask: /a"),
        (f"cover_file: {LONG}", "no file can have this name", "did you mean cover_prompt?"),
        ('cover_file: "A fox\\nin snow"', "no file can have this name", "cover_prompt?"),
        ('cover_file: "a\\0.png"', "no file can have this name", "did you mean cover_prompt?"),
        (f"cover_mask: {LONG}", "must name a file in docs_dir", "write cover_mask: /"),
        ("cover_promt: x", "unknown key cover_promt", "did you mean cover_prompt?"),
        ("cover_image: x.png", "unknown key cover_image", "did you mean cover_file?"),
        ("Cover-Prompt: x", "unknown key Cover-Prompt", "did you mean cover_prompt?"),
        ("cover_qqq: x", "unknown key cover_qqq", "the keys are cover_prompt, cover_style, "),
    ],
)
def test_a_wrong_value_is_told_with_its_line_and_the_mend(
    line: str, message: str, hint: str
) -> None:
    told = problem_of(f"cover_prompt: x\ntitle: y\n{line}")
    assert (told.article, told.line, told.key) == (URI, 4, line.partition(":")[0])
    assert message in told.message
    assert hint in told.hint


def test_nested_keys_are_told_as_they_are_written() -> None:
    told = problem_of("cover:\n  prompt: x\n  alt: no")
    assert (told.key, told.line, told.hint) == ("cover.alt", 4, 'write alt: "no"')
    told = problem_of("cover: {prompt: x, 3: y}")
    assert (told.key, told.line, told.message) == ("cover", 2, "a key below cover is no text")


@pytest.mark.parametrize("block", ["cover:", "cover: 16:9", "cover: [a]", "cover: 2026-01-14"])
def test_a_cover_that_is_neither_fields_nor_a_picture_is_an_error(block: str) -> None:
    assert problem_of(block).key == "cover"


def test_all_problems_of_an_article_are_told_at_once() -> None:
    cover, told = read(
        "cover_prompt: no\ncover_promt: x\ncover_size: auto\ncover_quality: hgh\ncover_pin: 3"
    )
    assert cover is None
    assert {d.line for d in told} == {2, 3, 4, 5, 6}


def test_an_error_in_the_scan_leaves_the_article_out_without_telling_it_twice() -> None:
    assert read("cover_prompt: a\ncover_prompt: b") == (None, ())
    assert read("cover_prompt: a\ncover: {prompt: b}") == (None, ())


@pytest.mark.parametrize("off", ["cover: false", "cover_enabled: false", "cover: {enabled: no}"])
def test_a_cover_switched_off_is_silent(off: str) -> None:
    extra = "" if "{" in off else "\ncover_prompt: no\ncover_size: auto"
    assert read(off + extra) == (None, ())


@pytest.mark.parametrize("on", ["cover: true", "cover_enabled: true", "cover: {enabled: on}"])
def test_a_cover_switched_on_needs_no_prompt(on: str) -> None:
    assert cover_of(on).prompt == ""


def test_on_and_off_at_once_is_an_error() -> None:
    assert "say the same thing" in problem_of("cover: false\ncover_enabled: true").message


def test_fields_without_a_prompt_are_told_and_get_no_cover() -> None:
    cover, told = read("cover_style: ink")
    assert cover is None
    assert [(d.level, d.key, d.line) for d in told] == [("info", "cover_style", 2)]
    assert read("title: x", meta={"cover_style": "ink"}) == (None, ())


def test_a_folders_broken_field_is_told_only_where_a_cover_is_asked_for() -> None:
    for value in ("1200x630", 969):
        folder: dict[str, object] = {"cover_size": value}
        assert read("title: x", meta=folder) == (None, ())
        assert problem_of("cover_prompt: x", meta=folder).key == "cover_size"


@pytest.mark.parametrize(
    ("block", "key", "ref", "candidates"),
    [
        ("cover: a.png", "cover", "a.png", ("blog/a.png", "a.png")),
        ("cover: {file: a.png}", "cover", "a.png", ("blog/a.png", "a.png")),
        ("cover_file: a.png", "cover", "a.png", ("blog/a.png", "a.png")),
        ("cover: ../img/a%20b.png", "cover", "../img/a%20b.png", ("img/a b.png",)),
        ("cover: ./a.png", "cover", "./a.png", ("blog/a.png", "a.png")),
        ("cover: /img/a.png", "cover", "/img/a.png", ("img/a.png",)),
        ("cover: img\\a.png", "cover", "img\\a.png", ("blog/img/a.png", "img/a.png")),
        ("cover: https://e.com/a.png", "cover", "https://e.com/a.png", ()),
        ("image: a.png", "image", "a.png", ("blog/a.png", "a.png")),
        ("image: {path: a.png}", "image", "a.png", ("blog/a.png", "a.png")),
        ("image: {src: HTTP://e.com/a.png}", "image", "http://e.com/a.png", ()),
        ("cover: HTTPS://e.com/a b%20é.png?c=d", "cover", "https://e.com/a%20b%20é.png?c=d", ()),
        ("image: {alt: x, url: a.png}", "image", "a.png", ("blog/a.png", "a.png")),
        ("cover: a.png\n\nimage: b.png", "cover", "a.png", ("blog/a.png", "a.png")),
    ],
)
def test_an_own_picture_is_found(
    block: str, key: str, ref: str, candidates: tuple[str, ...]
) -> None:
    assert cover_of(block).own == OwnPicture(ref, key, candidates, line=2)


def test_an_own_picture_wins_over_a_prompt_and_says_so() -> None:
    cover, told = read("cover_prompt: a fox\nimage: a.png")
    assert cover is not None
    assert cover.own is not None
    assert [(d.level, d.key, d.line) for d in told] == [("info", "cover_prompt", 2)]
    assert "image: a.png" in told[0].message


@pytest.mark.parametrize(
    ("block", "ai"),
    [
        ("cover: {file: a.png, ai: true}", True),
        ("cover: a.png\ncover_ai: no", False),
        ("image: a.png\ncover_ai: true", True),
        ("cover: a.png", None),
        ("cover_prompt: a fox", None),
    ],
)
def test_an_author_says_whether_ai_made_the_own_picture(block: str, ai: bool | None) -> None:
    assert cover_of(block).ai is ai


def test_what_is_said_of_ai_without_an_own_picture_is_an_error_where_the_article_says_it() -> None:
    problem = problem_of("cover_prompt: a fox\ncover_ai: false")
    assert problem.line == 3
    assert "names none" in problem.message
    assert cover_of("cover_prompt: a fox", meta={"cover_ai": True}).ai is None
    assert cover_of("cover: a.png", with_defaults(("**", {"ai": True}))).ai is True


def test_nothing_is_bought_for_an_own_picture_so_its_size_need_not_fit() -> None:
    assert cover_of("cover: a.png\ncover_size: 1200x630").size == Size(1200, 630)


def test_a_folders_picture_does_not_switch_off_an_articles_prompt() -> None:
    assert cover_of("cover_prompt: a fox", meta={"image": "all.png"}).own is None
    assert cover_of("title: x", meta={"image": "all.png"}).own is not None


def test_a_page_at_the_top_has_one_candidate() -> None:
    cover = cover_of("cover: a.png", uri="index.md")
    assert cover.own is not None
    assert cover.own.candidates == ("a.png",)
    assert "docs_dir" in problem_of("cover: ../a.png", uri="index.md").message


def test_the_articles_own_key_wins_over_a_meta_yml_in_the_other_form() -> None:
    assert cover_of("cover: {prompt: fox}", meta={"cover_prompt": "hare"}).prompt == "fox"
    assert cover_of("cover_prompt: fox", meta={"cover": {"prompt": "hare"}}).prompt == "fox"


def test_what_a_folder_says_is_told_at_the_folders_file() -> None:
    folder = {
        "cover_size": Inherited("blog/.meta.yml", RawValue("16:9", 3)),
        "cover.alt": Inherited(".meta.yml", RawValue("no", 1)),
    }
    meta: dict[str, object] = {"cover_size": 969, "cover": {"alt": False}}
    source = replace(article("cover_prompt: x", meta=meta), inherited=folder)
    _, told = read_cover(source, SITE, RULES)
    assert [(d.article, d.line, d.key, d.hint) for d in told] == [
        ("blog/.meta.yml", 3, "cover_size", "write cover_size: 1536x864"),
        (".meta.yml", 1, "cover.alt", 'write alt: "no"'),
    ]
    own = replace(article("cover_prompt: x\ncover_size: 16:9", meta=meta), inherited=folder)
    assert {d.article for d in read_cover(own, SITE, RULES)[1]} == {URI, ".meta.yml"}


def test_what_another_plugin_says_has_no_line() -> None:
    told = problem_of("cover_prompt: x", meta={"cover_alt": False})
    assert (told.line, told.article) == (None, URI)
    assert told.message == "cover_alt must be text, not false (from a .meta.yml or another plugin)"
    both = {"cover_alt": "a", "cover": {"alt": "b"}}
    assert "say the same thing" in problem_of("cover_prompt: x", meta=both).message


@pytest.mark.parametrize(
    ("pattern", "matches", "others"),
    [
        ("blog/**", ["blog/a.md", "blog/x/y/a.md"], ["blogroll/a.md", "a.md", "x/blog/a.md"]),
        ("blog/", ["blog/a.md", "blog/x/a.md"], ["blog.md"]),
        ("*", ["index.md"], ["blog/a.md"]),
        ("**", ["index.md", "blog/a.md"], []),
        ("**/index.md", ["index.md", "a/index.md", "a/b/index.md"], ["a/xindex.md"]),
        ("blog/*/index.md", ["blog/a/index.md"], ["blog/index.md", "blog/a/b/index.md"]),
        ("blog/**/**/a.md", ["blog/a.md", "blog/x/y/a.md"], ["a.md"]),
        ("blog/20??-*.md", ["blog/2026-fox.md"], ["blog/26-fox.md", "blog/2026/-x.md"]),
        ("./a+(b).md", ["a+(b).md"], ["aab.md"]),
        ("/blog/a.md", ["blog/a.md"], ["blog/b.md"]),
    ],
)
def test_defaults_match_whole_path_segments(
    pattern: str, matches: list[str], others: list[str]
) -> None:
    site = with_defaults((pattern, {"style": "ink"}))
    styles = {uri: cover_of("cover_prompt: x", site, uri=uri).style for uri in matches + others}
    assert styles == dict.fromkeys(matches, "ink") | dict.fromkeys(others)


def test_later_layers_win() -> None:
    site = with_defaults(
        ("**", {"size": "64x64", "style": "ink", "quality": "low", "label": True}),
        ("blog/**", {"style": "oil", "references": "brand.png"}),
        ("other/**", {"style": "no"}),
        size=Size(32, 32),
        quality="high",
    )
    cover = cover_of("cover_prompt: x\ncover_quality: medium", site)
    assert (cover.size, cover.style, cover.quality) == (Size(64, 64), "oil", "medium")
    assert cover.label == "AI-generated"
    assert cover.references == (FileRef("brand.png", ("brand.png",)),)


def test_a_default_prompt_asks_and_a_default_off_can_be_overruled() -> None:
    assert cover_of("title: x", with_defaults(("**", {"prompt": "a fox"}))).prompt == "a fox"
    off = with_defaults(("**", {"enabled": False}))
    assert read("cover_prompt: x", off) == (None, ())
    assert cover_of("cover_prompt: x\ncover_enabled: true", off).prompt == "x"


def test_a_model_that_does_not_take_the_sites_size_is_told_at_the_model() -> None:
    told = problem_of("cover_prompt: x\ncover_model: square")
    assert (told.key, told.line) == ("cover_model", 3)
    assert told.hint == "write cover_size: 1024x1024"
    told = problem_of("cover_prompt: x", with_defaults(("**", {"model": "square"})))
    assert (told.key, told.line) == ("cover_size", None)
    assert told.hint == "write size: 1024x1024 in mkdocs.yml"


@pytest.mark.parametrize(
    ("fields", "key", "message", "hint"),
    [
        ({"size": 969}, "size", "must be a size", "write size: 1536x1024"),
        ({"size": "1200x630"}, "size", "does not fit gpt-image-2", "write size: 1200x624"),
        ({"model": "square"}, "model", "does not fit square", "write size: 1024x1024"),
        ({"quality": "hgh"}, "quality", "no quality hgh", "write quality: high"),
        ({"styel": "x"}, "styel", "unknown key", "did you mean defaults[1].style?"),
        ({"file": "x.png"}, "file", "belongs to one article", "write cover: picture.png there"),
        ({"enabled": True}, "enabled", "asks for its cover itself", "cover_enabled: true there"),
        ({"mask": "../x.png"}, "mask", "a file in docs_dir", "write mask: /x.png"),
    ],
)
def test_wrong_defaults_are_told_at_mkdocs_yml(
    fields: dict[str, object], key: str, message: str, hint: str
) -> None:
    site = with_defaults(("**", {"style": "ink"}), ("blog/**", fields))
    (told,) = check_defaults(site, RULES)
    assert (told.level, told.article, told.line) == ("error", "mkdocs.yml", None)
    assert told.key == f"defaults[1].{key}"
    assert message in told.message
    assert hint in told.hint


def test_good_defaults_are_silent() -> None:
    site = with_defaults(("**", {"size": "64x64", "enabled": False}), ("*", {"prompt": "x"}))
    assert check_defaults(site, RULES) == ()


def test_every_field_is_documented_once_and_has_a_place_in_the_cover() -> None:
    names = [field.name for field in COVER_FIELDS]
    assert len(set(names)) == len(names)
    assert all(field.takes and field.doc.endswith(".") for field in COVER_FIELDS)
    fields = set(Cover.__dataclass_fields__) - {"article", "own", "given", "shown_alt"}
    assert set(names) - {"enabled", "file"} == fields


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.datetimes(timezones=st.just(datetime.UTC))
    | st.binary(max_size=4)
    | st.sampled_from(["16:9", "1x1", "no", "top left", "../a.png", "https://e.com", "%00", "auto"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([f.name for f in COVER_FIELDS]) | SCALARS, inner, max_size=4
        )
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "cover",
        "image",
        "cover_promt",
        "cover_",
        "Cover_Alt",
        *(f"cover_{f.name}" for f in COVER_FIELDS),
    ]
)


@run(deadline=None)
@given(
    st.dictionaries(KEYS | SCALARS, VALUES, max_size=6), st.dictionaries(KEYS, VALUES, max_size=2)
)
@example({"cover_alt": 1 << 20_000, "cover_variant": 1 << 20_000, "cover": {1 << 20_000: 1}}, {})
@example({"cover_prompt": "x", "cover_size": "9" * 5000 + "x1", "cover_focus": "1e999,0"}, {})
def test_no_value_makes_reading_fail(
    meta: dict[object, object], defaults: dict[str, object]
) -> None:
    fields = {key.removeprefix("cover_"): value for key, value in defaults.items()}
    site = with_defaults(("**", fields))
    source = ArticleSource(URI, "Fox", meta)  # type: ignore[arg-type]
    cover, told = read_cover(source, site, RULES)
    assert cover is None or not any(d.level == "error" for d in told)
    assert all(str(d) and d.hint and d.key for d in (*told, *check_defaults(site, RULES)))


FLAT_NAMES = [field.name for field in COVER_FIELDS]


@run(deadline=None)
@given(st.dictionaries(st.sampled_from(FLAT_NAMES), SCALARS | st.lists(SCALARS, max_size=2)))
@example({"prompt": "a fox", "size": "64x64", "focus": "top", "label": True})
def test_flat_and_nested_forms_give_the_same_cover(fields: dict[str, object]) -> None:
    flat = ArticleSource(URI, "Fox", {f"cover_{name}": value for name, value in fields.items()})
    nested = ArticleSource(URI, "Fox", {"cover": fields})
    (one, told_flat), (other, told_nested) = (read_cover(s, SITE, RULES) for s in (flat, nested))
    assert [d.level for d in told_flat] == [d.level for d in told_nested]
    assert (one is None) == (other is None)
    for name in set(Cover.__dataclass_fields__) - {"article"}:
        assert getattr(one, name, None) == getattr(other, name, None)
