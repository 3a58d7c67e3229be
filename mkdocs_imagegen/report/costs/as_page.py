"""Costs as one page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from .chart import chart_svg, make_chart
from .columns import Column, cost_columns
from .sums import By, CostReport, Summary
from .words import UNKNOWN, money, nothing_yet, sentences, signed_money

_TITLE = "What the covers cost"
_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --text: #1c2430; --quiet: #5b6675;
  --line: #dfe4ea; --track: #eef1f4; --actual: #2f6690; --estimated: #98a4b3; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181d; --text: #e4e8ed;
  --quiet: #9aa6b4; --line: #2c343e; --track: #20262d; --actual: #74abd3; --estimated: #67737f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 3rem; background: var(--ground);
  color: var(--text); font: 0.9375rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 0.25rem; }
h2 { font-size: 1.0625rem; margin: 2rem 0 0.75rem; }
p { margin: 0.25rem 0; max-width: 54rem; }
.quiet, dt, footer { color: var(--quiet); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.75rem;
  margin: 1.25rem 0; }
dl div { border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.5rem 0.75rem; }
dt { font-size: 0.8125rem; }
dd { margin: 0; font-size: 1.125rem; font-weight: 600; font-variant-numeric: tabular-nums; }
main > svg { display: block; max-width: 46rem; }
svg text { fill: var(--text); font-size: 0.8125rem; font-variant-numeric: tabular-nums; }
.track { fill: var(--track); }
.actual { fill: var(--actual); }
.possible { fill: url(#possible); }
.possible-ground { fill: var(--track); }
.estimated { fill: var(--estimated); }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0 0 1rem;
  padding: 0; font-size: 0.8125rem; color: var(--quiet); }
.legend svg { display: inline-block; width: 1.5rem; height: 0.625rem; margin-right: 0.375rem; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 0.5rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; }
th, td { padding: 0.375rem 0.75rem; text-align: left; vertical-align: top; white-space: nowrap; }
th { font-weight: 600; }
thead th { white-space: normal; vertical-align: bottom; line-height: 1.3;
  color: var(--quiet); font-size: 0.8125rem; border-bottom: 1px solid var(--line); }
tbody th { font-weight: 400; white-space: normal; overflow-wrap: anywhere; min-width: 9rem; }
tbody td + th { min-width: 15rem; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tfoot > tr > * { border-top: 2px solid var(--line); font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
footer { margin-top: 2rem; font-size: 0.8125rem; overflow-wrap: anywhere; }
""".strip()


def costs_html(report: CostReport) -> str:
    """Return the report as a whole page: figures, a bar chart and the table it is drawn from."""
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="robots" content="noindex">',
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{_TITLE}</title>",
            f"<style>\n{_STYLE}\n</style>",
            "</head>",
            "<body>",
            *_header(report),
            *(_main(report) if report.total.requests else ()),
            *_footer(report),
            "</body>",
            "</html>\n",
        )
    )


def _header(report: CostReport) -> Iterator[str]:
    yield "<header>"
    yield f"<h1>{_TITLE}</h1>"
    if not report.total.requests:
        yield f"<p>{nothing_yet(report)}</p>"
    else:
        yield f'<p class="quiet">{_span(report)}</p>'
    yield "</header>"


def _span(report: CostReport) -> str:
    days = [cost.at[:10] for cost in report.costs if cost.at]
    how = "request by request" if report.by is By.REQUEST else f"by {report.by.value}"
    return (
        f"{escape(days[0])} to {escape(days[-1])}, {how}, days and months in UTC" if days else how
    )


def _main(report: CostReport) -> Iterator[str]:
    chart = make_chart(report)
    yield "<main>"
    yield f"<dl>{''.join(_figures(report.total))}</dl>"
    yield from (f"<p>{escape(sentence)}</p>" for sentence in sentences(report.total))
    yield f"<h2>By {chart.by.value}</h2>"
    if chart.note:
        yield f'<p class="quiet">{chart.note} The table has all.</p>'
    yield _legend(report.total)
    yield chart_svg(chart)
    yield '<h2 id="numbers">The numbers</h2>'
    yield from _table(cost_columns(report))
    yield "</main>"


def _figures(total: Summary) -> Iterator[str]:
    yield _figure("actual", money(total.actual_usd))
    if total.estimated_usd is not None:
        yield _figure("estimated", money(total.estimated_usd))
        yield _figure("difference", signed_money(total.difference_usd))
    yield _figure("pictures", f"{total.pictures:,}")
    if total.possibly_billed:
        most = total.possible_usd
        yield _figure("possibly, at most", UNKNOWN if most is None else money(most))


def _figure(name: str, value: str) -> str:
    return f"<div><dt>{name}</dt><dd>{value}</dd></div>"


def _legend(total: Summary) -> str:
    marks = [("actual", "actual")]
    if total.possibly_billed:
        marks.append(("possible", "possibly billed, at most"))
    if total.estimated_usd is not None:
        marks.append(("estimated", "estimated"))
    items = "".join(
        f'<li><svg aria-hidden="true"><rect class="{name}" width="100%" height="100%"/></svg>'
        f"{words}</li>"
        for name, words in marks
    )
    return f'<ul class="legend">{items}</ul>'


def _table(columns: Sequence[Column]) -> Iterator[str]:
    yield '<div class="wide" role="region" aria-labelledby="numbers" tabindex="0">'
    yield "<table>"
    headings = "".join(f'<th scope="col"{_side(it)}>{escape(it.heading)}</th>' for it in columns)
    yield f"<thead><tr>{headings}</tr></thead>"
    yield "<tbody>"
    for row in zip(*(column.cells for column in columns), strict=True):
        cells = zip(columns, row, strict=True)
        yield f"<tr>{''.join(_cell(column, text) for column, text in cells)}</tr>"
    yield "</tbody>"
    totals = "".join(f"<td{_side(column)}>{escape(column.total)}</td>" for column in columns)
    yield f"<tfoot><tr>{totals}</tr></tfoot>"
    yield "</table>"
    yield "</div>"


def _cell(column: Column, text: str) -> str:
    if column.names_row:
        return f'<th scope="row">{escape(text)}</th>'
    return f"<td{_side(column)}>{escape(text)}</td>"


def _side(column: Column) -> str:
    return ' class="number"' if column.is_number else ""


def _footer(report: CostReport) -> Iterator[str]:
    read = ", ".join(report.sources)
    since = f", since {report.since}" if report.since else ""
    if read or since:
        yield f"<footer>Made from {escape(read or 'no books')}{since}.</footer>"
