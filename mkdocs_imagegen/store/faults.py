"""What disk and SQLite can say against us, as one StoreError with the mend."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import StoreError

FULL = (
    "the disk is full or the quota used up",
    "free some space on this disk, then run the command again",
)
"""What is wrong, and its hint."""
_ROOM_BYTES = 1_000_000
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextmanager
def told(
    doing: str, folder: Path | str, *, mend: str = "", index: str = "index cache.db"
) -> Iterator[None]:
    """Turn what is raised within into a StoreError.

    `doing` is a participle (`opened`, `written`). `mend` is the hint for a damaged `index`.

    Raises:
        StoreError: for every OSError and every error of SQLite.
    """
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        why, hint = _why(error, folder, mend, index)
        raise StoreError(f"{folder}: the store can't be {doing}: {why}", hint=hint) from error


def _why(
    error: OSError | sqlite3.Error, folder: Path | str, mend: str, index: str
) -> tuple[str, str]:
    """Return what is wrong, and the hint."""
    code = error.errno if isinstance(error, OSError) else None
    name = str(getattr(error, "sqlite_errorname", ""))
    if code in _FULL or name == "SQLITE_FULL":
        return FULL
    if name.startswith("SQLITE_IOERR"):  # also SQLite's word for a disk without room for its log
        return FULL if _is_full(folder) else ("the disk reports an error", f"check {folder}")
    if code in _DENIED or name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return "permission denied", f"let the user who runs the build read and write {folder}"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "another process keeps it busy", "wait until the other build has ended"
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "a file stands where a folder should be", f"remove the file at or above {folder}"
    if isinstance(error, OSError):
        return error.strerror or str(error), f"check the disk that {folder} lies on"
    return f"its {index} is damaged ({error})", mend


def is_full(error: OSError) -> bool:
    """Tell whether it says that a disk or a quota has no room left."""
    return error.errno in _FULL


def _is_full(folder: Path | str) -> bool:
    try:
        return shutil.disk_usage(folder).free < _ROOM_BYTES
    except OSError:
        return False
