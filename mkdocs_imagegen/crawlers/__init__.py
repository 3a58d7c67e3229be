"""A built site as the crawlers of link previews see it.

`folder` and `web` read pages and pictures, `judging` says what each platform makes of them. The
platforms' rules are data, in `platforms`. Knows nothing of MkDocs, plans or the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .facts import Content, Look, Missing, Page, absolute, origin_of
from .figures import pictures_of
from .findings import Report
from .folder import Folder
from .judging import OG_IMAGE, judge
from .sites import Site
from .structured import article_images
from .telling import report_json, report_summary, report_text
from .web import LIMIT_PAGES, Limits, Web

__all__ = [
    "LIMIT_PAGES",
    "Folder",
    "Limits",
    "Report",
    "Site",
    "Web",
    "check_site",
    "report_json",
    "report_summary",
    "report_text",
]


def check_site(site: Site, wanted: Callable[[str], bool] = lambda _: True) -> Report:
    """Return what is wrong with a site's pages.

    Args:
        site: to read; each picture is looked at once.
        wanted: tells by its path whether a page is looked at.

    Raises:
        SiteError: there is nothing to read.
    """
    nowhere = Missing("it is no address")
    looks: dict[tuple[str, bool], Look] = {("", True): nowhere, ("", False): nowhere}

    def look(url: str, *, wholly: bool) -> Look:
        key = (url, wholly)
        if key not in looks:
            looks[key] = site.look(url, wholly=wholly)
        return looks[key]

    checked = []
    for read in site.pages(wanted):
        previews = {absolute(read.url, url) for url in read.content.all_of(OG_IMAGE)}
        others = set(_others(read.url, read.content)) - previews
        seen = {url: look(url, wholly=True) for url in sorted(previews)}
        seen |= {url: look(url, wholly=False) for url in sorted(others)}
        origins = {origin_of(url) for url in (read.url, *previews) if url and previews}
        robots = {origin: site.robots(origin) for origin in sorted(origins)}
        checked.append(judge(Page(read.path, read.url, read.content, seen, robots, read.redirects)))
    return Report(site.name, tuple(checked), site.notes())


def _others(page_url: str, content: Content) -> Iterator[str]:
    """Yield the pictures that a page names outside its link previews."""
    for shown in content.images:
        yield from pictures_of(page_url, shown)
    yield from (absolute(page_url, url) for url in article_images(content))
