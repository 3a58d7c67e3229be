"""What git's branches say in their imagegen.lock: read with git itself, nothing is written.

Branches and tags, here and of remotes as they were last fetched, stashes, other work trees, what is
staged, and the files as they lie there, in repositories within too. Where git can't tell all of it,
nothing is told.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import StoreError
from .lockfile import NAME
from .plan.orphans import named_in

LIMIT_S = 120.0
"""Of one call of git: a long history takes seconds."""
_ANYWHERE = f":(top,glob)**/{NAME}"
_SEEING = (
    *("-c", "core.quotePath=false", "-c", "log.showRoot=true", "-c", "log.follow=false"),
    *("-c", "log.showSignature=false"),
)
"""Settings of a person that would hide lockfiles from us, or mix with what git tells."""
_BLINDING = re.compile(
    r"GIT_(DIR|WORK_TREE|COMMON_DIR|INDEX_FILE|SHALLOW_FILE|GRAFT_FILE|REPLACE_REF_BASE|\w+_PATHSPECS)"
)
_SET_ASIDE = ("MERGE_AUTOSTASH", "rebase-merge/autostash", "rebase-apply/autostash")
"""Where git keeps what was not committed while it merges or rebases, outside of its stashes."""
_SHALLOW_HINT = (
    "git fetch --unshallow; in GitHub Actions, give actions/checkout the input fetch-depth: 0"
)


@dataclass(frozen=True, slots=True)
class FoundLockfile:
    """One text of an imagegen.lock, and all places that have just this."""

    where: tuple[str, ...]
    """Branches and tags by their short names, paths of files."""
    text: str


@dataclass(frozen=True, slots=True)
class Repository:
    """The git repository that a site is in, as far as it knows of covers."""

    root: Path
    """Of the work tree."""
    lockfiles: tuple[FoundLockfile, ...]


def read_repository(folder: Path) -> Repository | None:
    """Read every imagegen.lock that the repository around a folder has; `None` without one.

    Raises:
        StoreError: git is not there, is not whole, or does not tell.
    """
    if not _is_in_repository(folder):
        if "GIT_DIR" in os.environ:
            raise StoreError(
                f"GIT_DIR is set, and there is no .git above {folder}: what other branches use "
                "can't be told",
                hint="unset GIT_DIR",
            )
        return None
    shallow, _, root = _git(folder, "rev-parse", "--is-shallow-repository", "--show-toplevel")[
        :-1
    ].partition("\n")
    if shallow != "false":
        raise StoreError(
            "this is a shallow clone: what other branches use can't be told", hint=_SHALLOW_HINT
        )
    _require_all_branches(folder)
    return Repository(Path(root), tuple(_Reader(Path(root)).lockfiles()))


def named_until(root: Path) -> Mapping[str, str]:
    """Return when git last saw a lockfile name a picture: ISO times by digest.

    The times are those of the commits that added or removed a line with it, on any branch.

    Raises:
        StoreError: git does not tell.
    """
    history = _git(
        root,
        *("log", "--all", "-m", "--patch", "--text", "--unified=0", "--no-color"),
        *(
            "--no-ext-diff",
            "--no-textconv",
            "--no-renames",
            "--date=iso-strict-local",
            "--format=%x00%cd",
        ),
        *("--", _ANYWHERE),
    )
    until: dict[str, str] = {}
    for commit in history.split("\0")[1:]:
        at, _, patch = commit.partition("\n")
        for line in patch.splitlines():
            if line.startswith(("+", "-")):
                for name in named_in(line[1:]):
                    until[name] = max(at, until.get(name, at))
    return until


class _Reader:
    """Looks into one repository that is whole."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._trees, heads = self._work_trees()
        self._commits = [*self._refs(), *self._stashes(), *heads]
        """What to look into, by the name to tell; a stash is several."""

    def lockfiles(self) -> Iterator[FoundLockfile]:
        """Yield each text once."""
        places: defaultdict[str, list[str]] = defaultdict(list)
        for name, blob in (*self._committed(), *self._staged()):
            places[blob].append(name)
        for blob, where in places.items():
            yield FoundLockfile(tuple(dict.fromkeys(where)), self._text(blob, where[0]))
        for file in sorted({file for tree in self._trees for file in _lockfiles_below(tree)}):
            yield FoundLockfile((str(file),), _checked(_read(file), str(file)))

    def _refs(self) -> Iterator[tuple[str, str]]:
        told = _git(self._root, "for-each-ref", "--format=%(objectname) %(refname:short)")
        for commit, _, name in _parted(told):
            yield name, commit

    def _stashes(self) -> Iterator[tuple[str, str]]:
        """Yield each stash's commit, and those below it: what was staged, what was untracked."""
        told = _git(self._root, "stash", "list", "--format=%H %P%x00%gd")
        for line in told.splitlines():
            commits, _, name = line.partition("\0")
            stash, _before, *more = commits.split()
            yield from ((name, commit) for commit in (stash, *more))
        asked = [part for name in _SET_ASIDE for part in ("--git-path", name)]
        for tree in self._trees:
            for path in _git(tree, "rev-parse", *asked).splitlines():
                if (file := tree / path).is_file():
                    yield f"the autostash of {tree}", _read(file).strip()

    def _work_trees(self) -> tuple[Sequence[Path], Sequence[tuple[str, str]]]:
        """Return all work trees, and the commits of those that are on no branch."""
        trees, heads = [self._root], []
        told = _git(self._root, "worktree", "list", "--porcelain")
        for block in told.split("\n\n"):
            facts = {what: rest for what, _, rest in _parted(block)}
            if "detached" in facts:
                heads.append((f"{facts['worktree']} (no branch)", facts["HEAD"]))
            if "worktree" not in facts or "bare" in facts or "prunable" in facts:
                continue
            tree = Path(facts["worktree"])
            if not tree.is_dir():
                raise StoreError(
                    f"the work tree {tree} is not there: what it uses can't be told",
                    hint=f"bring it back, or git worktree remove --force --force {tree}",
                )
            trees.append(tree)
        return list(dict.fromkeys(trees)), heads

    def _committed(self) -> Iterator[tuple[str, str]]:
        """Yield where there is a lockfile, and the id of its text."""
        # A branch may have the site elsewhere.
        ever = _git(
            self._root,
            *("log", "--all", "--stdin", "-m", "-z", "--name-only", "--no-renames", "--format="),
            *("--", _ANYWHERE),
            stdin="".join(f"{commit}\n" for _, commit in self._commits),
        )
        paths = sorted({name.strip("\n") for name in ever.split("\0")} - {""})
        asked = [
            (name, f"{commit}:{path}")
            for name, commit in self._commits
            for path in paths
            if "\n" not in path
        ]
        if not asked:
            return
        told = _git(
            self._root,
            *("cat-file", "--batch-check=%(objectname) %(objecttype)"),
            stdin="".join(f"{object_name}\n" for _, object_name in asked),
        )
        for (name, object_name), line in zip(asked, told[:-1].split("\n"), strict=True):
            if line.endswith(" blob"):
                yield name, line.partition(" ")[0]
            elif not line.endswith(" missing"):
                raise _untold(f"{object_name} is no file")

    def _staged(self) -> Iterator[tuple[str, str]]:
        """Yield as above what is staged in each work tree, all sides of a conflict too."""
        for tree in self._trees:
            name = "the index" if tree == self._root else f"the index of {tree}"
            told = _git(tree, "ls-files", "-z", "--stage", "--", _ANYWHERE)
            for line in told.split("\0")[:-1]:
                yield name, line.split(" ")[1]

    def _text(self, blob: str, where: str) -> str:
        return _checked(_git(self._root, "cat-file", "blob", blob), where)


def _is_in_repository(folder: Path) -> bool:
    return any((above / ".git").exists() for above in (folder, *folder.parents))


def _require_all_branches(folder: Path) -> None:
    """Refuse a clone of one branch: it is whole, and knows nothing of the others."""
    fetched: defaultdict[str, list[str]] = defaultdict(list)
    told = _git(folder, "config", "--get-regexp", r"^remote\..*\.fetch$", may_find_none=True)
    for key, _, refspec in _parted(told):
        remote = key.removeprefix("remote.").removesuffix(".fetch")
        fetched[remote].append(refspec.lstrip("+").partition(":")[0])
    for remote, sources in fetched.items():
        if not {"refs/heads/*", "refs/*"} & set(sources):
            raise StoreError(
                f"this clone does not fetch all branches of {remote}: what the others use can't "
                "be told",
                hint=f"git remote set-branches {remote} '*' && git fetch {remote}",
            )


def _lockfiles_below(tree: Path) -> Iterator[Path]:
    """Yield all that lie there: also ignored ones, and those of repositories within."""
    for folder, folders, files in os.walk(tree):
        if ".git" in folders:
            folders.remove(".git")
        if NAME in files:
            yield Path(folder, NAME)


def _checked(text: str, where: str) -> str:
    """Return a lockfile's text; one that is kept elsewhere, or encrypted, names nothing."""
    if not text.strip() or f'"{NAME}"' in text:
        return text
    raise _untold(f"{NAME} in {where} is not readable as text")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise _untold(f"{path} can't be read") from error


def _parted(text: str) -> Iterable[tuple[str, str, str]]:
    return (line.partition(" ") for line in text.splitlines())


def _git(folder: Path, *args: str, stdin: str = "", may_find_none: bool = False) -> str:
    try:
        done = subprocess.run(  # noqa: S603
            ["git", *_SEEING, *args],  # noqa: S607
            cwd=folder,
            env=_environment(),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise StoreError(
            "git is not installed: what other branches use can't be told", hint="install git"
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _untold(str(error)) from error
    if done.returncode == 0 or (may_find_none and done.returncode == 1):
        return done.stdout
    said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
    raise _untold(said[0].removeprefix("fatal: "))


def _environment() -> Mapping[str, str]:
    """Return this process's, without what a hook or a script makes git look away with."""
    env = {name: value for name, value in os.environ.items() if not _BLINDING.fullmatch(name)}
    told = {"LC_ALL": "C", "TZ": "UTC", "GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat"}
    # A replaced commit counts beside what stands in for it, which is a ref of its own.
    return {**env, **told, "GIT_NO_REPLACE_OBJECTS": "1"}


def _untold(why: str) -> StoreError:
    return StoreError(
        f"git can't tell what other branches use: {why}",
        hint="run git status here and mend what it says",
    )
