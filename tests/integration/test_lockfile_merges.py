"""imagegen.lock on a real disk and in real git: branches merge, and no run overwrites another."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from mkdocs_imagegen.errors import LockfileError
from mkdocs_imagegen.lockfile import NAME, write
from mkdocs_imagegen.model import EMPTY_LOCKFILE, Approved, Entry, Lockfile, Size
from mkdocs_imagegen.store.lockfiles import mend_lockfile, read_lockfile, update_lockfile

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")


def entry(article: str, hour: int = 0, digest: str = "12") -> Entry:
    picture = Approved(
        request_key="ab" * 32,
        digest=digest * 32,
        size_bytes=10,
        model="gpt-image-2",
        size=Size(1536, 1024),
        quality="medium",
        bought_at=f"2026-11-22T{hour:02}:00:00Z",
    )
    return Entry(article, "", picture)


def with_entries(lockfile: Lockfile, *entries: Entry) -> Lockfile:
    kept = {e.article: e for e in (*lockfile.entries, *entries)}
    return replace(lockfile, site="Test site", entries=tuple(kept.values()))


def add_entry(added: Entry, lockfile: Lockfile) -> Lockfile:
    return with_entries(lockfile, added)


class Repository:
    """A site's git repository with a lockfile, and two branches of it."""

    def __init__(self, root: Path, *, union: bool) -> None:
        self.root = root
        self.path = root / NAME
        self.lock_path = root / ".cache/imagegen/locks/lockfile.lock"
        self.git("init", "-q", "-b", "main")
        (root / ".gitignore").write_text(".cache/\n", encoding="utf-8")
        if union:
            (root / ".gitattributes").write_text(f"{NAME} merge=union\n", encoding="utf-8")
        self.commit(*(entry(f"{letter}.md") for letter in "bdfhk"))

    def git(self, *args: str, fails: bool = False) -> str:
        told = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        options = ("-c", "commit.gpgsign=false", "-c", "core.autocrlf=false")
        run = subprocess.run(
            ["git", *told, *options, *args],
            cwd=self.root,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert (run.returncode != 0) == fails, run.stdout + run.stderr
        return run.stdout

    def commit(self, *entries: Entry) -> None:
        assert update_lockfile(self.path, self.lock_path, lambda old: with_entries(old, *entries))
        self.git("add", ".")
        self.git("commit", "-q", "-m", "covers")

    def branch(self, ours: tuple[Entry, ...], theirs: tuple[Entry, ...]) -> None:
        """Commit one thing on a branch, another on main, where we stay."""
        self.git("switch", "-q", "-c", "topic")
        self.commit(*theirs)
        self.git("switch", "-q", "main")
        self.commit(*ours)

    @property
    def articles(self) -> list[str]:
        return [e.article for e in read_lockfile(self.path).entries]


@needs_git
def test_articles_of_two_branches_merge_by_themselves(tmp_path: Path) -> None:
    repository = Repository(tmp_path, union=False)
    repository.branch((entry("a.md"), entry("b.md", 5)), (entry("g.md"), entry("z.md")))
    repository.git("merge", "-q", "topic", "-m", "merge")
    assert repository.articles == ["a.md", "b.md", "d.md", "f.md", "g.md", "h.md", "k.md", "z.md"]
    lockfile = read_lockfile(repository.path)
    assert repository.path.read_bytes().decode() == write(lockfile)


@needs_git
@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_neighbours_conflict_with_a_clear_error_and_are_mended(tmp_path: Path, style: str) -> None:
    repository = Repository(tmp_path, union=False)
    repository.branch(
        (entry("c1.md"), entry("d.md", 8, "34")), (entry("c2.md"), entry("d.md", 9, "56"))
    )
    repository.git("-c", f"merge.conflictStyle={style}", "merge", "topic", fails=True)
    with pytest.raises(LockfileError, match=r"imagegen\.lock line 3 holds a merge conflict") as e:
        read_lockfile(repository.path)
    assert e.value.hint == "mkdocs-imagegen doctor --fix"
    broken = repository.path.read_bytes()
    with pytest.raises(LockfileError):  # no run writes over what it can't read
        update_lockfile(repository.path, repository.lock_path, lambda old: old)
    assert repository.path.read_bytes() == broken

    notes = mend_lockfile(repository.path, lambda _: False, at=AT)
    assert [note.partition(":")[0] for note in notes] == [
        "line 3 begins a merge conflict",
        "2 lines are for d.md",
    ]
    assert repository.articles == ["b.md", "c1.md", "c2.md", "d.md", "f.md", "h.md", "k.md"]
    kept = read_lockfile(repository.path).entries[3]
    assert kept.approved == entry("d.md", 9, "56").approved
    assert [(r.digest, r.replaced_at) for r in kept.replaced] == [("34" * 32, AT.isoformat())]
    assert (tmp_path / "imagegen.lock.orig").read_bytes() == broken
    assert mend_lockfile(repository.path, lambda _: False, at=AT) == ()


@needs_git
def test_a_union_merge_needs_no_hand_and_mending_cleans_up_after_it(tmp_path: Path) -> None:
    repository = Repository(tmp_path, union=True)
    repository.branch((entry("c1.md"),), (entry("c2.md"),))
    repository.git("merge", "-q", "topic", "-m", "merge")
    assert repository.articles == ["b.md", "c1.md", "c2.md", "d.md", "f.md", "h.md", "k.md"]

    repository.git("branch", "-q", "-D", "topic")
    repository.branch((entry("f.md", 8, "34"),), (entry("f.md", 9, "56"),))
    repository.git("merge", "-q", "topic", "-m", "merge")
    with pytest.raises(LockfileError, match=r"lines 6 and 7 are both for f\.md"):
        read_lockfile(repository.path)
    at_hand = entry("f.md", 8, "34")
    assert mend_lockfile(repository.path, lambda found: found == at_hand, at=AT) == (
        "2 lines are for f.md: one stays, with the picture bought at 2026-11-22T08:00:00Z",
    )
    assert at_hand.approved in [e.approved for e in read_lockfile(repository.path).entries]


def test_runs_at_once_lose_no_line_of_each_other(tmp_path: Path) -> None:
    path, lock_path = tmp_path / NAME, tmp_path / "locks/lockfile.lock"
    start = threading.Barrier(4)

    def run(worker: int) -> None:
        start.wait()
        for n in range(10):
            add = partial(add_entry, entry(f"{worker}-{n}.md"))
            assert update_lockfile(path, lock_path, add)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    assert len(read_lockfile(path).entries) == 40
    assert sorted(p.name for p in tmp_path.iterdir()) == [NAME, "locks"]


def test_nothing_is_written_or_locked_where_nothing_changes(tmp_path: Path) -> None:
    path, lock_path = tmp_path / NAME, tmp_path / "locks/lockfile.lock"
    assert read_lockfile(path) == EMPTY_LOCKFILE
    assert not update_lockfile(path, lock_path, lambda old: replace(old, site="Test site"))
    assert list(tmp_path.iterdir()) == []

    path.write_bytes(write(with_entries(EMPTY_LOCKFILE, entry("a.md"))).encode())
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))  # as git checks out on Windows
    before = path.stat()
    assert not update_lockfile(path, lock_path, lambda old: with_entries(old, entry("a.md")))
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert list(tmp_path.iterdir()) == [path]


def test_a_lockfile_may_lose_its_last_entry(tmp_path: Path) -> None:
    path, lock_path = tmp_path / NAME, tmp_path / "lockfile.lock"
    update_lockfile(path, lock_path, lambda old: with_entries(old, entry("a.md")))
    assert update_lockfile(path, lock_path, lambda old: replace(old, entries=()))
    assert path.read_bytes() == b'{"imagegen.lock": 1, "site": "Test site"}\n'


@on_posix
def test_mode_and_link_stay(tmp_path: Path) -> None:
    real, path = tmp_path / "real.lock", tmp_path / NAME
    real.write_bytes(write(EMPTY_LOCKFILE).encode())
    real.chmod(0o640)
    path.symlink_to(real)
    assert update_lockfile(path, tmp_path / "l", lambda old: with_entries(old, entry("a.md")))
    assert path.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert len(read_lockfile(real).entries) == 1


def test_a_folder_or_bytes_that_are_no_text_are_no_lockfile(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.mkdir()
    for read in (read_lockfile, lambda p: mend_lockfile(p, lambda _: False, at=AT)):
        with pytest.raises(LockfileError, match="can't be read"):
            read(path)
    path.rmdir()
    path.write_bytes(b'{"imagegen.lock": 1}\n{"article": "\xff"}\n')
    with pytest.raises(LockfileError, match="line 2 is no UTF-8 text") as caught:
        read_lockfile(path)
    assert caught.value.hint == "mkdocs-imagegen doctor --fix"
    assert mend_lockfile(path, lambda _: False, at=AT) == ("line 2 is no UTF-8 text: left out",)
    assert read_lockfile(path) == EMPTY_LOCKFILE


def test_a_change_that_fails_leaves_all_as_it_was(tmp_path: Path) -> None:
    path, lock_path = tmp_path / NAME, tmp_path / "lockfile.lock"
    update_lockfile(path, lock_path, lambda old: with_entries(old, entry("a.md")))
    before = path.read_bytes()

    def fail(_: Lockfile) -> Lockfile:
        raise KeyError("a.md")

    with pytest.raises(KeyError):
        update_lockfile(path, lock_path, fail)
    assert path.read_bytes() == before
