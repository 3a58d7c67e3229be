"""What is made of an original beside its WebP: narrower ones, AVIF, the link preview's JPEG.

Each is kept by a key of its own and never made twice. An original is decoded once for all of its
files, and no more originals at once than there are cores.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from . import images
from .errors import PictureError, StoreError
from .files import CoverFile, CoverFiles, found_whole
from .keys import digest, rendition_key
from .model import Rendition, Size
from .settings import Settings
from .store import Store

PREVIEW = images.PREVIEW_SIZE
"""What link previews show, and their crawlers ask for."""
CAP_BYTES = 400_000
"""Of one file: beyond it the quality is lowered."""


@dataclass(frozen=True, slots=True)
class Output:
    """One file that is made of an original."""

    format: Literal["webp", "avif", "jpeg"]
    width_px: int
    is_preview: bool = False

    def __str__(self) -> str:
        return f"{self.format} {PREVIEW if self.is_preview else self.width_px}"


@dataclass(frozen=True, slots=True)
class Original:
    """A picture that files are made of."""

    digest: str
    size: Size
    """As it is shown, cropped to the shape that was asked for."""
    read: Callable[[], bytes]
    """Returns its bytes, held against their digest."""
    asked: Size | None = None
    focus: tuple[float, float] | None = None
    ai: bool = True
    only_preview: bool = False
    """Whether nothing but the link preview is made of it, as of an author's own picture."""


Derived = dict[Output, CoverFile]


def outputs_of(original: Original, settings: Settings) -> tuple[Output, ...]:
    """Return what is made of a picture: never wider than it is."""
    # A preview has an absolute address.
    preview = [Output("jpeg", PREVIEW.width_px, is_preview=True)] if settings.site.url else []
    if original.only_preview:
        return tuple(preview)
    widest = original.size.width_px
    narrower = [width for width in settings.widths if width < widest]
    webp = [Output("webp", width) for width in narrower]
    avif = [Output("avif", width) for width in (*narrower, widest)] if settings.avif else []
    return (*webp, *avif, *preview)


def derive(originals: Sequence[Original], store: Store, settings: Settings) -> list[Derived]:
    """Return each original's files, making those that are missing.

    What can't be made is left out: the page does without it.
    """
    found = [_found(original, store, settings) for original in originals]
    missing = [
        n
        for n, (original, files) in enumerate(zip(originals, found, strict=True))
        if len(files) < len(outputs_of(original, settings))
    ]
    if missing:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow lets other threads run
            made = pool.map(
                lambda n: _made(originals[n], found[n], store, settings), missing, chunksize=1
            )
            for n, files in zip(missing, made, strict=True):
                found[n] |= files
    return found


def _found(original: Original, store: Store, settings: Settings) -> Derived:
    files = {}
    for output in outputs_of(original, settings):
        file = found_whole(store, _key(original, output, settings))
        if file is not None:
            files[output] = file
    return files


def _made(original: Original, found: Derived, store: Store, settings: Settings) -> Derived:
    files: Derived = {}
    with suppress(PictureError, StoreError):
        data = original.read()
        asked = original.asked
        crop = images.crop_box(images.measure(data).size, asked) if asked else None
        picture = images.decoded(data, crop=crop)
        for output in outputs_of(original, settings):
            if output not in found:
                rendition, made = _encoded(picture, output, original, settings)
                files[output] = _kept(_key(original, output, settings), rendition, made, store)
    return files


def _encoded(
    picture: images.Decoded, output: Output, original: Original, settings: Settings
) -> tuple[Rendition, bytes]:
    if output.is_preview:
        made, size = images.preview(picture, focus=original.focus, ai=original.ai), PREVIEW
    else:
        encode = images.webp if output.format == "webp" else images.avif
        made, size = encode(
            picture,
            width_px=output.width_px,
            quality=settings.webp_quality,
            cap_bytes=CAP_BYTES,
            ai=original.ai,
        )
    return Rendition(digest(made), size, output.format, len(made), picture.colour), made


def _kept(key: str, rendition: Rendition, data: bytes, store: Store) -> CoverFile:
    try:
        store.put_rendition(key, rendition, data)
    except StoreError:  # a read-only store: made again next time
        return CoverFile(rendition, None, data)
    return CoverFile(rendition, store.rendition_path(rendition))


def _key(original: Original, output: Output, settings: Settings) -> str:
    return rendition_key(
        original.digest,
        webp_quality=0 if output.is_preview else settings.webp_quality,
        encoder=images.encoder(),
        asked=original.asked,
        output=str(output) if original.ai else f"{output} by hand",
        focus=original.focus if output.is_preview else None,
    )


def cover_files(main: CoverFile, derived: Derived) -> CoverFiles:
    """Return a cover's files, sorted by what they are for."""
    previews = [file for output, file in derived.items() if output.is_preview]
    return CoverFiles(
        main,
        narrower=_by_width(derived, "webp"),
        avif=_by_width(derived, "avif"),
        preview=previews[0] if previews else None,
    )


def _by_width(derived: Derived, format: str) -> tuple[CoverFile, ...]:
    """Return the files of one format that browsers choose from, the narrowest first."""
    chosen = [
        file
        for output, file in derived.items()
        if output.format == format and not output.is_preview
    ]
    return tuple(sorted(chosen, key=lambda file: file.rendition.size.width_px))
