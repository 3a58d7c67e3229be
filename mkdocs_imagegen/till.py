"""Holds each request of a run against the walls, and enters it in the ledger, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from .articles import author_names
from .errors import OverBudgetError
from .model import Action, CoverRequest, LedgerRow, Priced, Record
from .plan.walls import Account, refusal
from .settings import Budget
from .store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whom the books name for a run, beside each article's own section and authors."""

    site: str = ""
    job: str = ""
    """The CI run, `""` elsewhere."""


@dataclass(frozen=True, slots=True)
class Booking:
    """A request that is in the books."""

    number: int
    bound_usd: Decimal | None


class Till:
    """What a run's requests hold: of its own walls in memory, of the month's in the ledger."""

    def __init__(
        self,
        ledger: Ledger,
        budget: Budget,
        attribution: Attribution,
        host: str,
        now: Callable[[], datetime],
    ) -> None:
        self.ledger = ledger
        self._budget = budget
        self._attribution = attribution
        self._host = host
        self._now = now
        self._lock = threading.Lock()
        self._account = Account()

    def reserve(self, action: Action, request: CoverRequest, key: str) -> Booking:
        """Take the most that a request can cost out of all walls.

        Raises:
            OverBudgetError: it does not fit any more.
            StoreError: the ledger can't be written.
        """
        row = self._row(action, request, key)

        def admit(month_usd: Decimal) -> None:
            with self._lock:
                why = refusal(
                    self._budget,
                    build=self._account,
                    month=row.at[: len("2026-11")],
                    month_usd=month_usd,
                    bound_usd=row.bound_usd,
                )
                if why:
                    raise OverBudgetError(why)
                self._account = self._account.reserve(row.bound_usd)

        return Booking(self.ledger.reserve(row, admit), row.bound_usd)

    def settle(self, booking: Booking, record: Record, proven_usd: Decimal | None) -> None:
        """Hold what the endpoint says it charged. Where it says nothing, the bound stays held."""
        if proven_usd is not None:
            with self._lock:
                self._account = self._account.settle(booking.bound_usd, proven_usd)
        self.ledger.settle(
            booking.number,
            usage=record.usage,
            actual_usd=None if record.usd is None else Decimal(record.usd),
            proven=proven_usd is not None,
            request_id=record.request_id,
            endpoint=record.endpoint,
        )

    def release(self, booking: Booking, request_id: str) -> None:
        """Give back what was certainly not billed."""
        with self._lock:
            self._account = self._account.release(booking.bound_usd)
        self.ledger.release(booking.number, request_id=request_id)

    def hold(self, booking: Booking, request_id: str) -> None:
        """Keep holding the bound of what was possibly billed."""
        self.ledger.hold(booking.number, request_id=request_id)

    def _row(self, action: Action, request: CoverRequest, key: str) -> LedgerRow:
        price, article = action.price, action.cover.article
        return LedgerRow(
            at=self._now().astimezone(UTC).isoformat(timespec="seconds"),
            site=self._attribution.site,
            article=article.src_uri,
            section=article.section,
            authors=author_names(article.meta),
            job=self._attribution.job,
            request_key=key,
            model=request.model,
            size=request.size,
            quality=request.quality,
            endpoint=self._host,
            bound_usd=price.bound_usd if isinstance(price, Priced) else None,
            estimated_usd=planned_usd(action),
        )


def planned_usd(action: Action) -> Decimal | None:
    """Return what a request costs as planned, `None` where nobody knows."""
    price = action.price
    return price.output_usd + price.input_usd_estimate if isinstance(price, Priced) else None
