"""The plan as JSON, version 1: for scripts and CI."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..model import Action, ActionKind, Diagnostic, Plan, Priced
from ..plan import Decision
from ..pricing import micro_usd, usd_text

VERSION = 1


def plan_json(plan: Plan, decision: Decision) -> str:
    """Return the plan as one JSON document that ends with a line end.

    USD are text with four places, rounded; `micro_usd` are exact. Totals come from the exact sum of
    what is priced, so they may differ from the sum of the rounded rows. An unpriced purchase has
    `null`, and so have the totals where no purchase has a price. It is ASCII, so that no console's
    encoding can harm it.
    """
    unpriced = len(plan.unpriced)
    known = not unpriced or unpriced < len(plan.purchases)
    document = {
        "version": VERSION,
        "currency": "USD",
        "total_usd": usd_text(plan.output_usd) if known else None,
        "total_micro_usd": micro_usd(plan.output_usd) if known else None,
        "input_usd_estimate": usd_text(plan.input_usd_estimate) if known else None,
        "unpriced": unpriced,
        "will_buy": decision.buys,
        "will_buy_reason": decision.reason,
        "actions": [_action(action) for action in plan.actions],
        "diagnostics": [diagnostic_fields(diagnostic) for diagnostic in plan.diagnostics],
    }
    return json.dumps(document, indent=2) + "\n"


def diagnostic_fields(diagnostic: Diagnostic) -> Mapping[str, object]:
    """Return a diagnostic as JSON fields; what it does not know is `null`."""
    return {
        "level": diagnostic.level,
        "article": diagnostic.article,
        "key": diagnostic.key,
        "line": diagnostic.line,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
    }


def _action(action: Action) -> Mapping[str, object]:
    own = action.kind is ActionKind.OWN
    cover = action.cover
    return {
        "article": action.article,
        "action": action.kind.value,
        "reason": action.reason,
        "model": None if own else cover.model,
        "size": None if own else str(cover.size),
        "quality": None if own else cover.quality,
        **price_fields(action),
        "request_key": action.request_key,
    }


def price_fields(action: Action) -> Mapping[str, object]:
    """Return what an action costs as JSON fields."""
    price = action.price
    if not isinstance(price, Priced):
        return {
            "usd": None,
            "micro_usd": None,
            "input_usd_estimate": None,
            "confidence": "unpriced",
        }
    return {
        "usd": usd_text(price.output_usd),
        "micro_usd": micro_usd(price.output_usd),
        "input_usd_estimate": usd_text(price.input_usd_estimate),
        "confidence": price.confidence,
    }
