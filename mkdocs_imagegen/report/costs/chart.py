"""A bar chart of costs as SVG: what was paid against what was estimated. Needs no script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from itertools import pairwise

from .sums import By, CostReport, Summary, group_costs, group_label
from .words import UNKNOWN, count, money

MOST_BARS = 24
_ROW_PX = 46
_LABEL_PX = 13
"""From the top of a row to its text's base line."""
_BAR_PX = (20, 10)
"""Top and height in the row of what was paid; below, of what was estimated."""
_ESTIMATE_PX = (32, 4)
_LABEL_PERCENT = 78
"""How far a name may go; a longer one is cut there, so that it spares the amount."""
_LEAST_PERCENT = Decimal("0.4")
"""The width of any bar that is not nothing."""
_MONTH = re.compile(r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])")
_HATCH = (
    '<defs><pattern id="possible" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="6" height="6" class="possible-ground"/>'
    '<rect width="3" height="6" class="actual"/></pattern></defs>'
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One group in the chart; amounts that nobody knows are `None`."""

    label: str
    actual_usd: Decimal | None
    possible_usd: Decimal
    """On top of that, at most."""
    estimated_usd: Decimal | None

    @property
    def length_usd(self) -> Decimal:
        """What the chart's scale must have room for."""
        paid = (self.actual_usd or Decimal(0)) + self.possible_usd
        return max(paid, self.estimated_usd or Decimal(0))


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of a report, and what they leave out."""

    by: By
    bars: tuple[Bar, ...]
    note: str = ""
    """Which groups are shown, `""` where all are."""


def make_chart(report: CostReport) -> Chart:
    """Return a report's chart: by request that of its months.

    Months without a purchase stand between the others. There are no more than `MOST_BARS` bars:
    the newest months, or the dearest groups.
    """
    by_request = report.by is By.REQUEST
    by = By.MONTH if by_request else report.by
    groups = group_costs(report.costs, by) if by_request else report.groups
    bars = tuple(_bar(group, by) for group in groups)
    if by is By.MONTH:
        bars = tuple(_without_gaps(bars))
    if len(bars) <= MOST_BARS:
        return Chart(by, bars)
    if by is By.MONTH:
        return Chart(by, bars[-MOST_BARS:], f"The newest {MOST_BARS} of {len(bars):,} months.")
    return Chart(by, bars[:MOST_BARS], f"The dearest {MOST_BARS} of {len(bars):,}.")


def chart_svg(chart: Chart) -> str:
    """Return the chart as an `svg` element that is as wide as the page gives it room for.

    Its colours are the page's: classes `actual`, `possible`, `possible-ground`, `estimated` and
    `track`.
    """
    bars = chart.bars
    scale_usd = max((bar.length_usd for bar in bars), default=Decimal(0))
    rows = "".join(_row(bar, n * _ROW_PX, scale_usd) for n, bar in enumerate(bars))
    return (
        f'<svg width="100%" height="{len(bars) * _ROW_PX}" role="img" '
        'aria-labelledby="chart-title chart-desc">'
        f'<title id="chart-title">Cost in USD by {chart.by.value}</title>'
        f'<desc id="chart-desc">{escape(_description(bars))}</desc>{_HATCH}{rows}</svg>'
    )


def _bar(group: Summary, by: By) -> Bar:
    return Bar(
        group_label(group.group, by),
        group.actual_usd,
        group.possible_usd or Decimal(0),
        group.estimated_usd,
    )


def _without_gaps(bars: Sequence[Bar]) -> Iterator[Bar]:
    """Yield months with those between them in which nothing was bought."""
    yield from bars[:1]
    for bar, following in pairwise(bars):
        months = _month_number(bar.label), _month_number(following.label)
        if months[0] is not None and months[1] is not None:
            for number in range(months[0] + 1, months[1]):
                month = f"{number // 12:04}-{number % 12 + 1:02}"
                yield Bar(month, Decimal(0), Decimal(0), Decimal(0))
        yield following


def _month_number(label: str) -> int | None:
    """Return which month since the year 0 `2026-12` is; `None` for what is no month."""
    found = _MONTH.fullmatch(label)
    return int(found["year"]) * 12 + int(found["month"]) - 1 if found else None


def _row(bar: Bar, top_px: int, scale_usd: Decimal) -> str:
    paid = _percent(bar.actual_usd, scale_usd)
    possible = _percent(bar.possible_usd, scale_usd)
    return (
        f"<g><title>{escape(_tooltip(bar))}</title>"
        f'<svg y="{top_px}" width="{_LABEL_PERCENT}%" height="{_BAR_PX[0]}">'
        f'<text y="{_LABEL_PX}">{escape(bar.label)}</text></svg>'
        f'<text x="100%" y="{top_px + _LABEL_PX}" text-anchor="end">{money(bar.actual_usd)}</text>'
        + _rect("track", Decimal(0), Decimal(100), top_px, _BAR_PX)
        + _rect("actual", Decimal(0), paid, top_px, _BAR_PX)
        + _rect("possible", paid, min(possible, 100 - paid), top_px, _BAR_PX)
        + _rect(
            "estimated", Decimal(0), _percent(bar.estimated_usd, scale_usd), top_px, _ESTIMATE_PX
        )
        + "</g>"
    )


def _rect(
    name: str, x_percent: Decimal, width_percent: Decimal, top_px: int, place_px: tuple[int, int]
) -> str:
    if not width_percent:
        return ""
    below_px, height_px = place_px
    return (
        f'<rect class="{name}" x="{x_percent:.2f}%" y="{top_px + below_px}" '
        f'width="{width_percent:.2f}%" height="{height_px}"/>'
    )


def _percent(amount_usd: Decimal | None, scale_usd: Decimal) -> Decimal:
    if amount_usd is None or amount_usd <= 0:
        return Decimal(0)
    return max(amount_usd * 100 / scale_usd, _LEAST_PERCENT)


def _tooltip(bar: Bar) -> str:
    text = f"{bar.label}: paid {money(bar.actual_usd)}"
    if bar.possible_usd:
        text += f", possibly {money(bar.possible_usd)} more"
    return text + ("" if bar.estimated_usd is None else f", estimated {money(bar.estimated_usd)}")


def _description(bars: Sequence[Bar]) -> str:
    known = [bar for bar in bars if bar.actual_usd is not None]
    if not known:
        return (
            f"{count(len(bars), 'bar')}, their prices {UNKNOWN}. The table below has the numbers."
        )
    dearest = max(known, key=lambda bar: bar.actual_usd or Decimal(0))
    return (
        f"{count(len(bars), 'bar')}; the longest is {dearest.label} with "
        f"{money(dearest.actual_usd)}. The table below has the numbers."
    )
