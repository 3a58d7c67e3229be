"""Locks between processes: held by the system, so that each dies with its process.

Beside a lock's file stands a note of who holds it, for those who wait. The note decides nothing.
"""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .faults import told
from .files import regular_file

if TYPE_CHECKING:
    from filelock import BaseFileLock

PATIENCE_S = 2.0
"""How long a wait is nothing to speak of."""
NOTE_SUFFIX = ".holder"
_POLL_S = 0.05
_SOMEBODY = "another run"
_NOTE = re.compile(r"process \d{1,10} on [\w.-]{1,100}", re.ASCII)
_NOTE_LIMIT_BYTES = 200


def lock_path(cache_dir: Path, request_key: str) -> Path:
    """Return where the lock of a request is."""
    return cache_dir / "locks" / f"{request_key}.lock"


def never() -> bool:
    """Wait without end."""
    return False


def at_once() -> bool:
    """Don't wait at all."""
    return True


@contextmanager
def hold(
    path: Path,
    on_wait: Callable[[str], None] | None = None,
    *,
    given_up: Callable[[], bool] = never,
    patience_s: float = PATIENCE_S,
    once_held: Callable[[], None] | None = None,
) -> Iterator[bool]:
    """Hold a lock, and yield whether it is held; not for the same thread twice.

    Args:
        path: of the lock's file.
        on_wait: called once with who holds the lock, where that takes longer than `patience_s`.
        given_up: asked several times a second; where it is true, the block runs without the lock.
        patience_s: see `on_wait`.
        once_held: called before the block, with the lock.

    Raises:
        StoreError: where the lock's file can't be made.
    """
    import filelock

    lock = filelock.FileLock(path)
    with told("locked", path.parent):
        held = _waited(lock, path, on_wait, given_up, patience_s)
    if not held:
        yield False
        return
    try:
        _note(path)
        if once_held is not None:
            once_held()
        yield True
    finally:
        with suppress(OSError):
            _note_path(path).unlink()
        lock.release()


def is_free(path: Path) -> bool:
    """Tell whether nobody holds a lock; False also where that can't be told. Makes no file.

    Between the look and the answer somebody may take it.
    """
    import filelock

    if not path.exists():
        return True
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except (filelock.Timeout, OSError):
        return False
    lock.release()
    return True


def _waited(
    lock: BaseFileLock,
    path: Path,
    on_wait: Callable[[str], None] | None,
    given_up: Callable[[], bool],
    patience_s: float,
) -> bool:
    """Ask for the lock until it is ours or no longer wanted; tell which."""
    import filelock

    began_s = time.monotonic()
    while True:
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            if given_up():
                return False
        else:
            return True
        if on_wait is not None and time.monotonic() - began_s >= patience_s:
            on_wait(_holder(path))
            on_wait = None
        time.sleep(_POLL_S)


def _note(path: Path) -> None:
    """Say who holds a lock. A link in a poisoned cache is not followed."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    with suppress(OSError):
        opened = os.open(_note_path(path), flags, 0o666)
        try:
            os.write(opened, f"process {os.getpid()} on {platform.node()}".encode())
        finally:
            os.close(opened)


def _holder(path: Path) -> str:
    """Return who holds a lock, as far as the note beside it can be believed."""
    note = regular_file(str(_note_path(path)))
    if note is None or note.size_bytes > _NOTE_LIMIT_BYTES:
        return _SOMEBODY
    try:
        text = Path(note.path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return _SOMEBODY
    return f"{_SOMEBODY}, {text}" if _NOTE.fullmatch(text) else _SOMEBODY


def _note_path(path: Path) -> Path:
    return path.with_suffix(NOTE_SUFFIX)
