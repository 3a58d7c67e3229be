"""What the purchases of a run came to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ..errors import ProviderError
from ..model import Bought, Failed, Outcome, Priced


@dataclass(frozen=True, slots=True)
class Spent:
    """Sums of one run."""

    bought_usd: Decimal = Decimal(0)
    """For the pictures that came, where their price is known."""
    failed_usd: Decimal = Decimal(0)
    """For answers that no picture could be kept of."""
    doubtful_usd: Decimal = Decimal(0)
    """The most that requests without an answer may have cost."""
    unpriced: int = 0
    """How many pictures came at a price that nobody knows."""
    doubtful_unpriced: int = 0
    """How many requests without an answer have no known price."""

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.bought_usd + other.bought_usd,
            self.failed_usd + other.failed_usd,
            self.doubtful_usd + other.doubtful_usd,
            self.unpriced + other.unpriced,
            self.doubtful_unpriced + other.doubtful_unpriced,
        )


def spent_on(outcomes: Iterable[Outcome]) -> Spent:
    """Add up what these purchases cost."""
    return sum(map(_spent, outcomes), Spent())


def _spent(outcome: Outcome) -> Spent:
    match outcome:
        case Bought(record=record):
            if record.usd is None:
                return Spent(unpriced=1)
            return Spent(bought_usd=Decimal(record.usd))
        case Failed(action=action, error=error) if error.spent_usd is not None:
            return Spent(failed_usd=error.spent_usd)
        case Failed(action=action, error=ProviderError(maybe_billed=True)):
            if isinstance(action.price, Priced):
                return Spent(doubtful_usd=action.price.bound_usd)
            return Spent(doubtful_unpriced=1)
        case _:
            return Spent()
