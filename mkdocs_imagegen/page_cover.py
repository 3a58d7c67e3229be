"""One page's cover: what its article, lists and link previews say of it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from . import markup
from .articles import is_address
from .model import Size
from .outputs import PREVIEW

_PICTURE_TYPES = {
    **{ending: f"image/{ending[1:]}" for ending in (".webp", ".png", ".jpeg", ".gif", ".avif")},
    ".jpg": "image/jpeg",
    ".svg": "image/svg+xml",
}
"""Not from `mimetypes`: what it knows differs between machines, and it reads their files first."""

Place = Callable[[str], str]
"""Turns an address that is relative to the site's root into one for the page that names it."""


@dataclass(frozen=True, slots=True)
class PageCover:
    """One page's cover, as its HTML needs it."""

    url: str
    """Relative to the site's root and percent-encoded, or an address."""
    alt: str
    caption: str
    label: str
    size: Size | None
    yields: bool
    """Whether a picture that the theme announces already stays: ours is drawn, or `image:`."""
    shown: bool
    """Whether it stands in the article."""
    drawn: bool = False
    webp: markup.Candidates = ()
    """Relative to the site's root, as `url` is."""
    avif: markup.Candidates = ()
    colour: str = ""
    preview: str = ""
    """The JPEG for link previews, relative to the site's root."""
    title: str = ""
    theme: str = ""
    """The site's, by name."""

    def inserted(
        self, content: str, from_here: Place, position: Literal["above_title", "below_title"] | None
    ) -> str:
        """Return the article's HTML with the figure in it."""
        if position is None or not self.shown:
            return content
        return markup.insert_figure(content, self.figure(from_here), position)

    def figure(self, from_here: Place) -> str:
        """Return the figure that stands in the article."""
        return markup.figure(self.seen_from(from_here), caption=self.caption, label=self.label)

    def listed(self, href: str, from_here: Place, *, kind: str, first: bool) -> str:
        """Return the cover for a list of articles on another page."""
        return markup.list_figure(
            self.seen_from(from_here), href, kind=kind, first=first, label=self.label
        )

    def seen_from(self, from_here: Place) -> markup.Shown:
        """Return the picture with the addresses that a page needs."""

        def placed(url: str) -> str:
            return url if is_address(url) else from_here(url)

        return markup.Shown(
            placed(self.url),
            self.size,
            self.alt,
            webp=[(placed(url), width) for url, width in self.webp],
            avif=[(placed(url), width) for url, width in self.avif],
            colour=self.colour,
            theme=self.theme,
        )

    def announced(self, page: str, site_url: str) -> str:
        """Return the page's HTML with this cover in its head; unchanged without a site_url."""
        url = self.preview_url(site_url)
        if not url or (self.yields and markup.has_preview(page)):
            return page
        size = PREVIEW if self.preview else self.size
        # Beside a link no title may stand that would say it instead.
        alt = self.alt or self.title
        preview = markup.Preview(url, picture_type(url), alt, size, self.title)
        return markup.with_preview(page, preview)

    def preview_url(self, site_url: str) -> str:
        """Return the address in full of what link previews show, `""` without a site_url."""
        url = absolute_url(self.preview or self.url, site_url)
        return url if is_address(url) else ""


def absolute_url(url: str, site_url: str) -> str:
    """Return a picture's address in full; one that is full already stays, as without a site_url."""
    # mike leaves the slash out, others write it.
    return url if is_address(url) or not site_url else f"{site_url.rstrip('/')}/{url}"


def picture_type(url: str) -> str:
    """Return the media type of a picture by its address, `""` where nobody knows."""
    return _PICTURE_TYPES.get(posixpath.splitext(urlsplit(url).path)[1].lower(), "")
