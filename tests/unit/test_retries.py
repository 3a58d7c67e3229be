"""Which failures are sent again, and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen import errors
from mkdocs_imagegen.errors import ProviderError, RateError, ResponseTimeoutError, UpstreamError
from mkdocs_imagegen.plan.retries import LONGEST_BACKOFF_S, LONGEST_WAIT_S, Retries, wait_s

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type)]
PROVIDER_ERRORS = [kind for kind in KINDS if issubclass(kind, ProviderError)]


@pytest.mark.parametrize("kind", PROVIDER_ERRORS)
def test_only_what_passes_and_costs_nothing_is_sent_again_by_itself(
    kind: type[ProviderError],
) -> None:
    waits = wait_s(kind("no"), 1, Retries(), 0.5) is not None
    assert waits == kind.passes
    assert not (kind.passes and (kind.maybe_billed or kind.stops_run))


@given(st.sampled_from(PROVIDER_ERRORS), st.integers(0, 10), st.booleans(), st.floats(0, 1))
def test_every_policy_ends(
    kind: type[ProviderError], most: int, timeouts: bool, jitter: float
) -> None:
    retries = Retries(most, timeouts)
    sent = 1
    while wait_s(kind("no"), sent, retries, jitter) is not None:
        sent += 1
    assert sent <= max(most, 1) + 1


@given(st.integers(1, 10), st.floats(0, 1), st.none() | st.floats(0, LONGEST_WAIT_S))
def test_a_wait_is_what_the_endpoint_asks_for_and_a_capped_backoff(
    sent: int, jitter: float, asked_s: float | None
) -> None:
    wait = wait_s(UpstreamError("no", retry_after_s=asked_s), sent, Retries(most=10), jitter)
    assert wait is not None
    assert (asked_s or 0) < wait <= (asked_s or 0) + LONGEST_BACKOFF_S


def test_a_wait_that_is_too_long_is_not_waited() -> None:
    assert wait_s(RateError("no", retry_after_s=LONGEST_WAIT_S + 1), 1, Retries(), 0.5) is None


def test_a_timeout_is_sent_again_once_at_most_and_only_where_it_is_wanted() -> None:
    error = ResponseTimeoutError("no")
    assert wait_s(error, 1, Retries(most=9), 0.5) is None
    assert wait_s(error, 1, Retries(most=0, timeouts=True), 0.5) is not None
    assert wait_s(error, 2, Retries(most=9, timeouts=True), 0.5) is None
