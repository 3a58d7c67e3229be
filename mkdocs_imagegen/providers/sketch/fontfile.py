"""Reads what the layout must know from a TrueType file: coverage, widths, kerning.

Pillow tells neither which characters a font has nor its GPOS kerning in the basic layout, and its
full layout differs between machines. Format: the OpenType specification, chapters cmap, hmtx, GPOS.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_EXTENSION = 9
_PAIR_ADJUSTMENT = 2


@dataclass(frozen=True, slots=True)
class PairClasses:
    """A GPOS subtable that kerns classes of glyphs against each other."""

    first_glyphs: frozenset[int]
    first_class: Mapping[int, int]
    second_class: Mapping[int, int]
    advances: tuple[tuple[int, ...], ...]
    """By class of the first glyph, then of the second; class 0 is of all that are not named."""

    def kern(self, first: int, second: int) -> int | None:
        """Return the change of the first glyph's advance, `None` where the pair is not meant."""
        if first not in self.first_glyphs:
            return None
        return self.advances[self.first_class.get(first, 0)][self.second_class.get(second, 0)]


@dataclass(frozen=True, slots=True)
class PairList:
    """A GPOS subtable that kerns single pairs of glyphs."""

    advances: Mapping[tuple[int, int], int]

    def kern(self, first: int, second: int) -> int | None:
        """Return the change of the first glyph's advance, `None` where the pair is not meant."""
        return self.advances.get((first, second))


@dataclass(frozen=True, slots=True)
class FontFile:
    """One font's measures, in font units."""

    units_per_em: int
    cap_height: int
    glyphs: Mapping[str, int]
    """Glyph number by character: what is not in it can't be drawn."""
    advances: tuple[int, ...]
    kerning: tuple[tuple[PairClasses | PairList, ...], ...]
    """By lookup: in each, the first subtable that means a pair decides."""

    def width_em(self, text: str, *, tracking_em: float) -> float:
        """Return the width of kerned text, in em, without the tracking after its end.

        Raises:
            KeyError: for a character that the font lacks.
        """
        return self.positions_em(text)[-1] + tracking_em * max(len(text) - 1, 0)

    def positions_em(self, text: str) -> tuple[float, ...]:
        """Return where each character starts and, last, where the text ends, in em from 0."""
        units = 0
        starts = [0]
        glyphs = [self.glyphs[character] for character in text]
        for glyph, following in itertools.zip_longest(glyphs, glyphs[1:]):
            units += self.advances[min(glyph, len(self.advances) - 1)]
            if following is not None:
                units += self._kern(glyph, following)
            starts.append(units)
        return tuple(start / self.units_per_em for start in starts)

    def _kern(self, first: int, second: int) -> int:
        total = 0
        for lookup in self.kerning:
            found = (subtable.kern(first, second) for subtable in lookup)
            total += next((value for value in found if value is not None), 0)
        return total


def parse(data: bytes) -> FontFile:
    """Read a TrueType or OpenType file.

    Raises:
        ValueError: for a file without a Unicode character map.
        KeyError: for a file without one of the tables cmap, head, hhea, hmtx and OS/2.
    """
    tables = _tables(data)
    return FontFile(
        units_per_em=_u16(tables["head"], 18),
        cap_height=_i16(tables["OS/2"], 88),
        glyphs=_character_map(tables["cmap"]),
        advances=_advances(tables["hmtx"], count=_u16(tables["hhea"], 34)),
        kerning=tuple(_kerning(tables["GPOS"])) if "GPOS" in tables else (),
    )


def _u16(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 2], "big")


def _i16(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 2], "big", signed=True)


def _u32(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 4], "big")


def _u16s(data: bytes, offset: int, count: int) -> tuple[int, ...]:
    return struct.unpack_from(f">{count}H", data, offset)


def _tables(data: bytes) -> dict[str, bytes]:
    tables = {}
    for entry in range(12, 12 + 16 * _u16(data, 4), 16):
        tag = data[entry : entry + 4].decode("latin-1")
        start, length = _u32(data, entry + 8), _u32(data, entry + 12)
        tables[tag] = data[start : start + length]
    return tables


def _advances(hmtx: bytes, *, count: int) -> tuple[int, ...]:
    return _u16s(hmtx, 0, 2 * count)[::2]


def _character_map(cmap: bytes) -> dict[str, int]:
    """Read the segments of a format 4 subtable: the one that every text font has for Unicode."""
    for record in range(4, 4 + 8 * _u16(cmap, 2), 8):
        subtable = cmap[_u32(cmap, record + 4) :]
        if _u16(cmap, record) in (0, 3) and _u16(subtable, 0) == 4:
            return dict(_segments(subtable))
    raise ValueError("the font has no Unicode character map of format 4")


def _segments(subtable: bytes) -> Iterator[tuple[str, int]]:
    count = _u16(subtable, 6) // 2
    ends = _u16s(subtable, 14, count)
    starts = _u16s(subtable, 16 + 2 * count, count)
    deltas = _u16s(subtable, 16 + 4 * count, count)
    ranges_at = 16 + 6 * count
    ranges = _u16s(subtable, ranges_at, count)
    for i, (start, end, delta, range_offset) in enumerate(
        zip(starts, ends, deltas, ranges, strict=True)
    ):
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = code
            if range_offset:
                glyph = _u16(subtable, ranges_at + 2 * i + range_offset + 2 * (code - start))
                if not glyph:
                    continue
            if number := (glyph + delta) & 0xFFFF:
                yield chr(code), number


def _kerning(gpos: bytes) -> Iterator[tuple[PairClasses | PairList, ...]]:
    features = gpos[_u16(gpos, 6) :]
    lookups = gpos[_u16(gpos, 8) :]
    wanted: set[int] = set()
    for record in range(2, 2 + 6 * _u16(features, 0), 6):
        if features[record : record + 4] == b"kern":
            feature = features[_u16(features, record + 4) :]
            wanted.update(_u16s(feature, 4, _u16(feature, 2)))
    for index in sorted(wanted):
        lookup = lookups[_u16(lookups, 2 + 2 * index) :]
        yield tuple(_pair_subtables(lookup))


def _pair_subtables(lookup: bytes) -> Iterator[PairClasses | PairList]:
    for offset in _u16s(lookup, 6, _u16(lookup, 4)):
        kind, subtable = _u16(lookup, 0), lookup[offset:]
        if kind == _EXTENSION:
            kind, subtable = _u16(subtable, 2), subtable[_u32(subtable, 4) :]
        if kind == _PAIR_ADJUSTMENT:
            yield _pair_list(subtable) if _u16(subtable, 0) == 1 else _pair_classes(subtable)


@dataclass(frozen=True, slots=True)
class _ValueRecord:
    """Where the advance stands in a pair's value records: only the first glyph's is used."""

    size_bytes: int
    advance_at: int | None

    @classmethod
    def of(cls, subtable: bytes) -> _ValueRecord:
        first, second = _u16(subtable, 4), _u16(subtable, 6)
        advance_at = 2 * (first & 0b11).bit_count() if first & 0b100 else None
        return cls(2 * (first.bit_count() + second.bit_count()), advance_at)

    def advance(self, data: bytes, offset: int) -> int:
        return 0 if self.advance_at is None else _i16(data, offset + self.advance_at)


def _pair_list(subtable: bytes) -> PairList:
    value = _ValueRecord.of(subtable)
    advances = {}
    sets = _u16s(subtable, 10, _u16(subtable, 8))
    for first, offset in zip(_coverage(subtable[_u16(subtable, 2) :]), sets, strict=False):
        step = 2 + value.size_bytes
        for record in range(offset + 2, offset + 2 + step * _u16(subtable, offset), step):
            advances[first, _u16(subtable, record)] = value.advance(subtable, record + 2)
    return PairList(advances)


def _pair_classes(subtable: bytes) -> PairClasses:
    value = _ValueRecord.of(subtable)
    rows, columns = _u16s(subtable, 12, 2)
    return PairClasses(
        first_glyphs=frozenset(_coverage(subtable[_u16(subtable, 2) :])),
        first_class=_classes(subtable[_u16(subtable, 8) :]),
        second_class=_classes(subtable[_u16(subtable, 10) :]),
        advances=tuple(
            tuple(
                value.advance(subtable, 16 + value.size_bytes * (row * columns + column))
                for column in range(columns)
            )
            for row in range(rows)
        ),
    )


def _coverage(table: bytes) -> tuple[int, ...]:
    count = _u16(table, 2)
    if _u16(table, 0) == 1:
        return _u16s(table, 4, count)
    ranges = (_u16s(table, 4 + 6 * i, 2) for i in range(count))
    return tuple(glyph for start, end in ranges for glyph in range(start, end + 1))


def _classes(table: bytes) -> dict[int, int]:
    if _u16(table, 0) == 1:
        start, count = _u16s(table, 2, 2)
        return dict(enumerate(_u16s(table, 6, count), start))
    ranges = (_u16s(table, 4 + 6 * i, 3) for i in range(_u16(table, 2)))
    return {glyph: number for start, end, number in ranges for glyph in range(start, end + 1)}
