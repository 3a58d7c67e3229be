"""Purchases while they happen: a bar where a person watches, a line a picture elsewhere."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from types import FrameType

from ..model import Bought, Found, Outcome

STOPPING = "stopping: waiting for the requests under way, which are paid for"


def watch(
    outcomes: Generator[Outcome, None, None], total: int, tell: Callable[[Outcome], None]
) -> list[Outcome]:
    """Run the purchases to their end and return how each ended.

    On a terminal a progress bar stands for what goes well, and the rest is told below it at the
    end. Elsewhere each outcome is told when it ends. If anything is raised here, Ctrl-C included,
    the purchases are closed at once: nothing further is sent. Ctrl-C says why that takes a while.
    """
    ended: list[Outcome] = []
    with _telling_of_ctrl_c(), closing(outcomes):
        if not sys.stderr.isatty():
            for outcome in outcomes:
                tell(outcome)
                ended.append(outcome)
            return ended
        with _bar(total) as advance:
            for outcome in outcomes:
                advance()
                ended.append(outcome)
    for outcome in ended:
        if not isinstance(outcome, Bought | Found):
            tell(outcome)
    return ended


@contextmanager
def _telling_of_ctrl_c() -> Iterator[None]:
    """Say it in the signal's handler: the purchases wait before an `except` here would run."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield
        return
    line = f"\n{STOPPING}\n" if sys.stderr.isatty() else f"{STOPPING}\n"

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, handler)
        with suppress(OSError):
            os.write(2, line.encode("ascii"))  # a stream may be in the middle of a write
        handler(number, frame)

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("covers"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("covers", total=total, visible=total > 0)
        yield lambda: progress.advance(task)
