"""`mkdocs-imagegen apply`: show the plan, ask, and buy exactly that."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .. import report
from ..errors import EXIT_ERROR, EXIT_OVER_BUDGET
from ..execute import ended_at_wall
from ..model import Bought, Found, Outcome, Plan, PlanOptions
from ..plan import ApprovedPlan, SavedPlan, read_saved, require_same
from ..survey import Survey
from .frame import (
    HELP,
    config_file_option,
    plan_options,
    planned,
    strict_option,
    surveyed,
    tell,
    told,
    troubles,
)


@click.command("apply", context_settings=HELP)
@click.argument("saved", required=False, type=click.Path(dir_okay=False, path_type=Path))
@config_file_option
@click.option("-y", "--yes", is_flag=True, help="Buy without asking.")
@strict_option
@plan_options
@told
def apply_command(
    saved: Path | None, config_file: str | None, yes: bool, strict: bool, options: PlanOptions
) -> int:
    """Show the plan, ask, and buy exactly that; then write imagegen.lock.

    What was bought before is never bought again, and nothing is bought beyond `budget:`. With
    SAVED, a file of `plan --out`, just that plan is bought, or refused if it is stale.
    """
    before = _read(saved, options) if saved else None
    with surveyed(config_file, strict=strict) as survey:
        engine, orders = survey.engine, survey.orders
        plan = planned(survey, before.options if before else options)
        report.show_plan(plan, engine.outlook(plan))
        tell(plan.diagnostics)
        failed = bool(troubles(plan, strict=survey.strict))
        if before:
            require_same(before, plan, where=str(saved))
        if engine.dry_run:
            click.echo("IMAGEGEN_DRY_RUN is set: nothing was bought", err=True)
            return EXIT_ERROR if failed else 0
        approved = engine.approve(plan, strict=survey.strict)
        if plan.purchases and not _agreed(plan, yes=yes):
            click.echo("Nothing was bought.", err=True)
            return EXIT_ERROR
        outcomes = _bought(approved, survey)
        published = engine.publish(engine.plan(orders))
        tell(published.diagnostics)
    return _exit_code(outcomes, failed=failed or bool(published.diagnostics))


def _read(saved: Path, options: PlanOptions) -> SavedPlan:
    if options != PlanOptions():
        raise click.UsageError("a saved plan has its own options: leave them out")
    try:
        text = saved.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{saved} can't be read: {error}") from error
    return read_saved(text, where=str(saved))


def _agreed(plan: Plan, *, yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: say --yes to buy")
    return click.confirm(report.purchase_question(plan), err=True)


def _bought(approved: ApprovedPlan, survey: Survey) -> list[Outcome]:
    engine, orders, total = survey.engine, survey.orders, len(approved.plan.purchases)
    if not total:
        click.echo("Nothing to buy.", err=True)
        adopt = approved.plan.options.rebuy
        if not engine.store.read_only and engine.lock(orders, adopt=adopt):
            click.echo("imagegen.lock was brought up to date.", err=True)
        return []
    click.echo(report.buying_line(total, engine.settings.images_per_minute), err=True)
    outcomes = report.watch(engine.buy(approved, orders, _tell_notice), total, _tell_outcome)
    click.echo(f"{report.outcomes_summary(outcomes)}.", err=True)
    return outcomes


def _tell_notice(line: str) -> None:
    click.echo(line, err=True)


def _tell_outcome(outcome: Outcome) -> None:
    good = isinstance(outcome, Bought | Found)
    click.secho(report.outcome_line(outcome), err=True, fg=None if good else "red")


def _exit_code(outcomes: list[Outcome], *, failed: bool) -> int:
    if not failed and ended_at_wall(outcomes):
        return EXIT_OVER_BUDGET
    good = all(isinstance(outcome, Bought | Found) for outcome in outcomes)
    return 0 if good and not failed else EXIT_ERROR
