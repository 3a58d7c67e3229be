"""Purchases as they happen: a bar where a person watches; the caller writes a line a picture."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator

from ..model import Outcome


def watched(outcomes: Iterator[Outcome], total: int) -> Generator[Outcome, None, None]:
    """Pass the outcomes on, with a progress bar on stderr where that is a terminal."""
    if not total or not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("covers"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("covers", total=total)
        for outcome in outcomes:
            progress.advance(task)
            yield outcome
