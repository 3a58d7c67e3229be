"""Whether a request that failed is sent again, and after which wait."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ProviderError, ResponseTimeoutError

FIRST_WAIT_S = 1.0
LONGEST_BACKOFF_S = 60.0
LONGEST_WAIT_S = 120.0
"""Of what an endpoint may ask for; one that asks for more stops the run."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request is sent again."""

    most: int = 2
    """Where the failed one surely cost nothing."""
    timeouts: bool = False
    """Whether one that may have been billed is sent again, once."""


DEFAULT = Retries()


def wait_s(error: ProviderError, sent: int, retries: Retries, jitter: float) -> float | None:
    """Return how long to wait before a request is sent again, `None` where it is not.

    The wait doubles with each attempt; half of it is random, so that workers that failed at once do
    not come back at once. What the endpoint asks for is waited at least.

    Args:
        error: of the last attempt.
        sent: how often the request was sent so far, from 1.
        retries: the policy.
        jitter: a random number from 0 to 1.
    """
    if isinstance(error, ResponseTimeoutError):
        again = retries.timeouts and sent == 1
    else:
        again = error.passes and sent <= retries.most
    if not again or asks_too_much(error):
        return None
    backoff_s = min(FIRST_WAIT_S * 2.0 ** (sent - 1), LONGEST_BACKOFF_S)
    return (error.retry_after_s or 0.0) + backoff_s * (0.5 + jitter / 2)


def asks_too_much(error: ProviderError) -> bool:
    """Tell whether the endpoint asks for a wait that no build should sit out."""
    return (error.retry_after_s or 0.0) > LONGEST_WAIT_S
