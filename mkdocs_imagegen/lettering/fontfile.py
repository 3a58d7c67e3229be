"""Reads what the layout must know from a font file: coverage, widths, kerning.

Pillow tells neither which characters a font has nor its GPOS kerning in the basic layout, and its
full layout differs between machines. FontTools reads the file, and is imported only for that.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

_PAIR_ADJUSTMENT = 2
Row = Callable[[str], int | None]
"""Returns what a following glyph, by name, changes in the advance of the one before it."""
Lookup = Mapping[str, list[Row]]
"""By the name of a pair's first glyph: the first row that knows the second one decides."""


@dataclass(frozen=True, slots=True)
class FontFile:
    """One font's measures, in font units."""

    units_per_em: int
    cap_height: int
    glyphs: Mapping[str, str]
    """Glyph name by character: what is not in it can't be drawn."""
    advances: Mapping[str, int]
    """By glyph name."""
    kerning: tuple[Lookup, ...]
    """What they say adds up."""

    def width_em(self, text: str, *, tracking_em: float) -> float:
        """Return the width of kerned text, in em, without the tracking after its end.

        Raises:
            KeyError: for a character that the font lacks.
        """
        return self.positions_em(text)[-1] + tracking_em * max(len(text) - 1, 0)

    def positions_em(self, text: str) -> tuple[float, ...]:
        """Return where each character starts and, last, where the text ends, in em from 0."""
        glyphs = [self.glyphs[character] for character in text]
        kerns = [*itertools.starmap(self._kern, itertools.pairwise(glyphs)), 0]
        steps = (self.advances[glyph] + kern for glyph, kern in zip(glyphs, kerns, strict=False))
        starts = itertools.accumulate(steps, initial=0)
        return tuple(start / self.units_per_em for start in starts)

    def _kern(self, first: str, second: str) -> int:
        rows = (lookup.get(first, ()) for lookup in self.kerning)
        changes = ((row(second) for row in each) for each in rows)
        return sum(next((kern for kern in each if kern is not None), 0) for each in changes)


def parse(data: bytes) -> FontFile:
    """Read a TrueType or OpenType file.

    Raises:
        ValueError: for a file without a Unicode character map.
        KeyError: for a file without one of the tables cmap, head, hhea, hmtx and OS/2.
    """
    from fontTools.ttLib import TTFont

    font = TTFont(BytesIO(data), lazy=True)
    if not (characters := font.getBestCmap()):
        raise ValueError("the font has no Unicode character map")
    units_per_em = font["head"].unitsPerEm
    return FontFile(
        units_per_em=units_per_em,
        # Old files do not say it, and some without capitals say 0.
        cap_height=getattr(font["OS/2"], "sCapHeight", 0) or round(0.7 * units_per_em),
        glyphs={chr(code): glyph for code, glyph in characters.items()},
        advances={glyph: advance for glyph, (advance, _) in font["hmtx"].metrics.items()},
        kerning=tuple(_kerning(font["GPOS"].table)) if "GPOS" in font else (),
    )


def _kerning(gpos: Any) -> Iterator[Lookup]:
    features = (record for record in gpos.FeatureList.FeatureRecord if record.FeatureTag == "kern")
    wanted = {index for record in features for index in record.Feature.LookupListIndex}
    for index in sorted(wanted):
        rows: defaultdict[str, list[Row]] = defaultdict(list)
        for subtable in gpos.LookupList.Lookup[index].SubTable:
            pairs = getattr(subtable, "ExtSubTable", subtable)
            if pairs.LookupType == _PAIR_ADJUSTMENT:
                found = _single_rows(pairs) if pairs.Format == 1 else _class_rows(pairs)
                for first, row in zip(pairs.Coverage.glyphs, found, strict=True):
                    rows[first].append(row)
        yield dict(rows)


def _single_rows(pairs: Any) -> Iterator[Row]:
    for records in pairs.PairSet:
        yield {record.SecondGlyph: _advance(record) for record in records.PairValueRecord}.get


def _class_rows(pairs: Any) -> Iterator[Row]:
    """Return rows that know every glyph: class 0 is of all that no class names."""
    first, second = pairs.ClassDef1.classDefs, pairs.ClassDef2.classDefs
    rows = [_class_row(record, second) for record in pairs.Class1Record]
    return (rows[first.get(glyph, 0)] for glyph in pairs.Coverage.glyphs)


def _class_row(record: Any, second: Mapping[str, int]) -> Row:
    units = [_advance(cell) for cell in record.Class2Record]
    return lambda glyph: units[second.get(glyph, 0)]


def _advance(record: Any) -> int:
    """Return the first glyph's change: a value has only the fields that its format names."""
    return getattr(record.Value1, "XAdvance", 0)
