"""Decides how a cover's text is set: what is shown, where its lines break, how large it stands.

Pure arithmetic over the font's measures. `paint` draws exactly what stands here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...lettering import fitting, linebreaks, wording
from ...lettering.fontfile import FontFile
from ...lettering.glyphs import Line
from ...model import Size, Sketch
from .shapes import Box

MAX_LINES = 7

SAFE_HEIGHT = 0.8
"""The share of the height, in the middle, that holds all text: previews crop the rest away."""
LABEL_TRACKING_EM = 0.11
_LEADING_EM = 1.09
_DESCENT_EM = 0.27
_LARGEST_TITLE = (0.190, 0.162, 0.136, 0.112, 0.094, 0.080, 0.070)
"""The title's size by its number of lines, as a share of the unit."""
_COMFORTABLE_TITLE = 0.090
"""A title that would be smaller than this takes more room from the drawing."""
_SMALLEST_TITLE = 0.046
_LONGEST_WORD_AT = 0.064
"""A word that is too wide at this size is broken, not shrunk any further."""
_MORE_ROOM = (0.0, 0.5, 1.0)
"""The steps in which a long title takes the room that its composition would keep free."""


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
class Setting:
    """Where a composition wants its text, so that the drawing has room."""

    anchor: float
    """Where the text stands in the safe height: 0 at its top, 1 at its bottom."""
    width: float
    """The longest line, as a share of the space between the margins."""
    height: float
    """The share of the safe height that the text may fill."""

    def wider(self, share: float) -> Setting:
        """Return a setting that takes this share, 0 to 1, of all that was kept free."""
        return Setting(
            self.anchor,
            self.width + (1 - self.width) * share,
            self.height + (1 - self.height) * share,
        )


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
        """The space between the margins."""
        return self.width_px - 2 * self.margin_px

    @property
    def safe_px(self) -> float:
        """The height that holds all text, a little less than the safe height."""
        return 0.94 * SAFE_HEIGHT * self.height_px


def lay_out(
    sketch: Sketch, setting: Setting, title_font: FontFile, label_font: FontFile
) -> TextLayout | None:
    """Return the placed text, `None` where the title is empty or not in the font's script."""
    title = fitting.ended(wording.readable(sketch.title, title_font))
    if not title:
        return None
    frame = Frame.of(sketch.size)
    label = wording.readable(wording.upper(sketch.section), label_font)
    for share in _MORE_ROOM:
        room = setting.wider(share)
        lines, size_px = _fit_title(title, frame, room, title_font, has_label=bool(label))
        if size_px >= _COMFORTABLE_TITLE * frame.unit_px:
            break
    return _place(lines, size_px, label, frame, room, title_font, label_font)


def _fit_title(
    title: str, frame: Frame, room: Setting, font: FontFile, *, has_label: bool
) -> tuple[tuple[str, ...], float]:
    """Return the lines and the size that shows the title largest."""
    unit_px = frame.unit_px
    tallest_px = [_tallest_px(n, frame, room, has_label=has_label) for n in range(1, MAX_LINES + 1)]
    return fitting.fit(
        title,
        font,
        measure_px=room.width * frame.measure_px,
        largest_px=[
            min(share * unit_px, px) for share, px in zip(_LARGEST_TITLE, tallest_px, strict=True)
        ],
        smallest_px=min(_SMALLEST_TITLE * unit_px, tallest_px[-1]),
        word_px=_LONGEST_WORD_AT * unit_px,
    )


def _tallest_px(count: int, frame: Frame, room: Setting, *, has_label: bool) -> float:
    """Return the largest size at which so many lines stay within the room."""
    free_px = room.height * frame.safe_px - _head_px(frame, has_label=has_label)
    return free_px / (0.74 + _LEADING_EM * (count - 1) + _DESCENT_EM)


def _head_px(frame: Frame, *, has_label: bool) -> float:
    """Return the height of the label or bare rule with the space below it."""
    cap_px = 0.72 * _label_size_px(frame) if has_label else _rule_thickness_px(frame)
    return cap_px + _head_gap_px(frame)


def _head_gap_px(frame: Frame) -> float:
    return 0.056 * min(frame.unit_px, 1.25 * frame.height_px)


def _label_size_px(frame: Frame) -> float:
    return max(0.040 * frame.unit_px, 9.0)


def _rule_thickness_px(frame: Frame) -> float:
    return max(round(0.0055 * frame.unit_px), 2)


def _place(
    lines: tuple[str, ...],
    size_px: float,
    label: str,
    frame: Frame,
    room: Setting,
    title_font: FontFile,
    label_font: FontFile,
) -> TextLayout:
    """Stand the block in the safe height, by what the eye takes for its top and bottom."""
    cap_px = size_px * title_font.cap_height / title_font.units_per_em
    head_px = _head_px(frame, has_label=bool(label))
    seen_px = head_px + cap_px + _LEADING_EM * size_px * (len(lines) - 1)
    slack_px = frame.safe_px - seen_px - _DESCENT_EM * size_px
    middle_px = slack_px / 2 + (_DESCENT_EM / 2 - 0.02) * size_px
    free_px = (frame.height_px - frame.safe_px) / 2
    # From the top over the middle to the bottom: the middle is the eye's, without descenders.
    top_px = free_px + (
        2 * room.anchor * middle_px
        if room.anchor <= 0.5
        else middle_px + (2 * room.anchor - 1) * (slack_px - middle_px)
    )
    left_px = frame.margin_px
    baseline_px = top_px + head_px + cap_px
    title = tuple(
        Line(
            text,
            left_px,
            round(baseline_px + i * _LEADING_EM * size_px),
            size_px * linebreaks.title_em(text, title_font),
        )
        for i, text in enumerate(lines)
    )
    rule, label_line = _place_head(label, frame, room, top_px, label_font)
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


def _place_head(
    label: str, frame: Frame, room: Setting, top_px: float, font: FontFile
) -> tuple[Box, Line | None]:
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
    longest_em = (left_px + room.width * frame.measure_px - x_px) / size_px
    text = fitting.cut(label, font, longest_em, tracking_em=LABEL_TRACKING_EM)
    line_width_px = size_px * font.width_em(text, tracking_em=LABEL_TRACKING_EM)
    return rule, Line(text, x_px, round(top_px + cap_px), line_width_px)
