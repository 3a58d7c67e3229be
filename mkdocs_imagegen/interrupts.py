"""Ctrl-C and SIGTERM: both end a run the same way, with the exit code that shells expect."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

STOPPING = "stopping: waiting a while for the requests under way, which are paid for"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt(KeyboardInterrupt):
    """A signal that ends the run."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise `Interrupt` at Ctrl-C and at SIGTERM, and say that this takes a while.

    It is said in the handler: the purchases wait before an `except` could run. A second signal
    finds the earlier handlers. Does nothing outside the main thread, which alone gets signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(number: int, _frame: FrameType | None) -> None:
        restore()
        line = f"\n{STOPPING}\n" if sys.stderr.isatty() else f"{STOPPING}\n"
        with suppress(OSError):
            os.write(2, line.encode("ascii"))  # a stream may be in the middle of a write
        raise Interrupt(number)

    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield
    finally:
        restore()
