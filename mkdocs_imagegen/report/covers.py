"""The list of a site's pictures for whoever answers for them: what is AI's, and what says so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from .sheets import sheet
from .shown import CoverState, ShownCover
from .table import aligned

VERSION = 1
FIELDS = (
    "address",
    "article",
    "title",
    "file",
    "ai",
    "made_by",
    "model",
    "date",
    "provider",
    "label",
    "alt",
    "author",
    "licence",
    "state",
    "digest",
)
_AI = {True: "yes", False: "no", None: "not stated"}
_TABLE = (
    ("article", ""),
    ("ai", ""),
    ("model", ""),
    ("date", ""),
    ("provider", ""),
    ("label", ""),
)
_NONE = "-"
_MOST_NAMED = 3


def covers_text(
    covers: Sequence[ShownCover], *, width: int | None = None, colour: bool = False
) -> str:
    """Return the list as an aligned table, and how many are whose.

    Args:
        covers: those that the site shows.
        width: of the terminal, in columns; a row is one line without it.
        colour: with ANSI colours.
    """
    if not covers:
        return "No article has a cover.\n"
    rows = [[(name, "dim") for name, _ in _TABLE]]
    for row in map(_row, covers):
        rows.append([(row[name] or _NONE, style) for name, style in _TABLE])
    table = aligned(rows, folded=(0, 5), paths=(0,), width=width, colour=colour)
    return f"{table}\n{_summary(covers)}\n"


def covers_csv(covers: Sequence[ShownCover]) -> str:
    """Return a row a cover, below a row of names; what nobody knows is empty."""
    return sheet(FIELDS, (_row(cover).values() for cover in covers))


def covers_json(covers: Sequence[ShownCover]) -> str:
    """Return the list as one JSON document, ASCII, that ends with a line end.

    `ai` is true or false, and `null` where an author does not say; else `null` is what nobody
    knows, or what there is none of.
    """
    rows = [{**_nulls(_row(cover)), "ai": cover.ai} for cover in covers]
    return json.dumps({"version": VERSION, "covers": rows}, indent=2) + "\n"


def _nulls(row: Mapping[str, str]) -> Mapping[str, str | None]:
    return {name: value or None for name, value in row.items()}


def _row(cover: ShownCover) -> Mapping[str, str]:
    values = (
        cover.url,
        cover.article,
        cover.title,
        cover.file,
        _AI[cover.ai],
        cover.made_by,
        cover.model,
        cover.made_at[:10],
        cover.endpoint,
        cover.label,
        cover.alt,
        cover.author,
        cover.licence,
        cover.state.value,
        cover.digest,
    )
    return dict(zip(FIELDS, values, strict=True))


def _summary(covers: Sequence[ShownCover]) -> str:
    made = Counter((cover.made_by, cover.ai) for cover in covers)
    parts = [
        (made["endpoint", True], "made by AI and bought"),
        (made["author", True], "made by AI and the author's own"),
        (made["drawing", False], "drawn by this program, without AI"),
        (made["author", False], "the author's own, without AI"),
        (made["author", None], "the author's own, and nobody says whether AI made it"),
    ]
    told = "; ".join(f"{count} {words}" for count, words in parts if count)
    lines = [f"{len(covers)} cover{'' if len(covers) == 1 else 's'}: {told}."]
    if silent := [cover.article for cover in covers if cover.own and cover.ai is None]:
        lines.append(f"nobody says whether AI made it: {_named(silent)}")
        lines.append("hint: write cover_ai: true or false in the article")
    ai = [cover for cover in covers if cover.ai]
    if bare := sum(not cover.label for cover in ai):
        lines.append(f"{bare} of the {len(ai)} that AI made show no label.")
        lines.append("hint: covers: {label: true} in mkdocs.yml")
    if lost := sum(cover.state is CoverState.LOST for cover in covers):
        lines.append(f"{lost} {'is' if lost == 1 else 'are'} lost: mkdocs-imagegen plan tells more")
    return "\n".join(lines)


def _named(articles: Sequence[str]) -> str:
    more = len(articles) - _MOST_NAMED
    return ", ".join(articles[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
