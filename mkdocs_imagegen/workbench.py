"""Pictures at work: on all cores, each read and decoded once, so many pixels at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from threading import Condition
from typing import Self, TypeVar

from . import images
from .model import Size

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_PX = 16_000_000
"""Decoded at once: about ten covers, and at some 25 bytes for a pixel while it is encoded 400 MB
on a machine with as many cores. One larger picture is worked on alone."""


class PixelGate:
    """Lets pictures in while there is room for their pixels, in no order."""

    def __init__(self, most_px: int = MOST_PX) -> None:
        self._most_px = most_px
        self._inside_px = 0
        self._changed = Condition()

    @contextmanager
    def room(self, size_px: int) -> Iterator[None]:
        """Wait for room, and hold it; what is larger than all of it waits until it is alone."""
        wanted = min(size_px, self._most_px)
        with self._changed:
            self._changed.wait_for(lambda: self._inside_px + wanted <= self._most_px)
            self._inside_px += wanted
        try:
            yield
        finally:
            with self._changed:
                self._inside_px -= wanted
                self._changed.notify_all()


class Opened:
    """One picture on the bench: read when it is looked at, decoded when there is room for it."""

    def __init__(
        self, read: Callable[[], bytes], asked: Size | None = None, *, gate: PixelGate
    ) -> None:
        """Read nothing yet.

        Args:
            read: returns the picture's bytes.
            asked: the size that was asked for: what came in another shape is cropped to that.
            gate: to wait at before it is decoded.
        """
        self._read = read
        self._asked = asked
        self._gate = gate
        self._room = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._room.close()

    @cached_property
    def data(self) -> bytes:
        """Its bytes."""
        return self._read()

    @cached_property
    def size(self) -> Size:
        """As its header tells.

        Raises:
            PictureError: it tells none.
        """
        return images.measure(self.data).size

    @cached_property
    def crop(self) -> images.Box | None:
        """The part of it that is shown, `None` for all."""
        return images.crop_box(self.size, self._asked) if self._asked else None

    @cached_property
    def picture(self) -> images.Decoded:
        """Its pixels, the part that is shown.

        Raises:
            PictureError: it can't be decoded.
        """
        with ExitStack() as room:
            room.enter_context(self._gate.room(self.size.width_px * self.size.height_px))
            picture = images.decoded(self.data, crop=self.crop)
            self._room = room.pop_all()  # held until this is closed
        return picture


def on_all_cores(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return what `work` makes of each: Pillow lets other threads run while it encodes.

    What has not begun when one raises, or when the user stops the run, is not begun.
    """
    if not items:
        return []
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(min(len(items), os.cpu_count() or 1))
    try:
        return list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)
