"""Keeps a key out of answers and of what the libraries log: servers repeat what they are sent."""

from __future__ import annotations

import logging
from collections.abc import Sequence

LEAST_CHARS = 8
"""Shorter keys, such as `none` of a server at home, are no secrets and stand in any text."""
INSTEAD = "(key)"
LIBRARIES = ("openai", "httpx2", "httpcore2")
"""Whoever sets their loggers to DEBUG is shown whole headers."""

Headers = Sequence[tuple[bytes, bytes]]


def without_key(data: bytes, key: str) -> bytes:
    """Return the bytes with the key put out of them."""
    return data.replace(key.encode(), INSTEAD.encode()) if _is_secret(key) else data


def headers_without_key(headers: Headers, key: str) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers with the key put out of their values."""
    return [(name, without_key(value, key)) for name, value in headers]


def guard_logs(key: str) -> None:
    """Put the key out of all that the libraries below the provider log from now on."""
    if _is_secret(key):
        _GUARD.keys.add(key)
        for name in tuple(logging.root.manager.loggerDict):
            if name.partition(".")[0] in LIBRARIES:
                logging.getLogger(name).addFilter(_GUARD)  # once, however often it is asked for


def _is_secret(key: str) -> bool:
    return len(key) >= LEAST_CHARS


class _Guard(logging.Filter):
    """Rewrites the lines that hold a key; lets every line through."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        if any(key in line for key in self.keys):
            for key in self.keys:
                line = line.replace(key, INSTEAD)
            record.msg, record.args = line, ()
        return True


_GUARD = _Guard()
