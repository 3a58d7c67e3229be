"""Rows of cells to aligned lines of text.

Written by hand because rich's tables take a millisecond a row, and plans have thousands. What is
wide and what is narrow, and where a line may end, rich still says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from io import StringIO
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

Cell = tuple[str, str]
"""Its text, and its style in rich's words (`bold green`), `""` for none."""
_GAP = "  "
_LEAST_FOLDED = 18
"""The columns of text that the folded ones share at the least, however narrow the terminal."""
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What ends a line, moves the cursor, or turns the reading direction round."""


def aligned(
    rows: Sequence[Sequence[Cell]],
    *,
    folded: tuple[int, int],
    paths: Collection[int] = (),
    width: int | None = None,
    colour: bool = False,
) -> str:
    """Return the rows as lines with their columns aligned, without space at their ends.

    Args:
        rows: each with as many cells.
        folded: the two columns that take several lines where the rest needs the room.
        paths: those of the two that keep to one line instead, and lose their beginnings.
        width: of the terminal, in columns; a row is one line without it. The other columns keep
            their width even where that is too much.
        colour: with ANSI colours.
    """
    cells = [[(_UNSHOWABLE.sub(" ", text), style) for text, style in row] for row in rows]
    widths = [max(_cell_len(row[n][0]) for row in cells) for n in range(len(cells[0]))]
    if width is not None:
        _narrow(widths, folded, width)
    for row in cells:
        for n in paths:
            row[n] = (_end_of(row[n][0], widths[n]), row[n][1])
    lines = (line for row in cells for line in _lines(row, widths))
    return "".join(f"{_line(parts, widths, colour=colour)}\n" for parts in lines)


def taken_columns(rows: Sequence[Sequence[Cell]]) -> int:
    """Return the columns that the rows take where nothing is folded."""
    widths = [max(_cell_len(row[n][0]) for row in rows) for n in range(len(rows[0]))]
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most this many columns, cut between words where that fits."""
    from rich.text import Text

    if _cell_len(text) <= width:
        return [text]
    lines = Text(text).wrap(_console(), width, overflow="fold")
    return [line.plain.rstrip() for line in lines]


def _end_of(text: str, width: int) -> str:
    """Return the end of a path that fits, behind `…`."""
    if _cell_len(text) <= width:
        return text
    start = 1
    while _cell_len(text[start:]) >= width:
        start += 1
    return f"…{text[start:]}"


def _narrow(widths: list[int], folded: tuple[int, int], width: int) -> None:
    """Give the two folded columns what the others leave, the shorter one all that it needs."""
    one, other = folded
    fixed = sum(widths) - widths[one] - widths[other] + len(_GAP) * (len(widths) - 1)
    room = max(width - fixed, _LEAST_FOLDED)
    half = room // 2
    if widths[one] + widths[other] <= room:
        return
    if widths[other] <= half:
        widths[one] = room - widths[other]
    elif widths[one] <= half:
        widths[other] = room - widths[one]
    else:
        widths[one], widths[other] = half, room - half


def _lines(row: Sequence[Cell], widths: Sequence[int]) -> Iterator[Sequence[Cell]]:
    if all(_cell_len(text) <= width for (text, _), width in zip(row, widths, strict=True)):
        yield row
        return
    columns = [wrapped(text, width) for (text, _), width in zip(row, widths, strict=True)]
    for parts in zip_longest(*columns, fillvalue=""):
        yield [(part, style) for part, (_, style) in zip(parts, row, strict=True)]


def _line(cells: Sequence[Cell], widths: Sequence[int], *, colour: bool) -> str:
    last = max((n for n, (text, _) in enumerate(cells) if text.strip()), default=-1)
    parts = []
    for n, (text, style) in enumerate(cells[: last + 1]):
        padding = "" if n == last else " " * (widths[n] - _cell_len(text))
        text = text.rstrip() if n == last else text
        parts.append((styled(text, style) if colour else text) + padding)
    return _GAP.join(parts)


def styled(text: str, style: str) -> str:
    """Return the text in ANSI colours."""
    if not (style and text):
        return text
    before, after = _escapes(style)
    return f"{before}{text}{after}"


def _cell_len(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


@cache
def _console() -> Console:
    from rich.console import Console

    return Console(file=StringIO())


@cache
def _escapes(style: str) -> tuple[str, str]:
    from rich.color import ColorSystem
    from rich.style import Style

    before, after = Style.parse(style).render("|", color_system=ColorSystem.STANDARD).split("|")
    return before, after
