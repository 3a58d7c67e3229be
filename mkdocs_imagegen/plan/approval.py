"""The Plan to an approval: the walls, and whether this build buys at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from itertools import accumulate

from ..errors import ArticlesError, OverBudgetError
from ..model import Alternative, Plan, Priced, Unpriced
from ..pricing import usd_text
from ..settings import Budget, Endpoint, Mode, Settings


@dataclass(frozen=True, slots=True)
class ApprovedPlan:
    """A plan within its walls: the only thing that can be executed. Made by `approve`."""

    plan: Plan
    budget: Budget


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


def approve(plan: Plan, outlook: Outlook, *, strict: bool = False) -> ApprovedPlan:
    """Hold a plan against strictness and the walls. One that buys nothing is always within them.

    Raises:
        ArticlesError: it buys something, it is `strict`, and there are errors or warnings.
        OverBudgetError: it buys more than `max_images` pictures, may cost more than `per_build` or
            what is left of `per_month`, or one of these is set and a price is not known. Nothing is
            bought then, not even in part.
    """
    purchases, budget = plan.purchases, outlook.budget
    troubled = any(diagnostic.level != "info" for diagnostic in plan.diagnostics)
    if strict and troubled and purchases:
        raise ArticlesError(
            "a strict run buys nothing while there are errors or warnings",
            hint="nothing was bought; mend what is told above",
        )
    if purchases:
        _hold_against_walls(plan, outlook)
    return ApprovedPlan(plan, budget)


def _hold_against_walls(plan: Plan, outlook: Outlook) -> None:
    budget, count = outlook.budget, len(plan.purchases)
    bound_usd = sum(bounds := [usd for usd, _ in _bounds(plan)], Decimal(0))
    if count > budget.max_images:
        cost = "" if plan.unpriced else f", ${usd_text(bound_usd)} at most"
        wall = f"`budget: {{max_images: {count}}}`"
        raise OverBudgetError(
            f"{count} covers to buy, and `budget: max_images` allows {budget.max_images}",
            hint=_ways_out(f"raise it in mkdocs.yml: {wall}{cost}", plan, outlook, bounds),
        )
    for name, wall_usd, held_usd in (
        ("per_build", budget.per_build_usd, Decimal(0)),
        ("per_month", budget.per_month_usd, outlook.month_usd),
    ):
        if wall_usd is None:
            continue
        _require_prices(plan, name)
        if held_usd + bound_usd > wall_usd:
            held = f", of which ${usd_text(held_usd)} is spent or held" if held_usd else ""
            dearest = ", ".join(
                f"{article} ${usd_text(usd)}" for usd, article in sorted(_bounds(plan))[:-4:-1]
            )
            raised = f"raise `budget: {name}` in mkdocs.yml to {_usd_up(held_usd + bound_usd)}"
            raise OverBudgetError(
                f"this plan may cost ${usd_text(bound_usd)}, and `budget: {name}` allows "
                f"${usd_text(wall_usd)}{held} (dearest: {dearest})",
                hint=_ways_out(raised, plan, outlook, bounds, wall_usd - held_usd),
            )


def _require_prices(plan: Plan, wall: str) -> None:
    for action in plan.unpriced:
        assert isinstance(action.price, Unpriced)
        raise OverBudgetError(
            f"{action.article}: {action.price.why}, and `budget: {wall}` needs a price",
            hint="nothing was bought; tell the price below `prices:` in mkdocs.yml, set "
            "`price_as: openai` if this endpoint charges OpenAI's, or keep max_images as the only "
            "wall",
        )


def _ways_out(
    raised: str,
    plan: Plan,
    outlook: Outlook,
    bounds: list[Decimal],
    left_usd: Decimal | None = None,
) -> str:
    """Return what can be done about a wall, the cheapest first, each with its price."""
    ways = []
    if (other := outlook.alternative) and left_usd is not None:
        usd = other.output_usd + other.input_usd_estimate
        ways.append(f"quality {other.quality} with {other.model} costs about ${usd_text(usd)}")
    within = _largest_within(bounds, left_usd, outlook.budget.max_images)
    if within:
        usd = sum(within, Decimal(0))
        ways.append(
            f"mkdocs-imagegen apply --max-cost {_usd_up(usd)} buys {len(within)} "
            f"of {len(plan.purchases)} (the cheapest)"
        )
    return "nothing was bought; " + "; ".join([*ways, raised])


def _largest_within(
    bounds: list[Decimal], left_usd: Decimal | None, max_images: int
) -> list[Decimal]:
    """Return the cheapest bounds that fit together, as many as there are."""
    chosen = sorted(bounds)[:max_images]
    if left_usd is None:
        return chosen
    sums = accumulate(chosen)
    return chosen[: sum(usd <= left_usd for usd in sums)]


def _usd_up(amount: Decimal) -> str:
    """Return an amount that, set as a wall, lets this amount through."""
    return f"{amount.quantize(Decimal('0.0001'), ROUND_CEILING):f}"


def _bounds(plan: Plan) -> list[tuple[Decimal, str]]:
    return [(a.price.bound_usd, a.article) for a in plan.purchases if isinstance(a.price, Priced)]


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
