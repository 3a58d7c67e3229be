"""The compositions behind the titles: each says where it wants the text, and draws around it.

A motif turns a seed into layers of polygons. It knows no colours and no Pillow, and puts nothing
behind the text: what is drawn has its full strength everywhere, and the title its whole contrast.
"""

from __future__ import annotations

from typing import Protocol

from . import fan, hills, mosaic, ribbons, ripples
from .layout import Setting
from .seed import Seed
from .shapes import Box, Canvas, Layer


class Motif(Protocol):
    """A composition, which is a module of this package."""

    def setting(self, canvas: Canvas, seed: Seed, /) -> Setting:
        """Return where the text goes."""
        ...

    def draw(self, canvas: Canvas, seed: Seed, text: Box | None, /) -> tuple[Layer, ...]:
        """Return the drawing, back to front; `text` is what it leaves free."""
        ...


MOTIFS: tuple[Motif, ...] = (hills, ripples, mosaic, ribbons, fan)


def choose(seed: Seed) -> Motif:
    """Return the motif that the seed draws."""
    return seed.choice("motif", MOTIFS)
