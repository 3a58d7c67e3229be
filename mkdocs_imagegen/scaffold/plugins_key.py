"""Reads of mkdocs.yml what adding a plugin must know, with the place of everything.

Nothing is constructed, so tags such as `!ENV` and `!!python/name:` mean nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import yaml

from ..errors import SettingsError
from .plugin_block import PLUGIN

_PLAIN_TAGS = {"tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}


class Shape(StrEnum):
    """How `plugins:` is written."""

    ABSENT = "absent"
    EMPTY = "empty"
    LIST = "list"
    MAPPING = "mapping"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SitePlugins:
    """What a config file says of its plugins."""

    shape: Shape
    on: bool
    """Whether imagegen is among them."""
    options: frozenset[str]
    """The names of imagegen's options."""
    inherits: str
    """The file that `INHERIT` names; `""` where it names none."""


def read_plugins(text: str, name: str) -> SitePlugins:
    """Return what a config file says of its plugins. `name` is the file's, for messages.

    Raises:
        SettingsError: it is no YAML mapping.
    """
    root = config_node(text, name)
    value = value_of(root, "plugins")
    entries = _entries(value)
    ours = [options for plugin, options in entries if plugin == PLUGIN]
    given = {
        key.value
        for node in ours
        if isinstance(node, yaml.MappingNode)
        for key, _ in node.value
        if isinstance(key, yaml.ScalarNode)
    }
    parent = value_of(root, "INHERIT")
    return SitePlugins(
        shape=_shape(root, value),
        on=bool(ours),
        options=frozenset(given),
        inherits=str(parent.value) if isinstance(parent, yaml.ScalarNode) else "",
    )


def config_node(text: str, name: str) -> yaml.MappingNode:
    """Return the composed document.

    Raises:
        SettingsError: it is no YAML mapping.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SettingsError(
            f"{name}{line}: {error.problem}", hint="mend the YAML there, then run init again"
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise SettingsError(
            f"{name} can't be read as YAML: {error}", hint="mend it, then run init again"
        ) from error
    if not isinstance(root, yaml.MappingNode) or not root.value:
        raise SettingsError(
            f"{name} holds no options", hint="begin with one line: `site_name: My site`"
        )
    return root


def value_of(root: yaml.MappingNode, key: str) -> yaml.Node | None:
    """Return the value of a top-level key; of several, the last, as MkDocs reads them."""
    values = [v for k, v in root.value if isinstance(k, yaml.ScalarNode) and k.value == key]
    return values[-1] if values else None


def _shape(root: yaml.MappingNode, value: yaml.Node | None) -> Shape:
    if value is None:
        # A merge key may bring plugins in.
        return Shape.OTHER if value_of(root, "<<") else Shape.ABSENT
    if isinstance(value, yaml.ScalarNode):
        return Shape.EMPTY if value.tag.endswith(":null") and not value.value else Shape.OTHER
    if value.tag not in _PLAIN_TAGS:
        return Shape.OTHER
    return Shape.LIST if isinstance(value, yaml.SequenceNode) else Shape.MAPPING


def _entries(value: yaml.Node | None) -> list[tuple[str, yaml.Node | None]]:
    """Return the name and options of each plugin."""
    if isinstance(value, yaml.MappingNode):
        return [(k.value, v) for k, v in value.value if isinstance(k, yaml.ScalarNode)]
    entries: list[tuple[str, yaml.Node | None]] = []
    for item in value.value if isinstance(value, yaml.SequenceNode) else ():
        if isinstance(item, yaml.ScalarNode):
            entries.append((item.value, None))
        else:
            entries += _entries(item)
    return entries
