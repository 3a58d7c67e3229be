"""Colours as the eye measures them.

OKLCH (https://bottosson.github.io/posts/oklab/), where equal steps look equal, and the contrast of
WCAG 2.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Rgb = tuple[int, int, int]

TEXT_CONTRAST = 4.5
"""What WCAG 2.2 AA asks of text."""


@dataclass(frozen=True, slots=True)
class Oklch:
    """A colour by lightness (0 to 1), chroma (0 to about 0.37) and hue in degrees."""

    lightness: float
    chroma: float
    hue: float

    @classmethod
    def of(cls, rgb: Rgb) -> Oklch:
        """Convert from sRGB."""
        r, g, b = (linear(channel / 255) for channel in rgb)
        long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
        medium = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
        short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
        lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
        green_red = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
        blue_yellow = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
        hue = math.degrees(math.atan2(blue_yellow, green_red)) % 360
        return cls(lightness, math.hypot(green_red, blue_yellow), hue)

    def rgb(self) -> Rgb:
        """Return the nearest sRGB colour of this lightness and hue, its chroma cut to fit."""
        low, high = 0.0, self.chroma
        channels = _channels(self.lightness, self.chroma, self.hue)
        if not _fits(channels):
            for _ in range(10):
                middle = (low + high) / 2
                if _fits(_channels(self.lightness, middle, self.hue)):
                    low = middle
                else:
                    high = middle
            channels = _channels(self.lightness, low, self.hue)
        r, g, b = (round(255 * gamma(min(max(channel, 0.0), 1.0))) for channel in channels)
        return r, g, b


def read(text: str) -> Rgb:
    """Read `#rrggbb`."""
    value = int(text.removeprefix("#"), 16)
    return value >> 16, value >> 8 & 255, value & 255


def luminance(rgb: Rgb) -> float:
    """Return the relative luminance, 0 to 1."""
    r, g, b = (linear(channel / 255) for channel in rgb)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast ratio, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def linear(channel: float) -> float:
    """Return a channel of sRGB, 0 to 1, as light adds up."""
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def gamma(channel: float) -> float:
    """Return a channel of light, 0 to 1, as sRGB writes it: the inverse of `linear`."""
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _channels(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Convert to linear sRGB, which may lie outside 0 to 1."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _fits(channels: tuple[float, float, float]) -> bool:
    return all(-1e-4 <= channel <= 1 + 1e-4 for channel in channels)
