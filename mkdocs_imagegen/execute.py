"""Buy what is approved, and nothing else. Yields an Outcome for each purchase as it ends.

Each request is in the ledger before it is sent. Bytes and record are in the store before anything
decodes them, and before the ledger says what they cost.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
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
    Size,
    Skipped,
)
from .plan import ApprovedPlan
from .pricing import PriceBook
from .providers import Answer, Provider
from .store import Store, UnreadableRowError
from .store.ledger import Ledger
from .till import Attribution, Booking, Till, planned_usd

__all__ = ["Attribution", "ended_at_wall", "execute"]


def execute(
    approved: ApprovedPlan,
    provider: Provider,
    store: Store,
    ledger: Ledger,
    book: PriceBook,
    *,
    concurrency: int,
    attribution: Attribution,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Generator[Outcome, None, None]:
    """Send the approved requests, at most `concurrency` at once, and yield how each ended.

    Closing the iterator early sends no further request and waits for those under way: they are
    paid for, and their pictures are stored. Where the ledger can't be told how a request ended,
    its row goes on to hold the most that it can cost, nothing further is sent, and a `Failed` with
    the StoreError follows at the end, beside the request's own outcome.

    Raises:
        StoreError: before the first request, where the store can't keep what would be bought, or
            the ledger can't be written.
    """
    purchases = approved.plan.purchases
    if not purchases:
        return
    store.prepare()
    ledger.prepare()
    till = Till(ledger, approved.budget, attribution, provider.host, now)
    buyer = _Buyer(provider, store, till, book, now)
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="imagegen")
    try:
        futures: list[Future[Outcome]] = [pool.submit(buyer.buy, action) for action in purchases]
        for future in as_completed(futures):
            yield future.result()
        yield from buyer.unbooked
    finally:
        buyer.stop("the run was stopped")
        pool.shutdown(wait=True, cancel_futures=True)


def ended_at_wall(outcomes: Iterable[Outcome]) -> bool:
    """Tell whether a wall, and no other trouble, kept back what was not bought."""
    bad = [outcome for outcome in outcomes if not isinstance(outcome, Bought | Found)]
    return bool(bad) and all(isinstance(outcome, Skipped) for outcome in bad)


class _Buyer:
    """Buys one action a call, from any thread, until something stops the run."""

    def __init__(
        self,
        provider: Provider,
        store: Store,
        till: Till,
        book: PriceBook,
        now: Callable[[], datetime],
    ) -> None:
        self._provider = provider
        self._store = store
        self._till = till
        self._prices = book
        self._now = now
        self._stopped = ""
        self.unbooked: list[Failed] = []
        """The ledger's own trouble with requests that ended otherwise."""

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
            try:
                booking = self._till.reserve(action, request, key)
            except OverBudgetError as error:
                self.stop(error.message)
                return Skipped(action, error.message)
            answer = self._ask(action, request, booking)
            return self._keep(action, key, booking, answer)

    def _is_there(self, key: str, *, but_not: str) -> bool:
        """Tell whether another run bought it. An unreadable store is no "no": it raises."""
        try:
            record = self._store.record(key)
        except UnreadableRowError:
            return False  # the damaged record that --rebuy replaces
        if record is None or record.digest == but_not:
            return False
        damaged = self._store.damage(record)
        return damaged is None or damaged.pointer

    def _ask(self, action: Action, request: CoverRequest, booking: Booking) -> Answer:
        """Send the request. Of one that fails, only what was surely not billed is given back."""
        try:
            return self._provider.generate(request)
        except BaseException as error:
            request_id = ""
            end = self._till.hold
            if isinstance(error, ProviderError):
                request_id = error.request_id
                end = end if error.maybe_billed else self._till.release
            self._book(action, lambda: end(booking, request_id))
            raise

    def _keep(self, action: Action, key: str, booking: Booking, answer: Answer) -> Bought:
        """Store what came, tell what it is, and book what it cost."""
        proven_usd = self._proven_usd(action, answer)
        record = self._record(action, key, answer, proven_usd)

        def settle() -> None:
            self._till.settle(booking, record, proven_usd)

        def hold() -> None:
            self._till.hold(booking, record.request_id)

        end = settle
        try:
            self._put(record, answer.picture)
            return Bought(action, record, _size_of(record, answer.picture))
        except AnswerError:
            end = hold if proven_usd is None else settle
            raise
        finally:
            self._book(action, end)

    def _book(self, action: Action, end: Callable[[], None]) -> None:
        """Enter how a request ended. Trouble with that must hide neither picture nor error."""
        try:
            end()
        except StoreError as error:
            self.stop(error.message)
            told = StoreError(
                f"{error.message}; the ledger goes on to count the most that this cover can cost",
                hint=error.hint,
            )
            told.__cause__ = error
            self.unbooked.append(Failed(action, told))

    def _proven_usd(self, action: Action, answer: Answer) -> Decimal | None:
        """Return what the endpoint's own count says it charged, `None` where that is no count."""
        if not isinstance(action.price, Priced) or not answer.usage or not action.request:
            return None
        request = action.request
        return self._prices.actual_usd(request.model, answer.usage, quality=request.quality)

    def _record(
        self, action: Action, key: str, answer: Answer, proven_usd: Decimal | None
    ) -> Record:
        usd = planned_usd(action) if proven_usd is None else proven_usd
        return Record(
            request_key=key,
            digest=digest(answer.picture),
            size_bytes=len(answer.picture),
            article=action.article,
            sent=answer.sent,
            endpoint=answer.endpoint,
            received_at=self._now().isoformat(timespec="seconds"),
            usage=answer.usage,
            usd=None if usd is None else f"{usd.normalize():f}",
            request_id=answer.request_id,
        )

    def _put(self, record: Record, picture: bytes) -> None:
        try:
            self._store.put(record, picture)
        except StoreError as error:
            kept = self._store.rescue(record, picture)
            raise StoreError(
                f"{error.message}; the picture was paid for: {kept}", hint=error.hint
            ) from error


def _size_of(record: Record, picture: bytes) -> Size:
    """Decode what is stored by now. An endpoint that sends no pictures is asked no more."""
    try:
        return images.inspect(picture).size
    except PictureError as error:
        raise AnswerError(
            f"the endpoint sent {error.message}",
            hint="the answer is kept; mkdocs-imagegen apply --rebuy asks (and pays) once more",
            request_id=record.request_id,
        ) from error
