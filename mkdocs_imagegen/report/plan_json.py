"""The plan as JSON, version 1: for scripts and CI."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from ..model import (
    FREE,
    Action,
    ActionKind,
    Alternative,
    Change,
    Diagnostic,
    Plan,
    PlanOptions,
    Priced,
)
from ..plan import Outlook
from ..pricing import micro_usd, usd_text
from .totals import remaining, sum_of

VERSION = 1
_NO_OPTIONS = PlanOptions()


def plan_json(plan: Plan, outlook: Outlook, options: PlanOptions = _NO_OPTIONS) -> str:
    """Return the plan as one JSON document that ends with a line end.

    USD are text with four places, rounded; `micro_usd` are exact. Totals come from the exact sum of
    what is priced, so they may differ from the sum of the rounded rows. An unpriced purchase has
    `null`, and so have the totals where no purchase has a price. It is ASCII, so that no console's
    encoding can harm it. With `options`, it is all that is needed to make the same plan again.
    """
    decision = outlook.decision
    document = {
        "version": VERSION,
        "currency": "USD",
        **_totals(plan),
        "will_buy": decision.buys if decision else None,
        "will_buy_reason": decision.reason if decision else None,
        **_outdated(plan),
        "alternative": _alternative(plan, outlook.alternative),
        "walls": _walls(plan, outlook),
        "options": _options(options),
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


def _totals(plan: Plan) -> Mapping[str, object]:
    unpriced = len(plan.unpriced)
    known = not unpriced or unpriced < len(plan.purchases)
    return {
        "total_usd": usd_text(plan.output_usd) if known else None,
        "total_micro_usd": micro_usd(plan.output_usd) if known else None,
        "input_usd_estimate": usd_text(plan.input_usd_estimate) if known else None,
        "bound_usd": usd_text(plan.bound_usd) if known else None,
        "bound_micro_usd": micro_usd(plan.bound_usd) if known else None,
        "batch_usd": _text(plan.batch_usd),
        "unpriced": unpriced,
    }


def _outdated(plan: Plan) -> Mapping[str, object]:
    outdated = tuple(plan.of(ActionKind.OUTDATED))
    total = sum_of(outdated)
    known = bool(total.usd) or not total.unpriced
    return {
        "outdated": len(outdated),
        "outdated_usd": usd_text(total.usd) if known else None,
        "outdated_micro_usd": micro_usd(total.usd) if known else None,
    }


def _alternative(plan: Plan, other: Alternative | None) -> Mapping[str, object] | None:
    if other is None:
        return None
    saves = plan.output_usd + plan.input_usd_estimate - other.output_usd - other.input_usd_estimate
    return {
        "model": other.model,
        "quality": other.quality,
        "usd": usd_text(other.output_usd),
        "micro_usd": micro_usd(other.output_usd),
        "input_usd_estimate": usd_text(other.input_usd_estimate),
        "saves_usd": usd_text(saves),
    }


def _walls(plan: Plan, outlook: Outlook) -> Mapping[str, object]:
    budget, left = outlook.budget, remaining(plan, outlook)
    return {
        "per_build_usd": _text(budget.per_build_usd),
        "per_build_remaining_usd": _text(left.per_build_usd),
        "per_month_usd": _text(budget.per_month_usd),
        "per_month_held_usd": _text(None if budget.per_month_usd is None else outlook.month_usd),
        "per_month_remaining_usd": _text(left.per_month_usd),
        "max_images": budget.max_images,
        "max_images_remaining": left.images,
    }


def _options(options: PlanOptions) -> Mapping[str, object]:
    cost = options.max_cost_usd
    return {
        "rebuy": options.rebuy,
        "outdated": options.outdated,
        "retry": sorted(options.retry),
        "only": list(options.only),
        "max_cost_usd": None if cost is None else f"{cost:f}",
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
        **_price(action),
        "request_key": action.request_key,
        "changes": [_change(change) for change in action.changes],
    }


def _price(action: Action) -> Mapping[str, object]:
    """Return what is paid for an action, and apart from it what repainting one would cost."""
    price = action.price if isinstance(action.price, Priced) else None
    paid = FREE if action.kind in (ActionKind.OUTDATED, ActionKind.SKIP) else price
    repaint = price if action.kind is ActionKind.OUTDATED else None
    return {
        "usd": _text(paid.output_usd if paid else None),
        "micro_usd": _micro(paid.output_usd if paid else None),
        "input_usd_estimate": _text(paid.input_usd_estimate if paid else None),
        "bound_micro_usd": _micro(paid.bound_usd if paid else None),
        "confidence": price.confidence if price else "unpriced",
        "outdated_usd": _text(repaint.output_usd if repaint else None),
        "outdated_micro_usd": _micro(repaint.output_usd if repaint else None),
    }


def _change(change: Change) -> Mapping[str, object]:
    return {
        "what": change.what,
        "then": change.then,
        "now": change.now,
        "by_author": change.by_author,
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else usd_text(amount)


def _micro(amount: Decimal | None) -> int | None:
    return None if amount is None else micro_usd(amount)
