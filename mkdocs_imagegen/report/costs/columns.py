"""A report of costs as the cells of one table: the same on a terminal and on a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ...model import RowState
from .cost import Cost
from .sums import By, CostReport, Summary, group_label
from .words import count, money, signed_money, tokens

_DETAILS = frozenset(
    {"text tokens", "image tokens in", "image tokens out"}
    | {"model", "size", "quality", "request id"}
)
_REQUEST_NUMBERS = frozenset({"estimated", "actual"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table of costs."""

    heading: str
    cells: tuple[str, ...]
    """One a row."""
    total: str
    is_number: bool = True
    """Whether it stands at the right."""
    names_row: bool = False
    """Whether it says what the row is, and gives way where there is little room."""

    @property
    def is_detail(self) -> bool:
        """Whether narrow terminals do without it."""
        return self.heading in _DETAILS


def cost_columns(report: CostReport) -> tuple[Column, ...]:
    """Return the columns that say something here: none of possible bills where there are none."""
    return _requests(report) if report.by is By.REQUEST else _groups(report)


def _groups(report: CostReport) -> tuple[Column, ...]:
    names = tuple(group_label(group.group, report.by) for group in report.groups)
    name = Column(report.by.value, names, "total", is_number=False, names_row=True)
    numbers = (
        Column(heading, tuple(cell(group) for group in report.groups), cell(report.total))
        for heading, says_something, cell in _SUMMARY_COLUMNS
        if says_something(report.total)
    )
    return (name, *numbers)


def _requests(report: CostReport) -> tuple[Column, ...]:
    several_sites = len({cost.site for cost in report.costs}) > 1
    total = {
        "time": "total",
        "article": count(report.total.requests, "request"),
        "estimated": money(report.total.estimated_usd),
        "actual": money(report.total.actual_usd),
    }
    return tuple(
        Column(
            heading,
            tuple(cell(cost) for cost in report.costs),
            total.get(heading, ""),
            is_number=heading in _REQUEST_NUMBERS,
            names_row=heading == "article",
        )
        for heading, cell in _REQUEST_COLUMNS
        if several_sites or heading != "site"
    )


def _at_most(summary: Summary) -> str:
    return money(summary.possible_usd) if summary.possibly_billed else ""


def _number(number: int) -> str:
    return f"{number:,}" if number else ""


def _actual(cost: Cost) -> str:
    if cost.possibly_billed:
        return "unknown" if cost.bound_usd is None else f"at most {money(cost.bound_usd)}"
    return money(Decimal(0) if cost.state is RowState.RELEASED else cost.actual_usd)


_SUMMARY_COLUMNS: tuple[tuple[str, Callable[[Summary], object], Callable[[Summary], str]], ...] = (
    ("requests", lambda total: total.requests, lambda group: f"{group.requests:,}"),
    ("pictures", lambda total: total.requests, lambda group: f"{group.pictures:,}"),
    (
        "text tokens",
        lambda total: total.input_text_tokens,
        lambda group: tokens(group.input_text_tokens),
    ),
    (
        "image tokens in",
        lambda total: total.input_image_tokens,
        lambda group: tokens(group.input_image_tokens),
    ),
    (
        "image tokens out",
        lambda total: total.output_tokens,
        lambda group: tokens(group.output_tokens),
    ),
    (
        "estimated",
        lambda total: total.estimated_usd is not None,
        lambda group: money(group.estimated_usd),
    ),
    ("actual", lambda total: total.requests, lambda group: money(group.actual_usd)),
    (
        "difference",
        lambda total: total.estimated_usd is not None,
        lambda group: signed_money(group.difference_usd),
    ),
    (
        "possibly billed",
        lambda total: total.possibly_billed,
        lambda group: _number(group.possibly_billed),
    ),
    ("at most", lambda total: total.possibly_billed, _at_most),
    ("not charged", lambda total: total.released, lambda group: _number(group.released)),
    (
        "unknown prices",
        lambda total: total.unknown_prices,
        lambda group: _number(group.unknown_prices),
    ),
)
"""Heading, whether it says something where the total is this, and the cell of a group."""

_REQUEST_COLUMNS: tuple[tuple[str, Callable[[Cost], str]], ...] = (
    ("time", lambda cost: cost.at),
    ("site", lambda cost: cost.site),
    ("article", lambda cost: cost.article),
    ("model", lambda cost: cost.model),
    ("size", lambda cost: str(cost.size)),
    ("quality", lambda cost: cost.quality),
    ("state", lambda cost: cost.state.value),
    ("estimated", lambda cost: money(cost.estimated_usd)),
    ("actual", _actual),
    ("request id", lambda cost: cost.request_id),
)
