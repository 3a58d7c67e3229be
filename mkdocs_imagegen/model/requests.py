"""One paid request, and what it costs before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from .articles import Size


@dataclass(frozen=True, slots=True)
class CoverRequest:
    """One paid request: exactly what can change its pixels, and nothing else.

    Adding a field, or changing what one means, changes every request key: bump `keys.REQUEST`.
    """

    kind: Literal["generate", "edit"]
    model: str
    prompt: str
    """Normalised by `keys.normalise_prompt`."""
    size: Size
    quality: str
    background: str | None = None
    moderation: str | None = None
    reference_digests: tuple[str, ...] = ()
    mask_digest: str | None = None
    parent_key: str | None = None
    """The request key of the picture that an edit starts from."""
    variant: int = 0


@dataclass(frozen=True, slots=True)
class Priced:
    """A known price of one request, in USD, exact to the last digit."""

    output_usd: Decimal
    input_usd_estimate: Decimal = Decimal(0)
    bound_usd: Decimal = Decimal(0)
    """The most it can cost, input included: what the walls count."""
    confidence: Literal["exact", "estimate"] = "exact"
    """Of the picture's price: by a published formula or table, or estimated from bills."""
    batch_usd: Decimal | None = None
    """Picture and prompt by the Batch API; `None` where the model takes no batches."""


@dataclass(frozen=True, slots=True)
class ShutDown:
    """The day from which a model's vendor refuses requests to it."""

    on: date
    successor: str
    """The model to use instead."""


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A price that nobody knows, which is not a price of zero."""

    why: str


Price = Priced | Unpriced
FREE = Priced(Decimal(0))
