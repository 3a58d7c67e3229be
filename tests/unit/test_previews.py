"""Link previews over time: a former one stays as long as links that were shared may show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.model import PagePreviews, Preview, Previews
from mkdocs_imagegen.plan import turned_over
from mkdocs_imagegen.store.previews import read_previews, write_previews

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
A, B, C = (Preview(digit * 64, size) for digit, size in (("a", 1), ("b", 2), ("c", 3)))
PAGE = ("", "a.md")
NOWS = st.dictionaries(
    st.tuples(st.sampled_from(["", "de"]), st.sampled_from(["a.md", "b.md"])),
    st.sampled_from([A, B, C]),
)


def former(known: Previews, page: tuple[str, str] = PAGE) -> list[Preview]:
    return [each.preview for each in known.get(page, PagePreviews(None)).former]


def test_a_former_preview_stays_for_thirty_days_and_not_while_it_is_the_pages_own() -> None:
    one = turned_over({}, {PAGE: A}, START)
    assert former(one) == []
    two = turned_over(one, {PAGE: B}, START + timedelta(days=1))
    assert former(two) == [A]
    assert former(turned_over(two, {PAGE: B}, START + timedelta(days=30))) == [A]
    assert former(turned_over(two, {PAGE: B}, START + timedelta(days=31))) == []
    three = turned_over(two, {PAGE: C}, START + timedelta(days=2))
    assert former(three) == [B, A]
    back = turned_over(three, {PAGE: A}, START + timedelta(days=3))
    assert former(back) == [C, B]


def test_a_page_without_a_cover_any_more_has_a_former_one_and_then_is_forgotten() -> None:
    others = {("", "b.md"): B}
    gone = turned_over(turned_over({}, {PAGE: A, **others}, START), others, START)
    assert former(gone) == [A]
    assert PAGE not in turned_over(gone, others, START + timedelta(days=31))


def test_the_pages_of_another_language_are_left_alone() -> None:
    both = turned_over(turned_over({}, {("de", "a.md"): A}, START), {("en", "a.md"): B}, START)
    assert both == {("de", "a.md"): PagePreviews(A), ("en", "a.md"): PagePreviews(B)}


@given(st.lists(st.tuples(NOWS, st.integers(0, 20)), max_size=8))
def test_nothing_that_was_shown_in_the_last_thirty_days_is_missing(
    builds: list[tuple[dict[tuple[str, str], Preview], int]],
) -> None:
    known: Previews = {}
    last_shown: dict[tuple[tuple[str, str], Preview], datetime] = {}
    at = START
    for now, days in builds:
        at += timedelta(days=days)
        locales = {locale for locale, _ in now}
        for page, preview in [(p, k.now) for p, k in known.items() if k.now]:
            if page[0] in locales:
                last_shown[page, preview] = at
        known = turned_over(known, now, at)
        assert {page: known[page].now for page in now} == now
        for (page, preview), until in last_shown.items():
            if at - until < timedelta(days=30) and page[0] in locales:
                assert preview == now.get(page) or preview in former(known, page)
    row = "previews:https://example.com/"
    text = write_previews(row, known)
    assert read_previews(row, text) == known
    with pytest.raises(ValueError, match="elsewhere"):
        read_previews("previews:https://another.example/", text)


def test_a_row_that_another_machine_wrote_names_no_file_to_publish() -> None:
    row = "previews:https://example.com/"
    text = write_previews(row, {PAGE: PagePreviews(A)})
    with pytest.raises(ValueError, match="elsewhere"):
        read_previews(row, text.replace(A.digest.encode(), B.digest.encode()))
