"""Decides which characters of a title can be shown in a font."""

from __future__ import annotations

import itertools
import re
import unicodedata

from .fontfile import FontFile

_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


def readable(text: str, font: FontFile) -> str:
    """Return the text without what the font lacks, `""` where that would lose a letter or digit.

    Emoji, rare symbols, loose accents and the marks of code are left out; spaces are evened out.
    """
    kept = []
    for character in unicodedata.normalize("NFC", text).replace("`", ""):
        kind = unicodedata.category(character)[0]
        if character == _NO_BREAK_SPACE and character in font.glyphs:
            kept.append(character)
        elif kind == "Z" or character in "\t\n\r":
            kept.append(" ")
        elif kind == "M" and not _is_accent(character):
            return ""
        elif kind not in "CM" and character in font.glyphs:
            kept.append(character)
        elif kind in "LN":
            return ""
    shown = re.sub(" +", " ", "".join(kept)).strip()
    return shown if any(map(str.isalnum, shown)) else ""


def is_plain(text: str) -> bool:
    """Tell without the font whether Manrope has all of a text: reading a font takes its time."""
    return all(" " <= character <= "~" or "\u00c0" <= character <= "\u00ff" for character in text)


def runs_leftwards(text: str) -> bool:
    """Tell whether some of a text is in a script that is written from right to left."""
    return any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)


def upper(text: str) -> str:
    """Return the text in capitals, which in Greek lose their accent."""
    plain = unicodedata.normalize("NFD", text)
    kept = (
        character
        for before, character in itertools.pairwise(" " + plain)
        if not (character == "\N{COMBINING ACUTE ACCENT}" and "\u0370" <= before <= "\u03ff")
    )
    return unicodedata.normalize("NFC", "".join(kept)).upper()


def _is_accent(mark: str) -> bool:
    """Tell an accent or an emoji's selector from a vowel sign, which a word can't do without."""
    return unicodedata.name(mark, "").startswith(("COMBINING", "VARIATION SELECTOR"))
