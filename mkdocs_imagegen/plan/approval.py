"""The Plan to an approval: the walls, and whether this build buys at all."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from itertools import accumulate

from ..errors import ArticlesError, FrozenError, OverBudgetError
from ..model import Action, ActionKind, Alternative, Plan, PlanOptions, Priced, Unpriced
from ..pricing import usd_text
from ..settings import Budget, Endpoint, Mode, Settings
from .judge import APPLY, DAMAGE_HINT
from .walls import Account, Wall, first_wall


@dataclass(frozen=True, slots=True)
class ApprovedPlan:
    """A plan within its walls: the only thing that can be executed. Made by `approve`."""

    plan: Plan
    budget: Budget


def require_all(plan: Plan) -> None:
    """Hold a plan against mode frozen: every cover that is asked for must be there.

    Raises:
        FrozenError: naming each that is missing, and the one command that mends it.
    """
    missing = [action for action in plan.actions if action.mend]
    if not missing:
        return
    named = "".join(f"\n  {action.article}: {action.reason}" for action in missing)
    counts = Counter(action.mend for action in missing)
    ways = [f"{mend}   ({count} of them)" for mend, count in counts.items()]
    raise FrozenError(
        f"mode: frozen, and {len(missing)} of {len(plan.actions)} covers are not there:{named}",
        hint="\n      ".join(ways) if len(ways) > 1 else next(iter(counts)),
    )


def require_shown(plan: Plan, drawn: Collection[str]) -> None:
    """Hold what is published against mode frozen: nothing that is there may be drawn.

    Args:
        plan: of the site.
        drawn: the articles that show a drawing.

    Raises:
        FrozenError: naming each original that turned out to be other bytes.
    """
    kept = (ActionKind.REUSE, ActionKind.RENDER, ActionKind.OUTDATED)
    changed = [action.article for action in plan.of(*kept) if action.article in drawn]
    if changed:
        named = "".join(f"\n  {article}" for article in changed)
        raise FrozenError(
            f"mode: frozen, and {len(changed)} covers can't be published as they were paid "
            f"for:{named}",
            hint=DAMAGE_HINT,
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
    apply: str = APPLY
    """The command that buys the plan, as it is written where this is told."""


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
    budget, bound_usd = outlook.budget, plan.bound_usd
    wall = first_wall(
        budget,
        build=Account(),
        month_usd=outlook.month_usd,
        bound_usd=None if plan.unpriced else bound_usd,
        images=len(plan.purchases),
    )
    match wall:
        case None:
            return
        case Wall.MAX_IMAGES:
            raise _too_many_images(plan, outlook)
        case _ if plan.unpriced:
            raise _needs_a_price(plan.unpriced[0], wall)
        case Wall.PER_BUILD:
            wall_usd, held_usd = budget.per_build_usd, Decimal(0)
        case Wall.PER_MONTH:
            wall_usd, held_usd = budget.per_month_usd, outlook.month_usd
    assert wall_usd is not None
    held = f", of which ${usd_text(held_usd)} is spent or set aside" if held_usd else ""
    prices = [(a.price.bound_usd, a.article) for a in plan.purchases if isinstance(a.price, Priced)]
    dearest = ", ".join(f"{article} ${usd_text(usd)}" for usd, article in sorted(prices)[:-4:-1])
    raised = f"raise `budget: {wall}` in mkdocs.yml to {_usd_up(held_usd + bound_usd)}"
    raise OverBudgetError(
        f"this plan may cost ${usd_text(bound_usd)}, and `budget: {wall}` allows "
        f"${usd_text(wall_usd)}{held} (dearest: {dearest})",
        hint=_ways_out(raised, plan, outlook, wall_usd - held_usd),
    )


def _too_many_images(plan: Plan, outlook: Outlook) -> OverBudgetError:
    count = len(plan.purchases)
    cost = "" if plan.unpriced else f", ${usd_text(plan.bound_usd)} at most"
    raised = f"raise it in mkdocs.yml: `budget: {{max_images: {count}}}`{cost}"
    return OverBudgetError(
        f"{count} covers to buy, and `budget: max_images` allows {outlook.budget.max_images}",
        hint=_ways_out(raised, plan, outlook),
    )


def _needs_a_price(action: Action, wall: Wall) -> OverBudgetError:
    assert isinstance(action.price, Unpriced)
    return OverBudgetError(
        f"{action.article}: {action.price.why}, and `budget: {wall}` needs a price",
        hint="nothing was bought; tell the price below `prices:` in mkdocs.yml, set "
        "`price_as: openai` if this endpoint charges OpenAI's, or keep max_images as the only wall",
    )


def _ways_out(raised: str, plan: Plan, outlook: Outlook, left_usd: Decimal | None = None) -> str:
    """Return what can be done about a wall, each way with its price; `raised` is the last one."""
    ways = []
    other = outlook.alternative
    usd = other.output_usd + other.input_usd_estimate if other else Decimal(0)
    if other and left_usd is not None and usd <= left_usd:
        ways.append(f"quality {other.quality} with {other.model} costs about ${usd_text(usd)}")
    bounds = (a.price.bound_usd for a in plan.purchases if isinstance(a.price, Priced))
    sums = list(accumulate(sorted(bounds)))[: outlook.budget.max_images]
    within = [usd for usd in sums if left_usd is None or usd <= left_usd]
    if within:
        ways.append(
            f"{APPLY}{_flags(plan.options)} --max-cost {_usd_up(within[-1])} buys {len(within)} "
            f"of {len(plan.purchases)} (the cheapest)"
        )
    return "nothing was bought; " + "; ".join([*ways, raised])


def _flags(options: PlanOptions) -> str:
    """Return the options of a plan as they are written on the command line."""
    flags = ["--rebuy"] * options.rebuy + ["--outdated"] * options.outdated
    flags += [f"--retry {shlex.quote(article)}" for article in sorted(options.retry)]
    flags += [f"--only {shlex.quote(glob)}" for glob in options.only]
    return "".join(f" {flag}" for flag in flags)


def _usd_up(amount: Decimal) -> str:
    """Return an amount that, set as a wall, lets this amount through."""
    return f"{amount.quantize(Decimal('0.0001'), ROUND_CEILING):f}"


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
