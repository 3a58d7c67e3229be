"""Colours that keep their harmony: one palette becomes ramps, an ink and a label colour."""

from __future__ import annotations

from dataclasses import dataclass

from ...lettering.colours import TEXT_CONTRAST, Oklch, Rgb, contrast, read
from ...model import Palette
from .seed import Seed

Ramp = tuple[Rgb, ...]
"""256 colours from dark to light, by tone."""

_BLACK_LIGHTNESS, _RAMP_SPAN = 0.10, 0.88
"""OKLCH lightness of tone 0, and what tone 255 adds: all ramps share this scale."""
_TONES = 255 / _RAMP_SPAN
"""Tones in one unit of lightness."""
_STOPS = 18
_RESERVE = 0.35
"""Contrast kept for what the encoder changes."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """All colours of one cover. Tones are places on the ramps, 0 to 255."""

    cool: Ramp
    """Tints the picture's start corner; `warm` tints the opposite one."""
    warm: Ramp
    accent: Ramp
    ground: int
    """The tone of the empty background."""
    glow: int
    """How far the background's tone rises and falls around the ground."""
    reach: int
    """What a shape in the very front adds to the ground's tone; negative on bright grounds."""
    accent_ground: int
    accent_reach: int
    ink: Rgb
    label: Rgb
    rule: Rgb


def scheme(palette: Palette, seed: Seed) -> Scheme:
    """Derive a cover's colours: light ink on a deep ground by night, dark ink on a tint by day.

    Neither ground is so bright that it glares on a dark page, nor so pale or dark that the
    cover's edge is lost on a page of its kind. A darkened yellow or orange is brown, so
    palettes that are bright by nature have day only.
    """
    primary, accent = Oklch.of(read(palette.primary)), Oklch.of(read(palette.accent))
    is_grey = primary.chroma < 0.03
    if is_grey:
        # Greys have no hue of their own: a trace of the accent's keeps them from looking dead.
        primary = Oklch(primary.lightness, 0.022, accent.hue)
    if _is_bright(primary):
        return _day(primary, accent, seed, front=0.26)
    if seed.chance("day", 0.4) and not is_grey:
        return _day(primary, accent, seed, front=0.36 if _is_warm(primary) else 0.46)
    return _night(primary, accent, seed)


def _is_bright(colour: Oklch) -> bool:
    return colour.lightness >= (0.68 if _is_warm(colour) else 0.80)


def _is_warm(colour: Oklch) -> bool:
    """Tell oranges and yellows, which turn to mud in the dark."""
    return 30 <= colour.hue <= 118 and colour.chroma > 0.08


def _night(primary: Oklch, accent: Oklch, seed: Seed) -> Scheme:
    turn = _turn(seed)
    cool = _ramp(primary.hue + turn / 4, primary.chroma * 0.95, bend=turn * 0.6, fade=0.45)
    warm = _ramp(primary.hue - turn, primary.chroma * 1.05, bend=turn * 0.6, fade=0.45)
    ink = Oklch(0.985, 0.006, primary.hue).rgb()
    label = Oklch(0.88, min(accent.chroma, 0.09), accent.hue).rgb()
    ground, glow = _tone(min(max(0.17 + 0.38 * primary.lightness, 0.31), 0.42)), 12
    while not _is_readable((ink, label), (cool, warm), ground + glow):
        ground -= 1
    return Scheme(
        cool=cool,
        warm=warm,
        accent=_ramp(accent.hue, accent.chroma),
        ground=ground,
        glow=glow,
        reach=round(0.46 * _TONES - 0.2 * ground),
        accent_ground=_tone(max(accent.lightness, 0.60) - 0.10),
        accent_reach=round(0.13 * _TONES),
        ink=ink,
        label=label,
        rule=Oklch(max(accent.lightness, 0.66), accent.chroma, accent.hue).rgb(),
    )


def _day(primary: Oklch, accent: Oklch, seed: Seed, *, front: float) -> Scheme:
    """Return dark ink on a tint; shapes at the `front` lose so much lightness."""
    turn = _turn(seed)
    if _is_warm(primary):
        # Towards orange, from either side: a darker yellow looks green, a darker orange brown.
        turn = abs(turn) * (-1 if primary.hue > 80 else 0.5)
    cool = _ramp(primary.hue + turn / 4, primary.chroma)
    warm = _ramp(primary.hue + turn, primary.chroma)
    ink = Oklch(0.22, min(primary.chroma, 0.07), primary.hue).rgb()
    label = Oklch(0.36, min(accent.chroma, 0.10), accent.hue).rgb()
    ground, glow = _tone(min(max(primary.lightness, 0.83), 0.87)), 7
    while not _is_readable((ink, label), (cool, warm), ground - glow):
        ground += 1
    return Scheme(
        cool=cool,
        warm=warm,
        accent=_ramp(accent.hue, accent.chroma),
        ground=ground,
        glow=glow,
        reach=round(-front * _TONES),
        accent_ground=_tone(
            min(max(accent.lightness, 0.52), 0.84 if _is_warm(accent) else 0.74) + 0.04
        ),
        accent_reach=round(-0.08 * _TONES),
        ink=ink,
        label=label,
        rule=Oklch(min(accent.lightness, 0.58), accent.chroma, accent.hue).rgb(),
    )


def _is_readable(inks: tuple[Rgb, ...], ramps: tuple[Ramp, ...], tone: int) -> bool:
    behind = [ramp[min(max(tone, 0), 255)] for ramp in ramps]
    # Half-way between two hues a mixture is darker than either.
    behind.append(_between(behind, 0.5))
    return all(contrast(rgb, ink) >= TEXT_CONTRAST + _RESERVE for rgb in behind for ink in inks)


def _turn(seed: Seed) -> float:
    degrees = seed.number("hue", 16, 38)
    return degrees if seed.chance("hue direction", 0.5) else -degrees


def _tone(lightness: float) -> int:
    return round(_TONES * (lightness - _BLACK_LIGHTNESS))


def _ramp(hue: float, chroma: float, *, bend: float = 0.0, fade: float = 0.0) -> Ramp:
    """Return one hue's colours from dark to light.

    `bend` turns the hue from end to end; `fade` takes chroma from both ends, which would look
    dirty next to black and white.
    """
    stops = []
    for i in range(_STOPS):
        share = i / (_STOPS - 1)
        kept = 1 - fade * (2 * share - 1) ** 2
        lightness = _BLACK_LIGHTNESS + _RAMP_SPAN * share
        stops.append(Oklch(lightness, chroma * kept, hue + bend * (share - 0.4)).rgb())
    return tuple(_between(stops, tone / 255 * (_STOPS - 1)) for tone in range(256))


def _between(stops: list[Rgb], place: float) -> Rgb:
    left = min(int(place), len(stops) - 2)
    part = place - left
    r, g, b = (round(a + (b - a) * part) for a, b in zip(stops[left], stops[left + 1], strict=True))
    return r, g, b
