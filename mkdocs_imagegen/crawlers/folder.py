"""A built site in a folder: nothing is asked of the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import SiteError
from .content import read_page
from .facts import Content, Look, Missing, There, Unseen
from .pictures import ENDINGS, picture_of
from .robots import Robots, read_robots
from .sites import NOWHERE, Read, base_of, below, path_of

NOT_SHARED = ("404.html",)
LIMIT_BYTES = 64 * 2**20


class Folder:
    """The pages and files of a SITE_DIR."""

    def __init__(self, root: Path, site_url: str = "") -> None:
        """Read all pages.

        Args:
            root: what MkDocs built.
            site_url: where it will be published; else what most pages call their address.

        Raises:
            SiteError: it is no folder with pages.
        """
        self.name = str(root)
        self._root = root.resolve()
        hint = "build the site first, and name its folder: mkdocs build, then check site"
        if not self._root.is_dir():
            raise SiteError(f"there is no folder {root}", hint=hint)
        self._pages = dict(_pages(self._root))
        if not self._pages:
            raise SiteError(f"there is no page in {root}", hint=hint)
        canonicals = ((path, content.canonical) for path, content in self._pages.items())
        self._base = f"{site_url.rstrip('/')}/" if site_url else base_of(canonicals)

    def pages(self, wanted: Callable[[str], bool]) -> Iterator[Read]:
        """Yield the pages by their path."""
        base = self._base or NOWHERE
        for path, content in self._pages.items():
            if wanted(path):
                yield Read(path, base + path.removeprefix("/"), content)

    def look(self, url: str, *, wholly: bool) -> Look:
        """Return what lies where the host will serve that address from."""
        uri = below(url, self._base or NOWHERE)
        if uri is None and not self._base:
            return Unseen("no page says where the site will be: give --site-url")
        if uri is None:
            return Unseen("it is on another host")
        try:
            path = (self._root / unquote(uri)).resolve()
            if not path.is_relative_to(self._root) or not path.is_file():
                return Missing("there is no such file")
            if path.stat().st_size > LIMIT_BYTES:
                return Missing(f"more than {LIMIT_BYTES // 2**20} MiB")
            data = path.read_bytes()
        except (OSError, ValueError) as error:
            return Missing(f"it can't be read: {type(error).__name__}")
        return There(picture_of(data, wholly=wholly), ENDINGS.get(path.suffix.lower(), ""))

    def robots(self, origin: str) -> Robots:
        """Return the folder's rules, where the folder is all that its host has."""
        base = urlsplit(self._base or NOWHERE)
        path = self._root / "robots.txt"
        if base.path != "/" or origin != f"{base.scheme}://{base.netloc}" or not path.is_file():
            return Robots()
        return read_robots(path.read_text(encoding="utf-8", errors="replace"))

    def notes(self) -> tuple[str, ...]:
        """Return nothing: a folder is read whole."""
        return ()


def _pages(root: Path) -> Iterator[tuple[str, Content]]:
    for file in sorted(root.rglob("*.html")):
        uri = file.relative_to(root).as_posix()
        if uri not in NOT_SHARED and file.is_file():
            yield path_of(uri), read_page(file.read_text(encoding="utf-8", errors="replace"))
