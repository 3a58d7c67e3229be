"""How the walls around a template say no, and how they point to what it may have meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches

import jinja2


class RefusedError(jinja2.TemplateRuntimeError):
    """A template went against a wall."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


def suggest(
    name: str, known: Mapping[str, object], *, listed: Collection[object] = (), both: bool = False
) -> str:
    """Return the known name that is nearest, else (or as well) the list of what there is.

    Args:
        name: as it was written.
        known: what to write, by the name that a person would look for.
        listed: the list, where it is not simply all of `known`.
        both: give the list even where a name is near.
    """
    near = get_close_matches(name, known, n=1, cutoff=0.7)
    nearest = f"did you mean `{known[near[0]]}`?" if near else ""
    there = f"there is: {', '.join(map(str, listed or known.values())) or 'nothing'}"
    return f"{nearest} {there}".strip() if both or not near else nearest
