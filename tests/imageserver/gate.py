"""Where requests wait until a test lets them go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Open at first. While it is held, generation requests wait at it, unpaid."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._passes: int | None = None
        """How many more may pass; `None` for all."""
        self._closing = False

    def hold(self) -> None:
        """Let no request pass from now on."""
        with self._changed:
            self._passes = 0

    def release(self, count: int | None = None) -> None:
        """Let that many requests pass, whether they wait already or come later; `None` for all."""
        with self._changed:
            self._passes = None if count is None else (self._passes or 0) + count
            self._changed.notify_all()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the gate inside the block, and open it at the end."""
        self.hold()
        try:
            yield
        finally:
            self.release()

    def close(self) -> None:
        """Send everybody who waits away, for good: the server is shutting down."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    def wait_to_pass(self, *, delay_s: float) -> bool:
        """Wait for the gate, then for the delay. False where the server shuts down meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._passes != 0)
            if self._passes is not None and not self._closing:
                self._passes -= 1
            if delay_s:
                self._changed.wait_for(lambda: self._closing, delay_s)
            return not self._closing
