"""Short digests: long enough to tell a site's texts apart, never what guards money."""

from __future__ import annotations

import hashlib

_DIGITS = 8


def short(text: str) -> str:
    """Return the first 8 hexadecimal digits of a text's sha256."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]


def line_digests(text: str) -> tuple[str, ...]:
    """Return the short digest of each line; trailing space and the kind of line end don't count."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    return tuple(short(line.rstrip()) for line in lines)
