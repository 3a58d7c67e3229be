"""Material's colour names as colours: drawn covers wear the site's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .model import Palette

COLOURS: Mapping[str, str] = {
    "red": "#ef5552",
    "pink": "#e92063",
    "purple": "#ab47bd",
    "deep-purple": "#7e56c2",
    "indigo": "#4051b5",
    "blue": "#2094f3",
    "light-blue": "#02a6f2",
    "cyan": "#00bdd6",
    "teal": "#009485",
    "green": "#4cae4f",
    "light-green": "#8bc34b",
    "lime": "#cbdc38",
    "yellow": "#ffec3d",
    "amber": "#ffc105",
    "orange": "#ffa724",
    "deep-orange": "#ff6e42",
    "brown": "#795649",
    "grey": "#757575",
    "blue-grey": "#546d78",
    "black": "#1d1f26",
    "white": "#f2f4f8",
}
"""By Material's names, in the shades that its stylesheet uses."""


def palette_of(option: object) -> Palette | None:
    """Return the colours of a theme's `palette:` option, of its first scheme where it has many.

    A name that is not Material's leaves the default in place; `None` where nothing is named.
    """
    first = option[0] if isinstance(option, Sequence) and option else option
    if not isinstance(first, Mapping):
        return None
    default = Palette()
    primary = COLOURS.get(_name(first.get("primary")), default.primary)
    accent = COLOURS.get(_name(first.get("accent")), default.accent)
    return Palette(primary, accent)


def _name(value: object) -> str:
    return str(value).strip().lower().replace(" ", "-")
