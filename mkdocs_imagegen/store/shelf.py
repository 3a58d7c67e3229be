"""One diskcache folder: read through its index in memory, written through diskcache."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import StoreError
from .faults import told
from .files import ValueFile, has_shape, locate
from .index import (
    DB_NAME,
    FORMAT,
    MODE_FILE,
    MODE_INLINE,
    Policy,
    Row,
    Rows,
    connect,
    data_version,
    is_file_key,
    remove_rows,
    select_all,
    select_one,
    snapshot,
)
from .locks import hold

TRIAL_BYTES = 8_000_000
"""Longer than the pictures that come: what `prepare` writes to see whether the disk is full."""


class UnreadableRowError(StoreError):
    """One row is not as this plugin writes it; the store around it may be sound."""


class Shelf:
    """Text keys and bytes, in rows or files. Safe for threads and, by SQLite, for processes.

    All rows are read once, at the first question; later ones cost no I/O where the key is known.
    `cache_dir` is a real path.
    """

    def __init__(self, cache_dir: Path, policy: Policy, *, read_only: bool) -> None:
        self.folder = cache_dir / policy.name
        self._root = str(self.folder)
        self._index = self.folder / DB_NAME
        self._opening_lock = cache_dir / "locks" / "open.lock"
        self._policy = policy
        self._mend = policy.mend.format(folder=self.folder)
        self._read_only = read_only
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._cache: Any = None
        self._rows: Rows | None = None
        self._loaded_at: int | None = None
        """The index's data version when its rows were read, where there was one."""
        self._forgotten: set[str] = set()
        self._checked: set[str] = set()

    def load(self) -> Rows:
        """Read the index, once.

        Raises:
            StoreError: where it is damaged or of a later format.
        """
        if self._rows is not None:
            return self._rows
        with self._lock, told("read", self.folder, mend=self._mend):
            if self._rows is None:
                if self._read_only:
                    self._rows = snapshot(self.folder, self._policy)
                else:
                    connection = self._connected()
                    if connection is None:
                        self._rows = {}
                    else:
                        self._loaded_at = data_version(connection)
                        self._rows = select_all(connection)
            return self._rows

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start so, as the index knew them when it was read or written."""
        return (key for key in tuple(self.load()) if key.startswith(prefix))

    def inline(self, key: str) -> bytes | None:
        """Return the bytes that stand in a key's row, or None where there is no row.

        Raises:
            UnreadableRowError: where the row is not one that this plugin writes.
        """
        row = self._row(key)
        if row is None:
            return None
        if row.raw != 1 or row.mode != MODE_INLINE or row.filename is not None:
            raise self._foreign(key)
        if type(row.value) is not bytes:
            raise self._foreign(key)
        return row.value

    def file(self, key: str) -> ValueFile | None:
        """Return a key's value file as it lies on disk, or None where row or file is missing.

        Raises:
            UnreadableRowError: where the row is not one that this plugin writes.
        """
        row = self._row(key)
        if row is None:
            return None
        if row.raw != 1 or row.mode != MODE_FILE or row.value is not None:
            raise self._foreign(key)
        found = locate(self._root, row.filename, self._checked)
        if found is None and not has_shape(row.filename):
            raise self._foreign(key)
        return found

    def knows(self, key: str) -> bool:
        """Tell whether the index had a row for the key when it was read or written."""
        return key in self.load()

    def forget(self, key: str) -> None:
        """Read this key's row from disk when it is asked for next."""
        if not self._read_only:
            self.load().pop(key, None)
            self._forgotten.add(key)

    def write(self, key: str, data: bytes) -> None:
        """Store bytes under a key; see `write_all`."""
        self.write_all({key: data})

    def write_all(self, values: Mapping[str, bytes]) -> None:
        """Store bytes under keys, in this order; on return they are on disk.

        Replaces what the keys held.

        Raises:
            StoreError: where they could not be stored, or can't be found after storing.
        """
        self._require_writable()
        with self._lock, told("written", self.folder, mend=self._mend):
            self._set(values)
            for key in values:
                self.forget(key)
            if not all(self._holds(key, data) for key, data in values.items()):
                raise StoreError(
                    f"{self.folder}: the store did not keep what was written to it",
                    hint=self._mend,
                )

    def remove(self, keys: Collection[str]) -> None:
        """Remove rows with their files; what is not there is no error.

        Their bytes are overwritten in the index, so that no prompt stays in its free pages.

        Raises:
            StoreError: where they could not be removed.
        """
        self._require_writable()
        with self._lock, told("written", self.folder, mend=self._mend):
            connection = self._connected()
            if connection is None:
                return
            connection.execute("PRAGMA secure_delete = ON")
            for key in keys:
                names = remove_rows(connection, key)
                self.forget(key)
                for name in names:
                    if (file := locate(self._root, name)) is not None:
                        Path(file.path).unlink(missing_ok=True)
            # Else the log would keep them until it is folded into the file.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the index; the last one to close it folds its log into the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._cache = None

    def _require_writable(self) -> None:
        if self._read_only:
            raise StoreError(
                f"{self.folder}: the store is read-only",
                hint=f"let the user who runs the build read and write {self.folder.parent}",
            )

    def _row(self, key: str) -> Row | None:
        row = self.load().get(key)
        return self._look(key) if row is None else row

    def _look(self, key: str) -> Row | None:
        """Ask the file: another process may have stored the key since the index was read."""
        if self._read_only:
            return None
        with self._lock, told("read", self.folder, mend=self._mend):
            connection = self._connected()
            if connection is None or self._is_absent(connection, key):
                return None
            row = select_one(connection, key)
            if row is not None:
                self.load()[key] = row
            return row

    def _is_absent(self, connection: sqlite3.Connection, key: str) -> bool:
        """Tell whether nobody has written since the index was read, which had no such key."""
        return key not in self._forgotten and data_version(connection) == self._loaded_at

    def _connected(self) -> sqlite3.Connection | None:
        # Once the index was looked for, only one that was made since then can change the answer.
        if self._connection is None and (self._rows is None or self._index.exists()):
            self._connection = connect(self.folder, self._policy)
        return self._connection

    def prepare(self) -> None:
        """Open for writing now, and see that a large file can be written.

        Raises:
            StoreError: where that fails.
        """
        with self._lock, told("written", self.folder, mend=self._mend):
            self._writer()
            with tempfile.TemporaryFile(dir=self.folder) as trial:
                trial.write(bytes(TRIAL_BYTES))

    def _set(self, values: Mapping[str, bytes]) -> None:
        from .disk import Timeout

        cache = self._writer()
        try:
            for key, data in values.items():
                cache.set(key, data)
        except Timeout as error:
            raise StoreError(
                f"{self.folder}: the store can't be written: another process kept it busy",
                hint="wait until the other build has ended, then run the command again",
            ) from error
        finally:
            # diskcache keeps a connection a thread, and nobody closes those of ended threads.
            cache.close()

    def _writer(self) -> Any:
        if self._cache is None:
            from .disk import open_cache, restore_settings

            with hold(self._opening_lock):
                connection = self._connected()
                if connection is not None:
                    restore_settings(connection, self._policy)
                self._cache = open_cache(self._root, self._policy)
                self._cache.close()  # this thread's connection, which nobody would close
                connection = self._connected()
                if connection is None:
                    raise StoreError(f"{self.folder / DB_NAME} vanished", hint=self._mend)
                connection.execute(f"PRAGMA user_version = {FORMAT}")
        return self._cache

    def _holds(self, key: str, data: bytes) -> bool:
        if not is_file_key(key):
            return self.inline(key) == data
        file = self.file(key)
        return file is not None and file.size_bytes == len(data)

    def _foreign(self, key: str) -> UnreadableRowError:
        kind = key.partition(":")[0]
        return UnreadableRowError(
            f"{self.folder}: the row of this {kind} is not one that mkdocs-imagegen writes",
            hint=self._mend,
        )
