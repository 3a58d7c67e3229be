"""imagegen.lock as text: the same lockfile is the same text, and no broken one passes for whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from random import Random
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mkdocs_imagegen import lockfile as lockfile_text
from mkdocs_imagegen.errors import LockfileError
from mkdocs_imagegen.lockfile import NAME, line_digests, parse, short, write
from mkdocs_imagegen.model import (
    EMPTY_LOCKFILE,
    Approved,
    Components,
    Entry,
    Lockfile,
    Refusal,
    Replaced,
    Size,
)

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
mend = partial(lockfile_text.mend, at=AT)

KEY, OTHER_KEY = "ab" * 32, "cd" * 32
APPROVED = Approved(
    request_key=KEY,
    digest="12" * 32,
    size_bytes=1_234_567,
    model="gpt-image-2",
    size=Size(1536, 1024),
    quality="medium",
    bought_at="2026-11-22T10:00:00Z",
    usd=Decimal("0.041250"),
)
REFUSAL = Refusal(OTHER_KEY, "2026-11-21T09:00:00Z", "refused by the safety system", "req_1")
ENTRY = Entry("blog/a.md", "", APPROVED)
COMPONENTS = Components(
    fields={"size": "1536x1024", "prompt": "5feceb66"},
    own=("prompt",),
    templates={"blog.j2": "e3b98a4d"},
    variables={"article.title": "512f26ad"},
)

# Whatever git and JSON let through: line ends of Unicode, quotes, bytes that are no text.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["=======", "a\u2028b", "\x85", "\udcff.md", 'a"b\\', "blog/ä.md", "\r\n", "\ufeff"]
)
NAMES = TEXTS.filter(bool)
HEX64 = (st.integers(0, 16**64 - 1) | st.integers(0, 3)).map("{:064x}".format)
SHORTS = st.sampled_from([short(str(n)) for n in range(6)])
TEXTS_BY_NAME = st.dictionaries(TEXTS, TEXTS, max_size=3)
COMPONENTS_OF_ANY_KIND = st.builds(
    Components,
    fields=TEXTS_BY_NAME,
    own=st.lists(TEXTS, max_size=3).map(tuple),
    templates=st.dictionaries(TEXTS, SHORTS, max_size=2),
    variables=TEXTS_BY_NAME,
)
PICTURES = st.builds(
    Approved,
    request_key=HEX64,
    digest=HEX64,
    size_bytes=st.integers(0, 10**9),
    model=NAMES,
    size=st.builds(Size, st.integers(1, 9000), st.integers(1, 9000)),
    quality=TEXTS,
    bought_at=TEXTS,
    usd=st.none() | st.decimals(0, 10_000, allow_nan=False, places=6),
    section=TEXTS,
    authors=TEXTS,
    job=TEXTS,
    components=COMPONENTS_OF_ANY_KIND,
)
REFUSALS = st.builds(Refusal, TEXTS, TEXTS, TEXTS, TEXTS)
REPLACED = st.builds(
    Replaced,
    request_key=HEX64,
    digest=HEX64,
    size_bytes=st.integers(0, 10**9),
    size=st.builds(Size, st.integers(1, 9000), st.integers(1, 9000)),
    replaced_at=TEXTS,
)
ENTRIES = st.builds(
    Entry,
    article=TEXTS,
    locale=st.sampled_from(["", "de", "en"]),
    approved=st.none() | PICTURES,
    refusal=st.none() | REFUSALS,
    replaced=st.lists(REPLACED, max_size=2).map(tuple),
).filter(lambda entry: bool(entry.approved or (entry.refusal and not entry.replaced)))


def key(entry: Entry) -> tuple[str, str]:
    return entry.article, entry.locale


@st.composite
def lockfiles(draw: st.DrawFn) -> Lockfile:
    """Lockfiles as a run makes them: entries in any order, the templates that they refer to."""
    entries = draw(st.lists(ENTRIES, max_size=5, unique_by=key))
    used = {
        digest
        for entry in entries
        if entry.approved
        for digest in entry.approved.components.templates.values()
    }
    lines = {digest: draw(st.lists(SHORTS, max_size=3).map(tuple)) for digest in sorted(used)}
    return Lockfile(draw(TEXTS), tuple(entries), lines)


@given(lockfiles())
@settings(max_examples=150)
def test_what_is_written_is_read_back(lockfile: Lockfile) -> None:
    text = write(lockfile)
    assert parse(text) == replace(lockfile, entries=tuple(sorted(lockfile.entries, key=key)))
    assert write(parse(text)) == text
    assert mend(text) == (parse(text), ())


@given(lockfiles(), st.randoms())
@settings(max_examples=60)
def test_the_order_of_entries_and_mappings_is_of_no_account(
    lockfile: Lockfile, random: Random
) -> None:
    entries = list(lockfile.entries)
    random.shuffle(entries)
    turned = [_turn(entry) for entry in entries]
    templates = backwards(lockfile.templates)
    assert write(Lockfile(lockfile.site, tuple(turned), templates)) == write(lockfile)


Value = TypeVar("Value")


def backwards(mapping: Mapping[str, Value]) -> dict[str, Value]:
    return dict(reversed(list(mapping.items())))


def _turn(entry: Entry) -> Entry:
    if entry.approved is None:
        return entry
    parts = entry.approved.components
    turned = replace(
        parts,
        fields=backwards(parts.fields),
        templates=backwards(parts.templates),
        variables=backwards(parts.variables),
    )
    return replace(entry, approved=replace(entry.approved, components=turned))


@given(lockfiles())
@settings(max_examples=60)
def test_line_ends_and_a_byte_order_mark_of_windows_read_as_well(lockfile: Lockfile) -> None:
    text = write(lockfile)
    assert parse("\ufeff" + text.replace("\n", "\r\n")) == parse(text)


@given(lockfiles())
@settings(max_examples=60)
def test_one_line_an_article_and_a_template(lockfile: Lockfile) -> None:
    lines = write(lockfile).split("\n")
    assert lines.pop() == ""
    assert len(lines) == 1 + len(lockfile.entries) + len(lockfile.templates)
    assert all(line.startswith("{") and line.endswith("}") for line in lines)


@given(st.text(max_size=200) | st.lists(st.sampled_from(list('{}[]",:=<>|\n 19é'))).map("".join))
def test_any_other_text_is_an_error_with_a_hint(text: str) -> None:
    with pytest.raises(LockfileError) as caught:
        parse(text)
    assert caught.value.hint


def test_the_text_is_as_people_review_it() -> None:
    whole = replace(
        APPROVED, section="Blog", authors="Ann", job="17", components=replace(COMPONENTS)
    )
    lockfile = Lockfile(
        "Träume",
        (
            Entry("blog/b.md", "de", None, REFUSAL),
            Entry("blog/a.md", "", whole),
        ),
        {"e3b98a4d": ("2c624232", "19581e27"), "ffffffff": ("unused",)},
    )
    assert write(lockfile) == (
        '{"imagegen.lock": 1, "site": "Träume"}\n'
        '{"article": "blog/a.md", "authors": "Ann", "bought_at": "2026-11-22T10:00:00Z", '
        '"components": {"fields": {"prompt": "5feceb66", "size": "1536x1024"}, '
        '"own": ["prompt"], "templates": {"blog.j2": "e3b98a4d"}, '
        '"variables": {"article.title": "512f26ad"}}, '
        f'"digest": "{"12" * 32}", "job": "17", "model": "gpt-image-2", "quality": "medium", '
        f'"request_key": "{KEY}", "section": "Blog", "size": "1536x1024", '
        '"size_bytes": 1234567, "usd": "0.041250"}\n'
        '{"article": "blog/b.md", "locale": "de", "refused": '
        '{"message": "refused by the safety system", "refused_at": "2026-11-21T09:00:00Z", '
        f'"request_id": "req_1", "request_key": "{OTHER_KEY}"}}}}\n'
        '{"lines": ["2c624232", "19581e27"], "template": "e3b98a4d"}\n'
    )


def test_nothing_known_is_a_header_alone() -> None:
    assert write(EMPTY_LOCKFILE) == '{"imagegen.lock": 1}\n'
    assert parse(write(EMPTY_LOCKFILE)) == EMPTY_LOCKFILE


def test_an_entry_that_says_nothing_is_left_out() -> None:
    assert write(Lockfile(entries=(Entry("a.md"), ENTRY))) == write(Lockfile(entries=(ENTRY,)))


def test_tiny_amounts_are_written_without_an_exponent() -> None:
    entry = replace(ENTRY, approved=replace(APPROVED, usd=Decimal("1E-7")))
    text = write(Lockfile(entries=(entry,)))
    assert '"usd": "0.0000001"' in text
    assert parse(text).entries == (entry,)


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> topic", "||||||| 1a2b3c"])
def test_a_conflict_marker_names_its_line_and_the_mend(marker: str) -> None:
    text = write(Lockfile(entries=(ENTRY,))) + f"{marker}\r\n"
    with pytest.raises(LockfileError, match=r"imagegen\.lock line 3 holds a merge conflict") as e:
        parse(text)
    assert e.value.hint == "mkdocs-imagegen doctor --fix"


def test_two_lines_for_one_article_name_both_and_the_mend() -> None:
    lines = [write(Lockfile(entries=(Entry("a.md", "de", APPROVED),)))]
    lines.append(write(Lockfile(entries=(Entry("a.md", "de", None, REFUSAL),))).split("\n")[1])
    with pytest.raises(LockfileError, match=r"lines 2 and 3 are both for a\.md \(de\)") as caught:
        parse("".join(lines))
    assert caught.value.hint == "mkdocs-imagegen doctor --fix"


def test_a_template_may_stand_twice_but_not_with_other_lines() -> None:
    header = '{"imagegen.lock": 1}\n'
    line = '{"lines": ["aa"], "template": "bb"}\n'
    assert parse(header + line + line).templates == {"bb": ("aa",)}
    with pytest.raises(LockfileError, match="both for the template bb"):
        parse(header + line + line.replace("aa", "cc"))


def test_a_later_format_asks_for_an_upgrade_whatever_follows() -> None:
    text = '{"imagegen.lock": 2, "sites": ["a"]}\n{"articles": {}}\n'
    for read in (parse, mend):
        with pytest.raises(LockfileError, match="format 2: a later version") as caught:
            read(text)
        assert "upgrade" in caught.value.hint


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", write(Lockfile()).replace("1", "true")])
def test_a_file_without_a_header_is_no_empty_lockfile(text: str) -> None:
    with pytest.raises(LockfileError, match="line 1 ") as caught:
        parse(text)
    assert "git" in caught.value.hint


def _without(name: str) -> Callable[[dict[str, object]], object]:
    return lambda fields: fields.pop(name)


def _with(**values: object) -> Callable[[dict[str, object]], object]:
    return lambda fields: fields.update(values)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_without("article"), "has no field `article`"),
        (_without("digest"), "has no field `digest`"),
        (_without("request_key"), "has no field `request_key`"),
        (_with(size_bytes="12"), "wrong field `size_bytes`: it must be a whole number"),
        (_with(size_bytes=True), "wrong field `size_bytes`"),
        (_with(article=7), "wrong field `article`: it must be a text"),
        (_with(size="wide"), "wrong field `size`: it must be one such as 1536x1024"),
        (_with(usd=0.04), "wrong field `usd`: it must be a text"),
        (_with(usd="NaN"), "wrong field `usd`: it must be an amount"),
        (_with(usd="-1"), "wrong field `usd`: it must be an amount"),
        (_with(digest="../../etc/passwd"), "wrong field `digest`: it must be 64"),
        (_with(components=[]), "wrong field `components`: it must be an object"),
        (_with(components={"own": [1]}), "wrong field `components`: all that it holds"),
        (_with(components={"fields": {"a": None}}), "wrong field `components`: all that"),
        (_with(components={"own": "ab"}), "wrong field `own`: it must be a list"),
        (_with(refused={}), "has no field `request_key`"),
        (_with(refused="yes"), "wrong field `refused`: it must be an object"),
        (_with(colour="red"), "has a field `colour` that this version does not know"),
    ],
)
def test_a_spoilt_line_names_its_number_and_field(
    spoil: Callable[[dict[str, object]], object], told: str
) -> None:
    header, line, _ = write(Lockfile(entries=(ENTRY,))).split("\n")
    fields = json.loads(line)
    spoil(fields)
    with pytest.raises(LockfileError) as caught:
        parse(f"{header}\n\n{json.dumps(fields)}\n")
    assert caught.value.message.startswith(f"{NAME} line 3 ")
    assert told in caught.value.message
    assert "git checkout" in caught.value.hint


@pytest.mark.parametrize("line", ["[1]", "{", "null", "[" * 100_000, '{"a": ' + "9" * 5000 + "}"])
def test_a_line_that_is_no_object_is_told(line: str) -> None:
    with pytest.raises(LockfileError, match=r"imagegen\.lock line 2 "):
        parse(f'{{"imagegen.lock": 1}}\n{line}\n')


def bought(article: str, hour: int, digest: str = "12") -> Entry:
    picture = replace(APPROVED, digest=digest * 32, bought_at=f"2026-11-22T{hour:02}:00:00Z")
    return Entry(article, "", picture)


def had(entry: Entry, replaced_at: str) -> Replaced:
    assert entry.approved is not None
    one = entry.approved
    return Replaced(one.request_key, one.digest, one.size_bytes, one.size, replaced_at)


def conflicted(ours: Lockfile, theirs: Lockfile, base: Lockfile | None = None) -> str:
    ancestor = "" if base is None else f"||||||| 1a2b3c\n{_body(base)}"
    return (
        f'{{"imagegen.lock": 1}}\n<<<<<<< HEAD\n{_body(ours)}{ancestor}'
        f"=======\n{_body(theirs)}>>>>>>> topic\n"
    )


def _body(lockfile: Lockfile) -> str:
    return write(lockfile).partition("\n")[2]


def test_mending_keeps_the_lines_of_both_sides() -> None:
    ours, theirs = bought("a.md", 9), bought("b.md", 10)
    mended, notes = mend(conflicted(Lockfile(entries=(ours,)), Lockfile(entries=(theirs,))))
    assert mended.entries == (ours, theirs)
    assert notes == ("line 2 begins a merge conflict: the lines of both sides stay",)


def test_mending_leaves_out_what_both_sides_come_from() -> None:
    gone, left, ours = bought("gone.md", 1), bought("a.md", 2), bought("a.md", 9)
    base = Lockfile(entries=(gone, left))
    text = conflicted(Lockfile(entries=(ours,)), Lockfile(entries=(left,)), base)
    assert mend(text)[0].entries == (ours,)


def test_a_conflict_within_the_ancestor_is_left_out_with_it() -> None:
    inner = (
        f"<<<<<<<<< 1\n{_body(Lockfile(entries=(bought('old.md', 1),)))}=========\n>>>>>>>>> 2\n"
    )
    text = conflicted(
        Lockfile(entries=(bought("a.md", 1),)), Lockfile(entries=(bought("b.md", 1),)), Lockfile()
    ).replace("||||||| 1a2b3c\n", f"||||||| 1a2b3c\n{inner}")
    assert [entry.article for entry in mend(text)[0].entries] == ["a.md", "b.md"]


def test_an_ancestor_that_does_not_end_stays() -> None:
    a, b = bought("a.md", 1), bought("b.md", 1)
    text = conflicted(Lockfile(entries=(a,)), Lockfile(), Lockfile(entries=(b,)))
    assert mend(text.replace("=======\n", ""))[0].entries == (a, b)


def test_of_two_lines_the_one_whose_picture_is_at_hand_stays_else_the_later() -> None:
    early, late = bought("a.md", 9, "12"), bought("a.md", 10, "34")
    text = conflicted(Lockfile(entries=(early,)), Lockfile(entries=(late,)))
    assert mend(text)[0].entries == (replace(late, replaced=(had(early, AT.isoformat()),)),)
    mended, notes = mend(text, lambda entry: entry == early)
    assert mended.entries == (replace(early, replaced=(had(late, AT.isoformat()),)),)
    assert notes[-1] == (
        "2 lines are for a.md: one stays, with the picture bought at 2026-11-22T09:00:00Z"
    )


def test_of_one_picture_that_both_sides_replaced_the_later_time_stays() -> None:
    now, before = bought("a.md", 9, "12"), bought("a.md", 1, "34")
    sooner = replace(now, replaced=(had(before, "2026-10-01T00:00:00+00:00"),))
    later = replace(now, replaced=(had(before, "2026-11-20T00:00:00+00:00"),))
    for sides in ((sooner, later), (later, sooner)):
        ours, theirs = (Lockfile(entries=(side,)) for side in sides)
        assert mend(conflicted(ours, theirs))[0].entries == (later,)
    # One side still shows it: it was published until now.
    text = conflicted(Lockfile(entries=(before,)), Lockfile(entries=(later,)))
    assert mend(text)[0].entries == (replace(now, replaced=(had(before, AT.isoformat()),)),)


def test_a_refusal_of_one_side_and_a_picture_of_the_other_both_stay() -> None:
    refused = Entry("a.md", "", None, REFUSAL)
    text = conflicted(Lockfile(entries=(bought("a.md", 9),)), Lockfile(entries=(refused,)))
    assert mend(text)[0].entries == (replace(bought("a.md", 9), refusal=REFUSAL),)


def test_a_refused_request_that_the_other_side_got_after_all_is_refused_no_more() -> None:
    refused = Entry("a.md", "", None, replace(REFUSAL, request_key=KEY))
    text = conflicted(Lockfile(entries=(refused,)), Lockfile(entries=(bought("a.md", 9),)))
    assert mend(text)[0].entries == (bought("a.md", 9),)


def test_a_line_that_cant_be_read_is_told_and_left_out() -> None:
    text = write(Lockfile("Site", (ENTRY,))) + '{"article": "b.md"\n{"article": "\udcff"}\n'
    mended, notes = mend(text)
    assert mended == Lockfile("Site", (ENTRY,))
    assert notes == ("line 3 is no JSON: left out", "line 4 is no UTF-8 text: left out")


def test_a_text_of_which_no_line_can_be_read_is_not_mended_to_nothing() -> None:
    with pytest.raises(LockfileError, match="can be read") as caught:
        mend("\x00{\x00\n")
    assert "git" in caught.value.hint


def test_a_missing_or_second_header_is_mended() -> None:
    body = _body(Lockfile(entries=(ENTRY,)))
    assert mend(body) == (Lockfile("", (ENTRY,)), ("there was no header: written anew",))
    twice = f'{{"imagegen.lock": 1, "site": "A"}}\n{{"imagegen.lock": 1, "site": "B"}}\n{body}'
    assert mend(twice) == (Lockfile("A", (ENTRY,)), ("2 lines are headers: one stays",))
    with pytest.raises(LockfileError, match="lines 1 and 2 are both headers"):
        parse(twice)


SIDES = st.lists(ENTRIES, max_size=4, unique_by=key).map(tuple)


@given(SIDES, SIDES, SIDES)
@settings(max_examples=80)
def test_no_article_of_either_side_is_lost_and_the_order_of_the_sides_is_of_no_account(
    ours: tuple[Entry, ...], theirs: tuple[Entry, ...], base: tuple[Entry, ...]
) -> None:
    mended, _ = mend(conflicted(Lockfile("", ours), Lockfile("", theirs), Lockfile("", base)))
    assert {key(entry) for entry in mended.entries} == {key(e) for e in (*ours, *theirs)}
    assert parse(write(mended)).entries == mended.entries
    other, _ = mend(conflicted(Lockfile("", theirs), Lockfile("", ours)))
    assert other.entries == mended.entries


def test_short_digests_tell_texts_apart() -> None:
    assert short("") == "e3b0c442"
    assert short("ä") != short("a")
    assert len(short("\udcff")) == 8


def test_line_digests_ignore_line_ends_and_trailing_space() -> None:
    assert line_digests("a\n\nb\n") == (short("a"), short(""), short("b"))
    assert line_digests("a  \r\n\t\r\nb") == line_digests("a\n\nb\n")
    assert line_digests("a\rb") == line_digests("a\nb")
    assert line_digests(" a") != line_digests("a")
