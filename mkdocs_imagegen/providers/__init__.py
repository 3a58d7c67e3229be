"""What turns a request into a picture. Only providers open sockets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..errors import AnswerError
from ..model import CoverRequest, Usage


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What an endpoint says of its limit on requests."""

    requests_per_minute: int | None = None
    remaining: int | None = None
    """Requests that may be sent before `reset_s` is over."""
    reset_s: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A picture that was paid for, undecoded, and what came with it."""

    picture: bytes
    """What came in the picture's place, if it was none: it may have been billed all the same."""
    sent: Mapping[str, object]
    """The request's body as it went out."""
    endpoint: str
    """Scheme and host."""
    usage: Usage | None = None
    request_id: str = ""
    rate: RateLimit | None = None
    missed: AnswerError | None = None
    """Why only the picture's address came: it is in the picture's place, as what was paid for."""


class Provider(Protocol):
    """Buys one picture a call."""

    @property
    def host(self) -> str:
        """Scheme and host of where requests go, as in `Answer.endpoint`."""
        ...  # a protocol has no body

    def generate(self, request: CoverRequest) -> Answer:
        """Send the request once and return the answer. Costs what `pricing` says.

        Returns or raises in the endpoint's `timeout_s` of wall-clock time, whatever comes.

        Raises:
            ProviderError: no picture came; the class says why, and what it means for the run.
        """
        ...  # a protocol has no body

    def abort(self) -> None:
        """End the requests that are under way, from any thread, and refuse further ones.

        Each raises what its state means: a ResponseTimeoutError where it was sent.
        """
        ...  # a protocol has no body


class OnAnswer(Protocol):
    """Puts an answer on the disk before it is read; called once the last byte of it is there."""

    def __call__(
        self,
        request: CoverRequest,
        *,
        sent: Mapping[str, object],
        endpoint: str,
        request_id: str,
        body: bytes,
    ) -> object:
        """Take an answer of success, as it came. Raises nothing."""
        ...  # a protocol has no body
