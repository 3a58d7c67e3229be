"""Costs added up by month, model, article and so on. Pure; what nobody knows is never zero."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar, assert_never

from ...model import RowState
from .cost import Cost

Amount = TypeVar("Amount", int, Decimal)


class By(StrEnum):
    """What costs are grouped by."""

    MONTH = "month"
    """Of UTC."""
    MODEL = "model"
    ARTICLE = "article"
    """Each site has its own, and its own sections."""
    SECTION = "section"
    AUTHOR = "author"
    """Several authors of one article are a group of their own."""
    JOB = "job"
    SITE = "site"
    REQUEST = "request"
    """No groups: each request on its own."""


_NAMELESS = {
    By.MONTH: "(time unknown)",
    By.MODEL: "(model unknown)",
    By.ARTICLE: "(article unknown)",
    By.SECTION: "(no section)",
    By.AUTHOR: "(no author)",
    By.JOB: "(not in CI)",
    By.SITE: "(site unknown)",
    By.REQUEST: "",
}


@dataclass(frozen=True, slots=True)
class Summary:
    """What a group of requests comes to."""

    group: str
    """As the books say it: `""` where they say nothing, and for a total."""
    requests: int
    pictures: int
    """Requests that are settled."""
    unpriced: int
    """Pictures whose price nobody knows: they are not in `actual_usd`."""
    possibly_billed: int
    """Requests of which nobody can say whether they are charged."""
    possible_usd: Decimal | None
    """The most that those can come to; `None` where no bound is known of any."""
    possibly_unpriced: int
    """How many of those have no bound: they are not in `possible_usd`."""
    released: int
    """Requests that were certainly not charged."""
    input_text_tokens: int | None
    """Tokens as far as endpoints counted them; `None` where none did, as below."""
    input_image_tokens: int | None
    output_tokens: int | None
    estimated_usd: Decimal | None
    """Of the pictures, as planned; `None` where none of them was priced."""
    actual_usd: Decimal | None
    """Of the pictures; `None` where the price of none of them is known."""
    difference_usd: Decimal | None
    """Actual less estimated, of the pictures that have both; `None` where none has."""

    @property
    def unknown_prices(self) -> int:
        """How many prices are missing in the sums."""
        return self.unpriced + self.possibly_unpriced


@dataclass(frozen=True, slots=True)
class CostReport:
    """What a report shows, in whatever format."""

    by: By
    since: dt.date | None
    sources: tuple[str, ...]
    """The books that were read, as a person would name them."""
    costs: tuple[Cost, ...]
    """Oldest first."""
    groups: tuple[Summary, ...]
    """Months by time, everything else by what it cost, dearest first; empty by request."""
    total: Summary


def make_report(
    costs: Iterable[Cost], by: By, *, since: dt.date | None = None, sources: Sequence[str] = ()
) -> CostReport:
    """Add up the costs from this day of UTC on."""
    first = since.isoformat() if since else ""
    counted = tuple(cost for cost in costs if cost.at[: len(first)] >= first)
    groups = () if by is By.REQUEST else group_costs(counted, by)
    return CostReport(by, since, tuple(sources), counted, groups, add_up("", counted))


def group_costs(costs: Iterable[Cost], by: By) -> tuple[Summary, ...]:
    """Return a summary for each group: months by time, others by cost, the dearest first."""
    costs = tuple(costs)
    several_sites = by in (By.ARTICLE, By.SECTION) and len({cost.site for cost in costs}) > 1
    groups: defaultdict[str, list[Cost]] = defaultdict(list)
    for cost in costs:
        name = _group(cost, by)
        if several_sites:
            name = f"{group_label(name, by)} ({group_label(cost.site, By.SITE)})"
        groups[name].append(cost)
    summaries = [add_up(name, groups[name]) for name in sorted(groups)]
    if by is not By.MONTH:
        summaries.sort(key=_weight_usd, reverse=True)
    return tuple(summaries)


def add_up(group: str, costs: Sequence[Cost]) -> Summary:
    """Return what these requests come to."""
    settled = [cost for cost in costs if cost.state is RowState.SETTLED]
    possible = [cost for cost in costs if cost.possibly_billed]
    return Summary(
        group=group,
        requests=len(costs),
        pictures=len(settled),
        unpriced=sum(cost.actual_usd is None for cost in settled),
        possibly_billed=len(possible),
        possible_usd=_sum([cost.bound_usd for cost in possible], Decimal(0)),
        possibly_unpriced=sum(cost.bound_usd is None for cost in possible),
        released=sum(cost.state is RowState.RELEASED for cost in costs),
        input_text_tokens=_sum([cost.usage.input_text_tokens for cost in settled], 0),
        input_image_tokens=_sum([cost.usage.input_image_tokens for cost in settled], 0),
        output_tokens=_sum([cost.usage.output_tokens for cost in settled], 0),
        estimated_usd=_sum([cost.estimated_usd for cost in settled], Decimal(0)),
        actual_usd=_sum([cost.actual_usd for cost in settled], Decimal(0)),
        difference_usd=_sum([_difference(cost) for cost in settled], Decimal(0)),
    )


def group_label(group: str, by: By) -> str:
    """Return a group's name for people: one for what the books say nothing of, too."""
    return group or _NAMELESS[by]


def _weight_usd(summary: Summary) -> Decimal:
    """Return the most that a group can have cost, as far as it is known."""
    return (summary.actual_usd or Decimal(0)) + (summary.possible_usd or Decimal(0))


def _group(cost: Cost, by: By) -> str:
    match by:
        case By.MONTH:
            return cost.at[:7]
        case By.MODEL:
            return cost.model
        case By.ARTICLE:
            return cost.article
        case By.SECTION:
            return cost.section
        case By.AUTHOR:
            return cost.authors
        case By.JOB:
            return cost.job
        case By.SITE:
            return cost.site
        case By.REQUEST:
            return cost.request_key
        case _:
            assert_never(by)


def _sum(amounts: Sequence[Amount | None], nothing: Amount) -> Amount | None:
    """Return the sum of what is known; `None` where there is something and nothing is known."""
    known = [amount for amount in amounts if amount is not None]
    return None if amounts and not known else sum(known, nothing)


def _difference(cost: Cost) -> Decimal | None:
    if cost.actual_usd is None or cost.estimated_usd is None:
        return None
    return cost.actual_usd - cost.estimated_usd
