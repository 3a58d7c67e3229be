"""The ledger's file: one SQLite database that several processes read and write in turn.

A cache can be poisoned, so the file must be a plain one, and its schema ours to the letter.
"""

from __future__ import annotations

import shutil
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import StoreError
from .faults import told
from .ledger_rows import INDEX, TABLE

LEDGER = "ledger.sqlite3"
"""The file's name in the cache folder."""
FORMAT = 1
"""The ledger's format, kept as the file's `user_version`."""
APPLICATION_ID = 0x696D6731
"""Marks the file as ours: `img1`."""
BUSY_TIMEOUT_S = 120.0
"""How long a read or write waits for those of other processes, which take milliseconds."""
MEND = (
    f"put {LEDGER} back from a backup, or move it to another folder: covers are not in it, "
    "a new one is begun, and the month's wall then counts from there"
)


class LedgerFile:
    """Opens at the first use, and is made at the first write. Safe for threads, not for forks."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        """Open nothing yet. Where it is `read_only`, every write is refused."""
        self.path = path.absolute()
        self._read_only = read_only
        self._connection: sqlite3.Connection | None = None
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file; it opens again when it is used again."""
        with self._lock:
            self._disconnect()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """Yield the open ledger, `None` where there is none yet."""
        with self._opened("read"):
            yield self._connection if self._has_begun() else None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the ledger inside a transaction, while no other process can write."""
        if self._read_only:
            raise StoreError(
                f"{self.path}: the ledger is read-only, so nothing can be bought",
                hint="give this user write permission on the cache folder, or use mode: frozen",
            )
        with self._opened("written"):
            connection = self._connection or self._connect("rwc")
            connection.execute("BEGIN IMMEDIATE")
            try:
                if not _is_begun(connection, self.path):
                    _begin(connection)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _has_begun(self) -> bool:
        """Open the ledger if there is one, and check it; False where it is empty still."""
        try:
            if self._connection is None and self.path.exists():
                self._connect("ro" if self._read_only else "rw")
            return self._connection is not None and _is_begun(self._connection, self.path)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_READONLY_ROLLBACK":
                raise
        # A kill cut a write short, and the rest of it can't be taken back here.
        return _is_begun(self._connect_to_copy(), self.path)

    @contextmanager
    def _opened(self, doing: str) -> Iterator[None]:
        with self._lock, told(doing, self.path.parent, mend=MEND, index=LEDGER):
            try:
                if self._connection is None:
                    _refuse_what_is_no_file(self.path)
                yield
            except (OSError, sqlite3.Error, StoreError):
                self._disconnect()  # what stands there now may be mended or moved away
                raise

    def _connect_to_copy(self) -> sqlite3.Connection:
        """Open a copy that may be written. Nobody writes the ledger itself now."""
        self._disconnect()
        self._copy = tempfile.TemporaryDirectory(prefix="mkdocs-imagegen-")
        copy = Path(self._copy.name) / LEDGER
        for ending in ("", "-journal"):
            shutil.copyfile(f"{self.path}{ending}", f"{copy}{ending}")
        return self._connect("rw", copy)

    def _connect(self, mode: str, path: Path | None = None) -> sqlite3.Connection:
        self._connection = connection = sqlite3.connect(
            f"{(path or self.path).as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        connection.execute("PRAGMA trusted_schema = OFF")
        # FULL and more: the folder is synced too, so that no power cut brings back the journal of
        # a transaction that was committed, which would take it back.
        connection.execute("PRAGMA synchronous = EXTRA")
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._copy is not None:
            self._copy.cleanup()
        self._connection = self._copy = None


def _refuse_what_is_no_file(path: Path) -> None:
    """A link in a poisoned cache would have us write where it points."""
    for ending in ("", "-journal", "-wal", "-shm"):
        beside = path.with_name(path.name + ending)
        try:
            mode = beside.lstat().st_mode
        except FileNotFoundError:
            continue
        if not stat.S_ISREG(mode):
            raise StoreError(
                f"{beside}: the ledger can't be opened: this is a link or no plain file",
                hint="move it to another folder; "
                f"to keep the store elsewhere, link {path.parent} itself",
            )


def _is_begun(connection: sqlite3.Connection, path: Path) -> bool:
    """Check that a ledger is one of ours; False where it is empty still."""
    schema = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master")}
    if not schema:
        return False
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id == APPLICATION_ID and version > FORMAT:
        raise StoreError(
            f"{path}: the ledger was written by a later version of mkdocs-imagegen "
            f"(format {version}, this one reads up to {FORMAT})",
            hint="pip install --upgrade mkdocs-imagegen",
        )
    if application_id != APPLICATION_ID or schema != {TABLE, INDEX}:
        raise StoreError(
            f"{path}: the ledger can't be opened: it holds what this plugin never writes",
            hint=MEND,
        )
    return True


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute(TABLE)
    connection.execute(INDEX)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
