"""Buy one picture: reserve it, send it, maybe again, keep it. Safe to call from many threads.

A request is in the ledger before it is sent.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from .arrivals import take_in
from .errors import (
    ImagegenError,
    NetworkError,
    OverBudgetError,
    ProviderError,
    RateError,
    SafetyError,
    StoreError,
)
from .keeping import Keeper
from .model import (
    Action,
    CoverRequest,
    Failed,
    Found,
    Outcome,
    Skipped,
)
from .pace import Pace
from .plan.retries import DEFAULT, Retries, asks_too_much, wait_s
from .pricing import PriceBook
from .providers import Answer, Provider
from .store import Store, UnreadableRowError
from .till import Booking, Till


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
        self._pace = Pace(manners.images_per_minute, manners.clock)
        self._stopped = ""
        self._stop = threading.Event()
        self._sleep = manners.sleep or self._stop.wait
        self._under_way = 0
        self._changed = threading.Condition()
        self._keeper = Keeper(store, till, book, now, self.stop)

    @property
    def unbooked(self) -> list[Failed]:
        """The ledger's own trouble with requests that ended otherwise."""
        return self._keeper.unbooked

    def stop(self, why: str) -> None:
        """Send no further request."""
        self._stopped = self._stopped or why
        self._stop.set()

    def is_idle(self, timeout_s: float) -> bool:
        """Wait until no request is under way; tell whether that came about in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._under_way, timeout_s)

    def buy(self, action: Action, tell: Callable[[Outcome | BaseException], None]) -> None:
        """Buy one picture, and tell what became of it before the request counts as ended."""
        with self._counted():
            try:
                tell(self._outcome(action))
            except BaseException as error:  # the one who waits for this must hear of it
                tell(error)

    def _outcome(self, action: Action) -> Outcome:
        """Return how it ended. Whatever goes wrong is an outcome: the others must be told too."""
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
            try:
                booking, answer = self._sent(action, request, key)
            except _NotSentError as error:
                return Skipped(action, str(error))
            return self._keeper.keep(action, booking, answer)

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
        sent = 0
        while True:
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
                sent += 1
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
            self._keeper.book(action, lambda: end(booking, request_id))
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

    def _notice(self, action: Action, what: str) -> None:
        self._manners.notice(f"{action.article}: {what}")


class _NotSentError(Exception):
    """Says why a request was never sent."""
