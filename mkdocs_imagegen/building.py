"""What a build does about its plan, in all its languages: it tells, refuses or buys, and counts."""

from __future__ import annotations

from collections.abc import Iterable

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import get_plugin_logger

from . import plan as planning
from . import report, site
from .engine import Engine
from .errors import OverBudgetError
from .model import Bought, Diagnostic, Found, Orders, Outcome, Plan, Skipped
from .report.inventory import InventoryEntry
from .settings import Mode
from .survey import survey_site

log = get_plugin_logger("mkdocs_imagegen")
"""Of the whole plugin: its level holds for the modules' own."""


class Build:
    """One build: what was told and bought so far, in all its languages."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.tally = report.Tally()
        self.outcomes: list[Outcome] = []
        self.inventory: set[InventoryEntry] = set()
        """What AI made of the pictures that it shows."""
        self._told: set[Diagnostic] = set()
        self._settled = False
        """Whether the plan of all languages was dealt with: the later ones only publish."""

    def tell(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Log each diagnostic once."""
        levels = {"error": log.error, "warning": log.warning, "info": log.info}
        for diagnostic in diagnostics:
            if diagnostic not in self._told:
                self._told.add(diagnostic)
                levels[diagnostic.level](str(diagnostic))

    def settle(
        self, engine: Engine, orders: Orders, plan: Plan, config: MkDocsConfig, *, serving: bool
    ) -> None:
        """Do what the mode says about the plan: show it, refuse it, buy it, or name the command."""
        settings = engine.settings
        decision = engine.decide(serving=serving)
        shows = settings.mode is Mode.PLAN and not serving
        if site.has_languages(config) and (decision.buys or shows):
            if self._settled:
                return
            self._settled = True
            orders = _orders_of_all_languages(config)
            plan = engine.plan(orders)
        self.tell(plan.diagnostics)
        if shows:
            decision = engine.foresee(plan, strict=bool(config.strict))
            report.show_plan(plan, engine.outlook(plan, decision))
        elif settings.mode is Mode.FROZEN and not serving:
            planning.require_all(plan)
        elif decision.buys and plan.purchases:
            self._buy(engine, plan, orders, strict=bool(config.strict))
        elif decision.buys and plan.unlocked and not engine.store.read_only:
            engine.lock(orders)
        elif plan.purchases:
            is_named = "mkdocs-imagegen apply" in decision.reason
            log.info(
                f"{report.plan_summary(plan)}; drawn for now ({decision.reason})."
                + ("" if is_named else " To buy: mkdocs-imagegen apply")
            )
        elif plan.unlocked and not serving:
            count = len(plan.unlocked)
            log.info(f"{count} bought covers are not in imagegen.lock yet: mkdocs-imagegen apply")
        if decision.buys and not shows:
            planning.require_bought(plan, self.outcomes, settings.on_error)

    def _buy(self, engine: Engine, plan: Plan, orders: Orders, *, strict: bool) -> None:
        """Buy the plan; a picture that fails is a warning, and `on_error` says what is shown."""
        from .execute import ended_at_wall  # not needed where all is there

        approved = engine.approve(plan, strict=strict)
        count = len(plan.purchases)
        log.info(report.buying_line(count, engine.settings.images_per_minute))
        outcomes = self.outcomes = []
        report.watch(
            engine.buy(approved, orders, log.info, outcomes), outcomes, count, _log_outcome
        )
        self.tally.count_purchases(outcomes)
        log.info(report.outcomes_summary(outcomes))
        if ended_at_wall(outcomes):
            left = sum(isinstance(outcome, Skipped) for outcome in outcomes)
            raise OverBudgetError(
                f"{left} covers were not bought: a wall of `budget:` was reached",
                hint="what was bought is kept; raise `budget:` in mkdocs.yml, or build again",
            )


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
