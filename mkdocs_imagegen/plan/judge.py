"""One order's action: what is done about its cover, why, and what is to be told of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Literal

from ..articles import path_matches
from ..model import (
    FREE,
    Action,
    ActionKind,
    Approved,
    Change,
    Diagnostic,
    Order,
    Orders,
    OriginalDamaged,
    OriginalOther,
    OriginalThere,
    PlanOptions,
    Price,
    Refusal,
    ShutDown,
    StoreState,
)
from ..pricing import PriceBook
from ..settings import Settings
from .failures import shows_stale
from .standing import Comparison, Standing

APPLY = "mkdocs-imagegen apply"
REBUY = f"{APPLY} --rebuy"
DAMAGE_HINT = f"put the store folder back from a backup, or pay once more: {REBUY}"
"""The ways out for a cover that was paid for and can't be used."""
RESTORE = "mkdocs-imagegen restore --from"
TAKE_IN = f"or take in the one that is there, free: {REBUY}"
PULL = "git lfs pull"
POINTER_HINT = f"run {PULL}; in CI, check out with lfs: true"
SOON_DAYS = 60
"""A shut-down nearer than this is told."""


class Judge:
    """Decides the actions of one plan. Each order is asked for once, in turn."""

    def __init__(
        self,
        orders: Orders,
        state: StoreState,
        book: PriceBook,
        settings: Settings,
        today: date,
        standing: Standing,
        comparison: Comparison,
        options: PlanOptions,
    ) -> None:
        self._orders = orders.orders
        self._state = state
        self._book = book
        self._quick_book = replace(book, count_tokens=None)
        """Estimates prompts: a build with outdated covers must not load a tokenizer for them."""
        self._settings = settings
        self._today = today
        self._options = options
        self._standing = standing
        self._comparison = comparison
        self._buyers: dict[str, str] = {}
        """By request key: the article that buys it in this plan."""
        self._restore = f"{RESTORE} {settings.site.url or 'https://the.site'}"
        self._outdated: dict[str, str] = {}
        """By request key: the outdated article that has its price."""
        self._refused_models: set[str] = set()
        """Models that were told of as shut down already."""
        self.diagnostics: list[Diagnostic] = []

    def action(self, n: int) -> Action:
        """Return what is done about the order of this number."""
        order = self._orders[n]
        action = (
            self._without_request(order)
            or self._pinned(n, order)
            or self._there(order)
            or self._held_back(n, order)
            or self._wanted(n, order)
        )
        if action.kind is ActionKind.GENERATE:
            self._buyers[action.request_key or ""] = action.article
        approved = self._standing.approved(n)
        if approved is None:
            return action
        action = replace(action, approved=approved)
        if action.kind is ActionKind.BLOCKED and shows_stale(action, self._settings.on_error):
            return replace(action, keeps=action.keeps or approved)
        return action

    def shut_downs(self) -> Iterator[Diagnostic]:
        """Yield what is to be told of models whose end is near or past, each once."""
        for model in dict.fromkeys(o.request.model for o in self._orders if o.request):
            end = self._end_of(model)
            if end is None or model in self._refused_models:
                continue
            if (end.on - self._today).days <= SOON_DAYS:
                past = end.on <= self._today
                yield Diagnostic(
                    "info",
                    f"{model} {'was' if past else 'will be'} shut down on {end.on}; "
                    "covers that are there stay as they are",
                    hint=f"set `model: {end.successor}` in mkdocs.yml before you want new ones",
                )

    def _without_request(self, order: Order) -> Action | None:
        if order.request is None or order.request_key is None:
            own = order.cover.own
            return _act(order, ActionKind.OWN, f"{own.key}: {own.ref}" if own else "own picture")
        if self._settings.provider == "sketch":
            return _act(order, ActionKind.DRAW, "provider: sketch")
        return None

    def _pinned(self, n: int, order: Order) -> Action | None:
        approved = self._standing.approved(n)
        if not order.cover.pin or approved is None or approved.request_key == order.request_key:
            return None
        if self._rebuys(approved):
            return None
        return self._keep(order, approved, ActionKind.REUSE, "cover_pin: true keeps it")

    def _there(self, order: Order) -> Action | None:
        original = self._state.get(order.request_key or "")
        if not isinstance(original, OriginalThere):
            return None
        if original.rendered:
            return _act(order, ActionKind.REUSE, "unchanged")
        return _act(order, ActionKind.RENDER, "bought before; its files are made anew, free")

    def _held_back(self, n: int, order: Order) -> Action | None:
        """Return the action for a cover that is not there and must not be bought."""
        key, rebuy = order.request_key or "", self._options.rebuy
        original, refusal = self._state.get(key), self._standing.refusals.get(key)
        if order.is_draft and self._standing.approved(n) is None:
            return self._draft(order)
        if order.unsupported:
            edit = "delete these keys from the front matter"
            return _act(order, ActionKind.BLOCKED, order.unsupported, mend=edit)
        match original:
            case OriginalOther() if rebuy:
                why = "paid for, and taken in: imagegen.lock named another picture"
                return _act(order, ActionKind.RENDER, why)
            case OriginalOther():
                return self._other(order)
            case OriginalDamaged(pointer=pointer) if pointer or not rebuy:
                return self._damaged(order, original)
            case None if key in self._standing.paid and not rebuy:
                return self._lost(order)
        if refusal and order.cover.article.src_uri not in self._options.retry:
            return self._refused(order, refusal)
        return None

    def _wanted(self, n: int, order: Order) -> Action:
        """Return the action for a cover that may be bought, as far as the store can tell."""
        key = order.request_key or ""
        original, approved = self._state.get(key), self._standing.approved(n)
        if isinstance(original, OriginalDamaged):
            action = self._purchase(order, f"--rebuy: the original is {original.why}")
            return replace(action, replaces=original.digest)
        if key in self._standing.paid:
            return self._purchase(order, "--rebuy: the original is in no store")
        if approved is None:
            return self._purchase(order, "new")
        changes = self._comparison.changes(n, approved)
        why = ", ".join(str(change) for change in changes)
        if any(change.by_author for change in changes):
            return self._purchase(order, f"changed: {why}", changes)
        repaints = self._options.outdated or self._settings.on_change == "repaint"
        if repaints or self._rebuys(approved):
            return self._purchase(order, f"outdated: {why}", changes)
        return self._keep(order, approved, ActionKind.OUTDATED, why, changes)

    def _purchase(self, order: Order, why: str, changes: tuple[Change, ...] = ()) -> Action:
        assert order.request is not None
        model, src_uri = order.request.model, order.cover.article.src_uri
        if order.is_draft:
            return self._draft(order)
        if buyer := self._buyers.get(order.request_key or ""):
            why = f"same picture as {buyer}"
            return _act(order, ActionKind.SHARED, why, changes=changes, mend=APPLY)
        end = self._end_of(model)
        if end and end.on <= self._today:
            told = f"{model} was shut down on {end.on}"
            hint = f"set `model: {end.successor}`, in mkdocs.yml or as cover_model"
            self._tell(order, f"{told}, so this cover can't be bought", hint, level="error")
            self._refused_models.add(model)
            return _act(order, ActionKind.BLOCKED, told, changes=changes, mend=hint)
        only = self._options.only
        if only and not any(path_matches(glob, src_uri) for glob in only):
            price = self._price(order, self._quick_book)
            return _act(order, ActionKind.SKIP, f"{why}; not in --only", price, changes=changes)
        price = self._price(order, self._book)
        return _act(order, ActionKind.GENERATE, why, price, changes=changes, mend=APPLY)

    def _keep(
        self,
        order: Order,
        approved: Approved,
        kind: ActionKind,
        why: str,
        changes: tuple[Change, ...] = (),
    ) -> Action:
        """Return that the approved picture stays, or that it is not there to stay."""
        original = self._state.get(approved.request_key)
        if isinstance(original, OriginalDamaged):
            return self._damaged(order, original, approved)
        if isinstance(original, OriginalOther):
            return self._other(order, approved)
        if original is None:
            return self._lost(order, approved)
        price: Price = FREE
        if kind is ActionKind.OUTDATED:
            key, src_uri = order.request_key or "", order.cover.article.src_uri
            if self._outdated.setdefault(key, src_uri) == src_uri:
                price = self._price(order, self._quick_book)
        return _act(order, kind, why, price, keeps=approved, changes=changes)

    def _draft(self, order: Order) -> Action:
        return _act(order, ActionKind.DRAW, "draft: true; drawn until it is published")

    def _refused(self, order: Order, refusal: Refusal) -> Action:
        vendor = f" [request {refusal.request_id}]" if refusal.request_id else ""
        told = f"not sent again: {refusal.message} ({refusal.refused_at[:10]}){vendor}"
        mend = f"reword cover_prompt, or {APPLY} --retry {order.cover.article.src_uri}"
        self._tell(order, told, mend)
        return _act(order, ActionKind.BLOCKED, "refused by a safety system before", mend=mend)

    def _damaged(
        self, order: Order, original: OriginalDamaged, approved: Approved | None = None
    ) -> Action:
        hint, mend = (POINTER_HINT, PULL) if original.pointer else (DAMAGE_HINT, REBUY)
        told = f"this cover was paid for, but its original in the store is {original.why}"
        self._tell(order, told, hint)
        why = f"paid for, but its original is {original.why}"
        return _act(order, ActionKind.BLOCKED, why, keeps=approved, mend=mend)

    def _other(self, order: Order, approved: Approved | None = None) -> Action:
        why = "the store has another picture of it than imagegen.lock names"
        self._tell(order, f"this cover was paid for, but {why}", f"{self._restore}; {TAKE_IN}")
        return _act(order, ActionKind.BLOCKED, why, keeps=approved, mend=self._restore)

    def _lost(self, order: Order, approved: Approved | None = None) -> Action:
        self._tell(
            order,
            "this cover was paid for, says imagegen.lock, but it is in no store",
            f"get it back from where it is published: {self._restore}; or pay once more: {REBUY}",
        )
        why = "paid for, but in no store"
        return _act(order, ActionKind.LOST, why, keeps=approved, mend=self._restore)

    def _rebuys(self, approved: Approved) -> bool:
        """Tell whether one that should stay is paid for anew: what lies elsewhere never is."""
        match self._state.get(approved.request_key):
            case None | OriginalDamaged(pointer=False):
                return self._options.rebuy
            case _:
                return False

    def _price(self, order: Order, book: PriceBook) -> Price:
        assert order.request is not None
        return book.price(order.request, priced=self._settings.priced)

    def _end_of(self, model: str) -> ShutDown | None:
        """Return when the vendor's own endpoint refuses a model; other hosts keep other dates."""
        return self._book.shut_down(model) if self._settings.priced else None

    def _tell(
        self,
        order: Order,
        message: str,
        hint: str,
        level: Literal["error", "warning"] = "warning",
    ) -> None:
        article, line = order.cover.article.src_uri, order.cover.line("prompt")
        told = Diagnostic(level, message, article, "cover_prompt", line, hint)
        self.diagnostics.append(told)


def _act(
    order: Order,
    kind: ActionKind,
    reason: str,
    price: Price = FREE,
    *,
    keeps: Approved | None = None,
    changes: tuple[Change, ...] = (),
    mend: str = "",
) -> Action:
    return Action(
        kind,
        order.cover,
        reason,
        price,
        order.request,
        order.request_key,
        keeps=keeps,
        changes=changes,
        mend=mend,
    )
