"""What a plan comes to: the sums that every form of it shows. Words nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ..model import Action, ActionKind, Plan, Priced, Unpriced
from ..plan import Outlook

UNCHANGED = (ActionKind.REUSE, ActionKind.SHARED, ActionKind.OWN)
"""What nothing has to be done about."""
_MANY_OF_A_CAUSE = 3


@dataclass(frozen=True, slots=True)
class Sum:
    """What some pictures cost together."""

    usd: Decimal
    """Without the prompts; what is unpriced is not in it."""
    unpriced: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Why some covers are outdated: one change of the site's, and all that it hit."""

    what: str
    """`blog.j2 line 3`, `model gpt-image-1.5 -> gpt-image-2`."""
    actions: tuple[Action, ...]
    sum: Sum


@dataclass(frozen=True, slots=True)
class Remaining:
    """What the walls leave once everything in the plan has cost the most it can; maybe negative."""

    per_build_usd: Decimal | None
    """`None` without such a wall, and where a purchase has no price."""
    per_month_usd: Decimal | None
    """As above."""
    images: int


def sum_of(actions: Iterable[Action]) -> Sum:
    """Add up what these would cost."""
    prices = [action.price for action in actions]
    usd = sum((p.output_usd for p in prices if isinstance(p, Priced)), Decimal(0))
    return Sum(usd, sum(isinstance(price, Unpriced) for price in prices))


def causes(plan: Plan) -> tuple[Cause, ...]:
    """Group the outdated covers by what the site changed; the cause that hit most comes first."""
    groups: defaultdict[tuple[str, ...], list[Action]] = defaultdict(list)
    for action in plan.of(ActionKind.OUTDATED):
        groups[tuple(c.what for c in action.changes if not c.by_author)].append(action)
    found = [Cause(_cause(group), tuple(group), sum_of(group)) for group in groups.values()]
    return tuple(sorted(found, key=lambda cause: (-len(cause.actions), cause.what)))


def listed(plan: Plan, found: Iterable[Cause]) -> list[Action]:
    """Return the actions without those whose cause stands for them: it hit more than three."""
    folded = {
        id(action)
        for cause in found
        if len(cause.actions) > _MANY_OF_A_CAUSE
        for action in cause.actions
    }
    return [action for action in plan.actions if id(action) not in folded]


def remaining(plan: Plan, outlook: Outlook) -> Remaining:
    """Return what is left of each wall."""
    budget = outlook.budget
    bound = None if plan.unpriced else plan.bound_usd

    def left(wall_usd: Decimal | None, held_usd: Decimal) -> Decimal | None:
        return None if wall_usd is None or bound is None else wall_usd - held_usd - bound

    return Remaining(
        per_build_usd=left(budget.per_build_usd, Decimal(0)),
        per_month_usd=left(budget.per_month_usd, outlook.month_usd),
        images=budget.max_images - len(plan.purchases),
    )


def _cause(group: list[Action]) -> str:
    """Name a cause with its values where they are the same for all, else without."""
    told = {tuple(str(c) for c in a.changes if not c.by_author) for a in group}
    if len(told) > 1:
        told = {tuple(c.what for c in group[0].changes if not c.by_author)}
    return ", ".join(*told) or group[0].reason
