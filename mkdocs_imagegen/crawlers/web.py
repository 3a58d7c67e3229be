"""A published site, over https: read as a crawler does, within limits.

It gets no key. Only public addresses are asked, through connections to the very address that was
checked; where the given one is on this machine, only this machine is.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

from ..errors import SiteError
from .content import read_page
from .facts import Look, Missing, There, Unseen, absolute
from .fetching import Answer, Fetcher, NoAnswerError, OverError
from .pictures import picture_of
from .robots import Robots, read_robots
from .sites import Read, base_of, below

LIMIT_PAGES = 200
_PAGE_BYTES = 8 * 2**20
_PICTURE_BYTES = 16 * 2**20
_ROBOTS_BYTES = 512 * 1024
_SITEMAP_BYTES = 16 * 2**20
_MOST_SITEMAPS = 20
_LOC = re.compile(r"<loc>\s*(?:<!\[CDATA\[)?([^<\]]+?)(?:\]\]>)?\s*</loc>")
_REACH_HINT = "see whether the address is right, and whether its host lets crawlers in"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a site is asked for."""

    pages: int = LIMIT_PAGES
    total_bytes: int = 500 * 2**20
    seconds: float = 300.0


class Web:
    """The pages and pictures of a published site."""

    def __init__(self, address: str, site_url: str = "", limits: Limits | None = None) -> None:
        """Ask for nothing yet.

        Args:
            address: of the site, or of one page of it.
            site_url: what the site calls itself, where that is another: for a copy on this machine.
            limits: of the whole check.

        Raises:
            SiteError: the address is neither https nor on this machine.
        """
        self.name = address
        self._limits = limits or Limits()
        self._fetcher = Fetcher(address, self._limits.total_bytes, self._limits.seconds)
        self._here = _as_folder(address)
        self._base = f"{site_url.rstrip('/')}/" if site_url else ""
        self._notes: list[str] = []
        self._robots: dict[str, Robots] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._fetcher.close()

    def pages(self, wanted: Callable[[str], bool]) -> Iterator[Read]:
        """Yield the pages that the sitemap names; the given one alone where there is none.

        Raises:
            SiteError: the given address does not answer with a page.
        """
        home = self._home()
        named = self._named()
        if not named:
            if isinstance(home, NoAnswerError):
                raise SiteError(f"{self._here} can't be read: {home}", hint=_REACH_HINT) from home
            if not self._notes:
                self._notes.append(f"{self._here} has no sitemap.xml: only this page was checked")
            yield self._read(self._public(self._here), home)
            return
        urls = [url for url in named if wanted(self._path(url))]
        if len(urls) > self._limits.pages:
            self._notes.append(f"{self._limits.pages} of {len(urls)} pages were checked (--limit)")
        for n, url in enumerate(urls[: self._limits.pages]):
            try:
                answer = self._fetcher.get(self._asked(url), limit_bytes=_PAGE_BYTES)
            except OverError as over:
                self._notes.append(f"{n} of {len(urls)} pages were checked: {over}")
                return
            except NoAnswerError as refused:
                self._notes.append(f"{url} is in the sitemap, but was not read: {refused}")
                continue
            yield self._read(url, answer)

    def look(self, url: str, *, wholly: bool) -> Look:
        """Return what lies at an address."""
        asked = self._asked(url)
        if self._fetcher.is_local and not self._fetcher.is_own(asked):
            return Unseen("it is not on this machine")
        try:
            answer = self._fetcher.get(asked, limit_bytes=_PICTURE_BYTES)
        except OverError as over:
            return Unseen(str(over))
        except NoAnswerError as refused:
            return Missing(str(refused))
        return There(picture_of(answer.body, wholly=wholly), answer.mime, answer.redirects)

    def robots(self, origin: str) -> Robots:
        """Return the rules of a host; a host that has none keeps nobody away."""
        if origin not in self._robots:
            self._robots[origin] = self._read_robots(origin)
        return self._robots[origin]

    def notes(self) -> tuple[str, ...]:
        """Return what was left out."""
        return tuple(self._notes)

    def _home(self) -> Answer | NoAnswerError:
        """Return the given page; a site may have a sitemap and no home."""
        try:
            home = self._fetcher.get(self._here, limit_bytes=_PAGE_BYTES)
        except OverError as over:
            raise SiteError(f"{self._here} can't be read: {over}", hint=_REACH_HINT) from over
        except NoAnswerError as refused:
            return refused
        if not self._base and self._fetcher.is_local:
            canonical = read_page(home.text).canonical
            self._base = base_of([("/", canonical)])
        return home

    def _named(self) -> list[str]:
        """Return the addresses that the sitemap names, each once; sitemaps may name sitemaps."""
        waiting = [urljoin(self._here, "sitemap.xml")]
        asked: set[str] = set()
        found: dict[str, None] = {}
        while waiting and len(asked) < _MOST_SITEMAPS:
            sitemap = waiting.pop(0)
            if sitemap in asked:
                continue
            asked.add(sitemap)
            try:
                text = self._fetcher.get(sitemap, limit_bytes=_SITEMAP_BYTES).text
            except (OverError, NoAnswerError):
                continue
            urls = [absolute("", unescape(url)) for url in _LOC.findall(text)]
            if "<sitemapindex" in text:
                waiting += map(self._asked, urls)
            else:
                found |= dict.fromkeys(filter(None, urls))
        ours = [url for url in found if self._fetcher.is_own(self._asked(url))]
        if found and not ours:
            self._notes.append(_elsewhere(found, is_local=self._fetcher.is_local))
        elif len(ours) < len(found):
            other = next(url for url in found if url not in ours)
            self._notes.append(
                f"not checked, as the sitemap has them on another host: {other}"
                + (f" and {len(found) - len(ours) - 1} more" if len(found) - len(ours) > 1 else "")
            )
        return ours

    def _read(self, url: str, answer: Answer) -> Read:
        return Read(self._path(url), url, read_page(answer.text), answer.redirects)

    def _path(self, url: str) -> str:
        uri = below(url, self._base or self._here)
        return urlsplit(url).path if uri is None else f"/{uri}"

    def _asked(self, url: str) -> str:
        """Return where to ask for an address: a copy on this machine stands for the site."""
        uri = below(url, self._base) if self._base else None
        return url if uri is None else urljoin(self._here, uri)

    def _public(self, asked: str) -> str:
        uri = below(asked, self._here)
        return asked if uri is None or not self._base else self._base + uri

    def _read_robots(self, origin: str) -> Robots:
        asked = self._asked(f"{origin}/robots.txt")
        if self._fetcher.is_local and not self._fetcher.is_own(asked):
            return Robots()
        try:
            return read_robots(self._fetcher.get(asked, limit_bytes=_ROBOTS_BYTES).text)
        except (OverError, NoAnswerError):
            return Robots()


def _elsewhere(urls: Iterable[str], *, is_local: bool) -> str:
    """Return what to tell where the sitemap names no page of the given address."""
    places = [urlsplit(url) for url in urls]
    paths = {place.path.rpartition("/")[0] or "/" for place in places}
    folder = f"{posixpath.commonpath(paths)}/".replace("//", "/")
    site = f"{places[0].scheme}://{places[0].netloc}{folder}"
    mend = f"serve the site below {folder}, and give that address" if is_local else f"check {site}"
    return f"The sitemap names pages of {site} only, so this page alone was checked: {mend}."


def _as_folder(address: str) -> str:
    """Return the address with the slash that folders have: what it names is found below it."""
    last = urlsplit(address).path.rpartition("/")[2]
    return address if "." in last or address.endswith("/") else f"{address}/"
