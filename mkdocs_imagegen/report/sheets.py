"""Rows for spreadsheets, as RFC 4180 has it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import StringIO

Value = str | int | Decimal | None
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a text for a formula, and run it."""


def sheet(names: Sequence[str], rows: Iterable[Iterable[Value]]) -> str:
    """Return CSV with a row of names on top.

    Amounts are exact, and what is `None` is empty. A text that a spreadsheet would run as a formula
    gets a leading apostrophe.
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: Value) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value.normalize():f}"
        case str():
            return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
        case _:
            return str(value)
