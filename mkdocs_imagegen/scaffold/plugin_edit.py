"""Puts the plugin into the text of mkdocs.yml: one insertion, every other byte as it was.

A text edit, because every YAML library that writes (ruamel.yaml among them) lays out anew what it
did not need to touch: indentation, spaces before comments, line widths, quotes. The positions come
from PyYAML's events, and the result is read back and held against what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from ..errors import SettingsError
from .lists import line_end
from .plugin_block import Option, block_lines, flow_text
from .plugins_key import Shape, config_node, read_plugins, value_of

_REST_OF_LINE = re.compile(r"[^\r\n\x85\u2028\u2029]*(\r\n|[\r\n\x85\u2028\u2029])?")


@dataclass(frozen=True, slots=True)
class _Span:
    """Where the value of `plugins:` stands, in characters."""

    start: int
    column: int
    end: int
    """After its last scalar, alias or closing bracket; for brackets of its own before that one."""
    flow: bool
    named: bool
    """Whether it has an anchor or a tag."""
    items: int


def add_plugin(text: str, options: Sequence[Option], name: str = "mkdocs.yml") -> str:
    """Return mkdocs.yml with imagegen as its last plugin, and MkDocs' own `search` kept.

    Raises:
        SettingsError: it is no YAML mapping, or written in a way that no insertion fits.
    """
    plugins = read_plugins(text, name)
    if plugins.on:
        return text
    for at, insertion in _insertions(text, plugins.shape, options):
        new = text[:at] + insertion + text[at:]
        if _is_what_was_asked_for(text, new, options, name):
            return new
    raise SettingsError(
        f"{name}: `plugins:` is written in a way that init can't add to",
        hint="add it by hand:\n" + "\n".join(_by_hand(plugins.shape, options)),
    )


def _insertions(text: str, shape: Shape, options: Sequence[Option]) -> Iterator[tuple[int, str]]:
    """Yield what could be inserted where, the best first."""
    match shape:
        case Shape.ABSENT:
            yield from _as_new_key(text, options)
        case Shape.EMPTY:
            span = _span(text)
            indent = " " * (_root_column(text) + 2)
            yield from _as_lines(text, span.end, _default_lines(options, indent))
        case Shape.LIST | Shape.MAPPING:
            span = _span(text)
            if span.named:
                return
            if span.flow:
                entry = flow_text(options, in_list=shape is Shape.LIST)
                yield span.end, f", {entry}" if span.items else entry
                return
            lines = block_lines(
                options,
                dash=_dash(text, span) if shape is Shape.LIST else "",
                indent=" " * span.column,
            )
            yield from _as_lines(text, span.end, list(lines))
        case Shape.OTHER:
            return


def _as_new_key(text: str, options: Sequence[Option]) -> Iterator[tuple[int, str]]:
    """Yield the places for a `plugins:` of its own: the end, then where the last value ends."""
    root = config_node(text, "")
    if root.flow_style:
        return
    indent = " " * root.start_mark.column
    end, nl = len(text), line_end(text)
    lines = [f"{indent}plugins:", *_default_lines(options, f"{indent}  ")]
    block = "".join(f"{line}{nl}" for line in lines)
    start = "" if text.endswith(("\n", "\r")) else nl
    yield end, f"{start}{nl}{block}"
    yield end, f"{start}{block}"
    solid = max(_end(event) for event in yaml.parse(text) if _is_solid(event))
    yield from _as_lines(text, solid, lines)


def _as_lines(text: str, solid: int, lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the places for lines after a value that ends at `solid`.

    A block scalar's end is after the blank lines that follow it: those may be left below, unless
    they belong to its value.
    """
    nl = line_end(text)
    for end in (len(text[:solid].rstrip()), solid):
        at = end
        if end == solid or not _starts_line(text, end):
            found = _REST_OF_LINE.match(text, end)
            assert found is not None  # it matches nothing at all, too
            at = end if _starts_line(text, end) else found.end()
        start = "" if _starts_line(text, at) else nl
        yield at, start + "".join(f"{line}{nl}" for line in lines)


def _starts_line(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] in "\r\n\x85\u2028\u2029"


def _default_lines(options: Sequence[Option], indent: str) -> list[str]:
    """Return the entries of a new list: MkDocs switches search on only where there is no list."""
    return [f"{indent}- search", *block_lines(options, dash="- ", indent=indent)]


def _dash(text: str, span: _Span) -> str:
    """Return the dash of a list's first entry with the spaces after it, as the site writes it."""
    found = re.compile(r"- +(?=[^\s#])").match(text, span.start)
    return found[0] if found else "- "


def _root_column(text: str) -> int:
    column: int = config_node(text, "").start_mark.column
    return column


def _is_solid(event: yaml.Event) -> bool:
    """Tell whether an event's end is where its text ends; that of a block is where the next is."""
    match event:
        case yaml.ScalarEvent() | yaml.AliasEvent():
            return True
        case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
            return _end(event) > _start(event)
        case _:
            return False


def _start(event: Any) -> int:
    index: int = event.start_mark.index
    return index


def _end(event: Any) -> int:
    index: int = event.end_mark.index
    return index


def _span(text: str) -> _Span:
    """Return where the value of the last top-level `plugins:` stands."""
    found: _Span | None = None
    events = yaml.parse(text)
    depth, is_key, ours = 0, True, False
    for event in events:
        if depth == 1 and not isinstance(event, yaml.MappingEndEvent):
            if ours:
                found = _value_span(event, events)
                is_key, ours = True, False
                continue
            ours = is_key and isinstance(event, yaml.ScalarEvent) and event.value == "plugins"
            is_key = not is_key
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    assert found is not None  # the caller saw the key
    return found


def _value_span(first: Any, events: Iterator[Any]) -> _Span:
    """Read one value's events to its end."""
    depth, items, end = 0, 0, _start(first)
    flow = bool(getattr(first, "flow_style", False))
    if flow:
        end = _end(first)  # of the opening bracket
    event = first
    while True:
        closing = isinstance(event, yaml.CollectionEndEvent)
        items += depth == 1 and not closing
        depth += isinstance(event, yaml.CollectionStartEvent) - closing
        if _is_solid(event) and not (flow and depth == 0):
            end = _end(event)
        if depth == 0:
            break
        event = next(events)
    named = bool(getattr(first, "anchor", None) or getattr(first, "tag", None))
    start = first.start_mark
    return _Span(start.index, start.column, end, flow, named, items)


def _is_what_was_asked_for(old: str, new: str, options: Sequence[Option], name: str) -> bool:
    """Tell whether the new text means the old one with the plugin added, and nothing else."""
    try:
        after = config_node(new, name)
    except SettingsError:
        return False
    before = config_node(old, name)
    rest = [_meaning(_without_plugins(root)) for root in (before, after)]
    return rest[0] == rest[1] and _plugins_meaning(after) == _expected(before, options)


def _expected(before: yaml.MappingNode, options: Sequence[Option]) -> Hashable:
    old = value_of(before, "plugins")
    as_list = not isinstance(old, yaml.MappingNode)
    entry = yaml.compose(flow_text(options, in_list=as_list), Loader=yaml.SafeLoader)
    assert entry is not None  # flow_text never is empty
    if isinstance(old, yaml.MappingNode):
        return _meaning(yaml.MappingNode(old.tag, [*old.value, *entry.value]))
    if isinstance(old, yaml.SequenceNode):
        return _meaning(yaml.SequenceNode(old.tag, [*old.value, entry]))
    search = yaml.ScalarNode("tag:yaml.org,2002:str", "search")
    return _meaning(yaml.SequenceNode("tag:yaml.org,2002:seq", [search, entry]))


def _plugins_meaning(root: yaml.MappingNode) -> Hashable:
    value = value_of(root, "plugins")
    return _meaning(value) if value else None


def _without_plugins(root: yaml.MappingNode) -> yaml.MappingNode:
    pairs = [(k, v) for k, v in root.value if getattr(k, "value", None) != "plugins"]
    return yaml.MappingNode(root.tag, pairs)


def _meaning(node: yaml.Node) -> Hashable:
    """Return a node as a value to compare: tags and content, without places and layout."""
    seen: dict[int, int] = {}

    def of(node: yaml.Node) -> Hashable:
        if id(node) in seen:  # an alias, and perhaps to what it stands in
            return ("again", seen[id(node)])
        seen[id(node)] = len(seen)
        match node:
            case yaml.MappingNode():
                return (node.tag, tuple((of(k), of(v)) for k, v in node.value))
            case yaml.SequenceNode():
                return (node.tag, tuple(of(item) for item in node.value))
            case _:
                return (node.tag, node.value)

    return of(node)


def _by_hand(shape: Shape, options: Sequence[Option]) -> list[str]:
    match shape:
        case Shape.ABSENT:
            entries = _default_lines(options, "    ")
        case Shape.MAPPING:
            entries = list(block_lines(options, dash="", indent="    "))
        case _:
            entries = list(block_lines(options, dash="- ", indent="    "))
    return ["  plugins:", *entries]
