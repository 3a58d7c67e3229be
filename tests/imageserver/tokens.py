"""How many tokens a picture and its prompt take, written from the published formula."""

from __future__ import annotations

from collections.abc import Mapping

import toktok

FACTORS_2: Mapping[str, int] = {"low": 16, "medium": 48, "high": 96}
FACTORS_2_5: Mapping[str, int] = {"low": 16, "medium": 24, "high": 48, "xhigh": 64, "max": 96}

FIXED: Mapping[tuple[int, int], Mapping[str, int]] = {
    (1024, 1024): {"low": 272, "medium": 1056, "high": 4160},
    (1024, 1536): {"low": 408, "medium": 1584, "high": 6240},
    (1536, 1024): {"low": 400, "medium": 1568, "high": 6208},
}
"""The 1.x models: output tokens by size and quality."""

INVENTED_2_6: Mapping[str, int] = {
    "low": 664,
    "medium": 1000,
    "high": 1353,
    "xhigh": 1800,
    "max": 2400,
}
"""Output tokens at 1536x1024. Low and high were reported once, the others are this server's own."""


def by_factor(factor: int, width: int, height: int) -> int:
    """Return one picture's output tokens by the formula for gpt-image-2 and 2.5.

    The short side's patches come from two divisions of doubles, in the published order, because
    exact fractions give another count for some sizes. The rest is exact in integers.
    """
    short_patches = round(factor / (max(width, height) / min(width, height)))
    return _ceil_div(factor * short_patches * (2_000_000 + width * height), 4_000_000)


def by_invention(quality: str, width: int, height: int) -> int:
    """Return one picture's output tokens for 2.6, whose formula nobody has published.

    The line is this server's own, near the three figures that were reported.
    """
    at_1536x1024 = 3_000_000 + 1536 * 1024
    return _ceil_div(INVENTED_2_6[quality] * (3_000_000 + width * height), at_1536x1024)


def of_text(prompt: str) -> int:
    """Return a prompt's tokens as the real service does: those of o200k, and 6."""
    count: int = toktok.batch_count([prompt], "o200k_base", threads=1)[0]
    return count + 6


def _ceil_div(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
