"""Purchases while they happen: a bar where a person watches, a line a picture elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager

from ..model import Bought, Found, Outcome


def watch(
    outcomes: Generator[Outcome, None, None], total: int, tell: Callable[[Outcome], None]
) -> list[Outcome]:
    """Run the purchases to their end and return how each ended.

    On a terminal a progress bar stands for what goes well, and the rest is told below it at the
    end. Elsewhere each outcome is told when it ends. If anything is raised here, Ctrl-C included,
    the purchases are closed at once: nothing further is sent.
    """
    ended: list[Outcome] = []
    with closing(outcomes):
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
def _bar(total: int) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("covers"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("covers", total=total, visible=total > 0)
        yield lambda: progress.advance(task)
