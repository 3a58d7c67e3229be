"""What the lockfile says after a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ..articles import author_names
from ..lockfile import line_digests
from ..model import (
    Approved,
    Components,
    Entry,
    Lockfile,
    Order,
    Orders,
    Record,
    Refusal,
    Replaced,
)
from .components import components_of, template_digests
from .standing import Standing, stand

REMEMBERED = timedelta(days=30)
"""How long a picture that was replaced is still published for links that show it."""


def locked(
    lockfile: Lockfile,
    orders: Orders,
    records: Mapping[str, Record],
    refusals: Mapping[str, Refusal] | None = None,
    *,
    bought: frozenset[str] = frozenset(),
    site: str,
    docs_dir: str = "",
    job: str = "",
    at: datetime,
) -> Lockfile:
    """Return the lockfile after a run: each article with the picture that its request has.

    An article whose request has none keeps the entry that it had, under its name of today. The
    entries of articles that are gone stay: a draft or another branch may bring them back.

    Args:
        lockfile: as it was.
        orders: of all the site's languages.
        records: of the requests whose originals are in the store.
        refusals: of this run, by request key.
        bought: the request keys that were paid for or taken in just now: no pin holds them back
            where the pinned picture is in no store.
        site: its name.
        docs_dir: the articles' folder, relative to the lockfile.
        job: the CI run's id, for pictures that were bought now.
        at: the time.
    """
    owned = _owned(orders, stand(orders, lockfile))
    claimed = {(entry.article, entry.locale) for entry in owned if entry}
    entries = {(e.article, e.locale): e for e in lockfile.entries}
    entries = {name: entry for name, entry in entries.items() if name not in claimed}
    digests = template_digests(orders.templates)
    for order, before in zip(orders.orders, owned, strict=True):
        after = _entry(order, before, records, refusals or {}, bought, digests, job)
        if after is not None:
            entries[after.article, after.locale] = _remembering(after, before, at)
    # A text of one line needs no line numbers.
    lines = {
        digests[name]: found
        for name, text in orders.templates.items()
        if len(found := line_digests(text)) > 1
    }
    ordered = tuple(entries[key] for key in sorted(entries))
    return Lockfile(site, ordered, {**lockfile.templates, **lines}, docs_dir)


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
    bought: frozenset[str],
    templates: Mapping[str, str],
    job: str,
) -> Entry | None:
    key, article = order.request_key, order.cover.article
    if key is None:
        return before and replace(before, article=article.src_uri)
    record = records.get(key)
    entry = before or Entry(article.src_uri, article.locale)
    entry = replace(entry, article=article.src_uri)
    pinned = order.cover.pin and entry.approved and entry.approved.request_key != key
    # Another article may have bought the same request: that moves no pinned cover that is there.
    there = entry.approved is not None and entry.approved.request_key in records
    if record is not None and (not pinned or (key in bought and not there)):
        components = components_of(order, templates)
        by = job if key in bought else ""  # who bought an earlier one is not known
        approved = _approved(order, record, components, entry.approved, by)
        return replace(entry, approved=approved, refusal=None)
    if refusal := refusals.get(key):
        return replace(entry, refusal=refusal)
    return before and entry


def remembered(entry: Entry, at: datetime) -> tuple[Replaced, ...]:
    """Return the pictures that were replaced in the last days, the newest first."""
    return tuple(r for r in entry.replaced if at - _time(r.replaced_at) <= REMEMBERED)


def _time(iso: str) -> datetime:
    """Return a time of the lockfile; one that is none is long ago."""
    try:
        time = datetime.fromisoformat(iso)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _remembering(entry: Entry, before: Entry | None, at: datetime) -> Entry:
    """Return an entry that knows which picture it had before."""
    now, had = entry.approved, before.approved if before else None
    if not now or not had or had.digest == now.digest:
        return entry
    gone = Replaced(
        had.request_key, had.digest, had.size_bytes, had.size, at.isoformat(timespec="seconds")
    )
    others = (r for r in remembered(entry, at) if r.digest not in (had.digest, now.digest))
    return replace(entry, replaced=(gone, *others))


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
