"""`mkdocs-imagegen plan`: what a build would do about each cover, and what it costs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import click

from .. import report
from ..errors import EXIT_ERROR, EXIT_OVER_BUDGET, EXIT_WOULD_CHANGE
from ..model import Plan, PlanOptions
from ..plan import Outlook
from ..previews import previous_prompts, thumbnails
from ..store.files import write_atomically
from ..survey import Survey
from .frame import (
    HELP,
    USD,
    config_file_option,
    outlook_of,
    plan_options,
    planned,
    refuse_html_on_terminal,
    strict_option,
    surveyed,
    tell,
    told,
    troubles,
    would_change,
)
from .write import changes_of, tell_changes, write_options

FORMATS = ("text", "json", "markdown", "html")


@click.command("plan", context_settings=HELP)
@config_file_option
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    help="A table to read, JSON for scripts, Markdown for a comment on a pull request, or a page "
    "with pictures.  [default: text]",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Save the plan as JSON too, for `apply FILE`.",
)
@click.option("--check", is_flag=True, help="Exit with 3 if anything would be bought or changed.")
@click.option("--fail-over", type=USD, help="Exit with 4 if the plan may cost more USD than this.")
@plan_options
@strict_option
@write_options
@told
def plan_command(
    config_file: str | None,
    form: str,
    out: Path | None,
    check: bool,
    fail_over: Decimal | None,
    options: PlanOptions,
    strict: bool,
    docs: Path | None,
    drawn: bool,
) -> int:
    """Show what a build would do about each cover, and what it costs. Buys nothing."""
    if form == "html":
        refuse_html_on_terminal("mkdocs-imagegen plan --format html > plan.html")
    with surveyed(config_file, strict=strict, docs=docs) as survey:
        engine = survey.engine
        plan = planned(survey, options, docs)
        decision = None if docs else engine.foresee(plan, strict=survey.strict)
        outlook = outlook_of(survey, plan, docs, decision)
        if out is not None:
            _save(report.plan_json(plan, outlook, options), out)
        _show(plan, outlook, options, form, survey)
        if form == "text":
            tell(plan.diagnostics)
        changes = changes_of(survey, plan, drawn=drawn)
        tell_changes(changes, done=False)
    if troubles(plan, strict=survey.strict):
        return EXIT_ERROR
    if fail_over is not None and _may_cost_more(plan, fail_over):
        return EXIT_OVER_BUDGET
    return EXIT_WOULD_CHANGE if check and (would_change(plan) or changes) else 0


def _save(text: str, out: Path) -> None:
    try:
        write_atomically(out, text.encode())
    except OSError as error:
        raise click.UsageError(f"--out {out} can't be written: {error.strerror}") from error


def _show(plan: Plan, outlook: Outlook, options: PlanOptions, form: str, survey: Survey) -> None:
    engine = survey.engine
    match form:
        case "json":
            click.echo(report.plan_json(plan, outlook, options), nl=False)
        case "markdown":
            click.echo(report.plan_markdown(plan, outlook), nl=False)
        case "html":
            page = report.plan_html(
                plan,
                outlook,
                thumbnails(plan, engine.store),
                previous_prompts(plan, engine.store),
                site_name=engine.settings.site.name,
            )
            click.echo(page, nl=False)
        case _:
            report.show_plan(plan, outlook)


def _may_cost_more(plan: Plan, usd: Decimal) -> bool:
    """Tell whether the plan may cost more; what has no price may cost anything."""
    return bool(plan.unpriced) or plan.bound_usd > usd
