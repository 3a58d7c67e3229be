"""Costs as a table for terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..table import Cell, aligned, taken_columns, wrapped
from .columns import Column, cost_columns
from .sums import By, CostReport
from .words import nothing_yet, sentences

_HEADING_STYLE = "dim"
_TOTAL_STYLE = "bold"
_OF_ARTICLES = (By.ARTICLE, By.REQUEST)
_LEAST_NAME = 24
"""Columns of text, before others are left out."""


def costs_text(report: CostReport, *, width: int | None = None, colour: bool = False) -> str:
    """Return costs as an aligned table, a total, and sentences on what the sums don't say.

    Args:
        report: what to show.
        width: of the terminal, in columns; a row is one line without it.
        colour: with ANSI colours.
    """
    if not report.total.requests:
        return f"{nothing_yet(report)}\n"
    found = cost_columns(report)
    left_out = _left_out(found, width)
    columns = [column for column in found if column not in left_out]
    rows = _rows(columns)
    folded = _folded(columns)
    paths = folded[:1] if report.by in _OF_ARTICLES else ()
    table = aligned(rows, folded=folded, paths=paths, width=width, colour=colour)
    told = [*sentences(report.total), *_told(left_out)]
    lines = (line for text in told for line in (wrapped(text, width) if width else [text]))
    return "\n".join((table, *lines)) + "\n"


def _left_out(columns: Sequence[Column], width: int | None) -> Sequence[Column]:
    """Return the columns that a terminal has no room for beside a name."""
    details = [column for column in columns if column.is_detail]
    if width is None or not details:
        return ()
    name = next(column for column in columns if column.names_row)
    named = min(max(map(len, name.cells)), _LEAST_NAME)
    others = [column for column in columns if column is not name]
    return details if taken_columns(_rows(others)) + 2 + named > width else ()


def _told(left_out: Sequence[Column]) -> Iterator[str]:
    if left_out:
        names = ", ".join(column.heading for column in left_out)
        yield f"In a wider terminal, or with --format csv: {names}."


def _rows(columns: Sequence[Column]) -> Sequence[Sequence[Cell]]:
    return list(zip(*map(_cells, columns), strict=True))


def _cells(column: Column) -> list[Cell]:
    """Return a column's cells from heading to total; numbers end at its right."""
    texts = [column.heading, *column.cells, column.total]
    if column.is_number:
        widest = max(map(len, texts))
        texts = [text.rjust(widest) for text in texts]
    styles = [_HEADING_STYLE, *("" for _ in column.cells), _TOTAL_STYLE]
    return list(zip(texts, styles, strict=True))


def _folded(columns: Sequence[Column]) -> tuple[int, int]:
    """Return which two columns give way: the name, and the last text or the first number."""
    name = next(n for n, column in enumerate(columns) if column.names_row)
    texts = [n for n, column in enumerate(columns) if not column.is_number and n != name]
    return name, texts[-1] if texts else name + 1
