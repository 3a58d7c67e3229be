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


_Bought = tuple[str, str]
"""An article, and the key of the request that is bought for it: languages may ask for several."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """What one purchase of a saved plan costs; `None` where that was not known."""

    micro_usd: int | None
    """Of the picture."""
    bound_micro_usd: int | None
    """The most that it can cost, prompt included."""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What is needed to make the same plan again, and to tell whether it is the same."""

    options: PlanOptions
    purchases: Mapping[_Bought, Purchase]


def read_saved(text: str, *, where: str) -> SavedPlan:
    """Read a saved plan; `where` names its file.

    Raises:
        StalePlanError: it is no plan of this version.
    """
    try:
        document = json.loads(text)
        if document["version"] != VERSION:
            raise ValueError(f"it has version {document['version']!r}, and not {VERSION}")
        return SavedPlan(_options(document["options"]), dict(_purchases(document["actions"])))
    except (ValueError, KeyError, TypeError, InvalidOperation, RecursionError) as error:
        raise StalePlanError(
            f"{where} is no plan that this version saved: {_spoilt(error)}",
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
    bought = {(action.article, action.request_key or ""): action for action in plan.purchases}
    gone = {article for article, _ in saved.purchases.keys() - bought.keys()}
    come = {article for article, _ in bought.keys() - saved.purchases.keys()}
    for article, key in sorted({*saved.purchases, *bought}):
        before, now = saved.purchases.get((article, key)), bought.get((article, key))
        if before and now:
            yield from (f"{article}: {told}" for told in _dearer(before, now))
        elif now and article in gone:
            yield f"{article}: another picture is asked for by now ({now.reason})"
        elif now:
            yield f"{article}: would be bought too ({now.reason})"
        elif article not in come:
            action = by_article.get(article)
            became = f"{action.kind}: {action.reason}" if action else "no such article"
            yield f"{article}: is not to be bought any more ({became})"


def _dearer(before: Purchase, action: Action) -> Iterator[str]:
    """Yield how the price is another one, or what it may come to is more, than was planned."""
    now = _price(action)
    then_most, most = before.bound_micro_usd, now.bound_micro_usd
    if before.micro_usd != now.micro_usd:
        yield f"{_usd(before.micro_usd)} was planned, {_usd(now.micro_usd)} by now"
    elif then_most is not None and most is not None and most > then_most:
        yield f"{_usd(then_most)} at most was planned, {_usd(most)} at most by now"


def _price(action: Action) -> Purchase:
    price = action.price
    if not isinstance(price, Priced):
        return Purchase(None, None)
    return Purchase(micro_usd(price.output_usd), micro_usd(price.bound_usd))


def _usd(amount: int | None) -> str:
    return "no price" if amount is None else f"${usd_text(Decimal(amount).scaleb(-6), 6)}"


def _spoilt(error: Exception) -> str:
    match error:
        case json.JSONDecodeError() | RecursionError():
            return "it is no JSON"
        case KeyError(args=(str(name), *_)):
            return f"it has no field `{name}`"
        case ValueError():
            return str(error)
        case _:
            return "a field has a wrong value"


def _options(fields: Mapping[str, object]) -> PlanOptions:
    cost = fields["max_cost_usd"]
    max_cost_usd = None if cost is None else Decimal(str(cost))
    retry, only = fields["retry"], fields["only"]
    if not isinstance(retry, list) or not isinstance(only, list):
        raise TypeError("options")
    if max_cost_usd is not None and not max_cost_usd.is_finite():
        raise TypeError("max_cost_usd")
    return PlanOptions(
        rebuy=fields["rebuy"] is True,
        outdated=fields["outdated"] is True,
        retry=frozenset(str(article) for article in retry),
        only=tuple(str(glob) for glob in only),
        max_cost_usd=max_cost_usd,
    )


def _purchases(actions: list[Mapping[str, object]]) -> Iterator[tuple[_Bought, Purchase]]:
    for action in actions:
        if action["action"] == ActionKind.GENERATE:
            bought = str(action["article"]), str(action["request_key"])
            yield bought, Purchase(_micro(action, "micro_usd"), _micro(action, "bound_micro_usd"))


def _micro(action: Mapping[str, object], name: str) -> int | None:
    amount = action[name]
    if amount is None or type(amount) is int:
        return amount
    raise TypeError(name)
