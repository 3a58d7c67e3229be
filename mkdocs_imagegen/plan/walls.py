"""The walls of `budget:`, and what requests hold of them: the one place that says what still fits.

A request holds the most it can cost from before it is sent until its bill is known, for ever if
that never happens. So while no request costs more than its bound, no order of requests, answers,
failures and crashes is billed more than a wall.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from ..pricing import usd_text
from ..settings import Budget


class Wall(StrEnum):
    """A wall, by its name below `budget:`."""

    MAX_IMAGES = "max_images"
    PER_BUILD = "per_build"
    PER_MONTH = "per_month"


@dataclass(frozen=True, slots=True)
class Account:
    """What one run's requests hold of its walls. Each step returns the account after it.

    `bound_usd` is the most that the request can cost; an unpriced one (`None`) holds its picture
    and no money. Where nobody can say whether a request was billed, nothing is to be done.
    """

    images: int = 0
    usd: Decimal = Decimal(0)

    def reserve(self, bound_usd: Decimal | None) -> Account:
        """Take one request in, before it is sent."""
        return Account(self.images + 1, self.usd + (bound_usd or 0))

    def settle(self, bound_usd: Decimal | None, proven_usd: Decimal) -> Account:
        """Hold what the endpoint says it charged, in place of the bound."""
        return Account(self.images, self.usd - (bound_usd or 0) + proven_usd)

    def release(self, bound_usd: Decimal | None) -> Account:
        """Give back what was certainly not billed."""
        return Account(self.images - 1, self.usd - (bound_usd or 0))


def first_wall(
    budget: Budget,
    *,
    build: Account,
    month_usd: Decimal,
    bound_usd: Decimal | None,
    images: int = 1,
) -> Wall | None:
    """Return the wall that so many more pictures would break, `None` where they fit.

    Args:
        budget: the walls.
        build: what this run holds so far.
        month_usd: what all runs on the store hold of this month so far.
        bound_usd: the most that the pictures can cost together; `None` where nobody knows, which
            no wall in USD lets through.
        images: how many pictures are asked for.
    """
    if build.images + images > budget.max_images:
        return Wall.MAX_IMAGES
    if _breaks(budget.per_build_usd, build.usd, bound_usd):
        return Wall.PER_BUILD
    if _breaks(budget.per_month_usd, month_usd, bound_usd):
        return Wall.PER_MONTH
    return None


def refusal(
    budget: Budget,
    *,
    build: Account,
    month: str,
    month_usd: Decimal,
    bound_usd: Decimal | None,
) -> str:
    """Return why one more request may not be sent, `""` where it may. See `first_wall`.

    `month` is the calendar month that is meant, as in `2026-11`.
    """
    wall = first_wall(budget, build=build, month_usd=month_usd, bound_usd=bound_usd)
    if wall is None:
        return ""
    if wall is Wall.MAX_IMAGES:
        return "`budget: max_images` is reached"
    if bound_usd is None:
        return f"its price is not known, and `budget: {wall}` needs one"
    if wall is Wall.PER_BUILD:
        return "`budget: per_build` is reached: the endpoint charged more than was planned"
    assert budget.per_month_usd is not None
    return (
        f"`budget: per_month` is reached: ${usd_text(month_usd)} of the "
        f"${usd_text(budget.per_month_usd)} for {month} are spent or set aside, "
        f"and one more picture may cost ${usd_text(bound_usd)}"
    )


def _breaks(wall_usd: Decimal | None, held_usd: Decimal, bound_usd: Decimal | None) -> bool:
    if wall_usd is None:
        return False
    return bound_usd is None or held_usd + bound_usd > wall_usd
