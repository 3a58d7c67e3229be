"""What the lockfile says after a run, from a real store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mkdocs_imagegen.errors import LockfileError, SafetyError
from mkdocs_imagegen.keys import digest, request_key
from mkdocs_imagegen.locking import LockfilePlace, gather, lock_covers, lost_entries
from mkdocs_imagegen.model import (
    Action,
    ActionKind,
    ArticleSource,
    Cover,
    CoverRequest,
    Failed,
    Found,
    Lockfile,
    Order,
    Orders,
    Outcome,
    Record,
)
from mkdocs_imagegen.store import Store
from tests.contract.test_execute import SIZE, webp

NOW = datetime(2026, 11, 22, tzinfo=UTC)
REQUEST = CoverRequest("generate", "gpt-image-2", "a fox", SIZE, "low")
KEY = request_key(REQUEST)
COVER = Cover(ArticleSource("a.md", "A fox", {}), "a fox", "gpt-image-2", SIZE, "low", "cover.j2")
ORDERS = Orders((Order(COVER, REQUEST, KEY),))
ACTION = Action(ActionKind.GENERATE, COVER, "new", request=REQUEST, request_key=KEY)
RED, BLUE = webp("red"), webp("blue")


def keep(store: Store, picture: bytes) -> Record:
    record = Record(KEY, digest(picture), len(picture), "a.md", {}, "https://x", NOW.isoformat())
    store.put(record, picture)
    return record


def lock(place: LockfilePlace, store: Store, *outcomes: Outcome, adopt: bool = False) -> Lockfile:
    run = gather(place.read(), store, ORDERS, outcomes, adopt=adopt, at=NOW)
    lock_covers(place, store, ORDERS, run, site="Notes", job="7")
    return place.read()


def locked_digest(lockfile: Lockfile) -> str:
    (entry,) = lockfile.entries
    return entry.approved.digest if entry.approved else ""


@pytest.fixture
def place(tmp_path: Path) -> LockfilePlace:
    return LockfilePlace(tmp_path / "imagegen.lock")


def test_what_is_in_the_store_is_locked_and_nothing_is_written_twice(
    place: LockfilePlace, tmp_path: Path
) -> None:
    with Store.open(tmp_path / "cache") as store:
        keep(store, RED)
        assert locked_digest(lock(place, store)) == digest(RED)
        before = place.path.stat().st_mtime_ns
        lock(place, store)
        assert place.path.stat().st_mtime_ns == before


@pytest.mark.parametrize("covers", [None, "covers"])
def test_what_gc_removed_while_a_run_waited_for_the_lock_gets_no_line(
    place: LockfilePlace, tmp_path: Path, covers: str | None
) -> None:
    folders = tmp_path / "cache", tmp_path / covers if covers else None
    with Store.open(*folders) as store:
        keep(store, RED)
        run = gather(place.read(), store, ORDERS, (), adopt=False, at=NOW)
        assert run.records
        with Store.open(*folders) as cleaned:
            (original,) = cleaned.removal.originals()
            assert cleaned.removal.remove(original)
        assert not lock_covers(place, store, ORDERS, run, site="Notes", job="7")
        assert place.read().entries == ()


def test_what_is_no_picture_is_not_locked(place: LockfilePlace, tmp_path: Path) -> None:
    with Store.open(tmp_path / "cache") as store:
        keep(store, b"<html>")
        assert lock(place, store).entries == ()


def test_another_picture_is_taken_in_only_when_told_or_found(
    place: LockfilePlace, tmp_path: Path
) -> None:
    with Store.open(tmp_path / "cache") as store:
        keep(store, RED)
        lock(place, store)
    for cache, told in (("adopt", {"adopt": True}), ("found", {})):
        with Store.open(tmp_path / cache) as store:
            keep(store, BLUE)
            (entry,) = lost_entries(place.read(), store)
            assert entry.article == "a.md"
            assert locked_digest(lock(place, store)) == digest(RED)
            outcomes = () if told else (Found(ACTION),)
            assert locked_digest(lock(place, store, *outcomes, **told)) == digest(BLUE)
        with Store.open(tmp_path / "cache") as store:  # back to red, for the next round
            lock(place, store, adopt=True)


def test_a_refusal_is_locked_until_a_picture_takes_its_place(
    place: LockfilePlace, tmp_path: Path
) -> None:
    refused = Failed(ACTION, SafetyError("the prompt was refused", request_id="req_1"))
    with Store.open(tmp_path / "cache") as store:
        (entry,) = lock(place, store, refused).entries
        assert entry.refusal is not None
        assert (entry.refusal.request_key, entry.refusal.request_id) == (KEY, "req_1")
        keep(store, RED)
        (entry,) = lock(place, store).entries
        assert entry.refusal is None


def test_one_damaged_original_does_not_keep_the_others_from_git(
    place: LockfilePlace, tmp_path: Path
) -> None:
    with Store.open(tmp_path / "cache") as store:
        record = keep(store, RED)
        lock(place, store)
        path = store.original_path(record)
        path.write_bytes(bytes(len(RED)))
    with Store.open(tmp_path / "cache", tmp_path / "covers") as store:
        assert locked_digest(lock(place, store)) == digest(RED)
        assert not store.in_covers(digest(RED))


def test_the_lockfile_of_another_folders_articles_is_refused(
    place: LockfilePlace, tmp_path: Path
) -> None:
    with Store.open(tmp_path / "cache") as store:
        keep(store, RED)
        assert lock(place, store).docs_dir == "docs"
    other = LockfilePlace(place.path, "docs/de")
    with pytest.raises(LockfileError, match="is of the articles in docs, and this site has") as e:
        other.read()
    assert "folder of its own" in e.value.hint
