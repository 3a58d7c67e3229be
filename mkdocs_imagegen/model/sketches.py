"""What a drawn cover is made of."""

from __future__ import annotations

from dataclasses import dataclass

from .articles import Size


@dataclass(frozen=True, slots=True)
class Palette:
    """The site's colours, for drawn covers: `#rrggbb` each."""

    primary: str = "#3f51b5"
    accent: str = "#ff6e40"


@dataclass(frozen=True, slots=True)
class Sketch:
    """All that decides how a drawn cover looks."""

    title: str
    section: str
    palette: Palette
    size: Size
