"""What git's branches say in their imagegen.lock: read with git itself, nothing is written.

Branches and tags, here and of remotes as they were last fetched, stashes, other work trees, what is
staged, and the files as they lie there. Where git can't tell all of it, nothing is told.
"""

from __future__ import annotations

import os
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
    refs: int
    """How many branches and tags were read."""


def read_repository(folder: Path) -> Repository | None:
    """Read every imagegen.lock that the repository around a folder has; `None` without one.

    Raises:
        StoreError: git is not there, is not whole, or does not tell.
    """
    if not _is_in_repository(folder):
        return None
    shallow, _, root = _git(folder, "rev-parse", "--is-shallow-repository", "--show-toplevel")[
        :-1
    ].partition("\n")
    if shallow != "false":
        raise StoreError(
            "this is a shallow clone: what other branches use can't be told", hint=_SHALLOW_HINT
        )
    _require_all_branches(folder)
    git = _Reader(Path(root))
    return Repository(Path(root), tuple(git.lockfiles()), len(git.refs))


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
        self.refs = self._refs()
        self._trees, self._heads = self._work_trees()

    def lockfiles(self) -> Iterator[FoundLockfile]:
        """Yield each text once."""
        paths = self._paths()
        places: defaultdict[str, list[str]] = defaultdict(list)
        for name, blob in self._blobs(paths):
            places[blob].append(name)
        for blob, where in places.items():
            yield FoundLockfile(tuple(dict.fromkeys(where)), self._text(blob, where[0]))
        for tree in self._trees:
            for file in (tree / path for path in paths):
                if file.is_file():
                    yield FoundLockfile((str(file),), _checked(_read(file), str(file)))

    def _refs(self) -> Mapping[str, str]:
        """Return what to look into by its short name."""
        refs = {}
        told = _git(self._root, "for-each-ref", "--format=%(objectname) %(refname:short)")
        for line in told.splitlines():
            commit, _, name = line.partition(" ")
            refs[name] = commit
        stashes = _git(self._root, "stash", "list", "--format=%H %gd")
        return refs | {name: commit for commit, _, name in _parted(stashes)}

    def _work_trees(self) -> tuple[Sequence[Path], Mapping[str, str]]:
        """Return all work trees, and the commits of those that are on no branch."""
        trees, heads = [], {}
        told = _git(self._root, "worktree", "list", "--porcelain")
        for block in told.split("\n\n"):
            facts = {what: rest for what, _, rest in _parted(block)}
            if "worktree" in facts:
                trees.append(Path(facts["worktree"]))
            if "detached" in facts:
                heads[f"{facts['worktree']} (no branch)"] = facts["HEAD"]
        return trees, heads

    def _paths(self) -> Sequence[str]:
        """Return where a lockfile is or ever was: a branch may have the site elsewhere."""
        listed = ("-z", "--cached", "--others", "--exclude-standard", "--", _ANYWHERE)
        now = _git(self._root, "ls-files", *listed)
        ever = _git(
            self._root,
            *("log", "--all", "-m", "-z", "--name-only", "--no-renames", "--format="),
            *(*self._heads.values(), "--", _ANYWHERE),
        )
        names = (name.strip("\n") for name in f"{now}\0{ever}".split("\0"))
        return sorted({name for name in names if name and "\n" not in name})

    def _blobs(self, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield where there is a lockfile, and the id of its text."""
        commits = {**self.refs, **self._heads}
        asked = [(name, f"{commit}:{path}") for name, commit in commits.items() for path in paths]
        asked += [("the index", f":{path}") for path in paths]
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

    def _text(self, blob: str, where: str) -> str:
        return _checked(_git(self._root, "cat-file", "blob", blob), where)


def _is_in_repository(folder: Path) -> bool:
    if "GIT_DIR" in os.environ:
        return True
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
            ["git", "-c", "core.quotePath=false", *args],  # noqa: S607
            cwd=folder,
            env={
                **os.environ,
                "LC_ALL": "C",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_PAGER": "cat",
                "TZ": "UTC",
            },
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


def _untold(why: str) -> StoreError:
    return StoreError(
        f"git can't tell what other branches use: {why}",
        hint="run git status here and mend what it says",
    )
