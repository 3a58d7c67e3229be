"""Costs from ledgers and lockfiles: each request once, and what nobody knows is never zero."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.model import (
    Approved,
    Entry,
    LedgerRow,
    Lockfile,
    Refusal,
    RowState,
    Size,
    Usage,
)
from mkdocs_imagegen.report.costs import merge_books, row_cost
from mkdocs_imagegen.report.costs.sums import By, CostReport, add_up, group_costs, make_report
from tests.rows import SETTLED

ROW = replace(SETTLED, job="77")
APPROVED = Approved(
    request_key="a" * 64,
    digest="d" * 64,
    size_bytes=9,
    model="gpt-image-2",
    size=Size(1536, 1024),
    quality="medium",
    bought_at="2026-10-05T12:00:09Z",
    usd=Decimal("0.041805"),
    section="Blog",
    authors="ann",
    job="77",
)
POSSIBLE = replace(
    ROW, state=RowState.POSSIBLY_BILLED, actual_usd=None, usage=None, request_key="b" * 64
)
RELEASED = replace(POSSIBLE, state=RowState.RELEASED, request_key="c" * 64)


def report(*rows: LedgerRow, by: By = By.MONTH, since: dt.date | None = None) -> CostReport:
    return make_report(merge_books([rows], []), by, since=since)


def entry(article: str, **changes: object) -> Entry:
    return Entry(article, approved=replace(APPROVED, **changes))  # type: ignore[arg-type]


def test_a_ledgers_row_is_taken_over_whole() -> None:
    cost = row_cost(ROW)
    for name in (*LedgerRow.__slots__,):
        assert getattr(cost, name) == getattr(ROW, name)


def test_a_lockfiles_picture_is_a_settled_request_without_an_estimate() -> None:
    (cost,) = merge_books([], [Lockfile("Docs", (entry("blog/a.md"),))])
    assert (cost.site, cost.article, cost.section, cost.authors, cost.job) == (
        *("Docs", "blog/a.md", "Blog", "ann", "77"),
    )
    assert cost.at == APPROVED.bought_at
    assert cost.state is RowState.SETTLED
    assert cost.actual_usd == APPROVED.usd
    assert cost.estimated_usd is None
    assert cost.bound_usd is None
    assert cost.usage == Usage()


def test_a_request_that_articles_share_counts_once_for_the_first() -> None:
    lockfile = Lockfile("Docs", (entry("b.md"), entry("c.md", bought_at="2026-10-01T00:00:00Z")))
    (cost,) = merge_books([], [lockfile, Lockfile("Docs", (entry("a.md"),))])
    assert cost.article == "c.md"


def test_the_same_request_of_two_sites_was_paid_twice() -> None:
    books = [Lockfile("Docs", (entry("a.md"),)), Lockfile("Blog", (entry("a.md"),))]
    assert [cost.site for cost in merge_books([], books)] == ["Blog", "Docs"]


def test_a_refusal_costs_nothing() -> None:
    refused = Entry("a.md", refusal=Refusal("f" * 64, "2026-10-05T12:00:00Z"))
    assert merge_books([], [Lockfile("Docs", (refused,))]) == ()


def test_a_ledger_knows_better_than_a_lockfile() -> None:
    lockfile = Lockfile("Docs", (entry("a.md"), entry("b.md", request_key="e" * 64)))
    costs = merge_books([[ROW]], [lockfile])
    assert [(cost.article, cost.estimated_usd) for cost in costs] == [
        ("blog/a.md", Decimal("0.0425")),
        ("b.md", None),
    ]


def test_a_picture_that_a_ledger_only_knows_as_not_charged_counts_from_the_lockfile() -> None:
    released = replace(ROW, state=RowState.RELEASED, actual_usd=None)
    costs = merge_books([[released]], [Lockfile("Docs", (entry("a.md"),))])
    assert [cost.state for cost in costs] == [RowState.RELEASED, RowState.SETTLED]


def test_copies_of_a_ledger_count_once_with_what_the_newest_knows() -> None:
    early = [replace(ROW, state=RowState.RESERVED, actual_usd=None), RELEASED]
    late = [ROW, RELEASED, POSSIBLE]
    for ledgers in ([early, late], [late, early]):
        assert sorted(cost.state for cost in merge_books(ledgers, [])) == [
            *("possibly billed", "released", "settled"),
        ]


def test_one_ledger_may_hold_the_same_request_more_than_once() -> None:
    assert len(merge_books([[ROW, ROW]], [])) == 2
    assert len(merge_books([[ROW, ROW], [ROW]], [])) == 2


def test_sums_tell_what_is_paid_possible_and_released() -> None:
    total = report(ROW, POSSIBLE, replace(POSSIBLE, state=RowState.RESERVED), RELEASED).total
    assert (total.requests, total.pictures, total.possibly_billed, total.released) == (4, 1, 2, 1)
    assert total.actual_usd == Decimal("0.041805")
    assert total.estimated_usd == Decimal("0.0425")  # of the picture alone
    assert total.difference_usd == Decimal("-0.000695")
    assert total.possible_usd == Decimal("0.10")
    assert (total.input_text_tokens, total.input_image_tokens, total.output_tokens) == (
        129,
        0,
        1372,
    )
    assert total.unknown_prices == 0


def test_a_price_that_nobody_knows_is_counted_and_not_added() -> None:
    unknown = replace(ROW, actual_usd=None, estimated_usd=None, usage=None)
    total = report(unknown, ROW).total
    assert (total.unpriced, total.actual_usd) == (1, Decimal("0.041805"))
    alone = report(unknown).total
    assert alone.actual_usd is None
    assert alone.estimated_usd is None
    assert alone.difference_usd is None
    assert alone.output_tokens is None


def test_a_possible_bill_without_a_bound_is_unknown() -> None:
    total = report(replace(POSSIBLE, bound_usd=None)).total
    assert (total.possible_usd, total.possibly_unpriced, total.unknown_prices) == (None, 1, 1)
    assert total.actual_usd == 0  # nothing was settled, and that is known


def test_the_difference_compares_only_what_has_both() -> None:
    total = report(ROW, replace(ROW, estimated_usd=None), replace(ROW, actual_usd=None)).total
    assert total.difference_usd == Decimal("-0.000695")


@pytest.mark.parametrize(
    ("by", "group"),
    [
        (By.MONTH, "2026-10"),
        (By.MODEL, "gpt-image-2"),
        (By.ARTICLE, "blog/a.md"),
        (By.SECTION, "Blog"),
        (By.AUTHOR, "ann"),
        (By.JOB, "77"),
        (By.SITE, "Docs"),
    ],
)
def test_each_grouping_has_its_field(by: By, group: str) -> None:
    assert [summary.group for summary in report(ROW, by=by).groups] == [group]


def test_several_authors_are_a_group_of_their_own() -> None:
    groups = report(ROW, replace(ROW, authors="ann, bob"), by=By.AUTHOR).groups
    assert [(group.group, group.requests) for group in groups] == [("ann", 1), ("ann, bob", 1)]


def test_articles_of_two_sites_stay_apart() -> None:
    groups = report(ROW, replace(ROW, site=""), by=By.ARTICLE).groups
    assert {group.group for group in groups} == {
        "blog/a.md (Docs)",
        "blog/a.md ((site unknown))",
    }


def test_months_stand_by_time_and_all_else_by_cost() -> None:
    rows = (
        replace(ROW, at="2026-11-01T00:00:00Z", model="cheap"),
        replace(ROW, at="2026-09-30T23:59:59Z", model="dear", actual_usd=Decimal(1)),
        replace(POSSIBLE, model="maybe", bound_usd=Decimal("0.5")),
    )
    assert [it.group for it in report(*rows).groups] == ["2026-09", "2026-10", "2026-11"]
    assert [it.group for it in report(*rows, by=By.MODEL).groups] == ["dear", "maybe", "cheap"]


def test_since_counts_its_own_day() -> None:
    rows = (ROW, replace(ROW, at="2026-10-04T23:59:59Z"))
    assert report(*rows, since=dt.date(2026, 10, 5)).costs == (row_cost(ROW),)
    assert len(report(*rows, since=dt.date(2026, 10, 4)).costs) == 2


amounts = st.none() | st.decimals(0, 5, places=6)
ledger_rows = st.builds(
    LedgerRow,
    at=st.dates(dt.date(2025, 1, 1), dt.date(2027, 1, 1)).map(lambda day: f"{day}T00:00:00Z"),
    site=st.sampled_from(["", "Docs", "Blog"]),
    article=st.sampled_from(["a.md", "b.md"]),
    section=st.sampled_from(["", "Blog"]),
    authors=st.sampled_from(["", "ann", "ann, bob"]),
    job=st.sampled_from(["", "1"]),
    request_key=st.sampled_from(["a" * 64, "b" * 64]),
    model=st.sampled_from(["gpt-image-2", "mine"]),
    size=st.just(Size(1536, 1024)),
    quality=st.just("medium"),
    endpoint=st.just("https://api.openai.com"),
    bound_usd=amounts,
    estimated_usd=amounts,
    state=st.sampled_from(RowState),
    actual_usd=amounts,
    usage=st.none() | st.builds(Usage, *[st.none() | st.integers(0, 9999)] * 3),
    request_id=st.just(""),
)


@given(st.lists(ledger_rows, max_size=12), st.sampled_from([by for by in By if by != "request"]))
def test_groups_add_up_to_the_total(rows: list[LedgerRow], by: By) -> None:
    costs = merge_books([rows], [])
    total = add_up("", costs)
    groups = group_costs(costs, by)
    for name in ("requests", "pictures", "unpriced", "possibly_billed", "released"):
        assert sum(getattr(group, name) for group in groups) == getattr(total, name)
    for name in ("actual_usd", "estimated_usd", "difference_usd", "possible_usd", "output_tokens"):
        known = [getattr(group, name) for group in groups]
        assert sum(amount for amount in known if amount is not None) == (getattr(total, name) or 0)
    assert total.requests == total.pictures + total.possibly_billed + total.released == len(rows)


@given(st.lists(ledger_rows, max_size=12))
def test_a_copy_of_a_ledger_changes_nothing(rows: list[LedgerRow]) -> None:
    assert merge_books([rows, rows], []) == merge_books([rows], [])
