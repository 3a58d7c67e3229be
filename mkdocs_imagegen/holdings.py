"""What the store holds of a paid request: where the lockfile knows it, only what that names.

So a poisoned cache can't put another picture in an approved one's place.
"""

from __future__ import annotations

from collections.abc import Sequence

from .errors import StoreError
from .model import Entry, OriginalDamaged, OriginalOther, Record
from .store import Store, record_of

Holding = Record | OriginalOther | OriginalDamaged | None
"""A record whose original is there, by its length; `None` where the store has nothing."""


def find(
    store: Store, request_key: str, entries: Sequence[Entry] = (), *, brief: bool = False
) -> Holding:
    """Return what the store holds of a request.

    Two branches may have bought the same request: any of their originals will do, the first that is
    there.

    Args:
        store: to look into.
        request_key: of the request.
        entries: the lockfile's that name it, often none or one.
        brief: whether a record may hold just what the lockfile knows, which saves reading it.
    """
    damaged: OriginalDamaged | None = None
    try:
        for entry in entries:
            assert entry.approved is not None
            stored = None if brief else store.record(request_key, entry.approved.digest)
            record = stored or record_of(entry)
            damage = store.damage(record)
            if damage is None:
                return record
            if damaged is None or damage.pointer:
                damaged = damage
        return _any_other(store, request_key, damaged if entries else None)
    except StoreError as error:
        return OriginalDamaged(f"not readable ({error.message})")


def sound_record(store: Store, request_key: str, entries: Sequence[Entry] = ()) -> Record | None:
    """Return the record of a request whose original is there; see `find`."""
    found = find(store, request_key, entries)
    return found if isinstance(found, Record) else None


def _any_other(store: Store, request_key: str, locked: OriginalDamaged | None) -> Holding:
    """Return what the store has by itself; `locked` is the damage to what the lockfile names."""
    if locked is not None and (locked.pointer or not locked.missing):
        return locked
    record = store.record(request_key)
    if record is None:
        return None
    damage = store.damage(record)
    if locked is None:
        return damage or record
    return None if damage else OriginalOther(record.digest)
