"""The plan as a comment on a pull request, for GitHub's Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from ..model import Action, ActionKind, Diagnostic, Plan
from ..plan import Outlook
from .plan_words import (
    amounts,
    cause_line,
    counted,
    decision_line,
    plan_summary,
    price_cell,
    repaint,
)
from .totals import Cause, causes, listed

MARKER = "<!-- mkdocs-imagegen plan -->"
"""The first line of each such comment: who posts it finds the earlier one, and updates that."""
_TROUBLE = (ActionKind.OUTDATED, ActionKind.LOST, ActionKind.BLOCKED)
_HEAD = (
    "| article | action | size | quality | model | USD | why |",
    "|---|---|---|---|---|--:|---|",
)
_TABLE_CHARS = 40_000
_CAUSES_CHARS = 6_000
_DIAGNOSTICS_CHARS = 15_000
"""With these a comment stays below the 65,536 characters that GitHub takes."""
_CELL_CHARS = 300
_LEVELS = ("error", "warning", "info")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_SYNTAX = re.compile(r"([\\`*_\[\]|~$]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_MENTIONS = re.compile(r"(@|#(?=\d)|GH-(?=\d))", re.IGNORECASE)


def plan_markdown(plan: Plan, outlook: Outlook) -> str:
    """Return the plan as a comment: its marker, one line, and the rest folded below.

    Nothing is folded below where nothing is to be paid and nothing is amiss. What authors wrote
    shows as they wrote it: it is no markup, and mentions nobody.
    """
    parts = [MARKER, f"**Covers: {plan_summary(plan)}.**"]
    if any(plan.of(ActionKind.GENERATE, *_TROUBLE)):
        parts += ["", *_folded("Cover by cover", _details(plan, outlook))]
    told = sorted(plan.diagnostics, key=lambda diagnostic: _LEVELS.index(diagnostic.level))
    if any(diagnostic.level != "info" for diagnostic in told):
        lines = _within([_diagnostic(diagnostic) for diagnostic in told], _DIAGNOSTICS_CHARS)
        parts += ["", *_folded(_levels(told), lines)]
    return "".join(f"{line}\n" for line in parts)


def _folded(summary: str, lines: Iterator[str]) -> Iterator[str]:
    yield "<details>"
    yield f"<summary>{summary}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"


def _details(plan: Plan, outlook: Outlook) -> Iterator[str]:
    found = causes(plan)
    shown = (ActionKind.GENERATE, *_TROUBLE)
    rows = [_row(action) for action in listed(plan, found) if action.kind in shown]
    points = [*_causes(found, outlook), *_totals(plan, outlook)]
    if rows:
        yield from _HEAD
        yield from _within(rows, _TABLE_CHARS)
    if rows and points:
        yield ""
    yield from points


def _row(action: Action) -> str:
    cover = action.cover
    cells = (
        _code(action.article),
        action.kind.value,
        str(cover.size),
        _safe(cover.quality),
        _safe(cover.model),
        price_cell(action),
        _safe(action.reason),
    )
    return f"| {' | '.join(cells)} |"


def _causes(found: Sequence[Cause], outlook: Outlook) -> Iterator[str]:
    if found:
        lines = [f"- outdated: {_safe(cause_line(cause))}" for cause in found]
        yield from _within(lines, _CAUSES_CHARS)
        yield f"- to repaint them: {_code(repaint(outlook))}"


def _totals(plan: Plan, outlook: Outlook) -> Iterator[str]:
    if not plan.purchases:
        return
    for label, amount, words in amounts(plan, outlook):
        yield f"- {label}: {' '.join(filter(None, (amount, _safe(words))))}"
    if outlook.decision is not None:
        yield f"- {_safe(decision_line(outlook.decision))}"


def _levels(told: Sequence[Diagnostic]) -> str:
    counts = {level: sum(d.level == level for d in told) for level in ("error", "warning")}
    return ", ".join(counted(count, level) for level, count in counts.items() if count)


def _diagnostic(diagnostic: Diagnostic) -> str:
    where = diagnostic.article or ""
    where += f":{diagnostic.line}" if diagnostic.line is not None else ""
    text = f"- **{diagnostic.level}**{f' {_code(where)}' if where else ''}: "
    text += _safe(diagnostic.message)
    return text + (f"<br>hint: {_safe(diagnostic.hint)}" if diagnostic.hint else "")


def _within(lines: Sequence[str], room_chars: int) -> Iterator[str]:
    """Yield the lines that fit, and how many do not."""
    for n, line in enumerate(lines):
        room_chars -= len(line) + 1
        if room_chars < 0:
            yield ""
            yield f"and {len(lines) - n} more"
            return
        yield line


def _code(text: str) -> str:
    """Return text in a code's letters; backticks would not escape what is in it."""
    return f"<code>{_safe(text)}</code>"


def _safe(text: str) -> str:
    """Return text as one line that shows as it is written: no markup, link, or mention of anyone.

    People and issues are named with a space of no width in the name, or GitHub would tell them.
    """
    text = " ".join(_UNSEEN.sub(" ", text).split())
    if len(text) > _CELL_CHARS:
        text = f"{text[: _CELL_CHARS - 1]}…"
    unlinked = _MENTIONS.sub("\\1\u200b", text)
    return _SYNTAX.sub(r"\\\1", escape(unlinked, quote=False))
