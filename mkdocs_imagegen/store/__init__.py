"""The store: what was paid for, and what is made of it.

In the cache folder `originals/` and `renditions/` are diskcaches, `locks/` holds a lock file a
request, `incoming/` answers that are not decoded yet, `rescued/` pictures that the originals could
not take, `changed` is touched after purchases, `orphans.json` tells since when nobody uses an
original. A covers folder, for git, may hold the originals too. Opens no socket, decodes no
picture, never unpickles, evicts no original.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType

from ..errors import StoreError
from ..model import OriginalDamaged, Previews, Record, Rendition, Size
from .covers import Covers
from .faults import told
from .folders import CHANGED, check_cache, check_covers, make_cache
from .locks import PATIENCE_S, hold, lock_path, never
from .originals import Originals
from .paid import Paid
from .records import HEX64, record_of
from .removal import Removal
from .renditions import Renditions
from .rescue import rescue
from .shelf import UnreadableRowError
from .spool import Spool

__all__ = ["CHANGED", "Store", "UnreadableRowError", "record_of"]


class Store:
    """Everything that is kept between builds. Safe for threads and for processes; not for forks.

    Read-only where the cache folder can't be written: it serves what is there, in the covers folder
    too, and refuses to write.
    """

    def __init__(self, cache_dir: Path, covers_dir: Path | None = None, *, read_only: bool) -> None:
        self.cache_dir = cache_dir
        self.read_only = read_only
        self.changed_path = cache_dir / CHANGED
        """Touched by `mark_changed`; there from the start, unless read-only."""
        self.spool = Spool(cache_dir)
        """What came in, until `put` has it."""
        self._originals = Originals(cache_dir, read_only=read_only)
        self.in_git = covers_dir is not None
        """Whether it has a covers folder, meant to be committed."""
        self.covers_dir = covers_dir
        covers = None if covers_dir is None else Covers(covers_dir)
        self._paid = Paid(self._originals, covers, self._covers_lock)
        self._renditions = Renditions(cache_dir, self._paid, read_only=read_only)
        self.removal = Removal(self, self._paid, self._renditions)
        """The only way out of it."""

    @classmethod
    def open(cls, cache_dir: Path, covers_dir: Path | None = None) -> Store:
        """Open the store, and make the cache's folders where they are missing.

        The originals' index is read here, all else when it is first needed. The covers folder is
        made when it is first written.

        Raises:
            StoreError: where a folder is a file, the cache holds links, or its index is damaged or
                of a later format. Nothing is changed then.
        """
        cache_dir = Path(os.path.realpath(cache_dir))
        check_cache(cache_dir)
        if covers_dir is not None:
            covers_dir = Path(os.path.realpath(covers_dir))
            check_covers(covers_dir)
        store = cls(cache_dir, covers_dir, read_only=not make_cache(cache_dir))
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

    def record(self, request_key: str, digest: str = "") -> Record | None:
        """Return the record of a paid request, or None where this store knows of none.

        Where the original's `digest` is given, None also stands for records of other originals and
        for one that can't be read. Else, where the cache has none, all records of the covers folder
        are read, once.

        Raises:
            StoreError: where there may be one, but it can't be read.
        """
        return self._paid.record(request_key, digest)

    def records(self) -> Iterator[Record]:
        """Yield every record that can be read, in no order, one a request."""
        return self._paid.records()

    def damage(self, record: Record) -> OriginalDamaged | None:
        """Tell what is wrong with a record's original, None where one place has its whole length.

        Its `why` completes "the original is ...": `missing`, `empty`, `12 of 2,345 bytes long`.
        Reads no byte of it: `read_original` also compares the digest.
        """
        return self._paid.damage(record)

    def has_original(self, digest: str, size_bytes: int) -> bool:
        """Tell whether one place has an original of this length, by a look in memory mostly."""
        return self._paid.file(digest, size_bytes) is not None

    def in_covers(self, digest: str) -> bool:
        """Tell whether the covers folder has a file for an original, or a git-lfs pointer to it."""
        return self._paid.in_covers(digest)

    def read_original(self, record: Record) -> bytes:
        """Return the bytes that were paid for.

        Raises:
            DamagedOriginalError: where they are missing or differ from the record's digest.
        """
        return self._paid.read(record)

    def original_path(self, record: Record) -> Path:
        """Return where the original lies, for copying it untouched. Only its length is checked.

        Raises:
            DamagedOriginalError: where it is missing or of another length.
        """
        return self._paid.path(record)

    def require_writable(self) -> None:
        """Refuse to buy what could not be kept. Writes nothing.

        Raises:
            StoreError: where this store is read-only, or the covers folder can't be written.
        """
        if self.read_only:
            raise StoreError(
                "the store is read-only, so nothing can be bought",
                hint="give this user write permission on the cache folder, or use mode: frozen",
            )
        self._paid.require_writable()

    def prepare(self) -> None:
        """Make sure that pictures can be kept, before the first one is paid for.

        Opens the index for writing, makes the covers folder, and writes a file of a large picture's
        length on trial to both.

        Raises:
            StoreError: where they can't.
        """
        self.require_writable()
        self._paid.prepare()

    def rescue(self, record: Record, picture: bytes) -> str:
        """Save what `put` could not keep, anywhere on disk, and tell where in words."""
        with contextlib.suppress(StoreError):
            if self._paid.cached(record):
                return f"it is kept in {self.cache_dir}"
        return rescue(self.cache_dir, record, picture)

    def put(self, record: Record, picture: bytes) -> None:
        """Keep what was paid for. On return both are on disk, the picture before its record.

        The cache has them before the covers folder is touched. A sound original is not written
        again; a damaged one is replaced. The request's earlier record of it, if there is one, is
        replaced; other originals stay.

        Raises:
            StoreError: where they can't be written; it says so where the cache has them all the
                same.
            ValueError: where the record is not of this picture.
        """
        self._paid.put(record, picture)
        self.spool.drop(record.request_key)

    def keep(self, record: Record) -> bool:
        """Copy what only the cache has into the covers folder; tell whether something was written.

        Does nothing without a covers folder. A git-lfs pointer in it is left alone.

        Raises:
            StoreError: where the folder can't be written.
            DamagedOriginalError: where no place has the original's bytes.
        """
        return self._paid.keep(record)

    def rendition(self, key: str, original: Record | None = None) -> Rendition | None:
        """Return what is known of a rendition, or None where it must be made (again).

        `original` was found just now: its file is not looked for again where it is the rendition.
        """
        return self._renditions.rendition(key, original)

    def knows_rendition(self, key: str) -> bool:
        """Tell whether there is a row for a rendition, without a look at its file."""
        return self._renditions.knows(key)

    def find_rendition(self, key: str) -> tuple[Rendition, Path] | None:
        """Return a rendition that was made here, with the path of its file, for copying it.

        None also stands for one that another machine made, see `seal`. Only its length is checked.
        """
        return self._renditions.find(key)

    def put_rendition(
        self, key: str, rendition: Rendition, data: bytes | None, *, original: str = ""
    ) -> None:
        """Keep a rendition; `data` is None where the original's own bytes are published.

        Where the store can't be written, it is kept until this is closed.

        `original`: the digest of what it was made of, so that it goes with that.

        Raises:
            StoreError: where no temporary file can be written either.
            ValueError: where the facts are not of these bytes, or of no original in the store.
        """
        self._renditions.put(key, rendition, data, original)

    def previews(self, site: str) -> Previews:
        """Return what was remembered of a site's link previews; nothing where it is not from here.

        `site`: its address.
        """
        return self._renditions.previews(site)

    def remember_previews(self, site: str, previews: Previews) -> None:
        """Remember a site's link previews.

        Raises:
            StoreError: where it can't be written.
        """
        self._renditions.remember_previews(site, previews)

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

    def lock(
        self,
        request_key: str,
        on_wait: Callable[[str], None] | None = None,
        *,
        given_up: Callable[[], bool] = never,
        patience_s: float = PATIENCE_S,
    ) -> AbstractContextManager[bool]:
        """Return a lock on one request, held by one thread of one process at a time.

        Under it `record` tells what is on disk now. Its value is whether it is held, see `hold`.
        Read-only, there is nothing to guard: nothing is locked, and the value is true.
        """
        if not HEX64.fullmatch(request_key):
            raise ValueError(f"no request key: {request_key!r}")
        if self.read_only:
            return nullcontext(True)
        return hold(
            lock_path(self.cache_dir, request_key),
            on_wait,
            given_up=given_up,
            patience_s=patience_s,
            once_held=lambda: self._originals.forget(request_key),
        )

    def mark_changed(self) -> None:
        """Touch `changed_path`, which `mkdocs serve` watches.

        Raises:
            StoreError: where the store is read-only.
        """
        with told("written", self.cache_dir):
            self.changed_path.touch()

    def _covers_lock(self) -> AbstractContextManager[bool]:
        if self.read_only:
            return nullcontext(True)
        return hold(self.cache_dir / "locks" / "covers.lock")
