"""Covers on MkDocs pages: files registered, figures placed, link previews announced."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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
from .report.inventory import InventoryEntry, inventory_json
from .settings import Settings

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


def named_pictures(orders: Orders, files: Files) -> Pictures:
    """Return the files of own pictures, by the URI that the articles name.

    For a page that stands in for a translation, i18n may have its language's own picture there.
    """
    named = {order.own_uri for order in orders.orders if order.own_uri}
    found = {uri: files.get_file_from_path(uri) for uri in named}
    return {uri: file for uri, file in found.items() if file is not None}


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
    inventory: set[InventoryEntry],
) -> tuple[dict[str, PageCover], tuple[Diagnostic, ...]]:
    """Register the covers' files with MkDocs and return each page's cover by src_uri.

    `plan` is of these orders: it says which picture each article shows. `inventory` is of the whole
    build: it has the languages before this one, and takes in this one's.
    """
    published = engine.publish(plan)
    own_files = _own_files(orders, pictures)
    own_known = _own_known(engine, orders, own_files)
    theme = config.theme.name or ""
    covers: dict[str, PageCover] = {}
    to_register = [*published.replaced]
    previews: dict[tuple[str, str], CoverFile] = {}
    for order in orders.orders:
        src_uri = order.cover.article.src_uri
        if shown := published.files.get(src_uri):
            covers[src_uri], made = _ours(order, shown, theme), shown.made
            to_register.append(shown.main)
        elif order.cover.own and not _is_left_out(order, pictures):
            known = own_known.get(src_uri, OwnPublished())
            covers[src_uri], made = _own(order, own_files.get(src_uri), known, theme), known.made
        else:
            continue
        to_register += made.all
        if made.preview:
            previews[order.cover.article.locale, src_uri] = made.preview
        _announce_in_meta(src_uri, covers[src_uri], files)
    to_register += engine.former_previews(previews)
    diagnostics = list(published.diagnostics)
    for file in to_register:
        diagnostics += _register(file, config, files)
    if covers and not config.site_url:
        diagnostics.append(_without_address())
    inventory.update(bought_covers(plan, published.files, engine.lockfile))
    inventory.update(own_covers(orders, own_files))
    _register_texts(covers, inventory, engine.settings, config, files)
    return covers, tuple(diagnostics)


def _register_texts(
    covers: Mapping[str, PageCover],
    inventory: Collection[InventoryEntry],
    settings: Settings,
    config: MkDocsConfig,
    files: Files,
) -> None:
    """Register the stylesheet and the inventory, where there is something for them."""
    if covers:  # also what `image:` names: themes and lists may show it
        _style(config, files)
    if inventory:
        text = inventory_json(inventory, publish_prompts=settings.publish_prompts)
        _generate(INVENTORY, text, config, files)


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


def _ours(order: Order, files: CoverFiles, theme: str) -> PageCover:
    """Return the cover of a file of ours; a drawing shows the title, and what no author described.

    So the title is its alt, and the label that tells of AI would be wrong.
    """
    cover, file = order.cover, files.main
    return PageCover(
        file.asset_uri,
        alt=cover.article.title if file.drawn else cover.shown_alt,
        caption=cover.caption,
        label="" if file.drawn else cover.label,
        size=file.rendition.size,
        yields=file.drawn,
        shown=True,
        drawn=file.drawn,
        webp=_candidates((*files.made.narrower, file)),
        avif=_candidates(files.made.avif),
        colour=files.colour,
        preview=files.made.preview.asset_uri if files.made.preview else "",
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


def _own_known(
    engine: Engine, orders: Orders, own_files: Mapping[str, File]
) -> Mapping[str, OwnPublished]:
    """Return what is made of the authors' own pictures, by src_uri."""
    wanted = [
        (order, partial(getattr, own_files[src_uri], "content_bytes"))
        for order in orders.orders
        if (src_uri := order.cover.article.src_uri) in own_files
    ]
    return engine.own_pictures(wanted)


def _own(order: Order, file: File | None, known: OwnPublished, theme: str) -> PageCover:
    """Return the cover that an author's own picture is; `file`: `None` for one elsewhere."""
    cover, own = order.cover, order.cover.own
    assert own is not None
    url = file.url if file else own.ref
    widest_px = known.size.width_px if known.size else 0
    return PageCover(
        url,
        alt=cover.shown_alt,
        caption=cover.caption,
        label=cover.label,
        size=known.size,
        yields=not own.is_ours,
        shown=own.is_ours,
        webp=[*_candidates(known.made.narrower), (url, widest_px)],
        avif=_candidates(known.made.avif),
        colour=known.made.colour,
        preview=known.made.preview.asset_uri if known.made.preview else "",
        title=cover.article.title if own.is_ours else "",
        theme=theme,
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
