"""Covers on MkDocs pages: files registered, figures placed, link previews announced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace
from functools import partial

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel

from . import markup
from .engine import Engine
from .files import ASSETS, CoverFile, CoverFiles
from .inventory import bought_covers, own_covers
from .keys import digest
from .model import Diagnostic, Order, Orders, Plan
from .own_pictures import OwnPublished
from .packaged import package_text
from .page_cover import PageCover
from .report.inventory import inventory_json

STYLESHEET = f"{ASSETS}/cover.css"
INVENTORY = f"{ASSETS}/covers.json"
Pictures = Mapping[str, File]
"""Files of the site by src_uri, with those that a plugin publishes in place of MkDocs."""
OPTIMIZERS = ("material/optimize", "materialx/optimize", "optimize")
"""Plugins that take pictures out of MkDocs' hands and publish smaller ones under their names."""


def pictures_taken_away(files: Files, config: MkDocsConfig) -> Pictures:
    """Return the pictures that another plugin is about to publish in place of MkDocs.

    Copies, as that plugin's threads change where its files are read from.
    """
    if not any(name in config.plugins for name in OPTIMIZERS):
        return {}
    return {file.src_uri: copy(file) for file in files.media_files()}


def check_own_pictures(orders: Orders, pictures: Pictures) -> Orders:
    """Return the orders with what is to be told of own pictures that MkDocs will not publish."""
    told = tuple(_left_out(order) for order in orders.orders if _is_left_out(order, pictures))
    return replace(orders, diagnostics=orders.diagnostics + told)


def place_covers(
    engine: Engine,
    orders: Orders,
    plan: Plan,
    config: MkDocsConfig,
    files: Files,
    pictures: Pictures,
) -> tuple[dict[str, PageCover], tuple[Diagnostic, ...]]:
    """Register the covers' files with MkDocs and return each page's cover by src_uri.

    `plan` is of these orders: it says which picture each article shows.
    """
    published = engine.publish(plan)
    own_files = _own_files(orders, pictures)
    own_known = engine.own_pictures(
        [
            (order, partial(getattr, own_files[uri], "content_bytes"))
            for order in orders.orders
            if (uri := order.cover.article.src_uri) in own_files
        ]
    )
    diagnostics = list(published.diagnostics)
    covers: dict[str, PageCover] = {}
    for order in orders.orders:
        src_uri = order.cover.article.src_uri
        if file := published.files.get(src_uri):
            stands_in = engine.settings.provider != "sketch"
            covers[src_uri] = _ours(order, file, config.theme.name or "", stands_in=stands_in)
            for each in file.all:
                diagnostics += _register(each, config, files)
        elif order.cover.own and not _is_left_out(order, pictures):
            known = own_known.get(src_uri, OwnPublished(None))
            covers[src_uri] = _own(order, own_files.get(src_uri), known)
            if known.preview:
                diagnostics += _register(known.preview, config, files)
        else:
            continue
        _announce_in_meta(src_uri, covers[src_uri], files)
    for each in published.replaced:
        diagnostics += _register(each, config, files)
    if any(cover.shown for cover in covers.values()):
        _style(config, files)
    if covers and not config.site_url:
        diagnostics.append(_without_address())
    told = [*bought_covers(plan, published.files, engine.lockfile), *own_covers(orders)]
    if told:
        text = inventory_json(told, publish_prompts=engine.settings.publish_prompts)
        _generate(INVENTORY, text, config, files)
    return covers, tuple(diagnostics)


def _without_address() -> Diagnostic:
    return Diagnostic(
        "info",
        "there is no site_url, so link previews show no covers; "
        "to change that: site_url: https://example.com/",
        article="mkdocs.yml",
        key="site_url",
    )


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


def _ours(order: Order, files: CoverFiles, theme: str, *, stands_in: bool) -> PageCover:
    """Return the cover of a file of ours; a drawing that stands in shows what no author described.

    So its alt is the title that it shows, and the label that tells of AI would be wrong.
    """
    cover, file = order.cover, files.main
    other = file.drawn and stands_in
    return PageCover(
        file.asset_uri,
        alt=cover.article.title if other else cover.shown_alt,
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
        theme=theme,
    )


def _candidates(files: Iterable[CoverFile]) -> markup.Candidates:
    return [(file.asset_uri, file.rendition.size.width_px) for file in files]


def _own_files(orders: Orders, pictures: Pictures) -> dict[str, File]:
    """Return the files of the authors' own pictures, by their articles' src_uri."""
    return {
        order.cover.article.src_uri: pictures[order.own_uri]
        for order in orders.orders
        if order.own_uri and not _is_left_out(order, pictures)
    }


def _own(order: Order, file: File | None, known: OwnPublished) -> PageCover:
    """Return the cover that an author's own picture is; `file`: `None` for one elsewhere."""
    cover, own = order.cover, order.cover.own
    assert own is not None
    return PageCover(
        file.url if file else own.ref,
        alt=cover.shown_alt,
        caption=cover.caption,
        label=cover.label,
        size=known.size,
        yields=not own.is_ours,
        shown=own.is_ours,
        preview=known.preview.asset_uri if known.preview else "",
        title=cover.article.title if own.is_ours else "",
    )


def _is_left_out(order: Order, pictures: Pictures) -> bool:
    if order.own_uri is None:
        return False
    file = pictures.get(order.own_uri)
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
    generated = File.generated(
        config, file.asset_uri, abs_src_path=str(file.path), inclusion=InclusionLevel.INCLUDED
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
