"""Orders to the Plan: one action an article, with its reason and price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..model import (
    FREE,
    Action,
    ActionKind,
    Diagnostic,
    Order,
    Orders,
    OriginalDamaged,
    OriginalThere,
    Plan,
    Price,
    StoreState,
)
from ..pricing import PriceBook
from ..settings import Settings

DAMAGE_HINT = (
    "put the store folder back from a backup, or pay once more: mkdocs-imagegen apply --rebuy"
)
"""The ways out for a cover that was paid for and can't be used."""


def make_plan(
    orders: Orders, state: StoreState, book: PriceBook, settings: Settings, *, rebuy: bool = False
) -> Plan:
    """Decide one action for each order.

    The first article by src_uri buys a request that several share. With `rebuy`, a request whose
    stored original is damaged is bought again; otherwise it never is.
    """
    buyers: dict[str, str] = {}
    actions: list[Action] = []
    diagnostics = list(orders.diagnostics)
    for order in orders.orders:
        action = _action(order, state, book, settings, buyers, rebuy=rebuy)
        if action.kind is ActionKind.GENERATE:
            buyers[action.request_key or ""] = action.article
        original = state.get(order.request_key or "")
        if action.kind is ActionKind.BLOCKED and isinstance(original, OriginalDamaged):
            diagnostics.append(_damage_diagnostic(action, original))
        actions.append(action)
    return Plan(tuple(actions), tuple(diagnostics))


def _action(
    order: Order,
    state: StoreState,
    book: PriceBook,
    settings: Settings,
    buyers: Mapping[str, str],
    *,
    rebuy: bool,
) -> Action:
    def act(kind: ActionKind, reason: str, price: Price = FREE) -> Action:
        return Action(kind, order.cover, reason, price, request, key)

    key, request = order.request_key, order.request
    if request is None or key is None:
        own = order.cover.own
        return act(ActionKind.OWN, f"{own.key}: {own.ref}" if own else "own picture")
    if settings.provider == "sketch":
        return act(ActionKind.DRAW, "provider: sketch")
    original = state.get(key)
    if isinstance(original, OriginalThere):
        if original.rendered:
            return act(ActionKind.REUSE, "unchanged")
        return act(ActionKind.RENDER, "bought before; its WebP is made anew")
    if order.cover.article.meta.get("draft") is True:
        return act(ActionKind.DRAW, "draft: true; drawn until it is published")
    if order.unsupported:
        return act(ActionKind.BLOCKED, order.unsupported)
    if key in buyers:
        return act(ActionKind.SHARED, f"same picture as {buyers[key]}")
    if isinstance(original, OriginalDamaged) and not rebuy:
        return act(ActionKind.BLOCKED, f"paid for, but its original is {original.why}")
    price = book.price(request, priced=settings.priced)
    if original is None:
        return act(ActionKind.GENERATE, "new", price)
    return replace(
        act(ActionKind.GENERATE, f"--rebuy: the original is {original.why}", price),
        replaces=original.digest,
    )


def _damage_diagnostic(action: Action, original: OriginalDamaged) -> Diagnostic:
    return Diagnostic(
        "warning",
        f"this cover was paid for, but its original in the store is {original.why}",
        article=action.article,
        key="cover_prompt",
        line=action.cover.line("prompt"),
        hint=DAMAGE_HINT,
    )
