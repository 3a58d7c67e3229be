"""What a build did about its covers, over all its languages: its last line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from decimal import Decimal

from ..errors import ProviderError
from ..model import ActionKind, Bought, Failed, Outcome, Plan, Priced
from .lines import build_line

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
        self._spent_usd = Decimal(0)
        self._doubtful_usd = Decimal(0)
        self._unpriced = 0

    def count_purchases(self, outcomes: Iterable[Outcome]) -> None:
        """Take in what was bought."""
        for outcome in outcomes:
            if isinstance(outcome, Bought):
                self._buyers.add(outcome.action.article)
                self._spent_usd += Decimal(outcome.record.usd or 0)
                self._unpriced += outcome.record.usd is None
            elif isinstance(outcome, Failed):
                self._count_failure(outcome)

    def _count_failure(self, failed: Failed) -> None:
        """Take in what was paid for nothing, or may have been."""
        error, price = failed.error, failed.action.price
        if error.spent_usd is not None:
            self._spent_usd += error.spent_usd
        elif isinstance(error, ProviderError) and error.maybe_billed:
            if isinstance(price, Priced):
                self._doubtful_usd += price.bound_usd
            else:
                self._unpriced += 1

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
            spent_usd=self._spent_usd,
            doubtful_usd=self._doubtful_usd,
            unpriced=self._unpriced,
        )
