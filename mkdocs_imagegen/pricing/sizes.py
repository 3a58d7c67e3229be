"""Which sizes a model takes, and the nearest one that it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from ..model import Size

RATIO_TOLERANCE_PPM = 7_500
"""How far the nearest size may leave the ratio asked for, so that it can keep the area."""
_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class FreeSizes:
    """Every size on a grid, within limits."""

    multiple_px: int
    max_edge_px: int
    max_ratio: int
    """Of the long side to the short one."""
    min_area_px: int
    max_area_px: int

    def problem(self, size: Size) -> str:
        """Return every limit that the size breaks, `""` for none."""
        short, long = sorted((size.width_px, size.height_px))
        limits = (
            (
                short % self.multiple_px or long % self.multiple_px,
                f"both sides must be multiples of {self.multiple_px}",
            ),
            (long > self.max_edge_px, f"no side may be over {self.max_edge_px} px"),
            (
                long > self.max_ratio * short,
                f"the long side may be at most {self.max_ratio} times the short one",
            ),
            (long * short < self.min_area_px, f"it needs {self.min_area_px:,} pixels or more"),
            (long * short > self.max_area_px, f"it may have {self.max_area_px:,} pixels at most"),
        )
        return "; ".join(text for broken, text in limits if broken)

    def nearest(self, size: Size) -> Size:
        """Return the nearest grid size: see `PriceBook.nearest_size`."""
        near = min(self._near(size), key=lambda s: _distance(s[0], s[1], size, RATIO_TOLERANCE_PPM))
        return Size(*near)

    def grid_rows(self) -> Iterator[tuple[int, int, int]]:
        """Yield height, least width and greatest width in grid steps, where any width fits."""
        step_area = self.multiple_px**2
        for high in range(1, self.max_edge_px // self.multiple_px + 1):
            least = max(-(-high // self.max_ratio), -(-self.min_area_px // (high * step_area)))
            most = min(high * self.max_ratio, self.max_edge_px // self.multiple_px)
            most = min(most, self.max_area_px // (high * step_area))
            if least <= most:
                yield high, least, most

    def _near(self, size: Size) -> Iterator[tuple[int, int]]:
        """Yield, row by row, the widths of about the right ratio: one of them is the nearest."""
        step, kept = self.multiple_px, _PPM - RATIO_TOLERANCE_PPM
        for high, least, most in self.grid_rows():
            wanted = high * size.width_px
            first = min(max(wanted * kept // (size.height_px * _PPM), least), most)
            last = min(max(-(-wanted * _PPM // (size.height_px * kept)), least), most)
            for wide in range(first, last + 1):
                yield wide * step, high * step


@dataclass(frozen=True, slots=True)
class ListedSizes:
    """These sizes and no others."""

    sizes: tuple[Size, ...]

    def problem(self, size: Size) -> str:
        """Return the sizes that there are, `""` where this is one of them."""
        return "" if size in self.sizes else f"it takes {', '.join(map(str, self.sizes))}"

    def nearest(self, size: Size) -> Size:
        """Return the nearest listed size: see `PriceBook.nearest_size`."""
        return min(self.sizes, key=lambda s: _distance(s.width_px, s.height_px, size, 0))


@dataclass(frozen=True, slots=True)
class AnySize:
    """What an unknown model is taken to accept: sides within limits."""

    min_edge_px: int
    max_edge_px: int

    def problem(self, size: Size) -> str:
        """Return the limits where a side is beyond them, else `""`."""
        fits = size == self.nearest(size)
        return "" if fits else f"sides go from {self.min_edge_px} to {self.max_edge_px} px"

    def nearest(self, size: Size) -> Size:
        """Return the size scaled until both sides fit, or clamped where no scale does that."""
        short, long = sorted((size.width_px, size.height_px))
        scale = Fraction(1)
        if long > self.max_edge_px:
            scale = Fraction(self.max_edge_px, long)
        elif short < self.min_edge_px:
            scale = Fraction(self.min_edge_px, short)
        width, height = (
            min(max(round(side * scale), self.min_edge_px), self.max_edge_px)
            for side in (size.width_px, size.height_px)
        )
        return Size(width, height)


SizeRule = FreeSizes | ListedSizes | AnySize
ANY_SIZE = AnySize(min_edge_px=16, max_edge_px=8192)


def _distance(
    width: int, height: int, wanted: Size, tolerance_ppm: int
) -> tuple[int, bool, int, int, int]:
    """Rank a size: ratio beyond the tolerance, too small, area, ratio; width settles a draw."""
    across, down = width * wanted.height_px, height * wanted.width_px
    off_ppm = abs(across - down) * _PPM // max(across, down)
    more = width * height - wanted.width_px * wanted.height_px
    return max(off_ppm, tolerance_ppm), more < 0, abs(more), off_ppm, width
