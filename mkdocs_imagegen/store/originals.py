"""What was paid for, in the cache: originals by digest, a record of each request. Never evicted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from ..keys import digest
from ..model import OriginalDamaged, Record
from .files import ValueFile, compared, read_checked
from .index import Policy
from .records import HEX64, read_record, write_record
from .shelf import Shelf, UnreadableRowError

POLICY = Policy(
    name="originals",
    eviction_policy="none",
    cull_limit=0,
    size_limit_bytes=2**62,
    synchronous=2,
    mend="put {folder} back from a backup or from CI's cache; "
    "don't delete it: it holds the pictures that were paid for",
)


class Originals:
    """The paid bytes and their records, over one shelf."""

    def __init__(self, cache_dir: Path, *, read_only: bool) -> None:
        self._shelf = Shelf(cache_dir, POLICY, read_only=read_only)
        self._records: dict[str, Record] = {}
        self.folder = self._shelf.folder
        self.mend = POLICY.mend.format(folder=self.folder)
        self.close = self._shelf.close
        self.load = self._shelf.load
        self.prepare = self._shelf.prepare

    def record(self, request_key: str) -> Record | None:
        """Return the record of a request.

        Raises:
            UnreadableRowError: where there is a row, but it can't be read.
        """
        known = self._records.get(request_key)
        if known is not None:
            return known
        text = self._shelf.inline(f"record:{request_key}")
        if text is None:
            return None
        try:
            record = read_record(text, request_key)
        except ValueError as error:
            raise UnreadableRowError(
                f"{self.folder}: the record of request {request_key[:12]} can't be read: {error}",
                hint=self.mend,
            ) from error
        self._records[request_key] = record
        return record

    def records(self) -> Iterator[Record]:
        """Yield every record that can be read, in no order."""
        for key in self._shelf.keys("record:"):
            try:
                record = self.record(key.removeprefix("record:"))
            except UnreadableRowError:
                continue
            if record is not None:
                yield record

    def forget(self, request_key: str) -> None:
        """Read this record from disk when it is asked for next."""
        self._records.pop(request_key, None)
        self._shelf.forget(f"record:{request_key}")

    def digests(self) -> set[str]:
        """Return the digests that the index has a row for."""
        keys = (key.removeprefix("original:") for key in self._shelf.keys("original:"))
        return {key for key in keys if HEX64.fullmatch(key)}

    def file(self, original_digest: str) -> ValueFile | None:
        """Return an original's file of whatever length, or None where there is none."""
        try:
            return self._shelf.file(f"original:{original_digest}")
        except UnreadableRowError:
            return None

    def remove(self, original_digest: str, request_keys: Collection[str]) -> None:
        """Remove an original, its records first: one without its original would be damage."""
        self._shelf.remove([f"record:{key}" for key in request_keys])
        for key in request_keys:
            self._records.pop(key, None)
        self._shelf.remove([f"original:{original_digest}"])

    def knows(self, original_digest: str) -> bool:
        """Tell whether the index had a row for an original when it was read."""
        return self._shelf.knows(f"original:{original_digest}")

    def find(self, original_digest: str, size_bytes: int) -> ValueFile | OriginalDamaged:
        """Return an original's file where it has this length, else what is wrong with it."""
        found = self._look(original_digest, size_bytes)
        if isinstance(found, OriginalDamaged):
            # Another process may have bought it anew since this one read the index.
            self._shelf.forget(f"original:{original_digest}")
            found = self._look(original_digest, size_bytes)
        return found

    def put(self, record: Record, picture: bytes) -> None:
        """See `Store.put`."""
        if digest(picture) != record.digest or len(picture) != record.size_bytes:
            raise ValueError("the record is of another picture")
        if not HEX64.fullmatch(record.request_key):
            raise ValueError(f"no request key: {record.request_key!r}")
        file = self.find(record.digest, record.size_bytes)
        if isinstance(file, OriginalDamaged) or read_checked(file, record.digest) is None:
            self._shelf.write(f"original:{record.digest}", picture)
        self._shelf.write(f"record:{record.request_key}", write_record(record))
        self._records[record.request_key] = record

    def _look(self, original_digest: str, size_bytes: int) -> ValueFile | OriginalDamaged:
        try:
            file = self._shelf.file(f"original:{original_digest}")
        except UnreadableRowError:
            return OriginalDamaged("not one that this plugin wrote", original_digest)
        return compared(file, original_digest, size_bytes)
