"""Covers on MkDocs pages: files registered, figures placed, link previews announced."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.utils import get_relative_url

from . import markup
from .derived import PREVIEW
from .engine import Engine, package_text
from .files import ASSETS, CoverFile, CoverFiles
from .inventory import bought_covers, own_covers
from .keys import digest
from .model import Diagnostic, Order, Orders, Plan, Size
from .report.inventory import inventory_json

OWN_KEY = "cover"
"""Own pictures under this key are ours to show; one under `image:` the theme may show itself."""
STYLESHEET = f"{ASSETS}/cover.css"
INVENTORY = f"{ASSETS}/covers.json"
_PICTURE_TYPES = {
    **{ending: f"image/{ending[1:]}" for ending in (".webp", ".png", ".jpeg", ".gif", ".avif")},
    ".jpg": "image/jpeg",
    ".svg": "image/svg+xml",
}
"""Not from `mimetypes`: what it knows differs between machines, and it reads their files first."""


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

    def inserted(
        self, content: str, page_url: str, position: Literal["above_title", "below_title"] | None
    ) -> str:
        """Return the article's HTML with the figure in it."""
        if position is None or not self.shown:
            return content
        figure = markup.figure(self.seen_from(page_url), caption=self.caption, label=self.label)
        return markup.insert_figure(content, figure, position)

    def listed(self, href: str, page_url: str, *, kind: str, first: bool) -> str:
        """Return the cover for a list of articles on another page."""
        return markup.list_figure(
            self.seen_from(page_url), href, kind=kind, first=first, label=self.label
        )

    def seen_from(self, page_url: str) -> markup.Shown:
        """Return the picture with the addresses that a page needs."""

        def relative(url: str) -> str:
            return url if _is_address(url) else get_relative_url(url, page_url)

        return markup.Shown(
            relative(self.url),
            self.size,
            self.alt,
            webp=[(relative(url), width) for url, width in self.webp],
            avif=[(relative(url), width) for url, width in self.avif],
            colour=self.colour,
        )

    def announced(self, page: str, site_url: str) -> str:
        """Return the page's HTML with this cover in its head; unchanged without a site_url."""
        url, size = (self.preview, PREVIEW) if self.preview else (self.url, self.size)
        # mike leaves the slash out, others write it.
        absolute = url if _is_address(url) or not site_url else f"{site_url.rstrip('/')}/{url}"
        if not _is_address(absolute) or (self.yields and markup.has_preview(page)):
            return page
        ending = posixpath.splitext(urlsplit(url).path)[1].lower()
        mime = _PICTURE_TYPES.get(ending, "")
        preview = markup.Preview(absolute, mime, self.alt, size, self.title)
        return markup.with_preview(page, preview)


def check_own_pictures(orders: Orders, files: Files) -> Orders:
    """Return the orders with what is to be told of own pictures that MkDocs will not publish."""
    told = tuple(_left_out(order) for order in orders.orders if _is_left_out(order, files))
    return replace(orders, diagnostics=orders.diagnostics + told)


def place_covers(
    engine: Engine, orders: Orders, plan: Plan, config: MkDocsConfig, files: Files
) -> tuple[dict[str, PageCover], tuple[Diagnostic, ...]]:
    """Register the covers' files with MkDocs and return each page's cover by src_uri.

    `plan` is of these orders: it says which picture each article shows.
    """
    published = engine.publish(plan)
    if published.files:
        _style(config, files)
    diagnostics = list(published.diagnostics)
    covers: dict[str, PageCover] = {}
    for order in orders.orders:
        src_uri = order.cover.article.src_uri
        if file := published.files.get(src_uri):
            covers[src_uri] = _ours(order, file, stands_in=engine.settings.provider != "sketch")
            for each in file.all:
                diagnostics += _register(each, config, files)
        elif order.cover.own and not _is_left_out(order, files):
            covers[src_uri], preview = _own(engine, order, files)
            if preview:
                diagnostics += _register(preview, config, files)
        else:
            continue
        _announce_in_meta(src_uri, covers[src_uri], files)
    told = [*bought_covers(plan, published.files, engine.lockfile), *own_covers(orders)]
    if told:
        text = inventory_json(told, publish_prompts=engine.settings.publish_prompts)
        _generate(INVENTORY, text, config, files)
    return covers, tuple(diagnostics)


def _generate(uri: str, text: str, config: MkDocsConfig, files: Files) -> None:
    """Register a file of ours with this content, in place of one of that name."""
    if there := files.src_uris.get(uri):
        files.remove(there)
    included = InclusionLevel.INCLUDED
    files.append(File.generated(config, uri, content=text, inclusion=included))


def _style(config: MkDocsConfig, files: Files) -> None:
    """Register the covers' stylesheet, below those of the site."""
    if STYLESHEET not in files.src_uris:
        _generate(STYLESHEET, package_text("data/cover.css"), config, files)
    if STYLESHEET not in config.extra_css:
        config.extra_css.insert(0, STYLESHEET)


def _ours(order: Order, files: CoverFiles, *, stands_in: bool) -> PageCover:
    """Return the cover of a file of ours; a drawing that stands in shows what no author described.

    So its alt is the title that it shows, and the label that tells of AI would be wrong.
    """
    cover, file = order.cover, files.main
    other = file.drawn and stands_in
    return PageCover(
        file.asset_uri,
        alt=cover.article.title if other else cover.alt or cover.article.title,
        caption=cover.caption,
        label="" if file.drawn else cover.label,
        size=file.rendition.size,
        yields=file.drawn,
        shown=True,
        drawn=file.drawn,
        webp=_candidates((*files.narrower, file)),
        avif=_candidates(files.avif),
        colour=files.colour,
        preview=files.preview.asset_uri if files.preview else "",
        title=cover.article.title,
    )


def _candidates(files: Iterable[CoverFile]) -> markup.Candidates:
    return [(file.asset_uri, file.rendition.size.width_px) for file in files]


def _own(engine: Engine, order: Order, files: Files) -> tuple[PageCover, CoverFile | None]:
    """Return an author's own picture, and the JPEG of it for link previews."""
    own = order.cover.own
    assert own is not None
    file = files.get_file_from_path(order.own_uri) if order.own_uri else None
    size = engine.own_size(order, lambda: file.content_bytes) if file else None
    ours = own.key == OWN_KEY
    preview = None
    if file and size and ours:
        preview = engine.own_preview(order, size, lambda: file.content_bytes)
    url = file.url if file else own.ref
    shown = PageCover(
        url,
        alt=order.cover.alt or order.cover.article.title,
        caption=order.cover.caption,
        label=order.cover.label,
        size=size,
        yields=not ours,
        shown=ours,
        preview=preview.asset_uri if preview else "",
        title=order.cover.article.title if ours else "",
    )
    return shown, preview


def _is_left_out(order: Order, files: Files) -> bool:
    if order.own_uri is None:
        return False
    file = files.get_file_from_path(order.own_uri)
    return file is None or not file.inclusion.is_included()


def _left_out(order: Order) -> Diagnostic:
    own = order.cover.own
    assert own is not None
    return Diagnostic(
        "warning",
        f"{own.key}: {own.ref} is left out of the site, so there is no cover",
        article=order.cover.article.src_uri,
        key=own.key,
        line=own.line,
        hint=f"take {order.own_uri} out of exclude_docs, and start none of its names with a dot",
    )


def _register(file: CoverFile, config: MkDocsConfig, files: Files) -> tuple[Diagnostic, ...]:
    """Add a cover's file to the site, once however many articles share it."""
    there = files.src_uris.get(file.asset_uri)
    if there is not None and there.generated_by:
        return ()
    # `apply --write` puts the same file there.
    same = there is None or digest(there.content_bytes) == file.rendition.digest
    told = () if same else (_overridden(file.asset_uri),)
    if there is not None:
        files.remove(there)
    if file.path:
        generated = File.generated(
            config, file.asset_uri, abs_src_path=str(file.path), inclusion=InclusionLevel.INCLUDED
        )
    else:
        generated = File.generated(
            config,
            file.asset_uri,
            content=file.content or b"",
            inclusion=InclusionLevel.INCLUDED,
        )
    files.append(generated)
    return told


def _overridden(asset_uri: str) -> Diagnostic:
    return Diagnostic(
        "warning",
        "this file of docs_dir stands where a cover is published, and is left out",
        article=asset_uri,
        hint="move it out of assets/covers/",
    )


def _announce_in_meta(src_uri: str, cover: PageCover, files: Files) -> None:
    """Set `image` in the page's meta, for feeds and themes; an author's own `image:` stays."""
    file = files.src_uris.get(src_uri)
    if cover.shown and file is not None and file.page is not None:
        file.page.meta["image"] = cover.url


def _is_address(url: str) -> bool:
    return url.startswith(("http://", "https://"))
