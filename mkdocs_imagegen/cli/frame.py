"""What all commands share: options, the site they look at, how they print, tell and end."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import click

from .. import report
from ..errors import ImagegenError, SettingsError
from ..model import Diagnostic
from ..survey import Survey, find_config_files, survey_site, take_stdout

config_file_option = click.option(
    "-f",
    "--config-file",
    type=click.Path(dir_okay=False),
    help="The site's mkdocs.yml.  [default: mkdocs.yml here]",
)
strict_option = click.option(
    "--strict", is_flag=True, help="Fail at any diagnostic; buy nothing then."
)


@contextmanager
def surveyed(config_file: str | None, *, strict: bool = False) -> Iterator[Survey]:
    """Run a planning build of the site; inside, stdout is for the command's answer alone."""
    with take_stdout() as answer:
        survey = survey_site(config_file or found_config_file(), strict=strict)
        try:
            with redirect_stdout(answer):
                yield survey
        finally:
            survey.close()


def found_config_file() -> str:
    """Return the config file of this folder.

    Raises:
        SettingsError: there is none.
    """
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
        sys.exit(code)

    return run


def tell(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics to stderr."""
    colours = {"error": "red", "warning": "yellow", "info": "cyan"}
    for diagnostic in diagnostics:
        level = click.style(f"{diagnostic.level}:", fg=colours[diagnostic.level])
        click.echo(f"{level} {diagnostic}", err=True)


def _log_to_stderr() -> None:
    """Show warnings of MkDocs and of other plugins: a planning build runs them all."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    handler.setLevel(logging.WARNING)
    for host in ("mkdocs", "properdocs"):
        logging.getLogger(host).addHandler(handler)
