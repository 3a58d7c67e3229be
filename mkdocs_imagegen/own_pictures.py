"""Authors' own pictures: how large they are, and the files that are made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from . import images
from .derived import derive, sort_files
from .errors import PictureError, StoreError
from .files import NOTHING_DERIVED, DerivedFiles
from .model import Order, Size
from .outputs import Original
from .settings import Settings
from .store import Store
from .titles import lettering_of

Read = Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class OwnPublished:
    """What is known of an own picture that the site publishes."""

    size: Size | None = None
    """`None` for what is no PNG, JPEG or WebP: it is published as it is, without its size."""
    made: DerivedFiles = NOTHING_DERIVED
    """What could be made of it, where the picture is ours to show."""


def publish_own(
    wanted: Sequence[tuple[Order, Read]], store: Store, settings: Settings
) -> dict[str, OwnPublished]:
    """Return what each article's own picture is, by src_uri.

    Args:
        wanted: the orders with own pictures on the site, and what reads each.
        store: where sizes and files are kept, by the pictures' digests.
        settings: of the site.
    """
    sizes = [_size(order, store, read) for order, read in wanted]
    originals: dict[str, tuple[Original, Read]] = {}
    for (order, read), size in zip(wanted, sizes, strict=True):
        if size and order.cover.own and order.cover.own.is_ours:
            originals[order.cover.article.src_uri] = _original(order, size, settings), read
    made = derive(
        [original for original, _ in originals.values()],
        [read for _, read in originals.values()],
        store,
        settings,
    )
    files = {article: sort_files(each) for article, each in zip(originals, made, strict=True)}
    articles = [order.cover.article.src_uri for order, _ in wanted]
    return {
        article: OwnPublished(size, files.get(article, NOTHING_DERIVED))
        for article, size in zip(articles, sizes, strict=True)
    }


def _size(order: Order, store: Store, read: Read) -> Size | None:
    """Return the size of a picture, remembered by its digest."""
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


def _original(order: Order, size: Size, settings: Settings) -> Original:
    assert order.own_digest is not None
    cover = order.cover
    return Original(
        order.own_digest,
        size,
        focus=cover.focus,
        ai=bool(cover.ai),
        lettering=lettering_of(cover, settings),
    )
