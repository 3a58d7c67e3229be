"""An article's first prose as plain text, read from its Markdown without rendering it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

LIMIT_CHARS = 300

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})([^`]*)$")
_MORE = re.compile(r"<!--[ \t]*more[ \t]*-->", re.IGNORECASE)
_HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|svg)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_HEADING = re.compile(
    r"^ {0,3}#{1,6}(?:[ \t].*)?$|^[ \t]*\S.*\n {0,3}(?:=+|-+)[ \t]*$|^\[TOC\][ \t]*$", re.MULTILINE
)
_NO_PROSE = re.compile(
    r"(?: {4}|\t|\||!!!|\?\?\?|=== |--8<--|\{[%#]|\*\[|\[[^\]]+\]:|[ \t]*(?:[-*_][ \t]*){3,}$)"
    r"|.*\n[ |:-]*-[ ]*\|",
    re.MULTILINE,
)
_LINE_MARK = re.compile(r"^[ \t]*(?:>[ \t]?|[-*+][ \t]+|\d{1,3}[.)][ \t]+)+", re.MULTILINE)
_CODE = re.compile(r"(?<!\\)(`+)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_MARKS = tuple(
    (re.compile(pattern, re.DOTALL), into)
    for pattern, into in (
        (r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])?", ""),
        (r"\[\^[^\]]+\]", ""),
        (r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1"),
        (r"</?[A-Za-z!][^<>]*>", ""),
        (r"\{:?[ \t]*[.#:][^{}]*\}", ""),
        *[(r"(?<!\\)(\*{1,3}|~~|==|\^\^)(?=\S)(.+?)(?<=\S)\1", r"\2")] * 2,
        *[(r"(?<![\w\\])(_{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)", r"\2")] * 2,
        (r"\\([\\`*_{}\[\]()#+.!~|>-])", r"\1"),
        (r"\s+", " "),
    )
)


def excerpt(markdown: str) -> str:
    """Return the text before `<!-- more -->`, else the first real paragraph, without marks."""
    text = "\n".join(_without_fences(_FRONT_MATTER.sub("", markdown)))
    head, *rest = _MORE.split(text, maxsplit=1)
    intro = " ".join(_paragraphs(head)) if rest else ""
    return _cut(intro or next(_paragraphs(text), ""))


def _without_fences(text: str) -> Iterator[str]:
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            yield line


def _paragraphs(text: str) -> Iterator[str]:
    prose = _HEADING.sub("\n", _HIDDEN.sub("", text.replace("\0", "")))
    for block in re.split(r"\n[ \t]*(?=\n)", prose):
        block = block.strip("\n") if block.strip() else ""
        if block and not _NO_PROSE.match(block) and (plain := _without_marks(block)):
            yield plain


def _without_marks(block: str) -> str:
    code: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        code.append(" ".join(found[2].split()))
        return f"\0{len(code) - 1}\0"

    # The cut is only there so that one huge paragraph can't take long.
    text = _CODE.sub(put_aside, _LINE_MARK.sub("", block)[: 10 * LIMIT_CHARS])
    for pattern, into in _MARKS:
        text = pattern.sub(into, text)
    return re.sub(r"\0(\d+)\0", lambda found: code[int(found[1])], html.unescape(text)).strip()


def _cut(text: str) -> str:
    if len(text) <= LIMIT_CHARS:
        return text
    end = text.rfind(" ", 0, LIMIT_CHARS + 1)
    # A script without spaces has no word end to find.
    return text[: end if end > LIMIT_CHARS // 2 else LIMIT_CHARS].rstrip()
