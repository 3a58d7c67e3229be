"""`mkdocs-imagegen init`: shows what it would write, asks, and writes that."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..errors import EXIT_ERROR
from ..scaffold import (
    WORKFLOWS,
    Change,
    Choices,
    Proposal,
    diff_lines,
    find_files,
    propose,
    write_changes,
)
from .books import read_config
from .frame import HELP, config_file_option, found_config_file, told

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command(context_settings=HELP)
@config_file_option
@click.option(
    "--workflow",
    "workflows",
    type=click.Choice(list(WORKFLOWS)),
    multiple=True,
    help="A GitHub Actions workflow to add; may be given more than once.",
)
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@told
def init(config_file: str | None, workflows: tuple[str, ...], yes: bool) -> int:
    """Set a site up: the plugin in mkdocs.yml, .gitignore, .gitattributes, CI.

    Shows every change before it is written, and leaves all else in these files as it is.
    """
    if {"covers-in-git", "ci-buys"} <= set(workflows):
        raise click.UsageError("covers-in-git and ci-buys both build the site: choose one")
    config_file = found_config_file(config_file)
    found = find_files(Path(config_file))
    proposal = propose(found, Choices(workflows))
    _show(proposal)
    if not proposal.changes:
        click.echo("Nothing to do.", err=True)
        _tell_of_address(config_file)
        return 0
    if not _agreed(proposal, yes=yes):
        click.echo("Nothing was written.", err=True)
        return EXIT_ERROR
    write_changes(proposal.changes)
    click.echo(f"Wrote {_names(proposal.changes)}.", err=True)
    click.echo(
        "Next: write cover_prompt into an article's front matter, then mkdocs-imagegen plan.",
        err=True,
    )
    _tell_of_address(config_file)
    return 0


def _tell_of_address(config_file: str) -> None:
    if "site_url" not in read_config(Path(config_file)):
        click.secho("note: no site_url: link previews need it", err=True, fg="yellow")


def _show(proposal: Proposal) -> None:
    for change in proposal.changes:
        for n, line in enumerate(diff_lines(change.name, change.old, change.new)):
            heading = n < 2
            colour = None if heading else _COLOURS.get(line[:1])
            click.secho(line, fg=colour, bold=heading or None)
        click.echo()
    for note in proposal.notes:
        click.secho(f"note: {note}", err=True, fg="yellow")


def _agreed(proposal: Proposal, *, yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: say --yes to write")
    return click.confirm(f"Write {_names(proposal.changes)}?", err=True)


def _names(changes: tuple[Change, ...]) -> str:
    *most, last = [change.name for change in changes]
    return f"{', '.join(most)} and {last}" if most else last
