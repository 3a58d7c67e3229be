"""The one engine behind plugin and command line, free of MkDocs: order, plan, buy, publish."""

from __future__ import annotations

from collections.abc import Callable, Container, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from . import plan as planning
from .arrivals import take_in_all
from .collector import collector_at_rest
from .errors import ImagegenError, SettingsError, StoreError
from .files import CoverFile
from .link_previews import former_previews
from .locking import LockfilePlace, gather, lock_covers, lost_entries
from .model import (
    ArticleSource,
    Diagnostic,
    Entry,
    Lockfile,
    Order,
    Orders,
    Outcome,
    Plan,
    PlanOptions,
)
from .own_pictures import OwnPublished, publish_own
from .packaged import package_text, price_book
from .pricing import PriceBook
from .prompts import Prompts
from .publish import Published, look, publish
from .settings import DEFAULT_TEMPLATE, KEY_NAMES, Endpoint, Settings
from .store import Store
from .store.lockfiles import require_writable
from .timing import REAL_TIME, Timing

if TYPE_CHECKING:
    from .store.ledger import Ledger

FileDigester = Callable[[frozenset[str]], planning.Digests]
"""Hashes those of the named files that the site has."""


class Engine:
    """One site's settings, templates, lockfile and store, ready to plan, buy and publish."""

    def __init__(
        self,
        settings: Settings,
        *,
        cache_dir: Path,
        lockfile: LockfilePlace,
        covers_dir: Path | None = None,
        book: PriceBook | None = None,
        endpoint: Endpoint | None = None,
        key_names: str = KEY_NAMES,
        templates: Mapping[str, str] | None = None,
        in_ci: bool = False,
        dry_run: bool = False,
        job: str = "",
        timing: Timing = REAL_TIME,
    ) -> None:
        """Open nothing yet.

        Args:
            settings: of the site.
            cache_dir: where the store is, or will be made.
            lockfile: where imagegen.lock is, or will be written.
            covers_dir: the store's folder in git, where the site has one.
            book: the prices; those of the package where it is `None`.
            endpoint: where to buy; `None` where no key is set.
            key_names: the variables to set then, as hints name them.
            templates: the site's own prompt templates, by name.
            in_ci: whether this is a CI machine, for the mode `auto`.
            dry_run: whether nothing may be bought here, whoever asks for it.
            job: the CI run's id, for the books.
            timing: what tells the time and waits.
        """
        self.settings = settings
        self.endpoint = endpoint
        self.key_names = key_names
        self.dry_run = dry_run
        self.book = book or price_book()
        self._cache_dir = cache_dir
        self._covers_dir = covers_dir
        self._place = lockfile
        self._templates = templates or {}
        self._in_ci = in_ci
        self._job = job
        self._timing = timing
        self._now = timing.now
        self._store: Store | None = None
        self._ledger: Ledger | None = None
        self._lockfile: Lockfile | None = None
        self._arrived: tuple[Diagnostic, ...] = ()

    @property
    def store(self) -> Store:
        """The store, opened at the first use.

        Raises:
            StoreError: it can't be opened.
        """
        if self._store is None:
            self._store = Store.open(self._cache_dir, self._covers_dir)
            if self._store.spool.kept():  # rarely: what an earlier run could not keep
                self._arrived = tuple(take_in_all(self._store, self.ledger, self.book))
        return self._store

    @property
    def ledger(self) -> Ledger:
        """The books of this store."""
        if self._ledger is None:
            from .store.ledger import LEDGER, Ledger  # not needed where nothing is bought

            store = self.store
            self._ledger = Ledger(store.cache_dir / LEDGER, read_only=store.read_only)
        return self._ledger

    @property
    def lockfile(self) -> Lockfile:
        """What imagegen.lock says, read at the first use.

        Raises:
            LockfileError: it can't be read, or is another site's.
        """
        if self._lockfile is None:
            self._lockfile = self._place.read()
        return self._lockfile

    @property
    def lockfile_path(self) -> Path:
        """Where imagegen.lock is, or will be written."""
        return self._place.path

    def close(self) -> None:
        """Close store and ledger; they open again when they are used again."""
        if self._ledger is not None:
            self._ledger.close()
        if self._store is not None:
            self._store.close()
        self._store = self._ledger = None

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
        sources = tuple(sources)
        templates = {DEFAULT_TEMPLATE: package_text(f"templates/{DEFAULT_TEMPLATE}")}
        prompts = Prompts(self.settings, {**templates, **self._templates})
        with collector_at_rest():
            covers, told = planning.read_covers(sources, self.settings, self.book)
            digests = digest_files(planning.named_files(covers))
            orders = planning.make_orders(covers, prompts, digests)
        diagnostics = dict.fromkeys((*told, *orders.diagnostics, *scanned))
        articles = frozenset(source.src_uri for source in sources)
        return replace(orders, diagnostics=tuple(diagnostics), articles=articles)

    def plan(self, orders: Orders, options: PlanOptions = planning.EVERYTHING) -> Plan:
        """Look into lockfile and store, and decide what to do about each order."""
        if not orders.orders:  # a site without covers gets no store
            return Plan(diagnostics=orders.diagnostics)
        with collector_at_rest():
            standing = planning.stand(orders, self.lockfile)
            needed = planning.needed_originals(orders, standing)
            plan = planning.make_plan(
                orders,
                look(needed, self.store, self.settings, deep=options.rebuy),
                self.book,
                self.settings,
                today=self._now().date(),
                lockfile=self.lockfile,
                options=options,
                standing=standing,
            )
        return replace(plan, diagnostics=(*plan.diagnostics, *self._arrived))

    def outlook(self, plan: Plan, decision: planning.Decision | None = None) -> planning.Outlook:
        """Return what is told beside a plan: what is left of the walls, and what costs less."""
        budget, month_usd = self.settings.budget, Decimal(0)
        if not plan.purchases:
            return planning.Outlook(decision, budget)
        if budget.per_month_usd is not None:
            month_usd = self.ledger.month_usd(f"{self._now():%Y-%m}")
        requests = [action.request for action in plan.purchases if action.request]
        alternative = planning.cheapest(
            requests, self.book, today=self._now().date(), priced=self.settings.priced
        )
        return planning.Outlook(decision, budget, month_usd, alternative)

    def approve(self, plan: Plan, *, strict: bool) -> planning.ApprovedPlan:
        """Tell whether what a plan buys may be bought: the one rule for builds and commands.

        Raises:
            ArticlesError: it is strict, and there are errors or warnings.
            OverBudgetError: it breaks a wall.
            SettingsError: no key is set.
            StoreError: the store can't keep what would be bought.
        """
        approved = planning.approve(plan, self.outlook(plan), strict=strict)
        if not plan.purchases:
            return approved
        if self.endpoint is None:
            raise SettingsError(
                f"no API key is set, and the plan buys {len(plan.purchases)} "
                f"of {len(plan.actions)} covers",
                hint=f"set {self.key_names} in the environment or in .env",
            )
        self.store.require_writable()
        require_writable(self._place.path)
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

    def buy(
        self,
        approved: planning.ApprovedPlan,
        orders: Orders,
        notice: Callable[[str], None] | None = None,
        ended: list[Outcome] | None = None,
    ) -> Generator[Outcome, None, None]:
        """Buy what is approved, see `execute`, and write the lockfile, however it ended.

        Args:
            approved: the plan.
            orders: all of the site's, in all its languages.
            notice: takes a line on what is waited for; called from other threads.
            ended: takes every outcome, also those that come after the iterator was closed.
        """
        if self.endpoint is None or not approved.plan.purchases:
            return
        ended = [] if ended is None else ended
        from .purchasing import purchase  # imports the SDK

        outcomes = purchase(
            approved,
            self.endpoint,
            self.settings,
            self.store,
            self.ledger,
            self.book,
            timing=self._timing,
            job=self._job,
            notice=notice,
            ended=ended,
        )
        try:
            yield from outcomes
        finally:
            outcomes.close()  # waits for the requests under way
            try:
                self.lock(orders, ended, adopt=approved.plan.options.rebuy)
            finally:
                with suppress(StoreError):  # only `mkdocs serve` misses it
                    self.store.mark_changed()

    def lock(
        self, orders: Orders, outcomes: Iterable[Outcome] = (), *, adopt: bool = False
    ) -> bool:
        """Write what the site's covers are into the lockfile, and their originals into git's store.

        Returns whether anything changed.

        Args:
            orders: all of the site's, in all its languages.
            outcomes: what was bought and refused just now.
            adopt: see `gather`.

        Raises:
            LockfileError: it can't be read or written.
            StoreError: git's store can't be written.
        """
        if self.settings.provider == "sketch" or not orders.orders:
            return False
        run = gather(self.lockfile, self.store, orders, outcomes, adopt=adopt, at=self._now())
        self._lockfile = None
        return lock_covers(
            self._place,
            self.store,
            orders,
            run,
            site=self.settings.site.name,
            job=self._job,
        )

    def lost(self) -> tuple[Entry, ...]:
        """Return the lockfile's entries whose originals are in no store."""
        return lost_entries(self.lockfile, self.store)

    def publish(self, plan: Plan, *, bought: Container[str | None] = ()) -> Published:
        """Return the covers' files by src_uri, drawn where there is nothing else to show.

        `bought`: the requests that were paid for just now, where the plan is of the time after
        that.
        """
        if not plan.actions:
            return Published({})
        return publish(
            plan.actions, self.lockfile, self.store, self.settings, self._now(), bought=bought
        )

    def former_previews(self, now: Mapping[tuple[str, str], CoverFile]) -> tuple[CoverFile, ...]:
        """Return the link previews that pages had until lately; see `former_previews`."""
        if not now:
            return ()
        return former_previews(now, self.store, self.settings.site.url, self._now())

    def own_pictures(
        self, wanted: Sequence[tuple[Order, Callable[[], bytes]]]
    ) -> Mapping[str, OwnPublished]:
        """Return what the articles' own pictures are, by src_uri; see `publish_own`."""
        return publish_own(wanted, self.store, self.settings)
