"""How each purchase of a run ended."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ImagegenError
from .articles import Size
from .plans import Action
from .records import Record


@dataclass(frozen=True, slots=True)
class Bought:
    """The picture is paid for and stored."""

    action: Action
    record: Record
    size: Size
    """As it came; some endpoints send another one than was asked for."""

    @property
    def is_in_shape(self) -> bool:
        """Whether it has the ratio that was asked for; else it is cropped when it is published."""
        return self.size.is_shaped_as(self.action.cover.size)


@dataclass(frozen=True, slots=True)
class Found:
    """Another run bought the same request while this one waited for it."""

    action: Action


@dataclass(frozen=True, slots=True)
class Failed:
    """No usable picture; the error says why, and whether it may have been billed."""

    action: Action
    error: ImagegenError


@dataclass(frozen=True, slots=True)
class Skipped:
    """Never sent: an earlier error stopped the run, or a wall stands before it."""

    action: Action
    why: str


Outcome = Bought | Found | Failed | Skipped
