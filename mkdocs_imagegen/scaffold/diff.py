"""The difference between two texts, as a person reads it before saying yes."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

NO_NEWLINE = "\\ No newline at end of file"


def diff_lines(name: str, old: str | None, new: str) -> Iterator[str]:
    """Yield the lines of a unified diff, without line ends; `old` is `None` for a new file."""
    before = f"a/{name}" if old is not None else "/dev/null"
    told = difflib.unified_diff(
        _lines(old or ""), _lines(new), before, f"b/{name}", lineterm="\n", n=3
    )
    for line in told:
        shown, end, _ = line.partition("\n")
        yield shown.removesuffix("\r")
        if not end:
            yield NO_NEWLINE


def _lines(text: str) -> list[str]:
    """Split at line feeds alone: the other ends that Python knows may stand within a line."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]
