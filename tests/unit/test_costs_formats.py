"""Costs as text, JSON, CSV and a page."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from io import StringIO
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.model import LedgerRow, RowState
from mkdocs_imagegen.report.costs import merge_books
from mkdocs_imagegen.report.costs.as_data import costs_csv, costs_json
from mkdocs_imagegen.report.costs.as_page import costs_html
from mkdocs_imagegen.report.costs.as_text import costs_text
from mkdocs_imagegen.report.costs.chart import MOST_BARS, chart_svg, make_chart
from mkdocs_imagegen.report.costs.sums import By, CostReport, make_report
from tests.rows import SETTLED

ROW = replace(SETTLED, authors="ann, bob", actual_usd=Decimal("0.04180500"))
LATER = replace(ROW, at="2026-12-01T08:30:00Z", article="index.md", request_key="b" * 64)
POSSIBLE = replace(
    LATER, state=RowState.POSSIBLY_BILLED, actual_usd=None, usage=None, request_id=""
)
UNKNOWN = replace(LATER, actual_usd=None, estimated_usd=None, usage=None, model="mine")
RELEASED = replace(POSSIBLE, state=RowState.RELEASED)
ALL = (ROW, LATER, POSSIBLE, UNKNOWN, RELEASED)


def report(*rows: LedgerRow, by: By = By.MONTH, since: dt.date | None = None) -> CostReport:
    return make_report(merge_books([rows], []), by, since=since, sources=("ledger.sqlite3",))


def test_the_table_is_aligned_and_says_what_the_sums_do_not() -> None:
    assert costs_text(report(*ALL)) == (
        "month    requests  pictures  text tokens  image tokens out  estimated   actual  "
        "difference  possibly billed  at most  not charged  unknown prices\n"
        "2026-10         1         1          129             1,372    $0.0425  $0.0418  "
        "  -$0.0007\n"
        "2026-12         4         2          129             1,372    $0.0425  $0.0418  "
        "  -$0.0007                1  $0.0500            1               1\n"
        "total           5         3          258             2,744    $0.0850  $0.0836  "
        "  -$0.0014                1  $0.0500            1               1\n"
        "\n"
        "Bought: 3 pictures, 2 of them for $0.0836, $0.0014 less than estimated.\n"
        "Possibly billed: 1 request without an answer, at most $0.0500. The vendor's invoice tells "
        "whether it was charged.\n"
        "What 1 picture cost is unknown, and not in the actual sum.\n"
        "1 request was certainly not charged.\n"
    )


def test_estimates_are_compared_with_what_was_paid_for_the_same_pictures() -> None:
    text = costs_text(report(ROW, replace(ROW, actual_usd=None)))
    assert "1 of them for $0.0418, $0.0007 less than estimated where both are known." in text
    exact = replace(ROW, actual_usd=Decimal("0.0425"))
    assert "Bought: 1 picture for $0.0425, as estimated." in costs_text(report(exact))


def test_columns_that_say_nothing_are_left_out() -> None:
    text = costs_text(report(replace(ROW, usage=None, estimated_usd=None), by=By.MODEL))
    assert text == (
        "model        requests  pictures   actual\n"
        "gpt-image-2         1         1  $0.0418\n"
        "total               1         1  $0.0418\n"
        "\n"
        "Bought: 1 picture for $0.0418; what was estimated is unknown.\n"
    )


def test_a_price_that_nobody_knows_is_told_as_unknown() -> None:
    lines = costs_text(report(UNKNOWN)).splitlines()
    assert lines[1].split() == ["2026-12", "1", "1", "unknown", "1"]
    assert "$" not in "".join(lines)


def test_requests_have_a_line_each() -> None:
    lines = costs_text(report(*ALL, by=By.REQUEST)).splitlines()
    assert [line.split()[1] for line in lines[1:6]] == ["blog/a.md", *["index.md"] * 4]
    assert lines[1].endswith("settled            $0.0425          $0.0418  req_1")
    assert "possibly billed    $0.0425  at most $0.0500" in lines[3]
    assert re.search(r"settled +unknown +unknown", lines[4])
    assert re.search(r"released +\$0\.0425 +\$0\.0000", lines[5])
    assert lines[6].split() == ["total", "5", "requests", "$0.0850", "$0.0836"]


def test_requests_of_several_sites_name_theirs() -> None:
    text = costs_text(report(ROW, replace(ROW, site="Blog of Ann"), by=By.REQUEST))
    assert "Blog of Ann" in text
    assert "site" in text.splitlines()[0]


def test_at_80_columns_a_row_is_a_line_and_what_is_left_out_is_named() -> None:
    long = replace(ROW, article="blog/posts/2026/" + "long-" * 12 + "name.md")
    for by, missing in (
        (By.ARTICLE, "text tokens, image tokens out"),
        (By.REQUEST, "model, size, quality, request id"),
    ):
        text = costs_text(report(long, by=by), width=80)
        table, told = text.split("\n\n")
        assert [len(line) <= 80 for line in table.splitlines()] == [True] * 3
        assert "…" in table
        assert "long-name.md" in table
        assert f"In a wider terminal, or with --format csv: {missing}." in told.replace("\n", " ")
        assert "wider" not in costs_text(report(long, by=by), width=220)


def test_a_narrow_terminal_cuts_the_name_alone() -> None:
    long = replace(ROW, article="blog/posts/2026/" + "long-" * 12 + "name.md")
    text = costs_text(report(long, by=By.ARTICLE), width=40)
    assert "actual" in text
    assert "difference" in text
    assert "$0.0418" in text
    assert max(map(len, text.split("\n\n")[1].splitlines())) <= 40


def test_a_terminal_shows_what_it_could_obey() -> None:
    text = costs_text(report(replace(ROW, article="a\x1b[2Jb\x9b.md"), by=By.ARTICLE))
    assert "a [2Jb .md" in text


@pytest.mark.parametrize("form", [costs_text, costs_html])
def test_no_purchases_are_told_kindly(form: object) -> None:
    assert callable(form)
    assert "No purchases yet." in form(report())
    assert "No purchases since 2026-11-01." in form(report(ROW, since=dt.date(2026, 11, 1)))
    assert "$" not in form(report())


def test_the_json_is_what_scripts_are_promised() -> None:
    document = json.loads(costs_json(report(*ALL, since=dt.date(2026, 12, 1))))
    sums = {
        "requests": 4,
        "pictures": 2,
        "unpriced": 1,
        "possibly_billed": 1,
        "possible_usd": "0.0500",
        "possible_micro_usd": 50000,
        "possibly_unpriced": 0,
        "released": 1,
        "input_text_tokens": 129,
        "input_image_tokens": 0,
        "output_tokens": 1372,
        "estimated_usd": "0.0425",
        "estimated_micro_usd": 42500,
        "actual_usd": "0.0418",
        "actual_micro_usd": 41805,
        "difference_usd": "-0.0007",
        "difference_micro_usd": -695,
    }
    assert document == {
        "version": 1,
        "currency": "USD",
        "by": "month",
        "since": "2026-12-01",
        "sources": ["ledger.sqlite3"],
        "total": sums,
        "groups": [{"group": "2026-12", **sums}],
    }


def test_the_json_has_null_for_what_nobody_knows() -> None:
    (cost,) = json.loads(costs_json(report(UNKNOWN, by=By.REQUEST)))["costs"]
    assert cost["actual_usd"] is cost["actual_micro_usd"] is cost["output_tokens"] is None
    assert cost["bound_micro_usd"] == 50000
    assert cost["size"] == "1536x1024"
    assert json.loads(costs_json(report()))["groups"] == []


def test_the_csv_has_exact_amounts_and_empty_cells_for_what_nobody_knows() -> None:
    assert costs_csv(report(*ALL, by=By.AUTHOR)) == (
        "author,requests,pictures,unpriced,possibly_billed,possible_usd,possibly_unpriced,released,"
        "input_text_tokens,input_image_tokens,output_tokens,estimated_usd,actual_usd,"
        "difference_usd\r\n"
        '"ann, bob",5,3,1,1,0.05,0,1,258,0,2744,0.085,0.08361,-0.00139\r\n'
    )
    (row,) = csv.DictReader(StringIO(costs_csv(report(UNKNOWN))))
    assert (row["actual_usd"], row["estimated_usd"], row["output_tokens"]) == ("", "", "")


def test_the_csv_of_requests_holds_the_ledgers_rows_whole() -> None:
    rows = list(csv.DictReader(StringIO(costs_csv(report(*ALL, by=By.REQUEST)), newline="")))
    assert len(rows) == 5
    assert rows[0] == {
        "at": "2026-10-05T12:00:00Z",
        "site": "Docs",
        "article": "blog/a.md",
        "section": "Blog",
        "authors": "ann, bob",
        "job": "",
        "model": "gpt-image-2",
        "size": "1536x1024",
        "quality": "medium",
        "state": "settled",
        "input_text_tokens": "129",
        "input_image_tokens": "0",
        "output_tokens": "1372",
        "estimated_usd": "0.0425",
        "actual_usd": "0.041805",
        "bound_usd": "0.05",
        "request_key": "a" * 64,
        "request_id": "req_1",
        "endpoint": "https://api.openai.com",
    }
    empty = costs_csv(report(by=By.REQUEST))
    assert empty.splitlines() == [",".join(rows[0])]


@given(st.text())
def test_no_text_becomes_a_formula_and_none_is_lost(text: str) -> None:
    row = replace(ROW, authors=text, request_id=f"={text}")
    (read,) = csv.DictReader(StringIO(costs_csv(report(row, by=By.REQUEST)), newline=""))
    assert not read["authors"].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert read["authors"] in (text, f"'{text}")
    assert read["request_id"] == f"'={text}"


class Page(HTMLParser):
    """The tags of a page, its text, and whether every tag is closed."""

    VOID = frozenset({"meta", "rect"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.append(data)


@pytest.mark.parametrize("by", By)
def test_the_page_needs_nothing_else_and_holds_the_table(by: By) -> None:
    page = Page(costs_html(report(*ALL, by=by)))
    assert page.open == []
    names = {tag for tag, _ in page.tags}
    assert names & {"script", "link", "img", "iframe"} == set()
    assert {"svg", "title", "desc", "table"} <= names
    assert not any(set(attrs) & {"src", "href"} for _, attrs in page.tags)
    assert "$0.0836" in page.text
    assert "ledger.sqlite3" in " ".join(page.text)


def test_the_page_escapes_what_the_books_say() -> None:
    evil = '<script>alert(1)</script>"&'
    row = replace(ROW, article=evil, site=evil, at=f"{evil}", request_id=evil, authors=evil)
    for by in By:
        html = costs_html(make_report(merge_books([[row]], []), by, sources=(evil,)))
        assert "<script" not in html
        assert Page(html).open == []


def bars_of(*rows: LedgerRow, by: By = By.MONTH) -> list[tuple[str, Decimal | None]]:
    return [(bar.label, bar.actual_usd) for bar in make_chart(report(*rows, by=by)).bars]


def test_the_chart_shows_months_without_a_purchase() -> None:
    assert bars_of(*ALL) == [
        ("2026-10", Decimal("0.041805")),
        ("2026-11", Decimal(0)),
        ("2026-12", Decimal("0.041805")),
    ]
    over_new_year = (replace(ROW, at="2025-12-31T00:00:00Z"), replace(ROW, at="2026-02-01"))
    assert [label for label, _ in bars_of(*over_new_year)] == ["2025-12", "2026-01", "2026-02"]


def test_a_time_that_is_none_fills_no_gap() -> None:
    rows = (ROW, replace(ROW, at=""), replace(ROW, at="9999-12"), replace(ROW, at="9999-99"))
    labels = [label for label, _ in bars_of(*rows)]
    assert labels[-1] == "9999-99"
    assert len(labels) == MOST_BARS


def test_a_chart_by_request_is_one_by_month() -> None:
    assert bars_of(*ALL, by=By.REQUEST) == bars_of(*ALL)


def test_a_long_chart_keeps_what_matters_most_and_says_so() -> None:
    many = [
        replace(ROW, article=f"{n}.md", at=f"{2000 + n}-01-01", actual_usd=Decimal(n))
        for n in range(1, 40)
    ]
    articles = make_chart(report(*many, by=By.ARTICLE))
    assert [bar.label for bar in articles.bars][:2] == ["39.md", "38.md"]
    assert articles.note == "The dearest 24 of 39."
    months = make_chart(report(*many))
    assert [bar.label for bar in months.bars][::23] == ["2037-02", "2039-01"]
    assert months.note == "The newest 24 of 457 months."
    assert "The newest 24 of 457 months. The table has all." in costs_html(report(*many))


def rects(*rows: LedgerRow, by: By = By.MODEL) -> list[tuple[str, str, str]]:
    svg = ElementTree.fromstring(chart_svg(make_chart(report(*rows, by=by))))
    found = [rect for rect in svg.iterfind("g/rect") if rect.get("class") != "track"]
    return [(it.get("class", ""), it.get("x", ""), it.get("width", "")) for it in found]


def test_bars_are_as_long_as_their_amounts() -> None:
    dear = replace(ROW, model="dear", actual_usd=Decimal("0.09"), estimated_usd=Decimal("0.06"))
    maybe = replace(POSSIBLE, model="dear", bound_usd=Decimal("0.03"))
    cheap = replace(ROW, actual_usd=Decimal("0.03"), estimated_usd=Decimal("0.0000001"))
    assert rects(dear, maybe, cheap) == [
        ("actual", "0.00%", "75.00%"),
        ("possible", "75.00%", "25.00%"),
        ("estimated", "0.00%", "50.00%"),
        ("actual", "0.00%", "25.00%"),
        ("estimated", "0.00%", "0.40%"),
    ]


def test_what_costs_nothing_or_is_unknown_has_no_bar() -> None:
    assert rects(replace(UNKNOWN, bound_usd=None)) == []
    assert rects(replace(ROW, actual_usd=Decimal(0), estimated_usd=Decimal(0))) == []
    assert rects(replace(ROW, actual_usd=Decimal(-1), estimated_usd=None)) == []


def test_the_chart_is_told_to_who_can_not_see_it() -> None:
    svg = ElementTree.fromstring(chart_svg(make_chart(report(*ALL))))
    assert (svg.get("role"), svg.get("aria-labelledby")) == ("img", "chart-title chart-desc")
    assert svg.findtext("title") == "Cost in USD by month"
    assert (svg.findtext("desc") or "").startswith("3 bars; the longest is 2026-10 with $0.0418.")
    titles = [title.text for title in svg.iterfind("g/title")]
    assert titles[2] == ("2026-12: paid $0.0418, possibly $0.0500 more, estimated $0.0425")
    unknown = ElementTree.fromstring(chart_svg(make_chart(report(UNKNOWN))))
    assert "their prices unknown" in (unknown.findtext("desc") or "")
