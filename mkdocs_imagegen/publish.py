"""From the store to files of the site: originals, their renditions, drawn stand-ins.

Costs no money. Pillow is imported only where a rendition is missing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from . import images
from .errors import ImagegenError, PictureError, StoreError
from .keys import digest, rendition_key, sketch_key
from .model import (
    Diagnostic,
    Order,
    Orders,
    OriginalDamaged,
    OriginalState,
    OriginalThere,
    Record,
    Rendition,
    Size,
    Sketch,
    StoreState,
)
from .plan import DAMAGE_HINT
from .providers import sketch
from .settings import Settings
from .store import Store

ASSETS = "assets/covers"
NAME_DIGITS = 32
"""Of the digest in a file's name: 128 bits, so that no two pictures can meet in one name."""


@dataclass(frozen=True, slots=True)
class CoverFile:
    """A cover's file on the site: copied from `path`, or written from `content`."""

    rendition: Rendition
    path: Path | None
    content: bytes | None = None
    drawn: bool = False

    @property
    def asset_uri(self) -> str:
        """The file's place on the site: its content decides its name."""
        return f"{ASSETS}/{self.rendition.digest[:NAME_DIGITS]}.{self.rendition.format}"


@dataclass(frozen=True, slots=True)
class Published:
    """The files of a build's covers by src_uri, and what could not be published."""

    files: Mapping[str, CoverFile]
    diagnostics: tuple[Diagnostic, ...] = ()


def look(orders: Orders, store: Store, settings: Settings, *, deep: bool = False) -> StoreState:
    """Return what the store has for these orders.

    An original without its rendition is read and held against its digest. With `deep` every one is,
    and decoded too: so `--rebuy` finds what is damaged though its length is right.
    """
    state: dict[str, OriginalState] = {}
    for order in orders.orders:
        key = order.request_key
        if key and key not in state and (found := _look_at(key, store, settings, deep=deep)):
            state[key] = found
    return state


def publish(orders: Iterable[Order], store: Store, settings: Settings) -> Published:
    """Return a file for each order but own pictures, making the renditions that are missing.

    What was not bought is drawn, in the size that was asked for.
    """
    wanted = [order for order in orders if order.request_key]
    sources = [_source(order, store, settings) for order in wanted]
    ready = [_ready(source, store) for source in sources]
    missing = [n for n, file in enumerate(ready) if file is None]
    diagnostics: list[Diagnostic] = []
    for n, made in zip(missing, _make_all([sources[n] for n in missing], store), strict=True):
        if isinstance(made, ImagegenError):
            diagnostics.append(_unpublished(wanted[n], made))
            stand_in = _drawn(wanted[n], settings)
            made = _ready(stand_in, store) or _make(stand_in, store)
        ready[n] = made
    files = {
        order.cover.article.src_uri: file for order, file in zip(wanted, ready, strict=True) if file
    }
    return Published(files, tuple(diagnostics))


def own_size(order: Order, store: Store, read: Callable[[], bytes]) -> Size | None:
    """Return the size of an author's own picture, remembered by its digest.

    `None` for what is no PNG, JPEG or WebP: it is published as it is, without its size.
    """
    assert order.own_digest is not None
    if known := store.picture_size(order.own_digest):
        return known
    try:
        size = images.measure(read()).size
    except PictureError:
        return None
    with suppress(StoreError):  # a read-only store: measured again next time
        store.remember_size(order.own_digest, size)
    return size


@dataclass(frozen=True, slots=True)
class _Source:
    """What one file is made of, and the key it is kept under."""

    key: str
    make: Callable[[], tuple[Rendition, bytes | None]]
    """Returns the bytes too, unless they are the original's own."""
    drawn: bool


def _look_at(key: str, store: Store, settings: Settings, *, deep: bool) -> OriginalState | None:
    try:
        record = store.record(key)
    except StoreError as error:
        return OriginalDamaged(f"not readable ({error.message})")
    if record is None:
        return None
    if damage := store.damage(record):
        return OriginalDamaged(damage, record.digest)
    rendered = store.rendition(_rendition_key(record, settings)) is not None
    if rendered and not deep:
        return OriginalThere(record.digest, rendered=True)
    try:
        data = store.read_original(record)
        if deep or images.sniff(data) is None:
            images.inspect(data)
    except ImagegenError as error:
        return OriginalDamaged(error.message, record.digest)
    return OriginalThere(record.digest, rendered)


def _source(order: Order, store: Store, settings: Settings) -> _Source:
    record = None if settings.provider == "sketch" else _intact(order, store)
    if record is None:
        return _drawn(order, settings)
    return _Source(
        _rendition_key(record, settings),
        lambda: _render(record, store, settings),
        drawn=False,
    )


def _intact(order: Order, store: Store) -> Record | None:
    assert order.request_key is not None
    try:
        record = store.record(order.request_key)
    except StoreError:
        return None  # make_plan has told of it
    return record if record and not store.damage(record) else None


def _rendition_key(record: Record, settings: Settings) -> str:
    return _key_of(record.digest, settings.webp_quality)


@cache  # asked for when the store is looked at, and again when its files are published
def _key_of(original_digest: str, webp_quality: int) -> str:
    return rendition_key(original_digest, webp_quality=webp_quality, encoder=images.encoder())


def _render(record: Record, store: Store, settings: Settings) -> tuple[Rendition, bytes | None]:
    """Make the WebP of an original; one that is WebP already stays as the endpoint sent it."""
    data = store.read_original(record)
    if images.sniff(data) == "webp":
        size = images.inspect(data).size
        return Rendition(record.digest, size, "webp", len(data)), None
    webp, size = images.to_webp(data, quality=settings.webp_quality)
    return Rendition(digest(webp), size, "webp", len(webp)), webp


def _drawn(order: Order, settings: Settings) -> _Source:
    article = order.cover.article
    asked = Sketch(article.title, article.section, settings.site.palette, order.cover.size)

    def make() -> tuple[Rendition, bytes]:
        webp = sketch.draw(asked)
        return Rendition(digest(webp), asked.size, "webp", len(webp)), webp

    return _Source(sketch_key(asked, encoder=sketch.encoder()), make, drawn=True)


def _ready(source: _Source, store: Store) -> CoverFile | None:
    found = store.find_rendition(source.key)
    return CoverFile(*found, drawn=source.drawn) if found else None


def _make_all(sources: Sequence[_Source], store: Store) -> list[CoverFile | ImagegenError]:
    """Make files on all cores: Pillow lets other threads run while it encodes."""

    def attempt(source: _Source) -> CoverFile | ImagegenError:
        try:
            return _make(source, store)
        except (PictureError, StoreError) as error:
            return error

    if not sources:
        return []
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(attempt, sources))


def _make(source: _Source, store: Store) -> CoverFile:
    rendition, data = source.make()
    try:
        store.put_rendition(source.key, rendition, data)
    except StoreError:  # a read-only store still serves its originals
        if data is not None:
            return CoverFile(rendition, None, data, drawn=source.drawn)
    return CoverFile(rendition, store.rendition_path(rendition), drawn=source.drawn)


def _unpublished(order: Order, error: ImagegenError) -> Diagnostic:
    return Diagnostic(
        "warning",
        f"the cover that was paid for can't be published: {error.message}",
        article=order.cover.article.src_uri,
        hint=DAMAGE_HINT,
    )
