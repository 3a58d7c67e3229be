"""`mkdocs-imagegen restore`: paid originals back into the store, from where they still are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

import click

from .. import restore as restoring
from ..errors import EXIT_ERROR, StoreError
from ..model import Entry
from ..restore import Restored, Search
from ..store import Store
from .frame import HELP, config_file_option, surveyed, told

COLOURS = {"restored": "green", "not found": "yellow", "differs": "red"}
STILL_MISSING = (
    "a cover that came as PNG or JPEG is not on the site as it came: look for it in a backup or in "
    "an old cache (restore --from DIR), or pay once more: mkdocs-imagegen apply --rebuy"
)


def _search(context: click.Context, option: click.Parameter, source: str) -> Search:
    try:
        return restoring.search_of(source)
    except ValueError as error:
        raise click.BadParameter(str(error), context, option) from error


@click.command(context_settings=HELP)
@click.option(
    "--from",
    "search",
    callback=_search,
    required=True,
    metavar="SOURCE",
    help="The published site's address, or a folder: an old cache or built site, a backup.",
)
@config_file_option
@told
def restore(search: Search, config_file: str | None) -> int:
    """Fetch covers that were paid for and are in no store any more. Buys nothing.

    Takes only what has the digest that imagegen.lock names.
    """
    with surveyed(config_file) as survey:
        return bring_back(survey.engine.lost(), survey.engine.store, search)


def bring_back(entries: Iterable[Entry], store: Store, search: Search) -> int:
    """Restore what can be, with a line for each article, and return the exit code."""
    counts: Counter[str] = Counter()
    for result in restoring.restore(entries, store, search):
        counts[result.state] += 1
        click.echo(_line(result))
    if counts["restored"]:
        with suppress(StoreError):  # only `mkdocs serve` misses it
            store.mark_changed()
    click.echo(_summary(counts), err=True)
    if counts.total() == counts["restored"]:
        return 0
    click.echo(f"hint: {STILL_MISSING}", err=True)
    return EXIT_ERROR


def _line(result: Restored) -> str:
    state = click.style(f"{result.state:<9}", fg=COLOURS[result.state])
    entry = result.entry
    article = f"{entry.article} ({entry.locale})" if entry.locale else entry.article
    return f"{state}  {article}: {result.why}" if result.why else f"{state}  {article}"


def _summary(counts: Counter[str]) -> str:
    if not counts:
        return "No cover is lost: nothing to restore."
    return ", ".join(f"{counts[state]} {state}" for state in COLOURS if counts[state]) + "."
