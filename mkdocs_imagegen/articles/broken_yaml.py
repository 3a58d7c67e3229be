"""Why a YAML block can't be read, and the line that mends it.

A block counts as readable exactly where MkDocs reads it: any exception at all makes MkDocs drop the
whole block without a word. A mended line is only offered once the block with it could be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

try:
    from yaml import CSafeLoader as Loader
except ImportError:
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

__all__ = ["Loader", "Mend", "Problem", "find_mends", "find_problem", "quoted"]

_MENDED_LINES = 10
"""More broken lines than this are no slip of the pen."""
_LINES_BACK = 30
_BLOCK_CHARS = 20_000
"""Trying out mends reads the block again and again; a longer one is not worth it."""
_KEY_LINE = re.compile(r"(?P<lead>\s*(?:- +)*[\w.-]+)[ \t]*:[ \t]*(?P<value>\S.*?)[ \t]*")
_ITEM_LINE = re.compile(r"(?P<lead>\s*-) +(?P<value>\S.*?)[ \t]*")
_REASONS = (
    ("mapping values", "a value with a colon in it needs quotes"),
    (" tab ", "a tab stands where YAML takes only spaces"),
    ("quoted scalar", "a quote is never closed, or another one stands inside it"),
    ("cannot start", "a value that starts with a sign such as @, % or ` needs quotes"),
    ("constructor for the tag", "a value that starts with ! or = needs quotes"),
    ("unhashable", "a value that starts with { needs quotes"),
    ("expected key", "a quote or an indent is out of place"),
    ("expected ':'", "a line is no `key: value`; a space belongs after the colon"),
)
"""What YAML's reader says, and what that means to an author; the first that fits."""
_COMMENT = re.compile(r"[ \t]+#.*")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the block can't be read, and where the reader stood when it gave up."""

    reason: str
    position: tuple[int, int] = (-1, -1)
    """Line and column in the block, 0-based; -1 where the reader does not tell."""
    context_line: int = -1
    """The line where the thing that is broken began."""


@dataclass(frozen=True, slots=True)
class Mend:
    """One line as it should be."""

    line: int
    """0-based, in the block."""
    text: str
    reason: str


def find_problem(block: str) -> Problem | None:
    """Return why MkDocs can't use the block, `None` where it can."""
    try:
        data = yaml.load(block, Loader)
    except yaml.MarkedYAMLError as error:
        return _marked_problem(block, error)
    except yaml.YAMLError:
        return Problem("it has a character that YAML does not allow")
    except Exception:  # every error loses the block in MkDocs, whatever its class
        return Problem("a value looks like a date or number, but is none")
    return None if isinstance(data, dict) else Problem("its lines must read `key: value`")


def find_mends(block: str, problem: Problem) -> tuple[Mend, ...]:
    """Return the lines that make the block readable; empty where no quoting or tab explains it."""
    lines = block.split("\n")
    mends: list[Mend] = []
    left: Problem | None = problem
    while left and len(mends) < _MENDED_LINES and len(block) <= _BLOCK_CHARS:
        found = _best_mend(lines, left)
        if found is None:
            return ()
        mend, left = found
        mends.append(mend)
        lines[mend.line] = mend.text
    return () if left else tuple(mends)


def quoted(text: str) -> str:
    """Return the text as a YAML string in quotes."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def _marked_problem(block: str, error: yaml.MarkedYAMLError) -> Problem:
    mark, context = error.problem_mark, error.context_mark
    position = (mark.line, mark.column) if mark else (-1, -1)
    said = f"{error.context or ''} {error.problem or ''}"
    start = "".join(block.split("\n")[position[0] :][:1])[position[1] :][:1]
    reason = next((ours for theirs, ours in _REASONS if theirs in said), None)
    if start == "\t":
        reason = "a tab stands where YAML takes only spaces"
    elif reason is None:
        reason = (error.problem or "it is not valid YAML").strip()
    return Problem(reason, position, context.line if context else -1)


def _best_mend(lines: list[str], problem: Problem) -> tuple[Mend, Problem | None] | None:
    """The mend that lets the reader get furthest, with what it then stumbles over."""
    best: tuple[Mend, Problem | None] | None = None
    furthest = problem.position
    for number in _suspects(problem, len(lines)):
        for text in _mended_lines(lines[number]):
            left = find_problem("\n".join([*lines[:number], text, *lines[number + 1 :]]))
            mend = Mend(number, text, problem.reason)
            if left is None:
                return mend, None
            if left.position > furthest:
                best, furthest = (mend, left), left.position
    return best


def _suspects(problem: Problem, count: int) -> list[int]:
    """Line numbers, the likeliest first: a fault lies where the reader stopped, or before."""
    last = problem.position[0]
    if last < 0:
        return list(range(min(count, _LINES_BACK)))
    before = range(last - 1, max(-1, last - _LINES_BACK), -1)
    order = dict.fromkeys([last, problem.context_line, *before])
    return [number for number in order if 0 <= number < count]


def _mended_lines(line: str) -> Iterator[str]:
    """What the author may have meant: spaces for tabs, quotes around the value."""
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent:
        yield indent.replace("\t", "  ") + line.lstrip()
        yield line.lstrip()
    for pattern, joint in ((_KEY_LINE, ": "), (_ITEM_LINE, " ")):
        found = pattern.fullmatch(line)
        if not found:
            continue
        value, comment = _value_and_comment(found["value"])
        closes = {"{": "}", "[": "]"}.get(value[0])
        if value[0] in "|>" or (closes and value.endswith(closes) and value[:2] != "{{"):
            continue
        mended = f"{found['lead']}{joint}{quoted(_unquoted(value))}{comment}"
        if mended != line:
            yield mended


def _value_and_comment(text: str) -> tuple[str, str]:
    comment = _COMMENT.search(text)
    if text[0] in "\"'" or not comment:
        return text, ""
    return text[: comment.start()], comment[0]


def _unquoted(value: str) -> str:
    mark = value[0]
    if mark not in "\"'":
        return value
    inner = value[1:].removesuffix(mark)
    return inner.replace("''" if mark == "'" else '\\"', mark)
