"""The lockfile beside the site's orders: which entry is whose, also after renaming."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..lockfile import line_digests
from ..model import Approved, Change, Components, Entry, Lockfile, Order, Orders, Refusal
from .components import UNKNOWN, changes, components_of, template_digests

_Words = tuple[tuple[str, str], ...]
"""An author's own fields with their values."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the lockfile says of the site's orders."""

    entries: Sequence[Entry | None]
    """For each order in turn, the entry that its article has, maybe under an earlier name."""
    paid: Mapping[str, Sequence[Entry]]
    """By request key: the entries whose picture it is, usually one."""
    refusals: Mapping[str, Refusal]
    """By request key."""
    components: Mapping[int, Components]
    """By number, of the orders whose entry was not plain to see."""

    def approved(self, n: int) -> Approved | None:
        """Return the approved picture of the order's article."""
        entry = self.entries[n]
        return entry.approved if entry else None


def stand(orders: Orders, lockfile: Lockfile) -> Standing:
    """Find each order's entry.

    That of its article and language, else of its article; but where the author's words in it are
    others, the article may have got another one's name: then an entry with the same request, or the
    same words, that no article has a better claim to.
    """
    paid: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in lockfile.entries:
        if entry.approved:
            paid[entry.approved.request_key].append(entry)
    refused = (entry.refusal for entry in lockfile.entries if entry.refusal)
    claims = _Claims(orders, lockfile)
    return Standing(
        claims.settled(),
        paid,
        {refusal.request_key: refusal for refusal in refused},
        claims.components,
    )


class Comparison:
    """Tells what changed since the lockfile; today's templates are digested once."""

    def __init__(self, orders: Orders, lockfile: Lockfile, standing: Standing) -> None:
        self._orders = orders.orders
        self._components = standing.components
        self._lines_then = lockfile.templates
        self._digests = template_digests(orders.templates)
        self._lines_now = {
            self._digests[name]: line_digests(text) for name, text in orders.templates.items()
        }

    def changes(self, n: int, approved: Approved) -> tuple[Change, ...]:
        """Return why the request of the order of this number is not the approved one."""
        now = self._components.get(n) or components_of(self._orders[n], self._digests)
        found = changes(approved.components, now, self._lines_then, self._lines_now)
        return found or (UNKNOWN,)


class _Claims:
    """Settles which entry each order has: the surest claims first."""

    def __init__(self, orders: Orders, lockfile: Lockfile) -> None:
        self._orders = orders.orders
        self._templates = template_digests(orders.templates)
        self._articles = orders.articles | {o.cover.article.src_uri for o in orders.orders}
        self._named = self._entries_by_name(lockfile)
        self._lockfile = lockfile
        self.components: dict[int, Components] = {}

    def settled(self) -> Sequence[Entry | None]:
        """Return the entry of each order."""
        entries = list(self._named)
        if not self._lockfile.entries:
            return entries
        open_orders = [n for n, entry in enumerate(entries) if not self._is_sure(n, entry)]
        if not open_orders:
            return entries
        not_sure = set(open_orders)
        taken = {id(e) for n, e in enumerate(entries) if e and n not in not_sure}
        free = _Free(self._claimable(open_orders, taken))
        for n in open_orders:
            order = self._orders[n]
            entries[n] = free.take(order, self._words(n))
        for n in open_orders:
            entries[n] = entries[n] or free.take_this(self._named[n])
        return entries

    def _entries_by_name(self, lockfile: Lockfile) -> Sequence[Entry | None]:
        by_name: dict[tuple[str, str | None], Entry] = {}
        for entry in lockfile.entries:
            by_name[entry.article, entry.locale] = entry
            by_name.setdefault((entry.article, None), entry)
        articles = (order.cover.article for order in self._orders)
        return [
            by_name.get((a.src_uri, a.locale)) or by_name.get((a.src_uri, None)) for a in articles
        ]

    def _is_sure(self, n: int, entry: Entry | None) -> bool:
        order = self._orders[n]
        if order.request_key is None:
            return True  # an own picture needs none, and keeps what was there
        if entry is None or entry.approved is None:
            return False
        if entry.approved.request_key == order.request_key:
            return True
        words = self._words(n)
        return bool(words) and words == _words(entry.approved.components)

    def _words(self, n: int) -> _Words:
        if n not in self.components:
            self.components[n] = components_of(self._orders[n], self._templates)
        return _words(self.components[n])

    def _claimable(self, open_orders: Iterable[int], taken: set[int]) -> Iterator[Entry]:
        """Yield the entries of articles that are gone, and of those whose claim is not sure."""
        unsure = {id(self._named[n]) for n in open_orders}
        for entry in self._lockfile.entries:
            gone = entry.article not in self._articles
            if id(entry) not in taken and (gone or id(entry) in unsure):
                yield entry


class _Free:
    """Entries that may be claimed, each once."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._left: dict[int, Entry] = {}
        self._alike: defaultdict[tuple[str, object], list[Entry]] = defaultdict(list)
        for entry in entries:
            self._left[id(entry)] = entry
            if entry.approved:
                for mark in _marks(
                    entry.approved.request_key, _words(entry.approved.components), entry.locale
                ):
                    self._alike[mark].append(entry)

    def take(self, order: Order, words: _Words) -> Entry | None:
        """Return an entry of the same language with the same request, else the same words."""
        for mark in _marks(order.request_key or "", words, order.cover.article.locale):
            for entry in self._alike.get(mark, ()):
                if self._left.pop(id(entry), None):
                    return entry
        return None

    def take_this(self, entry: Entry | None) -> Entry | None:
        return self._left.pop(id(entry), None)


def _marks(request_key: str, words: _Words, locale: str) -> Iterator[tuple[str, object]]:
    yield locale, request_key
    if words:
        yield locale, words


def _words(components: Components) -> _Words:
    """Return what the author gave, where that holds a prompt: enough to tell an article by."""
    if "prompt" not in components.own:
        return ()
    return tuple((name, components.fields[name]) for name in components.own)
