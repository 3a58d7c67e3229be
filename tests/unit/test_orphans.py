"""Which originals nobody uses, when they may go, and what an article's picture is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.lockfile import write
from mkdocs_imagegen.model import (
    Approved,
    Entry,
    Lockfile,
    Orders,
    Record,
    Replaced,
    Size,
    StoredOriginal,
)
from mkdocs_imagegen.plan.forgetting import forgetting, without
from mkdocs_imagegen.plan.orphans import (
    Orphan,
    left_lines,
    named_by,
    named_in,
    orphans,
    replaced_in,
    unused,
)
from mkdocs_imagegen.report.orphans import forgotten_text, orphans_text, sum_of
from tests.unit.test_lock import FOX, HARE, orders_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOUGHT = "2026-05-01T12:00:00+00:00"
GRACE = timedelta(30)
PLACES = st.sampled_from("abcd")


def record(key: str, picture: str, article: str = "a.md", usd: str | None = "0.0412") -> Record:
    sent = {"model": "gpt-image-2", "prompt": "A fox"}
    return Record(key, digest(picture.encode()), 7, article, sent, "", BOUGHT, usd=usd)


def original(picture: str, *records: Record) -> StoredOriginal:
    return StoredOriginal(digest(picture.encode()), 7, BOUGHT, records)


def bought(picture: str, key: str | None = None, article: str = "a.md") -> StoredOriginal:
    return original(picture, record(key or digest(f"key of {picture}".encode()), picture, article))


def entry(stored: StoredOriginal, article: str = "a.md") -> Entry:
    key = stored.records[0].request_key
    approved = Approved(key, stored.digest, 7, "gpt-image-2", Size(1536, 1024), "low", BOUGHT)
    return Entry(article, approved=approved)


def listed(
    *stored: StoredOriginal,
    noted: Mapping[str, str] | None = None,
    named_until: Mapping[str, str] | None = None,
    replaced: Mapping[str, datetime] | None = None,
    now: datetime = NOW,
    grace: timedelta = GRACE,
) -> tuple[Orphan, ...]:
    return orphans(
        stored,
        {"a.md"},
        noted=noted or {},
        named_until=named_until or {},
        replaced=replaced or {},
        now=now,
        grace=grace,
    )


@given(
    st.dictionaries(st.sampled_from("pqrstuv"), st.sets(PLACES, max_size=2), min_size=1),
    st.lists(st.sets(st.sampled_from("pqrstuv"))),
    st.sampled_from(["whole", "in conflict", "of a later format"]),
)
def test_what_any_branch_names_is_never_unused(
    stored: dict[str, set[str]], branches: list[set[str]], state: str
) -> None:
    """`stored`: which requests brought each picture; `branches`: which pictures each names."""
    originals = {
        picture: original(picture, *(record(digest(key.encode()), picture) for key in keys))
        for picture, keys in stored.items()
    }
    texts = []
    for named in branches:
        known = [originals.get(picture) or bought(picture) for picture in named]
        entries = tuple(
            entry(one, f"{n}.md") for n, one in enumerate(o for o in known if o.records)
        )
        text = write(Lockfile("Docs", entries))
        if state == "in conflict":
            text = text.replace("\n", "\n<<<<<<< ours\n")
        if state == "of a later format":
            text = text.replace('"imagegen.lock": 1', '"imagegen.lock": 99')
        texts.append(text)
    names = {name for text in texts for name in named_in(text)}
    gone = {one.digest for one in unused(originals.values(), names)}
    assert not gone & names
    # Also that which could stand in for a picture that is named and in no store.
    for key in names:
        sharing = {
            o.digest for o in originals.values() if key in {r.request_key for r in o.records}
        }
        assert not sharing or sharing - gone


@given(st.sets(st.sampled_from("pqrstuv")), st.sets(st.sampled_from("pqrstuv")))
def test_what_nobody_names_is_unused(stored: set[str], named: set[str]) -> None:
    names = {bought(picture).digest for picture in named}
    assert {one.digest for one in unused(map(bought, stored), names)} == {
        bought(picture).digest for picture in stored - named
    }


def test_of_two_pictures_of_one_request_the_one_that_is_named_stays() -> None:
    key = digest(b"key")
    older, newer = bought("older", key), bought("newer", key)
    assert unused([older, newer], {key, newer.digest}) == (older,)
    assert unused([older, newer], {key, older.digest, newer.digest}) == ()
    assert unused([older, newer], {key}) == ()


def test_orders_and_lockfile_name_requests_and_the_pictures_that_edits_start_from() -> None:
    orders = orders_of({"a.md": {**FOX, "cover_edits": ["make it night"]}})
    (order,) = orders.orders
    assert order.request is not None
    named = named_by(orders, Lockfile(entries=(entry(bought("p")),)))
    assert {order.request_key, order.request.parent_key, bought("p").digest} <= named


class TestGrace:
    def test_begins_when_it_is_first_seen_unused_however_old_it_is(self) -> None:
        (orphan,) = listed(bought("p"))
        assert (orphan.since, orphan.due_at) == (NOW, NOW + GRACE)
        assert not orphan.is_due(NOW)
        assert orphan.is_due(NOW + GRACE)

    def test_begins_anew_where_git_saw_it_in_use_since(self) -> None:
        stored = bought("p")
        noted = {stored.digest: "2026-06-01T00:00:00+00:00"}
        (early,) = listed(stored, noted=noted)
        assert early.is_due(NOW)
        # In another time zone, as commits are.
        until = {stored.digest: "2026-11-20T01:00:00+02:00"}
        (orphan,) = listed(stored, noted=noted, named_until=until)
        assert orphan.since == datetime(2026, 11, 19, 23, tzinfo=UTC)
        assert not orphan.is_due(NOW)

    def test_is_not_over_while_the_link_preview_of_a_replaced_picture_is_published(self) -> None:
        before, after = bought("p"), bought("q")
        at = "2026-11-12T12:00:00+00:00"
        old = Replaced(before.records[0].request_key, before.digest, 7, Size(1536, 1024), at)
        text = write(Lockfile(entries=(replace(entry(after), replaced=(old,)),)))
        assert named_in(text) == {after.digest, after.records[0].request_key}
        assert unused([before, after], named_in(text)) == (before,)
        (orphan,) = listed(before, replaced=replaced_in(text), grace=timedelta(0))
        assert orphan.due_at == datetime(2026, 12, 12, 12, tzinfo=UTC)
        noted = {before.digest: at}
        (orphan,) = listed(before, noted=noted, replaced=replaced_in(text), grace=timedelta(60))
        assert orphan.due_at == datetime(2027, 1, 11, 12, tzinfo=UTC)

    @pytest.mark.parametrize(
        "odd",
        [
            '"soon"',
            '[{"digest": "DIGEST"}]',
            '[{"digest": "DIGEST", "replaced_at": "soon"}]',
            '[{"digest": "DIGEST", "replaced_at": "0001-01-01T00:00:00+14:00"}]',
        ],
    )
    def test_what_a_lockfile_says_of_replaced_pictures_in_other_words_keeps_them(
        self, odd: str
    ) -> None:
        text = f'{{"article": "a.md", "replaced": {odd}, "also": "DIGEST"}}'
        text = text.replace("DIGEST", bought("p").digest)
        assert named_in(text) == {bought("p").digest}
        assert replaced_in(text) == {}

    def test_of_zero_is_over_at_once(self) -> None:
        (orphan,) = listed(bought("p"), grace=timedelta(0))
        assert orphan.is_due(NOW)

    @pytest.mark.parametrize("odd", ["", "yesterday", "2999-01-01T00:00:00", "2026-11-22"])
    def test_is_never_cut_short_or_without_end_by_an_odd_note(self, odd: str) -> None:
        stored = bought("p")
        (orphan,) = listed(stored, noted={stored.digest: odd})
        assert NOW - timedelta(1) < orphan.since <= NOW

    @given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)), st.integers(0, 60))
    def test_is_as_long_as_was_said_after_the_latest_use(self, last: datetime, days: int) -> None:
        stored = bought("p")
        last = last.replace(tzinfo=UTC)
        first_seen = datetime(2026, 5, 2, tzinfo=UTC)
        (orphan,) = listed(
            stored,
            noted={stored.digest: first_seen.isoformat()},
            named_until={stored.digest: last.isoformat()},
            grace=timedelta(days),
        )
        known = max(first_seen, last) if last <= NOW else first_seen
        assert orphan.is_due(NOW) == (known + timedelta(days) <= NOW)

    def test_is_not_begun_anew_by_a_checkout_that_writes_covers_anew(self) -> None:
        """As CI does at each run, which restores the notes from its cache."""
        noted = {bought("p").digest: "2026-06-01T00:00:00+00:00"}
        checked_out = replace(bought("p"), written_at="2026-11-22T11:59:00+00:00")
        (orphan,) = listed(checked_out, noted=noted)
        assert orphan.is_due(NOW)
        # Without a record nothing else tells when it came.
        (bare,) = listed(replace(checked_out, records=()), noted=noted)
        assert not bare.is_due(NOW)

    @pytest.mark.parametrize("clock", ["written_at", "bought_at", "commit"])
    def test_ends_though_a_clock_was_ahead(self, clock: str) -> None:
        later = "2099-01-01T00:00:00+00:00"
        stored = bought("p")
        if clock == "written_at":
            stored = replace(stored, written_at=later, records=())
        elif clock == "bought_at":
            stored = replace(stored, records=(replace(stored.records[0], received_at=later),))
        (orphan,) = listed(
            stored,
            noted={stored.digest: "2026-06-01T00:00:00+00:00"},
            named_until={stored.digest: later} if clock == "commit" else {},
        )
        assert orphan.is_due(NOW)


def test_an_orphan_says_why_it_is_one() -> None:
    earlier, gone, bare = bought("p"), bought("q", article="gone.md"), original("r")
    whys = {one.original.digest: one.why for one in listed(earlier, gone, bare)}
    assert whys == {
        earlier.digest: "replaced",
        gone.digest: "article gone",
        bare.digest: "no record",
    }


def test_the_table_tells_what_is_lost_and_when() -> None:
    priced, unpriced = bought("p"), original("q", record("b" * 64, "q", usd=None))
    old = {priced.digest: "2026-06-01T00:00:00+00:00"}
    found = listed(priced, unpriced, noted=old)
    total = sum_of(found)
    assert (total.count, total.usd, total.unpriced) == (2, Decimal("0.0412"), 1)
    text = orphans_text(found, now=NOW, grace_days=30)
    head, first, second, told, due = text.splitlines()
    assert head.split()[:3] == ["picture", "article", "model"]
    assert first.endswith("2026-06-01, replaced  now")
    assert second.endswith("2026-11-22, replaced  2026-12-22")
    assert told == "Nobody uses 2 pictures, 0 kB, $0.0412 paid besides 1 picture of unknown price."
    assert due.startswith("1 picture, 0 kB, $0.0412 paid of them may go now: an orphan stays")
    assert orphans_text((), now=NOW, grace_days=30).startswith("No orphans")


def asked_for(orders: Orders, article: str) -> StoredOriginal:
    keys = {o.cover.article.src_uri: o.request_key for o in orders.orders}
    return bought(f"of {article}", keys[article], article)


class TestForgetting:
    def test_takes_the_line_the_picture_and_earlier_ones_that_nobody_uses(self) -> None:
        orders = orders_of({"a.md": FOX, "b.md": HARE})
        mine, theirs = asked_for(orders, "a.md"), asked_for(orders, "b.md")
        earlier = bought("earlier")
        lockfile = Lockfile(entries=(entry(mine), entry(theirs, "b.md")))
        everything = [mine, theirs, earlier]
        found = forgetting("a.md", orders, lockfile, everything, [earlier])
        assert found.originals == (mine, earlier)
        assert found.entries == (lockfile.entries[0],)
        assert found.shared_with == ()
        assert without(lockfile, found.entries).entries == (lockfile.entries[1],)

    def test_names_who_shares_the_picture(self) -> None:
        orders = orders_of({"a.md": FOX, "b.md": FOX})
        mine = asked_for(orders, "a.md")
        lockfile = Lockfile(entries=(entry(mine), entry(mine, "b.md")))
        assert forgetting("a.md", orders, lockfile, [mine], []).shared_with == ("b.md",)
        # Also where the other is not in the lockfile, or not on the site.
        alone = Lockfile(entries=(entry(mine),))
        assert forgetting("a.md", orders, alone, [mine], []).shared_with == ("b.md",)
        gone = orders_of({"a.md": FOX})
        assert forgetting("a.md", gone, lockfile, [mine], []).shared_with == ("b.md",)

    def test_follows_a_renamed_article_and_takes_one_that_is_gone(self) -> None:
        orders = orders_of({"new.md": FOX})
        mine = asked_for(orders, "new.md")
        lockfile = Lockfile(entries=(entry(mine, "old.md"),))
        found = forgetting("new.md", orders, lockfile, [mine], [])
        assert (found.entries, found.originals) == (lockfile.entries, (mine,))
        assert left_lines(orders, lockfile) == ()
        gone = forgetting("old.md", Orders(), lockfile, [mine], [])
        assert (gone.entries, gone.originals) == (lockfile.entries, (mine,))
        assert left_lines(Orders(), lockfile) == lockfile.entries

    def test_knows_a_picture_that_is_in_no_store_or_not_in_the_lockfile(self) -> None:
        orders = orders_of({"a.md": FOX})
        mine = asked_for(orders, "a.md")
        lost = forgetting("a.md", orders, Lockfile(entries=(entry(mine),)), [], [])
        assert not lost.originals
        assert lost.digests == {mine.digest}
        unlocked = forgetting("a.md", orders, Lockfile(), [mine], [])
        assert (unlocked.originals, unlocked.entries) == ((mine,), ())

    def test_tells_of_what_stays_as_another_run_is_at_work_on_it(self) -> None:
        orders = orders_of({"a.md": FOX})
        mine = asked_for(orders, "a.md")
        found = forgetting("a.md", orders, Lockfile(entries=(entry(mine),)), [mine], [])
        assert forgotten_text(found, ()) == "a.md is forgotten."
        told = forgotten_text(found, (mine,))
        assert told.startswith("a.md has no line any more, but 1 picture of it stays: another run")
        assert "gc --forget again" in told

    def test_leaves_alone_what_another_article_has_by_the_same_record(self) -> None:
        """The record names the first buyer, and another article has the picture by now."""
        orders = orders_of({"a.md": FOX, "b.md": HARE})
        theirs = replace(asked_for(orders, "b.md"), records=())
        found = forgetting(
            "a.md", orders, Lockfile(entries=(entry(bought("x"), "b.md"),)), [theirs], []
        )
        assert (found.originals, found.entries) == ((), ())
