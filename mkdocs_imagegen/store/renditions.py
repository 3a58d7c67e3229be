"""What is made of originals, and can be made again: facts by rendition key, pictures by digest.

Bounded: diskcache evicts what was stored first. Not what was used last, as that would make each
look into the store a write. Published is only what `seal` knows as this machine's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any, Literal, cast, get_args, get_type_hints

from ..errors import StoreError
from ..keys import digest
from ..model import Previews, Record, Rendition, Size
from .files import ValueFile, read_checked
from .index import Policy
from .locks import hold
from .paid import Paid
from .previews import read_previews, write_previews
from .records import read_count, read_digest, read_object
from .seal import is_sealed, seal
from .shelf import Shelf, UnreadableRowError
from .spill import Spill

POLICY = Policy(
    name="renditions",
    eviction_policy="least-recently-stored",
    cull_limit=10,
    size_limit_bytes=2 * 2**30,
    synchronous=1,
    mend="delete {folder}: it costs nothing to make again",
)
_FORMATS = get_args(get_type_hints(Rendition)["format"])
_COLOUR = re.compile("#[0-9a-f]{6}")


class Renditions:
    """Publishable files and what is known of them, over one shelf and the originals."""

    def __init__(self, cache_dir: Path, paid: Paid, *, read_only: bool) -> None:
        self._shelf = Shelf(cache_dir, POLICY, read_only=read_only)
        self._paid = paid
        self._facts: dict[str, Rendition] = {}
        self._seals: dict[str, object] = {}
        """As they stand in the rows of these facts."""
        self._read_only = read_only
        self._writing = Lock()
        self._lock_path = cache_dir / "locks" / "renditions.lock"
        self._spill = Spill()
        self._made: set[str] = set()
        """The keys of what was put in since this was opened: those need no seal."""

    def close(self) -> None:
        """Close the database, and let go of what it could not keep."""
        self._shelf.close()
        self._spill.close()

    def rendition(self, key: str, original: Record | None) -> Rendition | None:
        """See `Store.rendition`."""
        facts = self._facts_of(key)
        if original and facts and facts.digest == original.digest:
            return facts if facts.size_bytes == original.size_bytes else None
        known = self._found(key)
        return known[0] if known else None

    def knows(self, key: str) -> bool:
        """See `Store.knows_rendition`."""
        return key in self._made or self._shelf.knows(f"facts:{key}")

    def find(self, key: str) -> tuple[Rendition, Path] | None:
        """See `Store.find_rendition`."""
        known = self._found(key)
        return (known[0], Path(known[1].path)) if known and self._is_own(key, known[0]) else None

    def put(self, key: str, rendition: Rendition, data: bytes | None, original: str) -> None:
        """See `Store.put_rendition`."""
        if data is None:
            if self._paid.file(rendition.digest, rendition.size_bytes) is None:
                raise ValueError("no original has the digest and length of this rendition")
        elif digest(data) != rendition.digest or len(data) != rendition.size_bytes:
            raise ValueError("the facts are of other bytes")
        try:
            self._keep(key, rendition, data, original)
        except StoreError:
            if data is not None:
                self._spill.keep(rendition.digest, data)
        self._made.add(key)
        self._facts[key] = rendition

    def _keep(self, key: str, rendition: Rendition, data: bytes | None, original: str) -> None:
        row = {**asdict(rendition), "seal": seal(key, _facts_text(rendition))}
        if original:
            row["original"] = original
        facts = {f"facts:{key}": json.dumps(row, sort_keys=True).encode()}
        if data is None or self._read_only:
            self._shelf.write_all(facts)  # or says that it can't
            return
        name = f"picture:{rendition.digest}"
        with self._writing, hold(self._lock_path):
            self._shelf.forget(name)  # another process may have written it meanwhile
            file = None
            with suppress(UnreadableRowError):
                file = self._shelf.file(name)
            # A file that is there stays where it is: another build may be copying it.
            there = file is not None and read_checked(file, rendition.digest) is not None
            self._shelf.write_all(facts if there else {name: data} | facts)

    def remove_of(self, originals: Collection[str]) -> int:
        """See `Store.remove_renditions`."""
        gone, kept = {}, set()
        for key in self._shelf.keys("facts:"):
            try:
                fields = read_object(self._shelf.inline(key) or b"")
                file = f"picture:{read_digest(fields)}"
            except (ValueError, UnreadableRowError):
                continue
            if fields.get("original", "") in originals or fields["digest"] in originals:
                gone[key] = file
            else:
                kept.add(file)
        if gone:
            with hold(self._lock_path):
                self._shelf.remove([*gone, *(set(gone.values()) - kept)])
            for key in gone:
                self._facts.pop(key.removeprefix("facts:"), None)
                self._made.discard(key.removeprefix("facts:"))
        return len(gone)

    def previews(self, site: str) -> Previews:
        """See `Store.previews`."""
        row = f"previews:{site}"
        try:
            text = self._shelf.inline(row)
            return read_previews(row, text) if text else {}
        except (ValueError, LookupError, TypeError, UnreadableRowError):
            return {}

    def remember_previews(self, site: str, previews: Previews) -> None:
        """See `Store.remember_previews`."""
        row = f"previews:{site}"
        self._shelf.write(row, write_previews(row, previews))

    def picture_size(self, of: str) -> Size | None:
        """See `Store.picture_size`."""
        try:
            text = self._shelf.inline(f"size:{of}")
            return None if text is None else _size(read_object(text))
        except (ValueError, UnreadableRowError):
            return None

    def remember_size(self, of: str, size: Size) -> None:
        """See `Store.remember_size`."""
        self._shelf.write(f"size:{of}", json.dumps(asdict(size), sort_keys=True).encode())

    def path(self, rendition: Rendition) -> Path:
        """See `Store.rendition_path`."""
        file = self._file(rendition)
        if file is None:
            raise StoreError(
                f"{self._shelf.folder}: the rendition {rendition.digest[:12]} is missing or of "
                "another length",
                hint=POLICY.mend.format(folder=self._shelf.folder),
            )
        return Path(file.path)

    def _found(self, key: str) -> tuple[Rendition, ValueFile] | None:
        rendition = self._facts_of(key)
        if rendition is None:
            return None
        if file := self._file(rendition):
            return rendition, file
        self._facts.pop(key, None)  # another thread may have found out too
        self._shelf.forget(f"facts:{key}")
        return None

    def _facts_of(self, key: str) -> Rendition | None:
        if known := self._facts.get(key):
            return known
        try:
            text = self._shelf.inline(f"facts:{key}")
            if text is None:
                return None
            fields = read_object(text)
            found = _rendition(fields)
        except (ValueError, UnreadableRowError):
            # Whatever is wrong with the row: the rendition is made again and replaces it.
            return None
        self._seals[key] = fields.get("seal")
        self._facts[key] = found
        return found

    def _is_own(self, key: str, rendition: Rendition) -> bool:
        """Tell whether these facts were written here: a cache from elsewhere may name any bytes."""
        if key in self._made:
            return True
        return is_sealed(key, _facts_text(rendition), self._seals.get(key))

    def _file(self, rendition: Rendition) -> ValueFile | None:
        if spilt := self._spill.file(rendition.digest):
            return spilt
        key = f"picture:{rendition.digest}"
        # An original that is published as it is has no row here: its own place has it in memory.
        if not self._shelf.knows(key) and (file := self._original(rendition)):
            return file
        for _ in range(2):
            try:
                file = self._shelf.file(key)
            except UnreadableRowError:
                file = None
            if file is not None and file.size_bytes == rendition.size_bytes:
                return file
            # Another process may have made it anew since this one looked.
            self._shelf.forget(key)
        return self._original(rendition)

    def _original(self, rendition: Rendition) -> ValueFile | None:
        return self._paid.file(rendition.digest, rendition.size_bytes)


def _facts_text(rendition: Rendition) -> str:
    """Return what a seal is of: for each file of each build, so not by way of `asdict` and JSON."""
    facts, size = rendition, rendition.size
    return (
        f'{{"colour": "{facts.colour}", "digest": "{facts.digest}", "format": "{facts.format}", '
        f'"size": {{"height_px": {size.height_px}, "width_px": {size.width_px}}}, '
        f'"size_bytes": {facts.size_bytes}}}'
    )


def _rendition(fields: dict[str, Any]) -> Rendition:
    size, picture_format = fields.get("size"), fields.get("format")
    if not isinstance(size, dict) or picture_format not in _FORMATS:
        raise ValueError("no rendition")
    return Rendition(
        digest=read_digest(fields),
        size=_size(size),
        format=cast(Literal["webp", "avif", "png", "jpeg"], picture_format),
        size_bytes=read_count(fields, "size_bytes"),
        colour=_colour(fields.get("colour", "")),
    )


def _colour(value: object) -> str:
    if isinstance(value, str) and (not value or _COLOUR.fullmatch(value)):
        return value
    raise ValueError("colour is no #rrggbb")


def _size(fields: dict[str, Any]) -> Size:
    return Size(read_count(fields, "width_px"), read_count(fields, "height_px"))
