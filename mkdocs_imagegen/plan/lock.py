"""The lockfile beside the site's orders: which entry is whose, and what it says after a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ..articles import author_names
from ..lockfile import line_digests
from ..model import (
    Approved,
    Change,
    Components,
    Entry,
    Lockfile,
    Order,
    Orders,
    Record,
    Refusal,
)
from .components import UNKNOWN, changes, components_of, template_digests

_Words = tuple[tuple[str, str], ...]
"""An author's own fields with their values."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the lockfile says of the site's orders."""

    entries: Sequence[Entry | None]
    """For each order in turn, the entry that its article has, maybe under an earlier name."""
    digests: Mapping[str, str]
    """By request key: the sha256 of the original that was paid for."""

    def approved(self, n: int) -> Approved | None:
        """Return the approved picture of the order's article."""
        entry = self.entries[n]
        return entry.approved if entry else None


def stand(orders: Orders, lockfile: Lockfile) -> Standing:
    """Find each order's entry: by article and language, else by article.

    An article that has none may be a renamed one: it gets the entry of an article that is gone, by
    the same request, else by the same words of its author.
    """
    here = {order.cover.article.src_uri for order in orders.orders}
    by_article: dict[tuple[str, str | None], Entry] = {}
    gone: list[Entry] = []
    for entry in lockfile.entries:
        by_article[entry.article, entry.locale] = entry
        by_article.setdefault((entry.article, None), entry)
        if entry.article not in here and entry.approved:
            gone.append(entry)
    renamed = _Renamed(gone, template_digests(orders.templates))
    entries = [
        by_article.get((order.cover.article.src_uri, order.cover.article.locale))
        or by_article.get((order.cover.article.src_uri, None))
        or renamed.of(order)
        for order in orders.orders
    ]
    digests = {e.approved.request_key: e.approved.digest for e in lockfile.entries if e.approved}
    return Standing(entries, digests)


class _Renamed:
    """The entries of articles that are gone, each to be claimed once."""

    def __init__(self, gone: Iterable[Entry], templates: Mapping[str, str]) -> None:
        self._templates = templates
        self._by_request: defaultdict[str, list[Entry]] = defaultdict(list)
        self._by_words: defaultdict[_Words, list[Entry]] = defaultdict(list)
        for entry in gone:
            for alike in self._places(entry):
                alike.append(entry)

    def of(self, order: Order) -> Entry | None:
        if not order.request_key or not self._by_request:
            return None
        alike = self._by_request.get(order.request_key) or self._by_words.get(
            _words(components_of(order, self._templates))
        )
        if not alike:
            return None
        entry = alike[0]
        for place in self._places(entry):
            place.remove(entry)
        return entry

    def _places(self, entry: Entry) -> Iterator[list[Entry]]:
        assert entry.approved is not None
        yield self._by_request[entry.approved.request_key]
        if words := _words(entry.approved.components):
            yield self._by_words[words]


def _words(components: Components) -> _Words:
    """Return what the author gave, where that holds a prompt: enough to tell an article by."""
    if "prompt" not in components.own:
        return ()
    return tuple((name, components.fields[name]) for name in components.own)


class Comparison:
    """Tells what changed since the lockfile; today's templates are digested once."""

    def __init__(self, orders: Orders, lockfile: Lockfile) -> None:
        self._lines_then = lockfile.templates
        self._digests = template_digests(orders.templates)
        self._lines_now = {
            self._digests[name]: line_digests(text) for name, text in orders.templates.items()
        }

    def changes(self, order: Order, approved: Approved) -> tuple[Change, ...]:
        """Return why the order's request is not the approved one."""
        now = components_of(order, self._digests)
        found = changes(approved.components, now, self._lines_then, self._lines_now)
        return found or (UNKNOWN,)


def locked(
    lockfile: Lockfile,
    orders: Orders,
    records: Mapping[str, Record],
    refusals: Mapping[str, Refusal] | None = None,
    *,
    site: str,
    job: str = "",
) -> Lockfile:
    """Return the lockfile after a run: each article with the picture that its request has.

    An article whose request has none keeps the entry that it had, under its name of today. The
    entries of articles that are gone stay: a draft or another branch may bring them back.

    Args:
        lockfile: as it was.
        orders: of all the site's languages.
        records: of the requests whose originals are in the store.
        refusals: of this run, by request key.
        site: its name.
        job: the CI run's id, for pictures that were bought now.
    """
    standing = stand(orders, lockfile)
    digests = template_digests(orders.templates)
    entries = {(entry.article, entry.locale): entry for entry in lockfile.entries}
    for order, before in zip(orders.orders, _owned(orders, standing), strict=True):
        article = order.cover.article
        if before is not None and before.article != article.src_uri:
            entries.pop((before.article, before.locale), None)
        after = _entry(order, before, records, refusals or {}, digests, job)
        if after is not None:
            entries[article.src_uri, after.locale] = after
    # A text of one line needs no line numbers.
    lines = {
        digests[name]: found
        for name, text in orders.templates.items()
        if len(found := line_digests(text)) > 1
    }
    ordered = tuple(entries[key] for key in sorted(entries))
    return Lockfile(site, ordered, {**lockfile.templates, **lines})


def _owned(orders: Orders, standing: Standing) -> list[Entry | None]:
    """Return each order's entry, where no other order has a better claim to it."""
    owners: dict[tuple[str, str], int] = {}
    for exact in (True, False):
        for n, entry in enumerate(standing.entries):
            if entry and (entry.locale == orders.orders[n].cover.article.locale or not exact):
                owners.setdefault((entry.article, entry.locale), n)
    return [
        entry if entry and owners[entry.article, entry.locale] == n else None
        for n, entry in enumerate(standing.entries)
    ]


def _entry(
    order: Order,
    before: Entry | None,
    records: Mapping[str, Record],
    refusals: Mapping[str, Refusal],
    templates: Mapping[str, str],
    job: str,
) -> Entry | None:
    key, article = order.request_key, order.cover.article
    if key is None:
        return before and replace(before, article=article.src_uri)
    record = records.get(key)
    entry = before or Entry(article.src_uri, article.locale)
    entry = replace(entry, article=article.src_uri)
    if record is not None and not (order.cover.pin and entry.approved):
        approved = _approved(order, record, components_of(order, templates), entry.approved, job)
        return replace(entry, approved=approved, refusal=None)
    if refusal := refusals.get(key):
        return replace(entry, refusal=refusal)
    return before and entry


def _approved(
    order: Order, record: Record, components: Components, before: Approved | None, job: str
) -> Approved:
    """Return the picture; what it was bought for stays as it was told then."""
    if before and (before.request_key, before.digest) == (record.request_key, record.digest):
        return replace(before, components=components)
    request, article = order.request, order.cover.article
    assert request is not None
    return Approved(
        request_key=record.request_key,
        digest=record.digest,
        size_bytes=record.size_bytes,
        model=request.model,
        size=request.size,
        quality=request.quality,
        bought_at=record.received_at,
        usd=None if record.usd is None else Decimal(record.usd),
        section=article.section,
        authors=author_names(article.meta),
        job=job,
        components=components,
    )
