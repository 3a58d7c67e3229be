"""Buy what is approved, and nothing else. Yields an Outcome for each purchase as it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

from .buyer import POLITE, Buyer, Manners
from .model import Action, Bought, Found, Outcome, Skipped
from .plan import ApprovedPlan
from .pricing import PriceBook
from .providers import Provider
from .store import Store
from .store.ledger import Ledger
from .till import Attribution, Till

__all__ = ["Attribution", "Manners", "ended_at_wall", "execute"]

GRACE_S = 30.0
"""How long a run that is stopped waits for the requests under way."""
_ABORTED_S = 5.0
"""How long requests that were broken off may take to be booked."""


def execute(
    approved: ApprovedPlan,
    provider: Provider,
    store: Store,
    ledger: Ledger,
    book: PriceBook,
    *,
    concurrency: int,
    attribution: Attribution,
    manners: Manners = POLITE,
    grace_s: float = GRACE_S,
    ended: list[Outcome] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Generator[Outcome, None, None]:
    """Send the approved requests, at most `concurrency` at once, and yield how each ended.

    Closing the iterator early sends no further request and waits `grace_s` for those under way:
    they are paid for, and their pictures are stored. What is not there by then is broken off, and
    booked as possibly billed. Where the ledger can't be told how a request ended, its row goes on
    to hold the most that it can cost, nothing further is sent, and a `Failed` with the StoreError
    follows at the end, beside the request's own outcome.

    Whatever ends is in `ended` too, also what ends after the iterator was closed.

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
    buyer = Buyer(provider, store, till, book, manners, now)
    ended = [] if ended is None else ended
    queue: SimpleQueue[Outcome | BaseException] = SimpleQueue()
    try:
        _start(buyer, purchases, concurrency, queue, ended)
        for _ in purchases:
            outcome = queue.get()
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome
        yield from buyer.unbooked
    finally:
        buyer.stop("the run was stopped")
        try:
            _wait(buyer, provider, grace_s)
        finally:
            ended += buyer.unbooked


def ended_at_wall(outcomes: Iterable[Outcome]) -> bool:
    """Tell whether a wall, and no other trouble, kept back what was not bought."""
    bad = [outcome for outcome in outcomes if not isinstance(outcome, Bought | Found)]
    return bool(bad) and all(isinstance(outcome, Skipped) for outcome in bad)


def _start(
    buyer: Buyer,
    purchases: Iterable[Action],
    concurrency: int,
    queue: SimpleQueue[Outcome | BaseException],
    ended: list[Outcome],
) -> None:
    """Let threads buy, and put what became of each purchase into queue and list.

    They are daemons: one that waits for another process's lock must not keep this one alive.
    """
    waiting: SimpleQueue[Action] = SimpleQueue()
    for action in purchases:
        waiting.put(action)

    def work() -> None:
        while True:
            try:
                action = waiting.get_nowait()
            except Empty:
                return
            buyer.buy(action, told)

    def told(outcome: Outcome | BaseException) -> None:
        if not isinstance(outcome, BaseException):
            ended.append(outcome)
        queue.put(outcome)

    for number in range(min(concurrency, waiting.qsize())):
        threading.Thread(target=work, name=f"imagegen-{number}", daemon=True).start()


def _wait(buyer: Buyer, provider: Provider, grace_s: float) -> None:
    """Wait for the requests under way; a second Ctrl-C breaks them off at once."""
    in_time = False
    try:
        in_time = buyer.is_idle(grace_s)
    finally:
        if not in_time:
            provider.abort()
            buyer.is_idle(_ABORTED_S)
