"""imagegen.lock on disk: read, changed by one run at a time, written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from .. import lockfile
from ..errors import LockfileError
from ..model import EMPTY_LOCKFILE, Entry, Lockfile
from .faults import FULL, is_full
from .files import write_atomically
from .locks import hold

Change = Callable[[Lockfile], Lockfile]
BROKEN_SUFFIX = ".orig"
"""Of the copy that is kept when a broken lockfile is mended."""


def read_lockfile(path: Path) -> Lockfile:
    """Read a lockfile; where there is none, nothing is known.

    Raises:
        LockfileError: it can't be read, or is not what this version writes.
    """
    text = _read(path)
    return EMPTY_LOCKFILE if text is None else lockfile.parse(text)


def update_lockfile(path: Path, lock_path: Path, change: Change) -> bool:
    """Change a lockfile, under a lock between runs, and tell whether that wrote anything.

    A file that would stay as it is is not written, nor one without entries where there is none;
    then nothing is locked either.

    Args:
        path: of the lockfile; a link is followed.
        lock_path: of the lock, in a folder that need not be there.
        change: returns the new lockfile; may be called twice, the second time with what another
            run has written by then.

    Raises:
        LockfileError: it can't be read or written, or is not what this version writes.
        StoreError: the lock can't be made.
    """
    if _changed(path, change) is None:
        return False
    with hold(lock_path):
        text = _changed(path, change)
        if text is not None:
            _write(path, text.encode())
    return text is not None


def mend_lockfile(path: Path, prefers: Callable[[Entry], bool], *, at: datetime) -> tuple[str, ...]:
    """Mend a broken lockfile, see `lockfile.mend`, and tell what was done.

    The broken one stays beside it as `imagegen.lock.orig`. No lock is needed: no run writes over a
    lockfile that it can't read.

    Raises:
        LockfileError: nothing in it can be read, or it can't be written.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _refused(path, "read", error) from error
    # Bytes that are no text cost their own line, not the whole file.
    mended, notes = lockfile.mend(data.decode(errors="surrogateescape"), prefers, at=at)
    if notes:
        _write(path.with_name(path.name + BROKEN_SUFFIX), data)
        _write(path, lockfile.write(mended).encode())
    return notes


def _changed(path: Path, change: Change) -> str | None:
    """Return the text that a change makes of a lockfile, `None` where nothing is to be written."""
    before = _read(path)
    after = change(EMPTY_LOCKFILE if before is None else lockfile.parse(before))
    if before is None and not after.entries:
        return None
    text = lockfile.write(after)
    # A checkout on Windows may have other line ends, and is no change.
    return None if before is not None and before.replace("\r\n", "\n") == text else text


def require_writable(path: Path) -> None:
    """Refuse to buy what could not be entered; costs no I/O worth counting.

    Raises:
        LockfileError: the file could not be replaced.
    """
    real = Path(os.path.realpath(path))
    if not os.access(real.parent, os.W_OK | os.X_OK) or real.is_dir():
        raise LockfileError(
            f"{path.name} can't be written, so nothing was bought",
            hint=f"let the user who runs this write into {real.parent}",
        )


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise LockfileError(
            f"{path.name} line {line} is no UTF-8 text", hint="mkdocs-imagegen doctor --fix"
        ) from error
    except OSError as error:
        raise _refused(path, "read", error) from error


def _write(path: Path, data: bytes) -> None:
    """Write a file, with the mode that it has; what a link points at, not the link."""
    real = Path(os.path.realpath(path))
    try:
        mode = stat.S_IMODE(real.stat().st_mode) if real.exists() else None
        write_atomically(real, data)
        if mode is not None:
            real.chmod(mode)
    except OSError as error:
        raise _refused(path, "written", error) from error


def _refused(path: Path, doing: str, error: OSError) -> LockfileError:
    if is_full(error):
        why, hint = FULL
        return LockfileError(f"{path}: the lockfile can't be {doing}: {why}", hint=hint)
    return LockfileError(
        f"{path}: the lockfile can't be {doing}: {error.strerror or error}",
        hint=f"let the user who runs this read and write the file {path.name} and its folder",
    )
