"""Outcomes and plans in a line each, for logs and terminals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import assert_never

from ..model import ActionKind, Bought, Failed, Found, Outcome, Plan, Skipped
from ..pricing import usd_text

_PHRASES = {
    ActionKind.GENERATE: "to buy",
    ActionKind.RENDER: "to render",
    ActionKind.REUSE: "reused",
    ActionKind.SHARED: "shared",
    ActionKind.OWN: "own",
    ActionKind.DRAW: "drawn",
    ActionKind.BLOCKED: "blocked",
}


def outcome_line(outcome: Outcome) -> str:
    """Return what became of one purchase."""
    article = outcome.action.article
    match outcome:
        case Bought(record=record, size=size):
            price = "price unknown" if record.usd is None else f"${usd_text(Decimal(record.usd))}"
            asked = outcome.action.cover.size
            other = "" if size == asked else f", {size} came instead of {asked}"
            return f"{article}: bought ({price}{other})"
        case Found():
            return f"{article}: another run bought it meanwhile"
        case Failed(error=error):
            vendor = f" [request {request_id}]" if (request_id := _request_id(error)) else ""
            return f"{article}: {error.message}{vendor}" + _hint(error.hint)
        case Skipped(why=why):
            return f"{article}: not sent ({why})"
        case _:
            assert_never(outcome)


def outcomes_summary(outcomes: Sequence[Outcome]) -> str:
    """Return how many of the purchases ended well, and who paid for them."""
    bought = sum(isinstance(outcome, Bought) for outcome in outcomes)
    found = sum(isinstance(outcome, Found) for outcome in outcomes)
    text = f"{bought} of {len(outcomes)} covers bought"
    return text + (f", {found} bought by another run" if found else "")


def purchase_question(plan: Plan) -> str:
    """Return what to ask before a plan is bought: what is paid is named, prompts included."""
    count, unpriced = len(plan.purchases), len(plan.unpriced)
    covers = "1 cover" if count == 1 else f"{count} covers"
    if count == unpriced:
        return f"Buy {covers}, price unknown?"
    covers += f", {unpriced} of unknown price, the rest" if unpriced else ""
    return f"Buy {covers} for about ${usd_text(plan.output_usd + plan.input_usd_estimate)}?"


def plan_summary(plan: Plan) -> str:
    """Return the plan in a sentence: how many of each action, and the price."""
    counts = Counter(action.kind for action in plan.actions)
    parts = [f"{counts[kind]} {phrase}" for kind, phrase in _PHRASES.items() if counts[kind]]
    if not parts:
        return "no covers"
    return ", ".join(parts) + _price(plan)


def _price(plan: Plan) -> str:
    if not plan.purchases:
        return ": nothing to pay"
    unpriced = len(plan.unpriced)
    if unpriced == len(plan.purchases):
        return ": price unknown"
    text = f": pictures ${usd_text(plan.output_usd)}"
    text += f", prompts about ${usd_text(plan.input_usd_estimate)}"
    return text + (f", and {unpriced} of unknown price" if unpriced else "")


def _request_id(error: Exception) -> str:
    return str(getattr(error, "request_id", ""))


def _hint(hint: str) -> str:
    return f"\n  hint: {hint}" if hint else ""
