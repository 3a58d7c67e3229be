"""The only way out of the store: what goes is gone, and nothing else goes."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from mkdocs_imagegen.errors import StoreError
from mkdocs_imagegen.store import Store
from mkdocs_imagegen.store.removal import NOTES
from tests.contract.test_covers_folder import WEBP, Kind
from tests.contract.test_store import (
    PICTURE,
    database,
    ended,
    key_of,
    record_of,
    rendition_of,
    run,
    unprivileged,
)

OTHER = WEBP + b"another"
KINDS = ["cache", "cache and covers", "covers with a fresh cache"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    return Kind(tmp_path, request.param != "cache", "fresh" not in request.param)


@pytest.fixture
def both(tmp_path: Path) -> Kind:
    return Kind(tmp_path, has_covers=True)


def test_everything_that_lies_in_the_store_is_told_with_all_its_records(kind: Kind) -> None:
    shared = replace(record_of(WEBP, "b"), received_at="2026-11-23T10:00:00+00:00")
    with kind.open() as store:
        for record, picture in (
            (record_of(WEBP), WEBP),
            (shared, WEBP),
            (record_of(OTHER, "c"), OTHER),
        ):
            store.put(record, picture)
    with kind.open() as store:
        found = {original.digest: original for original in store.removal.originals()}
    first, second = found[record_of(WEBP).digest], found[record_of(OTHER).digest]
    assert first.records == (shared, record_of(WEBP))
    assert second.records == (record_of(OTHER, "c"),)
    assert first.size_bytes >= len(WEBP)
    assert first.bought_at == shared.received_at
    assert len(found) == 2


def test_what_is_removed_is_in_no_place_any_more_and_the_rest_is(kind: Kind) -> None:
    gone, kept = record_of(WEBP), record_of(OTHER, "c")
    with kind.open() as store:
        store.put(gone, WEBP)
        store.put(kept, OTHER)
    with kind.open() as store:
        (original,) = (o for o in store.removal.originals() if o.digest == gone.digest)
        assert store.removal.remove(original)
        assert store.record(gone.request_key) is None
    with kind.open() as store:
        assert store.record(gone.request_key) is None
        assert not store.has_original(gone.digest, gone.size_bytes)
        assert store.read_original(kept) == OTHER
        assert [o.digest for o in store.removal.originals()] == [kept.digest]
        store.put(gone, WEBP)  # bought anew
        assert store.read_original(gone) == WEBP
    names = {path.name for path in kind.root.rglob("*") if path.is_file()}
    assert not any(name.endswith(".tmp") for name in names)


def test_a_request_that_was_bought_anew_keeps_its_newer_record(both: Kind) -> None:
    older = record_of(WEBP)
    newer = replace(record_of(OTHER), received_at="2026-11-23T10:00:00+00:00")
    with both.open() as store:
        store.put(older, WEBP)
        store.put(newer, OTHER)
        (original,) = (o for o in store.removal.originals() if o.digest == older.digest)
        assert original.records == (older,)  # which only the covers folder still has
        assert store.removal.remove(original)
    with both.open() as store:
        assert store.record(newer.request_key) == newer
        assert store.read_original(newer) == OTHER


def test_no_prompt_stays_on_the_disk(both: Kind) -> None:
    prompt = "A very private badger"
    record = replace(record_of(WEBP), sent={"prompt": prompt})
    with both.open() as store:
        store.put(record, WEBP)
        store.put(record_of(OTHER, "c"), OTHER)
    with both.open() as store:
        (original,) = (o for o in store.removal.originals() if o.digest == record.digest)
        store.removal.remove(original)
        files = [path for path in both.root.rglob("*") if path.is_file()]
        assert [path for path in files if prompt.encode() in path.read_bytes()] == []
    with database(both.cache) as connection:  # diskcache's own counter still says what is there
        (counted,) = connection.execute("SELECT value FROM Settings WHERE key = 'count'").fetchone()
        (rows,) = connection.execute("SELECT COUNT(*) FROM Cache").fetchone()
    assert counted == rows == 2


def test_an_original_without_a_record_and_a_damaged_one_can_be_removed(tmp_path: Path) -> None:
    kind = Kind(tmp_path, has_covers=False)
    with kind.open() as store:
        store.put(record_of(WEBP), WEBP)
        store.put(record_of(OTHER), OTHER)  # of the same request: no record is of the first now
    with kind.open() as store:
        (bare,) = (o for o in store.removal.originals() if not o.records)
        assert bare.digest == record_of(WEBP).digest
        assert bare.bought_at == bare.written_at
        kind_of_other = store.original_path(record_of(OTHER))
        kind_of_other.write_bytes(b"cut")
        for original in tuple(store.removal.originals()):
            assert store.removal.remove(original)
        assert list(store.removal.originals()) == []
    assert list(kind.cache.glob("originals/*/*/*.val")) == []


def test_what_was_made_of_an_original_goes_with_it_unless_another_has_the_same(
    tmp_path: Path,
) -> None:
    first, second = record_of(WEBP), record_of(OTHER, "c")
    with Kind(tmp_path, has_covers=False).open() as store:
        store.put(first, WEBP)
        store.put(second, OTHER)
        store.put_rendition("as it is", rendition_of(WEBP), None, original=first.digest)
        store.put_rendition("small", rendition_of(b"small"), b"small", original=first.digest)
        store.put_rendition("twin 1", rendition_of(b"twin"), b"twin", original=first.digest)
        store.put_rendition("twin 2", rendition_of(b"twin"), b"twin", original=second.digest)
        store.put_rendition("drawn", rendition_of(b"drawn"), b"drawn")
    with Kind(tmp_path, has_covers=False).open() as store:
        assert store.removal.remove_renditions({first.digest}) == 3
        assert [store.rendition(key) for key in ("as it is", "small", "twin 1")] == [None] * 3
        assert store.find_rendition("twin 2") is not None
        assert store.find_rendition("drawn") is not None
        assert store.removal.remove_renditions({first.digest}) == 0
        store.put_rendition("small", rendition_of(b"small"), b"small", original=first.digest)
        assert store.find_rendition("small") is not None
        # As those are which earlier versions made.
        assert store.removal.remove_renditions({"of another", ""}) == 1
        assert store.rendition("drawn") is None
    assert len(list((tmp_path / ".cache/imagegen/renditions").glob("*/*/*.val"))) == 2


def test_what_another_run_holds_stays(tmp_path: Path) -> None:
    kind = Kind(tmp_path, has_covers=False)
    with kind.open() as store:
        store.put(record_of(PICTURE), PICTURE)
    holder = run(
        "store = Store.open(folder)\n"
        "with store.lock(key_of('a')):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n",
        kind.cache,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with kind.open() as store:
        (original,) = store.removal.originals()
        assert store.removal.under_way() == (key_of("a"),)
        assert not store.removal.remove(original)
        assert store.read_original(record_of(PICTURE)) == PICTURE
        ended(holder)
        assert store.removal.under_way() == ()
        assert store.removal.remove(original)


def test_a_read_only_store_says_so_and_keeps_everything() -> None:
    root = Path(tempfile.mkdtemp())  # unlike pytest's own, another user can reach it
    root.chmod(0o755)
    kind = Kind(root, has_covers=True)
    with kind.open() as store:
        store.put(record_of(WEBP), WEBP)
    with unprivileged(root), kind.open() as store:
        (original,) = store.removal.originals()
        with pytest.raises(StoreError, match="read-only, so nothing can be removed"):
            store.removal.require_writable()
        with pytest.raises(StoreError):
            store.removal.remove(original)
        assert store.read_original(record_of(WEBP)) == WEBP
    shutil.rmtree(root)


def test_notes_are_kept_and_odd_ones_are_none(tmp_path: Path) -> None:
    kind = Kind(tmp_path, has_covers=False)
    since = {key_of("p"): "2026-11-22T10:00:00+00:00"}
    with kind.open() as store:
        assert store.removal.notes() == {}
        store.removal.note(since)
        assert store.removal.notes() == since
        for odd in (
            b"",
            b"[]",
            b'{"version": 2, "since": {}}',
            b'{"version": 1, "since": 3}',
            b"\xff",
        ):
            (kind.cache / NOTES).write_bytes(odd)
            assert store.removal.notes() == {}
        (kind.cache / NOTES).unlink()
        (kind.cache / NOTES).symlink_to(tmp_path / "elsewhere")
        assert store.removal.notes() == {}


def test_a_row_that_names_a_file_elsewhere_removes_nothing_there(tmp_path: Path) -> None:
    kind = Kind(tmp_path, has_covers=False)
    with kind.open() as store:
        store.put(record_of(PICTURE), PICTURE)
    precious = tmp_path / "precious.val"
    precious.write_bytes(b"mine")
    with database(kind.cache) as connection:
        connection.execute(
            "UPDATE Cache SET filename = ? WHERE key LIKE 'original:%'", ("../../../precious.val",)
        )
    with Store.open(kind.cache) as store:
        store.removal.remove_renditions({record_of(PICTURE).digest})
        store._paid._cache.remove(record_of(PICTURE).digest, [])
    assert precious.read_bytes() == b"mine"
