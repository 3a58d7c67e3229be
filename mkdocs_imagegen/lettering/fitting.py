"""Finds the lines and the size in which a title stands largest."""

from __future__ import annotations

from collections.abc import Sequence

from . import linebreaks
from .fontfile import FontFile

_LONGEST_TITLE = 300
"""Characters: a longer one is no title any more, and is ended at a word with an ellipsis."""


def ended(title: str) -> str:
    """Return the title, cut at a word where it goes on for ever."""
    if len(title) <= _LONGEST_TITLE:
        return title
    return title[:_LONGEST_TITLE].rsplit(" ", 1)[0].rstrip(" ,;:.-") + linebreaks.ELLIPSIS


def fit(
    title: str,
    font: FontFile,
    *,
    measure_px: float,
    largest_px: Sequence[float],
    smallest_px: float,
    word_px: float,
) -> tuple[tuple[str, ...], float]:
    """Return the lines and the size that shows the title largest.

    Args:
        title: readable in the font.
        font: its measures.
        measure_px: the longest that a line may be.
        largest_px: the largest size by the number of lines; as many as there are may be used.
        smallest_px: the size at which a title that is still too long loses its end.
        word_px: a word that is too wide at this size is broken, not shrunk any further.
    """
    pieces = tuple(linebreaks.split(title, font, measure_px / word_px))
    pieces = linebreaks.shorten(pieces, font, measure_px / smallest_px, most_lines=len(largest_px))
    division = linebreaks.Division.of(pieces, font)
    best: tuple[tuple[str, ...], float] = ((), 0.0)
    for count, limit_px in enumerate(largest_px[: len(pieces)], start=1):
        lines = linebreaks.divide(pieces, division, count, measure_px / limit_px)
        widest_em = max(linebreaks.title_em(line, font) for line in lines)
        size_px = min(limit_px, measure_px / widest_em)
        # A further line must earn its place: fewer lines read better at nearly the same size.
        if size_px > best[1] * 1.04:
            best = (lines, size_px)
    return best


def cut(text: str, font: FontFile, longest_em: float, *, tracking_em: float) -> str:
    """Shorten a text to one line."""
    shown = text
    while len(shown) > 2 and font.width_em(shown, tracking_em=tracking_em) > longest_em:
        shown = shown.removesuffix(linebreaks.ELLIPSIS)[:-1].rstrip() + linebreaks.ELLIPSIS
    return shown
