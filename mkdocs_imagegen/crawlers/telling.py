"""A report as a table with what mends it below, and as JSON. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ..report.table import Cell, aligned, styled, wrapped
from .findings import VERDICTS, Checked, Finding, Report, Verdict
from .platforms import COLUMNS, EVERY_PLATFORM, GOOGLE, NAMES, PAGE, SHORT_NAMES

_STYLES = {"ok": "green", "warn": "bold yellow", "fail": "bold red", "-": "dim"}
_INDENT = " " * 6
_LEAST_PAGE = 24
_LEAST_TEXT = 20
"""Columns, however narrow the terminal."""
_MOST_NAMED = 3
"""Pages of one finding."""
_MOST_TEXT = 500
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""As in `table`."""


def report_text(report: Report, *, width: int | None = None, colour: bool = False) -> str:
    """Return the table and each finding once, with its pages.

    Args:
        report: what was found.
        width: of the terminal, in columns; a text is one line without it.
        colour: with ANSI colours; the verdicts are words too.
    """
    told = [page for page in report.pages if page.judged or page.findings]
    blocks = [_table(told, width, colour)] if told else []
    blocks += ["".join(f"{line}\n" for line in lines) for lines in _findings(told, width, colour)]
    notes = [*report.notes, *_without_picture(report)]
    if notes:
        blocks.append("".join(f"{line}\n" for note in notes for line in _lines(note, width)))
    return "\n".join(blocks)


def report_json(report: Report) -> str:
    """Return the report as JSON."""
    document = {
        "site": report.site,
        "pages": [_fields(page) for page in report.pages],
        "notes": list(report.notes),
        "counts": _counts(report),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def report_summary(report: Report) -> str:
    """Return how the pages come off, as a sentence."""
    counts = _counts(report)
    count = len(report.pages)
    pages = "1 page" if count == 1 else f"{count} pages"
    fine = f"{counts['fail']} fail, {counts['warn']} with warnings, {counts['ok']} ok"
    return f"{pages}: {fine}, {counts['-']} without a picture."


def _counts(report: Report) -> dict[Verdict, int]:
    found = Counter(_worst(page) for page in report.pages)
    return {verdict: found[verdict] for verdict in VERDICTS}


def _worst(page: Checked) -> Verdict:
    """Return a page's worst verdict; without an og:image no platform finds it well."""
    found = set(page.verdicts.values()) - (set() if page.preview else {"ok"})
    return next(v for v in VERDICTS if v in found or v == "-")


def _table(pages: Sequence[Checked], width: int | None, colour: bool) -> str:
    """Return a line for each page; where there is little room, only the end of its path."""
    longest = max(len(page.path) for page in pages)
    taken = _width(pages, NAMES)
    is_narrow = width is not None and taken + min(longest, _LEAST_PAGE) > width
    names = SHORT_NAMES if is_narrow else NAMES
    room = longest if width is None else max(width - _width(pages, names), _LEAST_TEXT)
    rows: list[list[Cell]] = [[("", ""), *((names[column], "bold") for column in COLUMNS)]]
    for page in pages:
        verdicts = page.verdicts
        path = page.path if len(page.path) <= room else f"…{page.path[1 - room :]}"
        cells = ((verdicts[column], _STYLES[verdicts[column]]) for column in COLUMNS)
        rows.append([(path, ""), *cells])
    # No room is left to fold: the lines are as long as the table.
    table = aligned(rows, folded=(0, 1), colour=colour)
    if not is_narrow:
        return table
    legend = ", ".join(f"{SHORT_NAMES[each]} {NAMES[each]}" for each in COLUMNS if each != "x")
    return table + "".join(f"{line}\n" for line in _lines(legend, width))


def _width(pages: Sequence[Checked], names: dict[str, str]) -> int:
    """Return the columns of text that all but the path take."""
    return sum(
        2 + max(len(names[column]), *(len(page.verdicts[column]) for page in pages))
        for column in COLUMNS
    )


def _findings(pages: Sequence[Checked], width: int | None, colour: bool) -> Iterator[Sequence[str]]:
    """Yield the lines of each finding, failures first."""
    found: dict[Finding, list[str]] = {}
    for page in pages:
        for finding in page.findings:
            found.setdefault(finding, []).append(page.path)
    for finding, paths in sorted(found.items(), key=lambda item: item[0].level != "fail"):
        level = f"{finding.level}  "
        head = styled(level, _STYLES[finding.level]) if colour else level
        texts = [_where(finding.columns), finding.message]
        texts += [f"hint: {finding.hint}"] if finding.hint else []
        texts.append(_paths(paths))
        lines = [line for text in texts for line in _lines(text, width, len(_INDENT))]
        yield [f"{head}{lines[0]}", *(f"{_INDENT}{line}" for line in lines[1:])]


def _where(columns: Sequence[str]) -> str:
    """Name the columns of a finding."""
    if not set(EVERY_PLATFORM) <= set(columns):
        return ", ".join({PAGE: "the page itself"}.get(each, NAMES[each]) for each in columns)
    return "every platform" + (" and Google" if GOOGLE in columns else "")


def _paths(paths: Sequence[str]) -> str:
    named = ", ".join(paths[:_MOST_NAMED])
    more = len(paths) - _MOST_NAMED
    return f"on {named}" + (f" and {more} more" if more > 0 else "")


def _without_picture(report: Report) -> Iterator[str]:
    paths = [page.path for page in report.pages if _worst(page) == "-"]
    if paths and len(paths) == len(report.pages):
        yield "No page names a picture for link previews: set site_url in mkdocs.yml."
    elif paths:
        yield f"Without a picture: {_paths(paths).removeprefix('on ')}"


def _lines(text: str, width: int | None, indent: int = 0) -> list[str]:
    """Break a text; what pages say may be long, or written to move the cursor."""
    text = _UNSHOWABLE.sub(" ", text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…")
    return wrapped(text, max(width - indent, _LEAST_TEXT)) if width is not None else [text]


def _fields(page: Checked) -> dict[str, object]:
    return {
        "path": page.path,
        "url": page.url,
        "og_image": page.preview,
        "verdicts": dict(page.verdicts),
        "findings": [
            {
                "level": finding.level,
                "where": list(finding.columns),
                "message": finding.message,
                "hint": finding.hint,
            }
            for finding in page.findings
        ],
    }
