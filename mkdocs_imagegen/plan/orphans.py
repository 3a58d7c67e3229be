"""Which originals nobody uses any more, since when, and which of them may go by now.

Pure. What is in doubt counts as used: an original can't be had back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal

from ..model import Entry, Lockfile, Orders, StoredOriginal
from .lock import REMEMBERED
from .standing import stand

GRACE_DAYS = 30
_HEX64 = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")

Why = Literal["article gone", "replaced", "no record"]


@dataclass(frozen=True, slots=True)
class Orphan:
    """An original that nobody uses."""

    original: StoredOriginal
    why: Why
    since: datetime
    """The latest time at which somebody may have used it, as far as that is known."""
    due_at: datetime
    """From when on it may be removed."""

    @property
    def article(self) -> str:
        """The article that it was bought for, `""` where no record tells."""
        return next((record.article for record in self.original.records), "")

    @property
    def usd(self) -> Decimal | None:
        """What it cost; `None` where nobody knows."""
        known = [record.usd for record in self.original.records if record.usd is not None]
        try:
            return sum(map(Decimal, known), Decimal(0)) if known else None
        except InvalidOperation:
            return None

    def is_due(self, now: datetime) -> bool:
        """Tell whether its grace is over."""
        return self.due_at <= now


def named_in(text: str) -> frozenset[str]:
    """Return the digests and request keys that stand in a lockfile, also in one that is broken.

    Whatever looks like one counts, so a merge conflict or a later format hides nothing; but not
    what an article had before, see `replaced_in`.
    """
    return frozenset(name for line in text.split("\n") for name in _HEX64.findall(_now(line)))


def replaced_in(text: str) -> Mapping[str, datetime]:
    """Return by digest when pictures were replaced, as a lockfile tells; in the newest line."""
    times: dict[str, datetime] = {}
    for line in text.split("\n"):
        for digest, at in _replaced(_fields(line)) or ():
            times[digest] = max(at, times.get(digest, at))
    return times


def _now(line: str) -> str:
    """Return a line without what its article had before; as it is where that is not plain."""
    fields = _fields(line)
    if _replaced(fields) is None:
        return line
    return json.dumps({name: value for name, value in fields.items() if name != "replaced"})


def _fields(line: str) -> Mapping[str, object]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _replaced(fields: Mapping[str, object]) -> list[tuple[str, datetime]] | None:
    """Return what an article had before, and until when; `None` where that is not told plainly."""
    listed = fields.get("replaced")
    if not isinstance(listed, list):
        return None
    found = []
    for each in listed:
        told = each if isinstance(each, dict) else {}
        digest, at = told.get("digest"), _time(str(told.get("replaced_at")))
        if not isinstance(digest, str) or at is None:
            return None
        found.append((digest, at))
    return found


def named_by(orders: Orders, lockfile: Lockfile) -> frozenset[str]:
    """Return the digests and request keys that a site's orders and lockfile name."""
    approved = [entry.approved for entry in lockfile.entries if entry.approved]
    requests = [order.request for order in orders.orders if order.request]
    keys = {order.request_key for order in orders.orders if order.request_key}
    return frozenset(
        {
            *(one.digest for one in approved),
            *(one.request_key for one in approved),
            *(request.parent_key for request in requests if request.parent_key),
            *keys,
        }
    )


def unused(
    originals: Iterable[StoredOriginal], named: Collection[str]
) -> tuple[StoredOriginal, ...]:
    """Return the originals that nothing uses.

    Used is what is named by its digest. Where only its request is named, it is used too, unless
    another original of that request is the one that is named.

    Args:
        originals: all that the store has.
        named: digests and request keys, whoever names them.
    """
    originals = tuple(originals)
    settled = {
        record.request_key
        for original in originals
        if original.digest in named
        for record in original.records
    }
    return tuple(
        original
        for original in originals
        if original.digest not in named
        and not any(
            record.request_key in named and record.request_key not in settled
            for record in original.records
        )
    )


def orphans(
    unused: Iterable[StoredOriginal],
    articles: Collection[str],
    *,
    noted: Mapping[str, str],
    named_until: Mapping[str, str],
    replaced: Mapping[str, datetime],
    now: datetime,
    grace: timedelta,
) -> tuple[Orphan, ...]:
    """Return the orphans, in the order in which they may go.

    Args:
        unused: see `unused`.
        articles: the site's.
        noted: by digest, the ISO times at which they were first seen unused.
        named_until: by digest, the ISO times at which git last saw a lockfile that named them.
        replaced: by digest, when they were replaced: their link previews stay published a while.
        now: the time, in UTC.
        grace: how long an orphan stays.
    """
    found = []
    for original in unused:
        since = _since(original, noted, named_until, now)
        due_at = since + grace
        if (at := replaced.get(original.digest)) is not None:
            at = min(at, now)
            since, due_at = max(since, at), max(due_at, at + max(grace, REMEMBERED))
        found.append(Orphan(original, _why(original, articles), since, due_at))
    return tuple(sorted(found, key=lambda o: (o.due_at, o.original.bought_at, o.original.digest)))


def _since(
    original: StoredOriginal,
    noted: Mapping[str, str],
    named_until: Mapping[str, str],
    now: datetime,
) -> datetime:
    """Return the latest of what is known; now, where it was never seen unused before."""
    digest = original.digest
    # A checkout writes files anew: when that was says nothing of a picture with a record.
    known = (noted.get(digest, ""), named_until.get(digest, ""), original.bought_at)
    first_seen, *later = map(_time, known)
    if first_seen is None or first_seen > now:
        return now
    # A clock that goes wrong must not keep it for ever.
    return max([first_seen, *(time for time in later if time and time <= now)])


def _why(original: StoredOriginal, articles: Collection[str]) -> Why:
    if not original.records:
        return "no record"
    if any(record.article in articles for record in original.records):
        return "replaced"
    return "article gone"


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the first or last year, in a zone beyond it
        return None


def left_lines(orders: Orders, lockfile: Lockfile) -> tuple[Entry, ...]:
    """Return the lockfile's lines with a picture whose article is gone: they keep it."""
    claimed = {id(entry) for entry in stand(orders, lockfile).entries if entry}
    return tuple(
        entry
        for entry in lockfile.entries
        if entry.approved and id(entry) not in claimed and entry.article not in orders.articles
    )
