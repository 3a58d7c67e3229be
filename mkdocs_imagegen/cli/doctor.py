"""`mkdocs-imagegen doctor`: layer by layer, what is well and what mends the rest."""

from __future__ import annotations

import datetime as dt
import logging
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import click

from .. import checkup
from ..checkup import Examined, Finding, Layer, Offer
from ..engine import Engine
from ..environment import DRY_RUN
from ..errors import EXIT_ERROR, ImagegenError, SettingsError, SiteError
from ..holdings import sound_record
from ..lockfile import NAME
from ..model import Entry
from ..providers import OnAnswer
from ..store.lockfiles import BROKEN_SUFFIX
from ..survey import Survey, survey_site, take_stdout
from .frame import HELP, config_file_option, format_option, found_config_file, told


@click.command(context_settings=HELP)
@config_file_option
@click.option(
    "--fix",
    is_flag=True,
    help=f"Mend {NAME}; the broken one stays as {NAME}{BROKEN_SUFFIX}.",
)
@click.option(
    "--live",
    is_flag=True,
    help="Buy one small picture after naming its price, and check what comes.",
)
@click.option("-y", "--yes", is_flag=True, help="With --live: buy without asking.")
@format_option("Lines to read")
@told
def doctor(config_file: str | None, fix: bool, live: bool, yes: bool, form: str) -> int:
    """Check the site layer by layer, and say what mends it. Buys nothing without --live.

    Where a key is set, the endpoint is asked for the site's models, which is free. Exits with 1
    where anything is an error.
    """
    if yes and not live:
        raise click.UsageError("--yes goes with --live: nothing else is bought here")
    with take_stdout() as answer:
        config_file = found_config_file(config_file)
        survey = _survey(config_file)
        try:
            layers = _examined(config_file, survey, fix=fix)
            if form == "text":
                _print(layers, answer)
            if live:
                layers.append(_trial(survey, yes=yes))
                if form == "text":
                    click.echo(file=answer)
                    _print(layers[-1:], answer)
        finally:
            if isinstance(survey, Survey):
                survey.close()
        if form == "json":
            click.echo(checkup.checkup_json(layers), nl=False, file=answer)
    click.echo(checkup.checkup_summary(layers), err=True)
    return EXIT_ERROR if checkup.counts(layers)["error"] else 0


def _survey(config_file: str) -> Survey | ImagegenError:
    """Survey the site; what stops that is told with the errors that MkDocs logged before it."""
    heard = _Heard()
    hosts = [logging.getLogger(host) for host in ("mkdocs", "properdocs")]
    for host in hosts:
        host.addHandler(heard)
    try:
        return survey_site(config_file)
    except SiteError as error:
        if not heard.texts:
            return error
        return SiteError("\n".join((error.message, *heard.texts)), hint="mend that in mkdocs.yml")
    except ImagegenError as error:
        return error
    finally:
        for host in hosts:
            host.removeHandler(heard)


class _Heard(logging.Handler):
    """The errors that are logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def _examined(config_file: str, survey: Survey | ImagegenError, *, fix: bool) -> list[Layer]:
    """Run every check that can be run; with `fix`, mend the lockfile."""
    root = Path(config_file).resolve().parent
    machine = checkup.check_surroundings(root, os.environ)
    lockfile = _lockfile(root / NAME, survey, fix=fix)
    if isinstance(survey, ImagegenError):
        return [machine, *checkup.unread_site(root, survey, lockfile)]
    try:
        plan = survey.engine.plan(survey.orders)
    except ImagegenError:
        plan = None  # the checks of lockfile and store tell why
    now = dt.datetime.now(dt.UTC)
    site = Examined(survey.engine, survey.orders, now, root, os.environ, plan)
    return [machine, *checkup.check_site(site, lockfile)]


def _lockfile(path: Path, survey: Survey | ImagegenError, *, fix: bool) -> Finding:
    if not fix:
        return checkup.check_lockfile(path)

    def is_at_hand(entry: Entry) -> bool:
        approved = entry.approved
        if approved is None or not isinstance(survey, Survey):
            return False
        return sound_record(survey.engine.store, approved.request_key, [entry]) is not None

    return checkup.mended_lockfile(path, is_at_hand, at=dt.datetime.now(dt.UTC))


def _trial(survey: Survey | ImagegenError, *, yes: bool) -> Layer:
    """Buy one picture where that is wanted, and return what came of it."""
    if isinstance(survey, ImagegenError):
        why = Finding("skipped", "trial", "mkdocs.yml must be read first: nothing was bought")
        return Layer("live", (why,))
    engine = survey.engine
    try:
        offer = checkup.make_offer(engine, dt.datetime.now(dt.UTC).date())
    except SettingsError as error:
        return Layer("live", (checkup.failed("trial", error),))
    if engine.dry_run:
        why = Finding("skipped", "trial", f"{DRY_RUN} is set: nothing was bought ({offer})")
        return Layer("live", (why,))
    click.echo(f"This buys {offer}.", err=True)
    if not yes and not _agreed():
        return Layer("live", (Finding("skipped", "trial", "you said no: nothing was bought"),))
    return Layer("live", tuple(_buy(engine, offer)))


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: say --yes to buy")
    return click.confirm("Buy it?", err=True)


def _buy(engine: Engine, offer: Offer) -> Sequence[Finding]:
    from ..providers.openai import OpenAIProvider  # imports the SDK
    from ..providers.quirks import QUIRKS, Quirks

    endpoint = engine.endpoint
    assert endpoint is not None  # make_offer refuses without one

    def provider(on_answer: OnAnswer) -> OpenAIProvider:
        return OpenAIProvider(
            endpoint,
            timeout_s=engine.settings.timeout_s,
            on_answer=on_answer,
            quirks=Quirks(engine.store.cache_dir / QUIRKS),
        )

    bought = checkup.buy_offer(engine, offer, provider, lambda: dt.datetime.now(dt.UTC))
    return tuple(bought)


def _print(layers: Sequence[Layer], answer: TextIO) -> None:
    terminal = answer.isatty()
    width = shutil.get_terminal_size().columns if terminal else None
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    text = checkup.checkup_text(layers, width=width, colour=colour)
    click.echo(text, nl=False, file=answer, color=colour)
