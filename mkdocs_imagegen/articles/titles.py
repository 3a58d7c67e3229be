"""An article's title as plain text: in front matter and menus it may be HTML."""

from __future__ import annotations

import re
from html import unescape

_TAG = re.compile(r"</?([a-z][a-z0-9]*)\b[^<>]*>", re.IGNORECASE)
_ALONE = frozenset(("br", "wbr"))
"""Elements that are never closed."""


def plain_title(title: str) -> str:
    """Return a title as browsers show it; what only looks like a tag, as in `Vec<T>`, stays."""
    closed = {name.lower() for name in re.findall(r"</([a-z][a-z0-9]*)\s*>", title, re.IGNORECASE)}
    tags = closed | _ALONE
    text = _TAG.sub(lambda tag: "" if tag[1].lower() in tags else tag[0], title)
    return unescape(text).strip() or title
