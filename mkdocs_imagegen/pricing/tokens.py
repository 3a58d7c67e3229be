"""How many tokens a request is: its picture by formula, table or estimate, and what goes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, sqrt
from typing import Literal, assert_never

from ..model import Size
from .tokenizer import TokenCounter

PROMPT_OVERHEAD_TOKENS = 6
"""What a request's text costs above its prompt, as users measured it."""
PROMPT_SLACK_TOKENS = 16
"""What the walls count above that: six is what users measured, and edits ran a little higher."""
ESTIMATE_MARGIN = 2
"""The walls count this many times an estimated picture: a few bills are no promise."""
REFERENCE_TOKENS_MAX = 1_536
_PATCH_PX = 32
_REFERENCE_EDGE_PX = 1024
_LEADS_BY_QUARTER_TOKENS = {2: range(0xC0, 0xE0), 4: range(0xE0, 0xF0), 8: range(0xF0, 0x100)}
"""First bytes of UTF-8 characters, by the quarters of a token that such a character takes."""
_ASCII = bytes(range(0x80))
_NO_LEADS = {
    quarters: bytes(set(range(0x100)) - set(leads))
    for quarters, leads in _LEADS_BY_QUARTER_TOKENS.items()
}


@dataclass(frozen=True, slots=True)
class Formula:
    """The published calculator's factor, by quality."""

    factors: Mapping[str, int]

    @property
    def qualities(self) -> tuple[str, ...]:
        """The qualities that it counts."""
        return tuple(self.factors)


@dataclass(frozen=True, slots=True)
class Table:
    """Published token counts, by quality and size."""

    tokens: Mapping[str, Mapping[Size, int]]

    @property
    def qualities(self) -> tuple[str, ...]:
        """The qualities that it counts."""
        return tuple(self.tokens)


@dataclass(frozen=True, slots=True)
class Measured:
    """Token counts seen in bills, by quality and size."""

    tokens: Mapping[str, Mapping[Size, int]]

    @property
    def qualities(self) -> tuple[str, ...]:
        """The qualities that it counts."""
        return tuple(self.tokens)


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


@lru_cache(maxsize=1_024)  # thousands of covers share a few sizes
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


def reference_tokens(size: Size) -> int:
    """Count a picture that goes into an edit.

    The rule is what users found in their bills for 2 and 2.5; elsewhere it is a guess. It works in
    doubles. A picture too thin for it counts as the largest.
    """
    width, height = size.width_px, size.height_px
    if max(width, height) < _REFERENCE_EDGE_PX:
        scale = _REFERENCE_EDGE_PX / max(width, height)
        width, height = round(width * scale), round(height * scale)
    if _patches(width, height) > REFERENCE_TOKENS_MAX:
        scale = sqrt(_PATCH_PX * _PATCH_PX * REFERENCE_TOKENS_MAX / (width * height))
        across, down = width * scale / _PATCH_PX, height * scale / _PATCH_PX
        scale *= min(floor(across) / across, floor(down) / down)
        width, height = floor(width * scale), floor(height * scale)
    return _patches(width, height) or REFERENCE_TOKENS_MAX


def _patches(width: int, height: int) -> int:
    return ceil(width / _PATCH_PX) * ceil(height / _PATCH_PX)


def prompt_tokens(
    prompt: str, count_tokens: TokenCounter | None = None, *, edit: bool = False
) -> tuple[int, int]:
    """Return about how many input tokens a prompt is, and how many at most.

    With a tokenizer, at most a tenth above its count, and some slack: nobody has published what
    stands around the prompt. Without it, about four ASCII characters a token, two of other
    alphabets, one CJK character; and at most one a byte, which no token is shorter than.
    """
    if count_tokens is not None:
        about = count_tokens(prompt) + PROMPT_OVERHEAD_TOKENS
        return about, about + -(-about // 10) + PROMPT_SLACK_TOKENS
    encoded = prompt.encode()
    bound = len(encoded) + PROMPT_OVERHEAD_TOKENS + (PROMPT_SLACK_TOKENS if edit else 0)
    return -(-_quarter_tokens(encoded) // 4) + PROMPT_OVERHEAD_TOKENS, bound


def _quarter_tokens(encoded: bytes) -> int:
    beyond_ascii = encoded.translate(None, delete=_ASCII)
    quarters = len(encoded) - len(beyond_ascii)
    for each, no_leads in _NO_LEADS.items():
        quarters += each * len(beyond_ascii.translate(None, delete=no_leads))
    return quarters
