"""`mkdocs-imagegen gc`: paid pictures that nobody uses any more, listed and, when told, removed."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from .. import cleaning
from ..cleaning import Found, Removed, Site
from ..engine import Engine
from ..errors import EXIT_ERROR
from ..lockfile import NAME as LOCKFILE
from ..model import Orders, Priced
from ..plan.forgetting import Forgetting
from ..plan.orphans import GRACE_DAYS, Orphan, left_lines
from ..pricing import usd_text
from ..report.orphans import (
    forgetting_json,
    forgetting_text,
    forgotten_text,
    orphans_json,
    orphans_text,
    sum_of,
)
from ..report.plan_words import counted
from ..survey import Survey
from .frame import HELP, config_file_option, format_option, surveyed, told

Consent = Callable[[str], Site | None]
"""Asks, and returns the site as it is after the answer; `None` where that is no."""

_SHOWN = 3
"""So many names are told of a longer list."""
_ELSEWHERE = (
    "git's history, clones, CI's caches and the published site may still have the picture: "
    "git filter-repo takes a file out of history, and CI's cache is deleted in its settings"
)


@click.command("gc", context_settings=HELP)
@config_file_option
@click.option("--delete", is_flag=True, help="Remove the orphans whose grace is over.")
@click.option(
    "--grace",
    "grace_days",
    metavar="DAYS",
    type=click.IntRange(0, 36_500),
    default=GRACE_DAYS,
    show_default=True,
    help="How long an orphan stays, counted from when it was first seen unused.",
)
@click.option(
    "--forget",
    metavar="ARTICLE",
    help="Remove this article's picture for good, and its line in imagegen.lock.",
)
@click.option("-y", "--yes", is_flag=True, help="Remove without asking.")
@click.option(
    "--docs",
    metavar="DOCS",
    type=click.Path(file_okay=False, path_type=Path),
    help="For Zensical and bare folders: the folder of the articles, as in apply --write DOCS.",
)
@format_option("A table to read")
@told
def gc_command(
    config_file: str | None,
    delete: bool,
    grace_days: int,
    forget: str | None,
    yes: bool,
    docs: Path | None,
    form: str,
) -> int:
    """List paid pictures that nobody uses any more; remove them with --delete. Buys nothing.

    In use is what an article of the site asks for, and what any imagegen.lock names: the one here,
    and those of all branches and tags that git knows here, of remotes as last fetched too.
    """
    if forget and delete:
        raise click.UsageError("--forget removes by itself: leave --delete out")
    with surveyed(config_file, docs=docs) as survey:
        site = _site_of(survey)
        found = cleaning.look(site)
        if found.repository is None:
            click.echo(f"This is no git repository: only {LOCKFILE} here counts.", err=True)

        def consent(question: str) -> Site | None:
            if yes:
                return site
            return _anew(site, config_file, docs) if _agreed(question) else None

        if forget:
            return _forget(forget, survey, site, found, consent=consent, form=form)
        return _collect(survey, site, found, grace_days, delete=delete, consent=consent, form=form)


def _site_of(survey: Survey) -> Site:
    engine, orders = survey.engine, survey.orders
    cleaning.require_whole(orders)
    return Site(orders, engine.lockfile, engine.lockfile_path, engine.store)


def _collect(
    survey: Survey,
    site: Site,
    found: Found,
    grace_days: int,
    *,
    delete: bool,
    consent: Consent,
    form: str,
) -> int:
    now = dt.datetime.now(dt.UTC)
    orphans = cleaning.orphans_of(site, found, now=now, grace=dt.timedelta(grace_days))
    due = [orphan for orphan in orphans if orphan.is_due(now)]
    if form == "text":
        colour = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if colour else None
        text = orphans_text(orphans, now=now, grace_days=grace_days, width=width, colour=colour)
        click.echo(text, nl=False)
        _tell_left(site)
    if orphans and site.store.read_only:
        click.echo("The store is read-only: since when they are unused is not noted.", err=True)
    done: Removed | None = None
    if delete and due and _may_remove(survey.engine):
        cleaning.require_idle(site.store)
        if (then := consent(f"Remove {sum_of(due)}, for good?")) is None:
            click.echo("Nothing was removed.", err=True)
            return EXIT_ERROR
        done = cleaning.remove_orphans(then, due)
        _tell_removed(done, due)
    elif due and not delete:
        click.echo("hint: mkdocs-imagegen gc --delete removes what may go now", err=True)
    if form == "json":
        gone, renditions = (done.digests, done.renditions) if done else (frozenset(), 0)
        text = orphans_json(
            orphans, now=now, grace_days=grace_days, removed=gone, renditions=renditions
        )
        click.echo(text, nl=False)
    return EXIT_ERROR if done and done.busy else 0


def _forget(
    article: str, survey: Survey, site: Site, found: Found, *, consent: Consent, form: str
) -> int:
    picture = _forgettable(article, site, found)
    if form == "text":
        click.echo(forgetting_text(picture), nl=False)
    _tell_before(picture, survey, found)
    done = Removed(frozenset())
    if _may_remove(survey.engine):
        cleaning.require_idle(site.store)
        if (then := consent(f"Forget the picture of {article}, for good?")) is None:
            click.echo("Nothing was removed.", err=True)
            return EXIT_ERROR
        picture = _forgettable(article, then, cleaning.look(then))
        done = cleaning.forget(then, picture)
        click.echo(f"{forgotten_text(picture, done.busy)} {_commit(survey.engine)}", err=True)
    if form == "json":
        text = forgetting_json(picture, removed=done.digests, renditions=done.renditions)
        click.echo(text, nl=False)
    return EXIT_ERROR if done.busy else 0


def _forgettable(article: str, site: Site, found: Found) -> Forgetting:
    picture = cleaning.forgetting(article, site, found)
    if not (picture.entries or picture.originals):
        raise click.UsageError(f"--forget: {article} has no picture in {LOCKFILE} or in the store")
    if picture.shared_with:
        others = _names(picture.shared_with)
        raise click.UsageError(
            f"--forget: {others} shows a picture of {article} too; change its prompt and apply, or "
            "take its cover away"
        )
    return picture


def _tell_before(picture: Forgetting, survey: Survey, found: Found) -> None:
    """Say what forgetting comes to, before it is asked for."""
    price = _price_anew(picture.article, survey.orders, survey.engine)
    if price:
        click.echo(
            f"{picture.article} still asks for a cover: the next run would buy it anew, {price}. "
            "Take its prompt away if it shall have none.",
            err=True,
        )
    places = cleaning.still_named(picture.digests, found.repository)
    lockfile = str(survey.engine.lockfile_path)
    if others := [place for place in places if place != lockfile]:
        click.echo(
            f"{_names(others)} still {'has' if len(others) == 1 else 'have'} its line in "
            f"{LOCKFILE}: the cover is lost there",
            err=True,
        )
    click.echo(_ELSEWHERE, err=True)


def _price_anew(article: str, orders: Orders, engine: Engine) -> str:
    """Return what an article's cover costs, in words; `""` where it asks for none."""
    prices = [
        engine.book.price(order.request, priced=engine.settings.priced)
        for order in orders.orders
        if order.request and order.cover.article.src_uri == article and not order.unsupported
    ]
    if not prices or engine.settings.provider == "sketch":
        return ""
    known = [
        price.output_usd + price.input_usd_estimate for price in prices if isinstance(price, Priced)
    ]
    return f"for ${usd_text(max(known))}" if known else "at a price that nobody knows"


def _tell_left(site: Site) -> None:
    """Tell of pictures that only a line of the lockfile keeps."""
    names = [entry.article for entry in left_lines(site.orders, site.lockfile)]
    if names:
        click.echo(
            f"{LOCKFILE} still has {counted(len(names), 'line')} of articles that are gone "
            f"({_names(names)}), so their pictures stay: mkdocs-imagegen gc --forget ARTICLE "
            "removes one",
            err=True,
        )


def _tell_removed(done: Removed, due: Sequence[Orphan]) -> None:
    gone = [orphan for orphan in due if orphan.original.digest in done.digests]
    made = counted(done.renditions, "file")
    click.echo(f"Removed {sum_of(gone)}, and {made} made of them.", err=True)
    if done.busy:
        click.echo(f"{counted(len(done.busy), 'picture')} stayed: in use by another run", err=True)
    if back := len(due) - len(gone) - len(done.busy):
        click.echo(f"{counted(back, 'picture')} stayed: in use again by now", err=True)


def _may_remove(engine: Engine) -> bool:
    if engine.dry_run:
        click.echo("IMAGEGEN_DRY_RUN is set: nothing was removed", err=True)
    return not engine.dry_run


def _anew(site: Site, config_file: str | None, docs: Path | None) -> Site:
    """Return a site as it is now: its articles may have changed while a person was asked."""
    with surveyed(config_file, docs=docs) as survey:
        return replace(site, orders=survey.orders, lockfile=survey.engine.lockfile)


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: say --yes to remove")
    return click.confirm(question, err=True)


def _commit(engine: Engine) -> str:
    covers_dir = engine.store.covers_dir
    return f"Commit {LOCKFILE}" + (f" and {covers_dir.name}/." if covers_dir else ".")


def _names(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
