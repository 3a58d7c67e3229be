"""The typeface of drawn titles: Manrope, by Mikhail Sharanda, under the SIL Open Font Licence 1.1.

It covers Latin with its extensions, Greek and Cyrillic. Comes with the package font-manrope. A
site may name a font file of its own.
"""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from typing import Literal

from . import fontfile

Weight = Literal["ExtraBold", "Bold"]
PACKAGE = "font-manrope"
_NEEDED = " -\N{HORIZONTAL ELLIPSIS}"
"""What line breaks put in, whatever the title is."""


@dataclass(frozen=True, slots=True, eq=False)
class Typeface:
    """A font that can be measured and drawn with."""

    data: bytes
    """The font file."""
    measures: fontfile.FontFile


@cache
def manrope(weight: Weight) -> Typeface:
    """Return the package's own typeface."""
    folder = importlib.resources.files("font_manrope")
    data = folder.joinpath("files", f"Manrope-{weight}.ttf").read_bytes()
    return Typeface(data, fontfile.parse(data))


@lru_cache(maxsize=2)  # a site has one
def own(data: bytes) -> Typeface:
    """Return the typeface of a font file that a site brings.

    Raises:
        ValueError: it can't be read, holds several fonts, or lacks what every title needs.
    """
    from PIL import ImageFont

    try:
        measures = fontfile.parse(data)
        ImageFont.truetype(BytesIO(data), 20, layout_engine=ImageFont.Layout.BASIC)
    except Exception as error:  # both libraries raise what they like on bytes from elsewhere
        raise ValueError("it is no font that can be read") from error
    if any(character not in measures.glyphs for character in _NEEDED):
        raise ValueError("it is a font without the space, the hyphen or the ellipsis")
    return Typeface(data, measures)
