"""From the store to files of the site: originals, their renditions, drawn stand-ins.

Costs no money. Pillow is imported only where a rendition is missing.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache

from . import images
from .derived import CAP_BYTES, Original, cover_files, derive
from .errors import ImagegenError, PictureError, StoreError
from .files import CoverFile, CoverFiles, found_whole, is_whole
from .holdings import find, sound_record
from .keys import digest, rendition_key, sketch_key
from .model import (
    Action,
    Diagnostic,
    Entry,
    Lockfile,
    Order,
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


@dataclass(frozen=True, slots=True)
class Published:
    """The files of a build's covers by src_uri, and what could not be published."""

    files: Mapping[str, CoverFiles]
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def main(self) -> Mapping[str, CoverFile]:
        """The WebP of each cover, as wide as its original."""
        return {src_uri: files.main for src_uri, files in self.files.items()}


def look(
    needed: Mapping[str, Sequence[Entry]],
    store: Store,
    settings: Settings,
    *,
    deep: bool = False,
) -> StoreState:
    """Return what the store has of these originals.

    An original without its rendition is read and held against its digest. With `deep` every one is,
    and decoded too: so `--rebuy` finds what is damaged though its length is right.

    Args:
        needed: request keys, with the lockfile's entries that name them.
        store: to look into.
        settings: of the renditions.
        deep: read every original.
    """
    looked = {
        key: _look_at(key, expected, store, settings, deep=deep) for key, expected in needed.items()
    }
    return {key: state for key, state in looked.items() if state}


def publish(
    actions: Iterable[Action], lockfile: Lockfile, store: Store, settings: Settings
) -> Published:
    """Return the files of each cover but own pictures, making the renditions that are missing.

    What was not bought is drawn, in the size that was asked for. An original that is not the one
    that the lockfile names is not published.
    """
    paid: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in lockfile.entries:
        if entry.approved:
            paid[entry.approved.request_key].append(entry)
    wanted = [action for action in actions if action.request_key]
    sources = [_source(action, paid, store, settings) for action in wanted]
    ready = [_ready(source, store) for source in sources]
    missing = {
        n: source
        for n, source in enumerate(sources)
        if isinstance(source, _Source) and ready[n] is None
    }
    diagnostics: list[Diagnostic] = []
    for n, made in zip(missing, _make_all([*missing.values()], store), strict=True):
        if isinstance(made, ImagegenError):
            diagnostics.append(_unpublished(wanted[n], made))
            stand_in = _drawn(wanted[n], settings)
            made = _ready(stand_in, store) or _make(stand_in, store)
        ready[n] = made
    files = _with_derived(wanted, sources, ready, store, settings)
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


def _with_derived(
    wanted: Sequence[Action],
    sources: Sequence[_Source | CoverFile],
    ready: Sequence[CoverFile | None],
    store: Store,
    settings: Settings,
) -> dict[str, CoverFiles]:
    """Return each article's files; of what was bought also those that are made of it."""
    originals: dict[int, Original] = {}
    for n, (action, source, file) in enumerate(zip(wanted, sources, ready, strict=True)):
        size, focus = file.rendition.size if file else None, action.cover.focus
        if not file or not size or not isinstance(source, _Source):
            continue
        if source.record:
            originals[n] = _original(source.record, size, focus, store)
        elif file.drawn:
            originals[n] = _drawing(file)
    derived = dict(zip(originals, derive([*originals.values()], store, settings), strict=True))
    return {
        action.article: cover_files(file, derived.get(n, {}))
        for n, (action, file) in enumerate(zip(wanted, ready, strict=True))
        if file
    }


def _drawing(file: CoverFile) -> Original:
    """Return a drawn cover, of which only the link preview is made."""

    def read() -> bytes:
        return file.path.read_bytes() if file.path else file.content or b""

    return Original(file.rendition.digest, file.rendition.size, read, ai=False, only_preview=True)


def _original(
    record: Record, size: Size, focus: tuple[float, float] | None, store: Store
) -> Original:
    return Original(
        record.digest, size, lambda: store.read_original(record), _asked(record), focus, ai=True
    )


def own_preview(
    order: Order, size: Size, store: Store, settings: Settings, read: Callable[[], bytes]
) -> CoverFile | None:
    """Return the link preview's JPEG of an author's own picture, `None` where none can be made."""
    assert order.own_digest is not None
    cover = order.cover
    original = Original(
        order.own_digest, size, read, focus=cover.focus, ai=bool(cover.ai), only_preview=True
    )
    (derived,) = derive([original], store, settings)
    return next(iter(derived.values()), None)


@dataclass(frozen=True, slots=True)
class _Source:
    """What one file is made of, and the key it is kept under."""

    key: str
    make: Callable[[], tuple[Rendition, bytes | None]]
    """Returns the bytes too, unless they are the original's own."""
    drawn: bool
    record: Record | None = None
    """Of the original."""


def _look_at(
    key: str, entries: Sequence[Entry], store: Store, settings: Settings, *, deep: bool
) -> OriginalState | None:
    found = find(store, key, entries, brief=True)
    if not isinstance(found, Record):
        return found
    rendered = store.rendition(_rendition_key(found, settings), found) is not None
    if rendered and not deep:
        return OriginalThere(found.digest, rendered=True)
    try:
        data = store.read_original(found)
        if deep or images.sniff(data) is None:
            images.inspect(data)
    except ImagegenError as error:
        return OriginalDamaged(error.message, found.digest)
    return OriginalThere(found.digest, rendered)


def _source(
    action: Action, paid: Mapping[str, Sequence[Entry]], store: Store, settings: Settings
) -> _Source | CoverFile:
    if settings.provider == "sketch":
        return _drawn(action, settings)
    approved = action.keeps
    key = approved.request_key if approved else action.request_key
    assert key is not None
    entries = paid.get(key, ())
    record = sound_record(store, key, entries)
    if record is not None:
        return _Source(
            _rendition_key(record, settings),
            lambda: _render(record, store, settings, known=bool(entries)),
            drawn=False,
            record=record,
        )
    for entry in entries:
        assert entry.approved is not None
        original = entry.approved.digest
        # Of a lost original, what was made of it may still be there; not the original itself.
        made = found_whole(store, _key_of(original, entry.approved.size, settings))
        if made is not None and made.rendition.digest != original:
            return made
    return _drawn(action, settings)


def _rendition_key(record: Record, settings: Settings) -> str:
    return _key_of(record.digest, _asked(record), settings)


def _key_of(original_digest: str, asked: Size | None, settings: Settings) -> str:
    return _key_with(original_digest, asked, settings.webp_quality, settings.keep_metadata)


@cache  # asked for when the store is looked at, and again when its files are published
def _key_with(
    original_digest: str, asked: Size | None, webp_quality: int, keep_metadata: bool
) -> str:
    return rendition_key(
        original_digest,
        webp_quality=webp_quality,
        encoder=images.encoder(),
        asked=asked,
        keep_metadata=keep_metadata,
    )


def _asked(record: Record) -> Size | None:
    """Return the size that a picture was asked for in, where the record tells."""
    sent = record.sent.get("size")
    return _parsed(sent) if isinstance(sent, str) else None


@cache  # few sizes, and each of many records has one
def _parsed(size: str) -> Size | None:
    try:
        return Size.parse(size)
    except ValueError:
        return None


def _render(
    record: Record, store: Store, settings: Settings, *, known: bool
) -> tuple[Rendition, bytes | None]:
    """Make the WebP of an original; one that is WebP already keeps its pixels as they were sent.

    What came in another shape than was asked for is cropped to that.
    `known`: the lockfile has its digest, so it was decoded when it was bought.
    """
    data = store.read_original(record)
    asked = _asked(record)
    crop = images.crop_box(images.measure(data).size, asked) if asked else None
    if crop is None and images.sniff(data) == "webp":
        shown = data if settings.keep_metadata else images.without_metadata(data)
        if shown is not None:
            size = (images.measure(shown) if known else images.inspect(shown)).size
            copy = None if shown is data else shown
            return Rendition(digest(shown), size, "webp", len(shown)), copy
    picture = images.decoded(data, crop=crop)
    webp, size = images.webp(
        picture, width_px=None, quality=settings.webp_quality, cap_bytes=CAP_BYTES, ai=True
    )
    return Rendition(digest(webp), size, "webp", len(webp), picture.colour), webp


def _drawn(action: Action, settings: Settings) -> _Source:
    article = action.cover.article
    asked = Sketch(article.title, article.section, settings.site.palette, action.cover.size)

    def make() -> tuple[Rendition, bytes]:
        webp = sketch.draw(asked)
        return Rendition(digest(webp), asked.size, "webp", len(webp)), webp

    return _Source(sketch_key(asked, encoder=sketch.encoder()), make, drawn=True)


def _ready(source: _Source | CoverFile, store: Store) -> CoverFile | None:
    if isinstance(source, CoverFile):
        return source
    found = found_whole(store, source.key)  # where it is not, making it anew tells why
    return replace(found, drawn=source.drawn) if found else None


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
    path = store.rendition_path(rendition)
    if not is_whole(rendition, path):
        raise StoreError("other bytes lie in the place of what was made of it")
    return CoverFile(rendition, path, drawn=source.drawn)


def _unpublished(action: Action, error: ImagegenError) -> Diagnostic:
    return Diagnostic(
        "warning",
        f"the cover that was paid for can't be published: {error.message}",
        article=action.article,
        hint=DAMAGE_HINT,
    )
