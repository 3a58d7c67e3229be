"""Buy one picture: reserve, send (again), store, book. Safe to call from many threads.

A request is in the ledger before it is sent. Bytes and record are in the store before anything
decodes them, and before the ledger says what they cost.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from . import images
from .arrivals import take_in
from .errors import (
    AnswerError,
    ImagegenError,
    NetworkError,
    OverBudgetError,
    PictureError,
    ProviderError,
    RateError,
    SafetyError,
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
from .pace import Pace
from .plan.retries import DEFAULT, Retries, asks_too_much, wait_s
from .pricing import PriceBook
from .providers import Answer, Provider
from .store import Store, UnreadableRowError
from .till import Booking, Till, planned_usd


def say_nothing(_line: str) -> None:
    """Take no notice."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a run treats the endpoint, and what it tells meanwhile."""

    retries: Retries = DEFAULT
    images_per_minute: int | None = None
    notice: Callable[[str], None] = say_nothing
    """Called from the run's threads with a line on what it waits for."""
    sleep: Callable[[float], object] | None = None
    """Waits for so many seconds; where it is `None`, a wait ends when the run is stopped."""
    jitter: Callable[[], float] = random.random
    """From 0 to 1."""
    clock: Callable[[], float] = time.monotonic
    """Seconds that pass while it sleeps; for the pace."""


POLITE = Manners()


class Buyer:
    """Buys one action a call, from any thread, until something stops the run."""

    def __init__(
        self,
        provider: Provider,
        store: Store,
        till: Till,
        book: PriceBook,
        manners: Manners,
        now: Callable[[], datetime],
    ) -> None:
        """Take what a purchase needs; `now` is the time in UTC."""
        self._provider = provider
        self._store = store
        self._till = till
        self._prices = book
        self._manners = manners
        self._now = now
        self._pace = Pace(manners.images_per_minute, manners.clock)
        self._stopped = ""
        self._stop = threading.Event()
        self._sleep = manners.sleep or self._stop.wait
        self._under_way = 0
        self._changed = threading.Condition()
        self.unbooked: list[Failed] = []
        """The ledger's own trouble with requests that ended otherwise."""

    def stop(self, why: str) -> None:
        """Send no further request."""
        self._stopped = self._stopped or why
        self._stop.set()

    def is_idle(self, timeout_s: float) -> bool:
        """Wait until no request is under way; tell whether that came about in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._under_way, timeout_s)

    def buy(self, action: Action) -> Outcome:
        """Buy one picture. Whatever goes wrong is an outcome: the others must be told of too."""
        if self._stopped:
            return Skipped(action, self._stopped)
        try:
            return self._buy(action)
        except ImagegenError as error:
            self._stop_after(error)
            if isinstance(error, SafetyError):
                error.hint = f"{error.hint}, or mkdocs-imagegen apply --retry {action.article}"
            return Failed(action, error)
        except Exception as error:
            self.stop("an unexpected error stopped the run")
            told = ImagegenError(
                f"unexpected {type(error).__name__}: the request may have been billed",
                hint="this is a fault of mkdocs-imagegen or of a library: please report it",
            )
            told.__cause__ = error
            return Failed(action, told)

    def _stop_after(self, error: ImagegenError) -> None:
        """Stop where every further request would fail the same way."""
        if isinstance(error, ProviderError) and asks_too_much(error):
            asked = f"the endpoint asks to wait for {error.retry_after_s:,.0f} seconds"
            error.message, error.hint = f"{error.message}; {asked}", "run again after that"
            self.stop(asked)
        elif isinstance(error, StoreError | NetworkError) or (
            isinstance(error, ProviderError) and error.stops_run
        ):
            self.stop(error.message)

    def _buy(self, action: Action) -> Outcome:
        request, key = action.request, action.request_key
        assert request is not None
        assert key is not None
        with self._store.lock(
            key,
            lambda owner: self._notice(action, f"waiting for {owner}, which is buying it"),
            given_up=self._stop.is_set,
        ) as held:
            if self._stopped or not held:
                return Skipped(action, self._stopped)
            if self._is_there(key, but_not=action.replaces) or self._arrived(key):
                return Found(action)
            with self._counted():
                try:
                    booking, answer = self._sent(action, request, key)
                except _NotSentError as error:
                    return Skipped(action, str(error))
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

    def _arrived(self, key: str) -> bool:
        """Tell whether a run that died meanwhile had received it."""
        return take_in(key, self._store, self._till.ledger, self._prices) is not None

    def _sent(self, action: Action, request: CoverRequest, key: str) -> tuple[Booking, Answer]:
        """Send the request, again where its failure passes; each time it is booked anew.

        Raises:
            ProviderError: the last failure.
            _NotSentError: it was never sent.
        """
        failure: ProviderError | None = None
        for sent in range(1, 1000):
            try:
                self._wait_for_turn()
                booking = self._reserve(action, request, key)
            except _NotSentError:
                if failure is None:
                    raise
                raise failure from None
            try:
                answer = self._ask(action, request, booking)
            except ProviderError as error:
                failure = error
                again_s = wait_s(error, sent, self._manners.retries, self._manners.jitter())
                if again_s is None or self._stopped:
                    raise
                self._pace.forget()
                if isinstance(error, RateError):
                    self._pace.slow_down(again_s)
                self._notice(action, f"{error.message}; sent again in {again_s:.1f} s")
                self._sleep(again_s)
            else:
                if answer.rate:
                    self._pace.learn(answer.rate)
                return booking, answer
        raise AssertionError("a policy must end")

    def _wait_for_turn(self) -> None:
        while not self._stopped and (wait := self._pace.start()):
            self._sleep(wait)
        if self._stopped:
            raise _NotSentError(self._stopped)

    def _reserve(self, action: Action, request: CoverRequest, key: str) -> Booking:
        try:
            return self._till.reserve(action, request, key)
        except OverBudgetError as error:
            self.stop(error.message)
            raise _NotSentError(error.message) from error

    def _ask(self, action: Action, request: CoverRequest, booking: Booking) -> Answer:
        """Send the request once. Of what fails, only what surely was not billed is given back."""
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

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._changed:
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

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
            return Bought(action, record, self._size_of(record, answer))
        except AnswerError:
            end = hold if proven_usd is None else settle
            raise
        finally:
            self._book(action, end)

    def _size_of(self, record: Record, answer: Answer) -> Size:
        """Decode what is stored by now. An endpoint that sends no pictures is asked no more."""
        once_more = "mkdocs-imagegen apply --rebuy asks (and pays) once more"
        if answer.missed:
            kept = self._store.original_path(record)
            raise AnswerError(
                answer.missed.message,
                hint=f"{answer.missed.hint}; its address is kept in {kept}; {once_more}",
                request_id=record.request_id,
            ) from answer.missed
        try:
            return images.inspect(answer.picture).size
        except PictureError as error:
            raise AnswerError(
                f"the endpoint sent {error.message}",
                hint=f"the answer is kept; {once_more}",
                request_id=record.request_id,
            ) from error

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

    def _notice(self, action: Action, what: str) -> None:
        self._manners.notice(f"{action.article}: {what}")

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


class _NotSentError(Exception):
    """Says why a request was never sent."""
