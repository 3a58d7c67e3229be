"""Reads the files of a site that `init` may change."""

from __future__ import annotations

from pathlib import Path

from ..errors import SettingsError
from .plugins_key import Shape, read_plugins
from .proposal import WORKFLOWS_FOLDER, Found
from .workflows import WORKFLOWS


def find_files(config_file: Path) -> Found:
    """Return what is there, line ends and all.

    Raises:
        SettingsError: a config file is missing, is not UTF-8 or no YAML mapping.
    """
    config_file = config_file.absolute()
    folder = config_file.parent
    plugins_file, text = _plugins_file(config_file)
    root = _repository(folder)
    workflows = (file for files in WORKFLOWS.values() for file in files)
    paths = [
        folder / ".gitignore",
        folder / ".gitattributes",
        root / "requirements.txt",
        *(root / WORKFLOWS_FOLDER / file for file in workflows),
    ]
    # Names in a .gitignore are bytes: what is no UTF-8 is written back as it was.
    texts = {
        path: path.read_bytes().decode("utf-8", "surrogateescape")
        for path in paths
        if path.is_file()
    }
    return Found(config_file, plugins_file, root, {**texts, plugins_file: text})


def _plugins_file(config_file: Path) -> tuple[Path, str]:
    """Return the file whose `plugins:` MkDocs takes, following `INHERIT`, and its text.

    A list takes the place of the inherited plugins; a mapping is merged with an inherited one.
    """
    texts: dict[Path, str] = {}
    merged: Path | None = None
    path = config_file
    while True:
        texts[path] = _config_text(path)
        plugins = read_plugins(texts[path], path.name)
        if plugins.shape not in (Shape.ABSENT, Shape.MAPPING):
            path = merged or path
            break
        if plugins.on:
            break
        if plugins.shape is Shape.MAPPING:
            merged = merged or path
        parent = (path.parent / plugins.inherits).absolute()
        if not plugins.inherits or parent in texts:
            path = merged or config_file
            break
        path = parent
    return path, texts[path]


def _config_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise SettingsError(
            f"{path.name} can't be read: {error.strerror}",
            hint="name the site's config file: -f path/to/mkdocs.yml",
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path.name} is not UTF-8: byte {error.start}", hint="save it as UTF-8"
        ) from error


def _repository(folder: Path) -> Path:
    """Return the top folder of the repository that a folder lies in, else the folder itself."""
    above = (candidate for candidate in (folder, *folder.parents) if (candidate / ".git").exists())
    return next(above, folder)
