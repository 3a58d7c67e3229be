"""The lockfile and the store side by side: what is lost, and what the lockfile says after a run.

What is in the lockfile is a picture, and was held against its digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from . import images
from .errors import ImagegenError, SafetyError, StoreError
from .model import Bought, Entry, Failed, Lockfile, Orders, Outcome, Record, Refusal
from .plan import locked, needed_originals
from .store import Store
from .store.lockfiles import read_lockfile, update_lockfile


def sound_record(store: Store, request_key: str, digest: str = "") -> Record | None:
    """Return a request's record whose original is there, and of this digest if one is named."""
    try:
        record = store.record(request_key, digest)
    except StoreError:
        return None
    if record is None or (digest and record.digest != digest) or store.damage(record):
        return None
    return record


def lost_entries(lockfile: Lockfile, store: Store) -> tuple[Entry, ...]:
    """Return the entries whose originals are in no store."""
    return tuple(
        entry
        for entry in lockfile.entries
        if (approved := entry.approved)
        and sound_record(store, approved.request_key, approved.digest) is None
    )


def lock_covers(
    path: Path,
    store: Store,
    orders: Orders,
    outcomes: Iterable[Outcome],
    *,
    site: str,
    job: str,
    at: datetime,
) -> bool:
    """Write what the site's covers are into the lockfile, and their originals into git's store.

    Returns whether anything changed.

    Args:
        path: of the lockfile.
        store: with what was bought.
        orders: all of the site's, in all its languages.
        outcomes: what was bought and refused just now.
        site: its name.
        job: the CI run's id.
        at: the time of refusals, in UTC.

    Raises:
        LockfileError: it can't be read or written.
        StoreError: an original can't be copied into git's store.
    """
    before = read_lockfile(path)
    records, refusals = _records(store, orders, before), {}
    for outcome in outcomes:
        match outcome:
            case Bought(record=record):
                records[record.request_key] = record
            case Failed(action=action, error=SafetyError() as error) if action.request_key:
                told = at.isoformat(timespec="seconds"), error.message, error.request_id
                refusals[action.request_key] = Refusal(action.request_key, *told)
    wrote = update_lockfile(
        path,
        store.cache_dir / "locks" / "lockfile.lock",
        lambda lockfile: locked(lockfile, orders, records, refusals, site=site, job=job),
    )
    return _keep_originals(read_lockfile(path), store) or wrote


def _records(store: Store, orders: Orders, lockfile: Lockfile) -> dict[str, Record]:
    """Return the records of the orders' requests whose originals are as they should be.

    One that the lockfile does not know yet is decoded.
    """
    digests: Mapping[str, str] = needed_originals(orders, lockfile)
    records: dict[str, Record] = {}
    for key in dict.fromkeys(o.request_key for o in orders.orders if o.request_key):
        record = sound_record(store, key, digests[key])
        if record and (record.digest == digests[key] or _decodes(record, store)):
            records[key] = record
    return records


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
    known = (entry.approved for entry in lockfile.entries if entry.approved)
    records = (sound_record(store, a.request_key, a.digest) for a in known)
    return sum(store.keep(record) for record in records if record) > 0
