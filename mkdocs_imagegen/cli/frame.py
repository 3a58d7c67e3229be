"""What all commands share: options, the site they look at, how they print, tell and end."""

from __future__ import annotations

import functools
import logging
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import click

from .. import report
from ..articles import path_matches
from ..errors import EXIT_INTERRUPTED, ImagegenError, SettingsError
from ..folder import survey_folder
from ..model import Diagnostic, Plan, PlanOptions
from ..plan import Decision, Outlook
from ..survey import Survey, find_config_files, survey_site, take_stdout

Result = TypeVar("Result")
Command = TypeVar("Command", bound=Callable[..., Any])
HELP = {"help_option_names": ["-h", "--help"]}
"""Of every command: click keeps what one was first asked with."""

_COMMAND = re.compile(r"mkdocs-imagegen (?:apply|plan)\b")
ZENSICAL = "zensical.toml"
_ZENSICAL = (
    "for Zensical there are mkdocs-imagegen plan --write DOCS and apply --write DOCS, where DOCS "
    "is the folder of the articles"
)

config_file_option = click.option(
    "-f",
    "--config-file",
    type=click.Path(dir_okay=False),
    help="The site's mkdocs.yml.  [default: mkdocs.yml here]",
)
strict_option = click.option(
    "--strict", is_flag=True, help="Fail at any diagnostic; buy nothing then."
)


def format_option(text: str) -> Callable[[Command], Command]:
    """Return `--format text|json`; `text` says what the text is."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help=f"{text}, or JSON for scripts.",
    )


class _Usd(click.ParamType[Decimal]):
    """An amount of USD: exact, not a float."""

    name = "usd"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        try:
            usd = Decimal(str(value).removeprefix("$"))
        except InvalidOperation:
            usd = Decimal("NaN")
        if not usd.is_finite() or usd < 0:
            self.fail(f"{value!r} is no amount in USD, such as 0.50", param, ctx)
        return usd


USD = _Usd()


def plan_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Add the options of a plan, handed over as one `options`."""

    @functools.wraps(command)
    def run(
        *args: Any,
        only: tuple[str, ...],
        outdated: bool,
        max_cost: Decimal | None,
        retry: tuple[str, ...],
        rebuy: bool,
        **kwargs: Any,
    ) -> Result:
        options = PlanOptions(rebuy, outdated, frozenset(retry), only, max_cost)
        return command(*args, options=options, **kwargs)

    for option in (
        click.option("--rebuy", is_flag=True, help="Pay again for what is damaged or lost."),
        click.option(
            "--retry",
            metavar="ARTICLE",
            multiple=True,
            help="Send a prompt once more that a safety system refused. May be repeated.",
        ),
        click.option(
            "--max-cost",
            type=USD,
            help="Buy only as many as surely fit into this many USD, the cheapest first.",
        ),
        click.option(
            "--outdated",
            is_flag=True,
            help="Repaint covers that are outdated: made before the site's template, style or "
            "model changed.",
        ),
        click.option(
            "--only",
            metavar="GLOB",
            multiple=True,
            help="Buy only for articles that match, as in 'blog/**'. May be repeated.",
        ),
    ):
        run = option(run)
    return run


@contextmanager
def surveyed(
    config_file: str | None, *, strict: bool = False, docs: Path | None = None
) -> Iterator[Survey]:
    """Run a planning build of the site; inside, stdout is for the command's answer alone.

    With `docs` nothing is built: that folder's articles are read.
    """
    with take_stdout() as answer:
        if docs is not None:
            survey: Survey = survey_folder(docs, config_file, strict=strict)
        else:
            survey = survey_site(found_config_file(config_file), strict=strict)
        try:
            with redirect_stdout(answer):
                yield survey
        except ImagegenError as error:
            error.hint = in_full(error.hint, docs)
            raise
        finally:
            survey.close()


def found_config_file(named: str | None = None) -> str:
    """Return the config file that was named, else that of this folder.

    Raises:
        SettingsError: there is none, or only Zensical's own.
    """
    if named is not None and Path(named).suffix == ".toml":
        raise SettingsError(f"{named} is for Zensical, and this reads mkdocs.yml", hint=_ZENSICAL)
    if named:
        return named
    names = find_config_files(Path.cwd())
    if not names and Path(ZENSICAL).is_file():
        what = f"there is {ZENSICAL} in this folder, and this reads mkdocs.yml, which is not there"
        raise SettingsError(what, hint=_ZENSICAL)
    if not names:
        raise SettingsError(
            "'mkdocs.yml' does not exist in this folder",
            hint="go to the site's folder, or name the file: -f path/to/mkdocs.yml",
        )
    first, *others = names
    if theirs := next((name for name in others if name.startswith("properdocs")), None):
        click.echo(f"reading {first}; use -f {theirs} for the other", err=True)
    return first


def told(command: Callable[..., int]) -> Callable[..., None]:
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
        except KeyboardInterrupt:
            click.echo("stopped: nothing was bought", err=True)
            code = EXIT_INTERRUPTED
        sys.exit(code)

    return run


def refuse_html_on_terminal(way: str) -> None:
    """Refuse to pour a page onto a terminal; `way` writes it into a file.

    Raises:
        click.UsageError: stdout is a terminal.
    """
    if sys.stdout.isatty():
        raise click.UsageError(f"a terminal shows no HTML page; write it into a file: {way}")


def tell(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics to stderr."""
    colours = {"error": "red", "warning": "yellow", "info": "cyan"}
    for diagnostic in diagnostics:
        level = click.style(f"{diagnostic.level}:", fg=colours[diagnostic.level])
        click.echo(f"{level} {diagnostic}", err=True)


def in_full(text: str, docs: Path | None) -> str:
    """Return a text with the commands that it names as they are written here: with `--write`."""
    if docs is None:
        return text
    return _COMMAND.sub(lambda found: f"{found[0]} --write {shlex.quote(docs.as_posix())}", text)


def planned(survey: Survey, options: PlanOptions, docs: Path | None = None) -> Plan:
    """Return the plan; with `docs`, its hints name that folder.

    Raises:
        click.UsageError: `--retry` or `--only` name no article with a cover.
    """
    plan = survey.engine.plan(survey.orders, options)
    articles = {action.article for action in plan.actions}
    for article in sorted(options.retry - articles):
        raise click.UsageError(f"--retry: there is no article {article} with a cover")
    for glob in options.only:
        if not any(path_matches(glob, article) for article in articles):
            raise click.UsageError(f"--only: no article with a cover matches {glob!r}")
    told = (replace(each, hint=in_full(each.hint, docs)) for each in plan.diagnostics)
    return replace(plan, diagnostics=tuple(told)) if docs else plan


def outlook_of(
    survey: Survey, plan: Plan, docs: Path | None, decision: Decision | None = None
) -> Outlook:
    """Return what is told beside a plan, and the command that buys it as it is written here."""
    outlook = survey.engine.outlook(plan, decision)
    return replace(outlook, apply=in_full(outlook.apply, docs))


def troubles(plan: Plan, *, strict: bool) -> list[Diagnostic]:
    """Return what makes a command fail: errors, and under --strict warnings too."""
    levels = ("error", "warning") if strict else ("error",)
    return [diagnostic for diagnostic in plan.diagnostics if diagnostic.level in levels]


def would_change(plan: Plan) -> bool:
    """Tell whether `apply` would buy, or write something new into the lockfile."""
    return bool(plan.purchases or plan.unlocked)


def _log_to_stderr() -> None:
    """Show warnings of MkDocs and of other plugins: a planning build runs them all."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    handler.setLevel(logging.WARNING)
    for host in ("mkdocs", "properdocs"):
        logging.getLogger(host).addHandler(handler)
