"""The ledger: a row for each request that was, or may have been, paid for. One SQLite file.

Several processes share it: a request is held against the month's wall and entered in one
transaction. A cache can be poisoned, so the file's schema must be ours to the letter.
"""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

from ..errors import StoreError
from ..model import LedgerRow, RowState, Usage
from .faults import told
from .ledger_rows import (
    COLUMNS,
    INDEX,
    INSERT,
    SELECT,
    TABLE,
    UPDATE,
    amount,
    read_row,
    row_values,
    text,
    token_values,
)

LEDGER = "ledger.sqlite3"
"""The file's name in the cache folder."""
FORMAT = 1
"""The ledger's format, kept as the file's `user_version`."""
APPLICATION_ID = 0x696D6731
"""Marks the file as ours: `img1`."""
BUSY_TIMEOUT_S = 120.0
"""How long a read or write waits for those of other processes, which take milliseconds."""
MOST_MICRO_USD = 10**15
"""A bill beyond it fills every wall: the sum of a month must fit into SQLite's integers."""
_MEND = (
    f"put {LEDGER} back from a backup, or move it to another folder: covers are not in it, "
    "a new one is begun, and the month's wall then counts from there"
)
_HELD = (
    "SELECT SUM(held_micro_usd) FROM request WHERE at >= ? AND at < ? "
    "AND typeof(held_micro_usd) = 'integer' AND held_micro_usd > 0"
)
_UNKNOWN: Mapping[str, object] = {"actual_usd": None, "endpoint": None, **token_values(None)}


class Ledger:
    """The books of all runs on one store. Safe for threads and for processes; not for forks.

    The file is opened at the first use, and made at the first write.
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        """Open nothing yet. Where it is `read_only`, every write is refused."""
        self._path = path.absolute()
        self._read_only = read_only
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file; it opens again when it is used again."""
        with self._lock:
            self._disconnect()

    def prepare(self) -> None:
        """Make sure that rows can be written, before the first request is paid for.

        Raises:
            StoreError: where they can't.
        """
        with self._writing():
            pass

    def reserve(self, row: LedgerRow, admit: Callable[[Decimal], None]) -> int:
        """Enter a request that is about to be sent, and return its row's number.

        `admit` is called with what the row's month holds, while no other process can write; what
        it raises refuses the request, and nothing is entered.

        Raises:
            StoreError: where the ledger can't be written.
        """
        values = row_values(row) | {"held_micro_usd": _micro_usd(row.bound_usd or Decimal(0))}
        with self._writing() as connection:
            admit(_held_usd(connection, row.at[: len("2026-11")]))
            number = connection.execute(INSERT, values).lastrowid
        assert number is not None
        return number

    def settle(
        self,
        number: int,
        *,
        usage: Usage | None,
        actual_usd: Decimal | None,
        proven: bool,
        request_id: str,
        endpoint: str,
    ) -> None:
        """Enter what a request cost.

        Args:
            number: of its row.
            usage: as the endpoint told it.
            actual_usd: the cost, `None` where nobody knows the price.
            proven: whether `usage` says so. Otherwise `actual_usd` is what was planned, and the
                row keeps holding its bound: the bill may be higher than the plan.
            request_id: the vendor's.
            endpoint: scheme and host.

        Raises:
            StoreError: where the ledger can't be written: the row stays reserved.
        """
        values = {
            "state": RowState.SETTLED.value,
            "actual_usd": amount(actual_usd),
            "held_micro_usd": _micro_usd(actual_usd) if proven and actual_usd is not None else None,
            "endpoint": text(endpoint),
            "request_id": text(request_id),
            **token_values(usage),
        }
        self._end(number, values)

    def release(self, number: int, *, request_id: str = "") -> None:
        """Enter that a request was certainly not billed: it holds nothing.

        Raises:
            StoreError: as `settle` does.
        """
        values = {"state": RowState.RELEASED.value, "held_micro_usd": 0}
        self._end(number, {**_UNKNOWN, **values, "request_id": text(request_id)})

    def hold(self, number: int, *, request_id: str = "") -> None:
        """Enter that a request was possibly billed: it holds the most it can cost.

        Raises:
            StoreError: as `settle` does.
        """
        values = {"state": RowState.POSSIBLY_BILLED.value, "held_micro_usd": None}
        self._end(number, {**_UNKNOWN, **values, "request_id": text(request_id)})

    def month_usd(self, month: str) -> Decimal:
        """Return what a calendar month (`2026-11`, UTC) holds, in USD; 0 where there is no ledger.

        Each row counts in whole micro-dollars, rounded up.

        Raises:
            StoreError: where the ledger can't be read.
        """
        with self._reading() as connection:
            return _held_usd(connection, month) if connection else Decimal(0)

    def rows(self, since: str = "") -> Iterator[LedgerRow]:
        """Yield the rows from an ISO date or time on, oldest first.

        What another program wrote and no row can be read from is left out.

        Raises:
            StoreError: where the ledger can't be read.
        """
        # Read at once: an open SELECT would keep all writers waiting.
        with self._reading() as connection:
            found = connection.execute(SELECT, (since,)).fetchall() if connection else []
        rows = (read_row(dict(zip(COLUMNS, values, strict=True))) for values in found)
        return (row for row in rows if row is not None)

    def _end(self, number: int, values: Mapping[str, object]) -> None:
        with self._writing() as connection:
            if connection.execute(UPDATE, {"id": number, **values}).rowcount != 1:
                raise StoreError(
                    f"{self._path}: the ledger can't be written: it has no open row {number}",
                    hint=_MEND,
                )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Yield the open ledger, `None` where there is none yet."""
        with self._opened("read"):
            if self._connection is None and self._path.exists():
                self._connect("ro" if self._read_only else "rw")
            connection = self._connection
            begun = connection is not None and _is_begun(connection, self._path)
            yield connection if begun else None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the ledger inside a transaction, while no other process can write."""
        if self._read_only:
            raise StoreError(
                f"{self._path}: the ledger is read-only, so nothing can be bought",
                hint="give this user write permission on the cache folder, or use mode: frozen",
            )
        with self._opened("written"):
            connection = self._connection or self._connect("rwc")
            connection.execute("BEGIN IMMEDIATE")
            try:
                if not _is_begun(connection, self._path):
                    _begin(connection)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _opened(self, doing: str) -> Iterator[None]:
        with self._lock, told(doing, self._path.parent, mend=_MEND, index=LEDGER):
            try:
                if self._connection is None:
                    _refuse_what_is_no_file(self._path)
                yield
            except (OSError, sqlite3.Error, StoreError):
                self._disconnect()  # what stands there now may be mended or moved away
                raise

    def _connect(self, mode: str) -> sqlite3.Connection:
        self._connection = connection = sqlite3.connect(
            f"{self._path.as_uri()}?mode={mode}",
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
        self._connection = None


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
            hint=_MEND,
        )
    return True


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute(TABLE)
    connection.execute(INDEX)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def _held_usd(connection: sqlite3.Connection, month: str) -> Decimal:
    (micro_usd,) = connection.execute(_HELD, (month, f"{month}~")).fetchone()  # ~ is after all
    return Decimal(micro_usd or 0).scaleb(-6)


def _micro_usd(usd: Decimal) -> int:
    """Return an amount in whole micro-dollars, rounded up."""
    return min(int(usd.scaleb(6).to_integral_value(ROUND_CEILING)), MOST_MICRO_USD)
