"""Purchases while they happen: a bar where a person watches, a line a picture elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager

from ..errors import EXIT_INTERRUPTED, ProviderError, RunStoppedError
from ..interrupts import Interrupt, interruptible
from ..model import Bought, Failed, Found, Outcome, Skipped


def watch(
    outcomes: Generator[Outcome, None, None],
    ended: list[Outcome],
    total: int,
    tell: Callable[[Outcome], None],
) -> list[Outcome]:
    """Run the purchases to their end and return how each ended.

    On a terminal a progress bar stands for what goes well, and the rest is told below it at the
    end. Elsewhere each outcome is told when it ends. If anything is raised here, the purchases are
    closed at once: nothing further is sent.

    Args:
        outcomes: the run.
        ended: the list that the run puts every outcome into, also those that come after a stop.
        total: how many purchases there are.
        tell: takes what is to be told.

    Raises:
        RunStoppedError: at Ctrl-C and SIGTERM.
    """
    told = 0
    try:
        with interruptible(), closing(outcomes):
            if not sys.stderr.isatty():
                for outcome in outcomes:
                    told += 1
                    tell(outcome)
                return ended
            with _bar(total) as advance:
                for _ in outcomes:
                    advance()
    except KeyboardInterrupt as interrupt:
        for outcome in ended[told:]:
            if not isinstance(outcome, Skipped):
                tell(outcome)
        code = interrupt.exit_code if isinstance(interrupt, Interrupt) else EXIT_INTERRUPTED
        raise _stopped(ended, total, code) from None
    for outcome in ended:
        if not isinstance(outcome, Bought | Found):
            tell(outcome)
    return ended


def _stopped(ended: list[Outcome], total: int, exit_code: int) -> RunStoppedError:
    bought = sum(isinstance(outcome, Bought) for outcome in ended)
    message = f"stopped after {bought} of {total} covers"
    failed = (outcome.error for outcome in ended if isinstance(outcome, Failed))
    doubtful = sum(isinstance(error, ProviderError) and error.maybe_billed for error in failed)
    if doubtful:
        message += f"; {doubtful} without an answer are booked as possibly billed"
    return RunStoppedError(
        message, exit_code=exit_code, hint="what was bought is kept: run it again for the rest"
    )


@contextmanager
def _bar(total: int) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("covers"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("covers", total=total, visible=total > 0)
        yield lambda: progress.advance(task)
