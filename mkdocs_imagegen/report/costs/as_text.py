"""Costs as a table for terminals."""

from __future__ import annotations

from collections.abc import Sequence

from ..table import Cell, aligned, wrapped
from .columns import Column, cost_columns
from .sums import CostReport
from .words import nothing_yet, sentences

_HEADING_STYLE = "dim"
_TOTAL_STYLE = "bold"


def costs_text(report: CostReport, *, width: int | None = None, colour: bool = False) -> str:
    """Return costs as an aligned table, a total, and sentences on what the sums don't say.

    Args:
        report: what to show.
        width: of the terminal, in columns; a row is one line without it.
        colour: with ANSI colours.
    """
    if not report.total.requests:
        return f"{nothing_yet(report)}\n"
    columns = cost_columns(report)
    cells = [_cells(column) for column in columns]
    rows = list(zip(*cells, strict=True))
    table = aligned(rows, folded=_folded(columns), width=width, colour=colour)
    told = sentences(report.total)
    lines = (line for text in told for line in (wrapped(text, width) if width else [text]))
    return "\n".join((table, *lines)) + "\n"


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
