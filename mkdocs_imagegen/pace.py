"""How fast requests go out: at most so many a minute, and none while the endpoint asks to wait."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from .providers import RateLimit

WINDOW_S = 60.0
"""Endpoints count by the minute."""


class Pace:
    """Tells when the next request may go, to any thread. Learns from what the endpoint says."""

    def __init__(
        self, images_per_minute: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the limit that is known, `None` for none, and a clock in seconds."""
        self._given = images_per_minute
        self._learned: int | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._starts: deque[float] = deque()
        """When the window's requests went."""
        self._closed_until = 0.0
        self._refused_at = 0.0

    @property
    def images_per_minute(self) -> int | None:
        """The limit as it is known by now."""
        limits = [limit for limit in (self._given, self._learned) if limit is not None]
        return min(limits, default=None)

    def start(self) -> float:
        """Count a request that goes now, and return 0; or return how many seconds to ask again."""
        with self._lock:
            now = self._clock()
            self._recover(now)
            while self._starts and self._starts[0] <= now - WINDOW_S:
                self._starts.popleft()
            most, wait_s = self.images_per_minute, self._closed_until - now
            if most is not None and len(self._starts) >= most:
                wait_s = max(wait_s, self._starts[-most] + WINDOW_S - now)
            if wait_s > 0:
                return wait_s
            self._starts.append(now)
            return 0.0

    def learn(self, rate: RateLimit) -> None:
        """Take over what an answer says: its limit, and that it is used up."""
        with self._lock:
            if rate.requests_per_minute:
                self._lower(rate.requests_per_minute)
            if rate.remaining == 0 and rate.reset_s is not None:
                self._close(min(rate.reset_s, WINDOW_S))

    def forget(self) -> None:
        """Take back a request that the endpoint did not serve: it counts towards no limit."""
        with self._lock:
            if self._starts:
                self._starts.pop()

    def slow_down(self, wait_s: float) -> None:
        """Send nothing for a while: a request was refused for coming too soon, and is forgotten.

        What was served in the last minute is the limit for now.
        """
        with self._lock:
            now = self._clock()
            served = sum(start > now - WINDOW_S for start in self._starts)
            if now >= self._closed_until and served:  # refusals of one moment are one lesson
                self._lower(served)
            self._refused_at = now
            self._close(wait_s)

    def _recover(self, now: float) -> None:
        """Allow one more after each quiet minute: the limit was a guess, or others used it too."""
        if self._learned is not None and now - self._refused_at >= WINDOW_S:
            self._learned += 1
            self._refused_at = now

    def _lower(self, limit: int) -> None:
        self._learned = limit if self._learned is None else min(self._learned, limit)

    def _close(self, wait_s: float) -> None:
        self._closed_until = max(self._closed_until, self._clock() + wait_s)
