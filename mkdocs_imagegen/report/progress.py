"""Purchases while they happen: a bar where a person watches, a line a picture elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager

from ..errors import RunStoppedError
from ..interrupts import Interrupt, interruptible
from ..model import Bought, Found, Outcome


def watch(
    outcomes: Generator[Outcome, None, None], total: int, tell: Callable[[Outcome], None]
) -> list[Outcome]:
    """Run the purchases to their end and return how each ended.

    On a terminal a progress bar stands for what goes well, and the rest is told below it at the
    end. Elsewhere each outcome is told when it ends. If anything is raised here, the purchases are
    closed at once: nothing further is sent.

    Raises:
        RunStoppedError: at Ctrl-C and SIGTERM.
    """
    ended: list[Outcome] = []
    try:
        with interruptible(), closing(outcomes):
            if not sys.stderr.isatty():
                for outcome in outcomes:
                    tell(outcome)
                    ended.append(outcome)
                return ended
            with _bar(total) as advance:
                for outcome in outcomes:
                    advance()
                    ended.append(outcome)
    except Interrupt as interrupt:
        raise _stopped(ended, total, interrupt.exit_code) from None
    for outcome in ended:
        if not isinstance(outcome, Bought | Found):
            tell(outcome)
    return ended


def _stopped(ended: list[Outcome], total: int, exit_code: int) -> RunStoppedError:
    bought = sum(isinstance(outcome, Bought) for outcome in ended)
    return RunStoppedError(
        f"stopped after {bought} of {total} covers; requests that had no answer yet are booked as "
        "possibly billed",
        exit_code=exit_code,
        hint="what was bought is kept: run it again for the rest",
    )


@contextmanager
def _bar(total: int) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("covers"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("covers", total=total, visible=total > 0)
        yield lambda: progress.advance(task)
