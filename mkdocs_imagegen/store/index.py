"""cache.db of one diskcache folder, read by plain SELECT: no setting is obeyed, nothing unpickled.

One SELECT reads all rows: diskcache would open each file, and has no way to tell its path.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from ..errors import StoreError
from .faults import told
from .files import any_value_folder

DB_NAME = "cache.db"
FORMAT = 1
"""The store's format, kept as the file's `user_version`; 0 is a file that was just made."""
MODE_INLINE = 1
"""diskcache's number for a value that stands in its row."""
MODE_FILE = 2
"""diskcache's number for bytes in a value file."""
_FILE_KEYS = ("original:", "picture:")
_TRIGGERS = frozenset(
    {
        "Settings_count_insert",
        "Settings_count_delete",
        "Settings_size_insert",
        "Settings_size_update",
        "Settings_size_delete",
    }
)
_SELECT = "SELECT key, raw, mode, filename, value FROM Cache"


@dataclass(frozen=True, slots=True)
class Policy:
    """How one diskcache folder behaves."""

    name: str
    """The folder's name below the cache folder."""
    eviction_policy: Literal["none", "least-recently-stored"]
    cull_limit: int
    """How many rows one write may evict; 0 for none, ever."""
    size_limit_bytes: int
    synchronous: Literal[1, 2]
    """SQLite's: 1 outlives a killed process, 2 also a power cut."""
    mend: str
    """The hint for a damaged index, with `{folder}` in it."""
    busy_timeout_s: float = 60.0
    """How long one read or write waits for another process's."""


class Row(NamedTuple):
    """One row of the table Cache, as it is: any program may have written it.

    A tuple, as each build makes one of every row there is.
    """

    raw: object
    mode: object
    filename: object
    value: object


Rows = dict[str, Row]


def is_file_key(key: str) -> bool:
    """Tell whether a key's bytes lie in a file of their own; all others stand in their row."""
    return key.startswith(_FILE_KEYS)


def connect(folder: Path, policy: Policy, *, copy: Path | None = None) -> sqlite3.Connection | None:
    """Open the folder's index, or return None where nothing was stored yet.

    `copy` is a folder with a copy of the index, to be opened in its place.

    Raises:
        StoreError: where the index is damaged, of a later format, or gone though its files stay.
    """
    # The order matters: another process makes the index first and the first value file after.
    has_files = any_value_folder(folder)
    path = (copy or folder) / DB_NAME
    mend = policy.mend.format(folder=folder)
    with told("opened", folder, mend=mend):
        connection = _open(path, policy) if path.exists() else None
        if connection is not None:
            try:
                if _is_ours(connection, folder, mend):
                    return connection
            except BaseException:
                connection.close()
                raise
            connection.close()
    if has_files:
        raise StoreError(
            f"{folder}: the store can't be opened: its index cache.db is empty or gone, "
            "though there are files",
            hint=mend,
        )
    return None


def select_all(connection: sqlite3.Connection) -> Rows:
    """Read all rows with a text key; where two have one key, the one that diskcache would find."""
    rows = connection.execute(f"{_SELECT} ORDER BY raw = 1").fetchall()
    return {row[0]: Row._make(row[1:]) for row in rows if type(row[0]) is str}


def select_one(connection: sqlite3.Connection, key: str) -> Row | None:
    """Read the row of one key."""
    row = connection.execute(f"{_SELECT} WHERE key = ? AND raw = 1", (key,)).fetchone()
    return Row._make(row[1:]) if row else None


def remove_rows(connection: sqlite3.Connection, key: str) -> list[object]:
    """Remove the rows of a key, and return what they name as their files."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        rows = connection.execute("SELECT filename FROM Cache WHERE key = ?", (key,)).fetchall()
        connection.execute("DELETE FROM Cache WHERE key = ?", (key,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return [filename for (filename,) in rows if filename is not None]


def data_version(connection: sqlite3.Connection) -> int:
    """Return a number that is another one once any other connection has written."""
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


def snapshot(folder: Path, policy: Policy) -> Rows:
    """Read all rows of a folder that can't be written, where SQLite can't open its own log.

    The index is copied away with its log; the value files stay where they are.

    Raises:
        StoreError: as `connect` does.
    """
    with (
        told("read", folder, mend=policy.mend.format(folder=folder)),
        tempfile.TemporaryDirectory(prefix="mkdocs-imagegen-") as copy,
    ):
        _copy_index(folder, Path(copy))
        connection = connect(folder, policy, copy=Path(copy))
        if connection is None:
            return {}
        try:
            return select_all(connection)
        finally:
            connection.close()


def _open(path: Path, policy: Policy) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw",  # rw, not rwc: opening never makes an index
        uri=True,
        timeout=policy.busy_timeout_s,
        isolation_level=None,
        check_same_thread=False,
    )
    # A row whose text is no UTF-8 would otherwise fail the SELECT of all the good ones.
    connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    return connection


def _is_ours(connection: sqlite3.Connection, folder: Path, mend: str) -> bool:
    """Check format and schema; False where diskcache has not made its tables yet."""
    connection.execute("PRAGMA trusted_schema = OFF")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > FORMAT:
        raise StoreError(
            f"{folder}: the store was written by a later version of mkdocs-imagegen "
            f"(format {version}, this one reads up to {FORMAT})",
            hint="pip install --upgrade mkdocs-imagegen",
        )
    schema = connection.execute("SELECT type, name FROM sqlite_master").fetchall()
    foreign = [
        name
        for kind, name in schema
        if kind == "view" or (kind == "trigger" and name not in _TRIGGERS)
    ]
    if foreign:
        raise StoreError(
            f"{folder}: the store's index cache.db holds what this plugin never writes: "
            f"{', '.join(sorted(map(repr, foreign)))}",
            hint=mend,
        )
    return ("table", "Cache") in schema and ("table", "Settings") in schema


def _copy_index(folder: Path, to: Path) -> None:
    """Copy index and log of one moment: another user may be writing them."""
    names = (DB_NAME, f"{DB_NAME}-wal")
    for _ in range(10):
        before = _stamps(folder, names)
        for name, stamp in zip(names, before, strict=True):
            if stamp is None:
                (to / name).unlink(missing_ok=True)
            else:
                shutil.copyfile(folder / name, to / name)
        if _stamps(folder, names) == before:
            return
    raise StoreError(
        f"{folder}: the store can't be read: another process keeps writing it",
        hint="wait until the other build has ended",
    )


def _stamps(folder: Path, names: tuple[str, ...]) -> list[tuple[int, int] | None]:
    stamps: list[tuple[int, int] | None] = []
    for name in names:
        try:
            found = (folder / name).stat()
        except FileNotFoundError:
            stamps.append(None)
        else:
            stamps.append((found.st_mtime_ns, found.st_size))
    return stamps
