"""Where the site's files are: every path is anchored to mkdocs.yml, never to where one runs."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig

from ..errors import SettingsError
from .options import ImagegenConfig


def site_folder(config: MkDocsConfig) -> Path:
    """Return the folder of mkdocs.yml: what every path of ours is anchored to."""
    if config.config_file_path:
        return Path(config.config_file_path).resolve().parent
    return Path.cwd()


def covers_folder(options: ImagegenConfig, folder: Path, docs_dir: Path) -> Path | None:
    """Return the store's folder in git, where there is one.

    Raises:
        SettingsError: it can't be one: an address, outside the site, or where MkDocs publishes.
    """
    if options.store is None:
        return None
    path = (folder / options.store).resolve()
    if "://" in options.store or not options.store.strip():
        problem = "is no folder"
    elif not path.is_relative_to(folder) or path == folder:
        problem = "is not below the folder of mkdocs.yml"
    elif path.is_relative_to(docs_dir):
        problem = "is in docs_dir, where MkDocs would publish what is in it"
    else:
        return path
    raise SettingsError(
        f"imagegen: store: {options.store!r} {problem}", hint="write it as `store: covers/`"
    )
