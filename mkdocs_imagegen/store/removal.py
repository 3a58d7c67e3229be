"""The only way out of the store: originals that a person wants removed, and what is made of them.

What nobody uses is noted in `orphans.json`, with the time since when: so that none goes too soon.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Protocol

from ..errors import StoreError
from ..model import StoredOriginal
from .faults import told
from .files import regular_file, write_atomically
from .locks import at_once, is_free
from .paid import Paid
from .records import HEX64, read_object
from .renditions import Renditions
from .spool import Spool

NOTES = "orphans.json"
VERSION = 1
_LIMIT_BYTES = 20_000_000
"""Of the notes: a hundred bytes an orphan."""


class _Locking(Protocol):
    cache_dir: Path
    read_only: bool
    spool: Spool

    def lock(
        self, request_key: str, *, given_up: Callable[[], bool]
    ) -> AbstractContextManager[bool]: ...


class Removal:
    """Looks at all that a store holds, and removes what it is told to."""

    def __init__(self, store: _Locking, paid: Paid, renditions: Renditions) -> None:
        self._store = store
        self._paid = paid
        self._renditions = renditions

    def originals(self) -> Iterator[StoredOriginal]:
        """Yield every original of both places, by digest, also those without a record."""
        return self._paid.originals()

    def under_way(self) -> tuple[str, ...]:
        """Return the keys of requests that another run holds, or has received and not stored."""
        paths = (self._store.cache_dir / "locks").glob("*.lock")
        held = {path.stem for path in paths if HEX64.fullmatch(path.stem) and not is_free(path)}
        return tuple(sorted(held | set(self._store.spool.kept())))

    def require_writable(self) -> None:
        """Refuse to remove anything. Writes nothing.

        Raises:
            StoreError: where this store is read-only, or the covers folder can't be written.
        """
        if self._store.read_only:
            raise StoreError(
                f"{self._store.cache_dir}: the store is read-only, so nothing can be removed",
                hint="let the user who runs this write into that folder",
            )
        self._paid.require_writable()

    def remove(self, original: StoredOriginal) -> bool:
        """Remove an original for good, its records too; tell whether nobody was at work on it.

        Where somebody was, it stays. What was made of it stays too, see `remove_renditions`.

        Raises:
            StoreError: where it can't be removed.
        """
        with ExitStack() as locks:
            for key in sorted({record.request_key for record in original.records}):
                if not locks.enter_context(self._store.lock(key, given_up=at_once)):
                    return False
            self._paid.remove(original)
        return True

    def remove_renditions(self, originals: Collection[str]) -> int:
        """Remove what was made of these originals, by digest, and return how many files that were.

        `""` stands for what does not tell what it was made of: drawings, and what earlier versions
        made.

        Raises:
            StoreError: where it can't be removed.
        """
        return self._renditions.remove_of(originals)

    def notes(self) -> Mapping[str, str]:
        """Return since when nobody uses an original, as ISO times by digest; none where unknown."""
        file = regular_file(str(self._path))
        if file is None or file.size_bytes > _LIMIT_BYTES:
            return {}
        with suppress(OSError, ValueError):
            fields = read_object(self._path.read_bytes())
            since = fields.get("since")
            if fields.get("version") == VERSION and isinstance(since, dict):
                return {digest: at for digest, at in since.items() if isinstance(at, str)}
        return {}

    def note(self, since: Mapping[str, str]) -> None:
        """Write the notes anew, where they changed.

        Raises:
            StoreError: where they can't be written.
        """
        if since == self.notes():
            return
        text = json.dumps({"version": VERSION, "since": dict(since)}, indent=1, sort_keys=True)
        with told("written", self._store.cache_dir):
            write_atomically(self._path, text.encode() + b"\n")

    @property
    def _path(self) -> Path:
        return self._store.cache_dir / NOTES
