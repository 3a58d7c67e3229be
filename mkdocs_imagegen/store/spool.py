"""Answers as they came in, undecoded, until their pictures are in the store.

What a killed run had received is found here. A request's file is written under its lock.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .files import is_real_folder, regular_file, write_new
from .records import HEX64, read_count, read_object
from .rescue import rescued_keys

FOLDER = "incoming"
_SUFFIX = ".answer"
_VERSION = 1
_TEXTS = ("endpoint", "request_id", "received_at")
_HEAD_LIMIT_BYTES = 1_000_000
"""Of the first line. It holds the prompt, which has 32,000 characters at most."""


@dataclass(frozen=True, slots=True)
class Received:
    """A whole answer that was paid for."""

    sent: Mapping[str, object]
    """The request's body as it went out."""
    endpoint: str
    """Scheme and host."""
    request_id: str
    received_at: str
    """ISO time, UTC."""
    body: bytes
    """The answer's, as it came."""


class Spool:
    """The folder of answers that came in. It is only there to be on the safe side."""

    def __init__(self, cache_dir: Path) -> None:
        self._cache_dir = cache_dir
        self._folder = cache_dir / FOLDER

    def keep(self, request_key: str, received: Received) -> bool:
        """Put an answer on the disk, and tell whether that went well.

        Trouble is no error: the answer is in memory, and the store is about to tell of it.
        """
        head = {
            "version": _VERSION,
            "sent": dict(received.sent),
            "endpoint": received.endpoint,
            "request_id": received.request_id,
            "received_at": received.received_at,
            "size_bytes": len(received.body),
        }
        line = json.dumps(head, sort_keys=True, default=str).encode() + b"\n"
        path = self._path(request_key)
        try:
            self._folder.mkdir(exist_ok=True)
            if not is_real_folder(self._folder):
                return False
            path.unlink(missing_ok=True)
            write_new(path, line + received.body)
        except OSError:
            return False
        return True

    def drop(self, request_key: str) -> None:
        """Forget an answer: its picture is in the store."""
        with contextlib.suppress(OSError):
            self._path(request_key).unlink(missing_ok=True)

    def kept(self) -> tuple[str, ...]:
        """Return the request keys of what waits for the store: answers, and rescued pictures."""
        keys = rescued_keys(self._cache_dir)
        if is_real_folder(self._folder):
            names = (path.name for path in self._folder.glob(f"*{_SUFFIX}"))
            found = (name.removesuffix(_SUFFIX) for name in names)
            keys.update(key for key in found if HEX64.fullmatch(key))
        return tuple(sorted(keys))

    def read(self, request_key: str) -> Received | None:
        """Return an answer, `None` where there is none, or only the beginning of one."""
        path = self._path(request_key)
        if not is_real_folder(self._folder) or regular_file(str(path)) is None:
            return None
        try:
            with path.open("rb") as file:
                head, body = file.readline(_HEAD_LIMIT_BYTES), file.read()
            return _received(head, body)
        except (OSError, ValueError):
            return None

    def _path(self, request_key: str) -> Path:
        if not HEX64.fullmatch(request_key):
            raise ValueError(f"no request key: {request_key!r}")
        return self._folder / f"{request_key}{_SUFFIX}"


def _received(head: bytes, body: bytes) -> Received:
    fields = read_object(head)
    sent, texts = fields.get("sent"), [fields.get(name) for name in _TEXTS]
    if fields.get("version") != _VERSION or read_count(fields, "size_bytes") != len(body):
        raise ValueError("it is not whole, or of another version")
    if not isinstance(sent, dict) or not all(isinstance(text, str) for text in texts):
        raise ValueError("its head is no head")
    endpoint, request_id, received_at = map(str, texts)
    return Received(sent, endpoint, request_id, received_at, body)
