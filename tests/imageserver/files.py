"""The pictures that are handed out by address, from `/files/`."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass

from .wire import Reply

FILES = "/files/"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A file that an answer names."""

    path: str
    reply: Reply
    elsewhere: bool = False
    """Whether the other server hands it out."""


class Shelf:
    """What a server hands out, by path."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replies: dict[str, Reply] = {}

    def put(self, path: str, reply: Reply) -> None:
        """Hand out this reply at this path from now on."""
        with self._lock:
            self._replies[path] = reply

    def get(self, path: str) -> Reply | None:
        """Return what is at a path."""
        with self._lock:
            return self._replies.get(path)


def new_path(suffix: str) -> str:
    """Return a path that nobody can guess."""
    return f"{FILES}{secrets.token_hex(16)}.{suffix}"
