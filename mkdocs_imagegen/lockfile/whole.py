"""The whole text of imagegen.lock, to and from a Lockfile."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..errors import LockfileError
from ..model import Entry, Lockfile
from .lines import NAME, Header, Line, Template, read_line, write_line
from .schema import LineError

MARKER = re.compile(r"(<{7,}|\|{7,}|={7,}|>{7,})(?: |$)")
"""What git leaves around the sides of a conflict; longer ones stand inside an ancestor."""
LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
"""How a byte that is no text comes into a text."""
RESTORE = f"restore it from git: git checkout HEAD -- {NAME}"
FIX = "mkdocs-imagegen doctor --fix"

Identity = tuple[str, ...]


def write(lockfile: Lockfile) -> str:
    """Return the text of a lockfile.

    Left out are entries that say nothing, and templates that no entry refers to.
    """
    told = sorted((e for e in lockfile.entries if e.approved or e.refusal), key=_order)
    used = {
        digest
        for entry in told
        if entry.approved
        for digest in entry.approved.components.templates.values()
    }
    templates = (
        Template(digest, lockfile.templates[digest])
        for digest in sorted(used & lockfile.templates.keys())
    )
    lines: tuple[Line, ...] = (Header(lockfile.site, lockfile.docs_dir), *told, *templates)
    text = "\n".join(map(write_line, lines))
    # A file's name may hold bytes that are no text; JSON can escape them.
    return LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def parse(text: str) -> Lockfile:
    """Read the text of imagegen.lock.

    Raises:
        LockfileError: it holds a merge conflict, two lines for one article, a line that is not
            what this version writes, or comes from a later version.
    """
    lines = list(numbered(text)) or [(1, "")]
    for number, text_line in lines:
        if MARKER.match(text_line):
            raise LockfileError(f"{NAME} line {number} holds a merge conflict", hint=FIX)
    read = [(number, _read(number, text_line)) for number, text_line in lines]
    first, header = read[0]
    if not isinstance(header, Header):
        raise LockfileError(f"{NAME} line {first} is not the header", hint=RESTORE)
    seen: dict[Identity, tuple[int, Line]] = {}
    for number, line in read:
        earlier, same = seen.setdefault(identity(line), (number, line))
        # A merge may leave a template's line twice, which says nothing else than once.
        if earlier != number and (line != same or not isinstance(line, Template)):
            raise LockfileError(
                f"{NAME} lines {earlier} and {number} are both {named(line)}", hint=FIX
            )
    return assemble(line for _, line in read)


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank with their 1-based numbers."""
    # Not splitlines: a JSON string may hold the other characters that it takes for line ends.
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line := line.rstrip("\r \t"):
            yield number, line


def identity(line: Line) -> Identity:
    """Return what only one line of a lockfile may say something of."""
    match line:
        case Entry():
            return ("article", line.article, line.locale)
        case Template():
            return ("template", line.digest)
        case Header():
            return ("header",)


def named(line: Line) -> str:
    """Return what a line is, in words."""
    match line:
        case Entry():
            return f"for {line.article}" + (f" ({line.locale})" if line.locale else "")
        case Template():
            return f"for the template {line.digest}"
        case Header():
            return "headers"


def assemble(lines: Iterable[Line]) -> Lockfile:
    """Make a lockfile of its lines, in any order, no two of the same identity."""
    header = Header()
    entries: list[Entry] = []
    templates: dict[str, tuple[str, ...]] = {}
    for line in lines:
        match line:
            case Entry():
                entries.append(line)
            case Template():
                templates[line.digest] = line.lines
            case Header():
                header = line
    ordered = tuple(sorted(entries, key=_order))
    return Lockfile(header.site, ordered, templates, header.docs_dir)


def _order(entry: Entry) -> tuple[str, str]:
    return entry.article, entry.locale


def _read(number: int, text: str) -> Line:
    try:
        return read_line(text)
    except LineError as error:
        raise LockfileError(f"{NAME} line {number} {error}", hint=RESTORE) from error
