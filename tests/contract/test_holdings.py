"""What the store holds of a request that the lockfile knows, on a real store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mkdocs_imagegen.holdings import find, sound_record
from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.model import Approved, Entry, OriginalDamaged, OriginalOther, Record, Size
from mkdocs_imagegen.store import Store

KEY = "a" * 64
OURS, THEIRS, NEITHER = b"ours", b"theirs", b"neither"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "cache", tmp_path / "covers") as opened:
        yield opened


def entry(picture: bytes) -> Entry:
    size = Size(1536, 1024)
    at = "2026-10-01T12:00:00+00:00"
    approved = Approved(KEY, digest(picture), len(picture), "gpt-image-2", size, "low", at)
    return Entry("a.md", approved=approved)


def keep(store: Store, picture: bytes) -> Record:
    at = "2026-10-01T12:00:00+00:00"
    record = Record(KEY, digest(picture), len(picture), "a.md", {}, "https://x", at)
    store.put(record, picture)
    return record


def test_what_was_never_bought_is_nothing(store: Store) -> None:
    assert find(store, KEY) is None
    assert find(store, KEY, [entry(OURS)]) is None


def test_without_the_lockfile_the_stores_own_record_counts(store: Store) -> None:
    record = keep(store, OURS)
    assert find(store, KEY) == record


def test_any_original_that_the_lockfile_names_will_do(store: Store) -> None:
    record = keep(store, THEIRS)
    assert find(store, KEY, [entry(OURS), entry(THEIRS)]) == record


def test_another_picture_than_the_lockfile_names_is_told_apart(store: Store) -> None:
    keep(store, NEITHER)
    assert find(store, KEY, [entry(OURS)]) == OriginalOther(digest(NEITHER))
    assert sound_record(store, KEY, [entry(OURS)]) is None


def test_bytes_in_git_need_no_record_where_the_lockfile_names_them(tmp_path: Path) -> None:
    folder = tmp_path / "covers"
    folder.mkdir()
    (folder / f"{digest(OURS)}.bin").write_bytes(OURS)
    with Store.open(tmp_path / "cache", folder) as store:
        found = sound_record(store, KEY, [entry(OURS)])
        assert found is not None
        assert (found.digest, store.read_original(found)) == (digest(OURS), OURS)


def test_a_git_lfs_pointer_is_told_as_one(tmp_path: Path) -> None:
    folder = tmp_path / "covers"
    folder.mkdir()
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest(OURS)}\nsize 4\n"
    (folder / f"{digest(OURS)}.bin").write_text(text, encoding="utf-8")
    with Store.open(tmp_path / "cache", folder) as store:
        found = find(store, KEY, [entry(OURS)])
        assert isinstance(found, OriginalDamaged)
        assert found.pointer
