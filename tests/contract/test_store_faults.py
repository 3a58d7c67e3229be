"""Whatever stands in the place of the store's files: one clear line, and nothing is lost."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mkdocs_imagegen.errors import ImagegenError
from tests.fuzz.test_cache_bytes import Bought, build, orders_of
from tests.imageserver import ImageServer

ROOT = Path(__file__).resolve().parents[2]
Damage = Callable[[Path], None]


@pytest.fixture(scope="module")
def paid_for(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bought]:
    with ImageServer() as server:
        made = Bought(tmp_path_factory.mktemp("paid"), server)
        with closing(made.engine(made.folder)) as engine:
            build(engine)
        assert len(server.paid_calls) == 2
        server.reset()
        yield made


@pytest.fixture
def folder(paid_for: Bought, tmp_path: Path) -> Path:
    shutil.copytree(paid_for.folder, tmp_path / "site")
    return tmp_path / "site"


def cleared(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def a_file(path: Path) -> None:
    cleared(path)
    path.write_text("x")


def a_folder(path: Path) -> None:
    cleared(path)
    path.mkdir()


def a_dangling_link(path: Path) -> None:
    cleared(path)
    path.symlink_to(path.with_name("gone") / "far")


def garbage(path: Path) -> None:
    path.write_bytes(b"neither JSON nor a database " * 99)


def of_a_later_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


CASES: list[tuple[str, Damage, str]] = [
    ("cache", a_file, "a file stands where a folder should be"),
    ("cache/originals", a_file, "a file stands where a folder should be"),
    ("cache/originals", a_dangling_link, "this is a link"),
    ("cache/renditions", a_dangling_link, "this is a link"),
    ("cache/locks", a_file, "a file stands where a folder should be"),
    ("cache/locks", a_dangling_link, "this is a link"),
    ("cache/changed", a_dangling_link, "this is a link"),
    ("cache/originals/cache.db", a_folder, "a folder stands where its index should be"),
    ("cache/originals/cache.db", a_dangling_link, "this is a link"),
    ("cache/originals/cache.db", garbage, "is damaged"),
    ("cache/originals/cache.db", cut, "is damaged"),
    ("cache/originals/cache.db", of_a_later_version, "later version"),
    ("cache/renditions/cache.db", a_folder, "a folder stands where its index should be"),
    ("cache/renditions/cache.db", a_file, "empty or gone, though there are files"),
    ("cache/renditions/cache.db", garbage, "delete"),
    ("cache/renditions/cache.db", of_a_later_version, "later version"),
    ("cache/ledger.sqlite3", a_folder, "no plain file"),
    ("cache/ledger.sqlite3", a_dangling_link, "this is a link"),
    ("cache/ledger.sqlite3", garbage, "is damaged"),
    ("cache/ledger.sqlite3", cut, "is damaged"),
    ("cache/ledger.sqlite3", of_a_later_version, "later version"),
    ("covers", a_file, "a file stands where a folder should be"),
    ("imagegen.lock", a_folder, "the lockfile can't be read"),
    ("imagegen.lock", garbage, "no JSON"),
]


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    CASES,
    ids=[f"{name} {damage.__name__}" for name, damage, _ in CASES],
)
def test_one_clear_error_costs_nothing_and_touches_no_picture(
    name: str, damage: Damage, said: str, folder: Path, paid_for: Bought
) -> None:
    damage(folder / name)
    before = pictures(folder)
    for _ in range(2):
        with (
            pytest.raises(ImagegenError) as raised,
            closing(paid_for.engine(folder)) as engine,
        ):
            build(engine)
        assert said in str(raised.value)
        assert raised.value.hint
    assert pictures(folder) == before
    assert paid_for.server.calls == []


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("cache", a_dangling_link),
        ("cache", a_folder),
        ("cache/originals", a_folder),
        ("cache/renditions", a_folder),
        ("cache/locks", a_folder),
        ("cache/incoming", a_file),
        ("covers", a_folder),
    ],
)
def test_what_the_covers_folder_or_the_cache_still_has_is_not_bought_again(
    name: str, damage: Damage, folder: Path, paid_for: Bought
) -> None:
    damage(folder / name)
    for _ in range(2):
        with closing(paid_for.engine(folder)) as engine:
            build(engine)
            assert not engine.plan(orders_of(engine)).purchases
    assert paid_for.server.calls == []


def test_a_dangling_lockfile_is_found_before_anything_is_bought(
    tmp_path: Path, paid_for: Bought
) -> None:
    (tmp_path / "site").mkdir()
    a_dangling_link(tmp_path / "site" / "imagegen.lock")
    with (
        pytest.raises(ImagegenError, match="can't be written, so nothing was bought"),
        closing(paid_for.engine(tmp_path / "site")) as engine,
    ):
        build(engine)
    assert paid_for.server.calls == []


def test_all_files_are_closed_with_the_engine(folder: Path, paid_for: Bought) -> None:
    shutil.rmtree(folder / "cache")
    with closing(paid_for.engine(folder)) as engine:
        build(engine)
    assert not list(folder.rglob("*-wal"))
    assert not list(folder.rglob("*-journal"))


FULL = """
import resource, sys
from dataclasses import replace
from pathlib import Path
from mkdocs_imagegen.errors import LockfileError
from mkdocs_imagegen.store.lockfiles import read_lockfile, update_lockfile

path = Path(sys.argv[1]) / "imagegen.lock"
before = read_lockfile(path)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    update_lockfile(path, path.with_name("own.lock"), lambda one: replace(one, site="other"))
except LockfileError as error:
    print(error)
assert read_lockfile(path) == before
"""


def test_a_lockfile_on_a_full_disk_stays_as_it_was(folder: Path) -> None:
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(folder)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "the lockfile can't be written: the disk is full" in done.stdout
    assert "hint: free some space" in done.stdout
    assert not list(folder.glob(".imagegen.lock*"))


def pictures(folder: Path) -> dict[str, str]:
    """Return what is in the files of originals, by path."""
    files = (*folder.glob("cache/originals/*/*/*"), *folder.glob("covers/*.webp"))
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
