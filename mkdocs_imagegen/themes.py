"""Covers where a theme renders them: `page.cover`, the macros, and a blog's lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from jinja2 import ChoiceLoader, Environment, FunctionLoader
from markupsafe import Markup, escape
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url, normalize_url

from . import markup
from .packaged import package_text
from .page_cover import PageCover

MACROS = "imagegen/cover.html"
"""What themes import the macros from; a file of custom_dir wins."""
_ATTRIBUTE = "cover"


@dataclass(slots=True)
class Rendered:
    """What MkDocs renders at the moment: it renders one page or template after the other."""

    site_url: str = ""
    """Of the build: `serve` and mike set another than mkdocs.yml."""
    page_url: str = ""
    """Relative to the site's root."""
    base_url: str | None = None
    """The way to the site's root from a template that is no page, such as 404.html."""

    def place(self, url: str) -> str:
        """Return an address as what is rendered needs it; `url` is relative to the root."""
        if self.base_url is None:
            return get_relative_url(url, self.page_url)
        return normalize_url(url, base=self.base_url)


class ThemeCover:
    """A cover as templates know it: `page.cover`.

    Its texts are HTML already: themes print them as they are. `url` is relative to the site's root,
    for `| url`, as `page.url` is; `srcset` and `avif` fit the page that is rendered.
    """

    def __init__(self, cover: PageCover, article_url: str, rendered: Rendered) -> None:
        self._cover = cover
        self._article_url = article_url
        self._rendered = rendered
        self.url = escape(cover.url)
        self.alt = escape(cover.alt)
        self.caption = escape(cover.caption)
        self.label = escape(cover.label)
        self.width = cover.size.width_px if cover.size else None
        self.height = cover.size.height_px if cover.size else None
        self.sizes = markup.article_sizes(cover.theme)
        self.colour = cover.colour
        self.drawn = cover.drawn

    @property
    def srcset(self) -> Markup:
        """The widths to choose from, `""` where there is one only."""
        shown = self._cover.seen_from(self._rendered.place)
        return _as_html(markup.srcset(shown.webp) if len(shown.webp) > 1 else "")

    @property
    def avif(self) -> Markup:
        """The `srcset` of an AVIF source, `""` where there is none."""
        return _as_html(markup.srcset(self._cover.seen_from(self._rendered.place).avif))

    @property
    def preview_url(self) -> Markup:
        """The address of the link preview's picture in full, `""` without a site_url."""
        return escape(self._cover.preview_url(self._rendered.site_url))

    def figure(self) -> Markup:
        """Return the figure that stands in articles."""
        return _as_html(self._cover.figure(self._rendered.place))

    def card(self, first: bool = False) -> Markup:
        """Return the figure for a list, which leads to the article; the first one loads at once."""
        return self._listed("card", first=first)

    def thumbnail(self, first: bool = False) -> Markup:
        """Return a small one, beside the text."""
        return self._listed("thumbnail", first=first)

    def _listed(self, kind: str, *, first: bool) -> Markup:
        place = self._rendered.place
        href = place(self._article_url)
        return _as_html(self._cover.listed(href, place, kind=kind, first=first))


def add_macros(env: Environment) -> None:
    """Let the site's templates import the macros, behind whatever is there by that name."""

    def load(name: str) -> str | None:
        return package_text(f"theme/{MACROS}") if name == MACROS else None

    ours = FunctionLoader(load)
    env.loader = ChoiceLoader([env.loader, ours]) if env.loader else ours


def give_covers(pages: Iterable[Page], covers: Mapping[str, PageCover], rendered: Rendered) -> None:
    """Give each page its `page.cover`, `None` where there is none.

    Args:
        pages: of the site, or the excerpts in a blog's list.
        covers: by src_uri.
        rendered: what the addresses follow.
    """
    for page in pages:
        cover = covers.get(page.file.src_uri)
        theirs = None if cover is None else ThemeCover(cover, page.url, rendered)
        setattr(page, _ATTRIBUTE, theirs)


def blog_posts(context: Mapping[str, Any]) -> list[Page]:
    """Return the posts that Material's blog lists on a page; others give their own that name."""
    posts = context.get("posts")
    return [post for post in posts if isinstance(post, Page)] if isinstance(posts, list) else []


def list_covers(posts: Iterable[Page], kind: str) -> None:
    """Put the covers above the beginnings of a blog's posts."""
    first = True
    for post in posts:
        is_excerpt = post.file.page is not post  # an article's own text stays
        if is_excerpt and (cover := getattr(post, _ATTRIBUTE, None)):
            show: Callable[[bool], str] = getattr(cover, kind)
            # As plain text: markup would escape the beginning that it is added to.
            post.content, first = str(show(first)) + (post.content or ""), False


def list_tagged(page: Page, covers: Mapping[str, PageCover], rendered: Rendered) -> None:
    """Put small covers into Material's lists of tags on a page.

    Args:
        page: any one.
        covers: by the addresses of their pages, relative to the site's root.
        rendered: which page it is.
    """

    def cover_at(href: str) -> markup.Shown | None:
        url = urljoin(f"/{page.url}", href).partition("#")[0].lstrip("/")
        cover = covers.get(url)
        return cover.seen_from(rendered.place) if cover else None

    page.content = markup.with_tagged_covers(page.content or "", cover_at)


def _as_html(text: str) -> Markup:
    return Markup(text)  # noqa: S704  # every part of it was escaped
