"""Decides what `init` changes: from the files as they are to the files as they should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import SettingsError
from .lists import is_ignored, merges_by_union, with_lines
from .plugin_block import Option
from .plugin_edit import add_plugin
from .plugins_key import read_plugins
from .workflows import workflow_files

CACHE = ".cache/imagegen"
STORE = "covers"
LOCKFILE = "imagegen.lock"
MERGED = f"{LOCKFILE} merge=union text eol=lf"
"""Line by line, and with the same bytes on every system."""
WORKFLOWS_FOLDER = Path(".github", "workflows")
CONFIG_NAMES = ("mkdocs.yml", "mkdocs.yaml")

_STYLE = Option(
    "style",
    '"Flat paper cut-outs, three muted colours, soft shadows"',
    ("The look that all covers share: material, light, colours. Make it yours before you buy.",),
)
_BUDGET = Option(
    "budget",
    "{per_build: 1.00, max_images: 10}",
    ("The most that one run may spend (USD), and how many pictures it may buy.",),
)
_STORE = Option("store", f"{STORE}/", ("Where bought covers go: commit this folder.",))


@dataclass(frozen=True, slots=True)
class Found:
    """A site's files before `init`."""

    config_file: Path
    """The site's own mkdocs.yml, absolute."""
    plugins_file: Path
    """The file that holds its plugins: that one, or one that it inherits from."""
    root: Path
    """The repository's top folder; the site's own where there is no repository."""
    texts: Mapping[Path, str]
    """Of the files that are there and may change, by absolute path."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user asked for."""

    workflows: tuple[str, ...] = ()

    @property
    def covers_in_git(self) -> bool:
        """Whether bought covers are committed."""
        return "covers-in-git" in self.workflows


@dataclass(frozen=True, slots=True)
class Change:
    """One file to write."""

    path: Path
    name: str
    """The path for reading: from the repository's top folder where it lies there."""
    old: str | None
    """`None` where the file is not there yet."""
    new: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """All that `init` would do; nothing where there are no changes."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    """What is left as it is and why, a line each."""


def propose(found: Found, choices: Choices) -> Proposal:
    """Decide what to write.

    Raises:
        SettingsError: mkdocs.yml can't be added to, or the workflows would not fit the site.
    """
    if choices.workflows:
        _check_place(found)
    wanted = [
        _config(found, choices),
        _ignore(found),
        _attributes(found),
        *_workflows(found, choices),
    ]
    changes = tuple(change for change in wanted if change.new != change.old)
    return Proposal(changes, tuple(_notes(found, choices)))


def _check_place(found: Found) -> None:
    """Refuse workflows that would build another file, or look in another folder."""
    site = found.config_file
    if site.parent != found.root:
        raise SettingsError(
            f"{_name(site, found)} is not at the top of its repository, where the workflows look",
            hint="run init without --workflow, and set the paths in a copy from docs/ci.md",
        )
    if site.name not in CONFIG_NAMES:
        raise SettingsError(
            f"the workflows build mkdocs.yml, not {site.name}",
            hint="run init without --workflow, and add `-f` to the commands of docs/ci.md",
        )


def _config(found: Found, choices: Choices) -> Change:
    path = found.plugins_file
    name, old = _name(path, found), found.texts[path]
    options = (_STORE, _STYLE, _BUDGET) if choices.covers_in_git else (_STYLE, _BUDGET)
    return Change(path, name, old, add_plugin(old, options, name))


def _ignore(found: Found) -> Change:
    """The cache is everyone's own, and `.env` may hold a key."""
    path = found.config_file.parent / ".gitignore"
    old = found.texts.get(path)
    wanted = {CACHE: f"{CACHE}/", ".env": ".env"}
    missing = [line for name, line in wanted.items() if not is_ignored(old or "", name)]
    return Change(path, _name(path, found), old, with_lines(old or "", missing))


def _attributes(found: Found) -> Change:
    path = found.config_file.parent / ".gitattributes"
    old = found.texts.get(path)
    missing = [] if merges_by_union(old or "", LOCKFILE) else [MERGED]
    return Change(path, _name(path, found), old, with_lines(old or "", missing))


def _workflows(found: Found, choices: Choices) -> Iterator[Change]:
    """Yield the workflow files; one that is there already stays whatever it is."""
    for file, text in workflow_files(choices.workflows).items():
        path = found.root / WORKFLOWS_FOLDER / file
        old = found.texts.get(path)
        yield Change(path, _name(path, found), old, text if old is None else old)


def _notes(found: Found, choices: Choices) -> Iterator[str]:
    config = _name(found.plugins_file, found)
    plugins = read_plugins(found.texts[found.plugins_file], config)
    if plugins.on:
        yield f"{config} has imagegen already: left as it is"
        if choices.covers_in_git and "store" not in plugins.options:
            yield f"covers-in-git needs `{_STORE.name}: {_STORE.value}` below imagegen in {config}"
    ignored = found.texts.get(found.config_file.parent / ".gitignore", "")
    if choices.covers_in_git and is_ignored(ignored, STORE):
        yield f".gitignore names {STORE}: take that line out, or no cover is committed"
    for file, text in workflow_files(choices.workflows).items():
        path = found.root / WORKFLOWS_FOLDER / file
        if found.texts.get(path, text) != text:
            yield f"{_name(path, found)} is there already and says something else: left as it is"
    if choices.workflows and found.root / "requirements.txt" not in found.texts:
        yield "there is no requirements.txt: list your theme and plugins in one, CI installs it"


def _name(path: Path, found: Found) -> str:
    if path.is_relative_to(found.root):
        return path.relative_to(found.root).as_posix()
    return path.as_posix()
