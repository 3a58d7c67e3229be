"""The ledger: a row for each request that was, or may have been, paid for. One SQLite file.

Several processes share it: a request is held against the month's wall and entered in one
transaction. A request's row is reserved only while its lock is held: where the lock is free, its
owner is dead.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

from ..errors import StoreError
from ..model import LedgerRow, RowState, Usage
from .ledger_file import FORMAT, LEDGER, MEND, LedgerFile
from .ledger_rows import (
    COLUMNS,
    END_ALL,
    INSERT,
    REOPEN,
    RESERVED_KEYS,
    SELECT,
    SELECT_NEWEST,
    UPDATE,
    amount,
    read_row,
    row_values,
    text,
    token_values,
)
from .locks import at_once, hold, is_free, lock_path
from .records import HEX64

__all__ = ["FORMAT", "LEDGER", "Ledger"]

MOST_MICRO_USD = 10**15
"""A bill beyond it fills every wall: the sum of a month must fit into SQLite's integers."""
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
        self._file = LedgerFile(path, read_only=read_only)
        self._path = self._file.path
        self.close = self._file.close

    def prepare(self) -> None:
        """Make sure that rows can be written, before the first request is paid for.

        What a dead run had under way becomes possibly billed.

        Raises:
            StoreError: where they can't.
        """
        with self._file.writing() as connection:
            keys = [key for (key,) in connection.execute(RESERVED_KEYS)]
        for key in keys:
            with self._owned(key) as dead:
                if dead:
                    self.end_dead(key)

    def end_dead(self, request_key: str) -> None:
        """Enter that what dead runs had under way of a request was possibly billed.

        To be called while the request's lock is held.

        Raises:
            StoreError: where the ledger can't be written.
        """
        with self._file.writing() as connection:
            connection.execute(END_ALL, (request_key,))

    def reopen(self, request_key: str) -> tuple[int, LedgerRow] | None:
        """Return the newest row of a request that was, or may have been, paid for.

        Where nobody knows its bill it can be ended anew; a row that comes as settled stays so. An
        older row is another purchase's. To be called while the request's lock is held.

        Raises:
            StoreError: where the ledger can't be written.
        """
        with self._file.writing() as connection:
            values = connection.execute(SELECT_NEWEST, (request_key,)).fetchone()
            row = values and read_row(dict(zip(COLUMNS, values[1:], strict=True)))
            if not row:
                return None
            connection.execute(REOPEN, (values[0],))
        return values[0], row

    def reserve(self, row: LedgerRow, admit: Callable[[Decimal], None]) -> int:
        """Enter a request that is about to be sent, and return its row's number.

        `admit` is called with what the row's month holds, while no other process can write; what
        it raises refuses the request, and nothing is entered.

        Raises:
            StoreError: where the ledger can't be written.
        """
        values = row_values(row) | {"held_micro_usd": _micro_usd(row.bound_usd or Decimal(0))}
        with self._file.writing() as connection:
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
        with self._file.reading() as connection:
            return _held_usd(connection, month) if connection else Decimal(0)

    def rows(self, since: str = "", *, look_at_owners: bool = False) -> Iterator[LedgerRow]:
        """Yield the rows from an ISO date or time on, oldest first.

        What another program wrote and no row can be read from is left out. With `look_at_owners`
        what a dead run had under way comes as possibly billed, as `prepare` will have it.

        Raises:
            StoreError: where the ledger can't be read.
        """
        # Read at once: an open SELECT would keep all writers waiting.
        with self._file.reading() as connection:
            found = connection.execute(SELECT, (since,)).fetchall() if connection else []
        rows = (read_row(dict(zip(COLUMNS, values, strict=True))) for values in found)
        read = (row for row in rows if row is not None)
        return map(self._as_owned, read) if look_at_owners else read

    def _as_owned(self, row: LedgerRow) -> LedgerRow:
        if row.state is not RowState.RESERVED or not self._is_dead(row.request_key):
            return row
        return replace(row, state=RowState.POSSIBLY_BILLED)

    def _is_dead(self, request_key: str) -> bool:
        """Tell whether nobody buys a request: a row is reserved only while its lock is held."""
        if not HEX64.fullmatch(request_key):
            return True  # such a key has no lock
        return is_free(lock_path(self._path.parent, request_key))

    @contextmanager
    def _owned(self, request_key: str) -> Iterator[bool]:
        """Take over a request whose owner is dead, and yield whether that went well."""
        if not HEX64.fullmatch(request_key):
            yield True
            return
        path = lock_path(self._path.parent, request_key)
        path.parent.mkdir(exist_ok=True)
        with hold(path, given_up=at_once) as held:
            yield held

    def _end(self, number: int, values: Mapping[str, object]) -> None:
        with self._file.writing() as connection:
            if connection.execute(UPDATE, {"id": number, **values}).rowcount != 1:
                raise StoreError(
                    f"{self._path}: the ledger can't be written: it has no open row {number}",
                    hint=MEND,
                )


def _held_usd(connection: sqlite3.Connection, month: str) -> Decimal:
    (micro_usd,) = connection.execute(_HELD, (month, f"{month}~")).fetchone()  # ~ is after all
    return Decimal(micro_usd or 0).scaleb(-6)


def _micro_usd(usd: Decimal) -> int:
    """Return an amount in whole micro-dollars, rounded up."""
    return min(int(usd.scaleb(6).to_integral_value(ROUND_CEILING)), MOST_MICRO_USD)
