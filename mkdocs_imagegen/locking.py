"""The lockfile and the store side by side: what is lost, and what the lockfile says after a run.

What is in the lockfile is a picture, and was held against its digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from . import images
from .errors import DamagedOriginalError, ImagegenError, LockfileError, SafetyError
from .holdings import find, sound_record
from .model import (
    Bought,
    Entry,
    Failed,
    Found,
    Lockfile,
    Orders,
    OriginalOther,
    Outcome,
    Record,
    Refusal,
)
from .plan import locked, needed_originals, stand
from .store import Store
from .store.lockfiles import read_lockfile, update_lockfile


def lost_entries(lockfile: Lockfile, store: Store) -> tuple[Entry, ...]:
    """Return the entries whose originals are in no store."""
    return tuple(
        entry
        for entry in lockfile.entries
        if entry.approved and sound_record(store, entry.approved.request_key, [entry]) is None
    )


@dataclass(slots=True)
class Run:
    """What a run brought for the lockfile."""

    at: datetime
    """When it was, in UTC."""
    records: dict[str, Record] = field(default_factory=dict)
    """Of the requests whose originals are there, by request key."""
    refusals: dict[str, Refusal] = field(default_factory=dict)
    new: set[str] = field(default_factory=set)
    """The request keys that were paid for or taken in just now."""


@dataclass(frozen=True, slots=True)
class LockfilePlace:
    """Where a site's lockfile is, and whose articles are in it."""

    path: Path
    docs_dir: str = "docs"
    """Relative to the lockfile, POSIX."""

    def read(self) -> Lockfile:
        """Return the lockfile, an empty one where there is none.

        Raises:
            LockfileError: it can't be read, or another site's articles are in it.
        """
        lockfile = read_lockfile(self.path)
        if lockfile.docs_dir in ("", self.docs_dir):
            return lockfile
        raise LockfileError(
            f"{self.path.name} is of the articles in {lockfile.docs_dir}, and this site has those "
            f"in {self.docs_dir}",
            hint="put this site's config file into a folder of its own; if docs_dir was renamed, "
            f"write its new name into the first line of {self.path.name}",
        )


def lock_covers(
    place: LockfilePlace, store: Store, orders: Orders, run: Run, *, site: str, job: str
) -> bool:
    """Write what the site's covers are into the lockfile, and their originals into git's store.

    Returns whether anything changed.

    Args:
        place: of the lockfile.
        store: with what was bought.
        orders: all of the site's, in all its languages.
        run: what it brought; see `gather`.
        site: its name.
        job: the CI run's id.

    Raises:
        LockfileError: it can't be read or written.
        StoreError: git's store can't be written.
    """
    wrote = update_lockfile(
        place.path,
        store.cache_dir / "locks" / "lockfile.lock",
        lambda lockfile: locked(
            lockfile,
            orders,
            _still_there(run.records, lockfile, store),
            run.refusals,
            bought=frozenset(run.new),
            site=site,
            docs_dir=place.docs_dir,
            job=job,
            at=run.at,
        ),
    )
    return _keep_originals(place.read(), store) or wrote


def gather(
    lockfile: Lockfile,
    store: Store,
    orders: Orders,
    outcomes: Iterable[Outcome],
    *,
    adopt: bool,
    at: datetime,
) -> Run:
    """Return what the lockfile should say of a run: what is there, was bought, or was refused.

    An original that the lockfile does not know yet is decoded first.

    Args:
        lockfile: as it was before the run.
        store: with what was bought.
        orders: all of the site's.
        outcomes: of the purchases.
        adopt: whether another picture of a request is taken in where the one that the lockfile
            names is in no store.
        at: the time, in UTC.
    """
    run = Run(at)
    for key, entries in needed_originals(orders, stand(orders, lockfile)).items():
        found = find(store, key, entries)
        if isinstance(found, OriginalOther) and adopt:
            _take_in(run, key, store)
        elif isinstance(found, Record) and (entries or _decodes(found, store)):
            run.records[key] = found
    for outcome in outcomes:
        match outcome:
            case Bought(record=record):
                run.records[record.request_key] = record
                run.new.add(record.request_key)
            case Found(action=action) if action.request_key:
                _take_in(run, action.request_key, store)
            case Failed(action=action, error=SafetyError() as error) if action.request_key:
                told = run.at.isoformat(timespec="seconds"), error.message, error.request_id
                run.refusals[action.request_key] = Refusal(action.request_key, *told)
    return run


def _still_there(
    records: Mapping[str, Record], lockfile: Lockfile, store: Store
) -> Mapping[str, Record]:
    """Leave out what `gc` removed while this run waited for the lock; it keeps what has a line."""
    named = {entry.approved.digest for entry in lockfile.entries if entry.approved}
    return {
        key: record
        for key, record in records.items()
        if record.digest in named or _is_there(record, store)
    }


def _is_there(record: Record, store: Store) -> bool:
    try:
        return store.original_path(record).is_file()
    except DamagedOriginalError:
        return False


def _take_in(run: Run, key: str, store: Store) -> None:
    record = sound_record(store, key)
    if record is not None and _decodes(record, store):
        run.records[key] = record
        run.new.add(key)


def _decodes(record: Record, store: Store) -> bool:
    try:
        images.inspect(store.read_original(record))
    except ImagegenError:
        return False
    return True


def _keep_originals(lockfile: Lockfile, store: Store) -> bool:
    """Copy what the lockfile approves into git's store: also covers that stay though outdated."""
    if not store.in_git:
        return False
    wrote = False
    for entry in lockfile.entries:
        if not entry.approved:
            continue
        record = sound_record(store, entry.approved.request_key, [entry])
        try:
            wrote |= record is not None and store.keep(record)
        except DamagedOriginalError:
            continue  # publishing tells of it, where the cover is shown
    return wrote
