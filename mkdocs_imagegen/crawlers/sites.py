"""Where pages and pictures come from: what a folder and a published site have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from .facts import Content, Look, absolute
from .robots import Robots

NOWHERE = "https://site.invalid/"
"""Stands for the site's address where nobody knows it."""
_INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class Read:
    """A page that was read."""

    path: str
    """Below the site, as in `/blog/a/`."""
    url: str
    """Where readers find it."""
    content: Content
    redirects: int = 0


class Site(Protocol):
    """A built site, wherever it is."""

    name: str

    def pages(self, wanted: Callable[[str], bool]) -> Iterator[Read]:
        """Yield the pages whose path is wanted, in their order."""

    def look(self, url: str, *, wholly: bool) -> Look:
        """Return what lies at an absolute address; `wholly` decodes it."""

    def robots(self, origin: str) -> Robots:
        """Return the rules of a host, as in `https://example.com`."""

    def notes(self) -> tuple[str, ...]:
        """Return what was left out, once the pages are read."""


def path_of(file_uri: str) -> str:
    """Return the path that readers see of a file: `blog/a/index.html` is `/blog/a/`."""
    return "/" + (file_uri.removesuffix(_INDEX) if _ends(file_uri) else file_uri)


def base_of(pages: Iterable[tuple[str, str]]) -> str:
    """Return the site's address that most pages agree on, `""` where none says.

    Args:
        pages: the path of each, and its canonical address.
    """
    votes: Counter[str] = Counter()
    for path, canonical in pages:
        url = absolute("", canonical).partition("#")[0].partition("?")[0]
        bare = path.rstrip("/")
        for way in (path, f"{path}{_INDEX}", *((bare,) if bare else ())):
            if url and url.endswith(way):
                votes[f"{url.removesuffix(way)}/"] += 1
                break
    return votes.most_common(1)[0][0] if votes else ""


def below(url: str, base: str) -> str | None:
    """Return the path of an address below a site's, without its query; http is as good as https."""
    one, other = urlsplit(absolute("", url)), urlsplit(base)
    if one.netloc.lower() != other.netloc.lower() or not one.path.startswith(other.path):
        return None
    return one.path.removeprefix(other.path)


def _ends(file_uri: str) -> bool:
    return file_uri == _INDEX or file_uri.endswith(f"/{_INDEX}")
