"""Every cover of a site, collected: what its articles show, and what was bought and shows nowhere.

Costs no money. Makes what a build would publish, so that files have their names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from .. import images
from ..errors import PictureError
from ..files import CoverFile
from ..holdings import sound_record
from ..model import (
    Action,
    ActionKind,
    Approved,
    Diagnostic,
    Entry,
    Order,
    Plan,
    Record,
    Size,
)
from ..report.shown import CoverState, ShownCover
from ..store import Store
from ..survey import Survey

Read = Callable[[], bytes]
"""Reads a picture from disk."""


@dataclass(frozen=True, slots=True)
class Collected:
    """A cover, and how to read its picture where there is one."""

    cover: ShownCover
    read: Read | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """A site's covers, by article, and what is to be told of them."""

    covers: tuple[Collected, ...]
    orphans: tuple[Collected, ...]
    plan: Plan
    diagnostics: tuple[Diagnostic, ...] = ()


def collect(survey: Survey) -> Collection:
    """Return the covers as a build would show them now, and the orphans.

    Raises:
        LockfileError: the lockfile can't be read.
        StoreError: the store can't be opened.
    """
    engine, orders = survey.engine, survey.orders
    plan = engine.plan(orders)
    if not (plan.actions or engine.lockfile.entries):
        return Collection((), (), plan)
    published = engine.publish(plan)
    collector = _Collector(survey)
    files = published.main
    covers = tuple(collector.shown(action, files) for action in plan.actions)
    return Collection(covers, tuple(collector.orphans()), plan, published.diagnostics)


class _Collector:
    """Puts together what plan, lockfile and store know of each cover."""

    def __init__(self, survey: Survey) -> None:
        self._lockfile = survey.engine.lockfile
        self._store = survey.engine.store
        self._orders = orders = survey.orders
        self._docs_dir = survey.docs_dir
        self._places = survey.pictures
        self._own = {o.cover.article.src_uri: o for o in orders.orders if o.request_key is None}
        self._paid: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self._lockfile.entries:
            if entry.approved:
                self._paid[entry.approved.request_key].append(entry)
        refusals = (entry.refusal for entry in self._lockfile.entries)
        self._refused = {refusal.request_key for refusal in refusals if refusal}
        self._in_use: set[str] = set()
        """Digests of the originals that articles have."""

    def shown(self, action: Action, files: Mapping[str, CoverFile]) -> Collected:
        """Return an article's cover."""
        cover, article = action.cover, action.cover.article
        file = files.get(article.src_uri)
        drawn = file is None or file.drawn
        known = ShownCover(
            article=article.src_uri,
            state=self._state(action, drawn=drawn),
            title=article.title,
            section=article.section,
            date=article.date,
            url=article.url,
            locale=article.locale,
            note=_note(action),
            alt=cover.shown_alt,
            label=cover.label,
        )
        if cover.own:
            return self._with_own(known, self._own[article.src_uri])
        if action.approved:
            self._in_use.add(action.approved.digest)
        read = None if file is None else file.path.read_bytes
        known = replace(known, file=file.asset_uri if file else "")
        known = _as_drawn(known, action) if drawn else self._as_bought(known, action)
        return Collected(known, read)

    def orphans(self) -> Iterator[Collected]:
        """Yield what was bought and no article shows, the newest first. After all of `shown`."""
        for record in sorted(self._unused(), key=lambda r: (r.received_at, r.digest), reverse=True):
            gone = record.article not in self._orders.articles
            note = "its article is gone" if gone else "an earlier cover of its article"
            known = ShownCover(record.article, CoverState.ORPHAN, note=note, ai=True)
            yield Collected(_of_record(known, record, None), _original(self._store, record))

    def _unused(self) -> Iterator[Record]:
        told: set[str] = set(self._in_use)
        for entries in self._paid.values():
            for entry in entries:
                assert entry.approved is not None
                record = sound_record(self._store, entry.approved.request_key, [entry])
                if record and record.digest not in told:
                    told.add(record.digest)
                    # The lockfile follows renamed articles, and the record does not.
                    yield replace(record, article=entry.article)
        for record in self._store.records():
            if record.digest not in told and self._store.damage(record) is None:
                told.add(record.digest)
                yield record

    def _with_own(self, known: ShownCover, order: Order) -> Collected:
        own = order.cover.own
        assert own is not None
        path = self._docs_dir / order.own_uri if order.own_uri else None
        file = self._places.get(order.own_uri, order.own_uri) if order.own_uri else own.ref
        known = replace(
            known, own=True, ai=order.cover.ai, file=file, digest=order.own_digest or ""
        )
        if not own.is_ours:  # which the theme may show, without what we write below it
            known = replace(known, label="")
        if path is None or not path.is_file():  # at an address, or made by a plugin
            return Collected(known)
        with suppress(OSError, PictureError):
            said = images.read_credits(path.read_bytes())
            known = replace(known, author=said.author, licence=said.licence)
        return Collected(known, path.read_bytes)

    def _state(self, action: Action, *, drawn: bool) -> CoverState:
        match action.kind:
            case ActionKind.OWN:
                return CoverState.OWN
            case ActionKind.LOST:
                return CoverState.LOST
            case ActionKind.OUTDATED:
                return CoverState.OUTDATED
            case ActionKind.REUSE | ActionKind.RENDER:
                return CoverState.PINNED if action.cover.pin else CoverState.APPROVED
            case ActionKind.BLOCKED if action.request_key in self._refused:
                return CoverState.REFUSED
            case ActionKind.BLOCKED if action.approved and self._is_lost(action.approved):
                return CoverState.LOST
        return CoverState.DRAWN if drawn else CoverState.OUTDATED

    def _is_lost(self, approved: Approved) -> bool:
        return not self._store.has_original(approved.digest, approved.size_bytes)

    def _as_bought(self, known: ShownCover, action: Action) -> ShownCover:
        approved = action.keeps
        key = approved.request_key if approved else action.request_key
        assert key is not None
        entries = self._paid.get(key, [])
        record = sound_record(self._store, key, entries)
        told = approved or next((e.approved for e in entries if e.approved), None)
        known = replace(known, ai=True)
        if record:
            self._in_use.add(record.digest)
            known = _of_record(known, record, told)
        elif told:
            known = _of_approved(known, told)
        if not known.prompt and action.request and key == action.request_key:
            known = replace(known, prompt=action.request.prompt)
        return known


def _as_drawn(known: ShownCover, action: Action) -> ShownCover:
    """A drawing shows the title, whatever its author described, and no AI made it."""
    return replace(
        known,
        drawn=True,
        ai=False,
        label="",
        alt=known.title,
        size=action.cover.size,
        prompt=action.request.prompt if action.request else "",
    )


def _note(action: Action) -> str:
    """Return why a cover is as it is; nothing where all is well."""
    match action.kind:
        case ActionKind.GENERATE | ActionKind.SKIP | ActionKind.SHARED:
            return f"not bought yet: {action.reason}"
        case ActionKind.REUSE | ActionKind.RENDER if not action.locked:
            return "not in imagegen.lock yet"
        case ActionKind.REUSE | ActionKind.RENDER | ActionKind.OWN:
            return "" if action.keeps is None else action.reason
        case _:
            return action.reason


def _of_record(known: ShownCover, record: Record, approved: Approved | None) -> ShownCover:
    """Return a cover with what its record says, and the lockfile of what that does not."""
    sent = {name: value for name, value in record.sent.items() if isinstance(value, str)}
    told = _of_approved(known, approved) if approved else known
    return replace(
        told,
        digest=record.digest,
        request_key=record.request_key,
        model=sent.get("model") or told.model,
        size=_size(sent.get("size", "")) or told.size,
        quality=sent.get("quality") or told.quality,
        prompt=sent.get("prompt", ""),
        usd=told.usd if record.usd is None else _usd(record.usd),
        made_at=record.received_at,
        endpoint=urlsplit(record.endpoint).hostname or "",
    )


def _of_approved(known: ShownCover, approved: Approved) -> ShownCover:
    return replace(
        known,
        digest=approved.digest,
        request_key=approved.request_key,
        model=approved.model,
        size=approved.size,
        quality=approved.quality,
        usd=approved.usd,
        made_at=approved.bought_at,
    )


def _size(text: str) -> Size | None:
    try:
        return Size.parse(text)
    except ValueError:
        return None


def _usd(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _original(store: Store, record: Record) -> Read:
    return lambda: store.read_original(record)
