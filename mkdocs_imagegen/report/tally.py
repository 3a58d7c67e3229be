"""What a build did about its covers, over all its languages: its last line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from ..model import ActionKind, Bought, Outcome, Plan
from .lines import build_line
from .spent import Spent, spent_on

_STAYING = {
    ActionKind.OWN: "own",
    ActionKind.OUTDATED: "outdated",
    ActionKind.LOST: "lost",
    ActionKind.BLOCKED: "blocked",
}


class Tally:
    """Counts each article's cover once, however many languages show it."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str | None], str] = {}
        self._buyers: set[str] = set()
        self._spent = Spent()

    def count_purchases(self, outcomes: Iterable[Outcome]) -> None:
        """Take in what was bought."""
        outcomes = tuple(outcomes)
        self._buyers |= {o.action.article for o in outcomes if isinstance(o, Bought)}
        self._spent += spent_on(outcomes)

    def count_covers(self, plan: Plan, drawn: Collection[str]) -> None:
        """Take in one language's plan, made before anything was bought, and its drawn articles."""
        for action in plan.actions:
            article = action.article
            state = "drawn" if article in drawn else "reused"
            if action.kind is ActionKind.GENERATE and action.keeps and article not in drawn:
                state = "stale"
            elif article in self._buyers and article not in drawn:
                state = "bought"
            state = _STAYING.get(action.kind, state)
            self._states.setdefault((article, action.request_key), state)

    def line(self) -> str:
        """Return the last line, `""` where the site has no covers."""
        if not self._states:
            return ""
        counts = Counter(self._states.values())
        return build_line(
            **counts,
            spent_usd=self._spent.bought_usd + self._spent.failed_usd,
            doubtful_usd=self._spent.doubtful_usd,
            unpriced=self._spent.unpriced + self._spent.doubtful_unpriced,
        )
