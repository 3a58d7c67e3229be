"""Whose entry is whose: renamed, swapped, copied and switched-off articles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.model import EMPTY_LOCKFILE, ArticleSource, Lockfile, Orders, Record
from mkdocs_imagegen.packaged import price_book
from mkdocs_imagegen.plan import locked, make_orders, read_covers
from mkdocs_imagegen.plan.standing import stand
from mkdocs_imagegen.prompts import Prompts
from mkdocs_imagegen.settings import Settings
from tests.front import typed

BOOK = price_book()
PLAIN = Settings()
INK = replace(PLAIN, parts={"style": "Ink"})
TEMPLATES = {"cover.j2": "{{ cover.subject }}\n{{ cover.style }}"}
FOX = {"cover_prompt": "A fox"}
HARE = {"cover_prompt": "A hare", "cover_quality": "low"}
WOLF = {"cover_prompt": "A wolf"}


def orders_of(
    metas: Mapping[str, Mapping[str, object]], settings: Settings = PLAIN, locale: str = ""
) -> Orders:
    sources = [
        ArticleSource(uri, uri, meta, front_matter=typed(meta), locale=locale)
        for uri, meta in metas.items()
    ]
    covers, _ = read_covers(sources, settings, BOOK)
    orders = make_orders(covers, Prompts(settings, TEMPLATES), {})
    return replace(orders, articles=frozenset(metas))


def bought(orders: Orders, before: Lockfile = EMPTY_LOCKFILE) -> Lockfile:
    """Return the lockfile after all these orders were bought."""
    keys = [order.request_key for order in orders.orders if order.request_key]
    at = "2026-10-01T12:00:00+00:00"
    records = {key: Record(key, digest(key.encode()), 7, "", {}, "", at) for key in keys}
    return locked(before, orders, records, site="Notes", at=datetime(2026, 10, 1, tzinfo=UTC))


def owners(orders: Orders, lockfile: Lockfile) -> dict[str, str]:
    """Return the article that each article's entry was written for."""
    entries = stand(orders, lockfile).entries
    return {
        order.cover.article.src_uri: entry.article if entry else ""
        for order, entry in zip(orders.orders, entries, strict=True)
    }


@pytest.mark.parametrize("settings", [PLAIN, INK], ids=["unchanged", "the style changed too"])
@pytest.mark.parametrize(
    ("now", "owner"),
    [
        ({"a.md": FOX, "b.md": HARE}, {"a.md": "a.md", "b.md": "b.md"}),
        ({"z.md": FOX, "b.md": HARE}, {"z.md": "a.md", "b.md": "b.md"}),
        ({"a.md": HARE, "b.md": FOX}, {"a.md": "b.md", "b.md": "a.md"}),
        ({"a.md": HARE}, {"a.md": "b.md"}),
        ({"a.md": WOLF, "b.md": HARE}, {"a.md": "a.md", "b.md": "b.md"}),
        ({"a.md": FOX, "b.md": HARE, "c.md": FOX}, {"a.md": "a.md", "b.md": "b.md", "c.md": ""}),
        ({"a.md": {}, "c.md": FOX, "b.md": HARE}, {"b.md": "b.md", "c.md": ""}),
        ({"a.md": {"cover": False, **FOX}, "c.md": FOX}, {"c.md": ""}),
    ],
    ids=[
        "as they were",
        "renamed",
        "swapped",
        "one gone and the other under its name",
        "reworded",
        "copied",
        "the prompt moved to another article",
        "switched off, and copied",
    ],
)
def test_an_entry_follows_its_cover(
    now: Mapping[str, Mapping[str, object]], owner: Mapping[str, str], settings: Settings
) -> None:
    lockfile = bought(orders_of({"a.md": FOX, "b.md": HARE}))
    assert owners(orders_of(now, settings), lockfile) == owner


def test_swapped_articles_swap_their_lines_and_lose_none() -> None:
    before = bought(orders_of({"a.md": FOX, "b.md": HARE, "c.md": WOLF}))
    after = bought(orders_of({"a.md": HARE, "b.md": FOX, "c.md": WOLF}), before)
    by_article = {entry.article: entry.approved for entry in before.entries}
    swapped = {entry.article: entry.approved for entry in after.entries}
    assert swapped == {
        "a.md": by_article["b.md"],
        "b.md": by_article["a.md"],
        "c.md": by_article["c.md"],
    }


def test_an_entry_of_another_language_is_no_renamed_one() -> None:
    lockfile = bought(orders_of({"a.de.md": FOX}, locale="de"))
    assert owners(orders_of({"n.md": FOX}, INK, locale="en"), lockfile) == {"n.md": ""}


def test_every_entry_of_a_request_is_known_as_paid() -> None:
    """Two branches bought the same request, and their lockfiles were merged."""
    orders = orders_of({"a.md": FOX, "b.md": FOX})
    ours, theirs = bought(orders).entries
    assert theirs.approved is not None
    other = replace(theirs, approved=replace(theirs.approved, digest="f" * 64))
    standing = stand(orders, Lockfile("Notes", (ours, other)))
    (entries,) = standing.paid.values()
    assert [e.approved.digest for e in entries if e.approved] == [
        ours.approved.digest if ours.approved else "",
        "f" * 64,
    ]
