"""A folder's articles and their orders, with the engine that buys them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mkdocs.structure.files import Files

from ..config import SAFE_STORE, ImagegenConfig, find_store, site_folder
from ..errors import SettingsError
from ..model import Diagnostic
from ..site import digest_files, make_engine
from ..survey import Survey
from .configured import Configured, configure
from .scan import Folder, read_folder


@dataclass(slots=True)
class FolderSurvey(Survey):
    """What the files of a folder come to, in place of a planning build."""

    folder: Folder = field(default_factory=lambda: Folder(Path(), {}, Files([])))


def survey_folder(
    docs_dir: Path,
    config_file: str | None,
    *,
    strict: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> FolderSurvey:
    """Read a folder's configuration and articles. The caller closes the engine's store.

    Raises:
        SettingsError: there is no such folder, or its configuration can't be used.
        ImagegenError: the articles can't be ordered.
    """
    docs_dir = docs_dir.resolve()
    if not docs_dir.is_dir():
        raise SettingsError(
            f"{os.path.relpath(docs_dir)} is no folder",
            hint="write the folder of the articles behind --write",
        )
    configured = configure(docs_dir, config_file)
    if not configured.options.enabled:
        raise SettingsError("imagegen is off", hint="delete `enabled: false` below imagegen")
    told = _keep_off_cache(configured, site_folder(configured.config))
    configured.options.widths, configured.options.avif = [], False  # nothing there chooses a width
    engine = make_engine(configured.options, configured.config, environ)
    folder = read_folder(docs_dir, configured.config, configured.meta_file)
    orders = engine.order(
        (article.source for article in folder.articles.values()),
        lambda uris: digest_files(uris, folder.files, str(docs_dir)),
        (*told, *folder.diagnostics),
    )
    survey = FolderSurvey(docs_dir=docs_dir, strict=strict or configured.strict, folder=folder)
    survey.add(orders, engine)
    return survey


def _keep_off_cache(configured: Configured, root: Path) -> tuple[Diagnostic, ...]:
    """Keep a new store from `zensical build --clean`, and tell where an old one is not safe."""
    options = configured.options
    store = find_store(root, options.cache_dir)
    named = options.cache_dir != ImagegenConfig.cache_dir.default
    if not named and not store.exists():
        options.cache_dir = SAFE_STORE
        return ()
    if options.store or not store.is_relative_to(root / ".cache"):
        return ()
    place = store.relative_to(root).as_posix()
    said = f"`zensical build --clean` deletes .cache, and what was paid for is in {place}"
    hint = f"move it: mv {place} {SAFE_STORE}" + (", and leave cache_dir out" if named else "")
    return (Diagnostic("warning", said, hint=hint),)
