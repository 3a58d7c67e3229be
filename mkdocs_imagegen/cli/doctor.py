"""`mkdocs-imagegen doctor`: layer by layer, what is well and what mends the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import click

from ..engine import Engine
from ..errors import EXIT_ERROR, ImagegenError, LockfileError, StoreError
from ..holdings import sound_record
from ..lockfile import NAME
from ..model import ActionKind, Entry, Orders
from ..plan import SOON_DAYS
from ..settings import Mode
from ..store.lockfiles import BROKEN_SUFFIX, mend_lockfile, read_lockfile
from ..survey import Survey, survey_site, take_stdout
from .frame import HELP, config_file_option, found_config_file, told

STALE_DAYS = 120
"""How old prices may be before that is told."""

_STYLES = {
    "ok": ("+", "green"),
    "info": ("·", "cyan"),
    "warning": ("!", "yellow"),
    "error": ("x", "red"),
}
_NAME_WIDTH = 14


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look at one layer found."""

    level: Literal["ok", "info", "warning", "error"]
    name: str
    """Of the layer: `imagegen.lock`, `store`."""
    message: str
    hint: str = ""
    """The one edit or command that mends it."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A site whose planning build went well."""

    engine: Engine
    orders: Orders
    today: dt.date

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the articles' covers ask for, each once."""
        requests = (order.request for order in self.orders.orders)
        return tuple(dict.fromkeys(request.model for request in requests if request))


@click.command(context_settings=HELP)
@config_file_option
@click.option(
    "--fix",
    is_flag=True,
    help=f"Mend {NAME}; the broken one stays as {NAME}{BROKEN_SUFFIX}.",
)
@told
def doctor(config_file: str | None, fix: bool) -> int:
    """Check the site layer by layer, and say what mends it. Buys nothing."""
    with take_stdout() as answer:
        today = dt.datetime.now(dt.UTC).date()
        findings = examine(config_file or found_config_file(), today, fix=fix)
        for finding in findings:
            click.echo(rendered(finding), file=answer)
    return EXIT_ERROR if any(finding.level == "error" for finding in findings) else 0


def rendered(finding: Finding) -> str:
    """Return a finding as a line to print, its mend as one below."""
    symbol, colour = _STYLES[finding.level]
    message = finding.message.replace("\n", "\n  ")
    line = f"{click.style(symbol, fg=colour, bold=True)} {finding.name:<{_NAME_WIDTH}} {message}"
    return f"{line}\n  hint: {finding.hint}" if finding.hint else line


def examine(config_file: str, today: dt.date, *, fix: bool) -> list[Finding]:
    """Run every check that can be run; with `fix`, mend the lockfile."""
    survey = _survey(config_file)
    lockfile = check_lockfile(Path(config_file).resolve().parent / NAME, survey, fix=fix)
    if isinstance(survey, LockfileError) and lockfile.level != "error":
        survey = _survey(config_file)
    if isinstance(survey, ImagegenError):
        same = isinstance(survey, LockfileError)
        return [lockfile] if same else [lockfile, _failed("mkdocs.yml", survey)]
    try:
        site = Examined(survey.engine, survey.orders, today)
        return [lockfile, *(finding for check in CHECKS for finding in check(site))]
    finally:
        survey.close()


def check_lockfile(path: Path, survey: Survey | ImagegenError, *, fix: bool) -> Finding:
    """Tell whether the lockfile is whole; with `fix`, mend it."""
    try:
        lockfile = read_lockfile(path)
    except LockfileError as error:
        return _mended(path, survey) if fix else _failed(NAME, error)
    if not lockfile.entries and not path.exists():
        return Finding("ok", NAME, "not there yet: the first purchase writes it")
    return Finding("ok", NAME, f"whole, {_counted(len(lockfile.entries), 'article')}")


def check_site(site: Examined) -> Iterator[Finding]:
    """Tell how many covers the site asks for, and whether articles are in trouble."""
    covers = _counted(len(site.orders.orders), "cover")
    yield Finding("ok", "mkdocs.yml", f"read; the articles ask for {covers}")
    levels = [diagnostic.level for diagnostic in site.orders.diagnostics]
    if troubles := len(levels) - levels.count("info"):
        message = f"{_counted(troubles, 'diagnostic')} to look at"
        yield Finding("warning", "articles", message, "mkdocs-imagegen plan lists them")


def check_endpoint(site: Examined) -> Iterator[Finding]:
    """Tell where requests go, by which key, and whether their prices are known. Never the key."""
    settings, endpoint = site.engine.settings, site.engine.endpoint
    if settings.provider == "sketch":
        yield Finding("ok", "key", "none is needed: provider sketch draws all covers here")
    elif endpoint is not None:
        host = urlsplit(endpoint.base_url).hostname
        yield Finding("ok", "key", f"{endpoint.key_name} is set, and goes to {host}")
    elif settings.mode is Mode.FROZEN:
        yield Finding("ok", "key", "none is set, and mode frozen needs none")
    else:
        yield Finding(
            "info",
            "key",
            "none is set: missing covers are drawn, none is bought",
            "to buy, set IMAGEGEN_API_KEY (or OPENAI_API_KEY) in the environment or in .env",
        )


def check_store(site: Examined) -> Iterator[Finding]:
    """Tell whether the store opens and can keep what would be bought. May make its folders."""
    if not site.orders.orders:
        yield Finding("ok", "store", "not needed: no article asks for a cover")
        return
    try:
        store = site.engine.store
        originals = _counted(sum(1 for _ in store.records()), "original")
    except StoreError as error:
        yield _failed("store", error)
        return
    where = f"{store.cache_dir}: {originals}"
    try:
        store.require_writable()
    except StoreError as error:
        yield Finding("warning", "store", f"{where}; {error.message}", error.hint)
    else:
        yield Finding("ok", "store", f"{where}; can be written")


def check_covers(site: Examined) -> Iterator[Finding]:
    """Tell of covers that were paid for and are in no store."""
    try:
        plan = site.engine.plan(site.orders)
    except (LockfileError, StoreError):
        return  # told of already
    lost = tuple(plan.of(ActionKind.LOST))
    if lost:
        message = f"{_counted(len(lost), 'cover')} in imagegen.lock, but in no store"
        yield Finding("warning", "covers", message, lost[0].mend)


def check_models(site: Examined) -> Iterator[Finding]:
    """Tell of models in use whose vendor shuts them down soon, or did."""
    if not site.engine.settings.priced or site.engine.settings.provider == "sketch":
        return  # the days are of OpenAI's own endpoint
    for model in site.models:
        end = site.engine.book.shut_down(model)
        if end is None or (end.on - site.today).days > SOON_DAYS:
            continue
        past = end.on <= site.today
        yield Finding(
            "warning",  # a site whose covers are all there needs no model
            "model",
            f"{model} {'was' if past else 'will be'} shut down on {end.on}",
            f"set `model: {end.successor}` in mkdocs.yml",
        )


def check_prices(site: Examined) -> Iterator[Finding]:
    """Tell whether the prices of the models in use are known, and of today."""
    settings, book = site.engine.settings, site.engine.book
    for model in () if settings.provider == "sketch" else site.models:
        row = book.rows.get(model)
        if row is None or not (settings.priced or row.own):
            yield Finding(
                "info",
                "prices",
                f"nobody knows those of {model} here: a wall in USD refuses it",
                "name them under `prices:`, or set `price_as: openai` where OpenAI's hold",
            )
        elif row.as_of and (age := site.today - dt.date.fromisoformat(row.as_of)).days > STALE_DAYS:
            yield Finding(
                "info",
                "prices",
                f"those of {model} are as of {row.as_of}, {age.days} days ago",
                f"pip install --upgrade mkdocs-imagegen, or compare them with {row.source}",
            )
        else:
            as_of = f", as of {row.as_of}" if row.as_of else ""
            whose = "your own" if row.own else "OpenAI's"
            yield Finding("ok", "prices", f"{whose} for {model}{as_of}")


Check = Callable[[Examined], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (
    check_site,
    check_endpoint,
    check_store,
    check_covers,
    check_models,
    check_prices,
)
"""From the site outwards; each stands alone."""


def _survey(config_file: str) -> Survey | ImagegenError:
    try:
        return survey_site(config_file)
    except ImagegenError as error:
        return error


def _failed(name: str, error: ImagegenError) -> Finding:
    return Finding("error", name, error.message, error.hint)


def _mended(path: Path, survey: Survey | ImagegenError) -> Finding:
    def is_at_hand(entry: Entry) -> bool:
        approved = entry.approved
        if approved is None or not isinstance(survey, Survey):
            return False
        return sound_record(survey.engine.store, approved.request_key, [entry]) is not None

    try:
        notes = mend_lockfile(path, is_at_hand)
    except LockfileError as error:
        return _failed(NAME, error)
    done = "".join(f"\n{note}" for note in notes)
    return Finding(
        "info",
        NAME,
        f"mended; the broken one is {NAME}{BROKEN_SUFFIX}{done}",
        f"look it over, then: git add {NAME}",
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
