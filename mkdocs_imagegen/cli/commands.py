"""The commands: plans and JSON on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .. import __version__, report
from ..errors import EXIT_ERROR, EXIT_OVER_BUDGET
from ..execute import ended_at_wall
from ..model import Bought, Diagnostic, Found, Outcome, Plan
from ..plan import ApprovedPlan
from ..survey import Survey
from .explain import explanation
from .frame import config_file_option, strict_option, surveyed, tell, told


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="mkdocs-imagegen")
def commands() -> None:
    """Covers for MkDocs articles: see what they cost, buy them once, publish them.

    Exit codes: 0 fine, 1 error, 2 usage, 4 over budget.
    """


@commands.command()
@config_file_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="A table to read, or JSON for scripts.  [default: text]",
)
@strict_option
@told
def plan(config_file: str | None, form: str, strict: bool) -> int:
    """Show what a build would do about each cover, and what it costs. Buys nothing."""
    with surveyed(config_file, strict=strict) as survey:
        engine = survey.engine
        made = engine.plan(survey.orders)
        decision = engine.foresee(made, strict=survey.strict)
        if form == "json":
            click.echo(report.plan_json(made, decision), nl=False)
        else:
            report.show_plan(made, decision, engine.settings.budget)
            tell(made.diagnostics)
    return EXIT_ERROR if _troubles(made, strict=survey.strict) else 0


@commands.command()
@config_file_option
@click.option("-y", "--yes", is_flag=True, help="Buy without asking.")
@strict_option
@click.option("--rebuy", is_flag=True, help="Pay again for originals that are damaged.")
@told
def apply(config_file: str | None, yes: bool, strict: bool, rebuy: bool) -> int:
    """Show the plan, ask, and buy exactly that.

    What was bought before is never bought again, and nothing is bought beyond `budget:`.
    """
    with surveyed(config_file, strict=strict) as survey:
        engine = survey.engine
        made = engine.plan(survey.orders, rebuy=rebuy)
        report.show_plan(made, None, engine.settings.budget)
        tell(made.diagnostics)
        troubles = _troubles(made, strict=survey.strict)
        if engine.dry_run:
            click.echo("IMAGEGEN_DRY_RUN is set: nothing was bought", err=True)
            return EXIT_ERROR if troubles else 0
        approved = engine.approve(made, strict=survey.strict)
        if made.purchases and not _agreed(made, yes=yes):
            click.echo("Nothing was bought.", err=True)
            return EXIT_ERROR
        outcomes = _bought(approved, survey)
        published = engine.publish(survey.orders)
        tell(published.diagnostics)
    return _exit_code(outcomes, failed=bool(troubles or published.diagnostics))


@commands.command()
@click.argument("article")
@config_file_option
@told
def explain(article: str, config_file: str | None) -> int:
    """Print one article's prompt, its request and key, the price and the state.

    ARTICLE is its path below docs_dir, or its file.
    """
    with surveyed(config_file) as survey:
        made = survey.engine.plan(survey.orders)
        click.echo(explanation(article, made, survey, Path.cwd()), nl=False)
    return 0


def _troubles(plan: Plan, *, strict: bool) -> list[Diagnostic]:
    """Return what makes the command fail: errors, and under --strict warnings too."""
    levels = ("error", "warning") if strict else ("error",)
    return [diagnostic for diagnostic in plan.diagnostics if diagnostic.level in levels]


def _agreed(plan: Plan, *, yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: say --yes to buy")
    return click.confirm(report.purchase_question(plan), err=True)


def _bought(approved: ApprovedPlan, survey: Survey) -> list[Outcome]:
    total = len(approved.plan.purchases)
    outcomes = report.watch(survey.engine.buy(approved), total, _tell_outcome)
    told = f"{report.outcomes_summary(outcomes)}." if total else "Nothing to buy."
    click.echo(told, err=True)
    return outcomes


def _tell_outcome(outcome: Outcome) -> None:
    good = isinstance(outcome, Bought | Found)
    click.secho(report.outcome_line(outcome), err=True, fg=None if good else "red")


def _exit_code(outcomes: list[Outcome], *, failed: bool) -> int:
    if not failed and ended_at_wall(outcomes):
        return EXIT_OVER_BUDGET
    good = all(isinstance(outcome, Bought | Found) for outcome in outcomes)
    return 0 if good and not failed else EXIT_ERROR
