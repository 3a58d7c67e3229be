"""The plan as a table for terminals."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING, Literal

from ..model import Action, ActionKind, Plan, Priced
from ..plan import Decision
from ..pricing import usd_text
from ..settings import Budget
from .lines import plan_summary

if TYPE_CHECKING:
    from rich.table import Table

_SYMBOLS = {
    ActionKind.GENERATE: ("+", "bold green"),
    ActionKind.RENDER: ("~", "cyan"),
    ActionKind.REUSE: ("=", "dim"),
    ActionKind.SHARED: ("=", "dim"),
    ActionKind.OWN: ("·", "dim"),
    ActionKind.DRAW: ("✎", "cyan"),
    ActionKind.BLOCKED: ("!", "bold red"),
}
_HEADINGS = ("", "article", "action", "size", "quality", "model", "USD", "why")
_FOLDED = ("article", "why")
"""The columns that take several lines where the terminal is narrow."""
_LEAST_FOLDED = 22
"""The columns of text that these two share at the least, however narrow the terminal."""
_UNBOUNDED = 10_000


def plan_text(
    plan: Plan,
    decision: Decision | None,
    budget: Budget,
    *,
    width: int | None = None,
    colour: bool = False,
) -> str:
    """Return the plan as an aligned table, its totals, and whether a build here would buy it.

    Args:
        plan: what to show.
        decision: of a `mkdocs build` in this environment; `None` leaves it out.
        budget: the walls, shown beside what they hold back.
        width: of the terminal, in columns; rows are as long as they need without one.
        colour: with ANSI colours.
    """
    from rich.console import Console

    out = StringIO()
    rows = [_cells(action) for action in plan.actions]
    columns = width or _UNBOUNDED
    console = Console(
        file=out,
        width=max(columns, _least_width(rows)),
        force_terminal=colour,
        color_system="auto" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    if rows:
        console.print(_table(rows))
        console.print()
    for line in _totals(plan, decision, budget):
        console.print(line, width=columns)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _table(rows: Sequence[Sequence[tuple[str, str]]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_edge=False, header_style="dim")
    for heading in _HEADINGS:
        justify: Literal["left", "right"] = "right" if heading == "USD" else "left"
        folded = heading in _FOLDED
        table.add_column(heading, justify=justify, overflow="fold", no_wrap=not folded)
    for row in rows:
        table.add_row(*(Text(cell, style=style) for cell, style in row))
    return table


def _least_width(rows: Sequence[Sequence[tuple[str, str]]]) -> int:
    """Return the width below which rich would leave out whole columns, articles first."""
    gaps = 2 * (len(_HEADINGS) - 1)
    widest = (
        max(len(heading), *(len(row[n][0]) for row in rows))
        for n, heading in enumerate(_HEADINGS)
        if heading not in _FOLDED
    )
    return sum(widest) + gaps + _LEAST_FOLDED if rows else 0


def _cells(action: Action) -> list[tuple[str, str]]:
    symbol, style = _SYMBOLS[action.kind]
    own = action.kind is ActionKind.OWN
    cover = action.cover
    details = ("", "", "") if own else (str(cover.size), cover.quality, cover.model)
    return [
        (symbol, style),
        (action.article, ""),
        (action.kind.value, style),
        *((detail, "") for detail in details),
        (_price(action), ""),
        (action.reason, "dim"),
    ]


def _price(action: Action) -> str:
    if not isinstance(action.price, Priced):
        return "unpriced"
    if action.kind is not ActionKind.GENERATE:
        return ""
    about = "~" if action.price.confidence == "estimate" else ""
    return f"{about}${usd_text(action.price.output_usd)}"


def _totals(plan: Plan, decision: Decision | None, budget: Budget) -> list[str]:
    lines = [f"Plan: {plan_summary(plan)}."]
    if plan.purchases:
        per_build = budget.per_build_usd
        wall = "no limit in USD" if per_build is None else f"${usd_text(per_build)} a build"
        lines.append(f"Walls: {wall}, {budget.max_images} pictures.")
    if plan.purchases and decision:
        verb = "buys" if decision.buys else "does not buy"
        lines.append(f"A mkdocs build here {verb} ({decision.reason}).")
    return lines
