"""Whom an article is by: for the books, never for the prompt."""

from __future__ import annotations

from collections.abc import Mapping


def author_names(meta: Mapping[str, object]) -> str:
    """Return the names in `authors` or `author` of the front matter, joined by commas.

    Takes what blogs use: a text, a list of texts, or mappings with a `name`.
    """
    named = meta.get("authors") or meta.get("author") or ()
    several = named if isinstance(named, (list, tuple)) else (named,)
    return ", ".join(dict.fromkeys(name for author in several if (name := _name(author))))


def _name(author: object) -> str:
    if isinstance(author, Mapping):
        author = author.get("name")
    return " ".join(str(author).split()) if author is not None else ""
