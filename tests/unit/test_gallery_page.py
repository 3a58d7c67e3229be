"""The gallery as a page: whole, valid, safe, and hung in the right order."""

from __future__ import annotations

import datetime as dt
import re
from base64 import b64encode
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.model import Size
from mkdocs_imagegen.report.gallery import Exhibit, gallery_html
from mkdocs_imagegen.report.gallery.exhibits import (
    age,
    day_text,
    facts,
    prompt_parts,
    rooms,
    spent_usd,
)
from mkdocs_imagegen.report.shown import CoverState, ShownCover
from tests.exhibits import BOUGHT, DRAWN, ORPHAN, OWN, bought, exhibit

TODAY = dt.date(2026, 11, 22)
VOID = {"meta", "img", "input", "path", "circle"}
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&{{ 7*7 }}"


@dataclass
class Page(HTMLParser):
    """A page taken apart; a tag that is not closed, or that closes nothing, is an error."""

    text: str = ""
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    script: str = ""
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    @classmethod
    def read(cls, markup: str) -> Page:
        page = cls()
        page.feed(markup)
        page.close()
        assert page._open == []
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.script += data
        elif "style" not in self._open:
            self.text += data

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def page_of(*exhibits: Exhibit, site_name: str = "Field notes") -> str:
    return gallery_html(exhibits, site_name=site_name, today=TODAY)


def test_a_page_tells_what_each_cover_is() -> None:
    page = Page.read(page_of(exhibit(BOUGHT), exhibit(DRAWN), Exhibit(OWN), exhibit(ORPHAN)))
    for told in (
        "Field notes",
        "4 covers in 3 sections, 2 bought for $0.08",
        "A fox",
        "soft window light",
        "gpt-image-2 at api.openai.com",
        "1536 \u00d7 1024, medium",
        "$0.0412 \u00b7 3 weeks old",
        "1 Nov 2026, 3 weeks old",
        "not bought yet: new",
        "its article is gone",
        "Ines (CC BY 4.0)",
        "ab" * 32,
    ):
        assert told in page.text
    assert page.values("data-state")[:6] == ["", "approved", "drawn", "own", "orphan", "own"]
    assert page.values("loading") == ["lazy"] * 3


def test_rooms_hang_by_name_with_the_newest_first_and_orphans_last() -> None:
    hung = list(
        rooms(
            Exhibit(cover)
            for cover in (
                ORPHAN,
                bought("b", date="2026-01-01"),
                bought("c", date="2026-05-01"),
                bought("a", date="2026-01-01"),
                bought("d", date="", made_at=""),
                bought("z", section="art"),
                OWN,
            )
        )
    )
    assert [(room.title, [e.cover.article for e in room.exhibits]) for room in hung] == [
        ("Top level", ["about.md"]),
        ("art", ["z.md"]),
        ("Blog", ["c.md", "a.md", "b.md", "d.md"]),
        ("Shown nowhere", ["old.md"]),
    ]


def test_a_site_without_covers_says_how_to_get_one() -> None:
    page = Page.read(page_of())
    assert "write cover_prompt" in page.text
    assert "dialog" not in {tag for tag, _, _ in page.attributes}


def test_the_page_may_run_its_script_and_load_nothing() -> None:
    page = Page.read(page_of(exhibit(BOUGHT)))
    policy = next(value for value in page.values("content") if "default-src" in value)
    digest = b64encode(sha256(page.script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'; img-src data:" in policy
    assert all(value.startswith("data:image/webp;base64,") for value in page.values("src"))
    assert page.values("href") == ["https://example.com/blog/fox/"]


@given(st.text(max_size=40) | st.just(HOSTILE))
def test_nothing_that_an_author_wrote_becomes_markup(text: str) -> None:
    text = text.replace("\r", "").replace("\0", "")
    cover = replace(
        BOUGHT, title=text, section=text, prompt=text, alt=text, note=text, article=text, url=text
    )
    plain = replace(BOUGHT, title="x", section="x", prompt="x", alt="x", note="x", url="")
    page = Page.read(page_of(exhibit(cover), site_name=text))
    like = Page.read(page_of(exhibit(plain)))
    names = {(tag, name) for tag, name, _ in page.attributes}
    assert names <= {(tag, name) for tag, name, _ in like.attributes}
    assert not any(name.startswith("on") for _, name in names)


def test_only_web_addresses_become_links() -> None:
    page = page_of(exhibit(bought("a", url="javascript:alert(1)")), exhibit(bought("b", url="b/")))
    assert Page.read(page).values("href") == []


@pytest.mark.parametrize(
    ("made_at", "told"),
    [
        ("2026-11-22T10:00:00+00:00", "made today"),
        ("2026-11-21", "a day old"),
        ("2026-11-10", "12 days old"),
        ("2026-11-08", "2 weeks old"),
        ("2026-10-01", "7 weeks old"),
        ("2026-09-20", "2 months old"),
        ("2025-01-15", "22 months old"),
        ("2024-11-21", "2 years old"),
        ("2026-11-23", ""),
        ("", ""),
        ("once", ""),
    ],
)
def test_ages_are_told_in_the_largest_unit_that_fits_twice(made_at: str, told: str) -> None:
    assert age(made_at, TODAY) == told


@given(st.dates())
def test_any_day_has_an_age_and_a_text(day: dt.date) -> None:
    assert bool(age(day.isoformat(), TODAY)) == (day <= TODAY)
    assert str(day.year) in day_text(day.isoformat())


def test_what_is_shared_was_bought_once_and_unknown_prices_do_not_count() -> None:
    shared = [Exhibit(bought(name)) for name in "ab"]
    unknown = Exhibit(bought("c", digest="77" * 32, usd=None))
    assert spent_usd([*shared, unknown, Exhibit(OWN)]) == (2, Decimal("0.0412"))


def test_a_prompts_parts_are_told_from_its_lines() -> None:
    prompt = "Subject: a fox\n\nNo part here\nUse case: a cover\nhttp: no part"
    assert list(prompt_parts(prompt)) == [
        ("Subject", "a fox"),
        ("", "No part here"),
        ("Use case", "a cover"),
        ("", "http: no part"),
    ]


@pytest.mark.parametrize(
    ("size", "ratio"), [(Size(3, 2), 1.5), (Size(100, 1000), 0.5), (Size(9000, 10), 2.5)]
)
def test_frames_keep_a_shape_that_hangs_in_a_row(size: Size, ratio: float) -> None:
    assert exhibit(BOUGHT, size=size).ratio == ratio


def test_facts_that_nobody_knows_are_left_out() -> None:
    bare = ShownCover("a.md", CoverState.LOST)
    assert dict(facts(Exhibit(bare), TODAY)) == {"Article": "a.md"}
    assert "in no store" in page_of(Exhibit(bare))


def test_an_own_picture_says_what_its_author_says_of_ai() -> None:
    made_by = {
        ai: dict(facts(Exhibit(replace(OWN, ai=ai, licence="")), TODAY))["Made by"]
        for ai in (True, False, None)
    }
    assert made_by == {True: "Ines, with AI", False: "Ines, without AI", None: "Ines"}


def test_a_thousand_covers_make_a_page_of_little_more_than_their_pictures() -> None:
    pictures = b"x" * 6_000
    page = page_of(*(exhibit(bought(f"a{n}"), pictures) for n in range(1_000)))
    assert len(page) < 1_000 * (len(pictures) * 4 / 3 + 3_000)
    assert len(re.findall(r"<li class=\"card", page)) == 1_000
