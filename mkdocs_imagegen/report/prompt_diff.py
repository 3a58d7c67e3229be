"""Two prompts to what was taken out of the one and put into the other, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple


class Span(NamedTuple):
    """A piece of a line."""

    kind: Literal["same", "gone", "new"]
    """In both prompts, only in the earlier one, or only in the later one."""
    text: str


DiffLine = Sequence[Span]
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_ALIKE = 0.5
"""Lines less alike than this read better one after the other than word by word."""
_MOST_PAIRS = 400
"""Of lines that are held against each other; in longer changes only lines in step are."""


def prompt_diff(before: str, now: str) -> tuple[DiffLine, ...]:
    """Return the lines of both prompts in order; a line that only changed has its words apart."""
    old, new = before.split("\n"), now.split("\n")
    lines: list[DiffLine] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            lines += [(Span("same", line),) for line in old[old_from:old_to]]
        else:
            lines += _block_diff(old[old_from:old_to], new[new_from:new_to])
    return tuple(lines)


def _block_diff(gone: Sequence[str], new: Sequence[str]) -> Iterator[DiffLine]:
    """Yield the lines of a changed block; each old one beside the first new one that is like it."""
    reach = len(new) if len(gone) * len(new) <= _MOST_PAIRS else 1
    at = 0
    for line in gone:
        for n in range(at, min(at + reach, len(new))):
            if spans := _words_diff(line, new[n]):
                yield from [(Span("new", other),) for other in new[at:n]]
                yield spans
                at = n + 1
                break
        else:
            yield (Span("gone", line),)
    yield from [(Span("new", other),) for other in new[at:]]


def _words_diff(before: str, now: str) -> DiffLine:
    """Return a line's words, those of both lines once; nothing where the two are not alike."""
    old, new = _WORDS.findall(before), _WORDS.findall(now)
    matcher = SequenceMatcher(None, old, new)
    if matcher.quick_ratio() < _ALIKE or matcher.ratio() < _ALIKE:
        return ()
    spans: list[Span] = []
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        gone, come = "".join(old[old_from:old_to]), "".join(new[new_from:new_to])
        pieces = [Span("gone", gone), Span("new", come)]
        spans += [Span("same", come)] if tag == "equal" else [p for p in pieces if p.text]
    return tuple(spans)
