"""Where a build is killed: drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

FILES = (
    ".cache/imagegen/incoming/*.answer",
    ".cache/imagegen/originals/*/*/*.val",
    ".cache/imagegen/originals/cache.db-wal",
    ".cache/imagegen/ledger.sqlite3-journal",
    ".cache/imagegen/renditions/*/*/*.val",
    ".imagegen.lock.*.tmp",
    "imagegen.lock",
    "covers/*",
    "site/assets/covers/*",
)
"""Each comes and goes, or changes, where something was just written."""


@dataclass(frozen=True, slots=True)
class Point:
    """The moment of a kill."""

    kind: Literal["time", "paid", "file", "write", "sync"]
    number: int = 0
    """Of the paid answer, the change of the file, or the step in the write path; from 1."""
    delay_s: float = 0.0
    """After the start, the payment or the file's change."""
    file: str = ""

    def __str__(self) -> str:
        what = f" {self.file}" if self.file else ""
        return f"{self.kind} {self.number}{what} + {self.delay_s * 1000:.1f} ms"


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a run goes that nobody kills."""

    duration_s: float
    pictures: int
    writes: int
    syncs: int


def draw(random: Random, extent: Extent) -> Point:
    """Draw a point: most lie close to a picture's arrival, where all the trouble is."""
    match random.choice(("time", "paid", "paid", "file", "write", "write", "sync")):
        case "time":
            return Point("time", delay_s=random.uniform(0.0, extent.duration_s))
        case "paid":
            # An answer is sent right after it is paid for, and stored within milliseconds.
            delay_s = random.choice((random.uniform(0.0, 0.01), random.uniform(0.0, 0.1)))
            return Point("paid", random.randint(1, extent.pictures), delay_s)
        case "file":
            number, delay_s = random.randint(1, 3), random.uniform(0.0, 0.004)
            return Point("file", number, delay_s, random.choice(FILES))
        case "write":
            return Point("write", random.randint(1, extent.writes))
        case _:
            return Point("sync", random.randint(1, extent.syncs))
