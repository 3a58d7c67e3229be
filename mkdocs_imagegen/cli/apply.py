"""`mkdocs-imagegen apply`: show the plan, ask, and buy exactly that."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import click

from .. import report
from ..articles.written import COVERS
from ..errors import EXIT_ERROR, EXIT_OVER_BUDGET, EXIT_WOULD_CHANGE
from ..execute import ended_at_wall
from ..folder import Changes, FolderSurvey
from ..model import Bought, Diagnostic, Found, Outcome, Plan, PlanOptions
from ..plan import ApprovedPlan, SavedPlan, read_saved, require_same
from ..survey import Survey
from .frame import (
    HELP,
    config_file_option,
    in_full,
    outlook_of,
    plan_options,
    planned,
    strict_option,
    surveyed,
    tell,
    told,
    troubles,
    would_change,
)
from .write import changes_of, tell_changes, write_changes, write_options


@click.command("apply", context_settings=HELP)
@click.argument("saved", required=False, type=click.Path(dir_okay=False, path_type=Path))
@config_file_option
@click.option("-y", "--yes", is_flag=True, help="Buy without asking.")
@click.option(
    "--check", is_flag=True, help="Buy and change nothing; exit with 3 if anything would be."
)
@strict_option
@plan_options
@write_options
@told
def apply_command(
    saved: Path | None,
    config_file: str | None,
    yes: bool,
    check: bool,
    strict: bool,
    options: PlanOptions,
    docs: Path | None,
    drawn: bool,
) -> int:
    """Show the plan, ask, and buy exactly that; then write imagegen.lock.

    What was bought before is never bought again, and nothing is bought beyond `budget:`. With
    SAVED, a file of `plan --out`, just that plan is bought, or refused if it is stale.
    """
    before = _read(saved, options) if saved else None
    with surveyed(config_file, strict=strict, docs=docs) as survey:
        engine = survey.engine
        plan = planned(survey, before.options if before else options, docs)
        report.show_plan(plan, outlook_of(survey, plan, docs))
        tell(plan.diagnostics)
        failed = bool(troubles(plan, strict=survey.strict))
        if before:
            require_same(before, plan, where=str(saved))
        if check:
            changes = changes_of(survey, plan, drawn=drawn)
            tell_changes(changes, done=False)
            return EXIT_ERROR if failed else _checked(plan, changes)
        if engine.dry_run:
            click.echo("IMAGEGEN_DRY_RUN is set: nothing was bought", err=True)
            return EXIT_ERROR if failed else 0
        return _carried_out(plan, survey, docs, yes=yes, drawn=drawn, failed=failed)


def _carried_out(
    plan: Plan, survey: Survey, docs: Path | None, *, yes: bool, drawn: bool, failed: bool
) -> int:
    """Buy a plan that is agreed to, publish what is there then, and return the exit code."""
    engine = survey.engine
    locked = _bytes(engine.lockfile_path)
    outcomes: list[Outcome] = []
    if drawn and docs and plan.purchases and engine.endpoint is None:
        click.echo(f"{len(plan.purchases)} to buy, no key: drawn", err=True)
    else:
        approved = engine.approve(plan, strict=survey.strict)
        if plan.purchases and not _agreed(plan, yes=yes):
            click.echo("Nothing was bought.", err=True)
            return EXIT_ERROR
        outcomes = _bought(approved, survey, docs)
    published, wrote = _published(survey, outcomes, drawn=drawn)
    tell(published)
    _tell_what_to_commit(survey, relocked=locked != _bytes(engine.lockfile_path), wrote=wrote)
    unpublished = any(diagnostic.level != "info" for diagnostic in published)
    return _exit_code(outcomes, failed=failed or unpublished)


def _checked(plan: Plan, changes: Changes) -> int:
    return EXIT_WOULD_CHANGE if would_change(plan) or changes else 0


def _published(
    survey: Survey, outcomes: Iterable[Outcome], *, drawn: bool
) -> tuple[tuple[Diagnostic, ...], bool]:
    """Make the files of what is there now.

    Returns what could not be published, and whether anything was written beside the articles.
    """
    plan = survey.engine.plan(survey.orders)
    if isinstance(survey, FolderSurvey):
        return write_changes(survey, plan, drawn=drawn)
    bought = {o.record.request_key for o in outcomes if isinstance(o, Bought)}
    return survey.engine.publish(plan, bought=bought).diagnostics, False


def _tell_what_to_commit(survey: Survey, *, relocked: bool, wrote: bool) -> None:
    engine = survey.engine
    covers_dir = engine.store.covers_dir
    line = report.commit_line(
        lockfile=_path(engine.lockfile_path) if relocked else "",
        covers=f"{_path(covers_dir)}/" if covers_dir else "",
        cache=_path(engine.store.cache_dir),
        written=f"{_path(survey.docs_dir / COVERS)}/" if wrote else "",
    )
    if line:
        click.echo(line, err=True)


def _path(path: Path) -> str:
    return Path(os.path.relpath(path)).as_posix()


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


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


def _bought(approved: ApprovedPlan, survey: Survey, docs: Path | None) -> list[Outcome]:
    engine, orders, total = survey.engine, survey.orders, len(approved.plan.purchases)
    if not total:
        click.echo("Nothing to buy.", err=True)
        adopt = approved.plan.options.rebuy
        if not engine.store.read_only and engine.lock(orders, adopt=adopt):
            click.echo("imagegen.lock was brought up to date.", err=True)
        return []
    click.echo(report.buying_line(total, engine.settings.images_per_minute), err=True)
    outcomes: list[Outcome] = []
    run = engine.buy(approved, orders, _tell_notice, outcomes)
    report.watch(run, outcomes, total, partial(_tell_outcome, docs=docs))
    click.echo(report.purchases_line(outcomes), err=True)
    return outcomes


def _tell_notice(line: str) -> None:
    click.echo(line, err=True)


def _tell_outcome(outcome: Outcome, docs: Path | None) -> None:
    good = isinstance(outcome, Bought | Found)
    click.secho(in_full(report.outcome_line(outcome), docs), err=True, fg=None if good else "red")


def _exit_code(outcomes: list[Outcome], *, failed: bool) -> int:
    if not failed and ended_at_wall(outcomes):
        return EXIT_OVER_BUDGET
    good = all(isinstance(outcome, Bought | Found) for outcome in outcomes)
    return 0 if good and not failed else EXIT_ERROR
