"""imagegen.lock as text: JSON lines, one an article, so that git merges it line by line. Pure.

A header, the articles by path and language, then the templates that their prompts came from. The
same lockfile is always the same text.

    lines    what one line says, and how it is written
    whole    the whole text
    mending  a text that a merge left broken
    digests  the short digests by which parts of a request are told apart
"""

from .digests import line_digests, short
from .lines import NAME
from .mending import mend
from .whole import parse, write

__all__ = ["NAME", "line_digests", "mend", "parse", "short", "write"]
