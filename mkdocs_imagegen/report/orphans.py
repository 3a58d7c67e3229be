"""What nobody uses any more, for people and scripts: what it was, what it cost, when it may go."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ..model import StoredOriginal
from ..plan.forgetting import Forgetting
from ..plan.lock import REMEMBERED
from ..plan.orphans import Orphan
from ..pricing import usd_text
from .plan_words import counted
from .table import aligned

VERSION = 1
_DIGITS = 8
_HEADS = ("picture", "article", "model", "bought", "USD", "size", "unused since", "goes")
_UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class Sum:
    """Of several originals."""

    count: int
    size_bytes: int
    usd: Decimal
    """Of those whose price is known."""
    unpriced: int

    def __str__(self) -> str:
        paid = f"${usd_text(self.usd)} paid"
        if self.unpriced:
            paid += f" besides {counted(self.unpriced, 'picture')} of unknown price"
        return f"{counted(self.count, 'picture')}, {megabytes(self.size_bytes)}, {paid}"


def sum_of(found: Collection[Orphan]) -> Sum:
    """Return the sum of some orphans."""
    known = [one.usd for one in found if one.usd is not None]
    size_bytes = sum(one.original.size_bytes for one in found)
    return Sum(len(found), size_bytes, sum(known, Decimal(0)), len(found) - len(known))


def megabytes(size_bytes: int) -> str:
    """Return a length as people read it: `0.2 MB`, `12 kB`."""
    return f"{size_bytes / 1e6:,.1f} MB" if size_bytes >= 100_000 else f"{size_bytes // 1000} kB"


def orphans_text(
    found: Sequence[Orphan],
    *,
    now: datetime,
    grace_days: int,
    width: int | None = None,
    colour: bool = False,
) -> str:
    """Return the orphans as an aligned table with their sum.

    Args:
        found: in the order in which they may go.
        now: the time, in UTC.
        grace_days: how long an orphan stays.
        width: of the terminal, in columns; a row is one line without it.
        colour: with ANSI colours.
    """
    if not found:
        return "No orphans: every picture in the store is in use.\n"
    rows = [[(head, "dim") for head in _HEADS]]
    for orphan in found:
        due = orphan.is_due(now)
        cells = _cells(orphan, "now" if due else f"{orphan.due_at:%Y-%m-%d}")
        styles = ("", "cyan", "", "", "", "", "", "yellow" if due else "dim")
        rows.append(list(zip(cells, styles, strict=True)))
    table = aligned(rows, folded=(1, 6), width=width, colour=colour)
    due_now = [orphan for orphan in found if orphan.is_due(now)]
    told = f"Nobody uses {sum_of(found)}."
    if len(due_now) < len(found):
        may = f"{sum_of(due_now)} of them may go now" if due_now else "None of them may go yet"
        told += f"\n{may}: an orphan stays for {counted(grace_days, 'day')}"
        if grace_days < REMEMBERED.days:
            told += f", and for {REMEMBERED.days} after its article got another cover"
        told += "."
    return f"{table}{told}\n"


def orphans_json(
    found: Sequence[Orphan],
    *,
    now: datetime,
    grace_days: int,
    removed: Collection[str] = (),
    renditions: int = 0,
) -> str:
    """Return the orphans as one JSON document, ASCII, that ends with a line end.

    `null` is what nobody knows. `removed`: the digests of what is gone by now.
    """
    document = {
        "version": VERSION,
        "grace_days": grace_days,
        "orphans": [
            {**_fields(one, now), "removed": one.original.digest in removed} for one in found
        ],
        "total": _sum_fields(found),
        "due": _sum_fields([one for one in found if one.is_due(now)]),
        "removed_renditions": renditions,
    }
    return json.dumps(document, indent=2) + "\n"


def forgetting_text(picture: Forgetting) -> str:
    """Return what would be forgotten, a line a picture."""
    lines = [
        f"{original.digest[:_DIGITS]}  {original.model or 'model unknown'}, "
        f"bought {original.bought_at[:10]}, {megabytes(original.size_bytes)}"
        for original in picture.originals
    ]
    lines += [
        f"{digest[:_DIGITS]}  in no store"
        for digest in sorted(picture.digests - {one.digest for one in picture.originals})
    ]
    return "".join(f"{line}\n" for line in lines)


def forgotten_text(picture: Forgetting, busy: Collection[StoredOriginal]) -> str:
    """Return what became of it in a sentence; `busy` stayed, as another run was at work on it."""
    if not busy:
        return f"{picture.article} is forgotten."
    return (
        f"{picture.article} has no line any more, but {counted(len(busy), 'picture')} of it "
        f"{'stays' if len(busy) == 1 else 'stay'}: another run is at work on it. Say gc --forget "
        "again when that has ended."
    )


def forgetting_json(picture: Forgetting, *, removed: Collection[str], renditions: int) -> str:
    """Return what is forgotten as one JSON document, ASCII, that ends with a line end."""
    document = {
        "version": VERSION,
        "article": picture.article,
        "originals": [
            {
                "digest": original.digest,
                "size_bytes": original.size_bytes,
                "removed": original.digest in removed,
            }
            for original in picture.originals
        ],
        "lines": len(picture.entries),
        "removed_renditions": renditions,
    }
    return json.dumps(document, indent=2) + "\n"


def _cells(orphan: Orphan, goes: str) -> tuple[str, ...]:
    original = orphan.original
    return (
        original.digest[:_DIGITS],
        orphan.article or _UNKNOWN,
        orphan.original.model or _UNKNOWN,
        original.bought_at[:10],
        _UNKNOWN if orphan.usd is None else usd_text(orphan.usd),
        megabytes(original.size_bytes),
        f"{orphan.since:%Y-%m-%d}, {orphan.why}",
        goes,
    )


def _fields(orphan: Orphan, now: datetime) -> Mapping[str, object]:
    return {
        "digest": orphan.original.digest,
        "article": orphan.article or None,
        "model": orphan.original.model or None,
        "bought_at": orphan.original.bought_at,
        "usd": None if orphan.usd is None else f"{orphan.usd:f}",
        "size_bytes": orphan.original.size_bytes,
        "why": orphan.why,
        "unused_since": orphan.since.isoformat(timespec="seconds"),
        "due_at": orphan.due_at.isoformat(timespec="seconds"),
        "due": orphan.is_due(now),
    }


def _sum_fields(found: Collection[Orphan]) -> Mapping[str, object]:
    total = sum_of(found)
    return {
        "pictures": total.count,
        "size_bytes": total.size_bytes,
        "usd": f"{total.usd:f}",
        "unpriced": total.unpriced,
    }
