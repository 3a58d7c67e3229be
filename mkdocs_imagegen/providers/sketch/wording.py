"""Decides which characters of a title can be shown in a font."""

from __future__ import annotations

import itertools
import unicodedata

from .fontfile import FontFile

_MARKS = frozenset({"Mn", "Me", "Mc"})


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


def upper(text: str) -> str:
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
