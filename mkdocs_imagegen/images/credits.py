"""Who made a picture and whose it is, as cameras and editors write it into the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

MOST_CHARS = 200
_ARTIST, _COPYRIGHT = 0x013B, 0x8298
"""EXIF's tags."""


@dataclass(frozen=True, slots=True)
class Credits:
    """What a file says; `""` where it says nothing."""

    author: str = ""
    licence: str = ""
    """The copyright notice: often the licence's name, always a claim of the file alone."""


def credits_of(image: Image.Image) -> Credits:
    """Return the credits of a picture that is open and not decoded yet.

    PNG has them in its text, and its EXIF is left alone: reading that decodes the picture.
    """
    if image.format == "PNG":
        return Credits(_line(image.info.get("Author")), _line(image.info.get("Copyright")))
    exif = image.getexif()
    return Credits(_line(exif.get(_ARTIST)), _line(exif.get(_COPYRIGHT)))


def _line(value: object) -> str:
    """Return a text in one line, without what is no text."""
    if not isinstance(value, str):
        return ""
    shown = "".join(char if char.isprintable() else " " for char in value)
    return " ".join(shown.split())[:MOST_CHARS]
