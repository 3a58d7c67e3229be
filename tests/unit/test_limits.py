"""What headers say of waiting, of the limit on requests, and of the request's name."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.providers import RateLimit
from mkdocs_imagegen.providers.limits import rate_limit, request_id_in, retry_after_s, span_s

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "20"}, 20.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "20s"}, 20.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "3600"}, 3600.0),
        ({"retry-after-ms": "250", "retry-after": "20"}, 0.25),
        ({"retry-after-ms": "-250"}, 0.0),
        ({"retry-after-ms": "soon", "retry-after": "20"}, 20.0),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 13:00:30 +0100"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 -0000"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Sun, 99 Nov 2026 11:00:00 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "\u0663"}, None),
        ({"x-ratelimit-reset-requests": "12s"}, 12.0),
        ({"x-ratelimit-reset-images": "1s", "x-ratelimit-reset-requests": "12s"}, 1.0),
        ({"retry-after": "soon", "x-ratelimit-reset-requests": "12s"}, 12.0),
    ],
)
def test_a_wait_is_read_in_all_its_forms(headers: dict[str, str], wait_s: float | None) -> None:
    assert retry_after_s(headers, NOW, limited=True) == wait_s


def test_only_who_met_the_limit_waits_for_its_reset() -> None:
    assert retry_after_s({"x-ratelimit-reset-requests": "12s"}, NOW, limited=False) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1m30s", 90.0),
        ("20ms", 0.02),
        ("6m0s", 360.0),
        ("1h0m0.5s", 3600.5),
        ("1d", 86_400.0),
        ("500us", 0.0005),
        ("2.5", 2.5),
        ("", None),
        ("s", None),
        ("-1s", None),
        ("-1", None),
        ("1m 30s", None),
        ("1 minute", None),
    ],
)
def test_a_span_is_read(text: str, seconds: float | None) -> None:
    assert span_s(text) == (None if seconds is None else pytest.approx(seconds))


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms"]), st.text()), st.text())
def test_a_wait_is_never_below_zero_and_always_a_number(
    headers: dict[str, str], reset: str
) -> None:
    wait_s = retry_after_s({**headers, "x-ratelimit-reset-requests": reset}, NOW, limited=True)
    assert wait_s is None or (wait_s >= 0 and math.isfinite(wait_s))


@pytest.mark.parametrize(
    ("headers", "rate"),
    [
        ({}, None),
        ({"x-ratelimit-limit-tokens": "5"}, None),
        ({"x-ratelimit-limit-requests": "many", "x-ratelimit-remaining-requests": "-1"}, None),
        ({"x-ratelimit-limit-requests": "5"}, RateLimit(5)),
        (
            {
                "x-ratelimit-limit-requests": "500",
                "x-ratelimit-remaining-requests": "499",
                "x-ratelimit-reset-requests": "120ms",
            },
            RateLimit(500, 499, 0.12),
        ),
        ({"x-ratelimit-limit-images": "5", "x-ratelimit-limit-requests": "500"}, RateLimit(5)),
    ],
)
def test_the_limit_on_requests_is_read(headers: dict[str, str], rate: RateLimit | None) -> None:
    assert rate_limit(headers) == rate


@pytest.mark.parametrize(
    ("headers", "request_id"),
    [
        ({}, ""),
        ({"x-request-id": "req_1", "cf-ray": "8f2-DFW"}, "req_1"),
        ({"x-request-id": "", "apim-request-id": "a-1"}, "a-1"),
        ({"cf-ray": "8f2-DFW"}, "8f2-DFW"),
        ({"x-request-id": "a\x1b[31mb"}, "a[31mb"),
        ({"x-request-id": "a" * 1000}, "a" * 100),
    ],
)
def test_the_vendors_id_of_a_request_is_found(headers: dict[str, str], request_id: str) -> None:
    assert request_id_in(headers) == request_id
