"""The MkDocs plugin: hooks that hand over to the engine, log what it says, and place the covers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, PluginError
from mkdocs.plugins import CombinedEvent, event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from . import plan as planning
from . import site
from .building import Build, log
from .enclosures import enclose_covers
from .engine import Engine
from .errors import EXIT_ERROR, ImagegenError
from .model import Diagnostic
from .page_cover import PageCover
from .pages import (
    Pictures,
    check_own_pictures,
    named_pictures,
    pictures_taken_away,
    place_covers,
)
from .settings import Mode
from .survey import SurveyDone, SurveyedPlugin
from .themes import Rendered, add_macros, blog_posts, give_covers, list_covers, list_tagged

if TYPE_CHECKING:
    from jinja2 import Environment
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.utils.templates import TemplateContext


class ImagegenPlugin(SurveyedPlugin):
    """Plans, buys where the mode says so, and publishes the covers of one site."""

    def __init__(self) -> None:
        super().__init__()
        self._serving = False
        self._engine: Engine | None = None
        self._front_matters: site.FrontMatters = {}
        self._folders: site.FrontMatters = {}
        self._covers: dict[str, PageCover] = {}
        self._covers_by_url: dict[str, PageCover] = {}
        self._pictures: Pictures = {}
        self._addressed: dict[str, PageCover] = {}
        """By the addresses of the pages that were built, in all languages: feeds hold them all."""
        self._position: Literal["above_title", "below_title"] | None = None
        self._build = Build()
        self._rendered = Rendered()

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Note what MkDocs was started for. Costs nothing."""
        context = click.get_current_context(silent=True)
        # `serve --clean` announces itself as a build.
        self._serving = command == "serve" or (context is not None and context.info_name == "serve")

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Refuse settings that can't work, before MkDocs empties site_dir. Opens no store."""
        self._close()  # `serve` keeps the plugin, also where it is switched off meanwhile
        if not site.is_next_language(config):  # which would tell the same again
            self._build = Build()
            self._addressed = {}
        if self.config.enabled:
            log.logger.setLevel((self.config.log_level or "notset").upper())
            with self._told_to_mkdocs():
                site.check_alone(config)
                self._engine = site.make_engine(self.config, config, os.environ)
                self._position = self._engine.settings.insert
                if self.survey is None:
                    # Here, because MkDocs empties site_dir next: a broken one must stop the build.
                    _ = self._engine.lockfile
        return config

    # Above Material's meta (0), which stops at a broken `.meta.yml` with a message of its own.
    @event_priority(50)
    def _scan_folders(self, files: Files, *, config: MkDocsConfig) -> Files:
        if self._engine:
            self._folders = site.scan_folders(files, config)
            self._tell_front_matter()
        return files

    # Below gen-files and friends (0), so that their pages are seen; above Material's blog (-50),
    # which aborts at broken front matter with a message of its own.
    @event_priority(-40)
    def _scan_articles(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Read front matter as it was typed: MkDocs swallows what is broken."""
        if self._engine:
            self._folders = site.scan_folders(files, config)  # with those that plugins made
            self._front_matters = site.scan_articles(files)
            self._tell_front_matter()
        return files

    on_files = CombinedEvent(_scan_folders, _scan_articles)

    def _tell_front_matter(self) -> None:
        found = self._front_matter_diagnostics()
        if self.survey is not None:
            self.survey.front_matter = tuple(found)
        else:
            self._build.tell(found)

    def _front_matter_diagnostics(self) -> list[Diagnostic]:
        scanned = (*self._folders.values(), *self._front_matters.values())
        return [diagnostic for found in scanned for diagnostic in found.diagnostics]

    # Above Material's optimize (0), which takes pictures away to publish them itself.
    @event_priority(100)
    def _note_pictures(
        self, env: Environment, *, config: MkDocsConfig, files: Files
    ) -> Environment:
        self._pictures = pictures_taken_away(files, config)
        return env

    # Last: the meta is final, drafts are gone, and nothing is copied or rendered yet.
    @event_priority(-100)
    def _plan_covers(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """Plan; buy if this build does; register the covers' files."""
        self._rendered = Rendered(site_url=config.site_url or "")
        add_macros(env)  # also where the plugin is off: templates name them all the same
        engine = self._engine
        if engine is None:
            return env
        with self._told_to_mkdocs():
            orders = engine.order(
                site.collect_articles(files, self._front_matters, self._folders, config),
                partial(site.digest_files, files=files, docs_dir=config.docs_dir),
                self._front_matter_diagnostics(),
            )
            named = named_pictures(orders, files)
            pictures = {**self._pictures, **files.src_uris, **named}
            orders = check_own_pictures(orders, pictures)
            if self.survey is not None:
                self.survey.add(orders, engine, named)
                if not site.has_languages(config):
                    raise SurveyDone
                return env
            plan = engine.plan(orders)
            self._build.settle(engine, orders, plan, config, serving=self._serving)
            on_error = engine.settings.on_error
            plan = planning.after_failures(plan, self._build.outcomes, on_error)
            listed = self._build.inventory
            self._covers, told = place_covers(engine, orders, plan, config, files, pictures, listed)
            self._build.tell(told)
            pages = [file.page for file in files.documentation_pages() if file.page]
            give_covers(pages, self._covers, self._rendered)
            covered = ((page.url, self._covers.get(page.file.src_uri)) for page in pages)
            self._covers_by_url = {url: cover for url, cover in covered if cover}
            drawn = {uri for uri, cover in self._covers.items() if cover.drawn}
            self._build.tally.count_covers(plan, drawn)
            if engine.settings.mode is Mode.FROZEN and not self._serving:
                planning.require_shown(plan, drawn)
        return env

    on_env = CombinedEvent(_note_pictures, _plan_covers)

    def on_template_context(
        self, context: TemplateContext, *, template_name: str, config: MkDocsConfig
    ) -> TemplateContext:
        """Note where a template stands that is no page."""
        self._rendered.base_url = context.get("base_url")
        return context

    # Below search (0), which must not index the figure, and the blog (-100), which makes excerpts.
    @event_priority(-110)
    def _place_cover(
        self, context: TemplateContext, *, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """Put the figure into the article, and tell the theme's covers where they are shown."""
        self._rendered.page_url, self._rendered.base_url = page.url, None
        cover = self._covers.get(page.file.src_uri)
        if cover and page.content is not None:  # --dirty leaves unmodified pages without content
            page.content = cover.inserted(page.content, self._rendered.place, self._position)
        return context

    # Below the blog (-100), which has made the lists' excerpts by then.
    @event_priority(-120)
    def _list_covers(
        self, context: TemplateContext, *, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """Put the covers into a blog's index, categories and archive, and into lists of tags."""
        posts = blog_posts(context)
        give_covers(posts, self._covers, self._rendered)
        if self._engine and (kind := self._engine.settings.lists):
            list_covers(posts, kind)
            list_tagged(page, self._covers_by_url, self._rendered)
        return context

    on_page_context = CombinedEvent(_place_cover, _list_covers)

    # Below Material's social cards (50), whose picture ours takes the place of.
    @event_priority(49)
    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Name the cover in the page's head, for link previews."""
        cover = self._covers.get(page.file.src_uri)
        if cover is None:
            return output
        self._addressed[page.canonical_url or page.url] = cover
        return cover.announced(output, config.site_url or "")

    # Below rss and optimize (0), which have written feeds and pictures by then; above i18n (-100),
    # which builds its other languages in this hook of the first one.
    @event_priority(-50)
    def _enclose_covers(self, *, config: MkDocsConfig) -> None:
        """Put the covers into the site's feeds."""
        enclose_covers(config, self._addressed)

    # Below i18n (-100), which has built its other languages by then.
    @event_priority(-110)
    def _say_summary(self, *, config: MkDocsConfig) -> None:
        """Say in a line what became of the covers, and what was spent."""
        line = self._build.tally.line()
        if line and not site.is_next_language(config):
            log.info(line)

    on_post_build = CombinedEvent(_enclose_covers, _say_summary)

    def on_serve(
        self, server: LiveReloadServer, *, config: MkDocsConfig, builder: Any
    ) -> LiveReloadServer:
        """Rebuild when a prompt template or the store changes."""
        if self._engine:
            for path in site.watched_paths(self.config, config):
                server.watch(str(path))
        return server

    def on_build_error(self, *, error: Exception) -> None:
        """Let go of the store."""
        self._close()

    def on_shutdown(self) -> None:
        """Let go of the store."""
        self._close()

    @contextmanager
    def _told_to_mkdocs(self) -> Iterator[None]:
        """Hand our errors to MkDocs in the form that it prints without a traceback."""
        try:
            yield
        except ImagegenError as error:
            if self.survey is not None:
                self.survey.failure = error
                # The command line tells of it: MkDocs logs a PluginError, but not this.
                raise Abort(str(error)) from error
            if error.exit_code != EXIT_ERROR:
                raise CodedAbort(str(error), error.exit_code) from error
            raise PluginError(str(error)) from error

    def _close(self) -> None:
        if self._engine:
            self._engine.close()
        self._engine = None
        self._front_matters = {}
        self._folders = {}
        self._covers = {}
        self._covers_by_url = {}


class CodedAbort(Abort):
    """Ends `mkdocs build` with an exit code of its own, such as that for over budget."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.code = exit_code
        self.__dict__["exit_code"] = exit_code  # click declares it on the class
