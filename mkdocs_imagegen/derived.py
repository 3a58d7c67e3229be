"""Files made of pictures: what the store has is taken, what is missing is made on all cores.

Each file is kept by a key of its own and never made twice; each picture is decoded once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from . import images
from .errors import PictureError, StoreError
from .files import CAP_BYTES, CoverFile, CoverFiles, DerivedFiles, found_whole, is_whole
from .keys import digest
from .model import Rendition
from .outputs import PREVIEW, Original, Output, output_key, outputs_of
from .settings import Settings
from .sources import Source
from .store import Store
from .workbench import Opened, PixelGate, on_all_cores

Derived = dict[Output, CoverFile]


@dataclass(frozen=True, slots=True)
class Developed:
    """A cover's files, as they were found or made."""

    files: CoverFiles
    made: bool = False
    """Whether any of them was made just now."""


Trouble = PictureError | StoreError


def develop(
    sources: Sequence[Source], store: Store, settings: Settings
) -> list[Developed | Trouble]:
    """Return the files of each source, or why there is no WebP of it.

    Any other file that can't be made is left out: the page does without it.
    """
    gate = PixelGate()

    def attempt(sharing: Sequence[Source]) -> list[Developed | Trouble]:
        first = sharing[0]
        with Opened(first.read, first.asked, gate=gate) as opened:
            try:
                main = _main_found(first, store) or _main(first, opened, store)
            except (PictureError, StoreError) as error:
                return [error] * len(sharing)
            originals = (source.original(main.rendition) for source in sharing)
            made = (_complete(original, opened, store, settings) for original in originals)
            return [Developed(CoverFiles(main, sort_files(files)), made=True) for files in made]

    identities = [source.identity for source in sources]  # each is a hash or two
    done: dict[object, Developed | Trouble] = {}
    missing: defaultdict[str, list[Source]] = defaultdict(list)
    for identity, source in dict(zip(identities, sources, strict=True)).items():
        if files := _found(source, store, settings):
            done[identity] = Developed(files)
        else:  # what articles share is made once, by one thread
            missing[source.key].append(source)
    made = on_all_cores(attempt, [*missing.values()])
    for sharing, results in zip(missing.values(), made, strict=True):
        done |= zip((source.identity for source in sharing), results, strict=True)
    return [done[identity] for identity in identities]


def derive(
    originals: Sequence[Original],
    reads: Sequence[Callable[[], bytes]],
    store: Store,
    settings: Settings,
) -> list[Derived]:
    """Return the files of each original but the WebP in full width; what can't be made is left out.

    Args:
        originals: what they are made of.
        reads: return the originals' bytes.
        store: where the files are kept.
        settings: of the files.
    """
    gate = PixelGate()

    def attempt(n: int) -> Derived:
        original = originals[n]
        with Opened(reads[n], original.asked, gate=gate) as opened:
            return _complete(original, opened, store, settings)

    found = [_derived_found(original, store, settings) for original in originals]
    wanted = [len(outputs_of(original, settings)) for original in originals]
    missing = [n for n, files in enumerate(found) if len(files) < wanted[n]]
    for n, files in zip(missing, on_all_cores(attempt, missing), strict=True):
        found[n] = files
    return found


def _found(source: Source, store: Store, settings: Settings) -> CoverFiles | None:
    """Return the files of a source where the store has all of them."""
    main = _main_found(source, store)
    if main is None:
        return None
    original = source.original(main.rendition)
    derived = _derived_found(original, store, settings)
    whole = len(derived) == len(outputs_of(original, settings))
    return CoverFiles(main, sort_files(derived)) if whole else None


def _main_found(source: Source, store: Store) -> CoverFile | None:
    found = found_whole(store, source.key)  # where it is not, making it anew tells why
    return replace(found, drawn=source.drawn) if found else None


def _main(source: Source, opened: Opened, store: Store) -> CoverFile:
    rendition, data = source.make(opened)
    store.put_rendition(source.key, rendition, data, original=source.made_of)
    path = store.rendition_path(rendition)
    if not is_whole(rendition, path):
        raise StoreError("other bytes lie in the place of what was made of it")
    return CoverFile(rendition, path, drawn=source.drawn)


def _derived_found(original: Original, store: Store, settings: Settings) -> Derived:
    looked = (
        (output, found_whole(store, output_key(original, output, settings)))
        for output in outputs_of(original, settings)
    )
    return {output: file for output, file in looked if file}


def _complete(original: Original, opened: Opened, store: Store, settings: Settings) -> Derived:
    """Return all files of an original, making those that are missing."""
    files = _derived_found(original, store, settings)
    with suppress(PictureError, StoreError, OSError):  # what was found stays, and is shown
        for output in outputs_of(original, settings):
            if output not in files:
                if opened.picture.moves and not output.is_preview:
                    continue  # a still would stand in its place
                rendition, made = _encoded(opened.picture, output, original, settings)
                key = output_key(original, output, settings)
                files[output] = _kept(key, rendition, made, store, original.digest)
    return files


def _encoded(
    picture: images.Decoded, output: Output, original: Original, settings: Settings
) -> tuple[Rendition, bytes]:
    if output.is_preview:
        made = images.preview(
            picture, focus=original.focus, lettering=original.lettering, ai=original.ai
        )
        size = PREVIEW
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


def _kept(key: str, rendition: Rendition, data: bytes, store: Store, original: str) -> CoverFile:
    store.put_rendition(key, rendition, data, original=original)
    return CoverFile(rendition, store.rendition_path(rendition))


def sort_files(derived: Derived) -> DerivedFiles:
    """Return files sorted by what they are for."""
    previews = [file for output, file in derived.items() if output.is_preview]
    return DerivedFiles(
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
