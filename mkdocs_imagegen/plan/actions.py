"""Orders to the Plan: one action an article, with its reason and price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from ..model import (
    EMPTY_LOCKFILE,
    Action,
    ActionKind,
    Entry,
    Lockfile,
    Orders,
    Plan,
    PlanOptions,
    Priced,
    StoreState,
)
from ..pricing import PriceBook
from ..settings import Settings
from .judge import Judge
from .standing import Comparison, Standing, stand

EVERYTHING = PlanOptions()
"""The plan of a build: nothing is asked for beyond what the site's files say."""


def needed_originals(orders: Orders, standing: Standing) -> Mapping[str, Sequence[Entry]]:
    """Return the request keys whose originals a plan wants to know of.

    Each with the lockfile's entries that name it, often none or one; the article's own first.
    """
    needed: dict[str, Sequence[Entry]] = {}
    for order, entry in zip(orders.orders, standing.entries, strict=True):
        approved = entry.approved if entry else None
        for key in (order.request_key, approved.request_key if approved else None):
            if key and key not in needed:
                named = standing.paid.get(key, ())
                own = [other for other in named if other is entry]
                needed[key] = [*own, *(other for other in named if other is not entry)]
    return needed


def make_plan(
    orders: Orders,
    state: StoreState,
    book: PriceBook,
    settings: Settings,
    *,
    today: date,
    lockfile: Lockfile = EMPTY_LOCKFILE,
    options: PlanOptions = EVERYTHING,
    standing: Standing | None = None,
) -> Plan:
    """Decide one action for each order.

    The first article by src_uri buys a request that several share. What the lockfile knows as paid
    is never bought again, and what it has approved stays while the site changed and the article did
    not, unless `on_change` or `options` say otherwise.

    Args:
        orders: of all articles, ordered by src_uri.
        state: what the store has of `needed_originals`.
        book: today's prices.
        settings: of the site.
        today: for models that are shut down.
        lockfile: what was approved and refused.
        options: what a person asks of this plan.
        standing: what `stand` returned of these orders and this lockfile, where it was asked.
    """
    standing = standing or stand(orders, lockfile)
    comparison = Comparison(orders, lockfile, standing)
    judge = Judge(orders, state, book, settings, today, standing, comparison, options)
    actions: Sequence[Action] = [judge.action(n) for n in range(len(orders.orders))]
    if options.max_cost_usd is not None:
        actions = _fitting(actions, options.max_cost_usd, settings.budget.max_images)
    told = (*orders.diagnostics, *judge.diagnostics, *judge.shut_downs())
    return Plan(tuple(actions), tuple(dict.fromkeys(told)), options)


def _fitting(actions: Sequence[Action], max_cost_usd: Decimal, max_images: int) -> list[Action]:
    """Leave out what does not surely fit: the cheapest are bought first, so that most covers fit.

    An unpriced request never surely fits.
    """
    bounds = [
        (action.price.bound_usd, n)
        for n, action in enumerate(actions)
        if action.kind is ActionKind.GENERATE and isinstance(action.price, Priced)
    ]
    chosen: set[str | None] = set()
    left_usd = max_cost_usd
    for bound_usd, n in sorted(bounds):
        if bound_usd <= left_usd and len(chosen) < max_images:
            left_usd -= bound_usd
            chosen.add(actions[n].request_key)
    return [
        action
        if action.kind not in (ActionKind.GENERATE, ActionKind.SHARED)
        or action.request_key in chosen
        else _left_out(action)
        for action in actions
    ]


def _left_out(action: Action) -> Action:
    reason = f"{action.reason}; beyond --max-cost"
    return replace(action, kind=ActionKind.SKIP, reason=reason)
