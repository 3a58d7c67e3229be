"""The store: what was paid for, and what is made of it, below one cache folder.

`originals/` and `renditions/` are diskcaches, `locks/` holds a lock file a request, `changed` is
touched after purchases. Opens no socket, decodes no picture, never unpickles, evicts no original.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType

from ..errors import StoreError
from ..model import Record, Rendition, Size
from .faults import told
from .index import DB_NAME
from .locks import hold
from .originals import HEX64, Originals
from .renditions import Renditions
from .rescue import rescue
from .shelf import UnreadableRowError

__all__ = ["CHANGED", "Store", "UnreadableRowError"]

_FOLDERS = ("originals", "renditions", "locks")
CHANGED = "changed"


class Store:
    """Everything that is kept between builds. Safe for threads and for processes; not for forks.

    Read-only where the folder can't be written: it serves what is there and refuses to write.
    """

    def __init__(self, cache_dir: Path, *, read_only: bool) -> None:
        self.cache_dir = cache_dir
        self.read_only = read_only
        self.changed_path = cache_dir / CHANGED
        """Touched by `mark_changed`; there from the start, unless read-only."""
        self._originals = Originals(cache_dir, read_only=read_only)
        self._renditions = Renditions(cache_dir, self._originals, read_only=read_only)

    @classmethod
    def open(cls, cache_dir: Path) -> Store:
        """Open the store, and make its folders where they are missing.

        The originals' index is read here, that of the renditions when it is first needed.

        Raises:
            StoreError: where the folder is a file, holds links, or its index is damaged or of a
                later format. Nothing is changed then.
        """
        cache_dir = Path(os.path.realpath(cache_dir))
        _refuse_names_that_expand(cache_dir)
        _refuse_links(cache_dir)
        with told("opened", cache_dir):
            read_only = not _make(cache_dir)
        store = cls(cache_dir, read_only=read_only)
        try:
            store._originals.load()
        except StoreError:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close the databases. The store must not be used after."""
        self._originals.close()
        self._renditions.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def record(self, request_key: str) -> Record | None:
        """Return the record of a paid request, or None where this store knows of none.

        Raises:
            StoreError: where there is a row, but it can't be read.
        """
        return self._originals.record(request_key)

    def records(self) -> Iterator[Record]:
        """Yield every record that can be read, in no order."""
        return self._originals.records()

    def damage(self, record: Record) -> str:
        """Tell what is wrong with a record's original, `""` where it has the recorded length.

        Completes "the original is ...": `missing`, `empty`, `12 of 2,345 bytes long`. Reads no
        byte of it: `read_original` also compares the digest.
        """
        return self._originals.damage(record)

    def read_original(self, record: Record) -> bytes:
        """Return the bytes that were paid for.

        Raises:
            DamagedOriginalError: where they are missing or differ from the record's digest.
        """
        return self._originals.read(record)

    def original_path(self, record: Record) -> Path:
        """Return where the original lies, for copying it untouched. Only its length is checked.

        Raises:
            DamagedOriginalError: where it is missing or of another length.
        """
        return self._originals.path(record)

    def require_writable(self) -> None:
        """Refuse to buy what could not be kept; costs no I/O.

        Raises:
            StoreError: where this store is read-only.
        """
        if self.read_only:
            raise StoreError(
                "the store is read-only, so nothing can be bought",
                hint="give this user write permission on the cache folder, or use mode: frozen",
            )

    def prepare(self) -> None:
        """Make sure that pictures can be kept, before the first one is paid for.

        Opens the index for writing, and writes a file of a large picture's length on trial.

        Raises:
            StoreError: where they can't.
        """
        self.require_writable()
        self._originals.prepare()

    def rescue(self, record: Record, picture: bytes) -> str:
        """Save what `put` could not keep, anywhere on disk, and tell where in words."""
        return rescue(self.cache_dir, record, picture)

    def put(self, record: Record, picture: bytes) -> None:
        """Keep what was paid for. On return both are on disk, the picture before its record.

        A sound original is not written again; a damaged one is replaced. The request's earlier
        record, if there is one, is replaced; the original that it names stays.

        Raises:
            StoreError: where they can't be written.
            ValueError: where the record is not of this picture.
        """
        self._originals.put(record, picture)

    def rendition(self, key: str) -> Rendition | None:
        """Return what is known of a rendition, or None where it must be made (again)."""
        return self._renditions.rendition(key)

    def find_rendition(self, key: str) -> tuple[Rendition, Path] | None:
        """Return what `rendition` does, with the path of its file, for copying it."""
        return self._renditions.find(key)

    def put_rendition(self, key: str, rendition: Rendition, data: bytes | None) -> None:
        """Keep a rendition; `data` is None where the original's own bytes are published.

        Raises:
            StoreError: where it can't be written.
            ValueError: where the facts are not of these bytes, or of no original in the store.
        """
        self._renditions.put(key, rendition, data)

    def picture_size(self, digest: str) -> Size | None:
        """Return the remembered size of an author's own picture, by its sha256."""
        return self._renditions.picture_size(digest)

    def remember_size(self, digest: str, size: Size) -> None:
        """Remember the size of a picture that is not in this store.

        Raises:
            StoreError: where it can't be written.
        """
        self._renditions.remember_size(digest, size)

    def rendition_path(self, rendition: Rendition) -> Path:
        """Return where the rendition's file lies, for copying it.

        Raises:
            StoreError: where it is missing or of another length.
        """
        return self._renditions.path(rendition)

    def read_rendition(self, rendition: Rendition) -> bytes:
        """Return a rendition's bytes.

        Raises:
            StoreError: where they are missing or differ from its digest.
        """
        return self._renditions.read(rendition)

    def lock(
        self, request_key: str, on_wait: Callable[[], None] | None = None
    ) -> AbstractContextManager[None]:
        """Return a lock on one request, held by one thread of one process at a time.

        Under it `record` tells what is on disk now. `on_wait` is called once where another holds
        it. Read-only, there is nothing to guard and nothing is locked.
        """
        if not HEX64.fullmatch(request_key):
            raise ValueError(f"no request key: {request_key!r}")
        if self.read_only:
            return nullcontext()
        return self._locked(request_key, on_wait)

    def mark_changed(self) -> None:
        """Touch `changed_path`, which `mkdocs serve` watches.

        Raises:
            StoreError: where the store is read-only.
        """
        with told("written", self.cache_dir):
            self.changed_path.touch()

    def _locked(
        self, request_key: str, on_wait: Callable[[], None] | None
    ) -> AbstractContextManager[None]:
        return hold(
            self.cache_dir / "locks" / f"{request_key}.lock",
            on_wait,
            once_held=lambda: self._originals.forget(request_key),
        )


def _make(cache_dir: Path) -> bool:
    """Make what is missing; False where that, or writing what is there, is not permitted."""
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


def _create(path: Path, text: str) -> None:
    with contextlib.suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
        file.write(text)


def _parts(cache_dir: Path) -> tuple[Path, ...]:
    indexes = (cache_dir / name / DB_NAME for name in ("originals", "renditions"))
    return (*(cache_dir / name for name in (*_FOLDERS, CHANGED)), *indexes)


def _refuse_links(cache_dir: Path) -> None:
    """A link in a poisoned cache would have us write where it points."""
    for path in _parts(cache_dir):
        if path.is_symlink():
            raise StoreError(
                f"{path}: the store can't be opened: this is a link",
                hint=f"remove the link; to keep the store elsewhere, link {cache_dir} itself",
            )


def _refuse_names_that_expand(cache_dir: Path) -> None:
    """The cache library would take `$HOME` in a path for the variable, and use another folder."""
    if os.path.expandvars(cache_dir) != str(cache_dir):
        raise StoreError(
            f"{cache_dir}: the store can't be opened: its path holds the name of an environment "
            "variable after a $ or between two %",
            hint="set cache_dir to a folder without $ and % in its path",
        )
