"""What a plan comes to, in the words that every form of it uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..model import FREE, Action, ActionKind, Alternative, Plan, Priced
from ..plan import Decision, Outlook
from ..pricing import usd_text
from .totals import Cause, Sum, remaining

_PHRASES = {
    ActionKind.GENERATE: "to buy",
    ActionKind.RENDER: "to render",
    ActionKind.REUSE: "reused",
    ActionKind.SHARED: "shared",
    ActionKind.OWN: "own",
    ActionKind.DRAW: "drawn",
    ActionKind.OUTDATED: "outdated",
    ActionKind.SKIP: "left out",
    ActionKind.LOST: "lost",
    ActionKind.BLOCKED: "blocked",
}
_PRICE_HINT = (
    "tell the price below `prices:` in mkdocs.yml, or set `price_as: openai` if this endpoint "
    "charges OpenAI's"
)


def plan_summary(plan: Plan) -> str:
    """Return the plan in a sentence: how many of each action, and the price."""
    counts = counts_summary(plan)
    if not plan.actions:
        return counts
    if not plan.purchases:
        return f"{counts}: nothing to pay"
    return f"{counts}: {price_words(plan)}"


def counts_summary(plan: Plan) -> str:
    """Return how many of each action a plan has: `2 to buy, 12 reused, 3 outdated`."""
    counts = Counter(action.kind for action in plan.actions)
    parts = [f"{counts[kind]} {phrase}" for kind, phrase in _PHRASES.items() if counts[kind]]
    return ", ".join(parts) or "no covers"


def price_words(plan: Plan) -> str:
    """Return what the purchases cost, pictures and prompts apart."""
    unpriced = len(plan.unpriced)
    if unpriced == len(plan.purchases):
        return "price unknown"
    prices = (action.price for action in plan.purchases)
    estimated = any(isinstance(p, Priced) and p.confidence == "estimate" for p in prices)
    text = f"pictures {'about ' if estimated else ''}${usd_text(plan.output_usd)}"
    text += f", prompts about ${usd_text(plan.input_usd_estimate)}"
    return text + (f", and {unpriced} of unknown price" if unpriced else "")


def price_cell(action: Action) -> str:
    """Return what is paid; in parentheses what would be, were the cover not left as it is."""
    left = action.kind in (ActionKind.OUTDATED, ActionKind.SKIP)
    if not isinstance(action.price, Priced):
        return "(unpriced)" if left else "unpriced"
    if action.price == FREE or not (left or action.kind is ActionKind.GENERATE):
        return ""
    about = "~" if action.price.confidence == "estimate" else ""
    text = f"{about}${usd_text(action.price.output_usd)}"
    return f"({text})" if left else text


def amounts(plan: Plan, outlook: Outlook) -> Sequence[tuple[str, str, str]]:
    """Return the totals of a plan that buys: a label, an amount, and words; walls have no amount.

    An amount with `~` holds an estimate: of the prompts, or of the pictures too.
    """
    unknown = len(plan.unpriced) == len(plan.purchases)
    rows = (
        [("to pay", "unknown", "")] if unknown else [("to pay", _to_pay(plan), price_words(plan))]
    )
    if plan.batch_usd is not None:
        rows.append(("by Batch", f"~${usd_text(plan.batch_usd)}", ""))
    if outlook.alternative is not None:
        rows.append(("cheapest", *_cheapest(plan, outlook.alternative)))
    rows.append(("walls", "", walls_line(plan, outlook)))
    walls_usd = (outlook.budget.per_build_usd, outlook.budget.per_month_usd)
    if plan.unpriced and walls_usd != (None, None):
        rows.append(("hint", "", _PRICE_HINT))
    return rows


def walls_line(plan: Plan, outlook: Outlook) -> str:
    """Return what the walls leave once the plan is bought and has cost the most it can.

    `no limit in USD, 23 of 25 pictures left`; what breaks a wall is told first.
    """
    budget, left = outlook.budget, remaining(plan, outlook)
    over, within, unknown = [], [], []
    for wall_usd, left_usd, per in (
        (budget.per_build_usd, left.per_build_usd, "a build"),
        (budget.per_month_usd, left.per_month_usd, "a month"),
    ):
        if wall_usd is None:
            continue
        wall = f"${usd_text(wall_usd)} {per}"
        if left_usd is None:
            unknown.append(f"{wall} needs a price")
        elif left_usd < 0:
            over.append(f"${usd_text(-left_usd)} over {wall}")
        else:
            within.append(f"${usd_text(left_usd)} of {wall}")
    limits = over + unknown or ([] if within else ["no limit in USD"])
    pictures = counted(budget.max_images, "picture")
    if left.images < 0:
        limits.append(f"{-left.images} over {pictures}")
    else:
        within.append(f"{left.images} of {pictures}")
    return ", ".join([*limits, *within]) + (" left" if within else "")


def cause_line(cause: Cause) -> str:
    """Return one cause of outdated covers: `blog.j2 line 3: 212 articles, $8.7259`."""
    count = len(cause.actions)
    return f"{cause.what}: {counted(count, 'article')}, {sum_text(cause.sum)}"


def repaint(outlook: Outlook) -> str:
    """Return the command that buys what is outdated."""
    return f"{outlook.apply} --outdated"


def sum_text(found: Sum) -> str:
    """Return what some pictures cost together: `$8.7259`, `price unknown`."""
    if not found.unpriced:
        return f"${usd_text(found.usd)}"
    if not found.usd:
        return "price unknown"
    return f"${usd_text(found.usd)} and {found.unpriced} of unknown price"


def decision_line(decision: Decision) -> str:
    """Return whether a build here buys, and why (not)."""
    verb = "buys" if decision.buys else "does not buy"
    return f"A mkdocs build here {verb} ({decision.reason})."


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: `1 article`, `212 articles`."""
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


def _to_pay(plan: Plan) -> str:
    about = "~" if plan.input_usd_estimate else ""
    return f"{about}${usd_text(plan.output_usd + plan.input_usd_estimate)}"


def _cheapest(plan: Plan, other: Alternative) -> tuple[str, str]:
    usd = other.output_usd + other.input_usd_estimate
    saved = plan.output_usd + plan.input_usd_estimate - usd
    return f"~${usd_text(usd)}", f"with {other.model}, {other.quality}: ${usd_text(saved)} less"
