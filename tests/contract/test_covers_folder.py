"""What every kind of store must keep, and what a covers folder in git must be."""

from __future__ import annotations

import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.errors import DamagedOriginalError, StoreError
from mkdocs_imagegen.model import Approved, Entry, OriginalDamaged, Size, Usage
from mkdocs_imagegen.store import Store, record_of
from mkdocs_imagegen.store.covers import read_records, write_records
from tests.contract.test_store import (
    PICTURE,
    STORE_V1,
    database,
    ended,
    key_of,
    rendition_of,
    run,
    unprivileged,
    value_file,
)
from tests.contract.test_store import record_of as recorded

WEBP = b"RIFF\x00\x00\x00\x00WEBP" + PICTURE
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1234\n"


@dataclass(slots=True)
class Kind:
    """One kind of store in a folder of its own."""

    root: Path
    has_covers: bool
    has_cache: bool = True
    """Whether the cache outlives the store's closing."""

    @property
    def cache(self) -> Path:
        return self.root / ".cache" / "imagegen"

    @property
    def covers(self) -> Path:
        return self.root / "covers"

    def open(self) -> Store:
        if not self.has_cache:
            shutil.rmtree(self.cache, ignore_errors=True)
        return Store.open(self.cache, self.covers if self.has_covers else None)

    def picture(self) -> Path:
        """Return the only original's file, where it is read from after reopening."""
        if self.has_cache:
            return value_file(self.cache)
        (path,) = (path for path in self.covers.iterdir() if path.suffix != ".json")
        return path


@pytest.fixture(params=["cache", "cache and covers", "covers with a fresh cache"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    return Kind(tmp_path, request.param != "cache", "fresh" not in request.param)


@pytest.fixture
def both(tmp_path: Path) -> Kind:
    return Kind(tmp_path, has_covers=True)


@pytest.fixture
def committed(tmp_path: Path) -> Kind:
    """A covers folder with one WebP, and no cache yet."""
    kind = Kind(tmp_path, has_covers=True)
    with kind.open() as store:
        store.put(recorded(WEBP), WEBP)
    shutil.rmtree(kind.cache)
    return kind


def file_of(kind: Kind, picture: bytes = WEBP, extension: str = "webp") -> Path:
    return kind.covers / f"{recorded(picture).digest}.{extension}"


class TestEveryKind:
    def test_keeps_what_was_put(self, kind: Kind) -> None:
        record = recorded(WEBP)
        with kind.open() as store:
            assert store.record(record.request_key) is None
            store.prepare()
            store.put(record, WEBP)
        with kind.open() as store:
            assert store.record(record.request_key) == record
            assert store.record(record.request_key, record.digest) == record
            assert store.record(record.request_key, key_of("another picture")) is None
            assert list(store.records()) == [record]
            assert store.damage(record) is None
            assert store.has_original(record.digest, record.size_bytes)
            assert not store.has_original(record.digest, record.size_bytes + 1)
            assert store.read_original(record) == WEBP
            assert store.original_path(record).read_bytes() == WEBP

    def test_publishes_an_original_as_it_came(self, kind: Kind) -> None:
        with kind.open() as store:
            store.put(recorded(WEBP), WEBP)
        with kind.open() as store:
            store.put_rendition("r", rendition_of(WEBP), None)
            assert store.rendition("r") == rendition_of(WEBP)
            found = store.find_rendition("r")
            assert found is not None
            assert found[1].read_bytes() == WEBP
            with pytest.raises(ValueError, match="no original"):
                store.put_rendition("x", rendition_of(b"never bought"), None)

    def test_keeps_the_records_of_two_requests_that_brought_one_picture(self, kind: Kind) -> None:
        with kind.open() as store:
            store.put(recorded(WEBP, "b"), WEBP)
            store.put(recorded(WEBP, "a"), WEBP)
        with kind.open() as store:
            assert store.record(key_of("a")) == recorded(WEBP, "a")
            assert store.record(key_of("b")) == recorded(WEBP, "b")
            assert len(list(store.records())) == 2

    def test_answers_with_the_picture_that_was_bought_last(self, kind: Kind) -> None:
        # Of these two, the digest of the newer comes first in the folder.
        old, new = sorted([b"one", b"other"], key=lambda data: recorded(data).digest, reverse=True)
        newer = replace(recorded(new), received_at="2026-12-01T10:00:00+00:00")
        with kind.open() as store:
            store.put(recorded(old), old)
            store.put(newer, new)
        with kind.open() as store:
            assert store.record(newer.request_key) == newer

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (None, "missing"),
            (b"", "empty"),
            (WEBP[:12], "12 of 2,320 bytes long"),
            (WEBP + b"x", "2,321 bytes long instead of 2,320"),
        ],
        ids=["missing", "empty", "short", "long"],
    )
    def test_tells_damage_and_put_mends_it(self, kind: Kind, data: bytes | None, why: str) -> None:
        record = recorded(WEBP)
        with kind.open() as store:
            store.put(record, WEBP)
        paths = [kind.picture(), *([file_of(kind)] if kind.has_covers else [])]
        for path in set(paths):
            path.unlink() if data is None else path.write_bytes(data)
        with kind.open() as store:
            assert store.damage(record) == OriginalDamaged(
                why, record.digest, missing=why == "missing"
            )
            for read in (store.read_original, store.original_path):
                with pytest.raises(DamagedOriginalError, match=f"blog/a.md: .* is {why}"):
                    read(record)
            store.put(record, WEBP)
            assert store.damage(record) is None
            assert store.read_original(record) == WEBP
        with kind.open() as store:
            assert store.read_original(record) == WEBP

    def test_never_returns_other_bytes_of_equal_length(self, kind: Kind) -> None:
        record = recorded(WEBP)
        with kind.open() as store:
            store.put(record, WEBP)
        for path in {kind.picture(), *([file_of(kind)] if kind.has_covers else [])}:
            path.write_bytes(WEBP[::-1])
        with kind.open() as store:
            assert store.damage(record) is None
            with pytest.raises(DamagedOriginalError, match="changed"):
                store.read_original(record)
            store.put(record, WEBP)
            assert store.read_original(record) == WEBP

    def test_serves_threads_at_once(self, kind: Kind) -> None:
        same = [f"same {n}" for n in range(8)]  # brought one picture
        with kind.open() as store, ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: store.put(recorded(WEBP, name), WEBP), same))
            list(pool.map(lambda n: store.put(recorded(b"%d" % n, str(n)), b"%d" % n), range(8)))
        with kind.open() as store:
            assert {record.request_key for record in store.records()} == {
                *map(key_of, same),
                *(key_of(str(n)) for n in range(8)),
            }
            assert all(store.read_original(record) for record in store.records())


class TestFolder:
    def test_is_not_made_before_something_is_bought(self, both: Kind) -> None:
        with both.open() as store:
            store.require_writable()
            assert store.record(key_of("a")) is None
            assert store.record(key_of("a"), key_of("b")) is None
            assert not store.in_covers(key_of("b"))
        assert not both.covers.exists()

    @pytest.mark.parametrize(
        ("picture", "extension"),
        [
            (WEBP, "webp"),
            (b"\x89PNG\r\n\x1a\n rest", "png"),
            (b"\xff\xd8\xff\xe0 rest", "jpg"),
            (b'{"error": "billed all the same"}', "bin"),
        ],
        ids=["webp", "png", "jpg", "bin"],
    )
    def test_has_pictures_by_digest_and_their_records_beside(
        self, both: Kind, picture: bytes, extension: str
    ) -> None:
        with both.open() as store:
            store.put(recorded(picture), picture)
            assert store.in_covers(recorded(picture).digest)
        assert {path.name for path in both.covers.iterdir()} == {
            f"{recorded(picture).digest}.{extension}",
            f"{recorded(picture).digest}.json",
        }
        assert file_of(both, picture, extension).read_bytes() == picture

    def test_has_readable_sorted_json_that_stays_as_it_is(self, both: Kind) -> None:
        with both.open() as store:
            for name in "bac":
                store.put(recorded(WEBP, name), WEBP)
        path = file_of(both, extension="json")
        text = path.read_bytes()
        document = json.loads(text)
        assert document["version"] == 1
        assert document["digest"] == recorded(WEBP).digest
        keys = [record["request_key"] for record in document["records"]]
        assert keys == sorted(map(key_of, "abc"))
        assert '"prompt": "Ein Leuchtturm, «nachts»"'.encode() in text
        assert text.endswith(b"}\n")
        assert str(both.root).encode() not in text
        written = path.stat().st_mtime_ns
        with both.open() as store:
            store.put(recorded(WEBP, "a"), WEBP)
            assert not store.keep(recorded(WEBP, "b"))
        assert path.stat().st_mtime_ns == written

    @given(
        sent=st.dictionaries(
            st.text(), st.none() | st.text(st.characters()) | st.integers() | st.booleans()
        ),
        article=st.text(st.characters()),
        usage=st.none() | st.builds(Usage, st.none() | st.integers(min_value=0)),
    )
    def test_has_json_that_reading_and_writing_changes_in_nothing(
        self, sent: dict[str, object], article: str, usage: Usage | None
    ) -> None:
        record = replace(recorded(b"x"), sent=sent, article=article, usage=usage)
        text = write_records(record.digest, (record,))
        assert read_records(text, record.digest) == (record,)
        assert write_records(record.digest, read_records(text, record.digest)) == text

    def test_leaves_other_files_alone(self, committed: Kind) -> None:
        (committed.covers / "README.md").write_text("Covers.")
        (committed.covers / "package.json").write_text("{")
        (committed.covers / f"{key_of('old')}.json.orig").write_text("{")
        with committed.open() as store:
            assert store.record(key_of("never bought")) is None
            assert list(store.records()) == [recorded(WEBP)]

    @pytest.mark.parametrize("extension", ["webp", "json"])
    def test_has_no_links_that_are_followed(
        self, committed: Kind, tmp_path: Path, extension: str
    ) -> None:
        path = file_of(committed, extension=extension)
        path.rename(tmp_path / "outside")
        path.symlink_to(tmp_path / "outside")
        outside = (tmp_path / "outside").read_bytes()
        record = recorded(WEBP)
        with committed.open() as store:
            if extension == "json":
                assert store.record(record.request_key, record.digest) is None
                assert store.record(record.request_key) is None
            else:
                assert store.damage(record) == OriginalDamaged(
                    "missing", record.digest, missing=True
                )
            store.put(replace(record, request_id="new"), WEBP)
        assert (tmp_path / "outside").read_bytes() == outside
        assert not path.is_symlink()
        assert not list(committed.covers.glob(".*"))

    def test_that_is_a_file_is_an_error(self, both: Kind) -> None:
        both.covers.touch()
        with pytest.raises(StoreError, match=r"covers: .*a file stands where a folder should be"):
            both.open()
        assert not both.cache.exists()

    def test_may_be_reached_by_a_link(self, committed: Kind, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(committed.covers, target_is_directory=True)
        with Store.open(committed.cache, tmp_path / "link") as store:
            assert store.read_original(recorded(WEBP)) == WEBP

    def test_is_filled_by_an_old_store(self, both: Kind) -> None:
        shutil.copytree(STORE_V1, both.cache)
        with both.open() as store:
            (record,) = store.records()
            assert not store.in_covers(record.digest)
            assert store.keep(record)
            assert store.in_covers(record.digest)
        shutil.rmtree(both.cache)
        with both.open() as store:
            assert list(store.records()) == [record]
            assert store.read_original(record).startswith(b"RIFF")


class TestFolderThatCantBeWritten:
    def test_leaves_the_picture_safe_in_the_cache(self, both: Kind) -> None:
        record = recorded(WEBP)
        with both.open() as store:
            both.covers.touch()
            for check in (store.require_writable, store.prepare):
                with pytest.raises(StoreError, match=r"covers: .*a file stands where a folder"):
                    check()
            with pytest.raises(StoreError, match=r"covers: .* the picture is safe in the cache"):
                store.put(record, WEBP)
            assert store.rescue(record, WEBP) == f"it is kept in {both.cache}"
            assert not (both.cache / "rescued").exists()
            assert store.read_original(record) == WEBP
            both.covers.unlink()
            assert store.keep(record)
            assert not store.keep(record)
        assert file_of(both).read_bytes() == WEBP

    def test_is_told_before_anything_is_bought_and_still_read(self) -> None:
        root = Path(tempfile.mkdtemp())  # unlike pytest's own, another user can reach it
        root.chmod(0o755)
        kind, record = Kind(root, has_covers=True), recorded(WEBP)
        with kind.open() as store:
            store.put(record, WEBP)
        shutil.rmtree(kind.cache)
        with unprivileged(root), kind.open() as store:
            assert store.read_only
            assert store.record(record.request_key) == record
            assert store.read_original(record) == WEBP
            assert not store.keep(record)
            with pytest.raises(StoreError, match="read-only"):
                store.require_writable()
        kind.cache.mkdir(parents=True)
        with kind.open() as store, unprivileged(kind.covers):
            with pytest.raises(StoreError, match=r"covers: .*permission denied"):
                store.require_writable()
            with pytest.raises(StoreError, match=r"covers: .*permission denied"):
                store.prepare()
        shutil.rmtree(root)

    def test_has_whole_pictures_or_none_where_the_disk_is_full(self, both: Kind) -> None:
        pytest.importorskip("resource")
        out = ended(
            run(
                "import resource\nfrom mkdocs_imagegen.store.covers import Covers\n"
                "covers = Covers(folder)\nassert covers.put_picture('a' * 64, PICTURE)\n"
                "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
                "try:\n    covers.put_picture('b' * 64, PICTURE * 10)\n"
                "except StoreError as error:\n    print(error)\n",
                both.covers,
            )
        )
        assert "the disk is full" in out
        assert [path.name for path in both.covers.iterdir()] == [f"{'a' * 64}.bin"]


class TestPointers:
    def test_in_a_pictures_place_is_told_by_name(self, committed: Kind) -> None:
        file_of(committed).write_bytes(POINTER)
        record = recorded(WEBP)
        with committed.open() as store:
            assert store.in_covers(record.digest)
            assert store.record(record.request_key) == record
            damaged = store.damage(record)
            assert damaged == OriginalDamaged("only a git-lfs pointer", record.digest, pointer=True)
            with pytest.raises(DamagedOriginalError, match=r"pointer\nhint: run git lfs pull"):
                store.read_original(record)

    def test_does_no_harm_while_the_cache_has_the_picture(self, both: Kind) -> None:
        record = recorded(WEBP)
        with both.open() as store:
            store.put(record, WEBP)
        file_of(both).write_bytes(POINTER)
        with both.open() as store:
            assert store.damage(record) is None
            assert store.read_original(record) == WEBP
            assert not store.keep(record)
        assert file_of(both).read_bytes() == POINTER

    def test_in_a_records_place_is_no_sign_that_nothing_was_bought(self, committed: Kind) -> None:
        file_of(committed, extension="json").write_bytes(POINTER)
        record = recorded(WEBP)
        with committed.open() as store:
            assert store.record(record.request_key, record.digest) is None
            assert store.has_original(record.digest, record.size_bytes)
            with pytest.raises(StoreError, match=r"pointer\nhint: run git lfs pull"):
                store.record(record.request_key)


class TestLostAndBrokenRecords:
    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"[]",
            b"[" * 100_000,
            b"\xff",
            b"<<<<<<< HEAD\n{}",
            b'{"version": 2}',
            b'{"version": 1, "digest": "x", "records": []}',
            b'{"version": 1, "digest": "x", "records": [7]}',
            write_records(recorded(b"x").digest, (recorded(b"x"),)),
            write_records(recorded(WEBP).digest, (recorded(b"x"),)),
            b" " * 10_000_001,
        ],
        ids=lambda text: text[:30].decode(errors="replace"),
    )
    def test_are_an_error_where_they_may_hide_a_purchase(
        self, committed: Kind, text: bytes
    ) -> None:
        file_of(committed, extension="json").write_bytes(text)
        record, second = recorded(WEBP), recorded(b"second", "b")
        with committed.open() as store:
            assert store.record(record.request_key, record.digest) is None
            assert store.damage(record) is None
            with pytest.raises(StoreError, match=r"json can't be read: .*\nhint: .*git restore"):
                store.record(record.request_key)
            store.put(second, b"second")
            assert store.record(second.request_key) == second
            assert list(store.records()) == [second]
            store.put(record, WEBP)
            assert store.record(record.request_key) == record

    def test_are_made_again_from_the_lockfile(self, committed: Kind) -> None:
        file_of(committed, extension="json").unlink()
        approved = Approved(
            request_key=key_of("a"),
            digest=recorded(WEBP).digest,
            size_bytes=len(WEBP),
            model="gpt-image-2",
            size=Size(1536, 1024),
            quality="medium",
            bought_at="2026-11-22T10:00:00+00:00",
            usd=Decimal("0.04120"),
        )
        record = record_of(Entry("blog/a.md", approved=approved))
        assert record.sent == {"model": "gpt-image-2", "size": "1536x1024", "quality": "medium"}
        assert record.usd == "0.0412"
        with committed.open() as store:
            assert store.record(record.request_key) is None
            assert store.damage(record) is None
            assert store.read_original(record) == WEBP
            assert store.keep(record)
        shutil.rmtree(committed.cache)
        with committed.open() as store:
            assert store.record(record.request_key) == record
        with pytest.raises(ValueError, match="no approved picture"):
            record_of(Entry("blog/b.md"))


class TestTwoPlaces:
    def test_a_damaged_cache_is_no_damage(self, both: Kind) -> None:
        record = recorded(WEBP)
        with both.open() as store:
            store.put(record, WEBP)
        value_file(both.cache).write_bytes(WEBP[:9])
        with both.open() as store:
            assert store.damage(record) is None
            assert store.original_path(record) == file_of(both)
            assert store.read_original(record) == WEBP

    def test_changed_bytes_in_the_cache_are_passed_over_for_good(self, both: Kind) -> None:
        record = recorded(WEBP)
        with both.open() as store:
            store.put(record, WEBP)
        value_file(both.cache).write_bytes(WEBP[::-1])
        with both.open() as store:
            assert store.read_original(record) == WEBP
            store.put_rendition("r", rendition_of(WEBP), None)
            assert store.rendition_path(rendition_of(WEBP)).read_bytes() == WEBP

    def test_a_damaged_folder_is_no_damage_and_keep_mends_it(self, both: Kind) -> None:
        record = recorded(WEBP)
        with both.open() as store:
            store.put(record, WEBP)
        file_of(both).write_bytes(WEBP[:9])
        with both.open() as store:
            assert store.damage(record) is None
            assert store.keep(record)
        assert file_of(both).read_bytes() == WEBP

    def test_only_verified_bytes_get_into_the_folder(self, both: Kind) -> None:
        record = recorded(WEBP)
        with Store.open(both.cache) as store:
            store.put(record, WEBP)
            assert not store.keep(record)
        value_file(both.cache).write_bytes(WEBP[::-1])
        with both.open() as store, pytest.raises(DamagedOriginalError, match="changed"):
            store.keep(record)
        assert not both.covers.exists()

    def test_the_lockfiles_digest_decides_which_record_counts(self, both: Kind) -> None:
        first, second = recorded(b"first"), recorded(b"second")
        with both.open() as store:
            store.put(first, b"first")
            store.put(second, b"second")
            assert store.record(first.request_key) == second
            assert store.record(first.request_key, second.digest) == second
            assert store.record(first.request_key, first.digest) == first

    def test_an_unreadable_row_of_the_cache_is_read_from_the_folder(self, both: Kind) -> None:
        record = recorded(WEBP)
        with both.open() as store:
            store.put(record, WEBP)
        with database(both.cache) as connection:
            connection.execute("UPDATE Cache SET value = x'00' WHERE key LIKE 'record:%'")
        with both.open() as store:
            assert store.record(record.request_key) == record
        with Store.open(both.cache) as store:
            with pytest.raises(StoreError, match="can't be read"):
                store.record(record.request_key)
            assert store.record(record.request_key, record.digest) is None

    def test_a_picture_that_comes_later_is_seen(self, committed: Kind) -> None:
        second = recorded(b"second", "b")
        with committed.open() as waiting:
            assert waiting.damage(second) is not None
            (committed.covers / f"{second.digest}.bin").write_bytes(b"second")
            assert waiting.damage(second) is None


def test_a_build_reads_no_json_where_the_lockfile_tells_the_digests(tmp_path: Path) -> None:
    kind = Kind(tmp_path, has_covers=True)
    kind.covers.mkdir()
    records = [recorded(b"%d" % n, str(n)) for n in range(50)]
    for n, record in enumerate(records):
        (kind.covers / f"{record.digest}.bin").write_bytes(b"%d" % n)
        (kind.covers / f"{record.digest}.json").write_bytes(b"never parsed")
    with kind.open() as store:
        assert all(store.has_original(record.digest, record.size_bytes) for record in records)
        assert all(store.damage(record) is None for record in records)
