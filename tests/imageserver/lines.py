"""How an answer travels: late, slowly, in part, or cut off. Knows nothing of what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ending = Literal["whole", "cut", "reset before", "reset amid", "reset after"]
"""`cut`: half of the body, then an orderly end, though the content-length promised all of it.
`reset`: the connection is torn down (TCP RST) before the first byte, after half of the body, or
once the client has the last byte."""


@dataclass(frozen=True, slots=True)
class Drip:
    """So many bytes at a time, with a pause after each lot."""

    lot_bytes: int
    interval_s: float


@dataclass(frozen=True, slots=True)
class Line:
    """The way of one answer; as it stands, whole and at once."""

    delay_s: float = 0.0
    """Before the first byte, after the gate."""
    head: Drip | None = None
    """Of status line and headers; `None` sends them at once."""
    body: Drip | None = None
    ends: Ending = "whole"


AT_ONCE = Line()
