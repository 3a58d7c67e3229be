"""What a cover's files are made of: a bought original, or a drawing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from . import images
from .files import CAP_BYTES
from .keys import digest, sketch_key
from .model import Record, Rendition, Size, Sketch
from .outputs import Original, main_key
from .providers import sketch
from .settings import Settings
from .store import Store
from .workbench import Opened

Made = tuple[Rendition, bytes | None]
"""A WebP in full width; without bytes where they are the original's own."""


@dataclass(frozen=True, slots=True)
class Paid:
    """An original that was bought."""

    record: Record
    store: Store
    """Which has it."""
    settings: Settings
    """Of what is made of it."""
    known: bool
    """Whether the lockfile has its digest: it was decoded when it was bought."""
    focus: tuple[float, float] | None = None
    lettering: images.Lettering | None = None

    drawn = False

    @property
    def key(self) -> str:
        """Of its WebP in full width."""
        return main_key(self.record.digest, self.asked, self.settings)

    @property
    def identity(self) -> object:
        """Of all its files: where two sources have one, they have the same files."""
        return self.key, self.focus, self.lettering

    @property
    def made_of(self) -> str:
        """The original's digest."""
        return self.record.digest

    @property
    def asked(self) -> Size | None:
        """The size that was asked for, where the record tells."""
        return asked_size(self.record)

    def read(self) -> bytes:
        """Return its bytes, held against their digest."""
        return self.store.read_original(self.record)

    def original(self, main: Rendition) -> Original:
        """Return what the other files are made of."""
        return Original(
            self.record.digest, main.size, self.asked, self.focus, lettering=self.lettering
        )

    def make(self, opened: Opened) -> Made:
        """Make its WebP; an original that is WebP already keeps its pixels as they were sent.

        What came in another shape than was asked for is cropped to that.

        Raises:
            PictureError: it can't be decoded.
        """
        if opened.crop is None and images.sniff(opened.data) == "webp":
            data = opened.data
            shown = data if self.settings.keep_metadata else images.without_metadata(data)
            if shown is not None and (self.known or opened.picture):
                copy = None if shown is data else shown
                return Rendition(digest(shown), opened.size, "webp", len(shown)), copy
        picture = opened.picture
        webp, size = images.webp(
            picture, width_px=None, quality=self.settings.webp_quality, cap_bytes=CAP_BYTES, ai=True
        )
        return Rendition(digest(webp), size, "webp", len(webp), picture.colour), webp


@dataclass(frozen=True, slots=True)
class Drawn:
    """A cover that is drawn here."""

    sketch: Sketch

    made_of = ""
    asked = None
    drawn = True

    @property
    def key(self) -> str:
        """Of the drawing, which is a WebP in full width."""
        return sketch_key(self.sketch, encoder=sketch.encoder())

    @property
    def identity(self) -> object:
        """Of all its files."""
        return self.key

    def read(self) -> bytes:
        """Draw it."""
        return sketch.draw(self.sketch)

    def original(self, main: Rendition) -> Original:
        """Return what its link preview is made of."""
        return Original(main.digest, main.size, ai=False, only_preview=True)

    def make(self, opened: Opened) -> Made:
        """Return the drawing."""
        data = opened.data
        return Rendition(digest(data), self.sketch.size, "webp", len(data)), data


Source = Paid | Drawn


def asked_size(record: Record) -> Size | None:
    """Return the size that a picture was asked for in, where the record tells."""
    sent = record.sent.get("size")
    return _parsed(sent) if isinstance(sent, str) else None


@cache  # few sizes, and each of many records has one
def _parsed(size: str) -> Size | None:
    try:
        return Size.parse(size)
    except ValueError:
        return None
