"""Front matter as an author typed it, for tests that make articles from mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from mkdocs_imagegen.model import FrontMatter, RawValue


def typed(meta: Mapping[str, object]) -> FrontMatter:
    """Return the block that holds these values, each on a line of its own."""
    lines = {
        key: RawValue(str(value) if not isinstance(value, (list, dict)) else "", n, _kind(value))
        for n, (key, value) in enumerate(meta.items(), start=2)
    }
    return FrontMatter(lines)


def _kind(value: object) -> Literal["scalar", "list", "mapping"]:
    if isinstance(value, list):
        return "list"
    return "mapping" if isinstance(value, dict) else "scalar"
