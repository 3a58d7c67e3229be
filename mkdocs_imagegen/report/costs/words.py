"""Amounts and sentences that every report of costs shows, as a table or as a page."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ...pricing import usd_text
from .sums import CostReport, Summary

UNKNOWN = "unknown"


def money(amount: Decimal | None) -> str:
    """Return an amount as `$0.0412`; `unknown` where it is."""
    return UNKNOWN if amount is None else f"${usd_text(amount)}"


def signed_money(amount: Decimal | None) -> str:
    """Return a difference as `+$0.0012` or `-$0.0012`; `unknown` where it is."""
    if amount is None:
        return UNKNOWN
    text = usd_text(abs(amount))
    if not Decimal(text):
        return f"${text}"
    return f"{'-' if amount < 0 else '+'}${text}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun: `1 request`, `2,000 requests`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def tokens(number: int | None) -> str:
    """Return a number of tokens; `unknown` where nobody counted them."""
    return UNKNOWN if number is None else f"{number:,}"


def nothing_yet(report: CostReport) -> str:
    """Return what to say where there are no rows."""
    return f"No purchases since {report.since}." if report.since else "No purchases yet."


def sentences(total: Summary) -> Iterator[str]:
    """Yield what the sums alone don't say: estimates, possible bills, unknown prices."""
    if total.pictures:
        yield _bought(total)
    if total.possibly_billed:
        yield _possibly(total)
    if total.unpriced:
        pictures = count(total.unpriced, "picture")
        yield f"What {pictures} cost is unknown, and not in the actual sum."
    if total.released:
        was_were = "was" if total.released == 1 else "were"
        yield f"{count(total.released, 'request')} {was_were} certainly not charged."


def _bought(total: Summary) -> str:
    text = f"Bought: {count(total.pictures, 'picture')}"
    if total.actual_usd is None:
        return f"{text}."
    known = total.pictures - total.unpriced
    text += f", {known:,} of them for" if total.unpriced else " for"
    text += f" {money(total.actual_usd)}"
    difference = total.difference_usd
    if difference is None:
        return f"{text}; what was estimated is unknown."
    if not Decimal(usd_text(abs(difference))):
        return f"{text}, as estimated."
    side = "less" if difference < 0 else "more"
    whole = total.estimated_usd is not None and difference == total.actual_usd - total.estimated_usd
    where = "" if whole else " where both are known"
    return f"{text}, {money(abs(difference))} {side} than estimated{where}."


def _possibly(total: Summary) -> str:
    one = total.possibly_billed == 1
    text = f"Possibly billed: {count(total.possibly_billed, 'request')} without an answer"
    if total.possible_usd is not None:
        text += f", at most {money(total.possible_usd)}"
    if total.possibly_unpriced:
        whole = total.possibly_unpriced == total.possibly_billed
        number = "" if whole else f" for {total.possibly_unpriced} of them"
        text += f", the most{number} unknown"
    return f"{text}. The vendor's invoice tells whether {'it was' if one else 'they were'} charged."
