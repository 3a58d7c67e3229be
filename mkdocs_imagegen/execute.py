"""Buy what is approved, and nothing else. Yields an Outcome for each purchase as it ends.

Bytes and record are in the store before anything decodes them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

from . import images
from .errors import (
    AnswerError,
    ImagegenError,
    OverBudgetError,
    PictureError,
    ProviderError,
    StoreError,
)
from .keys import digest
from .model import (
    Action,
    Bought,
    CoverRequest,
    Failed,
    Found,
    Outcome,
    Priced,
    Record,
    Skipped,
)
from .plan import ApprovedPlan
from .pricing import PriceBook
from .providers import Answer, Provider
from .settings import Budget
from .store import Store, UnreadableRowError


def execute(
    approved: ApprovedPlan,
    provider: Provider,
    store: Store,
    book: PriceBook,
    *,
    concurrency: int,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Outcome]:
    """Send the approved requests, at most `concurrency` at once, and yield how each ended.

    Closing the iterator early sends no further request and waits for those under way: they are
    paid for, and their pictures are stored.

    Raises:
        StoreError: before the first request, where the store can't keep what would be bought.
    """
    purchases = approved.plan.purchases
    if not purchases:
        return
    store.prepare()
    buyer = _Buyer(provider, store, book, _Wall(approved.budget), now)
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="imagegen")
    try:
        futures: list[Future[Outcome]] = [pool.submit(buyer.buy, action) for action in purchases]
        for future in as_completed(futures):
            yield future.result()
    finally:
        buyer.stop("the run was stopped")
        pool.shutdown(wait=True, cancel_futures=True)
        with suppress(StoreError):  # only `mkdocs serve` misses it
            store.mark_changed()


def ended_at_wall(outcomes: Iterable[Outcome]) -> bool:
    """Tell whether a wall, and no other trouble, kept back what was not bought."""
    bad = [outcome for outcome in outcomes if not isinstance(outcome, Bought | Found)]
    return bool(bad) and all(isinstance(outcome, Skipped) for outcome in bad)


class _Wall:
    """The budget while requests are under way: reserve the most, settle what it came to."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._images = 0
        self._usd = Decimal(0)

    def reserve(self, bound_usd: Decimal) -> None:
        """Take one picture and its highest price out of the budget.

        Raises:
            OverBudgetError: it does not fit any more.
        """
        wall_usd = self._budget.per_build_usd
        with self._lock:
            if self._images >= self._budget.max_images:
                raise OverBudgetError("`budget: max_images` is reached")
            if wall_usd is not None and self._usd + bound_usd > wall_usd:
                raise OverBudgetError(
                    "`budget: per_build` is reached: the endpoint charged more than was planned"
                )
            self._images += 1
            self._usd += bound_usd

    def settle(self, bound_usd: Decimal, usd: Decimal) -> None:
        with self._lock:
            self._usd += usd - bound_usd


class _Buyer:
    """Buys one action a call, from any thread, until something stops the run."""

    def __init__(
        self,
        provider: Provider,
        store: Store,
        book: PriceBook,
        wall: _Wall,
        now: Callable[[], datetime],
    ) -> None:
        self._provider = provider
        self._store = store
        self._book = book
        self._wall = wall
        self._now = now
        self._stopped = ""

    def stop(self, why: str) -> None:
        """Send no further request."""
        self._stopped = self._stopped or why

    def buy(self, action: Action) -> Outcome:
        """Buy one picture. Whatever goes wrong is an outcome: the others must be told of too."""
        try:
            return self._buy(action)
        except ImagegenError as error:
            if isinstance(error, StoreError) or (
                isinstance(error, ProviderError) and error.stops_run
            ):
                self.stop(error.message)
            return Failed(action, error)
        except Exception as error:
            self.stop("an unexpected error stopped the run")
            told = ImagegenError(
                f"unexpected {type(error).__name__}: the request may have been billed",
                hint="this is a fault of mkdocs-imagegen or of a library: please report it",
            )
            told.__cause__ = error
            return Failed(action, told)

    def _buy(self, action: Action) -> Outcome:
        request, key = action.request, action.request_key
        assert request is not None
        assert key is not None
        with self._store.lock(key):
            if self._stopped:
                return Skipped(action, self._stopped)
            if self._is_there(key, but_not=action.replaces):
                return Found(action)
            bound_usd = action.price.bound_usd if isinstance(action.price, Priced) else Decimal(0)
            try:
                self._wall.reserve(bound_usd)
            except OverBudgetError as error:
                self.stop(error.message)
                return Skipped(action, error.message)
            answer = self._provider.generate(request)
            record = self._keep(action, request, key, answer)
        if record.usd is not None:
            self._wall.settle(bound_usd, Decimal(record.usd))
        return self._checked(action, record, answer)

    def _is_there(self, key: str, *, but_not: str) -> bool:
        """Tell whether another run bought it. An unreadable store is no "no": it raises."""
        try:
            record = self._store.record(key)
        except UnreadableRowError:
            return False  # the damaged record that --rebuy replaces
        if record is None or record.digest == but_not:
            return False
        return not self._store.damage(record)

    def _keep(self, action: Action, request: CoverRequest, key: str, answer: Answer) -> Record:
        record = Record(
            request_key=key,
            digest=digest(answer.picture),
            size_bytes=len(answer.picture),
            article=action.article,
            sent=answer.sent,
            endpoint=answer.endpoint,
            received_at=self._now().isoformat(timespec="seconds"),
            usage=answer.usage,
            usd=self._usd(action, request, answer),
            request_id=answer.request_id,
        )
        try:
            self._store.put(record, answer.picture)
        except StoreError as error:
            kept = self._store.rescue(record, answer.picture)
            raise StoreError(
                f"{error.message}; the picture was paid for: {kept}", hint=error.hint
            ) from error
        return record

    def _usd(self, action: Action, request: CoverRequest, answer: Answer) -> str | None:
        if not isinstance(action.price, Priced):
            return None
        actual = self._book.actual_usd(request.model, answer.usage) if answer.usage else None
        planned = action.price.output_usd + action.price.input_usd_estimate
        return f"{(planned if actual is None else actual).normalize():f}"

    def _checked(self, action: Action, record: Record, answer: Answer) -> Outcome:
        """Decode what is stored by now. An endpoint that sends no pictures is asked no more."""
        try:
            size = images.inspect(answer.picture).size
        except PictureError as error:
            raise AnswerError(
                f"the endpoint sent {error.message}",
                hint="the answer is kept; mkdocs-imagegen apply --rebuy asks (and pays) once more",
                request_id=record.request_id,
            ) from error
        return Bought(action, record, size)
