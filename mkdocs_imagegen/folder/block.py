"""One `image:` line in the front matter of an article's bytes; no other byte changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler

from ..articles.written import has_written_form

_BLOCK = re.compile(
    rb"(\xef\xbb\xbf)?---[ \t]*(\r\n|\n|\r)(.*?(?:\r\n|\n|\r))(?:---|\.\.\.)[ \t]*(?:\r\n|\n|\r)",
    re.DOTALL,
)
"""As MkDocs finds it, in bytes."""


class EditError(Exception):
    """A front matter that a line can't be set in without changing more."""


@dataclass(frozen=True, slots=True)
class Block:
    """Where the YAML of a front matter stands in a file's bytes."""

    opening: int
    """Of the line that opens it, behind a byte order mark."""
    start: int
    end: int
    """Where the line that closes it starts."""
    closed: int
    """Where the article's text starts."""
    line_end: str


class BlockHandler(YAMLHandler):
    """Reads the block that `find_block` finds: also one that ends with `...`."""

    def split(self, text: str) -> tuple[str, str]:
        """Return the YAML and the article's text.

        Raises:
            ValueError: there is no front matter, as python-frontmatter wants it told.
        """
        data = f"{text}\n".encode()  # python-frontmatter takes off the last line end
        block = find_block(data)
        if block is None:
            raise ValueError("no front matter")
        return data[block.start : block.end].decode(), data[block.closed :].decode()


def find_block(data: bytes) -> Block | None:
    """Return where the front matter is, `None` where an article has none."""
    found = _BLOCK.match(data)
    if found is None:
        return None
    opening = 3 if found[1] else 0
    return Block(opening, found.start(3), found.end(3), found.end(), found[2].decode())


def read_meta(text: str) -> tuple[dict[str, Any], str]:
    """Return the values of a front matter, and the text below it.

    Raises:
        yaml.YAMLError: it is no YAML.
        ValueError: it holds a number or date that can't be one.
    """
    values, body = frontmatter.parse(text, handler=BlockHandler())
    return values, body


def with_image(data: bytes, ref: str | None) -> bytes:
    """Return an article's bytes with `image: ref`, or without that line where `ref` is `None`.

    Raises:
        EditError: it can't be done without changing more than that line.
    """
    block = find_block(data)
    if block is None:
        raise EditError("there is no front matter")
    text = data[block.start : block.end].decode()
    edited = _edited(text, ref, block.line_end)
    if not edited:  # hosts show an empty block as text
        return data[: block.opening] + data[block.closed :]
    if not _differs_by_image(text, edited, ref):
        raise EditError("its YAML can't take a line for itself")
    return data[: block.start] + edited.encode() + data[block.end :]


def _edited(text: str, ref: str | None, line_end: str) -> str:
    root = _compose(text)
    entries = [(key, value) for key, value in root.value if key.value == "image"]
    if len(entries) > 1:
        raise EditError("image stands twice in it")
    if entries:
        return _replaced(text, entries[0][1], ref) if ref else _removed(text, *entries[0])
    if ref is None:
        return text
    column = root.value[0][0].start_mark.column if root.value else 0
    return f"{text}{' ' * column}image: {ref}{line_end}"


def _compose(text: str) -> yaml.MappingNode:
    try:
        # In Python, not in C: only here do the marks count characters of the text.
        root = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise EditError("it is no YAML") from error
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise EditError("it is not written as one key a line")
    return root


def _replaced(text: str, value: yaml.Node, ref: str) -> str:
    """Put the new path in the old one's place, in the same quotes."""
    start, end = value.start_mark.index, value.end_mark.index
    if not isinstance(value, yaml.ScalarNode):
        raise EditError("its image: is a list or has keys of its own")
    if not value.value:
        # A key without a value ends at its colon, and so does the value that is not there.
        return f"{text[:start]}{' ' if end == start else ''}{ref}{text[end:]}"
    if not has_written_form(value.value) or text[start:end].count(value.value) != 1:
        raise EditError("its image: is none that --write set")
    return text[:start] + text[start:end].replace(value.value, ref) + text[end:]


def _removed(text: str, key: yaml.Node, value: yaml.Node) -> str:
    before = text[: key.start_mark.index]
    start = max(before.rfind("\n"), before.rfind("\r")) + 1
    rest = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|\r)").match(text, value.end_mark.index)
    if before[start:].strip() or rest is None or getattr(value, "style", "") in ("|", ">"):
        raise EditError("its image: shares its line with something else")
    left = text[:start] + text[rest.end() :]
    return left if left.strip() else ""


def _differs_by_image(before: str, after: str, ref: str | None) -> bool:
    try:
        old, new = yaml.safe_load(before), yaml.safe_load(after)
    except (yaml.YAMLError, ValueError, RecursionError):
        return False
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    old.pop("image", None)
    same = new.pop("image", None) == ref
    return same and repr(new) == repr(old)  # .nan is not even equal to itself
