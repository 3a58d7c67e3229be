"""The books: one row for each request that was, or may have been, paid for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from .articles import Size
from .records import Usage


class RowState(StrEnum):
    """What is known of a request's bill."""

    RESERVED = "reserved"
    """Under way, or its process died: counts with the most it can cost."""
    SETTLED = "settled"
    """Paid for: counts with what it cost."""
    RELEASED = "released"
    """Certainly not billed: counts nothing."""
    POSSIBLY_BILLED = "possibly billed"
    """Nobody can say: counts with the most it can cost."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One request in the books."""

    at: str
    """ISO time, UTC, of the reservation."""
    site: str
    article: str
    section: str
    authors: str
    job: str
    """The CI run, `""` elsewhere."""
    request_key: str
    model: str
    size: Size
    quality: str
    endpoint: str
    """Scheme and host."""
    bound_usd: Decimal | None
    """The most it can cost; `None` where it is unpriced."""
    estimated_usd: Decimal | None
    """Picture and prompt as planned; `None` where it is unpriced."""
    state: RowState = RowState.RESERVED
    actual_usd: Decimal | None = None
    """From `usage`, else as planned; `None` until it is settled, and where nobody knows."""
    usage: Usage | None = None
    request_id: str = ""
