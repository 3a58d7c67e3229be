"""The MkDocs plugin: hooks that hand over to the engine, log what it says, and place the covers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, PluginError
from mkdocs.plugins import CombinedEvent, event_priority, get_plugin_logger
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from . import plan as planning
from . import report, site
from .engine import Engine
from .errors import EXIT_ERROR, ImagegenError, OverBudgetError
from .model import Bought, Diagnostic, Found, Orders, Outcome, Plan, Skipped
from .pages import PageCover, check_own_pictures, place_covers
from .settings import Mode
from .survey import SurveyDone, SurveyedPlugin, survey_site

if TYPE_CHECKING:
    from jinja2 import Environment
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.utils.templates import TemplateContext

log = get_plugin_logger(__name__)


class ImagegenPlugin(SurveyedPlugin):
    """Plans, buys where the mode says so, and publishes the covers of one site."""

    def __init__(self) -> None:
        super().__init__()
        self._serving = False
        self._settled = False
        """Whether the plan of all languages was dealt with: the later ones only publish."""
        self._engine: Engine | None = None
        self._front_matters: site.FrontMatters = {}
        self._folders: site.FrontMatters = {}
        self._covers: dict[str, PageCover] = {}
        self._position: Literal["above_title", "below_title"] | None = None
        self._told: set[Diagnostic] = set()
        self._tally = report.Tally()
        self._outcomes: list[Outcome] = []
        """Of this build's purchases, in all its languages."""

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Note what MkDocs was started for. Costs nothing."""
        context = click.get_current_context(silent=True)
        # `serve --clean` announces itself as a build.
        self._serving = command == "serve" or (context is not None and context.info_name == "serve")
        self._settled = False
        self._told = set()

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Refuse settings that can't work, before MkDocs empties site_dir. Opens no store."""
        if self.config.enabled:
            log.logger.setLevel((self.config.log_level or "notset").upper())
            self._close()
            if not site.is_next_language(config):  # which would tell the same again
                self._told = set()
                self._tally = report.Tally()
                self._outcomes = []
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
            self._tell(found)

    def _front_matter_diagnostics(self) -> list[Diagnostic]:
        scanned = (*self._folders.values(), *self._front_matters.values())
        return [diagnostic for found in scanned for diagnostic in found.diagnostics]

    # Last: the meta is final, drafts are gone, and nothing is copied or rendered yet.
    @event_priority(-100)
    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """Plan; buy if this build does; register the covers' files."""
        engine = self._engine
        if engine is None:
            return env
        with self._told_to_mkdocs():
            orders = engine.order(
                site.collect_articles(files, self._front_matters, self._folders, config),
                partial(site.digest_files, files=files, docs_dir=config.docs_dir),
                self._front_matter_diagnostics(),
            )
            orders = check_own_pictures(orders, files)
            if self.survey is not None:
                self.survey.add(orders, engine)
                if not site.has_languages(config):
                    raise SurveyDone
                return env
            plan = engine.plan(orders)
            self._settle(engine, orders, plan, config)
            on_error = engine.settings.on_error
            plan = planning.after_failures(plan, self._outcomes, on_error)
            self._covers, told = place_covers(engine, orders, plan, config, files)
            self._tell(told)
            drawn = {uri for uri, cover in self._covers.items() if cover.drawn}
            self._tally.count_covers(plan, drawn)
            if engine.settings.mode is Mode.FROZEN and not self._serving:
                planning.require_shown(plan, drawn)
        return env

    # Below search (0), which must not index the figure, and the blog (-100), which makes excerpts.
    @event_priority(-110)
    def _place_cover(
        self, context: TemplateContext, *, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """Put the figure into the article."""
        cover = self._covers.get(page.file.src_uri)
        if cover and page.content is not None:  # --dirty leaves unmodified pages without content
            page.content = cover.inserted(page.content, page.url, self._position)
        return context

    # Below the blog (-100), which has made the lists' excerpts by then.
    @event_priority(-120)
    def _list_covers(
        self, context: TemplateContext, *, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """Put the covers into a blog's index, categories, tags and archive."""
        kind = self._engine.settings.lists if self._engine else None
        posts: Any = context.get("posts")
        if kind is None or not posts:
            return context
        first = True
        for post in posts:
            if cover := self._covers.get(post.file.src_uri):
                href = get_relative_url(post.url, page.url)
                figure = cover.listed(href, page.url, kind=kind, first=first)
                post.content, first = figure + post.content, False
        return context

    on_page_context = CombinedEvent(_place_cover, _list_covers)

    # Below Material's social cards (50), whose picture ours takes the place of.
    @event_priority(49)
    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Name the cover in the page's head, for link previews."""
        cover = self._covers.get(page.file.src_uri)
        return cover.announced(output, config.site_url or "") if cover else output

    # Last: i18n builds its other languages in this hook of the first one.
    @event_priority(-100)
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Say in a line what became of the covers, and what was spent."""
        line = self._tally.line()
        if line and not site.is_next_language(config):
            log.info(line)

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

    def _settle(self, engine: Engine, orders: Orders, plan: Plan, config: MkDocsConfig) -> None:
        """Do what the mode says about the plan: show it, refuse it, buy it, or name the command."""
        settings = engine.settings
        decision = engine.decide(serving=self._serving)
        shows = settings.mode is Mode.PLAN and not self._serving
        if site.has_languages(config) and (decision.buys or shows):
            if self._settled:
                return
            self._settled = True
            orders = _orders_of_all_languages(config)
            plan = engine.plan(orders)
        self._tell(plan.diagnostics)
        if shows:
            decision = engine.foresee(plan, strict=bool(config.strict))
            report.show_plan(plan, engine.outlook(plan, decision))
        elif settings.mode is Mode.FROZEN and not self._serving:
            planning.require_all(plan)
        elif decision.buys and plan.purchases:
            self._buy(engine, plan, orders, strict=bool(config.strict))
        elif decision.buys and plan.unlocked and not engine.store.read_only:
            engine.lock(orders)
        elif plan.purchases:
            log.info(
                f"{report.plan_summary(plan)}; drawn for now ({decision.reason}). "
                "To buy: mkdocs-imagegen apply"
            )
        elif plan.unlocked and not self._serving:
            count = len(plan.unlocked)
            log.info(f"{count} bought covers are not in imagegen.lock yet: mkdocs-imagegen apply")
        if decision.buys and not shows:
            planning.require_bought(plan, self._outcomes, settings.on_error)

    def _buy(self, engine: Engine, plan: Plan, orders: Orders, *, strict: bool) -> None:
        """Buy the plan; a picture that fails is a warning, and `on_error` says what is shown."""
        from .execute import ended_at_wall  # not needed where all is there

        approved = engine.approve(plan, strict=strict)
        count = len(plan.purchases)
        log.info(report.buying_line(count, engine.settings.images_per_minute))
        outcomes: list[Outcome] = []
        self._outcomes = outcomes
        report.watch(
            engine.buy(approved, orders, log.info, outcomes), outcomes, count, _log_outcome
        )
        self._tally.count_purchases(outcomes)
        log.info(report.outcomes_summary(outcomes))
        if ended_at_wall(outcomes):
            left = sum(isinstance(outcome, Skipped) for outcome in outcomes)
            raise OverBudgetError(
                f"{left} covers were not bought: a wall of `budget:` was reached",
                hint="what was bought is kept; raise `budget:` in mkdocs.yml, or build again",
            )

    def _tell(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Log each diagnostic once a build."""
        levels = {"error": log.error, "warning": log.warning, "info": log.info}
        for diagnostic in diagnostics:
            if diagnostic not in self._told:
                self._told.add(diagnostic)
                levels[diagnostic.level](str(diagnostic))

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


class CodedAbort(Abort):
    """Ends `mkdocs build` with an exit code of its own, such as that for over budget."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.code = exit_code
        self.__dict__["exit_code"] = exit_code  # click declares it on the class


def _orders_of_all_languages(config: MkDocsConfig) -> Orders:
    """Plan every language before anything is bought: MkDocs builds one after the other."""
    surveyed = survey_site(site.config_file(config))
    try:
        return surveyed.orders
    finally:
        surveyed.close()


def _log_outcome(outcome: Outcome) -> None:
    well = isinstance(outcome, Found) or (isinstance(outcome, Bought) and outcome.is_in_shape)
    level = log.info if well else log.warning
    level(report.outcome_line(outcome))
