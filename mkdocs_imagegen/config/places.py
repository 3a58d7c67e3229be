"""Where the site's files are: every path is anchored to mkdocs.yml, never to where one runs."""

from __future__ import annotations

import warnings
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig

from ..errors import SettingsError
from .options import ImagegenConfig

SAFE_STORE = ".imagegen"
"""The default with `--write`: `zensical build --clean` deletes all of `.cache`."""


def site_folder(config: MkDocsConfig) -> Path:
    """Return the folder of mkdocs.yml: what every path of ours is anchored to."""
    if config.config_file_path:
        return Path(config.config_file_path).resolve().parent
    return Path.cwd()


def cache_folder(options: ImagegenConfig, config: MkDocsConfig) -> Path:
    """Return the store's folder.

    Raises:
        SettingsError: MkDocs publishes or empties what is in it.
    """
    path = find_store(site_folder(config), options.cache_dir)
    if problem := _problem(path.resolve(), config):
        raise SettingsError(
            f"imagegen: cache_dir: {options.cache_dir!r} {problem}",
            hint="leave cache_dir out: the store is .cache/imagegen then",
        )
    return path


def find_store(folder: Path, cache_dir: str) -> Path:
    """Return the store's folder: its default gives way to the one that `--write` made.

    Args:
        folder: of mkdocs.yml.
        cache_dir: the option, or its default.
    """
    path, written = folder / cache_dir, folder / SAFE_STORE
    moved = cache_dir == ImagegenConfig.cache_dir.default and written.is_dir()
    return written if moved and not path.exists() else path


def covers_folder(options: ImagegenConfig, config: MkDocsConfig) -> Path | None:
    """Return the store's folder in git, where there is one.

    Raises:
        SettingsError: it can't be one: an address, outside the site, or a folder of MkDocs' own.
    """
    if options.store is None:
        return None
    folder = site_folder(config)
    path = (folder / options.store).resolve()
    if "://" in options.store or not options.store.strip():
        problem = "is no folder"
    elif not path.is_relative_to(folder) or path == folder:
        problem = "is not below the folder of mkdocs.yml"
    else:
        problem = _problem(path, config)
    if problem:
        raise SettingsError(
            f"imagegen: store: {options.store!r} {problem}", hint="write it as `store: covers/`"
        )
    return path


def templates_folder(options: ImagegenConfig, config: MkDocsConfig) -> Path:
    """Return the folder of the site's own prompt templates.

    Raises:
        SettingsError: it is not below the folder of mkdocs.yml: what a template holds is sent off.
    """
    folder = site_folder(config)
    path = (folder / options.templates_dir).resolve()
    below = path.relative_to(folder).parts if path.is_relative_to(folder) else ()
    if not below or any(part.startswith(".") for part in below):
        raise SettingsError(
            f"imagegen: templates_dir: {options.templates_dir!r} is no plain folder below that of "
            "mkdocs.yml",
            hint="move the templates there, into `cover_templates`, and leave templates_dir out",
        )
    return path


def _problem(path: Path, config: MkDocsConfig) -> str:
    """Return what MkDocs would do to a store there, `""` for nothing."""
    docs_dir = Path(config.docs_dir).resolve()
    # MkDocs bears no docs_dir that holds mkdocs.yml; where others do, they publish no dot names.
    below = path.relative_to(docs_dir).parts if path.is_relative_to(docs_dir) else ()
    hidden = docs_dir == site_folder(config) and below and below[0].startswith(".")
    if path.is_relative_to(docs_dir) and not hidden:
        return "is in docs_dir, where MkDocs would publish what is in it"
    if any(path.is_relative_to(site_dir) for site_dir in _site_dirs(config)):
        return "is in site_dir, which MkDocs empties at each build"
    return ""


def _site_dirs(config: MkDocsConfig) -> list[Path]:
    """Return site_dir as mkdocs.yml has it, and as the command line does.

    A planning build is given another one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # there is no other record of it
        written = list(getattr(config, "user_configs", ())) or [{}]
    named = [written[0].get("site_dir") or "site", *(patch.get("site_dir") for patch in written)]
    return [(site_folder(config) / name).resolve() for name in named if name]
