"""What of an article there is to forget, and who else shows it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from ..model import Entry, Lockfile, Orders, StoredOriginal
from .standing import Standing, stand


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What it takes to forget an article's picture."""

    article: str
    originals: tuple[StoredOriginal, ...]
    entries: tuple[Entry, ...]
    """Its lines in the lockfile."""
    shared_with: tuple[str, ...]
    """Other articles that show one of its pictures."""

    @property
    def digests(self) -> frozenset[str]:
        """Of its pictures, also of those that are in no store."""
        entries = (entry.approved for entry in self.entries)
        lost = {approved.digest for approved in entries if approved}
        return frozenset(lost | {original.digest for original in self.originals})


def forgetting(
    article: str,
    orders: Orders,
    lockfile: Lockfile,
    originals: Iterable[StoredOriginal],
    orphaned: Iterable[StoredOriginal],
) -> Forgetting:
    """Return what is of an article: what it shows, and its earlier pictures that nobody uses.

    Args:
        article: its src_uri, by its name of today or by the one in the lockfile.
        orders: of the site.
        lockfile: of the site.
        originals: all that the store has.
        orphaned: those of them that nothing uses.
    """
    standing = stand(orders, lockfile)
    entries = _entries_of(article, orders, lockfile, standing)
    own = {id(entry) for entry in entries}
    before = {replaced.digest for entry in entries for replaced in entry.replaced}
    digests = {entry.approved.digest for entry in entries if entry.approved}
    keys = {o.request_key for o in orders.orders if o.cover.article.src_uri == article}
    taken = {e.approved.request_key for e in lockfile.entries if e.approved and id(e) not in own}
    picked = {
        original.digest: original
        for original in originals
        if original.digest in digests
        or any(record.request_key in keys - taken for record in original.records)
    }
    for original in orphaned:
        had = original.digest in before
        if had or any(record.article == article for record in original.records):
            picked.setdefault(original.digest, original)
    return Forgetting(
        article,
        tuple(picked.values()),
        entries,
        tuple(sorted(_sharing(article, orders, lockfile, own, picked.values(), digests))),
    )


def _entries_of(
    article: str, orders: Orders, lockfile: Lockfile, standing: Standing
) -> tuple[Entry, ...]:
    """Return the entries that an article has, also one that still has its earlier name."""
    claimed: dict[int, str] = {}
    for order, entry in zip(orders.orders, standing.entries, strict=True):
        if entry is not None:
            claimed.setdefault(id(entry), order.cover.article.src_uri)
    return tuple(e for e in lockfile.entries if claimed.get(id(e), e.article) == article)


def _sharing(
    article: str,
    orders: Orders,
    lockfile: Lockfile,
    own: Collection[int],
    originals: Iterable[StoredOriginal],
    digests: Collection[str],
) -> set[str]:
    """Return the other articles that have one of these pictures, or ask for one."""
    pictures, keys = set(digests), set()
    for original in originals:
        pictures.add(original.digest)
        keys |= {record.request_key for record in original.records}
    approved = ((entry, entry.approved) for entry in lockfile.entries if id(entry) not in own)
    others = {entry.article for entry, one in approved if one and one.digest in pictures}
    asking = (o.cover.article.src_uri for o in orders.orders if o.request_key in keys)
    return others | (set(asking) - {article})


def without(lockfile: Lockfile, entries: Sequence[Entry]) -> Lockfile:
    """Return a lockfile without these articles' lines."""
    gone = {(entry.article, entry.locale) for entry in entries}
    left = tuple(e for e in lockfile.entries if (e.article, e.locale) not in gone)
    return replace(lockfile, entries=left)
