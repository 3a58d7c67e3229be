"""Files that are a list of lines, such as .gitignore: what is missing goes to the end."""

from __future__ import annotations

import re
from collections.abc import Sequence


def with_lines(text: str, wanted: Sequence[str]) -> str:
    """Return the text with these lines at its end, in the line ends that it has already."""
    if not wanted:
        return text
    end = line_end(text)
    start = end if text and not text.endswith(("\n", "\r")) else ""
    return text + start + "".join(f"{line}{end}" for line in wanted)


def line_end(text: str) -> str:
    """Return what ends the first line of a text; a line feed where nothing does."""
    found = re.search(r"\r\n|\n|\r", text)
    return found[0] if found else "\n"


def is_ignored(text: str, folder: str) -> bool:
    """Tell whether a .gitignore names a folder, or one that it lies in, as plain text."""
    names = {line.strip().strip("/") for line in text.splitlines()}
    parts = folder.split("/")
    return any("/".join(parts[:n]) in names for n in range(1, len(parts) + 1))


def merges_by_union(text: str, name: str) -> bool:
    """Tell whether a .gitattributes says how a file is merged."""
    rows = (line.split() for line in text.splitlines())
    return any(
        row[0].lstrip("/") == name and any(word.startswith("merge=") for word in row[1:])
        for row in rows
        if row
    )
