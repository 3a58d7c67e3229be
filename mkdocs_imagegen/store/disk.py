"""diskcache without pickle, and with every path checked (CVE-2025-69872). The only importer of it.

A CI cache can be poisoned: a row may hold a pickle, or name a file anywhere. Keys are text here,
values are bytes, and whatever else a row says is refused before it is loaded, read or removed.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any

import diskcache

from ..errors import StoreError
from .files import has_shape, locate, write_durably
from .index import MODE_FILE, MODE_INLINE, Policy, is_file_key

Timeout: type[Exception] = diskcache.Timeout
METADATA = ("count", "size", "hits", "misses")


class SafeDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache has no type hints
    """Text keys, bytes values, files inside the folder; everything else is refused."""

    _directory: str

    def put(self, key: object) -> tuple[str, bool]:
        """Return the key as its row holds it."""
        if type(key) is not str:
            raise _refused(f"a key of type {type(key).__name__}")
        return key, True

    def get(self, key: object, raw: object) -> str:
        """Return a row's key; diskcache would unpickle one that is not raw."""
        if raw != 1 or type(key) is not str:
            raise _refused("a pickled or foreign key")
        return key

    def store(
        self, value: object, read: bool, key: object = diskcache.UNKNOWN
    ) -> tuple[int, int, str | None, memoryview | None]:
        """Return size, mode, filename and value of the row; a file is on disk by then."""
        if type(value) is not bytes or read:
            raise _refused(f"a value of type {type(value).__name__}")
        if not (type(key) is str and is_file_key(key)):
            return 0, MODE_INLINE, None, sqlite3.Binary(value)
        filename, _ = self.filename()
        write_durably(os.path.realpath(self._directory), filename, value)
        return len(value), MODE_FILE, filename, None

    def fetch(self, mode: object, filename: object, value: object, read: bool) -> bytes:
        """Return a row's bytes; diskcache would unpickle, or open a file anywhere.

        Raises:
            OSError: where the file is missing, as diskcache expects.
        """
        if read:
            raise _refused("a file handle")
        if mode == MODE_INLINE and filename is None and type(value) is bytes:
            return value
        if mode != MODE_FILE or value is not None or not has_shape(filename):
            raise _refused(f"a row of mode {mode!r}")
        file = locate(os.path.realpath(self._directory), filename)
        if file is None:
            raise FileNotFoundError(f"{self._directory}: no value file {filename}")
        return Path(file.path).read_bytes()

    def filename(self, *_: object) -> tuple[str, str]:
        """Return a new random name, with `/` on every system, and its full path."""
        name = os.urandom(16).hex()
        filename = f"{name[:2]}/{name[2:4]}/{name[4:]}.val"
        return filename, f"{self._directory}/{filename}"

    def remove(self, file_path: object) -> None:
        """Remove a value file of this folder; leave everything else, and all folders, alone.

        diskcache also removes the empty folders above, beyond its own; another process may be
        about to write into one of them.
        """
        file = locate(os.path.realpath(self._directory), file_path)
        if file is not None:
            # Another process may have been faster, as diskcache expects.
            with contextlib.suppress(OSError):
                Path(file.path).unlink()


def settings_of(policy: Policy) -> dict[str, object]:
    """Return every setting that diskcache knows, so that no row of the file decides one."""
    return {
        "statistics": 0,
        "tag_index": 0,
        "eviction_policy": policy.eviction_policy,
        "size_limit": policy.size_limit_bytes,
        "cull_limit": policy.cull_limit,
        "sqlite_auto_vacuum": 1,
        "sqlite_cache_size": 8192,
        "sqlite_journal_mode": "wal",
        "sqlite_mmap_size": 0,
        "sqlite_synchronous": policy.synchronous,
        "disk_min_file_size": 0,
        "disk_pickle_protocol": 0,
    }


def restore_settings(connection: sqlite3.Connection, policy: Policy) -> None:
    """Put our settings in place of what the file holds, before diskcache reads them.

    Rows of the table Settings become PRAGMAs and attributes when diskcache opens a folder, any
    name among them. The two counters are counted anew, as a poisoned one would misguide culling.
    """
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        counted = connection.execute(
            "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS INTEGER) FROM Cache"
        ).fetchone()
        rows = {**settings_of(policy), **dict(zip(METADATA, (*counted, 0, 0), strict=True))}
        connection.execute("DELETE FROM Settings")
        connection.executemany("INSERT INTO Settings VALUES (?, ?)", rows.items())


def open_cache(folder: str, policy: Policy) -> Any:
    """Open, or make, a diskcache with this policy, and check that the policy took.

    Raises:
        StoreError: where the cache holds another policy than it was given.
        sqlite3.Error: where the file is damaged.
    """
    wanted = settings_of(policy)
    cache = diskcache.Cache(folder, policy.busy_timeout_s, SafeDisk, **wanted)
    odd = [name for name, value in wanted.items() if cache.reset(name) != value]
    if odd:
        cache.close()
        raise StoreError(
            f"{folder}: the store does not keep its settings ({', '.join(odd)})",
            hint=policy.mend.format(folder=folder),
        )
    return cache


def _refused(what: str) -> StoreError:
    return StoreError(
        f"the store refuses {what}: it holds text keys and bytes only",
        hint="the store's cache.db was changed by another program: "
        "put the folder back from a backup",
    )
