"""The raw text of a file -> the cover keys of its front matter, as typed, with their lines.

Follows MkDocs' own rules (`mkdocs.utils.meta`) for what front matter is, and tells where an author
wrote cover keys that these rules lose. Types are no concern here: `fields` checks them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

from ..model import NO_FRONT_MATTER, Diagnostic, FrontMatter, RawValue
from .broken_yaml import Loader, find_mends, find_problem, quoted

_OPEN = re.compile(r"---[ \t]*\n")
_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t]*\n", re.MULTILINE)
_META_LINE = re.compile(r"[ ]{0,3}([A-Za-z0-9_-]+):\s*(.*)")
_META_MORE = re.compile(r"(?:[ ]{4}|\t)(.*)")
_ALMOST_OPEN = re.compile(r"\s*(-{2,}|\+{3,}|—+)[ \t]*\n")
_ALMOST_CLOSE = re.compile(r"^[ \t]*(?:-{2,}|\+{3,}|\.{3}|—+)[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_COVER_KEY = re.compile(
    r"""^[ ]{0,3}["']?(cover(?:_\w+)?)["']?[ \t]*[:=][ \t]*(.*)""", re.MULTILINE | re.IGNORECASE
)

_IMAGE_KEY = re.compile(r"""image["']?\s*:""")

# What YAML's grammar allows but building the values may refuse. Only a block with one of these is
# read in full to see whether MkDocs can use it: that takes as long as all the rest.
_ODD_SIGN = re.compile(r"[!&*?={<]")
_ODD = re.compile(r"(?<![^\s\[{,:])(?:[!&*]\S|\?\s|=)|[\[{,]\s*[\[{]|\{\s*\{|<<", re.MULTILINE)
_ODD_KEY = re.compile(r"[\]}]\s*:|\[\s*[\[{]|0[bx]_")
_ODD_DATE = re.compile(
    r"\d{4}-(?!(?<!0000-)(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])"
    r"(?:[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)?[ \t]*(?:$|[,\]}'\"]))\d",
    re.MULTILINE,
)
_LONG_CHARS = 4_000
"""A number longer than this can't be read: Python refuses to."""


class _NodeLoader(Loader):
    """Reads YAML as nodes with text and lines, and does not ask what type each text has."""

    def resolve(self, _kind: object, _value: object, _implicit: object) -> str:
        return ""

    def descend_resolver(self, _parent: object, _index: object) -> None:
        return None

    def ascend_resolver(self) -> None:
        return None


def scan_front_matter(text: str, *, where: str, whole_file: bool = False) -> FrontMatter:
    """Return the cover keys of a Markdown file's front matter, as their author typed them.

    Args:
        text: The file's text, from its first character.
        where: The file, for diagnostics: an article's src_uri, or `blog/.meta.yml`.
        whole_file: The file is YAML throughout, as a `.meta.yml` is.
    """
    if text.startswith("\ufeff"):
        text = text[1:]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if whole_file:
        return _scan_yaml(text, where, first_line=1, whole_file=True)
    if opened := _OPEN.match(text):
        second_line = text.find("\n", opened.end()) + 1
        if second_line and (closed := _CLOSE.search(text, second_line)):
            return _scan_yaml(text[opened.end() : closed.start()], where, first_line=2)
    elif _META_LINE.match(text):
        return _scan_multimarkdown(text, where)
    return _scan_lost_block(text, where)


def _scan_yaml(block: str, where: str, *, first_line: int, whole_file: bool = False) -> FrontMatter:
    if "cover" not in block.lower() and not _IMAGE_KEY.search(block):
        return NO_FRONT_MATTER
    root = _compose(block)
    if root is None:
        if not _COVER_KEY.search(block):
            return NO_FRONT_MATTER
        return FrontMatter(diagnostics=_broken(block, where, first_line, whole_file=whole_file))
    values: dict[str, RawValue] = {}
    diagnostics: list[Diagnostic] = []
    for key, node in _entries(root):
        if key != "image" and key[:5].lower() != "cover":
            continue
        if key == "cover":
            for nested in [name for name in values if name.startswith("cover.")]:
                del values[nested]
        _add(values, diagnostics, where, key, node, first_line)
        if key == "cover" and isinstance(node[1], yaml.MappingNode):
            for name, entry in _entries(node[1]):
                _add(values, diagnostics, where, f"cover.{name}", entry, first_line)
    diagnostics += _written_twice(values, where)
    return FrontMatter(values, tuple(diagnostics))


def _compose(block: str) -> yaml.MappingNode | None:
    """The block as nodes, `None` where MkDocs would get no front matter out of it."""
    odd = (
        len(block) > _LONG_CHARS
        or (_ODD_SIGN.search(block) and _ODD.search(block))
        or _ODD_KEY.search(block)
        or _ODD_DATE.search(block)
    )
    if odd and find_problem(block):
        return None
    try:
        root = _NodeLoader(block).get_single_node()
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return root if isinstance(root, yaml.MappingNode) else None


_Entry = tuple[yaml.ScalarNode, yaml.Node]


def _entries(mapping: yaml.MappingNode) -> Iterable[tuple[str, _Entry]]:
    return ((k.value, (k, v)) for k, v in mapping.value if isinstance(k, yaml.ScalarNode))


def _add(
    values: dict[str, RawValue],
    diagnostics: list[Diagnostic],
    where: str,
    key: str,
    entry: _Entry,
    first_line: int,
) -> None:
    name, node = entry
    line = name.start_mark.line + first_line
    if key in values and key != "image":
        diagnostics.append(_duplicate(where, key, values[key].line, line, "only the last counts"))
    if isinstance(node, yaml.ScalarNode):
        values[key] = RawValue(node.value, line)
    else:
        values[key] = RawValue(
            "", line, "mapping" if isinstance(node, yaml.MappingNode) else "list"
        )


def _duplicate(where: str, key: str, first: int, second: int, effect: str) -> Diagnostic:
    return Diagnostic(
        "error",
        f"{key} stands twice, in lines {first} and {second}: {effect}",
        article=where,
        key=key,
        line=second,
        hint="delete one of the two lines",
    )


def _written_twice(values: dict[str, RawValue], where: str) -> Iterable[Diagnostic]:
    for key, raw in values.items():
        flat = key.replace(".", "_", 1)
        if key.startswith("cover.") and flat in values:
            yield Diagnostic(
                "error",
                f"{flat} and {key} say the same thing, in lines {values[flat].line} and {raw.line}",
                article=where,
                key=flat,
                line=values[flat].line,
                hint="delete one of the two",
            )


def _broken(block: str, where: str, first_line: int, *, whole_file: bool) -> tuple[Diagnostic, ...]:
    """One diagnostic for each line that has to be mended, or one for the block."""
    problem = find_problem(block)
    if problem is None:
        return ()
    lost = (
        "the file is not valid YAML"
        if whole_file
        else "the front matter is not valid YAML, so MkDocs ignores all of it"
    )
    mends = find_mends(block, problem)
    if not mends:
        line = max(problem.position[0], 0) + first_line
        hint = f"mend line {line} or the one before it"
        if not whole_file:
            hint += ", or close the block with --- above it"
        return (Diagnostic("error", f"{lost}: {problem.reason}", where, line=line, hint=hint),)
    return tuple(
        Diagnostic(
            "error",
            f"{lost}: {mend.reason}",
            article=where,
            key=found[1] if (found := _COVER_KEY.match(mend.text)) else None,
            line=mend.line + first_line,
            hint=f"write: {mend.text}",
        )
        for mend in mends
    )


def _scan_multimarkdown(text: str, where: str) -> FrontMatter:
    """`key: value` lines without `---`: as in MkDocs, keys in lower case, repeated ones joined."""
    values: dict[str, RawValue] = {}
    diagnostics: list[Diagnostic] = []
    key = ""
    for number, line in enumerate(_lines_of_first_paragraph(text), start=1):
        if found := _META_LINE.match(line):
            key, value = found[1].lower(), found[2].strip()
            before = values.get(key)
            if before and key.startswith("cover"):
                diagnostics.append(
                    _duplicate(where, key, before.line, number, "MkDocs joins the two")
                )
        elif (more := _META_MORE.match(line)) and key:
            value, before = more[1].strip(), values[key]
        else:
            break
        values[key] = (
            RawValue(f"{before.text} {value}", before.line) if before else RawValue(value, number)
        )
    wanted = {k: v for k, v in values.items() if k == "image" or k.startswith("cover")}
    return FrontMatter(wanted, tuple(diagnostics)) if wanted else NO_FRONT_MATTER


def _lines_of_first_paragraph(text: str) -> Iterable[str]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        line = text[start:] if end < 0 else text[start:end]
        if not line.strip():
            return
        yield line
        start += len(line) + 1


def _scan_lost_block(text: str, where: str) -> FrontMatter:
    """A block that its author meant as front matter, and that MkDocs shows as text."""
    opened = _ALMOST_OPEN.match(text)
    if not opened:
        return NO_FRONT_MATTER
    closed = _ALMOST_CLOSE.search(text, opened.end())
    fence = _FENCE.search(text, opened.end())
    end = min(found.start() for found in (closed, fence) if found) if closed or fence else None
    written = _COVER_KEY.search(text[opened.end() : end])
    if not written:
        return NO_FRONT_MATTER
    marker = opened[1]
    line = text.count("\n", 0, opened.start(1)) + 1
    if marker[0] == "+":
        said = "MkDocs reads no TOML front matter, so it shows this block as text"
        value = written[2].strip().strip("\"'")
        hint = f"write it as YAML between two lines of ---: {written[1]}: {quoted(value)}"
    elif marker != "---":
        said = f"front matter starts with ---, not {marker}, so MkDocs shows this block as text"
        hint = f"write --- in line {line}"
    elif opened.start(1) > 0:
        said = "the front matter does not start at the first character of the file, "
        said += "so MkDocs shows it as text"
        hint = "delete the blank lines and spaces before ---"
    else:
        said = "the front matter is never closed, so MkDocs shows it as text"
        hint = "write a line of --- below its last key"
        if closed and (not fence or closed.start() < fence.start()):
            line = text.count("\n", 0, closed.start()) + 1
            hint = f"line {line} must be exactly --- and end with a line break"
    return FrontMatter(diagnostics=(Diagnostic("error", said, where, line=line, hint=hint),))
