"""Decides how a cover's text is set: what is shown, where its lines break, how large it stands.

Pure arithmetic over the font's measures. `paint` draws exactly what stands here.
"""

from __future__ import annotations

import bisect
import itertools
import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...model import Size, Sketch
from .fontfile import FontFile
from .shapes import Box

MAX_LINES = 4
SAFE_HEIGHT = 0.8
"""The share of the height, in the middle, that holds all text: previews crop the rest away."""
TITLE_TRACKING_EM = -0.022
LABEL_TRACKING_EM = 0.13
_LEADING_EM = 1.09
_DESCENT_EM = 0.24
_LARGEST_TITLE = (0.185, 0.152, 0.128, 0.106)
"""The title's size by its number of lines, as a share of the unit."""
_SMALLEST_TITLE = 0.050
_LONGEST_WORD_AT = 0.064
"""A word that is too wide at this size is broken, not shrunk any further."""
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_MARKS = frozenset("Mn Me Mc".split())


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text; `x_px` and `baseline_px` are where its first glyph stands."""

    text: str
    x_px: float
    baseline_px: float
    width_px: float


@dataclass(frozen=True, slots=True)
class TextLayout:
    """A cover's whole text, placed."""

    title: tuple[Line, ...]
    title_size_px: float
    label: Line | None
    label_size_px: float
    rule: Box
    box: Box
    """What holds all of the above, ascenders and descenders included."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The measures that depend on the picture's size alone."""

    width_px: int
    height_px: int

    @classmethod
    def of(cls, size: Size) -> Frame:
        """Return the frame of a picture."""
        return cls(size.width_px, size.height_px)

    @property
    def unit_px(self) -> float:
        """What type is measured in: the height, were the picture 3:2 with the same area."""
        return math.sqrt(self.width_px * self.height_px / 1.5)

    @property
    def margin_px(self) -> float:
        """The least space to the left and right of text."""
        return min(0.112 * self.unit_px, 0.16 * min(self.width_px, self.height_px))

    @property
    def measure_px(self) -> float:
        """The longest line. Wide pictures keep their right side for the drawing."""
        whole = self.width_px - 2 * self.margin_px
        wide = self.width_px > 1.25 * self.height_px
        return min(whole, 0.70 * self.width_px) if wide else whole


def lay_out(sketch: Sketch, title_font: FontFile, label_font: FontFile) -> TextLayout | None:
    """Return the placed text, `None` where the title is empty or not in the font's script."""
    title = readable(sketch.title, title_font)
    if not title:
        return None
    frame = Frame.of(sketch.size)
    label = _upper(readable(sketch.section, label_font))
    lines, size_px = _fit_title(title, frame, title_font, has_label=bool(label))
    return _place(lines, size_px, label, frame, title_font, label_font)


def readable(text: str, font: FontFile) -> str:
    """Return the text without what the font lacks, `""` where that would lose a letter or digit.

    Emoji, rare symbols and the marks of code are left out; spacing is evened out.
    """
    kept = []
    for character in unicodedata.normalize("NFC", text).replace("`", ""):
        category = unicodedata.category(character)
        if category in ("Cc", "Zs", "Zl", "Zp"):
            # A no-break space keeps words together, and this font has it.
            kept.append(character if character == "\xa0" else " ")
        elif character in font.glyphs:
            kept.append(character)
        elif character == "\N{NON-BREAKING HYPHEN}":
            kept.append("-")
        elif category[0] == "L" or category == "Nd" or _is_script_mark(character, category):
            return ""
    shown = " ".join("".join(kept).split(" ")).strip()
    return " ".join(shown.split(" ")) if any(map(str.isalnum, shown)) else ""


def width_em(text: str, font: FontFile, tracking_em: float) -> float:
    """Return the width of tracked text, without the tracking after its last character."""
    return font.width_em(text) + tracking_em * max(len(text) - 1, 0)


def _upper(text: str) -> str:
    """Return the text in capitals, which in Greek lose their accent."""
    plain = unicodedata.normalize("NFD", text)
    kept = (
        character
        for before, character in itertools.pairwise(" " + plain)
        if not (character == "\N{COMBINING ACUTE ACCENT}" and "\u0370" <= before <= "\u03ff")
    )
    return unicodedata.normalize("NFC", "".join(kept)).upper()


def _is_script_mark(character: str, category: str) -> bool:
    """Tell a vowel sign, which a word can't do without, from an accent or an emoji's selector."""
    return category in _MARKS and not unicodedata.name(character, "").startswith(
        ("COMBINING", "VARIATION SELECTOR")
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    """What a line break can't divide, and whether a space follows it."""

    text: str
    spaced: bool


def _fit_title(
    title: str, frame: Frame, font: FontFile, *, has_label: bool
) -> tuple[tuple[str, ...], float]:
    """Return the lines and the size that shows the title largest."""
    measure_px, unit_px = frame.measure_px, frame.unit_px
    tallest_px = [_tallest_px(n, frame, has_label=has_label) for n in range(1, MAX_LINES + 1)]
    smallest_px = min(_SMALLEST_TITLE * unit_px, tallest_px[-1])
    pieces = tuple(_pieces(title, font, measure_px / (_LONGEST_WORD_AT * unit_px)))
    pieces = _shorten(pieces, font, measure_px / smallest_px)
    best: tuple[tuple[str, ...], float] = ((), 0.0)
    for count in range(1, min(MAX_LINES, len(pieces)) + 1):
        largest_px = min(_LARGEST_TITLE[count - 1] * unit_px, tallest_px[count - 1])
        lines = _divide(pieces, count, font, measure_px / largest_px)
        widest_em = max(width_em(line, font, TITLE_TRACKING_EM) for line in lines)
        size_px = min(largest_px, measure_px / widest_em)
        # A further line must earn its place: fewer lines read better at nearly the same size.
        if size_px > best[1] * 1.04:
            best = (lines, size_px)
    return best


def _tallest_px(count: int, frame: Frame, *, has_label: bool) -> float:
    """Return the largest size at which so many lines stay within the safe height."""
    free_px = 0.94 * SAFE_HEIGHT * frame.height_px - _head_px(frame, has_label=has_label)
    return free_px / (0.74 + _LEADING_EM * (count - 1) + _DESCENT_EM)


def _head_px(frame: Frame, *, has_label: bool) -> float:
    """Return the height of the label or bare rule with the space below it."""
    cap_px = 0.72 * _label_size_px(frame) if has_label else _rule_thickness_px(frame)
    return cap_px + _head_gap_px(frame)


def _head_gap_px(frame: Frame) -> float:
    return 0.056 * min(frame.unit_px, 1.25 * frame.height_px)


def _label_size_px(frame: Frame) -> float:
    return max(0.031 * frame.unit_px, 10.0)


def _rule_thickness_px(frame: Frame) -> float:
    return max(round(0.0055 * frame.unit_px), 2)


def _pieces(title: str, font: FontFile, longest_em: float) -> Iterator[_Piece]:
    for word in title.split(" "):
        parts = list(_parts(word, font, longest_em))
        for part in parts[:-1]:
            yield _Piece(part, spaced=False)
        yield _Piece(parts[-1], spaced=True)


def _parts(word: str, font: FontFile, longest_em: float) -> Iterator[str]:
    """Divide a word after its own hyphens and slashes, and by force where it is still too wide."""
    start = 0
    for i in range(4, len(word) - 3):
        if word[i - 1] in "-/\N{EN DASH}\N{EM DASH}_.:" and word[i].isalnum() and i - start >= 4:
            yield from _broken(word[start:i], font, longest_em)
            start = i
    yield from _broken(word[start:], font, longest_em)


def _broken(word: str, font: FontFile, longest_em: float) -> Iterator[str]:
    count = math.ceil(width_em(word, font, TITLE_TRACKING_EM) / longest_em)
    length = math.ceil(len(word) / max(count, 1))
    for start in range(0, len(word), length):
        part = word[start : start + length]
        cut = start + length < len(word) and part[-1].isalnum()
        yield part + "-" if cut else part


def _shorten(pieces: tuple[_Piece, ...], font: FontFile, longest_em: float) -> tuple[_Piece, ...]:
    """Drop pieces from the end until the rest and an ellipsis fit into the most lines."""

    def cut(count: int) -> tuple[_Piece, ...]:
        last = pieces[count - 1].text.rstrip(" ,;:.-\N{EN DASH}\N{EM DASH}(")
        return (*pieces[: count - 1], _Piece(last + _ELLIPSIS, spaced=True))

    def is_too_long(shown: tuple[_Piece, ...]) -> bool:
        lines = min(MAX_LINES, len(shown))
        return _Division.of(shown, font).narrowest_em(lines) > longest_em

    if not is_too_long(pieces):
        return pieces
    counts = range(1, len(pieces))
    return cut(max(bisect.bisect_left(counts, True, key=lambda n: is_too_long(cut(n))), 1))


def _joined(pieces: Sequence[_Piece]) -> str:
    text = "".join(piece.text + (" " if piece.spaced else "") for piece in pieces)
    return text.rstrip(" ")


@dataclass(frozen=True, slots=True)
class _Division:
    """The widths that every division into lines is made of."""

    starts_em: tuple[float, ...]
    """Where each piece would start on one endless line, and where the last one ends."""
    spaces_em: tuple[float, ...]
    """The space after each piece, which a line's end swallows."""

    @classmethod
    def of(cls, pieces: tuple[_Piece, ...], font: FontFile) -> _Division:
        space_em = font.width_em(" ") + 2 * TITLE_TRACKING_EM
        spaces = tuple(space_em if piece.spaced else TITLE_TRACKING_EM for piece in pieces)
        widths = [width_em(piece.text, font, TITLE_TRACKING_EM) for piece in pieces]
        advances = (width + space for width, space in zip(widths, spaces, strict=True))
        return cls(tuple(itertools.accumulate(advances, initial=0.0)), spaces)

    def line_em(self, start: int, end: int) -> float:
        """Return the width of a line of the pieces from `start` up to, not including, `end`."""
        return self.starts_em[end] - self.starts_em[start] - self.spaces_em[end - 1]

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


def _divide(
    pieces: tuple[_Piece, ...], count: int, font: FontFile, longest_em: float
) -> tuple[str, ...]:
    """Divide into so many lines, as even and as well phrased as can be.

    No line is much wider than it must be, so that a good phrase costs little size.
    """
    division = _Division.of(pieces, font)
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


def _break_cost(last: _Piece) -> float:
    """Return how bad it is to end a line with this piece."""
    if not last.spaced:
        return 0.3
    if last.text[-1] in ",:;.?!\N{EN DASH}\N{EM DASH}":
        return -0.05
    # Articles and prepositions, in most languages, belong to the word that follows.
    return 0.10 if len(last.text) <= 3 and last.text.isalpha() else 0.0


def _place(
    lines: tuple[str, ...],
    size_px: float,
    label: str,
    frame: Frame,
    title_font: FontFile,
    label_font: FontFile,
) -> TextLayout:
    """Centre the block on the picture's height, by what the eye takes for its top and bottom."""
    cap_px = size_px * title_font.cap_height / title_font.units_per_em
    head_px = _head_px(frame, has_label=bool(label))
    seen_px = head_px + cap_px + _LEADING_EM * size_px * (len(lines) - 1)
    top_px = (frame.height_px - seen_px) / 2 - 0.02 * size_px
    left_px = frame.margin_px
    baseline_px = top_px + head_px + cap_px
    title = tuple(
        Line(
            text,
            left_px,
            baseline_px + i * _LEADING_EM * size_px,
            size_px * width_em(text, title_font, TITLE_TRACKING_EM),
        )
        for i, text in enumerate(lines)
    )
    rule, label_line = _place_head(label, frame, top_px, label_font)
    right_px = max(line.x_px + line.width_px for line in (*title, *filter(None, [label_line])))
    bottom_px = title[-1].baseline_px + _DESCENT_EM * size_px
    return TextLayout(
        title,
        size_px,
        label_line,
        _label_size_px(frame),
        rule,
        Box(left_px, top_px - 0.02 * size_px, max(right_px, rule.right), bottom_px),
    )


def _place_head(label: str, frame: Frame, top_px: float, font: FontFile) -> tuple[Box, Line | None]:
    """Place the rule, and the label behind it where there is one."""
    size_px, thickness_px = _label_size_px(frame), _rule_thickness_px(frame)
    length_px = (0.048 if label else 0.075) * frame.unit_px
    left_px = frame.margin_px
    cap_px = size_px * font.cap_height / font.units_per_em if label else thickness_px
    rule_top_px = top_px + (cap_px - thickness_px) / 2
    rule = Box(left_px, rule_top_px, left_px + length_px, rule_top_px + thickness_px)
    if not label:
        return rule, None
    x_px = rule.right + 0.8 * size_px
    text = _cut(label, font, (left_px + frame.measure_px - x_px) / size_px)
    line_width_px = size_px * width_em(text, font, LABEL_TRACKING_EM)
    return rule, Line(text, x_px, top_px + cap_px, line_width_px)


def _cut(label: str, font: FontFile, longest_em: float) -> str:
    """Shorten a label to one line."""
    shown = label
    while len(shown) > 2 and width_em(shown, font, LABEL_TRACKING_EM) > longest_em:
        shown = shown.removesuffix(_ELLIPSIS)[:-1].rstrip() + _ELLIPSIS
    return shown
