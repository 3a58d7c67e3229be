"""The fields that a JSON object may have: what is missing, unknown or of a wrong type is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_KIND_NAMES = {str: "a text", int: "a whole number", dict: "an object", list: "a list"}


class LineError(ValueError):
    """What is wrong with a line: completes `line 3 ...`."""


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """The fields of a JSON object."""

    kinds: Mapping[str, type]
    required: tuple[str, ...] = ()


def check(fields: dict[str, Any], schema: Schema) -> None:
    """Compare an object's fields with those that this version writes.

    Raises:
        LineError: one is missing, of a wrong type, or unknown.
    """
    if problem := _problem(tuple(fields), tuple(map(type, fields.values())), schema):
        raise LineError(problem)


@lru_cache(maxsize=256)  # most lines of a site have the same fields
def _problem(names: tuple[str, ...], kinds: tuple[type, ...], schema: Schema) -> str:
    for name in schema.required:
        if name not in names:
            return f"has no field `{name}`"
    for name, kind in zip(names, kinds, strict=True):
        wanted = schema.kinds.get(name)
        if wanted is None:
            return f"has a field `{name}` that this version does not know"
        if kind is not wanted:
            return f"has a wrong field `{name}`: it must be {_KIND_NAMES[wanted]}"
    return ""
