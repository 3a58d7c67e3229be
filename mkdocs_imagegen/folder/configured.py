"""What configures a folder's covers: mkdocs.yml as Zensical reads it, zensical.toml, or nothing.

MkDocs itself would refuse a file that names themes and plugins of another generator, so only what
concerns covers is read of it, and checked as MkDocs would.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from mkdocs.config import config_options
from mkdocs.config.base import ValidationError
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.theme import Theme
from mkdocs.utils.yaml import get_yaml_loader

from ..config import ImagegenConfig
from ..errors import SettingsError
from ..site import META_PLUGINS, PLUGIN

NAMES = ("mkdocs.yml", "mkdocs.yaml", "properdocs.yml", "properdocs.yaml", "zensical.toml")
"""Where the first that is there counts, as beside MkDocs."""
NO_FILE = "mkdocs.yml"
_PATTERNS = ("exclude_docs", "draft_docs")
_FACTS = ("site_name", "site_description", "site_url", "site_dir")


@dataclass(frozen=True, slots=True)
class Configured:
    """A folder's configuration, in the forms that MkDocs has it in."""

    options: ImagegenConfig
    config: MkDocsConfig
    meta_file: str | None
    """The name of the files with whole folders' front matter, where the site uses them."""
    strict: bool


def configure(docs_dir: Path, config_file: str | None) -> Configured:
    """Read the configuration of a folder of articles.

    Args:
        docs_dir: a real path.
        config_file: the file that was named; else the nearest above the folder counts, inside its
            git repository.

    Raises:
        SettingsError: it can't be read, says what can't be, or is of other articles.
    """
    path = Path(config_file).resolve() if config_file else _nearest(docs_dir)
    said = _project(path) if path else {}
    if path is not None:
        theirs = (path.parent / str(said.get("docs_dir") or "docs")).resolve()
        related = theirs.is_relative_to(docs_dir) or docs_dir.is_relative_to(theirs)
        if theirs != docs_dir and (related or config_file):
            raise SettingsError(
                f"{path.name} is of the articles in {os.path.relpath(theirs)}, "
                f"not of those in {os.path.relpath(docs_dir)}",
                hint=f"write {os.path.relpath(theirs)} behind --write",
            )
        if theirs != docs_dir:
            path, said = None, {}
    root = path or _bare_root(docs_dir) / NO_FILE
    plugins = _plugins(said.get("plugins"))
    meta = next((plugins[name] for name in META_PLUGINS if name in plugins), None)
    meta_file = None if meta is None else str(meta.get("meta_file", ".meta.yml"))
    return Configured(
        _options(plugins.get(PLUGIN, {}), root.name),
        _config(said, root, docs_dir),
        meta_file,
        strict=said.get("strict") is True,
    )


def _nearest(docs_dir: Path) -> Path | None:
    for folder in (docs_dir, *docs_dir.parents):
        for name in NAMES:
            if (folder / name).is_file():
                return folder / name
        if (folder / ".git").exists():
            return None
    return None


def _bare_root(docs_dir: Path) -> Path:
    """Return where lockfile and store of a bare folder are: beside it, as beside a docs_dir.

    Nothing is written outside a repository.
    """
    return docs_dir if (docs_dir / ".git").exists() else docs_dir.parent


def _project(path: Path) -> Mapping[str, Any]:
    try:
        if path.suffix == ".toml":
            said: object = tomllib.loads(path.read_text(encoding="utf-8"))
            if isinstance(said, dict) and isinstance(said.get("project"), dict):
                said = said["project"]
        else:
            said = _read_yaml(path)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        why = " ".join(str(error).split())
        raise SettingsError(
            f"{path.name} can't be read: {why}", hint="mend it, or name another file with -f"
        ) from error
    return said if isinstance(said, dict) else {}


def _read_yaml(path: Path) -> object:
    # With `!ENV`, as MkDocs and Zensical; Python objects that the file names are not made.
    loader = get_yaml_loader(yaml.SafeLoader)
    loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
    loader.add_multi_constructor("!", lambda *_: None)
    said = yaml.load(path.read_text(encoding="utf-8-sig"), loader)  # noqa: S506  # a safe one
    if not isinstance(said, dict) or not isinstance(said.get("INHERIT"), str):
        return said
    parent = _read_yaml(path.parent / said.pop("INHERIT"))
    return merged(parent, said) if isinstance(parent, dict) else said


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return one mapping over another; mappings in both are merged in turn."""
    both = dict(base)
    for key, value in over.items():
        before = both.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            value = merged(before, value)
        both[key] = value
    return both


def _plugins(said: object) -> dict[str, Mapping[str, Any]]:
    """Return plugins' options by name, from any form that they are written in."""
    entries = list(said.items()) if isinstance(said, dict) else []
    for entry in said if isinstance(said, list) else []:
        entries += entry.items() if isinstance(entry, dict) else [(entry, {})]
    return {str(name): options if isinstance(options, dict) else {} for name, options in entries}


def _options(said: Mapping[str, Any], where: str) -> ImagegenConfig:
    options = ImagegenConfig()
    options.load_dict(dict(said))
    errors, warnings = options.validate()
    for name, error in (*errors, *warnings):
        raise SettingsError(
            f"{where}: imagegen: {name}: {error}", hint="docs/reference.md has all options"
        )
    return options


def _config(said: Mapping[str, Any], path: Path, docs_dir: Path) -> MkDocsConfig:
    """Return a MkDocs config that holds just what covers need, unchecked where MkDocs is strict."""
    config = MkDocsConfig(config_file_path=str(path))
    facts = {name: said[name] for name in _FACTS if isinstance(said.get(name), str)}
    config.load_dict({**facts, "docs_dir": str(docs_dir)})
    config.site_dir = str(path.parent / facts.get("site_dir", "site"))
    for name in _PATTERNS:
        try:
            config[name] = config_options.Optional(config_options.PathSpec()).validate(
                said.get(name)
            )
        except ValidationError as error:
            raise SettingsError(
                f"{path.name}: {name}: {error}", hint="write one pattern a line"
            ) from error
    theme = said.get("theme")
    palette = theme.get("palette") if isinstance(theme, dict) else None
    config.theme = Theme(name=None, palette=cast(Any, palette))
    return config
