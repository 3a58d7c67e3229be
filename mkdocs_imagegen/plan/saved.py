"""A plan that was saved as JSON: what it bought, and whether today's plan still buys just that."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from ..errors import StalePlanError
from ..model import Action, ActionKind, Plan, PlanOptions, Priced
from ..pricing import micro_usd, usd_text

VERSION = 1
"""Of the JSON that `report.plan_json` writes."""
_TOLD = 12
"""So many differences are told; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """One purchase of a saved plan."""

    request_key: str
    micro_usd: int | None
    """Of the picture; `None` where its price was not known."""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What is needed to make the same plan again, and to tell whether it is the same."""

    options: PlanOptions
    purchases: Mapping[str, Purchase]
    """By article."""


def read_saved(text: str, *, where: str) -> SavedPlan:
    """Read a saved plan; `where` names its file.

    Raises:
        StalePlanError: it is no plan of this version.
    """
    try:
        document = json.loads(text)
        if document["version"] != VERSION:
            raise ValueError(f"version {document['version']!r}")
        return SavedPlan(_options(document["options"]), dict(_purchases(document["actions"])))
    except (ValueError, KeyError, TypeError, InvalidOperation, RecursionError) as error:
        raise StalePlanError(
            f"{where} is no plan that this version saved ({type(error).__name__}: {error})",
            hint=f"make a new one: mkdocs-imagegen plan --out {where}",
        ) from error


def require_same(saved: SavedPlan, plan: Plan, *, where: str) -> None:
    """Refuse a saved plan that is not today's any more.

    Raises:
        StalePlanError: naming what changed since.
    """
    told = list(_differences(saved, plan))
    if told:
        more = [f"and {len(told) - _TOLD} more"] if len(told) > _TOLD else []
        lines = "".join(f"\n  {line}" for line in [*told[:_TOLD], *more])
        raise StalePlanError(
            f"{where} is stale, so nothing was bought:{lines}",
            hint=f"look at a new one: mkdocs-imagegen plan --out {where}",
        )


def _differences(saved: SavedPlan, plan: Plan) -> Iterator[str]:
    by_article = {action.article: action for action in plan.actions}
    bought = {action.article: action for action in plan.purchases}
    for article in sorted({*saved.purchases, *bought}):
        before, now = saved.purchases.get(article), bought.get(article)
        if before is None:
            assert now is not None
            yield f"{article}: would be bought too ({now.reason})"
        elif now is None:
            action = by_article.get(article)
            became = f"{action.kind}: {action.reason}" if action else "no such article"
            yield f"{article}: is not to be bought any more ({became})"
        elif before.request_key != now.request_key:
            yield f"{article}: another picture is asked for by now ({now.reason})"
        elif before.micro_usd != _micro_usd(now):
            yield f"{article}: {_usd(before.micro_usd)} was planned, {_usd(_micro_usd(now))} by now"


def _micro_usd(action: Action) -> int | None:
    return micro_usd(action.price.output_usd) if isinstance(action.price, Priced) else None


def _usd(amount: int | None) -> str:
    return "no price" if amount is None else f"${usd_text(Decimal(amount).scaleb(-6), 6)}"


def _options(fields: Mapping[str, object]) -> PlanOptions:
    cost = fields["max_cost_usd"]
    retry, only = fields["retry"], fields["only"]
    if not isinstance(retry, list) or not isinstance(only, list):
        raise TypeError("options")
    return PlanOptions(
        rebuy=fields["rebuy"] is True,
        outdated=fields["outdated"] is True,
        retry=frozenset(str(article) for article in retry),
        only=tuple(str(glob) for glob in only),
        max_cost_usd=None if cost is None else Decimal(str(cost)),
    )


def _purchases(actions: list[Mapping[str, object]]) -> Iterator[tuple[str, Purchase]]:
    for action in actions:
        if action["action"] == ActionKind.GENERATE:
            amount = action["micro_usd"]
            if not (amount is None or type(amount) is int):
                raise TypeError("micro_usd")
            yield str(action["article"]), Purchase(str(action["request_key"]), amount)
