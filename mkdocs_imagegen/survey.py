"""Planning builds: the real MkDocs build, run into a temporary folder until all orders are known.

So the command line's plan and the build's can't disagree. Buys nothing, publishes nothing.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from mkdocs.commands.build import build
from mkdocs.config import config_options, load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import MkDocsException
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import File

from .config import ImagegenConfig
from .engine import Engine
from .errors import ImagegenError, SettingsError, SiteError
from .model import Diagnostic, Orders
from .plan import merge_orders
from .site import PLUGIN, check_alone


@dataclass(slots=True)
class Survey:
    """What a planning build found out: filled by the plugin while MkDocs runs."""

    parts: list[Orders] = field(default_factory=list)
    """One a language."""
    front_matter: tuple[Diagnostic, ...] = ()
    """What the prescan told, also where the build stopped before there were orders."""
    pictures: dict[str, str] = field(default_factory=dict)
    """Where own pictures stand on the site, by their URIs below docs_dir."""
    docs_dir: Path = field(default_factory=Path)
    strict: bool = False
    """By the command line or by `strict: true` in mkdocs.yml."""
    failure: ImagegenError | None = None
    _engine: Engine | None = None

    def add(
        self, orders: Orders, engine: Engine, pictures: Mapping[str, File] | None = None
    ) -> None:
        """Take in one language's orders, with the files of the own pictures that they name."""
        self.parts.append(orders)
        for uri, file in (pictures or {}).items():
            self.pictures.setdefault(uri, file.dest_uri)  # as the first language's order stays
        self._engine = engine

    @property
    def engine(self) -> Engine:
        """The engine that made the orders; the store opens again for it."""
        assert self._engine is not None  # survey_site raises where there is none
        return self._engine

    @property
    def orders(self) -> Orders:
        """The orders of all languages."""
        return merge_orders(self.parts)

    def close(self) -> None:
        """Close the engine's store."""
        self.engine.close()


def find_config_files(folder: Path) -> list[str]:
    """Return the names of a folder's config files, in the order that MkDocs prefers.

    ProperDocs reads its own first.
    """
    names = ("mkdocs.yml", "mkdocs.yaml", "properdocs.yml", "properdocs.yaml")
    return [name for name in names if (folder / name).is_file()]


class SurveyDone(BaseException):
    """Ends a planning build once the orders are known; passes MkDocs' own `except Exception`."""


class SurveyedPlugin(BasePlugin[ImagegenConfig]):
    """A plugin that stops with a survey instead of building, where it is given one."""

    survey: Survey | None = None


def survey_site(config_file: str, *, strict: bool = False) -> Survey:
    """Run the real build into a temporary folder as far as it takes to know all orders.

    With several languages that is the whole build. Whatever other plugins print goes to stderr.
    The caller closes the engine's store. With `strict`, or `strict: true` in mkdocs.yml, a warning
    about mkdocs.yml stops it.

    Raises:
        SettingsError: this plugin is not on in mkdocs.yml, or twice.
        SiteError: MkDocs or another plugin stopped the build.
        ImagegenError: this plugin did.
    """
    survey = Survey()
    with (
        tempfile.TemporaryDirectory(prefix="imagegen-") as site_dir,
        _stdout_on_stderr(),
        _plugins_of_its_own(),
    ):
        try:
            config = load_config(config_file, site_dir=site_dir, strict=strict or None)
            survey.strict = bool(config.strict)
            survey.docs_dir = Path(config.docs_dir).resolve()
            config.strict = False  # of the build; the plan's own strictness is the caller's
            _surveyed(config).survey = survey
            _build(config)
        except MkDocsException as error:
            if survey.failure is not None:
                raise survey.failure from error
            raise _site_error(str(error), survey) from error
        except ImagegenError:
            raise
        except Exception as error:  # plugins may raise anything, and MkDocs lets it through
            raise _site_error(f"{type(error).__name__}: {error}", survey) from error
    return survey


def _surveyed(config: MkDocsConfig) -> SurveyedPlugin:
    plugin = config.plugins.get(PLUGIN)
    if not isinstance(plugin, SurveyedPlugin) or not plugin.config.enabled:
        off = "delete `enabled: false` below imagegen"
        raise SettingsError(
            f"{config.config_file_path}: the plugin imagegen is not on",
            hint="mkdocs-imagegen init adds it" if plugin is None else off,
        )
    check_alone(config)
    return plugin


def _build(config: MkDocsConfig) -> None:
    config.plugins.on_startup(command="build", dirty=False)
    try:
        with suppress(SurveyDone):
            build(config)
    finally:
        config.plugins.on_shutdown()


def _site_error(why: str, survey: Survey) -> ImagegenError:
    told = "".join(f"{diagnostic}\n" for diagnostic in survey.front_matter)
    return SiteError(
        f"{told}the site can't be built: {why}",
        hint="mend what is told above; mkdocs build says more",
    )


@contextmanager
def _plugins_of_its_own() -> Iterator[None]:
    """Keep the plugins of a build that runs already: MkDocs gives every config the same ones."""
    option = MkDocsConfig.plugins
    assert isinstance(option, config_options.Plugins)
    kept, option.plugin_cache = option.plugin_cache, {}
    try:
        yield
    finally:
        option.plugin_cache = kept


def take_stdout() -> TextIO:
    """Return a stream to stdout, and leave all others that print there on stderr for good.

    Other plugins print as late as when the process ends.
    """
    sys.stdout.flush()
    answer = os.fdopen(os.dup(1), "w", encoding=sys.stdout.encoding, errors="replace")
    os.dup2(2, 1)
    return answer


@contextmanager
def _stdout_on_stderr() -> Iterator[None]:
    """Keep stdout for our answer: other plugins print there, some from child processes."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
