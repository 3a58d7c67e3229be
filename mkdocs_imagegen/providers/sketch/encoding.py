"""What decides a drawn cover's bytes besides the sketch. Imports nothing that draws.

Every build with drawn covers asks for it, and most of them have nothing to draw.
"""

from __future__ import annotations

import importlib.metadata
from functools import cache

from ...lettering import fonts

DRAWING = 2
"""Version of the compositions, colours and layout: raise it where a cover looks different."""
WEBP_QUALITY = 78
WEBP_METHOD = 2
"""Effort 0 to 6: these pictures are small at any effort, and 4 takes nearly twice the time."""


@cache
def encoder() -> str:
    """Name what decides a drawn cover's bytes besides the sketch, without loading it."""
    pillow, typeface = (importlib.metadata.version(name) for name in ("pillow", fonts.PACKAGE))
    webp = f"webp/{WEBP_QUALITY}-{WEBP_METHOD}"
    return f"drawing/{DRAWING} pillow/{pillow} {webp} {fonts.PACKAGE}/{typeface}"
