"""`mkdocs-imagegen report`: the books, on paper; they run no build and open no connection."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import sys
from pathlib import Path

import click

from ..report.costs import (
    By,
    CostReport,
    costs_csv,
    costs_html,
    costs_json,
    costs_text,
    make_report,
)
from .books import read_books
from .frame import (
    HELP,
    config_file_option,
    found_config_file,
    refuse_html_on_terminal,
    told,
)
from .gallery import covers, gallery

_DAY = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})(-(?P<day>[0-9]{2}))?")
_DAYS_AGO = re.compile(r"(?P<days>[0-9]{1,6})d")


def since_day(text: str, today: dt.date) -> dt.date:
    """Return the first day that counts.

    Raises:
        ValueError: the text is no date, month or number of days.
    """
    if found := _DAY.fullmatch(text):
        return dt.date(int(found["year"]), int(found["month"]), int(found["day"] or 1))
    if found := _DAYS_AGO.fullmatch(text):
        try:
            return today - dt.timedelta(days=int(found["days"]))
        except OverflowError as error:
            raise ValueError(text) from error
    raise ValueError(text)


def _since(_ctx: click.Context, _param: click.Parameter, text: str | None) -> dt.date | None:
    """Return the option's day; a usage error where it is none."""
    if text is None:
        return None
    try:
        return since_day(text, dt.datetime.now(dt.UTC).date())
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is no date: write it as 2026-10-01, 2026-10 or 30d"
        ) from error


@click.group(context_settings=HELP)
def report() -> None:
    """Look back on what was bought, and at what there is. Buys nothing."""


for command in (covers, gallery):
    report.add_command(command)


@report.command()
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path))
@config_file_option
@click.option(
    "--by",
    type=click.Choice([by.value for by in By]),
    default=By.MONTH.value,
    show_default=True,
    help="One row for each; with request, one for each request as the books have it.",
)
@click.option(
    "--since",
    metavar="DATE",
    callback=_since,
    help="Leave out what is older: 2026-10-01, 2026-10 for its first day, or 30d. In UTC.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "html"]),
    default="text",
    show_default=True,
    help="A table to read, JSON for scripts, CSV for spreadsheets, or a page with a chart.",
)
@told
def costs(
    sources: tuple[Path, ...],
    config_file: str | None,
    by: str,
    since: dt.date | None,
    form: str,
) -> int:
    """Show what covers cost: estimated, actual, and what was possibly billed.

    Without SOURCES it reads the ledger of the site here or, where that holds no purchases, its
    imagegen.lock. SOURCES are any number of ledgers (*.sqlite3), lockfiles (*.lock), mkdocs.yml
    files, and folders with a mkdocs.yml. A request that stands in several of them counts once.

    A ledger has a row for each request. A lockfile has the pictures that articles have now: not
    what failed, was replaced, or was estimated.

    Several authors of one article are a group of their own ("ann, bob"), so that the sums are
    right. Months are those of UTC. What nobody knows is told as unknown and never counts as zero.
    """
    if form == "html":
        refuse_html_on_terminal("mkdocs-imagegen report costs --format html > costs.html")
    books = read_books(_sources(sources, config_file), Path.cwd())
    for note in books.notes:
        click.echo(note, err=True)
    if books.sources:
        click.echo(f"read {', '.join(books.sources)}", err=True)
    _write(make_report(books.costs, By(by), since=since, sources=books.sources), form)
    return 0


def _sources(named: tuple[Path, ...], config_file: str | None) -> tuple[Path, ...]:
    if config_file:
        return (Path(config_file), *named)
    return named or (Path(found_config_file()),)


def _write(report: CostReport, form: str) -> None:
    match form:
        case "json":
            click.echo(costs_json(report), nl=False)
        case "csv":
            # As bytes: its line ends are its own, and spreadsheets ask for UTF-8.
            click.echo(costs_csv(report).encode(errors="replace"), nl=False)
        case "html":
            click.echo(costs_html(report).encode(errors="replace"), nl=False)
        case _:
            colour = sys.stdout.isatty()
            width = shutil.get_terminal_size().columns if colour else None
            sys.stdout.write(costs_text(report, width=width, colour=colour))
