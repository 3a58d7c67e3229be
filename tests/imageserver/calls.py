"""What arrived, and what it cost. Safe to read while requests run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Call:
    """One request that arrived, as things stood when it was read from `ImageServer.calls`."""

    method: str
    path: str
    """With the query, where there is one."""
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: Mapping[str, object] | None
    """`None` where it is no JSON object."""
    started_s: float
    """On the monotonic clock, once the whole request was read."""
    ended_s: float | None = None
    """On the monotonic clock, just before the answer is sent; `None` while in flight."""
    status: int | None = None
    """`None` while in flight, and where the connection was closed without an answer."""
    request_id: str = ""
    paid: bool = False
    """Whether a picture was made: a client that is gone by then pays all the same."""
    micro_usd: int = 0
    """Output only; 0 unless paid."""
    input_micro_usd: int = 0
    picture_digests: tuple[str, ...] = ()
    """sha256 of each picture sent, hexadecimal."""

    @property
    def picture_digest(self) -> str:
        """The first picture's sha256, `""` where none was sent."""
        return self.picture_digests[0] if self.picture_digests else ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a call."""

    status: int | None
    request_id: str = ""
    paid: bool = False
    micro_usd: int = 0
    input_micro_usd: int = 0
    picture_digests: tuple[str, ...] = ()


class CallLog:
    """The calls in the order they arrived, and how many of them run at once."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._calls: dict[int, Call] = {}
        self._arrived = 0
        self._in_flight = 0
        self._max_in_flight = 0

    def start(self, call: Call) -> int:
        """Note an arrival and return its number."""
        with self._changed:
            self._arrived += 1
            self._calls[self._arrived] = call
            self._in_flight += 1
            self._max_in_flight = max(self._max_in_flight, self._in_flight)
            self._changed.notify_all()
            return self._arrived

    def finish(self, number: int, result: Result) -> Call | None:
        """Note the end of a call, and return it; `None` where `reset` forgot it meanwhile.

        Must come before the answer is sent: who has an answer sees it in the log, and who sends one
        request after the other is never counted as two at once.
        """
        with self._changed:
            self._in_flight -= 1
            self._changed.notify_all()
            if number not in self._calls:
                return None
            call = replace(
                self._calls[number],
                ended_s=time.monotonic(),
                status=result.status,
                request_id=result.request_id,
                paid=result.paid,
                micro_usd=result.micro_usd,
                input_micro_usd=result.input_micro_usd,
                picture_digests=result.picture_digests,
            )
            self._calls[number] = call
            return call

    def snapshot(self) -> list[Call]:
        """Return all calls so far, in order of arrival."""
        with self._changed:
            return list(self._calls.values())

    @property
    def max_in_flight(self) -> int:
        """The highest number of requests that were in flight at once."""
        with self._changed:
            return self._max_in_flight

    @property
    def in_flight(self) -> int:
        """How many requests have arrived and are not answered yet."""
        with self._changed:
            return self._in_flight

    def wait_for(self, holds: Callable[[], bool], timeout_s: float) -> None:
        """Return once `holds` is true; it is asked again at each arrival and each end.

        Raises:
            TimeoutError: where that does not happen in time.
        """
        with self._changed:
            if not self._changed.wait_for(holds, timeout_s):
                raise TimeoutError(
                    f"not so after {timeout_s} s: {self._arrived} requests arrived, "
                    f"{self._in_flight} of them are in flight"
                )

    def reset(self) -> None:
        """Forget all calls. Those in flight still count as in flight."""
        with self._changed:
            self._calls.clear()
            self._max_in_flight = self._in_flight
