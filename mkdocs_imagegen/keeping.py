"""Keep what came for a request: bytes and record in the store, its cost in the books.

Both are in the store before anything decodes them, and before the ledger says what they cost.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from . import images
from .errors import AnswerError, PictureError, StoreError
from .keys import digest
from .model import Action, Bought, Failed, Priced, Record, Size
from .pricing import PriceBook
from .providers import Answer
from .store import Store
from .store.records import recorded_usd
from .till import Booking, Till, planned_usd


class Keeper:
    """Stores answers and ends bookings, from any thread."""

    def __init__(
        self,
        store: Store,
        till: Till,
        book: PriceBook,
        now: Callable[[], datetime],
        stop: Callable[[str], None],
    ) -> None:
        """Take where things are kept; `stop` ends the run where the books can't be written."""
        self._store = store
        self._till = till
        self._prices = book
        self._now = now
        self._stop = stop
        self.unbooked: list[Failed] = []
        """The ledger's own trouble with requests that ended otherwise."""

    def keep(self, action: Action, booking: Booking, answer: Answer) -> Bought:
        """Store what came, tell what it is, and book what it cost.

        Raises:
            AnswerError: it is no picture; it is stored all the same.
            StoreError: it could not be stored, and where it is instead.
        """
        proven_usd = self._proven_usd(action, answer)
        record = self._record(action, answer, proven_usd)

        def settle() -> None:
            self._till.settle(booking, record, proven_usd)

        def hold() -> None:
            self._till.hold(booking, record.request_id)

        end = settle
        try:
            self._put(record, answer.picture)
            return Bought(action, record, self._size_of(record, answer))
        except AnswerError as error:
            end = hold if proven_usd is None else settle
            error.spent_usd = proven_usd
            raise
        except StoreError as error:
            error.spent_usd = None if record.usd is None else Decimal(record.usd)
            raise
        finally:
            self.book(action, end)

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

    def book(self, action: Action, end: Callable[[], None]) -> None:
        """Enter how a request ended. Trouble with that must hide neither picture nor error."""
        try:
            end()
        except StoreError as error:
            self._stop(error.message)
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

    def _record(self, action: Action, answer: Answer, proven_usd: Decimal | None) -> Record:
        assert action.request_key is not None
        usd = planned_usd(action) if proven_usd is None else proven_usd
        return Record(
            request_key=action.request_key,
            digest=digest(answer.picture),
            size_bytes=len(answer.picture),
            article=action.article,
            sent=answer.sent,
            endpoint=answer.endpoint,
            received_at=self._now().isoformat(timespec="seconds"),
            usage=answer.usage,
            usd=recorded_usd(usd),
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
