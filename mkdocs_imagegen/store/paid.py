"""What was paid for, wherever it lies: in the cache, and in the covers folder of sites with one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path

from ..errors import DamagedOriginalError, StoreError
from ..model import OriginalDamaged, Record, StoredOriginal
from .covers import Covers
from .faults import told
from .files import CHANGED, MISSING, ValueFile, read_checked
from .originals import Originals
from .shelf import UnreadableRowError

POINTER_HINT = "run git lfs pull"


class Paid:
    """Originals and records of both places. What is whole in one of them is whole."""

    def __init__(
        self,
        cache: Originals,
        covers: Covers | None,
        lock: Callable[[], AbstractContextManager[bool]],
    ) -> None:
        """Take both places, and the lock to hold while the covers folder is written."""
        self._cache = cache
        self._covers = covers
        self._lock = lock
        self._changed: set[str] = set()
        """Paths of files that have the right length and other bytes."""

    def record(self, request_key: str, original_digest: str) -> Record | None:
        """See `Store.record`."""
        unreadable = None
        try:
            record = self._cache.record(request_key)
        except UnreadableRowError as error:
            record, unreadable = None, error
        if record is not None and original_digest in ("", record.digest):
            return record
        record = self._in_covers(request_key, original_digest)
        if record is None and unreadable is not None and not original_digest:
            raise unreadable
        return record

    def records(self) -> Iterator[Record]:
        """See `Store.records`."""
        seen = set()
        for record in self._cache.records():
            seen.add(record.request_key)
            yield record
        if self._covers is not None:
            yield from (each for each in self._covers.records() if each.request_key not in seen)

    def damage(self, record: Record) -> OriginalDamaged | None:
        """See `Store.damage`."""
        found = self._find(record.digest, record.size_bytes)
        return found if isinstance(found, OriginalDamaged) else None

    def file(self, original_digest: str, size_bytes: int) -> ValueFile | None:
        """Return the file of an original, or None where none has this length."""
        found = self._find(original_digest, size_bytes)
        return found if isinstance(found, ValueFile) else None

    def path(self, record: Record) -> Path:
        """See `Store.original_path`."""
        found = self._find(record.digest, record.size_bytes)
        if isinstance(found, OriginalDamaged):
            raise self._error(record, found)
        return Path(found.path)

    def read(self, record: Record) -> bytes:
        """See `Store.read_original`."""
        while True:
            path = self.path(record)
            with told("read", path.parent):
                data = read_checked(ValueFile(str(path), record.size_bytes), record.digest)
            if data is not None:
                return data
            self._changed.add(str(path))  # the other place may have it

    def cached(self, record: Record) -> bool:
        """Tell whether the cache alone has the record and its original."""
        found = self._cache.find(record.digest, record.size_bytes)
        return isinstance(found, ValueFile) and self._cache.record(record.request_key) == record

    def put(self, record: Record, picture: bytes) -> None:
        """See `Store.put`."""
        self._cache.put(record, picture)
        self._changed.clear()
        if self._covers is None:
            return
        try:
            with self._lock():
                self._covers.put_picture(record.digest, picture)
                self._covers.put_record(record)
        except StoreError as error:
            raise StoreError(
                f"{error.message}; the picture is safe in the cache {self._cache.folder.parent}",
                hint=error.hint,
            ) from error

    def keep(self, record: Record) -> bool:
        """See `Store.keep`."""
        covers = self._covers
        if covers is None:
            return False
        found = covers.find(record.digest, record.size_bytes)
        there = isinstance(found, ValueFile) or found.pointer
        keys = {each.request_key for each in covers.records_of(record.digest)}
        if there and record.request_key in keys:
            return False
        picture = None if there else self.read(record)
        with self._lock():
            if picture is not None:
                covers.put_picture(record.digest, picture)
            if record.request_key not in keys:
                covers.put_record(record)
        return True

    def originals(self) -> Iterator[StoredOriginal]:
        """See `Store.originals`."""
        records: defaultdict[str, dict[str, Record]] = defaultdict(dict)
        for record in self._cache.records():
            records[record.digest][record.request_key] = record
        in_covers = self._covers.digests() if self._covers else set()
        for digest in sorted(self._cache.digests() | in_covers):
            files = [file] if (file := self._cache.file(digest)) else []
            if self._covers and digest in in_covers:
                files += self._covers.files(digest)
                for record in self._covers.records_of(digest):
                    records[digest].setdefault(record.request_key, record)
            if files:
                yield _stored(digest, files, records[digest].values())

    def remove(self, original: StoredOriginal) -> None:
        """See `Store.remove`."""
        keys = {record.request_key for record in original.records}
        keys |= {r.request_key for r in self._cache.records() if r.digest == original.digest}
        # A request may have another original by now, whose record stays.
        own = [key for key in keys if self._is_of(key, original.digest)]
        if self._covers is not None:
            with self._lock():
                self._covers.remove(original.digest)
        self._cache.remove(original.digest, own)

    def _is_of(self, request_key: str, original_digest: str) -> bool:
        try:
            record = self._cache.record(request_key)
        except UnreadableRowError:
            return False
        return record is not None and record.digest == original_digest

    def in_covers(self, original_digest: str) -> bool:
        """See `Store.in_covers`."""
        return self._covers is not None and self._covers.has(original_digest)

    def require_writable(self) -> None:
        """See `Store.require_writable`."""
        if self._covers is not None:
            self._covers.require_writable()

    def prepare(self) -> None:
        """See `Store.prepare`."""
        self._cache.prepare()
        if self._covers is not None:
            self._covers.prepare()

    def _in_covers(self, request_key: str, original_digest: str) -> Record | None:
        if self._covers is None:
            return None
        if not original_digest:
            return self._covers.newest_record(request_key)
        records = self._covers.records_of(original_digest)
        return next((record for record in records if record.request_key == request_key), None)

    def _find(self, original_digest: str, size_bytes: int) -> ValueFile | OriginalDamaged:
        """Return a file of this length from either place, else what says most of what is wrong."""
        places: list[Originals | Covers] = [self._cache]
        if self._covers is not None:
            # A fresh cache would look into its index on disk for each original of the folder.
            at = 1 if self._cache.knows(original_digest) else 0
            places.insert(at, self._covers)
        wrong: list[OriginalDamaged] = []
        for place in places:
            found = place.find(original_digest, size_bytes)
            if isinstance(found, OriginalDamaged):
                wrong.append(found)
            elif found.path in self._changed:
                wrong.append(OriginalDamaged(CHANGED, original_digest))
            else:
                return found
        return max(wrong, key=lambda damaged: (damaged.pointer, damaged.why != MISSING))

    def _error(self, record: Record, damaged: OriginalDamaged) -> DamagedOriginalError:
        folder, mend = str(self._cache.folder), self._cache.mend
        if self._covers is not None:
            folder = f"{self._covers.folder} and {folder}"
            mend = f"put it back into {self._covers.folder} from git or from a backup"
        return DamagedOriginalError(
            f"{record.article}: the original of this cover, sha256 {record.digest[:12]} in "
            f"{folder}, is {damaged.why}",
            hint=POINTER_HINT if damaged.pointer else mend,
        )


def _stored(
    original_digest: str, files: Sequence[ValueFile], records: Iterable[Record]
) -> StoredOriginal:
    newest_s = 0.0
    for file in files:
        with suppress(OSError):  # another run may have removed it just now
            newest_s = max(newest_s, Path(file.path).stat().st_mtime)
    return StoredOriginal(
        original_digest,
        sum(file.size_bytes for file in files),
        datetime.fromtimestamp(newest_s, UTC).isoformat(timespec="seconds"),
        tuple(sorted(records, key=lambda r: (r.received_at, r.request_key), reverse=True)),
    )
