"""The plan as a table for terminals."""

from __future__ import annotations

from io import StringIO

from ..model import Action, ActionKind, Plan, Priced
from ..plan import Decision
from ..pricing import usd_text
from ..settings import Budget
from .lines import plan_summary

_SYMBOLS = {
    ActionKind.GENERATE: ("+", "bold green"),
    ActionKind.RENDER: ("~", "cyan"),
    ActionKind.REUSE: ("=", "dim"),
    ActionKind.SHARED: ("=", "dim"),
    ActionKind.OWN: ("·", "dim"),
    ActionKind.DRAW: ("✎", "cyan"),
    ActionKind.BLOCKED: ("!", "bold red"),
}
_UNBOUNDED = 10_000


def plan_text(
    plan: Plan,
    decision: Decision,
    budget: Budget,
    *,
    width: int | None = None,
    colour: bool = False,
) -> str:
    """Return the plan as an aligned table, its totals, and whether a build here would buy it.

    Args:
        plan: what to show.
        decision: of a `mkdocs build` in this environment.
        budget: the walls, shown beside what they hold back.
        width: of the terminal, in columns; rows are as long as they need without one.
        colour: with ANSI colours.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = StringIO()
    console = Console(
        file=out,
        width=width or _UNBOUNDED,
        force_terminal=colour,
        color_system="auto" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    if plan.actions:
        table = Table(box=None, pad_edge=False, show_edge=False, header_style="dim")
        for heading in ("", "article", "action", "size", "quality", "model"):
            table.add_column(heading, overflow="fold", no_wrap=heading != "article")
        table.add_column("USD", justify="right", no_wrap=True)
        table.add_column("why", overflow="fold")
        for action in plan.actions:
            table.add_row(*(Text(cell, style=style) for cell, style in _cells(action)))
        console.print(table)
        console.print()
    for line in _totals(plan, decision, budget):
        console.print(line)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


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


def _totals(plan: Plan, decision: Decision, budget: Budget) -> list[str]:
    lines = [f"Plan: {plan_summary(plan)}."]
    if plan.purchases:
        per_build = budget.per_build_usd
        wall = "no limit in USD" if per_build is None else f"${usd_text(per_build)} a build"
        lines.append(f"Walls: {wall}, {budget.max_images} pictures.")
        verb = "buys" if decision.buys else "does not buy"
        lines.append(f"A mkdocs build here {verb} ({decision.reason}).")
    return lines
