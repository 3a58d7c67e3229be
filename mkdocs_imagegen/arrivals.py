"""What a killed run had received but not stored yet: taken in by the next run, not bought again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from . import images
from .errors import PictureError, StoreError
from .keys import digest, request_key
from .model import CoverRequest, Diagnostic, LedgerRow, Record, Usage
from .pricing import PriceBook
from .providers import OnAnswer
from .store import Store
from .store.locks import at_once
from .store.spool import Received

if TYPE_CHECKING:
    from .store.ledger import Ledger


def keeper(store: Store, now: Callable[[], datetime]) -> OnAnswer:
    """Return what puts answers on the disk before they are read, to be found by `take_in`."""

    def keep(
        request: CoverRequest,
        *,
        sent: Mapping[str, object],
        endpoint: str,
        request_id: str,
        body: bytes,
    ) -> None:
        at = now().isoformat(timespec="seconds")
        store.spool.keep(
            request_key(request), Received(sent, endpoint, request_id, received_at=at, body=body)
        )

    return keep


def take_in_all(store: Store, ledger: Ledger, book: PriceBook) -> Iterator[Diagnostic]:
    """Store what dead runs had received, and tell of each picture. What can't be stored stays."""
    if store.read_only:
        return
    for key in store.spool.kept():
        with store.lock(key, given_up=at_once) as dead, suppress(StoreError):
            if dead and (record := take_in(key, store, ledger, book)):
                yield Diagnostic(
                    "info",
                    "an earlier run had received this cover when it was killed: it is in the store",
                    record.article or None,
                )


def take_in(key: str, store: Store, ledger: Ledger, book: PriceBook) -> Record | None:
    """Store the picture that a dead run had received for a request, and book what it cost.

    To be called while the request's lock is held. Half an answer, or one without a picture, is
    dropped; its row in the ledger goes on to count the most that it can cost.

    Raises:
        StoreError: the picture can't be stored, or the ledger can't be written.
    """
    received = store.spool.read(key)
    picture, usage = _picture_in(received)
    if received is None or not picture:
        store.spool.drop(key)
        ledger.end_dead(key)
        return None
    number, row = _row(key, ledger)
    proven_usd = _proven_usd(row, usage, book)
    usd = proven_usd if proven_usd is not None or row is None else row.estimated_usd
    record = Record(
        request_key=key,
        digest=digest(picture),
        size_bytes=len(picture),
        article="" if row is None else row.article,
        sent=received.sent,
        endpoint=received.endpoint,
        received_at=received.received_at,
        usage=usage,
        usd=None if usd is None else f"{usd.normalize():f}",
        request_id=received.request_id,
    )
    store.put(record, picture)
    if row is not None:
        with suppress(StoreError):  # the row goes on to count the most that it can cost
            ledger.settle(
                number,
                usage=usage,
                actual_usd=usd,
                proven=proven_usd is not None,
                request_id=record.request_id,
                endpoint=record.endpoint,
            )
    return record


def _picture_in(received: Received | None) -> tuple[bytes, Usage | None]:
    """Return the picture, `b""` where there is none, and the tokens that were counted."""
    if received is None:
        return b"", None
    from .providers.received import read_body  # imports the SDK

    picture, usage = read_body(received.body)
    try:
        images.inspect(picture)
    except PictureError:
        return b"", None
    return picture, usage


def _row(key: str, ledger: Ledger) -> tuple[int, LedgerRow | None]:
    """Return the row of the dead run; the picture counts more than the books."""
    with suppress(StoreError):
        if found := ledger.reopen(key):
            return found
    return 0, None


def _proven_usd(row: LedgerRow | None, usage: Usage | None, book: PriceBook) -> Decimal | None:
    if row is None or row.bound_usd is None or usage is None:
        return None
    return book.actual_usd(row.model, usage, quality=row.quality)
