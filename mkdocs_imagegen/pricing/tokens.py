"""How many tokens a request is: its picture by formula, table or estimate, and its prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, assert_never

from ..model import Size

PROMPT_OVERHEAD_TOKENS = 6
"""What a request's text costs above its prompt, as users measured it."""
ESTIMATE_MARGIN = 2
"""The walls count this many times an estimated picture: a few bills are no promise."""
# By the first byte of a UTF-8 character: quarters of a token that such a character takes.
_QUARTER_TOKENS = bytes([1] * 128 + [0] * 64 + [2] * 32 + [4] * 16 + [8] * 16)


@dataclass(frozen=True, slots=True)
class Formula:
    """The published calculator's factor, by quality."""

    factors: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Table:
    """Published token counts, by quality and size."""

    tokens: Mapping[str, Mapping[Size, int]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Token counts seen in bills, by quality and size."""

    tokens: Mapping[str, Mapping[Size, int]]


OutputTokens = Formula | Table | Measured


@dataclass(frozen=True, slots=True)
class TokenCount:
    """The output tokens of one picture: as shown, and at most."""

    tokens: int
    bound: int
    confidence: Literal["exact", "estimate"] = "exact"


def picture_tokens(method: OutputTokens, size: Size, quality: str) -> TokenCount | None:
    """Count one picture's tokens; `None` where the row has nothing to say about it."""
    match method:
        case Formula(factors):
            return _by_formula(factors[quality], size) if quality in factors else None
        case Table(tokens):
            known = tokens.get(quality, {}).get(size)
            return TokenCount(known, known) if known else None
        case Measured(tokens):
            points = tokens.get(quality)
            return _estimated(points, size) if points else None
        case _:
            assert_never(method)


def _by_formula(factor: int, size: Size) -> TokenCount:
    """Count as the published calculator does, and the largest of what other arithmetic gives.

    The calculator's JavaScript takes `factor / (long / short)` in doubles, which can fall on the
    other side of a half than the exact quotient. Python's `round` takes an exact half to even too.
    """
    short, long = sorted((size.width_px, size.height_px))
    published = round(factor / (long / short))
    others = round(factor * (short / long)), round(Fraction(factor * short, long))
    scale = factor * (2_000_000 + long * short)
    tokens, bound = (-(-scale * u // 4_000_000) for u in (published, max(published, *others)))
    return TokenCount(tokens, bound)


def _estimated(points: Mapping[Size, int], size: Size) -> TokenCount:
    """Estimate from the measured point of the nearest area.

    Scaled as the published formula of the older models scales, by `(2,000,000 + area) / ratio`:
    that leads from one measured point of 2.6 high to the other within 2 %, while the area alone
    is wrong by a factor of two.
    """
    area = size.width_px * size.height_px
    point = min(points, key=lambda p: (abs(p.width_px * p.height_px - area), p))
    tokens = -(-points[point] * _weight(size) // _weight(point))
    return TokenCount(tokens, tokens * ESTIMATE_MARGIN, "estimate")


def _weight(size: Size) -> Fraction:
    short, long = sorted((size.width_px, size.height_px))
    return Fraction((2_000_000 + long * short) * short, long)


def prompt_tokens(prompt: str) -> tuple[int, int]:
    """Return about how many input tokens a prompt is, and how many at most.

    About: four ASCII characters a token, two of other alphabets, one CJK character. At most: a
    token is never shorter than a byte.
    """
    encoded = prompt.encode()
    about = -(-sum(encoded.translate(_QUARTER_TOKENS)) // 4)
    return about + PROMPT_OVERHEAD_TOKENS, len(encoded) + PROMPT_OVERHEAD_TOKENS
