"""What was paid for, request by request: from ledgers, and from lockfiles where there are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ...model import Approved, Entry, LedgerRow, Lockfile, RowState, Size, Usage

_NO_USAGE = Usage()
_LEARNT = (RowState.RESERVED, RowState.POSSIBLY_BILLED, RowState.RELEASED, RowState.SETTLED)
"""From what is known the least to what is known the best."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One request that was, or may have been, paid for."""

    at: str
    """ISO time, UTC."""
    site: str
    """`""` where the books do not name it, as below."""
    article: str
    section: str
    authors: str
    """All of them in one text, as in `ann, bob`."""
    job: str
    """The CI run, `""` elsewhere."""
    model: str
    size: Size
    quality: str
    state: RowState
    request_key: str
    usage: Usage = _NO_USAGE
    """Fields are `None` where the endpoint did not count them; a lockfile knows none."""
    estimated_usd: Decimal | None = None
    """As planned; `None` where it was unpriced, and from a lockfile."""
    actual_usd: Decimal | None = None
    """`None` until it is settled, and where nobody knows."""
    bound_usd: Decimal | None = None
    """The most it can cost; `None` where it was unpriced, and from a lockfile."""
    request_id: str = ""
    """The vendor's; `""` where it gave none, and from a lockfile."""
    endpoint: str = ""
    """Scheme and host; `""` from a lockfile."""

    @property
    def possibly_billed(self) -> bool:
        """Whether nobody can say if it is charged: also while it is under way."""
        return self.state in (RowState.POSSIBLY_BILLED, RowState.RESERVED)


def row_cost(row: LedgerRow) -> Cost:
    """Return a ledger's row as a cost."""
    return Cost(
        at=row.at,
        site=row.site,
        article=row.article,
        section=row.section,
        authors=row.authors,
        job=row.job,
        model=row.model,
        size=row.size,
        quality=row.quality,
        state=row.state,
        request_key=row.request_key,
        usage=row.usage or _NO_USAGE,
        estimated_usd=row.estimated_usd,
        actual_usd=row.actual_usd,
        bound_usd=row.bound_usd,
        request_id=row.request_id,
        endpoint=row.endpoint,
    )


def entry_cost(entry: Entry, approved: Approved, site: str) -> Cost:
    """Return the picture of a lockfile's entry as a cost: settled, its estimate unknown."""
    return Cost(
        at=approved.bought_at,
        site=site,
        article=entry.article,
        section=approved.section,
        authors=approved.authors,
        job=approved.job,
        model=approved.model,
        size=approved.size,
        quality=approved.quality,
        state=RowState.SETTLED,
        request_key=approved.request_key,
        actual_usd=approved.usd,
    )


def merge_books(
    ledgers: Iterable[Iterable[LedgerRow]], lockfiles: Iterable[Lockfile]
) -> tuple[Cost, ...]:
    """Return the costs of several books, oldest first, each request once.

    A ledger's rows are a request each, also where they ask for the same picture; copies of one
    ledger hold the same rows, of which the one that knows most counts. A lockfile's entries are a
    request for each `request_key` of a site, given to the article that had it first, and none
    where a ledger says what that request cost.
    """
    costs = [row_cost(row) for row in _distinct(ledgers)]
    settled = {_bought(cost) for cost in costs if cost.state is RowState.SETTLED}
    approved = sorted(
        (
            entry_cost(entry, entry.approved, lockfile.site)
            for lockfile in lockfiles
            for entry in lockfile.entries
            if entry.approved is not None
        ),
        key=_order,
    )
    for cost in approved:
        if _bought(cost) not in settled:
            settled.add(_bought(cost))
            costs.append(cost)
    return tuple(sorted(costs, key=_order))


def _distinct(ledgers: Iterable[Iterable[LedgerRow]]) -> Iterable[LedgerRow]:
    """Return the rows of several ledgers; the same row in two of them counts once."""
    known: dict[tuple[str, str, str, int], LedgerRow] = {}
    for ledger in ledgers:
        seen: Counter[tuple[str, str, str]] = Counter()
        for row in ledger:
            name = (row.site, row.at, row.request_key)
            nth = (*name, seen[name])
            seen[name] += 1
            other = known.get(nth)
            if other is None or _LEARNT.index(row.state) > _LEARNT.index(other.state):
                known[nth] = row
    return known.values()


def _bought(cost: Cost) -> tuple[str, str]:
    return cost.site, cost.request_key


def _order(cost: Cost) -> tuple[str, str, str, str]:
    return cost.at, cost.site, cost.article, cost.request_key
