"""Breaks a title into lines: even ones, that end where a reader would pause."""

from __future__ import annotations

import bisect
import itertools
import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .fontfile import FontFile

TITLE_TRACKING_EM = -0.022
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_NEVER_FIRST = frozenset(
    "\u3001\u3002\uff0c\uff0e\uff1a\uff1b\uff1f\uff01\u300d\u300f\uff09\u3015\u3011\u300b\u3009\u30fb\u30fc"
    "\u3041\u3043\u3045\u3047\u3049\u3063\u3083\u3085\u3087\u30a1\u30a3\u30a5\u30a7\u30a9\u30c3\u30e3\u30e5\u30e7"
    ",.:;?!)]}\u2026\u201d\u2019"
)
"""Closing marks and small kana: no line begins with them."""
_NEVER_LAST = frozenset("\u300c\u300e\uff08\u3014\u3010\u300a\u3008([{\u201c\u2018")
"""Opening marks: no line ends with them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What a line break can't divide, and whether a space follows it."""

    text: str
    spaced: bool


def title_em(text: str, font: FontFile) -> float:
    """Return the width of a title's line, in em."""
    return font.width_em(text, tracking_em=TITLE_TRACKING_EM)


def split(title: str, font: FontFile, longest_em: float) -> Iterator[Piece]:
    """Yield the title's pieces, none wider than `longest_em` but for a hyphen."""
    for word in title.split(" "):
        parts = [part for run in _runs(word) for part in _parts(run, font, longest_em)]
        for part in parts[:-1]:
            yield Piece(part, spaced=False)
        yield Piece(parts[-1], spaced=True)


def _runs(word: str) -> Iterator[str]:
    """Divide what is written without spaces, as Chinese and Japanese are, wherever it may be."""
    start = 0
    for i in range(1, len(word)):
        before, after = word[i - 1], word[i]
        if (
            (_is_ideographic(before) or _is_ideographic(after))
            and after not in _NEVER_FIRST
            and before not in _NEVER_LAST
        ):
            yield word[start:i]
            start = i
    yield word[start:]


def _is_ideographic(character: str) -> bool:
    """Tell what lines may be broken after; Korean has spaces."""
    wide = unicodedata.east_asian_width(character) in "WF"
    return wide and not "\uac00" <= character <= "\ud7a3"


def _parts(word: str, font: FontFile, longest_em: float) -> Iterator[str]:
    """Divide a word after its own hyphens and slashes, and by force where it is still too wide."""
    start = 0
    for i in range(4, len(word) - 3):
        if word[i - 1] in "-/\N{EN DASH}\N{EM DASH}_.:" and word[i].isalnum() and i - start >= 4:
            yield from _broken(word[start:i], font, longest_em)
            start = i
    yield from _broken(word[start:], font, longest_em)


def _broken(word: str, font: FontFile, longest_em: float) -> Iterator[str]:
    count = math.ceil(title_em(word, font) / longest_em)
    length = math.ceil(len(word) / max(count, 1))
    for start in range(0, len(word), length):
        part = word[start : start + length]
        cut = start + length < len(word) and part[-1].isalnum()
        yield part + "-" if cut else part


def shorten(
    pieces: tuple[Piece, ...], font: FontFile, longest_em: float, *, most_lines: int
) -> tuple[Piece, ...]:
    """Drop pieces from the end until the rest and an ellipsis fit into the most lines."""

    def cut(count: int) -> tuple[Piece, ...]:
        last = pieces[count - 1].text.rstrip(" ,;:.-\N{EN DASH}\N{EM DASH}(")
        return (*pieces[: count - 1], Piece(last + ELLIPSIS, spaced=True))

    def is_too_long(shown: tuple[Piece, ...]) -> bool:
        return Division.of(shown, font).lines_needed(longest_em) > most_lines

    if not is_too_long(pieces):
        return pieces
    counts = range(1, len(pieces))
    return cut(max(bisect.bisect_left(counts, True, key=lambda n: is_too_long(cut(n))), 1))


def _joined(pieces: Sequence[Piece]) -> str:
    text = "".join(piece.text + (" " if piece.spaced else "") for piece in pieces)
    return text.rstrip(" ")


@dataclass(frozen=True, slots=True)
class Division:
    """The widths that every division into lines is made of."""

    starts_em: tuple[float, ...]
    """Where each piece would start on one endless line, and where the last one ends."""
    spaces_em: tuple[float, ...]
    """The space after each piece, which a line's end swallows."""

    @classmethod
    def of(cls, pieces: tuple[Piece, ...], font: FontFile) -> Division:
        space_em = font.width_em(" ", tracking_em=0) + 2 * TITLE_TRACKING_EM
        spaces = tuple(space_em if piece.spaced else TITLE_TRACKING_EM for piece in pieces)
        widths = [title_em(piece.text, font) for piece in pieces]
        advances = (width + space for width, space in zip(widths, spaces, strict=True))
        return cls(tuple(itertools.accumulate(advances, initial=0.0)), spaces)

    def line_em(self, start: int, end: int) -> float:
        """Return the width of a line of the pieces from `start` up to, not including, `end`."""
        return self.starts_em[end] - self.starts_em[start] - self.spaces_em[end - 1]

    def lines_needed(self, longest_em: float) -> int:
        """Return how many lines it takes when each is filled before the next begins."""
        lines, start = 1, 0
        for end in range(1, len(self.spaces_em) + 1):
            if end - start > 1 and self.line_em(start, end) > longest_em:
                lines, start = lines + 1, end - 1
        return lines

    def narrowest_em(self, lines: int) -> float:
        """Return the width that so many lines need at least."""
        count = len(self.spaces_em)
        best = [self.line_em(0, end) if end else 0.0 for end in range(count + 1)]
        for _ in range(lines - 1):
            best = [
                min((max(best[i], self.line_em(i, end)) for i in range(1, end)), default=best[end])
                for end in range(count + 1)
            ]
        return best[count]


def divide(
    pieces: tuple[Piece, ...], division: Division, count: int, longest_em: float
) -> tuple[str, ...]:
    """Divide into so many lines, as even and as well phrased as can be.

    No line is much wider than it must be, so that a good phrase costs little size.
    """
    narrowest_em = division.narrowest_em(count)
    target_em = max(narrowest_em, min(longest_em, division.line_em(0, len(pieces)) / count * 1.1))

    def cost(start: int, end: int) -> float:
        share = division.line_em(start, end) / target_em
        last = end == len(pieces)
        ragged = (1 - share) ** 2 if share <= 1 else (8 * (share - 1)) ** 2
        lonely = 0.2 if last and share < 0.4 else 0.0
        return ragged + lonely + (0.0 if last else _break_cost(pieces[end - 1]))

    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, (0,))}
    for line in range(1, count + 1):
        ends = range(line, len(pieces) - count + line + 1)
        best = {
            end: min(
                (spent + cost(start, end), (*breaks, end))
                for start, (spent, breaks) in best.items()
                if start < end
            )
            for end in ends
        }
    breaks = best[len(pieces)][1]
    return tuple(_joined(pieces[start:end]) for start, end in itertools.pairwise(breaks))


def _break_cost(last: Piece) -> float:
    """Return how bad it is to end a line with this piece."""
    if not last.spaced:
        return 0.0 if _is_ideographic(last.text[-1]) else 1.5
    if last.text[-1] in ",:;.?!\N{EN DASH}\N{EM DASH}":
        return -0.05
    # Articles and prepositions, in most languages, belong to the word that follows.
    return 0.10 if len(last.text) <= 3 and last.text.isalpha() else 0.0
