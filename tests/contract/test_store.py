"""What every store must keep: paid bytes for ever, whatever happens to the folder it lies in."""

from __future__ import annotations

import errno
import inspect
import json
import os
import pickle
import platform
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import diskcache
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mkdocs_imagegen.errors import DamagedOriginalError, StoreError
from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.model import OriginalDamaged, Record, Rendition, Size, Usage
from mkdocs_imagegen.store import Store
from mkdocs_imagegen.store.disk import SafeDisk
from mkdocs_imagegen.store.faults import told
from mkdocs_imagegen.store.locks import at_once
from mkdocs_imagegen.store.originals import POLICY
from mkdocs_imagegen.store.records import read_record, write_record
from mkdocs_imagegen.store.shelf import Shelf
from mkdocs_imagegen.store.spool import Received

ROOT = Path(__file__).parents[2]
STORE_V1 = ROOT / "tests" / "data" / "store-v1"
PICTURE = b"RIFF" + bytes(range(256)) * 9


def key_of(text: str) -> str:
    return digest(text.encode())


def record_of(picture: bytes, name: str = "a") -> Record:
    return Record(
        request_key=key_of(name),
        digest=digest(picture),
        size_bytes=len(picture),
        article=f"blog/{name}.md",
        sent={"model": "gpt-image-2", "prompt": "Ein Leuchtturm, «nachts»", "n": 1},
        endpoint="https://api.openai.com",
        received_at="2026-11-22T10:00:00+00:00",
        usage=Usage(input_text_tokens=12, output_tokens=1372),
        usd="0.04122",
        request_id="req_1",
    )


def rendition_of(data: bytes) -> Rendition:
    return Rendition(digest(data), Size(1536, 1024), "webp", len(data))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".cache" / "imagegen"


@pytest.fixture
def filled(folder: Path) -> Path:
    """A closed store with one picture and one rendition."""
    with Store.open(folder) as store:
        store.put(record_of(PICTURE), PICTURE)
        store.put_rendition("r", rendition_of(b"webp"), b"webp")
    return folder


@contextmanager
def database(folder: Path, shelf: str = "originals") -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / shelf / "cache.db")) as connection, connection:
        yield connection


def value_file(folder: Path, shelf: str = "originals") -> Path:
    (found,) = (folder / shelf).glob("*/*/*.val")
    return found


@contextmanager
def unprivileged(base: Path) -> Iterator[None]:
    """Take the right to write below a folder away."""
    paths = [base, *base.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        if os.access(base, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            pytest.skip("permissions don't bind here")
        yield
    finally:
        if root:
            os.seteuid(0)
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)


PRELUDE = f"""
from __future__ import annotations
import os, signal, sys
from pathlib import Path
from mkdocs_imagegen.errors import StoreError
from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.model import Record, Rendition, Size, Usage
from mkdocs_imagegen.store import Store
PICTURE = {PICTURE!r}
{inspect.getsource(key_of)}
{inspect.getsource(record_of)}
{inspect.getsource(rendition_of)}
folder = Path(sys.argv[1])
"""


def run(script: str, *args: object) -> subprocess.Popen[str]:
    """Start a script that has `folder`, the store, and this file's makers at hand."""
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, *map(str, args)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


class TestWhatWasPut:
    def test_comes_back_after_reopening(self, folder: Path) -> None:
        record = record_of(PICTURE)
        with Store.open(folder) as store:
            assert not store.read_only
            assert store.record(record.request_key) is None
            assert list(store.records()) == []
            store.put(record, PICTURE)
            assert store.record(record.request_key) == record
            assert store.read_original(record) == PICTURE
        with Store.open(folder) as store:
            assert store.record(record.request_key) == record
            assert list(store.records()) == [record]
            assert store.damage(record) is None
            assert store.read_original(record) == PICTURE
            assert store.original_path(record).read_bytes() == PICTURE

    def test_of_two_requests_with_one_picture_lies_on_disk_once(self, folder: Path) -> None:
        with Store.open(folder) as store:
            store.put(record_of(PICTURE, "a"), PICTURE)
            store.put(record_of(PICTURE, "b"), PICTURE)
            assert {r.article for r in store.records()} == {"blog/a.md", "blog/b.md"}
        value_file(folder)

    def test_is_refused_where_the_record_is_of_another_picture(self, folder: Path) -> None:
        with Store.open(folder) as store:
            with pytest.raises(ValueError, match="another picture"):
                store.put(record_of(b"other"), PICTURE)
            with pytest.raises(ValueError, match="no request key"):
                store.put(replace(record_of(PICTURE), request_key="../x"), PICTURE)
            assert list(store.records()) == []

    def test_replaces_the_record_but_keeps_the_earlier_original(self, filled: Path) -> None:
        old, new = record_of(PICTURE), record_of(b"no picture but paid")
        with Store.open(filled) as store:
            store.put(new, b"no picture but paid")
            assert store.record(new.request_key) == new
            assert store.read_original(old) == PICTURE

    def test_is_small_and_still_a_file_with_a_path(self, folder: Path) -> None:
        with Store.open(folder) as store:
            store.put(record_of(b"x"), b"x")
            assert store.original_path(record_of(b"x")).read_bytes() == b"x"

    def test_survives_a_kill_right_after_put(self, folder: Path) -> None:
        process = run(
            "store = Store.open(folder)\nstore.put(record_of(PICTURE), PICTURE)\n"
            "os.kill(os.getpid(), signal.SIGKILL)",
            folder,
        )
        process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL
        with Store.open(folder) as store:
            assert list(store.records()) == [record_of(PICTURE)]
            assert store.read_original(record_of(PICTURE)) == PICTURE

    def test_is_an_error_with_a_hint_where_the_disk_is_full(self, folder: Path) -> None:
        pytest.importorskip("resource")
        out = ended(
            run(
                "import resource\nbig = PICTURE * 400\nstore = Store.open(folder)\n"
                "store.put(record_of(PICTURE), PICTURE)\n"
                "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
                "try:\n    store.put(record_of(big, 'big'), big)\n"
                "except StoreError as error:\n    print(error)\n"
                "assert [r.article for r in store.records()] == ['blog/a.md']",
                folder,
            )
        )
        assert "the disk is full" in out
        assert "hint: free some space" in out
        assert value_file(folder).read_bytes() == PICTURE

    @given(
        sent=st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.booleans()),
        article=st.text(),
        usage=st.none() | st.builds(Usage, st.none() | st.integers(min_value=0)),
        usd=st.none() | st.text(),
    )
    def test_has_a_record_that_json_changes_in_nothing(
        self, sent: dict[str, object], article: str, usage: Usage | None, usd: str | None
    ) -> None:
        record = replace(record_of(b"x"), sent=sent, article=article, usage=usage, usd=usd)
        assert read_record(write_record(record), record.request_key) == record


class TestDamage:
    @pytest.mark.parametrize(
        ("spoil", "why"),
        [
            (lambda path: path.unlink(), "missing"),
            (lambda path: path.write_bytes(b""), "empty"),
            (lambda path: path.write_bytes(PICTURE[:12]), "12 of 2,308 bytes long"),
            (
                lambda path: path.write_bytes(PICTURE + b"x"),
                "2,309 bytes long instead of 2,308",
            ),
        ],
    )
    def test_is_told_and_put_mends_it(
        self, filled: Path, spoil: Callable[[Path], object], why: str
    ) -> None:
        record = record_of(PICTURE)
        spoil(value_file(filled))
        with Store.open(filled) as store:
            assert store.record(record.request_key) == record
            assert store.damage(record) == OriginalDamaged(
                why, record.digest, missing=why == "missing"
            )
            with pytest.raises(DamagedOriginalError, match=f"blog/a.md: .* is {why}"):
                store.read_original(record)
            with pytest.raises(DamagedOriginalError, match=r"hint: put .* back"):
                store.original_path(record)
            store.put(record, PICTURE)
            assert store.damage(record) is None
            assert store.read_original(record) == PICTURE

    def test_of_equal_length_is_found_when_the_original_is_read(self, filled: Path) -> None:
        record = record_of(PICTURE)
        value_file(filled).write_bytes(PICTURE[::-1])
        with Store.open(filled) as store:
            assert store.damage(record) is None
            with pytest.raises(DamagedOriginalError, match="changed"):
                store.read_original(record)
            store.put(record, PICTURE)
            assert store.read_original(record) == PICTURE

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"[]",
            b"{}",
            b"\xff",
            b"[" * 100_000,
            json.dumps({"version": 2}).encode(),
            write_record(replace(record_of(PICTURE), digest="../../etc/passwd")),
            write_record(replace(record_of(PICTURE), size_bytes=-1)),
            write_record(record_of(PICTURE, "another request")),
            write_record(record_of(PICTURE)).replace(b'"sent": {', b'"sent": [], "x": {'),
            write_record(record_of(PICTURE)).replace(b'"usage": {', b'"usage": [], "x": {'),
        ],
    )
    def test_of_a_record_is_an_error_and_never_a_purchase_unseen(
        self, filled: Path, text: bytes
    ) -> None:
        with database(filled) as connection:
            connection.execute("UPDATE Cache SET value = ? WHERE key LIKE 'record:%'", (text,))
        with Store.open(filled) as store:
            with pytest.raises(StoreError, match=r"record of request .* can't be read"):
                store.record(key_of("a"))
            assert list(store.records()) == []
            store.put(record_of(PICTURE), PICTURE)
            assert list(store.records()) == [record_of(PICTURE)]

    def test_is_told_anew_when_another_process_has_mended_it(self, filled: Path) -> None:
        record, new = record_of(PICTURE), record_of(b"bought anew")
        value_file(filled).unlink()
        with Store.open(filled) as waiting, Store.open(filled) as other:
            assert waiting.damage(record) == OriginalDamaged("missing", record.digest, missing=True)
            other.put(record, PICTURE)
            assert waiting.damage(record) is None
            other.put(new, b"bought anew")
            with waiting.lock(record.request_key):
                assert waiting.record(record.request_key) == new
                assert waiting.damage(new) is None


class Canary:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.path),)


OPERATIONS: dict[str, Callable[[diskcache.Cache], object]] = {
    "get": lambda cache: cache.get("original:x"),
    "getitem": lambda cache: cache["original:x"],
    "read": lambda cache: cache.read("original:x"),
    "pop": lambda cache: cache.pop("original:x"),
    "pull": lambda cache: cache.pull(prefix="queue"),
    "peek": lambda cache: cache.peek(prefix="queue"),
    "peekitem": lambda cache: cache.peekitem(),
    "iterate": list,
    "reversed": lambda cache: list(reversed(cache)),
    "iterkeys": lambda cache: list(cache.iterkeys()),
    "overwrite": lambda cache: cache.set("original:x", b"new"),
    "add": lambda cache: cache.add("original:x", b"new"),
    "delete": lambda cache: cache.delete("original:x"),
    "evict": lambda cache: cache.evict("tag"),
    "expire": lambda cache: cache.expire(),
    "clear": lambda cache: cache.clear(),
    "cull": lambda cache: (cache.reset("size_limit", 0), cache.cull()),
    "cull on set": lambda cache: (cache.reset("size_limit", 0), cache.set("new", b"new")),
}


class TestPoison:
    """A CI cache that others could write: nothing in it runs, nothing outside it is touched."""

    @pytest.fixture
    def outside(self, tmp_path: Path) -> Path:
        path = tmp_path / "outside" / ("f" * 28 + ".val")
        path.parent.mkdir()
        path.write_bytes(PICTURE)
        return path

    @pytest.fixture
    def canary(self, tmp_path: Path) -> Iterator[Path]:
        path = tmp_path / "canary"
        yield path
        assert not path.exists(), "something was unpickled"

    @pytest.mark.parametrize("operation", OPERATIONS)
    @pytest.mark.parametrize("poison", ["pickled", "pickled file", "text file", "outside", "key"])
    def test_neither_runs_nor_reaches_out_through_any_call_of_diskcache(
        self, tmp_path: Path, outside: Path, canary: Path, operation: str, poison: str
    ) -> None:
        folder = tmp_path / "cache"
        inside = "ab/cd/" + "0" * 28 + ".val"
        row: dict[str, object] = {"raw": 1, "mode": 4, "filename": None, "value": None}
        pickled = pickle.dumps(Canary(canary))
        match poison:
            case "pickled":
                row["value"] = pickled
            case "pickled file":
                row["filename"] = inside
            case "text file":
                row |= {"mode": 3, "filename": inside}
            case "outside":
                row |= {"mode": 2, "filename": str(outside)}
            case "key":
                row |= {"raw": 0, "mode": 2, "filename": f"../outside/{outside.name}"}
        with diskcache.Cache(folder, disk=SafeDisk, eviction_policy="least-recently-stored"):
            pass
        (folder / inside).parent.mkdir(parents=True)
        (folder / inside).write_bytes(pickled)
        keys = [pickled] if poison == "key" else ["original:x", "queue-500000000000000"]
        with closing(sqlite3.connect(folder / "cache.db")) as connection, connection:
            connection.executemany(
                "INSERT INTO Cache (key, raw, mode, filename, value, "
                "expire_time, store_time, access_time, tag, size) "
                "VALUES (?, ?, ?, ?, ?, 1, 1, 1, 'tag', 9)",
                [(key, *row.values()) for key in keys],
            )
            if operation in ("get", "getitem", "read", "pop", "delete", "pull", "peek"):
                connection.execute("UPDATE Cache SET expire_time = NULL")
        with diskcache.Cache(folder, disk=SafeDisk) as cache:
            try:
                found = OPERATIONS[operation](cache)
            except (StoreError, KeyError):
                found = None
        assert found != PICTURE
        assert outside.read_bytes() == PICTURE

    @pytest.mark.parametrize(
        ("columns", "why"),
        [
            ({"mode": 4, "filename": None, "value": b"pickle"}, "not one that this plugin wrote"),
            ({"mode": 3}, "not one that this plugin wrote"),
            ({"filename": "/etc/passwd"}, "not one that this plugin wrote"),
            ({"filename": "../../../outside/" + "f" * 28 + ".val"}, "not one that this plugin wr"),
            ({"filename": b"blob"}, "not one that this plugin wrote"),
            ({"filename": None}, "not one that this plugin wrote"),
            ({"filename": "ab/cd/" + "f" * 28 + ".val\n"}, "not one that this plugin wrote"),
            ({"filename": "11/22/" + "f" * 28 + ".val"}, "missing"),  # a link, see below
            ({"filename": "33/44/" + "f" * 28 + ".val"}, "missing"),
        ],
    )
    def test_in_an_originals_row_is_told_and_put_heals_it(
        self, filled: Path, outside: Path, canary: Path, columns: dict[str, object], why: str
    ) -> None:
        record = record_of(PICTURE)
        if columns.get("value"):
            columns = {**columns, "value": pickle.dumps(Canary(canary))}
        originals = filled / "originals"
        (originals / "11").mkdir()
        (originals / "11" / "22").symlink_to(outside.parent, target_is_directory=True)
        (originals / "33" / "44").mkdir(parents=True)
        (originals / "33" / "44" / outside.name).symlink_to(outside)
        with database(filled) as connection:
            connection.execute(
                f"UPDATE Cache SET {', '.join(f'{name} = ?' for name in columns)} "
                "WHERE key LIKE 'original:%'",
                tuple(columns.values()),
            )
        with Store.open(filled) as store:
            damaged = store.damage(record)
            assert damaged is not None
            assert damaged.why.startswith(why)
            with pytest.raises(DamagedOriginalError):
                store.read_original(record)
            with pytest.raises(DamagedOriginalError):
                store.original_path(record)
            store.put(record, PICTURE)
            assert store.read_original(record) == PICTURE
        assert outside.read_bytes() == PICTURE

    def test_in_record_rows_is_an_error_by_key_and_skipped_in_iteration(
        self, filled: Path, canary: Path
    ) -> None:
        pickled = pickle.dumps(Canary(canary))
        bad = key_of("bad")
        with database(filled) as connection:
            connection.executemany(
                "INSERT INTO Cache (key, raw, mode, filename, value) VALUES (?, ?, ?, ?, ?)",
                [
                    (pickled, 0, 1, None, b"x"),
                    (pickled, 1, 4, None, pickled),
                    (f"record:{bad}", 1, 4, None, pickled),
                    (f"record:{key_of('raw')}", 0, 1, None, write_record(record_of(b"", "raw"))),
                    (f"record:{key_of('text')}", 1, 1, None, "text"),
                    (7, 1, 1, None, 7),
                ],
            )
            connection.execute(
                "INSERT INTO Cache (key, raw, mode, filename) VALUES "
                "(CAST(x'7265636f72643aff' AS TEXT), 1, 2, CAST(x'ff' AS TEXT))"
            )
        with Store.open(filled) as store:
            assert list(store.records()) == [record_of(PICTURE)]
            for name in ("bad", "raw", "text"):
                with pytest.raises(StoreError, match="not one that mkdocs-imagegen writes"):
                    store.record(key_of(name))
            store.put(record_of(PICTURE, "bad"), PICTURE)
            assert store.record(bad) == record_of(PICTURE, "bad")

    def test_in_rendition_rows_means_to_make_it_again(
        self, filled: Path, outside: Path, canary: Path
    ) -> None:
        pickled = pickle.dumps(Canary(canary))
        with database(filled, "renditions") as connection:
            connection.execute("UPDATE Cache SET mode = 4, value = ?, filename = NULL", (pickled,))
        with Store.open(filled) as store:
            assert store.rendition("r") is None
            store.put_rendition("r", rendition_of(b"webp"), b"webp")
            assert store.rendition("r") == rendition_of(b"webp")
        with database(filled, "renditions") as connection:
            connection.execute(
                "UPDATE Cache SET filename = ? WHERE key LIKE 'picture:%'", (str(outside),)
            )
        with Store.open(filled) as store:
            assert store.rendition("r") is None
            store.put_rendition("r", rendition_of(b"webp"), b"webp")
        assert outside.read_bytes() == PICTURE

    def test_in_the_settings_is_replaced_before_anything_obeys_it(
        self, filled: Path, outside: Path
    ) -> None:
        poison = {
            "sqlite_journal_mode": "off",
            "sqlite_synchronous": 0,
            "sqlite_writable_schema": 1,
            "sqlite_no such": "pragma; DROP TABLE Cache",
            "eviction_policy": "least-recently-stored",
            "cull_limit": 10_000,
            "size_limit": 1,
            "size": "many",
            "disk__directory": str(outside.parent),
            "disk_surprise": 1,
            "_directory": str(outside.parent),
            "_disk": "nothing",
        }
        with database(filled) as connection:
            connection.executemany("INSERT OR REPLACE INTO Settings VALUES (?, ?)", poison.items())
            connection.execute("INSERT INTO Settings VALUES (CAST(x'ff' AS TEXT), 1)")
        with Store.open(filled) as store:
            assert store.read_original(record_of(PICTURE)) == PICTURE
            store.put(record_of(b"second", "b"), b"second")
            assert len(list(store.records())) == 2
        with database(filled) as connection:
            found = dict(connection.execute("SELECT key, value FROM Settings"))
        assert found["sqlite_journal_mode"] == "wal"
        assert found["sqlite_synchronous"] == 2
        assert (found["eviction_policy"], found["cull_limit"]) == ("none", 0)
        assert found["size"] == len(PICTURE) + len(b"second")
        assert set(found) == {*diskcache.DEFAULT_SETTINGS, "count", "size", "hits", "misses"}
        assert list(outside.parent.iterdir()) == [outside]

    @pytest.mark.parametrize(
        "schema",
        [
            "CREATE TRIGGER gone AFTER INSERT ON Cache BEGIN DELETE FROM Cache; END",
            "CREATE VIEW everything AS SELECT * FROM Cache",
        ],
    )
    def test_in_the_schema_is_refused(self, filled: Path, schema: str) -> None:
        with database(filled) as connection:
            connection.execute(schema)
        with pytest.raises(StoreError, match=r"never writes: '(gone|everything)'"):
            Store.open(filled)

    def test_that_swallows_a_write_is_not_believed(self, filled: Path) -> None:
        with database(filled) as connection:
            connection.execute("DROP TRIGGER Settings_count_insert")
            connection.execute(
                "CREATE TRIGGER Settings_count_insert AFTER INSERT ON Cache "
                "BEGIN DELETE FROM Cache WHERE rowid = NEW.rowid; END"
            )
        with (
            Store.open(filled) as store,
            pytest.raises(StoreError, match="did not keep what was written"),
        ):
            store.put(record_of(b"second", "b"), b"second")

    @pytest.mark.parametrize(
        "name", ["originals", "renditions", "locks", "changed", "originals/cache.db"]
    )
    def test_by_links_in_the_folder_is_refused(
        self, tmp_path: Path, filled: Path, name: str
    ) -> None:
        (filled / name).rename(tmp_path / "elsewhere")
        (filled / name).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(StoreError, match="this is a link"):
            Store.open(filled)

    def test_by_a_linked_value_folder_gets_no_new_file(self, tmp_path: Path) -> None:
        (tmp_path / "outside").mkdir()
        folder = tmp_path / "cache"
        folder.mkdir()
        for number in range(256):
            (folder / f"{number:02x}").symlink_to(tmp_path / "outside")
        with pytest.raises(OSError, match="is a link"):
            SafeDisk(str(folder)).store(b"x", False, key="original:x")
        assert not list((tmp_path / "outside").rglob("*.val"))

    @pytest.mark.parametrize("key", [b"bytes", 7, ("a", "b"), None])
    def test_has_no_way_in_through_keys_and_values_of_ours(self, key: object) -> None:
        disk = SafeDisk("nowhere")
        with pytest.raises(StoreError, match="refuses a key of type"):
            disk.put(key)
        for value in ("text", 7, None, [b""]):
            with pytest.raises(StoreError, match="refuses a value of type"):
                disk.store(value, False, key="record:x")


class TestNothingIsEvicted:
    def settings(self, folder: Path) -> dict[str, object]:
        with database(folder) as connection:
            return dict(connection.execute("SELECT key, value FROM Settings"))

    def test_from_the_originals_whoever_opened_them_before(self, filled: Path) -> None:
        with diskcache.Cache(
            filled / "originals", eviction_policy="least-recently-used", size_limit=1, cull_limit=9
        ):
            pass
        assert self.settings(filled)["cull_limit"] == 9
        with Store.open(filled) as store:
            for name in "bcdefgh":
                store.put(record_of(name.encode(), name), name.encode())
            assert len(list(store.records())) == 8
            assert all(store.read_original(record) for record in store.records())
        found = self.settings(filled)
        assert found["eviction_policy"] == "none"
        assert found["cull_limit"] == 0
        assert int(str(found["size_limit"])) >= 2**62

    def test_but_renditions_beyond_the_limit_are_and_are_made_again(self, tmp_path: Path) -> None:
        policy = replace(
            POLICY, eviction_policy="least-recently-stored", cull_limit=2, size_limit_bytes=100_000
        )
        (tmp_path / "locks").mkdir()
        with closing(Shelf(tmp_path, policy, read_only=False)) as shelf:
            for number in range(8):
                shelf.write(f"picture:{number}", bytes(20_000))
            shelf.forget("picture:0")
            assert shelf.file("picture:0") is None
            assert shelf.file("picture:7") is not None
        with Store.open(tmp_path) as store:
            assert store.rendition("never made") is None


class TestRenditions:
    def test_come_back_after_reopening(self, filled: Path) -> None:
        rendition = rendition_of(b"webp")
        with Store.open(filled) as store:
            assert store.rendition("r") == rendition
            assert store.rendition_path(rendition).read_bytes() == b"webp"

    def test_that_are_the_original_itself_take_no_space(self, filled: Path) -> None:
        rendition = rendition_of(PICTURE)
        with Store.open(filled) as store:
            store.put_rendition("pass", rendition, None)
        with Store.open(filled) as store:
            assert store.rendition("pass") == rendition
            assert store.rendition_path(rendition) == store.original_path(record_of(PICTURE))
        assert value_file(filled, "renditions").read_bytes() == b"webp"

    def test_of_the_same_bytes_stay_where_they_are(self, filled: Path) -> None:
        with Store.open(filled) as store:
            rendition = rendition_of(b"webp")
            store.put_rendition("one", rendition, b"webp")
            path = store.rendition_path(rendition)
            store.put_rendition("other", rendition, b"webp")
            assert path.read_bytes() == b"webp"
            path.write_bytes(b"wepb")
            store.put_rendition("again", rendition, b"webp")
            assert store.rendition_path(rendition).read_bytes() == b"webp"

    def test_are_refused_where_the_facts_are_of_other_bytes(self, filled: Path) -> None:
        with Store.open(filled) as store:
            with pytest.raises(ValueError, match="other bytes"):
                store.put_rendition("x", rendition_of(b"webp"), b"other")
            with pytest.raises(ValueError, match="no original"):
                store.put_rendition("x", rendition_of(b"never bought"), None)

    @pytest.mark.parametrize("data", [None, b"", b"w", b"longer than before"])
    def test_are_absent_where_the_file_is_not_whole(self, filled: Path, data: bytes | None) -> None:
        path = value_file(filled, "renditions")
        path.unlink()
        if data is not None:
            path.write_bytes(data)
        with Store.open(filled) as store:
            assert store.rendition("r") is None
            with pytest.raises(StoreError, match=r"hint: delete .*renditions"):
                store.rendition_path(rendition_of(b"webp"))
            store.put_rendition("r", rendition_of(b"webp"), b"webp")
            assert store.rendition("r") == rendition_of(b"webp")

    def test_vanish_and_come_back_under_an_open_store(self, filled: Path) -> None:
        with Store.open(filled) as store, Store.open(filled) as other:
            assert store.rendition("r") is not None
            value_file(filled, "renditions").unlink()
            assert store.rendition("r") is None
            other.put_rendition("r", rendition_of(b"webp"), b"webp")
            assert store.rendition("r") == rendition_of(b"webp")
            assert store.rendition_path(rendition_of(b"webp")).read_bytes() == b"webp"

    @pytest.mark.parametrize("text", [b"{}", b"nonsense", b'{"size": {}, "format": "webp"}'])
    def test_with_odd_facts_are_absent(self, filled: Path, text: bytes) -> None:
        with database(filled, "renditions") as connection:
            connection.execute("UPDATE Cache SET value = ? WHERE key LIKE 'facts:%'", (text,))
        with Store.open(filled) as store:
            assert store.rendition("r") is None


class TestFolder:
    def test_keeps_itself_out_of_git_and_has_the_file_to_watch(self, folder: Path) -> None:
        with Store.open(folder) as store:
            assert (folder / ".gitignore").read_text() == "*\n"
            assert store.changed_path == folder / "changed"
            os.utime(store.changed_path, (1, 1))
            store.mark_changed()
            assert store.changed_path.stat().st_mtime > 1
        (folder / ".gitignore").write_text("mine\n")
        with Store.open(folder):
            assert (folder / ".gitignore").read_text() == "mine\n"

    def test_leaves_no_log_behind_when_closed(self, filled: Path) -> None:
        with Store.open(filled) as store:
            store.put(record_of(b"second", "b"), b"second")
        assert not list(filled.rglob("*-wal"))

    @pytest.mark.parametrize("shelf", ["originals", "renditions"])
    def test_with_a_garbage_index_is_one_clear_error_and_stays(
        self, filled: Path, shelf: str
    ) -> None:
        index = filled / shelf / "cache.db"
        index.write_bytes(b"garbage" * 1000)
        with pytest.raises(StoreError) as caught, Store.open(filled) as store:
            store.rendition("r")
        assert str(filled / shelf) in caught.value.message
        assert "cache.db is damaged" in caught.value.message
        assert ("put " if shelf == "originals" else "delete ") in caught.value.hint
        assert index.read_bytes() == b"garbage" * 1000
        assert value_file(filled, shelf).exists()

    def test_of_a_later_version_is_refused(self, filled: Path) -> None:
        with database(filled) as connection:
            connection.execute("PRAGMA user_version = 2")
        with pytest.raises(StoreError, match=r"later version .*format 2.*\nhint: pip install"):
            Store.open(filled)

    def test_says_which_format_it_has(self, filled: Path) -> None:
        with database(filled) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (1,)

    @pytest.mark.parametrize("empty", [True, False])
    def test_whose_index_is_lost_is_no_empty_store(self, filled: Path, empty: bool) -> None:
        (filled / "originals" / "cache.db").unlink()
        if empty:
            (filled / "originals" / "cache.db").touch()
        with pytest.raises(StoreError, match="empty or gone, though there are files"):
            Store.open(filled)

    def test_with_a_damaged_page_is_an_error_and_stays(self, filled: Path) -> None:
        index = filled / "originals" / "cache.db"
        data = index.read_bytes()
        spoiled = data[:4096] + bytes(len(data) - 4096)
        index.write_bytes(spoiled)
        with pytest.raises(StoreError, match=r"cache\.db is damaged"):
            Store.open(filled)
        assert index.read_bytes() == spoiled

    def test_that_is_a_file_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        for folder in (tmp_path / "file", tmp_path / "file" / "below"):
            with pytest.raises(StoreError, match="a file stands where a folder should be"):
                Store.open(folder)

    def test_with_a_variable_in_its_path_is_refused_before_it_is_made(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("IMAGEGEN_TEST", "elsewhere")
        with pytest.raises(StoreError, match="environment variable"):
            Store.open(tmp_path / "$IMAGEGEN_TEST")
        assert not list(tmp_path.iterdir())

    def test_may_be_a_link_itself(self, tmp_path: Path, filled: Path) -> None:
        (tmp_path / "link").symlink_to(filled, target_is_directory=True)
        with Store.open(tmp_path / "link") as store:
            assert store.read_original(record_of(PICTURE)) == PICTURE

    def test_of_version_1_is_readable_for_ever(self, folder: Path) -> None:
        shutil.copytree(STORE_V1, folder)
        with Store.open(folder) as store:
            (record,) = store.records()
            assert record.request_key == key_of("store-v1")
            assert record.article == "blog/posts/lighthouse.md"
            assert record.sent["prompt"] == "A lighthouse at night, seen from the sea."
            assert record.usage == Usage(input_text_tokens=24, output_tokens=1372)
            assert record.usd == "0.04128"
            assert store.damage(record) is None
            picture = store.read_original(record)
            assert picture.startswith(b"RIFF")
            rendition = store.rendition("store-v1")
            assert rendition == Rendition(record.digest, Size(192, 128), "webp", len(picture))
            assert store.rendition_path(rendition).read_bytes() == picture
            store.put(record_of(PICTURE), PICTURE)
            assert len(list(store.records())) == 2


class TestReadOnly:
    @pytest.fixture
    def open_folder(self) -> Iterator[Path]:
        """A folder that another user can reach, unlike pytest's own."""
        base = Path(tempfile.mkdtemp())
        base.chmod(0o755)
        yield base / "imagegen"
        shutil.rmtree(base)

    def test_store_still_serves_and_refuses_to_write(self, open_folder: Path) -> None:
        record = record_of(PICTURE)
        with Store.open(open_folder) as store:
            store.put(record, PICTURE)
            store.put_rendition("r", rendition_of(b"webp"), b"webp")
        with unprivileged(open_folder.parent), Store.open(open_folder) as store:
            assert store.read_only
            assert list(store.records()) == [record]
            assert store.record(key_of("never bought")) is None
            assert store.damage(record) is None
            assert store.read_original(record) == PICTURE
            assert store.original_path(record).is_relative_to(open_folder)
            assert store.rendition("r") == rendition_of(b"webp")
            assert store.rendition_path(rendition_of(b"webp")).read_bytes() == b"webp"
            with store.lock(record.request_key):
                pass
            with pytest.raises(StoreError, match=r"read-only\nhint: let the user"):
                store.put(record_of(b"b", "b"), b"b")
            store.put_rendition("b", rendition_of(b"b"), b"b")
            spilt = store.rendition_path(rendition_of(b"b"))
            assert spilt.read_bytes() == b"b"
            assert not spilt.is_relative_to(open_folder)
            with pytest.raises(StoreError, match=r"permission denied\nhint: let the user"):
                store.mark_changed()
        assert not spilt.exists()
        assert not list(open_folder.rglob("*-wal"))

    def test_store_serves_what_a_killed_process_left_in_the_log(self, open_folder: Path) -> None:
        run(
            "store = Store.open(folder)\nstore.put(record_of(PICTURE), PICTURE)\n"
            "os.kill(os.getpid(), signal.SIGKILL)",
            open_folder,
        ).communicate(timeout=120)
        assert (open_folder / "originals" / "cache.db-wal").stat().st_size
        with unprivileged(open_folder.parent), Store.open(open_folder) as store:
            assert store.read_only
            assert list(store.records()) == [record_of(PICTURE)]

    def test_place_without_a_store_is_an_empty_one(self, open_folder: Path) -> None:
        with unprivileged(open_folder.parent), Store.open(open_folder) as store:
            assert store.read_only
            assert list(store.records()) == []
            assert store.rendition("r") is None
            with pytest.raises(StoreError, match="read-only"):
                store.put(record_of(b"b"), b"b")
        assert not open_folder.exists()

    def test_index_alone_makes_the_store_read_only(self, open_folder: Path) -> None:
        with Store.open(open_folder) as store:
            store.put(record_of(PICTURE), PICTURE)
        with unprivileged(open_folder / "originals"), Store.open(open_folder) as store:
            assert store.read_only
            assert store.read_original(record_of(PICTURE)) == PICTURE

    def test_garbage_index_is_the_same_clear_error(self, open_folder: Path) -> None:
        with Store.open(open_folder) as store:
            store.put(record_of(PICTURE), PICTURE)
        (open_folder / "originals" / "cache.db").write_bytes(b"garbage" * 1000)
        with (
            unprivileged(open_folder.parent),
            pytest.raises(StoreError, match=f"{open_folder}/originals: .* is damaged"),
        ):
            Store.open(open_folder)


class TestTogether:
    def test_processes_open_and_fill_a_new_store_at_once(self, folder: Path) -> None:
        script = (
            "print('ready', flush=True)\nsys.stdin.readline()\n"
            "with Store.open(folder) as store:\n"
            "    for n in range(5):\n"
            "        data = f'{sys.argv[2]} {n}'.encode()\n"
            "        store.put(record_of(data, data.decode()), data)\n"
            "        store.put_rendition(data.decode(), rendition_of(data), data)\n"
        )
        processes = [run(script, folder, name) for name in range(3)]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            ended(process)
        with Store.open(folder) as store:
            assert len(list(store.records())) == 15
            for record in store.records():
                assert store.rendition(store.read_original(record).decode()) is not None

    def test_processes_that_lock_a_request_take_turns(self, folder: Path) -> None:
        script = (
            "counter = folder / 'counter'\n"
            "with Store.open(folder) as store:\n"
            "    for _ in range(20):\n"
            "        with store.lock(key_of('a')):\n"
            "            counter.write_text(str(int(counter.read_text()) + 1))\n"
        )
        with Store.open(folder):
            (folder / "counter").write_text("0")
        for process in [run(script, folder) for _ in range(2)]:
            ended(process)
        assert (folder / "counter").read_text() == "40"

    def test_a_lock_dies_with_its_process(self, folder: Path) -> None:
        process = run(
            "store = Store.open(folder)\nlock = store.lock(key_of('a'))\nlock.__enter__()\n"
            "print('held', flush=True)\nsys.stdin.readline()",
            folder,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        told = []

        def kill(owner: str) -> None:
            told.append(owner)
            process.kill()

        with (
            Store.open(folder) as store,
            store.lock(key_of("a"), on_wait=kill, patience_s=0) as held,
        ):
            assert held
        assert told == [f"another run, process {process.pid} on {platform.node()}"]
        process.communicate(timeout=120)

    def test_whoever_waits_can_give_up(self, folder: Path) -> None:
        waiting, stop, seen = threading.Event(), threading.Event(), []

        def second() -> None:
            with (
                Store.open(folder) as store,
                store.lock(
                    key_of("a"), lambda _: waiting.set(), given_up=stop.is_set, patience_s=0
                ) as held,
            ):
                seen.append(held)

        with Store.open(folder) as store, store.lock(key_of("a")) as held:
            assert held
            thread = threading.Thread(target=second)
            thread.start()
            assert waiting.wait(timeout=60)
            stop.set()
            thread.join(timeout=60)
        assert seen == [False]
        with Store.open(folder) as store, store.lock(key_of("a"), given_up=at_once) as held:
            assert held

    @pytest.mark.parametrize(
        "note", ["evil\nline", "process 1 on " + "h" * 300, "", b"\xff", "link"]
    )
    def test_a_note_of_who_holds_a_lock_that_is_not_ours_is_not_repeated(
        self, note: str | bytes, folder: Path, tmp_path: Path
    ) -> None:
        told: list[str] = []
        lock = folder / "locks" / f"{key_of('a')}.lock"
        secret = tmp_path / "secret"
        secret.write_text("process 1 on secret.example.com")
        with Store.open(folder) as store, store.lock(key_of("a")):
            holder = lock.with_suffix(".holder")
            holder.unlink()
            if note == "link":
                holder.symlink_to(secret)
            else:
                holder.write_bytes(note if isinstance(note, bytes) else note.encode())
            with Store.open(folder) as other, ThreadPoolExecutor(1) as pool:
                waits = other.lock(
                    key_of("a"), told.append, given_up=lambda: bool(told), patience_s=0
                )
                pool.submit(waits.__enter__).result(timeout=60)
        assert told == ["another run"]

    def test_a_link_in_the_place_of_the_note_is_not_written_through(
        self, folder: Path, tmp_path: Path
    ) -> None:
        precious = tmp_path / "precious"
        precious.write_text("mine")
        with Store.open(folder) as store:
            (folder / "locks" / f"{key_of('a')}.holder").symlink_to(precious)
            with store.lock(key_of("a")):
                assert precious.read_text() == "mine"
        assert precious.read_text() == "mine"

    def test_a_thread_that_waited_sees_what_the_other_bought(self, folder: Path) -> None:
        record = record_of(PICTURE)
        waiting, seen = threading.Event(), []

        def second() -> None:
            with Store.open(folder) as store:
                assert store.record(record.request_key) is None
                with store.lock(record.request_key, on_wait=lambda _: waiting.set(), patience_s=0):
                    seen.append(store.record(record.request_key))

        with Store.open(folder) as store:
            with store.lock(record.request_key):
                thread = threading.Thread(target=second)
                thread.start()
                assert waiting.wait(timeout=60)
                store.put(record, PICTURE)
            thread.join(timeout=60)
        assert seen == [record]

    def test_a_lock_is_no_path(self, folder: Path) -> None:
        with Store.open(folder) as store, pytest.raises(ValueError, match="no request key"):
            store.lock("../../etc/passwd")

    def test_threads_share_one_store(self, folder: Path) -> None:
        names = [str(n) for n in range(24)]
        with Store.open(folder) as store:

            def work(name: str) -> bytes:
                data = name.encode() * 100
                with store.lock(key_of(name)):
                    store.put(record_of(data, name), data)
                    store.put_rendition(name, rendition_of(data), data)
                rendition = store.rendition(name)
                assert rendition is not None
                return store.rendition_path(rendition).read_bytes()

            with ThreadPoolExecutor(8) as pool:
                assert [*pool.map(work, names)] == [name.encode() * 100 for name in names]
            assert len(list(store.records())) == 24


class TestFaults:
    @pytest.fixture
    def shelf(self, tmp_path: Path) -> Iterator[Shelf]:
        (tmp_path / "locks").mkdir()
        policy = replace(POLICY, busy_timeout_s=0.05)
        with closing(Shelf(tmp_path, policy, read_only=False)) as shelf:
            yield shelf

    @pytest.mark.parametrize("first", [True, False])
    def test_a_busy_store_is_said_to_be_busy(
        self, tmp_path: Path, shelf: Shelf, first: bool
    ) -> None:
        shelf.write("record:a", b"a")
        if first:
            shelf.close()
        with closing(sqlite3.connect(tmp_path / "originals" / "cache.db")) as other:
            other.isolation_level = None
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match=r"busy\nhint: wait"):
                shelf.write("record:b", b"b")
            other.execute("ROLLBACK")
        shelf.write("record:b", b"b")
        assert shelf.inline("record:b") == b"b"

    @pytest.mark.parametrize(
        "error",
        [
            sqlite3.InterfaceError,
            sqlite3.DatabaseError,
            sqlite3.DataError,
            sqlite3.OperationalError,
            sqlite3.IntegrityError,
            sqlite3.InternalError,
            sqlite3.ProgrammingError,
            sqlite3.NotSupportedError,
            OSError,
            PermissionError,
            FileExistsError,
        ],
    )
    def test_every_error_of_the_layers_below_becomes_ours(self, error: type[Exception]) -> None:
        with (
            pytest.raises(StoreError, match=r"^folder: the store can't be read: .*\nhint: ."),
            told("read", "folder", mend="mend"),
        ):
            raise error("why")

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            (errno.ENOSPC, "the disk is full"),
            (errno.EDQUOT, "quota used up"),
            (errno.EROFS, "permission denied"),
            (errno.EIO, "Input/output error"),
        ],
    )
    def test_what_the_system_says_is_told_in_our_words(self, code: int, said: str) -> None:
        with pytest.raises(StoreError, match=said), told("written", "folder"):
            raise OSError(code, os.strerror(code))

    def test_no_library_is_loaded_by_a_build_that_only_reads(self, filled: Path) -> None:
        out = ended(
            run(
                "with Store.open(folder) as store:\n"
                "    (record,) = store.records()\n"
                "    store.damage(record), store.rendition('r'), store.read_original(record)\n"
                "print([m for m in ('diskcache', 'filelock', 'PIL') if m in sys.modules])",
                filled,
            )
        )
        assert out == "[]\n"


RECEIVED = Received({"model": "m", "prompt": "Füchse"}, "https://a.b", "req_1", "2026", b"{}" * 99)


class TestAnswersThatCameIn:
    def test_wait_on_the_disk_until_the_picture_is_stored(self, folder: Path) -> None:
        record = record_of(PICTURE)
        with Store.open(folder) as store:
            assert store.spool.kept() == ()
            assert store.spool.keep(record.request_key, RECEIVED)
            assert store.spool.keep(record.request_key, RECEIVED)  # the same request, asked again
        with Store.open(folder) as store:
            assert store.spool.kept() == (record.request_key,)
            assert store.spool.read(record.request_key) == RECEIVED
            store.put(record, PICTURE)
            assert store.spool.kept() == ()
            assert store.spool.read(record.request_key) is None

    def test_are_nothing_where_they_are_not_whole(self, folder: Path) -> None:
        key = key_of("a")
        with Store.open(folder) as store:
            store.spool.keep(key, RECEIVED)
            path = folder / "incoming" / f"{key}.answer"
            whole = path.read_bytes()
            for length in (0, 1, 50, len(whole) - 1):
                path.write_bytes(whole[:length])
                assert store.spool.read(key) is None
            path.write_bytes(whole)
            assert store.spool.read(key) == RECEIVED

    def test_are_no_trouble_where_they_cannot_be_kept(self, folder: Path) -> None:
        with Store.open(folder) as store:
            (folder / "incoming").write_text("a file")
            assert not store.spool.keep(key_of("a"), RECEIVED)
            assert store.spool.kept() == ()
            store.spool.drop(key_of("a"))

    def test_are_not_read_or_written_through_a_link(self, folder: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        with Store.open(folder) as store:
            (folder / "incoming").symlink_to(outside)
            assert not store.spool.keep(key_of("a"), RECEIVED)
        assert list(outside.iterdir()) == []


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pictures=st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_whatever_was_put_comes_back_in_any_order(pictures: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as base:
        records = [record_of(picture, str(n)) for n, picture in enumerate(pictures)]
        with Store.open(Path(base)) as store:
            for record, picture in zip(records, pictures, strict=True):
                store.put(record, picture)
        with Store.open(Path(base)) as store:
            assert {r.request_key: r for r in store.records()} == {
                r.request_key: r for r in records
            }
            assert [store.read_original(record) for record in records] == pictures
