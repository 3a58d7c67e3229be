"""The plan as a table for terminals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..collector import collector_at_rest
from ..model import Action, ActionKind, Plan
from ..plan import Outlook
from .plan_words import (
    amounts,
    cause_line,
    counts_summary,
    decision_line,
    plan_summary,
    price_cell,
    repaint,
)
from .table import Cell, aligned, styled, taken_columns, wrapped
from .totals import UNCHANGED, Cause, causes, listed

_SYMBOLS = {
    ActionKind.GENERATE: ("+", "bold green"),
    ActionKind.RENDER: ("~", "cyan"),
    ActionKind.REUSE: ("=", "dim"),
    ActionKind.SHARED: ("=", "dim"),
    ActionKind.OWN: ("·", "dim"),
    ActionKind.DRAW: ("✎", "cyan"),
    ActionKind.OUTDATED: ("*", "yellow"),
    ActionKind.SKIP: ("-", "dim"),
    ActionKind.LOST: ("?", "bold yellow"),
    ActionKind.BLOCKED: ("!", "bold red"),
}
_HEADINGS = ("", "article", "action", "size", "quality", "model", "USD", "why")
_ARTICLE, _PRICE, _WHY = 1, 6, 7
_DETAILS = (3, 4, 5)
_MANY = 40
"""A plan of more actions lists only what costs, is in trouble or changed."""
_MOST_CAUSES = 8
_FOLDED = {
    **dict.fromkeys(UNCHANGED, ("=", "are unchanged")),
    ActionKind.RENDER: ("~", "only need rendering, free"),
    ActionKind.DRAW: ("✎", "are drawn, free"),
    ActionKind.SKIP: ("-", "are left out of this run"),
}
"""Where there are many actions, each of these groups is one line."""


@collector_at_rest()
def plan_text(
    plan: Plan, outlook: Outlook, *, width: int | None = None, colour: bool = False
) -> str:
    """Return the plan as an aligned table, its totals, and whether a build here would buy it.

    A plan of more than 40 actions counts what is unchanged or free instead of listing it; JSON
    lists all. Outdated covers are one line for each cause that hit more than three.

    Args:
        plan: what to show.
        outlook: what is told beside it; a decision is of a `mkdocs build` in this environment.
        width: of the terminal, in columns; rows are as long as they need without one.
        colour: with ANSI colours.
    """
    found = causes(plan)
    rows = [action for action in listed(plan, found) if not _is_counted(plan, action)]
    text = ""
    if rows:
        header = [(heading, "dim") for heading in _HEADINGS]
        table = _with_aligned_prices([header, *map(_cells, rows)])
        text = _fitted_table(table, width, colour=colour)
    counted = Counter(_FOLDED[a.kind] for a in plan.actions if _is_counted(plan, a))
    for (symbol, words), count in counted.items():
        line = f"{symbol} {count}{' more' if rows else ''} {words}"
        text += (styled(line, "dim") if colour else line) + "\n"
    text += "\n" if text else ""
    lines = [*_outdated_lines(found, outlook), *_totals(plan, outlook)]
    return text + "".join(f"{line}\n" for line in _fitted(lines, width))


def _is_counted(plan: Plan, action: Action) -> bool:
    return len(plan.actions) > _MANY and action.kind in _FOLDED


def _cells(action: Action) -> list[Cell]:
    symbol, style = _SYMBOLS[action.kind]
    own = action.kind is ActionKind.OWN
    cover = action.cover
    details = ("", "", "") if own else (str(cover.size), cover.quality, cover.model)
    return [
        (symbol, style),
        (action.article, ""),
        (action.kind.value, style),
        *((detail, "") for detail in details),
        (price_cell(action), "" if action.kind is ActionKind.GENERATE else "dim"),
        (action.reason, "dim"),
    ]


def _fitted_table(table: Sequence[Sequence[Cell]], width: int | None, *, colour: bool) -> str:
    """Align the table; where it is too wide, what is the same in all rows is told once below it."""
    shared: dict[int, str] = {}
    if width is not None and taken_columns(table) > width:
        for n in _DETAILS:
            values = {row[n][0] for row in table[1:]} - {""}
            if len(values) <= 1:
                shared[n] = "".join(values)
    rows = [[cell for n, cell in enumerate(row) if n not in shared] for row in table]
    why = _WHY - len(shared)
    text = aligned(rows, folded=(_ARTICLE, why), paths=(_ARTICLE,), width=width, colour=colour)
    if any(shared.values()):
        line = f"   all: {', '.join(filter(None, shared.values()))}"
        text += (styled(line, "dim") if colour else line) + "\n"
    return text


def _with_aligned_prices(table: Sequence[list[Cell]]) -> Sequence[list[Cell]]:
    """Put the decimal points below each other: a price in parentheses ends a column later."""
    prices = [row[_PRICE][0] for row in table]
    if any(price.endswith(")") for price in prices):
        prices = [price if price.endswith(")") else f"{price} " for price in prices]
    widest = max(map(len, prices))
    for row, price in zip(table, prices, strict=True):
        row[_PRICE] = (price.rjust(widest), row[_PRICE][1])
    return table


def _outdated_lines(found: Sequence[Cause], outlook: Outlook) -> Iterator[str]:
    shown = found[:_MOST_CAUSES]
    lines = [f"outdated: {cause_line(cause)}" for cause in shown]
    if more := len(found) - len(shown):
        lines.append(f"outdated: and {more} more {'cause' if more == 1 else 'causes'}")
    if lines:
        lines[-1] += f" (buy with: {repaint(outlook)})"
        yield from lines


def _totals(plan: Plan, outlook: Outlook) -> Iterator[str]:
    if not plan.actions and not plan.diagnostics:
        yield "Plan: no covers: write cover_prompt into an article's front matter."
        return
    if not plan.purchases:
        yield f"Plan: {plan_summary(plan)}."
        return
    yield f"Plan: {counts_summary(plan)}."
    rows = amounts(plan, outlook)
    widest = max(len(amount) for _, amount, _ in rows)
    for label, amount, words in rows:
        told = f"{amount:>{widest}}  {words}" if amount else words
        yield f"  {label:<8}  {told}".rstrip()
    if outlook.decision is not None:
        yield decision_line(outlook.decision)


def _fitted(lines: Sequence[str], width: int | None) -> Iterator[str]:
    for line in lines:
        yield from [line] if width is None else wrapped(line, width)
