"""From the store to files of the site: originals, their renditions, drawn stand-ins.

Costs no money. Pillow is imported only where a rendition is missing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from . import images
from .derived import Developed, Trouble, derive, develop
from .errors import ImagegenError
from .files import CoverFile, CoverFiles, found_whole
from .holdings import find, sound_record
from .model import (
    Action,
    ActionKind,
    Diagnostic,
    Entry,
    Lockfile,
    OriginalDamaged,
    OriginalState,
    OriginalThere,
    Record,
    Sketch,
    StoreState,
)
from .outputs import Original, main_key, output_key, widths_of
from .plan import DAMAGE_HINT, remembered
from .report.plan_words import counted
from .settings import Settings
from .sources import Drawn, Paid, Source, asked_size
from .store import Store
from .titles import lettering_of, untitled

_BOUGHT_BEFORE = (ActionKind.REUSE, ActionKind.RENDER, ActionKind.OUTDATED)


@dataclass(frozen=True, slots=True)
class Published:
    """The files of a build's covers by src_uri, and what could not be published."""

    files: Mapping[str, CoverFiles]
    diagnostics: tuple[Diagnostic, ...] = ()
    replaced: tuple[CoverFile, ...] = ()
    """The link previews of pictures that were replaced lately."""

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
    actions: Sequence[Action],
    lockfile: Lockfile,
    store: Store,
    settings: Settings,
    at: datetime,
    *,
    bought: Container[str | None] = (),
) -> Published:
    """Return the files of each cover but own pictures, making the renditions that are missing.

    What was not bought is drawn, in the size that was asked for. An original that is not the one
    that the lockfile names is not published.

    Args:
        actions: what is to be shown.
        lockfile: which pictures were approved.
        store: with the originals.
        settings: of the site.
        at: the time.
        bought: the request keys that were paid for just now, where the actions tell of them as if
            they had been there before.
    """
    paid: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in lockfile.entries:
        if entry.approved:
            paid[entry.approved.request_key].append(entry)
    wanted = {action.article: action for action in actions if action.request_key}
    sources = {name: _source(action, paid, store, settings) for name, action in wanted.items()}
    kept = {n: CoverFiles(source) for n, source in sources.items() if isinstance(source, CoverFile)}
    made, failed = _developed(wanted, sources, store, settings)
    anew = [wanted[n] for n, developed in made.items() if developed.made]
    # A drawing shows its title already.
    pictures = (a.cover for a in actions if a.cover.own or isinstance(sources.get(a.article), Paid))
    return Published(
        kept | {name: developed.files for name, developed in made.items()},
        (
            *(_unpublished(wanted[name], error) for name, error in failed.items()),
            *_made_anew(action for action in anew if action.request_key not in bought),
            *untitled(pictures, settings),
        ),
        _replaced_previews(wanted, lockfile, store, settings, at),
    )


def _developed(
    wanted: Mapping[str, Action],
    sources: Mapping[str, Source | CoverFile],
    store: Store,
    settings: Settings,
) -> tuple[dict[str, Developed], dict[str, Trouble]]:
    """Return the files of each source, drawn where that fails; and what failed."""
    work = {name: source for name, source in sources.items() if not isinstance(source, CoverFile)}
    results = dict(zip(work, develop([*work.values()], store, settings), strict=True))
    failed = {n: result for n, result in results.items() if not isinstance(result, Developed)}
    stand_ins = [_drawn(wanted[name], settings) for name in failed]
    results |= zip(failed, develop(stand_ins, store, settings), strict=True)
    return {n: result for n, result in results.items() if isinstance(result, Developed)}, failed


def _replaced_previews(
    actions: Mapping[str, Action],
    lockfile: Lockfile,
    store: Store,
    settings: Settings,
    at: datetime,
) -> tuple[CoverFile, ...]:
    """Return the link previews that were published until lately: shared links still show them.

    Those that are in no store, as files or as originals, are left out.
    """
    originals: list[Original] = []
    reads: list[Callable[[], bytes]] = []
    for entry in lockfile.entries:
        action = actions.get(entry.article)
        for gone in remembered(entry, at) if action else ():
            assert action is not None
            originals.append(
                Original(
                    gone.digest,
                    gone.size,
                    gone.size,
                    action.cover.focus,
                    lettering=lettering_of(action.cover, settings),
                    only_preview=True,
                )
            )
            record = Record(
                gone.request_key, gone.digest, gone.size_bytes, entry.article, {}, "", ""
            )
            reads.append(partial(store.read_original, record))
    found = derive(originals, reads, store, settings)
    return tuple(file for files in found for file in files.values())


def _look_at(
    key: str, entries: Sequence[Entry], store: Store, settings: Settings, *, deep: bool
) -> OriginalState | None:
    found = find(store, key, entries, brief=True)
    if not isinstance(found, Record):
        return found
    rendered = _is_rendered(found, store, settings)
    if rendered and not deep:
        return OriginalThere(found.digest, rendered=True)
    try:
        data = store.read_original(found)
        if deep or images.sniff(data) is None:
            images.inspect(data)
    except ImagegenError as error:
        return OriginalDamaged(error.message, found.digest)
    return OriginalThere(found.digest, rendered)


def _is_rendered(record: Record, store: Store, settings: Settings) -> bool:
    """Tell whether the files that browsers choose from are there: link previews are looked at late.

    For those depend on each article.
    """
    asked = asked_size(record)
    main = store.rendition(main_key(record.digest, asked, settings), record)
    if main is None:
        return False
    original = Original(record.digest, main.size, asked)
    return all(
        store.knows_rendition(output_key(original, output, settings))
        for output in widths_of(main.size.width_px, settings)
    )


def _source(
    action: Action, paid: Mapping[str, Sequence[Entry]], store: Store, settings: Settings
) -> Source | CoverFile:
    if settings.provider == "sketch":
        return _drawn(action, settings)
    approved = action.keeps
    key = approved.request_key if approved else action.request_key
    assert key is not None
    entries = paid.get(key, ())
    record = sound_record(store, key, entries)
    if record is not None:
        return Paid(
            record,
            store,
            settings,
            known=bool(entries),
            focus=action.cover.focus,
            lettering=lettering_of(action.cover, settings),
        )
    for entry in entries:
        assert entry.approved is not None
        original = entry.approved.digest
        # Of a lost original, what was made of it may still be there; not the original itself.
        made = found_whole(store, main_key(original, entry.approved.size, settings))
        if made is not None and made.rendition.digest != original:
            return made
    return _drawn(action, settings)


def _drawn(action: Action, settings: Settings) -> Drawn:
    article = action.cover.article
    return Drawn(Sketch(article.title, article.section, settings.site.palette, action.cover.size))


def _made_anew(actions: Iterable[Action]) -> Iterator[Diagnostic]:
    """Tell of new files of old pictures: that they are made looks as if something was bought."""
    count = sum(action.kind in _BOUGHT_BEFORE for action in actions)
    if count:
        yield Diagnostic(
            "info", f"made the files of {counted(count, 'cover')} bought before; nothing to pay"
        )


def _unpublished(action: Action, error: ImagegenError) -> Diagnostic:
    return Diagnostic(
        "warning",
        f"the cover that was paid for can't be published: {error.message}",
        article=action.article,
        hint=DAMAGE_HINT,
    )
