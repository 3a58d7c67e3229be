"""The books that a report of costs is made from: which files, and what stands in them.

Finds a site's books from its mkdocs.yml as text: no plugin runs, nothing is built.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from mkdocs.exceptions import MkDocsException
from mkdocs.utils.yaml import get_yaml_loader, yaml_load

from ..config import ImagegenConfig, find_store
from ..errors import LockfileError, SettingsError
from ..lockfile import NAME as LOCKFILE
from ..model import LedgerRow, Lockfile
from ..report.costs import Cost, merge_books
from ..site import PLUGIN
from ..store.ledger import LEDGER, Ledger
from ..store.lockfiles import read_lockfile
from ..survey import find_config_files

LEDGER_SUFFIX = ".sqlite3"
LOCKFILE_SUFFIX = ".lock"
CONFIG_SUFFIXES = (".yml", ".yaml")
_HINT = (
    f"name a site's folder, its mkdocs.yml, a ledger (*{LEDGER_SUFFIX}) or a lockfile "
    f"(*{LOCKFILE_SUFFIX})"
)


@dataclass(slots=True)
class _Shelf:
    """The books that were read so far, and how each was found."""

    ledgers: dict[Path, tuple[LedgerRow, ...]]
    lockfiles: dict[Path, Lockfile]
    sources: list[str]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Books:
    """What the books say."""

    costs: tuple[Cost, ...]
    sources: tuple[str, ...]
    """What was read, as seen from this folder."""
    notes: tuple[str, ...]
    """What a person should know of it, a sentence each."""


def read_books(sources: Sequence[Path], cwd: Path) -> Books:
    """Read ledgers, lockfiles, and of sites their ledger or, where it says nothing, their lockfile.

    A book that is named twice is read once.

    Raises:
        SettingsError: a source is not there, or is no book and no site.
        StoreError: a ledger can't be read.
        LockfileError: a lockfile can't be read.
    """
    shelf = _Shelf({}, {}, [], [])
    for source in sources:
        _read(source, shelf, cwd)
    costs = merge_books(shelf.ledgers.values(), shelf.lockfiles.values())
    return Books(costs, tuple(dict.fromkeys(shelf.sources)), tuple(dict.fromkeys(shelf.notes)))


def find_cache_dir(config_file: Path) -> Path:
    """Return the folder of a site's store, read from mkdocs.yml alone.

    Raises:
        SettingsError: the file can't be read.
    """
    options = _options(read_config(config_file).get("plugins"))
    cache_dir = options.get("cache_dir")
    folder = config_file.resolve().parent
    default = ImagegenConfig.cache_dir.default
    return find_store(folder, cache_dir if isinstance(cache_dir, str) else default)


def find_site_dir(config_file: Path) -> Path:
    """Return the folder that a site is built into, read from mkdocs.yml alone.

    Raises:
        SettingsError: the file can't be read.
    """
    return config_file.parent / str(read_config(config_file).get("site_dir") or "site")


def read_config(config_file: Path) -> Mapping[str, object]:
    """Return what mkdocs.yml says, without its plugins.

    Tags that only other plugins know are passed over; `!ENV` and `INHERIT` count as in MkDocs.

    Raises:
        SettingsError: the file can't be read.
    """
    try:
        with config_file.open("rb") as opened:
            config: object = yaml_load(opened, _tolerant_loader())
    except (MkDocsException, OSError, TypeError, ValueError) as error:
        raise SettingsError(
            f"{config_file} can't be read: {error}", hint="mkdocs build says more"
        ) from error
    return config if isinstance(config, Mapping) else {}


def _read(source: Path, shelf: _Shelf, cwd: Path) -> None:
    if source.is_dir():
        _read_site(_config_file(source), shelf, cwd)
    elif not source.is_file():
        raise SettingsError(f"there is no {source}", hint=_HINT)
    elif source.suffix == LEDGER_SUFFIX:
        _read_ledger(source, shelf, cwd)
    elif source.suffix == LOCKFILE_SUFFIX:
        _read_lockfile(source, shelf, cwd)
    elif source.suffix in CONFIG_SUFFIXES:
        _read_site(source, shelf, cwd)
    else:
        raise SettingsError(f"{source} is no book of costs", hint=_HINT)


def _config_file(folder: Path) -> Path:
    names = find_config_files(folder)
    if not names:
        raise SettingsError(f"there is no mkdocs.yml in {folder}", hint=_HINT)
    return folder / names[0]


def _read_site(config_file: Path, shelf: _Shelf, cwd: Path) -> None:
    """Read a site's ledger; an empty one says less than the lockfile that came with the site."""
    ledger = find_cache_dir(config_file) / LEDGER
    lockfile = config_file.resolve().parent / LOCKFILE
    if ledger.is_file() and _read_ledger(ledger, shelf, cwd):
        return
    if lockfile.is_file():
        _read_lockfile(lockfile, shelf, cwd)
        shelf.notes.append(
            f"{_seen_from(cwd, ledger)} holds no purchases, so {_seen_from(cwd, lockfile)} was "
            "read: it knows what was bought, not what was estimated or failed"
        )
    else:
        shelf.notes.append(
            f"{_seen_from(cwd, config_file)}: this site has no ledger with purchases "
            f"({_seen_from(cwd, ledger)}) and no {LOCKFILE}"
        )


def _read_ledger(path: Path, shelf: _Shelf, cwd: Path) -> bool:
    """Read a ledger and tell whether it holds any rows."""
    ledger = Ledger(path, read_only=True)
    try:
        rows = tuple(ledger.rows(look_at_owners=True))
    finally:
        ledger.close()
    if rows:
        shelf.ledgers[path.resolve()] = rows
        shelf.sources.append(_seen_from(cwd, path))
    return bool(rows)


def _read_lockfile(path: Path, shelf: _Shelf, cwd: Path) -> None:
    seen = _seen_from(cwd, path)
    try:
        shelf.lockfiles[path.resolve()] = read_lockfile(path)
    except LockfileError as error:  # which names no folder, and there may be many
        raise LockfileError(f"{seen}: {error.message}", hint=error.hint) from error
    shelf.sources.append(seen)


def _seen_from(cwd: Path, path: Path) -> str:
    """Return a path as a person in this folder would write it."""
    path, cwd = path.resolve(), cwd.resolve()
    return path.relative_to(cwd).as_posix() if path.is_relative_to(cwd) else os.fspath(path)


def _tolerant_loader() -> Any:
    """Return MkDocs' reader of YAML, but one that makes no Python objects and knows any tag."""
    loader = get_yaml_loader(yaml.SafeLoader)
    loader.add_multi_constructor("", lambda _loader, _tag, _node: None)
    return loader


def _options(plugins: object) -> Mapping[str, object]:
    """Return this plugin's options, however `plugins:` is written."""
    entries: Iterable[object] = plugins if isinstance(plugins, list) else [plugins]
    for entry in entries:
        options = entry.get(PLUGIN) if isinstance(entry, Mapping) else None
        if isinstance(options, Mapping):
            return options
    return {}
