"""What was paid for: the originals by digest, and a record of each request. Never evicted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from ..errors import DamagedOriginalError
from ..keys import digest
from ..model import Record, Usage
from .faults import told
from .files import ValueFile
from .index import Policy
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
RECORD_VERSION = 1
"""Of the JSON. Fields may be added to a version: a reader ignores those it does not know."""
HEX64 = re.compile(r"[0-9a-f]{64}")


class Originals:
    """The paid bytes and their records, over one shelf."""

    def __init__(self, cache_dir: Path, *, read_only: bool) -> None:
        self._shelf = Shelf(cache_dir, POLICY, read_only=read_only)
        self._records: dict[str, Record] = {}
        self.close = self._shelf.close
        self.load = self._shelf.load

    def record(self, request_key: str) -> Record | None:
        """See `Store.record`."""
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
                f"{self._shelf.folder}: the record of request {request_key[:12]} can't be read: "
                f"{error}",
                hint=POLICY.mend.format(folder=self._shelf.folder),
            ) from error
        self._records[request_key] = record
        return record

    def records(self) -> Iterator[Record]:
        """See `Store.records`."""
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

    def damage(self, record: Record) -> str:
        """See `Store.damage`."""
        found = self._found(record)
        return found if isinstance(found, str) else ""

    def file(self, original_digest: str, size_bytes: int) -> ValueFile | None:
        """Return the file of an original, or None where it is missing or of another length."""
        try:
            file = self._shelf.file(f"original:{original_digest}")
        except UnreadableRowError:
            return None
        return file if file is not None and file.size_bytes == size_bytes else None

    def path(self, record: Record) -> Path:
        """See `Store.original_path`."""
        found = self._found(record)
        if isinstance(found, str):
            raise self._damaged(record, found)
        return Path(found.path)

    def read(self, record: Record) -> bytes:
        """See `Store.read_original`."""
        path = self.path(record)
        with told("read", self._shelf.folder):
            data = path.read_bytes()
        if digest(data) != record.digest:
            raise self._damaged(record, "changed: its bytes are not those that were paid for")
        return data

    def prepare(self) -> None:
        """See `Store.prepare`."""
        self._shelf.prepare()

    def put(self, record: Record, picture: bytes) -> None:
        """See `Store.put`."""
        if digest(picture) != record.digest or len(picture) != record.size_bytes:
            raise ValueError("the record is of another picture")
        if not HEX64.fullmatch(record.request_key):
            raise ValueError(f"no request key: {record.request_key!r}")
        if not self._has(record):
            self._shelf.write(f"original:{record.digest}", picture)
        self._shelf.write(f"record:{record.request_key}", write_record(record))
        self._records[record.request_key] = record

    def _has(self, record: Record) -> bool:
        try:
            self.read(record)
        except DamagedOriginalError:
            return False
        return True

    def _found(self, record: Record) -> ValueFile | str:
        """Return the original's file, or what is wrong with it."""
        found = self._look(record)
        if isinstance(found, str):
            # Another process may have bought it anew since this one read the index.
            self._shelf.forget(f"original:{record.digest}")
            found = self._look(record)
        return found

    def _look(self, record: Record) -> ValueFile | str:
        try:
            file = self._shelf.file(f"original:{record.digest}")
        except UnreadableRowError:
            return "not one that this plugin wrote"
        if file is None:
            return "missing"
        if file.size_bytes == record.size_bytes:
            return file
        if not file.size_bytes:
            return "empty"
        if file.size_bytes < record.size_bytes:
            return f"{file.size_bytes:,} of {record.size_bytes:,} bytes long"
        return f"{file.size_bytes:,} bytes long instead of {record.size_bytes:,}"

    def _damaged(self, record: Record, why: str) -> DamagedOriginalError:
        return DamagedOriginalError(
            f"{record.article}: the original of this cover, sha256 {record.digest[:12]} in "
            f"{self._shelf.folder}, is {why}",
            hint=POLICY.mend.format(folder=self._shelf.folder),
        )


def write_record(record: Record) -> bytes:
    """Return a record as JSON."""
    fields = {**asdict(record), "sent": dict(record.sent), "version": RECORD_VERSION}
    # default=str: an odd value in what was sent must not cost a picture that is paid for.
    return json.dumps(fields, sort_keys=True, default=str).encode()


def read_record(text: bytes, request_key: str) -> Record:
    """Read a record's JSON.

    Raises:
        ValueError: where it is no record, or that of another request.
    """
    fields = read_object(text)
    if fields.get("version") != RECORD_VERSION:
        raise ValueError(f"it has version {fields.get('version')!r}")
    if fields.get("request_key") != request_key:
        raise ValueError("it is of another request")
    sent = fields.get("sent")
    if not isinstance(sent, dict):
        raise ValueError("sent is no mapping")
    usd = fields.get("usd")
    return Record(
        request_key=request_key,
        digest=read_digest(fields),
        size_bytes=read_count(fields, "size_bytes"),
        article=_text(fields, "article"),
        sent=sent,
        endpoint=_text(fields, "endpoint"),
        received_at=_text(fields, "received_at"),
        usage=_usage(fields.get("usage")),
        usd=None if usd is None else _text(fields, "usd"),
        request_id=_text(fields, "request_id"),
    )


def read_object(text: bytes) -> dict[str, object]:
    """Read a JSON object; raises ValueError for anything else."""
    try:
        value = json.loads(text.decode())
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if not isinstance(value, dict):
        raise ValueError("it is no object")
    return value


def read_digest(fields: dict[str, object]) -> str:
    """Return the field `digest`; raises ValueError where it is no sha256."""
    value = _text(fields, "digest")
    if not HEX64.fullmatch(value):
        raise ValueError("digest is no sha256")
    return value


def read_count(fields: dict[str, object], name: str) -> int:
    """Return a whole number from 0; raises ValueError where it is none."""
    value = fields.get(name)
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} is no whole number")
    return value


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return value


def _usage(value: object) -> Usage | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValueError("usage is no mapping")
    names = ("input_text_tokens", "input_image_tokens", "output_tokens")
    return Usage(**{n: None if value.get(n) is None else read_count(value, n) for n in names})
