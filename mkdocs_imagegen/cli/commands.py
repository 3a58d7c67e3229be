"""The commands: plans and JSON on stdout, everything else on stderr."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import click

from .. import __version__, report
from ..errors import EXIT_ERROR, EXIT_OVER_BUDGET, ImagegenError, SettingsError
from ..execute import ended_at_wall
from ..model import Bought, Diagnostic, Found, Outcome, Plan
from ..plan import ApprovedPlan
from ..survey import Survey, find_config_files, survey_site, take_stdout
from .explain import explanation


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="mkdocs-imagegen")
def commands() -> None:
    """Covers for MkDocs articles: see what they cost, buy them once, publish them.

    Exit codes: 0 fine, 1 error, 2 usage, 4 over budget.
    """


_config_file = click.option(
    "-f",
    "--config-file",
    type=click.Path(dir_okay=False),
    help="The site's mkdocs.yml.  [default: mkdocs.yml here]",
)
_strict = click.option("--strict", is_flag=True, help="Fail at any diagnostic; buy nothing then.")
_rebuy = click.option("--rebuy", is_flag=True, help="Pay again for originals that are damaged.")


@contextmanager
def _surveyed(config_file: str | None, *, strict: bool = False) -> Iterator[Survey]:
    with take_stdout() as answer:
        survey = survey_site(config_file or _found_config_file(), strict=strict)
        try:
            with redirect_stdout(answer):
                yield survey
        finally:
            survey.close()


def _found_config_file() -> str:
    names = find_config_files(Path.cwd())
    if not names:
        raise SettingsError(
            "'mkdocs.yml' does not exist in this folder",
            hint="go to the site's folder, or name the file: -f path/to/mkdocs.yml",
        )
    first, *others = names
    if theirs := next((name for name in others if name.startswith("properdocs")), None):
        click.echo(f"reading {first}; use -f {theirs} for the other", err=True)
    return first


def _told(command: Callable[..., int]) -> Callable[..., None]:
    """Print our errors to stderr and end with their exit code."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        _log_to_stderr()
        report.print_anything()
        try:
            code = command(*args, **kwargs)
        except ImagegenError as error:
            click.secho(f"error: {error}", err=True, fg="red")
            code = error.exit_code
        sys.exit(code)

    return run


@commands.command()
@_config_file
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="A table to read, or JSON for scripts.  [default: text]",
)
@_strict
@_told
def plan(config_file: str | None, form: str, strict: bool) -> int:
    """Show what a build would do about each cover, and what it costs. Buys nothing."""
    with _surveyed(config_file, strict=strict) as survey:
        engine = survey.engine
        made = engine.plan(survey.orders)
        decision = engine.foresee(made, strict=survey.strict)
        if form == "json":
            click.echo(report.plan_json(made, decision), nl=False)
        else:
            report.show_plan(made, decision, engine.settings.budget)
            _tell(made.diagnostics)
    return EXIT_ERROR if _troubles(made, strict=survey.strict) else 0


@commands.command()
@_config_file
@click.option("-y", "--yes", is_flag=True, help="Buy without asking.")
@_strict
@_rebuy
@_told
def apply(config_file: str | None, yes: bool, strict: bool, rebuy: bool) -> int:
    """Show the plan, ask, and buy exactly that.

    What was bought before is never bought again, and nothing is bought beyond `budget:`.
    """
    with _surveyed(config_file, strict=strict) as survey:
        engine = survey.engine
        made = engine.plan(survey.orders, rebuy=rebuy)
        report.show_plan(made, None, engine.settings.budget)
        _tell(made.diagnostics)
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
        _tell(published.diagnostics)
    return _exit_code(outcomes, failed=bool(troubles or published.diagnostics))


@commands.command()
@click.argument("article")
@_config_file
@_told
def explain(article: str, config_file: str | None) -> int:
    """Print one article's prompt, its request and key, the price and the state.

    ARTICLE is its path below docs_dir, or its file.
    """
    with _surveyed(config_file) as survey:
        made = survey.engine.plan(survey.orders)
        click.echo(explanation(article, made, survey, Path.cwd()), nl=False)
    return 0


def _tell(diagnostics: tuple[Diagnostic, ...]) -> None:
    colours = {"error": "red", "warning": "yellow", "info": "cyan"}
    for diagnostic in diagnostics:
        level = click.style(f"{diagnostic.level}:", fg=colours[diagnostic.level])
        click.echo(f"{level} {diagnostic}", err=True)


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


def _log_to_stderr() -> None:
    """Show warnings of MkDocs and of other plugins: a planning build runs them all."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    handler.setLevel(logging.WARNING)
    for host in ("mkdocs", "properdocs"):
        logging.getLogger(host).addHandler(handler)
