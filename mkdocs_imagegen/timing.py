"""Time and chance as one parameter, so that tests have their own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Timing:
    """What tells the time, waits, and throws dice."""

    now: Callable[[], datetime] = utc_now
    """The time, in UTC."""
    sleep: Callable[[float], object] | None = None
    """Waits for so many seconds before a request is sent again; `None` for the clock's own wait,
    which ends when the run is stopped."""
    jitter: Callable[[], float] = random.random
    """A random number from 0 to 1, of which each wait takes a part."""
    clock: Callable[[], float] = time.monotonic
    """The seconds that pass while `sleep` waits."""


REAL_TIME = Timing()
