"""What git knows of lockfiles, from real repositories; and where it can't tell, that is said."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mkdocs_imagegen.branches import named_until, read_repository
from mkdocs_imagegen.errors import StoreError
from mkdocs_imagegen.keys import digest

pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
    pytest.mark.usefixtures("git_of_nobody"),
]


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", *args], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def of(word: str) -> str:
    return digest(word.encode())


def lockfile(*words: str) -> str:
    lines = "".join(f'{{"article": "{word}.md", "digest": "{of(word)}"}}\n' for word in words)
    return '{"imagegen.lock": 1}\n' + lines


def commit(folder: Path, *words: str, path: str = "imagegen.lock") -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(lockfile(*words), encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Covers")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    return folder


def named(folder: Path) -> dict[str, set[str]]:
    """Return by each word of a lockfile's digests the places that name it."""
    found = read_repository(folder)
    assert found is not None
    places: dict[str, set[str]] = {}
    for word in ("first", "second", "third", "fourth", "fifth"):
        where = {place for one in found.lockfiles if of(word) in one.text for place in one.where}
        # Newer git shortens origin/HEAD to origin.
        names = {"HEAD" if place == "origin" else Path(place).name for place in where}
        places.update({word: names} if where else {})
    return places


def test_branches_tags_remotes_stashes_and_other_work_trees_all_count(
    repository: Path, tmp_path: Path
) -> None:
    commit(repository, "first", path="site/imagegen.lock")
    git(repository, "branch", "feature/old")
    git(repository, "tag", "--annotate", "--message", "One", "v1")
    commit(repository, "second", path="site/imagegen.lock")
    git(repository, "tag", "v2")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(repository), str(clone))
    site = clone / "site"
    (site / "imagegen.lock").write_text(lockfile("third"), encoding="utf-8")
    git(clone, "stash", "--quiet")
    git(clone, "worktree", "add", "--quiet", "--detach", str(tmp_path / "other"))
    (tmp_path / "other/site/imagegen.lock").write_text(lockfile("fourth"), encoding="utf-8")
    (site / "imagegen.lock").write_text(lockfile("fifth"), encoding="utf-8")
    git(clone, "add", "--all")
    (site / "imagegen.lock").unlink()
    assert named(site) == {
        "first": {"old", "v1"},
        # Also as it is staged in the other work tree, and below the stash.
        "second": {"main", "HEAD", "v2", "other (no branch)", "other", "stash@{0}"},
        "third": {"stash", "stash@{0}"},
        "fourth": {"imagegen.lock"},
        "fifth": {"the index"},
    }
    found = read_repository(site)
    assert found is not None
    assert found.root == clone.resolve()


def test_a_site_that_was_elsewhere_counts_on_the_branches_that_have_it_there(
    repository: Path,
) -> None:
    commit(repository, "first", path="old place/imagegen.lock")
    git(repository, "branch", "before")
    git(repository, "mv", "old place", "new")
    commit(repository, "second", path="new/imagegen.lock")
    (repository / "another").mkdir()
    (repository / "another/imagegen.lock").write_text(lockfile("third"), encoding="utf-8")
    assert named(repository / "new") == {
        "first": {"before"},
        "second": {"main", "the index", "imagegen.lock"},
        "third": {"imagegen.lock"},
    }


def test_what_a_stash_keeps_of_new_files_counts_also_in_an_older_one(repository: Path) -> None:
    commit(repository, "first")
    (repository / "new").mkdir()
    (repository / "new/imagegen.lock").write_text(lockfile("second"), encoding="utf-8")
    git(repository, "stash", "--quiet", "--include-untracked")
    (repository / "imagegen.lock").write_text(lockfile("third"), encoding="utf-8")
    git(repository, "add", "--all")
    (repository / "imagegen.lock").write_text(lockfile("fourth"), encoding="utf-8")
    git(repository, "stash", "--quiet")
    places = named(repository)
    assert places["second"] == {"stash@{1}"}
    assert places["third"] == {"stash@{0}"}
    assert places["fourth"] == {"stash", "stash@{0}"}


def test_what_a_rebase_set_aside_counts_until_it_ends(repository: Path) -> None:
    commit(repository, "first")
    git(repository, "switch", "--quiet", "--create", "topic")
    (repository / "page.md").write_text("ours", encoding="utf-8")
    commit(repository, "first")
    git(repository, "switch", "--quiet", "main")
    (repository / "page.md").write_text("theirs", encoding="utf-8")
    commit(repository, "first")
    (repository / "imagegen.lock").write_text(lockfile("second"), encoding="utf-8")
    with pytest.raises(AssertionError, match="CONFLICT"):
        git(repository, "rebase", "--autostash", "topic")
    assert named(repository)["second"] == {repository.name}


def test_another_work_tree_counts_with_what_is_only_staged_or_only_lies_there(
    repository: Path, tmp_path: Path
) -> None:
    commit(repository, "first")
    other = tmp_path / "other"
    git(repository, "worktree", "add", "--quiet", "--detach", str(other))
    (other / "imagegen.lock").write_text(lockfile("second"), encoding="utf-8")
    git(other, "add", "--all")
    (other / "imagegen.lock").unlink()
    (other / "site").mkdir()
    (other / "site/imagegen.lock").write_text(lockfile("third"), encoding="utf-8")
    places = named(repository)
    assert places["second"] == {"other"}
    assert places["third"] == {"imagegen.lock"}
    git(repository, "worktree", "lock", str(other))
    shutil.rmtree(other)
    with pytest.raises(StoreError, match=r"work tree .* is not there") as raised:
        read_repository(repository)
    assert raised.value.hint.endswith(f"git worktree remove --force --force {other}")
    git(repository, "worktree", "unlock", str(other))
    assert set(named(repository)) == {"first"}


def test_a_lockfile_that_git_ignores_or_another_repository_has_within_counts(
    repository: Path,
) -> None:
    (repository / ".gitignore").write_text("/ignored/\n", encoding="utf-8")
    commit(repository, "first")
    for folder, word in (("ignored", "second"), ("within", "third")):
        (repository / folder).mkdir()
        (repository / folder / "imagegen.lock").write_text(lockfile(word), encoding="utf-8")
    git(repository / "within", "init", "--quiet")
    assert named(repository) == {
        "first": {"main", "the index", "imagegen.lock"},
        "second": {"imagegen.lock"},
        "third": {"imagegen.lock"},
    }


def test_no_setting_of_git_and_no_hook_hides_a_lockfile(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, "first", path="old/imagegen.lock")
    git(repository, "switch", "--quiet", "--orphan", "anew")
    commit(repository, "second", path="new/imagegen.lock")
    expected = named(repository)
    assert expected["first"] == {"main"}
    assert "the index" in expected["second"]
    for setting in ("log.showRoot=false", "log.follow=true", "log.diffMerges=off"):
        git(repository, "config", *setting.split("="))
    for prefix in ("LITERAL", "ICASE", "NOGLOB"):
        monkeypatch.setenv(f"GIT_{prefix}_PATHSPECS", "1")
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    assert named(repository) == expected
    with pytest.raises(StoreError, match=r"there is no \.git above") as raised:
        read_repository(tmp_path)
    assert raised.value.hint == "unset GIT_DIR"


def test_a_repository_without_a_commit_or_a_lockfile_has_none(repository: Path) -> None:
    found = read_repository(repository)
    assert found is not None
    assert found.lockfiles == ()
    assert named_until(repository) == {}


def test_a_folder_without_git_has_no_repository(tmp_path: Path) -> None:
    assert read_repository(tmp_path) is None


def test_history_tells_until_when_something_was_named(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, words in (("01", ("first", "second")), ("05", ("second",)), ("09", ("third",))):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2026-10-{day}T12:00:00+00:00")
        commit(repository, *words)
    until = named_until(repository)
    days = {word: until[of(word)][:10] for word in ("first", "second", "third")}
    assert days == {"first": "2026-10-05", "second": "2026-10-09", "third": "2026-10-09"}


def test_a_shallow_clone_and_a_clone_of_one_branch_are_refused(
    repository: Path, tmp_path: Path
) -> None:
    commit(repository, "first")
    commit(repository, "second")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository}", "shallow")
    with pytest.raises(StoreError, match="shallow clone") as raised:
        read_repository(tmp_path / "shallow")
    assert "fetch-depth: 0" in raised.value.hint
    git(tmp_path / "shallow", "fetch", "--quiet", "--unshallow")
    with pytest.raises(StoreError, match="does not fetch all branches of origin") as raised:
        read_repository(tmp_path / "shallow")
    subprocess.run(raised.value.hint, shell=True, cwd=tmp_path / "shallow", check=True)
    assert named(tmp_path / "shallow")["second"] >= {"main"}


def test_what_git_cannot_tell_is_an_error(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, "first")
    git(repository, "branch", "elsewhere")
    (repository / "imagegen.lock").write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{of('x')}\nsize 9\n",
        encoding="utf-8",
    )
    with pytest.raises(StoreError, match="is not readable as text"):
        read_repository(repository)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match="git is not installed"):
        read_repository(repository)
    monkeypatch.undo()
    (repository / ".git/HEAD").write_text("nonsense", encoding="utf-8")
    with pytest.raises(StoreError, match="git can't tell"):
        read_repository(repository)
