"""Paths that authors write: which files below docs_dir they may mean, and which articles a glob."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from urllib.parse import quote, unquote

_NAME_BYTES = 255
_NOT_IN_ADDRESS = re.compile(r"[\x00-\x20\x7f\"<>\\^`{|}]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_address(ref: str) -> bool:
    """Tell whether the reference is an http(s) address, not a file of the site."""
    return ref[:8].lower().startswith(("http://", "https://"))


def web_address(ref: str) -> str:
    """Return an http(s) address as pages name it: a lower-case scheme, and nothing unescaped."""
    scheme, _, rest = ref.partition("://")
    return f"{scheme.lower()}://{_NOT_IN_ADDRESS.sub(lambda found: quote(found[0]), rest)}"


def can_be_path(ref: str) -> bool:
    """Tell whether a file can have this name: none holds line breaks, or more than 255 bytes."""
    path = unquote(ref).replace("\\", "/")
    short = all(len(part.encode(errors="replace")) <= _NAME_BYTES for part in path.split("/"))
    return short and not _CONTROL.search(path)


def find_candidates(ref: str, page_dir: str) -> tuple[str, ...]:
    """Return the URIs below docs_dir that a reference may mean, in the order to try.

    Relative to the article's folder first, then to docs_dir; `/x.png` means docs_dir alone. Empty
    where it means no file there: it climbs out, names a folder or another scheme, or can be no
    file's name.
    """
    path = unquote(ref).replace("\\", "/").strip()
    if "://" in path or path.startswith("//") or path.endswith("/") or not path.isprintable():
        return ()
    if not can_be_path(ref):
        return ()
    folders = ("",) if path.startswith("/") else (page_dir, "")
    joined = (posixpath.normpath(posixpath.join(dir_, path.lstrip("/"))) for dir_ in folders)
    inside = (uri for uri in joined if uri not in (".", "..") and not uri.startswith("../"))
    return tuple(dict.fromkeys(inside))


def path_matches(pattern: str, src_uri: str) -> bool:
    """Tell whether a glob matches a whole path: `*` stays in its segment, `**` crosses them."""
    return _compiled(pattern).fullmatch(src_uri) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    pattern = pattern.removeprefix("./").lstrip("/")
    if pattern.endswith("/"):
        pattern += "**"
    # Neighbouring `**` mean no more than one, and would take exponential time to fail.
    segments = re.sub(r"\*\*(?:/\*\*)+", "**", pattern).split("/")
    expression = "".join(
        "(?:[^/]+/)*" if segment == "**" else _segment(segment) + "/" for segment in segments[:-1]
    )
    last = segments[-1]
    return re.compile(expression + (r"(?:[^/]+/)*[^/]+" if last == "**" else _segment(last)))


def _segment(text: str) -> str:
    wild = {"*": "[^/]*", "?": "[^/]"}
    return "".join(wild.get(char, re.escape(char)) for char in re.sub(r"\*+", "*", text))
