"""The store's second place: a plain folder, meant to be committed. Originals and their records.

`<digest>.webp` (or png, jpg, bin) and `<digest>.json` beside it. No link in it is followed, and no
file of another name is touched. Made when it is first written.
"""

from __future__ import annotations

import errno
import json
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import StoreError
from ..model import OriginalDamaged, Record
from .faults import told
from .files import (
    ValueFile,
    compared,
    is_pointer,
    read_checked,
    regular_file,
    write_atomically,
)
from .records import read_digest, read_object, read_record_fields, record_fields
from .shelf import TRIAL_BYTES

VERSION = 1
"""Of the JSON. Fields may be added to a version: a reader ignores those it does not know."""
LIMIT_BYTES = 10_000_000
"""Of a JSON file. A record is as long as its prompt, which has 32,000 characters at most."""
_EXTENSIONS = ("webp", "png", "jpg", "bin")
_NAME = re.compile(rf"([0-9a-f]{{64}})\.({'|'.join(_EXTENSIONS)}|json)")


class Covers:
    """One covers folder. Reading is safe for threads; who writes holds a lock.

    The names and sizes are read once, at the first question.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sizes: dict[str, int] | None = None
        """By the name of a picture's file."""
        self._records: dict[str, tuple[Record, ...]] = {}
        """By digest, of the JSON files that were read."""
        self._newest: dict[str, Record] | None = None
        """By request key, of all JSON files."""
        self._unreadable: StoreError | None = None

    def find(self, original_digest: str, size_bytes: int) -> ValueFile | OriginalDamaged:
        """Return an original's file where it has this length, else what is wrong with it."""
        sizes = self._listed()
        for name in _names(original_digest):
            if sizes.get(name) == size_bytes:
                return ValueFile(self._path(name), size_bytes)
        # It may have come since the folder was listed.
        files = [file for name in _names(original_digest) if (file := self._look(name))]
        found = [compared(file, original_digest, size_bytes) for file in files]
        whole = (file for file in found if isinstance(file, ValueFile))
        missing = compared(None, original_digest, size_bytes)
        return next(whole, found[0] if found else missing)

    def has(self, original_digest: str) -> bool:
        """Tell whether there is a file for an original, of whatever length, or a pointer to it."""
        sizes = self._listed()
        return any(name in sizes for name in _names(original_digest))

    def digests(self) -> set[str]:
        """Return the digests of all files that are there, the JSON ones too."""
        with told("read", self.folder):
            return {entry.name.partition(".")[0] for entry in self._scan()}

    def files(self, original_digest: str) -> list[ValueFile]:
        """Return an original's files: its picture's, and that of its records."""
        names = (*_names(original_digest), f"{original_digest}.json")
        return [file for name in names if (file := self._look(name))]

    def remove(self, original_digest: str) -> None:
        """Remove an original and its records, these first."""
        with told("written", self.folder):
            for file in reversed(self.files(original_digest)):
                Path(file.path).unlink(missing_ok=True)
        self._records.pop(original_digest, None)
        self._sizes = self._newest = None

    def records_of(self, original_digest: str) -> tuple[Record, ...]:
        """Return the records of an original by reading one file; none where that is unreadable."""
        if original_digest not in self._records:
            try:
                self._records[original_digest] = self._read(original_digest)
            except StoreError:
                return ()
        return self._records[original_digest]

    def newest_record(self, request_key: str) -> Record | None:
        """Return the record of a request that was received last, after reading all JSON files.

        Raises:
            StoreError: there is none, but a file that can't be read may hold it.
        """
        if self._newest is None:
            self._newest = self._read_all()
        found = self._newest.get(request_key)
        if found is None and self._unreadable is not None:
            raise self._unreadable
        return found

    def records(self) -> Iterator[Record]:
        """Yield the newest record of each request that can be read."""
        if self._newest is None:
            self._newest = self._read_all()
        yield from tuple(self._newest.values())

    def require_writable(self) -> None:
        """Raise StoreError where the folder can't be written, or made."""
        with told("written", self.folder):
            there = next(path for path in (self.folder, *self.folder.parents) if path.exists())
            if not there.is_dir():
                raise NotADirectoryError(there)
            by_us = os.access in os.supports_effective_ids
            if not os.access(there, os.W_OK | os.X_OK, effective_ids=by_us):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def prepare(self) -> None:
        """Make the folder, and see that a large file can be written."""
        with told("written", self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder) as trial:
                trial.write(bytes(TRIAL_BYTES))

    def put_picture(self, original_digest: str, picture: bytes) -> bool:
        """Write an original unless it is there whole; tell whether that was needed."""
        with told("written", self.folder):
            found = self.find(original_digest, len(picture))
            if isinstance(found, ValueFile) and read_checked(found, original_digest) is not None:
                return False
            name = f"{original_digest}.{_extension(picture)}"
            if isinstance(found, ValueFile):  # of this length, under whatever name: found first
                name = Path(found.path).name
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self.folder / name, picture)
            self._listed()[name] = len(picture)
        return True

    def put_record(self, record: Record) -> bool:
        """Write a record beside those of other requests; tell whether that was needed."""
        with told("written", self.folder):
            path = self.folder / f"{record.digest}.json"
            others = self._others(record)
            records = tuple(sorted((*others, record), key=lambda each: each.request_key))
            text = write_records(record.digest, records)
            file = self._look(path.name)
            if file and file.size_bytes == len(text) and path.read_bytes() == text:
                return False
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text)
            self._records[record.digest] = records
            if self._newest is not None:
                _add_newer(self._newest, record)
        return True

    def _others(self, record: Record) -> list[Record]:
        """Return the other requests' records as they are on disk now."""
        try:
            there = self._read(record.digest)
        except StoreError:
            return []  # git has the unreadable one
        return [other for other in there if other.request_key != record.request_key]

    def _read_all(self) -> dict[str, Record]:
        newest: dict[str, Record] = {}
        for name in sorted(self._json_names()):
            original_digest = name.removesuffix(".json")
            try:
                records = self._records[original_digest] = self._read(original_digest)
            except StoreError as error:
                self._unreadable = self._unreadable or error
                continue
            for record in records:
                _add_newer(newest, record)
        return newest

    def _read(self, original_digest: str) -> tuple[Record, ...]:
        """Read one JSON file; none where it is missing.

        Raises:
            StoreError: it holds something else.
        """
        name = f"{original_digest}.json"
        file = self._look(name)
        if file is None:
            return ()
        if is_pointer(file):
            raise StoreError(f"{file.path} is only a git-lfs pointer", hint="run git lfs pull")
        try:
            if file.size_bytes > LIMIT_BYTES:
                raise ValueError(f"it is {file.size_bytes:,} bytes long")
            with told("read", self.folder):
                return read_records(Path(file.path).read_bytes(), original_digest)
        except ValueError as error:
            raise StoreError(
                f"{file.path} can't be read: {error}",
                hint=f"put it back: git restore {file.path}",
            ) from error

    def _listed(self) -> dict[str, int]:
        if self._sizes is None:
            with told("read", self.folder):
                self._sizes = {
                    entry.name: entry.stat(follow_symlinks=False).st_size
                    for entry in self._scan()
                    if not entry.name.endswith(".json")
                }
        return self._sizes

    def _json_names(self) -> list[str]:
        with told("read", self.folder):
            return [entry.name for entry in self._scan() if entry.name.endswith(".json")]

    def _scan(self) -> list[os.DirEntry[str]]:
        """List the regular files with a name of ours."""
        try:
            with os.scandir(self.folder) as entries:
                return [
                    entry
                    for entry in entries
                    if _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
                ]
        except FileNotFoundError:
            return []

    def _look(self, name: str) -> ValueFile | None:
        return regular_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self.folder}{os.sep}{name}"


def write_records(original_digest: str, records: tuple[Record, ...]) -> bytes:
    """Return the JSON that stands beside an original: sorted, indented for review."""
    fields = {
        "version": VERSION,
        "digest": original_digest,
        "records": [record_fields(record) for record in records],
    }
    text = json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=False, default=str) + "\n"
    # Half a surrogate pair has no UTF-8; with a backslash it is JSON's own way to write it.
    return text.encode(errors="backslashreplace")


def read_records(text: bytes, original_digest: str) -> tuple[Record, ...]:
    """Read what `write_records` wrote.

    Raises:
        ValueError: it is something else, or of another original.
    """
    fields = read_object(text)
    if fields.get("version") != VERSION:
        raise ValueError(f"it has version {fields.get('version')!r}")
    listed = fields.get("records")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ValueError("records is no list of objects")
    records = tuple(read_record_fields(each) for each in listed)
    if {read_digest(fields), *(record.digest for record in records)} != {original_digest}:
        raise ValueError("it is of another original")
    return records


def _add_newer(newest: dict[str, Record], record: Record) -> None:
    other = newest.get(record.request_key)
    if other is None or other.received_at <= record.received_at:
        newest[record.request_key] = record


def _names(original_digest: str) -> list[str]:
    return [f"{original_digest}.{extension}" for extension in _EXTENSIONS]


def _extension(picture: bytes) -> str:
    """Tell a picture's format by its first bytes; `bin` for what is none."""
    if picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if picture.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
        return "webp"
    return "bin"
