"""What is known of a built page before it is judged: values alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from ..model import Size
from .robots import Robots


@dataclass(frozen=True, slots=True)
class Picture:
    """What the bytes of a picture are."""

    format: str
    """`jpeg`, `png`, `webp`, `gif`, `avif` or `svg`; `""` for what is no picture at all."""
    what: str
    """The same for people."""
    size: Size | None
    """`None` where the bytes do not tell."""
    length_bytes: int
    is_whole: bool = True
    """Whether it can be decoded to its end, where that was tried."""


@dataclass(frozen=True, slots=True)
class There:
    """A picture was found where an address leads."""

    picture: Picture
    served_as: str
    """The media type that the server says, or will say by the file's ending; `""`: none."""
    redirects: int = 0


@dataclass(frozen=True, slots=True)
class Missing:
    """An address leads nowhere."""

    why: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """Nobody looked, or could look."""

    why: str


Look = There | Missing | Unseen


@dataclass(frozen=True, slots=True)
class Candidate:
    """One picture of a `srcset`."""

    url: str
    descriptor: str
    """As in `480w` or `2x`, `""` where there is none."""
    mime: str = ""
    """Of its `<source>`."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An `<img>` of a cover, with the candidates of its `srcset` and of its `<picture>`."""

    src: str
    alt: str | None
    """`None` where the attribute is missing."""
    width: str | None
    height: str | None
    has_sizes: bool
    candidates: tuple[Candidate, ...]
    in_figure: bool
    """Whether it is the article's own cover, not one in a list."""


@dataclass(frozen=True, slots=True)
class Content:
    """What the HTML of a page says."""

    metas: tuple[tuple[str, str], ...] = ()
    """Name or property in lower case, and content, of the head's `<meta>`s in their order."""
    canonical: str = ""
    structured: tuple[str, ...] = ()
    """The JSON-LD blocks as written."""
    images: tuple[Shown, ...] = ()
    preview_at_bytes: int = 0
    """Where the first og:image begins."""

    def all_of(self, name: str) -> tuple[str, ...]:
        """Return the contents of all tags of a name, empty ones left out."""
        return tuple(content for meta, content in self.metas if meta == name and content)

    def first_of(self, name: str) -> str:
        """Return the content of the first tag of a name, `""` where there is none."""
        return next(iter(self.all_of(name)), "")


@dataclass(frozen=True, slots=True)
class Page:
    """All that is known of a page."""

    path: str
    """Below the site, as in `/blog/a/`."""
    url: str
    """Where readers find it."""
    content: Content
    looks: Mapping[str, Look]
    """By absolute address, of every picture that the page names; `""` is what is no address."""
    robots: Mapping[str, Robots]
    """By origin, as in `https://example.com`."""
    redirects: int = 0
    """On the way from the sitemap's address to the page."""

    def look(self, url: str) -> Look:
        """Return what lies at an address as the page writes it."""
        return self.looks.get(absolute(self.url, url), Unseen("nobody looked"))

    def blocks(self, agent: str, url: str) -> bool:
        """Tell whether robots.txt keeps a crawler away from an absolute address."""
        robots = self.robots.get(origin_of(url))
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        return robots is not None and not robots.allows(agent, target or "/")


def absolute(page_url: str, url: str) -> str:
    """Return where an address on a page leads, `""` for what is no address at all."""
    try:
        joined = urljoin(page_url, url)
        return joined if urlsplit(joined).netloc else ""
    except ValueError:
        return ""


def origin_of(url: str) -> str:
    """Return scheme and host of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
