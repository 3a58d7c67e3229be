"""What an answer's headers say of waiting, of the limit on requests, and of the request's name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from . import RateLimit

REQUEST_IDS = (
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-ms-request-id",
    "x-litellm-call-id",
    "x-oneapi-request-id",
    "cf-ray",
)
"""In the order they are looked for: the vendor's own, Azure's, those of gateways."""
ID_CHARS = 100
FAMILIES = ("images", "requests")
"""What is counted; the first is told by some clients only, and is the closer one."""
SPAN_S = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6}
PART = r"(\d+(?:\.\d+)?)(ms|us|d|h|m|s)"


def request_id_in(headers: Mapping[str, str]) -> str:
    """Return the vendor's id of the request, `""` where it gave none."""
    found = next((headers[name] for name in REQUEST_IDS if headers.get(name)), "")
    return "".join(char for char in found if char.isprintable())[:ID_CHARS]


def retry_after_s(headers: Mapping[str, str], now: datetime, *, limited: bool) -> float | None:
    """Return how long the endpoint asks to wait, never below 0, `None` where it does not say.

    Args:
        headers: of the answer; names in lower case, or of any case where the mapping allows.
        now: for a wait that is told as a date.
        limited: whether the limit on requests was met, so that its reset counts too.
    """
    asked = headers.get("retry-after-ms", "")
    found = _number(asked.strip())
    if found is not None:
        return max(0.0, found / 1000)
    asked = headers.get("retry-after", "").strip()
    for wait_s in (_number(asked), span_s(asked), _until_s(asked, now)):
        if wait_s is not None:
            return max(0.0, wait_s)
    rate = rate_limit(headers) if limited else None
    return rate.reset_s if rate else None


def rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Return what the endpoint says of its limit on requests, `None` where it says nothing."""
    for family in FAMILIES:
        told = RateLimit(
            requests_per_minute=_count(headers.get(f"x-ratelimit-limit-{family}", "")),
            remaining=_count(headers.get(f"x-ratelimit-remaining-{family}", "")),
            reset_s=span_s(headers.get(f"x-ratelimit-reset-{family}", "")),
        )
        if told != RateLimit():
            return told
    return None


def span_s(text: str) -> float | None:
    """Return the seconds of a span such as `1m30s`, `20ms` or `2.5`; `None` where it is none."""
    text = text.strip()
    if re.fullmatch(f"(?:{PART})+", text, re.ASCII):
        return math.fsum(float(n) * SPAN_S[unit] for n, unit in re.findall(PART, text, re.ASCII))
    plain = _number(text)
    return None if plain is None or plain < 0 else plain


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[+-]?\d{1,15}(?:\.\d{1,15})?", text, re.ASCII):
        return None
    return float(text)


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII) else None


def _until_s(text: str, now: datetime) -> float | None:
    try:
        then = parsedate_to_datetime(text)
        if then.tzinfo is None:
            then = then.replace(tzinfo=UTC)
        return (then - now).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
