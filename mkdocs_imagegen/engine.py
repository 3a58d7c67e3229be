"""The one engine behind plugin and command line, free of MkDocs: order, plan, buy, publish."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Generator, Iterable, Mapping
from functools import cache
from pathlib import Path

from . import plan as planning
from .errors import ImagegenError, SettingsError
from .model import ArticleSource, Diagnostic, Order, Orders, Outcome, Plan, Size
from .pricing import PriceBook
from .prompts import Prompts
from .publish import Published, look, own_size, publish
from .settings import DEFAULT_TEMPLATE, Endpoint, Settings
from .store import Store

FileDigester = Callable[[frozenset[str]], planning.Digests]
"""Hashes those of the named files that the site has."""


@cache
def price_book() -> PriceBook:
    """Return the prices that come with the package."""
    return PriceBook.parse(_package_text("data/prices.yaml"))


class Engine:
    """One site's settings, templates and store, ready to plan, buy and publish."""

    def __init__(
        self,
        settings: Settings,
        *,
        cache_dir: Path,
        endpoint: Endpoint | None = None,
        templates: Mapping[str, str] | None = None,
        in_ci: bool = False,
        dry_run: bool = False,
    ) -> None:
        """Open nothing yet.

        Args:
            settings: of the site.
            cache_dir: where the store is, or will be made.
            endpoint: where to buy; `None` where no key is set.
            templates: the site's own prompt templates, by name.
            in_ci: whether this is a CI machine, for the mode `auto`.
            dry_run: whether nothing may be bought here, whoever asks for it.
        """
        self.settings = settings
        self.endpoint = endpoint
        self.dry_run = dry_run
        self.book = price_book()
        self._cache_dir = cache_dir
        self._templates = templates or {}
        self._in_ci = in_ci
        self._store: Store | None = None

    @property
    def store(self) -> Store:
        """The store, opened at the first use.

        Raises:
            StoreError: it can't be opened.
        """
        if self._store is None:
            self._store = Store.open(self._cache_dir)
        return self._store

    def close(self) -> None:
        """Close the store; it opens again when it is used again."""
        if self._store is not None:
            self._store.close()
        self._store = None

    def decide(self, *, serving: bool = False) -> planning.Decision:
        """Tell whether a build here and now buys."""
        return planning.decide(
            self.settings, serving=serving, in_ci=self._in_ci, endpoint=self.endpoint
        )

    def order(
        self,
        sources: Iterable[ArticleSource],
        digest_files: FileDigester,
        scanned: Iterable[Diagnostic] = (),
    ) -> Orders:
        """Read the articles' covers and turn them into orders.

        `scanned` was told of front matter before, maybe of articles that are none by now; it
        becomes part of what the plan tells, each once.
        """
        covers, told = planning.read_covers(sources, self.settings, self.book)
        templates = {DEFAULT_TEMPLATE: _package_text(f"templates/{DEFAULT_TEMPLATE}")}
        prompts = Prompts(self.settings, {**templates, **self._templates})
        orders = planning.make_orders(covers, prompts, digest_files(planning.named_files(covers)))
        diagnostics = dict.fromkeys((*told, *orders.diagnostics, *scanned))
        return Orders(orders.orders, tuple(diagnostics))

    def plan(self, orders: Orders, *, rebuy: bool = False) -> Plan:
        """Look into the store and decide what to do about each order."""
        if not orders.orders:  # a site without covers gets no store
            return Plan(diagnostics=orders.diagnostics)
        state = look(orders, self.store, self.settings, deep=rebuy)
        return planning.make_plan(orders, state, self.book, self.settings, rebuy=rebuy)

    def approve(self, plan: Plan, *, strict: bool) -> planning.ApprovedPlan:
        """Tell whether what a plan buys may be bought: the one rule for builds and commands.

        Raises:
            ArticlesError: it is strict, and there are errors or warnings.
            OverBudgetError: it breaks a wall.
            SettingsError: no key is set.
            StoreError: the store can't keep what would be bought.
        """
        approved = planning.approve(plan, self.settings.budget, strict=strict)
        if not plan.purchases:
            return approved
        if self.endpoint is None:
            raise SettingsError(
                f"no API key is set, and the plan buys {len(plan.purchases)} "
                f"of {len(plan.actions)} covers",
                hint="set IMAGEGEN_API_KEY (or OPENAI_API_KEY) in the environment or in .env",
            )
        self.store.require_writable()
        return approved

    def foresee(self, plan: Plan, *, strict: bool) -> planning.Decision:
        """Tell whether a `mkdocs build` here and now would buy this plan, and why (not)."""
        if not plan.purchases:
            return planning.Decision(False, "there is nothing to buy")
        decision = self.decide()
        if not decision.buys:
            return decision
        try:
            self.approve(plan, strict=strict)
        except ImagegenError as error:
            return planning.Decision(False, error.message)
        return decision

    def buy(self, approved: planning.ApprovedPlan) -> Generator[Outcome, None, None]:
        """Buy what is approved; see `execute`."""
        if self.endpoint is None or not approved.plan.purchases:
            return
        from .execute import execute
        from .providers.openai import OpenAIProvider  # imports the SDK

        provider = OpenAIProvider(self.endpoint, timeout_s=self.settings.timeout_s)
        yield from execute(
            approved, provider, self.store, self.book, concurrency=self.settings.concurrency
        )

    def publish(self, orders: Orders) -> Published:
        """Return the covers' files, drawn where nothing was bought."""
        if not orders.orders:
            return Published({})
        return publish(orders.orders, self.store, self.settings)

    def own_size(self, order: Order, read: Callable[[], bytes]) -> Size | None:
        """Return the size of an author's own picture, `None` where it can't be told."""
        return own_size(order, self.store, read)


def _package_text(name: str) -> str:
    return (importlib.resources.files("mkdocs_imagegen") / name).read_text(encoding="utf-8")
