"""A checkup as text for terminals and logs, and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat

from ..report.table import styled, wrapped
from .findings import VERDICTS, Finding, Layer

_STYLES = {
    "ok": "green",
    "info": "cyan",
    "warning": "bold yellow",
    "error": "bold red",
    "skipped": "dim",
}
_VERDICT_WIDTH = max(map(len, VERDICTS))
_NAME_WIDTH = 13
_INDENT = "  "
_LEAST_TEXT = 20
"""Columns of text, however narrow the terminal."""


def checkup_text(layers: Iterable[Layer], *, width: int | None = None, colour: bool = False) -> str:
    """Return the layers with their findings as aligned lines, each mend below its finding.

    Args:
        layers: what was found.
        width: of the terminal, in columns; a message is one line without it.
        colour: with ANSI colours; the verdicts are words too.
    """
    blocks = []
    for layer in layers:
        title = styled(layer.title, "bold") if colour else layer.title
        lines = chain.from_iterable(_lines(each, width, colour) for each in layer.findings)
        blocks.append("".join(f"{line}\n" for line in (title, *lines)))
    return "\n".join(blocks)


def checkup_json(layers: Sequence[Layer]) -> str:
    """Return the layers as JSON with a count of each verdict."""
    document = {
        "layers": [
            {"title": layer.title, "findings": [_fields(each) for each in layer.findings]}
            for layer in layers
        ],
        "counts": dict(counts(layers)),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def counts(layers: Iterable[Layer]) -> dict[str, int]:
    """Return how many findings have each verdict, the worst first."""
    found = Counter(finding.verdict for layer in layers for finding in layer.findings)
    return {verdict: found[verdict] for verdict in VERDICTS}


def checkup_summary(layers: Iterable[Layer]) -> str:
    """Return the counts as a sentence."""
    found = counts(layers)
    troubles = [_plural(found[verdict], verdict) for verdict in ("error", "warning")]
    rest = [f"{found[verdict]} {verdict}" for verdict in ("ok", "info", "skipped")]
    return f"{', '.join(troubles)}; {', '.join(rest)}."


def _lines(finding: Finding, width: int | None, colour: bool) -> Iterator[str]:
    margin = len(_INDENT) + _VERDICT_WIDTH + 2 + _NAME_WIDTH + 2
    room = None if width is None else max(width - margin, _LEAST_TEXT)
    verdict = f"{finding.verdict:<{_VERDICT_WIDTH}}"
    if colour:
        verdict = styled(verdict, _STYLES[finding.verdict])
    head = f"{_INDENT}{verdict}  {finding.name:<{_NAME_WIDTH}}  "
    texts = [*finding.message.split("\n")]
    if finding.hint:
        texts.append(f"hint: {finding.hint}")
    parts = [part for text in texts for part in (wrapped(text, room) if room else [text])]
    for before, part in zip(chain([head], repeat(" " * margin)), parts, strict=False):
        yield f"{before}{part}".rstrip()


def _fields(finding: Finding) -> dict[str, str]:
    return {
        "name": finding.name,
        "verdict": finding.verdict,
        "message": finding.message,
        "hint": finding.hint,
    }


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
