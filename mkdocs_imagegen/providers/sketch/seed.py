"""The only source of variety: numbers that a title and its section decide, on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seed:
    """Draws by name: a new draw, or another order of draws, leaves the others as they were."""

    digest: bytes

    @classmethod
    def of(cls, *texts: str) -> Seed:
        """Make the seed of these texts, order and borders included."""
        return cls(hashlib.sha256("\0".join(texts).encode()).digest())

    def number(self, name: str, low: float, high: float) -> float:
        """Return an evenly spread number from `low` up to, not including, `high`."""
        drawn = hashlib.sha256(self.digest + name.encode()).digest()
        return low + (high - low) * (int.from_bytes(drawn[:6], "big") / (1 << 48))

    def choice(self, name: str, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[int(self.number(name, 0, len(options)))]

    def chance(self, name: str, probability: float) -> bool:
        """Return whether something of this probability happens."""
        return self.number(name, 0, 1) < probability
