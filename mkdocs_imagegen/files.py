"""The files of covers as they go to the site: where each lies, and under which name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .model import Rendition
from .store import Store

ASSETS = "assets/covers"
"""Where covers stand on the site. No leading dot: MkDocs leaves such folders out."""
CAP_BYTES = 400_000
"""Of one file: beyond it the quality is lowered."""
NAME_DIGITS = 32
"""Of the digest in a file's name: 128 bits, so that no two pictures can meet in one name."""


@dataclass(frozen=True, slots=True)
class CoverFile:
    """A file to publish."""

    rendition: Rendition
    path: Path
    """In the store, or for as long as that is open."""
    drawn: bool = False

    @property
    def asset_uri(self) -> str:
        """The file's place on the site: its content decides its name."""
        return f"{ASSETS}/{self.rendition.digest[:NAME_DIGITS]}.{self.rendition.format}"


@dataclass(frozen=True, slots=True)
class DerivedFiles:
    """The files that are made of one picture, beside the one that it is shown by."""

    narrower: tuple[CoverFile, ...] = ()
    """WebP, the narrowest first."""
    avif: tuple[CoverFile, ...] = ()
    preview: CoverFile | None = None
    """The JPEG of link previews."""

    @property
    def all(self) -> tuple[CoverFile, ...]:
        """Every one of them."""
        previews = (self.preview,) if self.preview else ()
        return (*self.narrower, *self.avif, *previews)

    @property
    def colour(self) -> str:
        """The dominant one, `""` where nobody knows."""
        return dominant_colour(self.all)


NOTHING_DERIVED = DerivedFiles()


@dataclass(frozen=True, slots=True)
class CoverFiles:
    """All files of one cover."""

    main: CoverFile
    made: DerivedFiles = NOTHING_DERIVED

    @property
    def drawn(self) -> bool:
        """Whether it was drawn here."""
        return self.main.drawn

    @property
    def colour(self) -> str:
        """The dominant one, `""` where nobody knows."""
        return dominant_colour(self.all)

    @property
    def all(self) -> tuple[CoverFile, ...]:
        """Every file, the main one first."""
        return (self.main, *self.made.all)


def dominant_colour(files: Iterable[CoverFile]) -> str:
    """Return the colour of one picture's files, `""` where none of them knows it."""
    return next((file.rendition.colour for file in files if file.rendition.colour), "")


def found_whole(store: Store, key: str) -> CoverFile | None:
    """Return what the store has under a rendition's key, `None` where its bytes are others."""
    found = store.find_rendition(key)
    return CoverFile(*found) if found and is_whole(*found) else None


def is_whole(rendition: Rendition, path: Path) -> bool:
    """Tell whether a file's bytes are those that the rendition is known by."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == rendition.digest
    except OSError:
        return False
