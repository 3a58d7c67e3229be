"""The typeface of drawn covers: Manrope, by Mikhail Sharanda, under the SIL Open Font Licence 1.1.

It covers Latin with its extensions, Greek and Cyrillic. Comes with the package font-manrope.
"""

from __future__ import annotations

import importlib.resources
from functools import cache
from typing import Literal

from . import fontfile

Weight = Literal["ExtraBold", "Bold"]


@cache
def data(weight: Weight) -> bytes:
    """Return the font file's bytes."""
    folder = importlib.resources.files("font_manrope")
    return folder.joinpath("files", f"Manrope-{weight}.ttf").read_bytes()


@cache
def measures(weight: Weight) -> fontfile.FontFile:
    """Return the font's coverage, widths and kerning."""
    return fontfile.parse(data(weight))
