"""What an earlier run had received and could not store: taken in by the next, not bought again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from . import images
from .errors import AnswerError, PictureError, StoreError
from .keys import digest, request_key
from .model import CoverRequest, Diagnostic, LedgerRow, Record, RowState, Usage
from .pricing import PriceBook
from .providers import OnAnswer
from .store import Store, UnreadableRowError
from .store.locks import at_once
from .store.records import recorded_usd
from .store.rescue import drop_rescued, read_rescued
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
    """Store what earlier runs had received, and tell of each. What can't be stored stays."""
    if store.read_only:
        return
    for key in store.spool.kept():
        with store.lock(key, given_up=at_once) as dead, suppress(StoreError):
            if dead and (told := _taken_in(key, store, ledger, book)):
                yield told


def take_in(key: str, store: Store, ledger: Ledger, book: PriceBook) -> Record | None:
    """Store what an earlier run had received for a request, and book what it cost.

    To be called while the request's lock is held. Half an answer, or one without a picture, is
    dropped; its row in the ledger goes on to count the most that it can cost.

    Raises:
        AnswerError: it is no picture, but the address of one or what was rescued; it is stored all
            the same, so that nothing buys it again unasked. Nothing is fetched.
        StoreError: it can't be stored, or the ledger can't be written.
    """
    rescued = _rescued(key, store, ledger)
    arrived = rescued or _received(key, store, ledger, book)
    if arrived is None:
        store.spool.drop(key)
        ledger.end_dead(key)
        return None
    record = arrived.record
    store.put(record, arrived.picture)
    if rescued:
        drop_rescued(store.cache_dir, key)
    wrong = arrived.missed or _wrong(arrived.picture)
    _book(arrived, ledger, book, usable=wrong is None)
    if wrong:
        raise AnswerError(
            wrong.message,
            hint=f"what came is kept in {store.original_path(record)}; mkdocs-imagegen apply "
            "--rebuy asks (and pays) once more",
            request_id=record.request_id,
        )
    return record


@dataclass(frozen=True, slots=True)
class _Arrived:
    """What is about to be stored."""

    record: Record
    picture: bytes
    number: int
    row: LedgerRow | None
    """Of the ledger; it is settled already, or open under its `number`."""
    missed: AnswerError | None = None
    """Why the picture is only an address."""


def _taken_in(key: str, store: Store, ledger: Ledger, book: PriceBook) -> Diagnostic | None:
    try:
        record = take_in(key, store, ledger, book)
    except AnswerError as error:
        found = store.record(key)
        article = found.article if found else ""
        return Diagnostic("warning", error.message, article or None, hint=error.hint)
    if record is None:
        return None
    told = "an earlier run had received this cover and could not keep it: it is in the store"
    return Diagnostic("info", told, record.article or None)


def _rescued(key: str, store: Store, ledger: Ledger) -> _Arrived | None:
    """Return what an earlier run saved beside the store, unless that has a later picture."""
    found = read_rescued(store.cache_dir, key)
    if found is None:
        return None
    record, picture = found
    with suppress(UnreadableRowError):
        known = store.record(key)
        if known and known.digest != record.digest and known.received_at >= record.received_at:
            return None
    return _Arrived(record, picture, *_row(key, ledger))


def _received(key: str, store: Store, ledger: Ledger, book: PriceBook) -> _Arrived | None:
    """Return what is in the answer that an earlier run had received, if there is a picture."""
    received = store.spool.read(key)
    if received is None:
        return None
    from .providers.received import read_body  # imports the SDK

    picture, usage, missed = read_body(received.body)
    if not missed and _wrong(picture):
        return None
    number, row = _row(key, ledger)
    usd = _usd(row, usage, book)
    record = Record(
        request_key=key,
        digest=digest(picture),
        size_bytes=len(picture),
        article="" if row is None else row.article,
        sent=received.sent,
        endpoint=received.endpoint,
        received_at=received.received_at,
        usage=usage,
        usd=recorded_usd(usd),
        request_id=received.request_id,
    )
    return _Arrived(record, picture, number, row, missed)


def _wrong(picture: bytes) -> PictureError | None:
    """Tell why bytes are no picture."""
    try:
        images.inspect(picture)
    except PictureError as error:
        return PictureError(f"an earlier run had received {error.message}")
    return None


def _row(key: str, ledger: Ledger) -> tuple[int, LedgerRow | None]:
    """Return the row of the run that paid; the picture counts more than the books."""
    with suppress(StoreError):
        if found := ledger.reopen(key):
            return found
    return 0, None


def _usd(row: LedgerRow | None, usage: Usage | None, book: PriceBook) -> Decimal | None:
    """Return what a picture cost: as the books say, as its tokens do, or as it was planned."""
    if row is None:
        return None
    if row.state is RowState.SETTLED:
        return row.actual_usd
    proven_usd = _proven_usd(row, usage, book)
    return row.estimated_usd if proven_usd is None else proven_usd


def _book(arrived: _Arrived, ledger: Ledger, book: PriceBook, *, usable: bool) -> None:
    """End the row that is still open. What can't be entered goes on to count the most."""
    record, row = arrived.record, arrived.row
    if row is None or row.state is RowState.SETTLED:
        return
    proven = _proven_usd(row, record.usage, book) is not None
    with suppress(StoreError):
        if not usable and not proven:
            ledger.hold(arrived.number, request_id=record.request_id)
            return
        ledger.settle(
            arrived.number,
            usage=record.usage,
            actual_usd=_usd(row, record.usage, book),
            proven=proven,
            request_id=record.request_id,
            endpoint=record.endpoint,
        )


def _proven_usd(row: LedgerRow, usage: Usage | None, book: PriceBook) -> Decimal | None:
    if row.bound_usd is None or usage is None:
        return None
    return book.actual_usd(row.model, usage, quality=row.quality)
