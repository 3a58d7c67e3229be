"""Amounts of money: exact in USD, and rounded to be shown."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def tokens_usd(tokens: int, usd_per_million: Decimal) -> Decimal:
    """Return what tokens cost, exactly."""
    return (tokens * usd_per_million).scaleb(-6)


def usd_text(amount: Decimal, places: int = 4) -> str:
    """Return an amount with this many decimal places, halves rounded up: `0.0412`."""
    return f"{amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def micro_usd(amount: Decimal) -> int:
    """Return an amount in whole micro-dollars, halves rounded up."""
    return int(amount.scaleb(6).to_integral_value(ROUND_HALF_UP))
