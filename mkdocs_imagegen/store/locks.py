"""Locks between processes: held by the system, so that each dies with its process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .faults import told


@contextmanager
def hold(
    path: Path,
    on_wait: Callable[[], None] | None = None,
    once_held: Callable[[], None] | None = None,
) -> Iterator[None]:
    """Hold a lock, waiting for it without end; not for the same thread twice.

    `on_wait` is called once where it must wait, `once_held` before the block.

    Raises:
        StoreError: where the lock's file can't be made.
    """
    import filelock

    lock = filelock.FileLock(path)
    with told("locked", path.parent):
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            if on_wait is not None:
                on_wait()
            lock.acquire()
    try:
        if once_held is not None:
            once_held()
        yield
    finally:
        lock.release()
