"""The Plan to an approval: the walls, and whether this build buys at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ..errors import ArticlesError, OverBudgetError
from ..model import Alternative, Plan, Priced, Unpriced
from ..pricing import usd_text
from ..settings import Budget, Endpoint, Mode, Settings


@dataclass(frozen=True, slots=True)
class ApprovedPlan:
    """A plan within its walls: the only thing that can be executed. Made by `approve`."""

    plan: Plan
    budget: Budget


def approve(plan: Plan, budget: Budget, *, strict: bool = False) -> ApprovedPlan:
    """Hold a plan against strictness and the walls. One that buys nothing is always within them.

    Raises:
        ArticlesError: it buys something, it is `strict`, and there are errors or warnings.
        OverBudgetError: it buys more than `max_images` pictures, may cost more than `per_build`, or
            `per_build` is set and a price is not known. Nothing is bought then, not even in part.
    """
    purchases = plan.purchases
    troubled = any(diagnostic.level != "info" for diagnostic in plan.diagnostics)
    if strict and troubled and purchases:
        raise ArticlesError(
            "a strict run buys nothing while there are errors or warnings",
            hint="nothing was bought; mend what is told above",
        )
    if len(purchases) > budget.max_images:
        raise OverBudgetError(
            f"{len(purchases)} covers to buy, and `budget: max_images` allows {budget.max_images}",
            hint="nothing was bought; raise it in mkdocs.yml: "
            f"`budget: {{max_images: {len(purchases)}}}`",
        )
    if budget.per_build_usd is not None and purchases:
        _hold_against_usd(plan, budget.per_build_usd)
    return ApprovedPlan(plan, budget)


def _hold_against_usd(plan: Plan, wall_usd: Decimal) -> None:
    for action in plan.unpriced:
        assert isinstance(action.price, Unpriced)
        raise OverBudgetError(
            f"{action.article}: {action.price.why}, and `budget: per_build` needs a price",
            hint="nothing was bought; set `price_as: openai` if this endpoint charges OpenAI's "
            "prices, or leave per_build out and keep max_images as the wall",
        )
    priced = [(a.price.bound_usd, a.article) for a in plan.purchases if isinstance(a.price, Priced)]
    bound_usd = sum((usd for usd, _ in priced), Decimal(0))
    if bound_usd > wall_usd:
        dearest = ", ".join(f"{name} ${usd_text(usd)}" for usd, name in sorted(priced)[:-4:-1])
        raise OverBudgetError(
            f"this plan may cost ${usd_text(bound_usd)}, and `budget: per_build` allows "
            f"${usd_text(wall_usd)} (dearest: {dearest})",
            hint="nothing was bought; lower cover_quality or cover_size, "
            "or raise `budget: per_build` in mkdocs.yml",
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a `mkdocs build` here and now buys what its plan says, and why (not)."""

    buys: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is told beside a plan."""

    decision: Decision | None = None
    """Of a `mkdocs build` here and now; `None` leaves it out."""
    budget: Budget = field(default_factory=Budget)
    month_usd: Decimal = Decimal(0)
    """What this month's purchases hold of `budget: per_month` so far."""
    alternative: Alternative | None = None
    """The cheapest other way to buy the same covers; `None` where there is none."""


def decide(
    settings: Settings, *, serving: bool, in_ci: bool, endpoint: Endpoint | None
) -> Decision:
    """Apply the design's modes. Buying also needs a key, where the mode leaves the choice."""
    if settings.provider == "sketch":
        return Decision(False, "provider: sketch draws every cover, free")
    if serving:
        return Decision(False, "mkdocs serve never buys")
    match settings.mode:
        case Mode.PLAN:
            return Decision(False, "mode: plan only shows the plan")
        case Mode.FROZEN:
            return Decision(False, "mode: frozen never buys")
        case Mode.GENERATE:
            return Decision(True, "mode: generate")
        case Mode.AUTO:
            if not in_ci:
                return Decision(False, "mode: auto buys only in CI; here use mkdocs-imagegen apply")
            if endpoint is None:
                return Decision(False, "mode: auto, and no API key is set")
            return Decision(True, f"mode: auto in CI, with the key of {endpoint.key_name}")
