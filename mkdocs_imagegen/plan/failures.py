"""What is shown of covers that could not be bought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..errors import NotBoughtError
from ..model import Action, ActionKind, Failed, OnError, Outcome, Plan, Skipped

_BOUGHT = (ActionKind.GENERATE, ActionKind.SHARED)


def after_failures(plan: Plan, outcomes: Iterable[Outcome], on_error: OnError) -> Plan:
    """Return the plan with the articles' last covers in place of those that could not be bought.

    Args:
        plan: as it was bought, or one language of it.
        outcomes: of its purchases.
        on_error: the site's; an article may have its own.
    """
    failed = _failed(outcomes)
    actions = (
        replace(action, keeps=action.approved)
        if _is_among(action, failed) and shows_stale(action, on_error)
        else action
        for action in plan.actions
    )
    return replace(plan, actions=tuple(actions))


def shows_stale(action: Action, on_error: OnError) -> bool:
    """Tell whether an article without its cover shows the last one that it had."""
    return action.approved is not None and (action.cover.on_error or on_error) == "stale"


def require_bought(plan: Plan, outcomes: Iterable[Outcome], on_error: OnError) -> None:
    """Hold what could not be bought against `on_error: fail`.

    Raises:
        NotBoughtError: naming each article that must not do without its cover, be it that this run
            could not buy it or that the plan already could not.
    """
    failed = _failed(outcomes)
    missing = [
        action.article
        for action in plan.actions
        if (action.kind is ActionKind.BLOCKED or _is_among(action, failed))
        and (action.cover.on_error or on_error) == "fail"
    ]
    if missing:
        named = "".join(f"\n  {article}" for article in missing)
        raise NotBoughtError(
            f"on_error: fail, and {_covers(missing)} could not be bought:{named}",
            hint="each one's own message says why; what was bought is kept: build again",
        )


def _covers(articles: Sequence[str]) -> str:
    return "1 cover" if len(articles) == 1 else f"{len(articles)} covers"


def _failed(outcomes: Iterable[Outcome]) -> set[str | None]:
    bad = (outcome for outcome in outcomes if isinstance(outcome, Failed | Skipped))
    return {outcome.action.request_key for outcome in bad}


def _is_among(action: Action, failed: set[str | None]) -> bool:
    return action.kind in _BOUGHT and action.request_key in failed
