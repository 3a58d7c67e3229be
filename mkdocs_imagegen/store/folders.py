"""The store's folders as they are before it opens: made, or refused where they could mislead it."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import StoreError
from .faults import told
from .index import DB_NAME
from .locks import NOTE_SUFFIX

CHANGED = "changed"
_FOLDERS = ("originals", "renditions", "locks")


def check_cache(cache_dir: Path) -> None:
    """Raise StoreError where a cache folder can't be trusted. Changes nothing."""
    # The cache library would take `$HOME` in a path for the variable, and use another folder.
    if os.path.expandvars(cache_dir) != str(cache_dir):
        raise StoreError(
            f"{cache_dir}: the store can't be opened: its path holds the name of an environment "
            "variable after a $ or between two %",
            hint="set cache_dir to a folder without $ and % in its path",
        )
    # A link in a poisoned cache would have us, or SQLite, write where it points.
    for path in _links(cache_dir):
        raise StoreError(
            f"{path}: the store can't be opened: this is a link",
            hint=f"remove the link; to keep the store elsewhere, link {cache_dir} itself",
        )
    for path in (cache_dir / name / DB_NAME for name in ("originals", "renditions")):
        if path.is_dir():
            raise StoreError(
                f"{path}: the store can't be opened: a folder stands where its index should be",
                hint=f"remove that folder, or put {path.parent} back from a backup",
            )


def check_covers(covers_dir: Path) -> None:
    """Raise StoreError where a file stands in the place of the covers folder."""
    with told("opened", covers_dir):
        if covers_dir.exists() and not covers_dir.is_dir():
            raise NotADirectoryError(covers_dir)


def make_cache(cache_dir: Path) -> bool:
    """Make what is missing; tell whether that, and writing what is there, is permitted.

    Raises:
        StoreError: for any other trouble.
    """
    with told("opened", cache_dir):
        try:
            for name in _FOLDERS:
                (cache_dir / name).mkdir(parents=True, exist_ok=True)
            _create(cache_dir / ".gitignore", "*\n")
            _create(cache_dir / CHANGED, "")
        except PermissionError:
            return False
        except OSError as error:
            if error.errno != errno.EROFS:
                raise
            return False
        return all(
            os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
            for path in (cache_dir, *_parts(cache_dir))
            if path.exists()
        )


def _links(folder: Path, *, deeper: bool = True) -> Iterator[Path]:
    """Yield the links in the cache folder and in those below it; value files are looked at later.

    All but notes, through which nothing is written: SQLite, for one, writes beside its file, under
    names of its own.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink() and not entry.name.endswith(NOTE_SUFFIX):
                yield Path(entry.path)
            elif deeper and entry.is_dir(follow_symlinks=False):
                yield from _links(Path(entry.path), deeper=False)


def _create(path: Path, text: str) -> None:
    with contextlib.suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
        file.write(text)


def _parts(cache_dir: Path) -> tuple[Path, ...]:
    indexes = (cache_dir / name / DB_NAME for name in ("originals", "renditions"))
    return (*(cache_dir / name for name in (*_FOLDERS, CHANGED)), *indexes)
