"""Covers as they hang: in rooms, with the words below them."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ...model import Size
from ...pricing import usd_text
from ..shown import CoverState, ShownCover

TOP_LEVEL = "Top level"
"""The room of articles without a section."""
NOWHERE = "Shown nowhere"
"""The room of what was bought and no article shows."""
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_PART = re.compile(r"(?P<part>[A-Z][A-Za-z ]{2,20}): (?P<text>.+)")
"""A line as the package's template writes it."""
_RATIOS = 0.5, 2.5
"""Of width to height: what is narrower or wider gets the frame of these."""
_USUAL = Size(3, 2)


@dataclass(frozen=True, slots=True)
class Picture:
    """A small WebP of a cover."""

    webp: bytes
    size: Size


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One cover with its picture, where there is one to show."""

    cover: ShownCover
    picture: Picture | None = None

    @property
    def size(self) -> Size:
        """Of the picture or, where there is none, of its frame."""
        return self.picture.size if self.picture else self.cover.size or _USUAL

    @property
    def ratio(self) -> float:
        """Of the frame's width to its height."""
        least, most = _RATIOS
        return round(min(max(self.size.width_px / self.size.height_px, least), most), 4)

    @property
    def title(self) -> str:
        """What stands below it."""
        return self.cover.title or self.cover.article


@dataclass(frozen=True, slots=True)
class Room:
    """A section of the site with its covers, the newest first."""

    title: str
    exhibits: Sequence[Exhibit]


def rooms(exhibits: Iterable[Exhibit]) -> Iterator[Room]:
    """Yield the rooms by name: what has no section first, orphans last."""
    by_room: defaultdict[tuple[int, str], list[Exhibit]] = defaultdict(list)
    for exhibit in exhibits:
        by_room[_room(exhibit.cover)].append(exhibit)
    for key in sorted(by_room, key=lambda key: (key[0], key[1].casefold(), key[1])):
        hung = sorted(by_room[key], key=lambda e: (e.title.casefold(), e.cover.article))
        yield Room(key[1], sorted(hung, key=lambda e: _day(e.cover), reverse=True))


def age(made_at: str, today: dt.date) -> str:
    """Return how old a picture is, in the largest unit of which it has two: `3 weeks old`.

    `""` where that is not known, or lies ahead.
    """
    try:
        days = (today - dt.date.fromisoformat(made_at[:10])).days
    except ValueError:
        return ""
    if days < 2:
        return {0: "made today", 1: "a day old"}.get(days, "")
    for unit, length in (("years", 365.25), ("months", 30.44), ("weeks", 7)):
        if days >= 2 * length:
            return f"{int(days / length)} {unit} old"
    return f"{days} days old"


def day_text(iso: str) -> str:
    """Return a day as people write it, `22 Nov 2026`; what is no date stays as it is."""
    try:
        day = dt.date.fromisoformat(iso[:10])
    except ValueError:
        return iso
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def facts(exhibit: Exhibit, today: dt.date) -> Iterator[tuple[str, str]]:
    """Yield the facts of a cover with their names, those that are known."""
    cover = exhibit.cover
    told = (
        ("Article", cover.article),
        ("Language", cover.locale),
        ("Date", day_text(cover.date)),
        ("Made by", _maker(cover)),
        ("Size", _size(cover)),
        ("Price", "" if cover.usd is None else f"${usd_text(cover.usd)}"),
        ("Bought", _bought(cover, today)),
        ("Label", cover.label),
        ("Alt text", cover.alt),
        ("File", cover.file),
        ("SHA-256", cover.digest),
    )
    return ((name, text) for name, text in told if text)


def below(exhibit: Exhibit, today: dt.date) -> str:
    """Return what stands below a picture beside its state."""
    cover = exhibit.cover
    price = "" if cover.usd is None else f"${usd_text(cover.usd)}"
    return " \u00b7 ".join(filter(None, (price, age(cover.made_at, today) or day_text(cover.date))))


def prompt_parts(prompt: str) -> Iterator[tuple[str, str]]:
    """Yield a prompt's lines, each with the name of the part that it starts with, if it does."""
    for line in filter(None, map(str.strip, prompt.split("\n"))):
        found = _PART.fullmatch(line)
        yield (found["part"], found["text"]) if found else ("", line)


def spent_usd(exhibits: Iterable[Exhibit]) -> tuple[int, Decimal]:
    """Return how many pictures were bought, and for how much as far as that is known.

    What several articles share was bought once.
    """
    bought = {e.cover.digest: e.cover.usd for e in exhibits if e.cover.request_key}
    return len(bought), sum((usd for usd in bought.values() if usd is not None), Decimal(0))


def frame(cover: ShownCover) -> str:
    """Return what stands in the frame of a cover without a picture."""
    if cover.own and cover.file.startswith(("http://", "https://")):
        return "the author's own, at another address"
    return "in no store" if cover.state is CoverState.LOST else "no picture to show"


def _room(cover: ShownCover) -> tuple[int, str]:
    if cover.state is CoverState.ORPHAN:
        return 2, NOWHERE
    return (1, cover.section) if cover.section else (0, TOP_LEVEL)


def _day(cover: ShownCover) -> str:
    return cover.date or cover.made_at[:10]


def _maker(cover: ShownCover) -> str:
    if cover.own:
        who = cover.author or "the author"
        ai = {True: ", with AI", False: ", without AI", None: ""}[cover.ai]
        return f"{who}{ai}" + (f" ({cover.licence})" if cover.licence else "")
    if cover.drawn:
        return "this program: a drawing that stands in"
    return f"{cover.model} at {cover.endpoint}" if cover.endpoint else cover.model


def _size(cover: ShownCover) -> str:
    if cover.size is None:
        return ""
    size = f"{cover.size.width_px} \u00d7 {cover.size.height_px}"
    return f"{size}, {cover.quality}" if cover.quality else size


def _bought(cover: ShownCover, today: dt.date) -> str:
    old = age(cover.made_at, today)
    return day_text(cover.made_at) + (f", {old}" if old else "")
