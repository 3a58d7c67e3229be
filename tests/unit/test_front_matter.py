"""Raw text -> cover keys as typed: what MkDocs reads, what it loses, and the mend."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mkdocs.utils.meta import get_data

from mkdocs_imagegen.articles import scan_front_matter
from mkdocs_imagegen.model import NO_FRONT_MATTER, Diagnostic, FrontMatter

WHERE = "blog/fox.md"


def scan(text: str, *, whole_file: bool = False) -> FrontMatter:
    return scan_front_matter(text, where=WHERE, whole_file=whole_file)


def page(block: str) -> str:
    return f"---\n{block}\n---\n# Title\n"


def typed(text: str) -> dict[str, tuple[str, int]]:
    return {key: (raw.text, raw.line) for key, raw in scan(text).values.items()}


def only_problem(found: FrontMatter) -> Diagnostic:
    assert len(found.diagnostics) == 1, found.diagnostics
    return found.diagnostics[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# A page about covers\n\ncover_prompt: no front matter, just text\n",
        page("title: A fox\ntags: [a, b]"),
        page("title: a: b"),
        page("title: a: b, and a discovery"),
        "title: A fox\nauthor: me\n\ncover_prompt: too late\n",
        "---\n\nA rule on top.\n\n```yaml\ncover_prompt: an example\n```\n",
        "\n---\ntitle: no cover here\n---\n",
        "--- not a block\ncover_prompt: x\n---\n",
    ],
)
def test_a_page_without_cover_keys_costs_and_tells_nothing(text: str) -> None:
    assert scan(text) == NO_FRONT_MATTER


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("cover_prompt: a fox", {"cover_prompt": ("a fox", 2)}),
        ("title: x\n\n# note\ncover_prompt: 'a fox'", {"cover_prompt": ("a fox", 5)}),
        ('cover_prompt: "a: fox"', {"cover_prompt": ("a: fox", 2)}),
        ("cover_size: 16:9", {"cover_size": ("16:9", 2)}),
        (
            "cover_prompt: no\ncover_alt: 0777",
            {"cover_prompt": ("no", 2), "cover_alt": ("0777", 3)},
        ),
        ("cover_prompt: ~\ncover_alt:", {"cover_prompt": ("~", 2), "cover_alt": ("", 3)}),
        ("cover_prompt: |\n  a fox\n  in snow", {"cover_prompt": ("a fox\nin snow\n", 2)}),
        ("cover_prompt: >\n  a fox\n  in snow", {"cover_prompt": ("a fox in snow\n", 2)}),
        ("cover_prompt: a fox\n  in snow", {"cover_prompt": ("a fox in snow", 2)}),
        ("cover: fox.png\nimage: x.png", {"cover": ("fox.png", 2), "image": ("x.png", 3)}),
        ("cover: false", {"cover": ("false", 2)}),
        (
            "cover:\n  prompt: a fox\n  size: 1:30",
            {"cover": ("", 2), "cover.prompt": ("a fox", 3), "cover.size": ("1:30", 4)},
        ),
        ("cover: {prompt: a fox}", {"cover": ("", 2), "cover.prompt": ("a fox", 2)}),
        ("a: &fox a fox\ncover_prompt: *fox", {"cover_prompt": ("a fox", 3)}),
        ("1: a\n? b\n: c\ncover_prompt: What? Hello!", {"cover_prompt": ("What? Hello!", 5)}),
        ("date: 2026-02-28 10:00:00\ncover_prompt: x", {"cover_prompt": ("x", 3)}),
        ("cover_promt: x\nCover-Size: 1", {"cover_promt": ("x", 2), "Cover-Size": ("1", 3)}),
    ],
)
def test_values_come_as_they_were_typed_with_their_lines(
    block: str, expected: dict[str, tuple[str, int]]
) -> None:
    assert typed(page(block)) == expected
    assert scan(page(block)).diagnostics == ()


def test_lists_and_mappings_are_told_from_scalars() -> None:
    values = scan(page("cover: {edits: [a, b]}\ncover_references: [x.png]")).values
    assert {key: raw.kind for key, raw in values.items()} == {
        "cover": "mapping",
        "cover.edits": "list",
        "cover_references": "list",
    }


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff---\ncover_prompt: a fox\n---\n",
        "---\r\ncover_prompt: a fox\r\n---\r\n",
        "---\rcover_prompt: a fox\r---\r",
        "--- \t\ncover_prompt: a fox\n...\n",
        "---\ncover_prompt: a fox\n--- \n\n---\ncover_prompt: in the body\n---\n",
    ],
)
def test_what_mkdocs_takes_as_a_block_is_read(text: str) -> None:
    assert typed(text) == {"cover_prompt": ("a fox", 2)}


def test_a_whole_file_is_yaml_from_its_first_line() -> None:
    found = scan_front_matter(
        "title: x\ncover_style: ink\n", where="blog/.meta.yml", whole_file=True
    )
    assert found.values["cover_style"].line == 2
    broken = scan_front_matter("cover_style: a: b\n", where="blog/.meta.yml", whole_file=True)
    problem = only_problem(broken)
    assert (problem.article, problem.line) == ("blog/.meta.yml", 1)
    assert problem.message.startswith("the file is not valid YAML:")
    assert problem.hint == 'write: cover_style: "a: b"'


def test_multimarkdown_is_read_as_mkdocs_does() -> None:
    text = (
        "Title: Fox\nCover_Prompt: a fox: in snow\n    and a hare\nimage: x.png\n\ncover_alt: no\n"
    )
    assert typed(text) == {"cover_prompt": ("a fox: in snow and a hare", 2), "image": ("x.png", 4)}


@pytest.mark.parametrize(
    ("block", "line", "key", "mended"),
    [
        ("title: x\ncover_prompt: a fox: in snow", 3, "cover_prompt", '"a fox: in snow"'),
        ("cover_prompt: a fox: in snow # mine", 2, "cover_prompt", '"a fox: in snow" # mine'),
        ('cover_prompt: say "hi": now', 2, "cover_prompt", "'say \"hi\": now'"),
        ('cover_prompt: "a fox\ncover_alt: x', 2, "cover_prompt", '"a fox"'),
        ('cover_prompt: "a fox\ncover_alt: "x"', 2, "cover_prompt", '"a fox"'),
        ("cover_prompt: 'the fox's den'", 2, "cover_prompt", '"the fox\'s den"'),
        ('cover_prompt: "say "hi" now"', 2, "cover_prompt", "'say \"hi\" now'"),
        ("cover_prompt: @home", 2, "cover_prompt", '"@home"'),
        ("cover_prompt: *bold* fox", 2, "cover_prompt", '"*bold* fox"'),
        ("cover_prompt: {{ title }}", 2, "cover_prompt", '"{{ title }}"'),
        ("cover_prompt: [a cat: x", 2, "cover_prompt", '"[a cat: x"'),
        ("cover_prompt: !ENV FOX", 2, "cover_prompt", '"!ENV FOX"'),
        ("cover_prompt:a fox", 2, "cover_prompt", '"a fox"'),
        ("title: x\ncover_prompt:a fox\ndate: y", 3, "cover_prompt", '"a fox"'),
    ],
)
def test_broken_yaml_is_told_with_the_mended_line(
    block: str, line: int, key: str, mended: str
) -> None:
    problem = only_problem(scan(page(block)))
    assert (problem.level, problem.article, problem.line) == ("error", WHERE, line)
    assert problem.key == key
    assert problem.hint == f"write: {key}: {mended}"
    assert "MkDocs ignores all of it" in problem.message


@pytest.mark.parametrize(
    ("block", "line", "hint"),
    [
        ("title: a: b\ncover_prompt: x", 2, 'write: title: "a: b"'),
        ("cover:\n  prompt: a: b", 3, 'write:   prompt: "a: b"'),
        ("cover:\n\tprompt: x", 3, "write:   prompt: x"),
        ("cover_prompt: x\n\tcover_alt: y", 3, "write: cover_alt: y"),
        ("tags:\n  - a: b: c\ncover_prompt: x", 3, 'write:   - a: "b: c"'),
        ("tags:\n  - @a\ncover_prompt: x", 3, 'write:   - "@a"'),
        ("date: 2026-02-30\ncover_prompt: x", 2, 'write: date: "2026-02-30"'),
        ("a: =\ncover_prompt: x", 2, 'write: a: "="'),
    ],
)
def test_any_line_that_loses_a_block_with_a_cover_is_mended(
    block: str, line: int, hint: str
) -> None:
    problem = only_problem(scan(page(block)))
    assert (problem.line, problem.hint) == (line, hint)


def test_every_broken_line_is_told_at_once() -> None:
    found = scan(page("title: a: b\ndate: x\ncover_prompt: c: d"))
    assert [d.hint for d in found.diagnostics] == [
        'write: title: "a: b"',
        'write: cover_prompt: "c: d"',
    ]


@pytest.mark.parametrize(
    "block",
    ["cover_prompt: a fox\n  in: snow", "- a\n- b\ncover_prompt: x", "cover_prompt: a\x00b"],
)
def test_what_no_quote_mends_still_names_the_line(block: str) -> None:
    problem = only_problem(scan(page(block)))
    assert problem.line
    assert problem.hint.startswith("mend line")


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("\n---\ncover_prompt: x\n---\n", 2, "first character", "delete the blank lines"),
        (" ---\ncover_prompt: x\n---\n", 1, "first character", "delete the blank lines"),
        ("----\ncover_prompt: x\n----\n", 1, "not ----", "write --- in line 1"),
        ("\n----\ncover_prompt: x\n----\n", 2, "not ----", "write --- in line 2"),
        ("—\ncover_prompt: x\n—\n", 1, "not —", "write --- in line 1"),
        ('+++\ncover_prompt = "a fox"\n+++\n', 1, "TOML", 'cover_prompt: "a fox"'),
        ("---\ncover_prompt: x\n\n# Title\n", 1, "never closed", "a line of ---"),
        ("---\ncover_prompt: x\n---", 3, "never closed", "end with a line break"),
        ("---\ncover_prompt: x\n----\nText\n", 3, "never closed", "line 3 must be exactly ---"),
        ("---\ncover_prompt: x\n ---\nText\n", 3, "never closed", "line 3 must be exactly ---"),
    ],
)
def test_a_block_that_mkdocs_does_not_recognise_is_told(
    text: str, line: int, message: str, hint: str
) -> None:
    found = scan(text)
    problem = only_problem(found)
    assert not found.values
    assert problem.line == line
    assert message in problem.message
    assert hint in problem.hint


def test_duplicates_name_both_lines() -> None:
    found = scan(page("cover_prompt: a\ntitle: x\ncover_prompt: b"))
    problem = only_problem(found)
    assert problem.message == "cover_prompt stands twice, in lines 2 and 4: only the last counts"
    assert found.values["cover_prompt"].text == "b"
    nested = only_problem(scan(page("cover:\n  alt: a\n  alt: b")))
    assert (nested.key, nested.line) == ("cover.alt", 4)
    joined = only_problem(scan("cover_prompt: a\ncover_prompt: b\n"))
    assert joined.message.endswith("in lines 1 and 2: MkDocs joins the two")


def test_a_second_cover_block_replaces_the_first() -> None:
    found = scan(page("cover: {alt: a}\ncover: {prompt: b}"))
    assert only_problem(found).key == "cover"
    assert set(found.values) == {"cover", "cover.prompt"}


def test_flat_and_nested_at_once_is_an_error() -> None:
    problem = only_problem(scan(page("cover_alt: a\ncover:\n  alt: b\n  prompt: c")))
    assert problem.message == "cover_alt and cover.alt say the same thing, in lines 2 and 4"


def test_a_repeated_image_is_left_to_the_tools_that_read_it() -> None:
    assert scan(page("image: a.png\nimage: b.png")).diagnostics == ()


FRAGMENTS = st.sampled_from(
    """cover_prompt: a fox|cover_prompt: a fox: in snow|cover_prompt:x|cover: {prompt: x, size: 1x1}
    cover:|  prompt: x|  alt: y: z|cover_alt: 'x|cover_alt: "x"|cover_size: 16:9|image: x.png
    Cover_Prompt: x|title: What? Hello!|date: 2026-01-14|date: 2026-02-30|date: 2026-1-1
    date: 2026-01-01 25:00:00|date: 0000-01-01|a: 0b_|a: 0x_|a: 0_|a: =|a: [=]|? [a]|? a|: b
    {a: b}: c|[a]: b|<<: x|<<: {cover_alt: z}|a: !x y|a: !!int x|a: !!bool x|a: &b c|a: *b
    - x|- [a, [b]]|a: {{ b }}|\tx: y|    more|# cover_prompt: x|...|---|----|1: a|~: b|a: .inf
    a: [1, 2]|a: {b: c}|a: [{b: c}: d]|"cover_prompt": x|cover_prompt: !!str 1|%YAML 1.1""".replace(
        "\n    ", "|"
    ).split("|")
)
TEXTS = st.builds(
    lambda start, lines, end: start + "\n".join(lines) + end,
    st.sampled_from(["---\n", "---\n", "---\n", "", "\n---\n", "--- \n", "\ufeff---\r\n"]),
    st.lists(FRAGMENTS | st.just(""), max_size=7),
    st.sampled_from(["\n---\n", "\n---\n", "\n...\nbody\n", "\n---", "\n"]),
)


@settings(deadline=None)
@given(TEXTS)
@example(page("cover_alt: x\n[a]: b"))
@example(page("cover_alt: x\n? [a]"))
def test_what_is_found_is_what_mkdocs_finds(text: str) -> None:
    text = text.replace("\r\n", "\n")
    _, meta = get_data(text.removeprefix("\ufeff"))
    merged = "<<" in text
    theirs = {k for k in meta if isinstance(k, str) and (k[:5].lower() == "cover" or k == "image")}
    found = scan(text)
    ours = {key for key in found.values if not key.startswith("cover.")}
    assert ours == theirs or (merged and ours < theirs)
    nested = meta.get("cover")
    if isinstance(nested, dict) and not merged:
        assert {key[6:] for key in found.values if key.startswith("cover.")} == set(nested)


@settings(deadline=None)
@given(TEXTS)
def test_a_hint_that_shows_a_line_makes_mkdocs_read_the_block(text: str) -> None:
    lines = text.replace("\r\n", "\n").removeprefix("\ufeff").split("\n")
    mends = [d for d in scan(text).diagnostics if d.hint.startswith("write: ")]
    for told in mends:
        assert told.line is not None
        lines[told.line - 1] = told.hint.removeprefix("write: ")
    if mends:
        assert get_data("\n".join(lines))[1]


@settings(deadline=None)
@given(st.text() | TEXTS | st.text("-+ \n\tcover_pt:'\"[]{}!&*#=|>", max_size=60), st.booleans())
@example("---\ncover: " + "[" * 1500 + "\n---\n", False)
@example("---\ncover: \ud800\n---\n", False)
@example("---\ncover: " + "1" * 5000 + "\n---\n", False)
@example("---\ncover: &a [*a]\n---\n", False)
def test_no_text_makes_the_scan_fail(text: str, whole_file: bool) -> None:
    found = scan(text, whole_file=whole_file)
    assert all(raw.line >= 1 for raw in found.values.values())
    assert all(str(told) and told.hint for told in found.diagnostics)
