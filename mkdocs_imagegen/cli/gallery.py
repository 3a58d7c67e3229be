"""`report gallery` and `report covers`: a site's covers, to look at and to list."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ..errors import EXIT_ERROR
from ..previews import small_pictures
from ..report.covers import covers_csv, covers_json, covers_text
from ..report.gallery import Exhibit, gallery_html
from ..report.shown import ShownCover
from ..store.files import write_atomically
from .collection import Collected, Collection, collect
from .frame import (
    HELP,
    config_file_option,
    refuse_html_on_terminal,
    surveyed,
    tell,
    told,
    troubles,
)

_WIDTHS_PX = ((60, 1024), (200, 640), (500, 480))
"""Up to so many covers a picture's longest side is that; the page must stay of a size to open."""
_LEAST_PX = 320


@click.command(context_settings=HELP)
@config_file_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page into this file.  [default: stdout]",
)
@told
def gallery(config_file: str | None, out: Path | None) -> int:
    """Show all covers on one page: pictures, prompts, prices, ages. Buys nothing.

    The page is one HTML file that needs no server and asks none: filter, search, enlarge. What was
    bought and no article shows any more is in it too.
    """
    if out is None:
        refuse_html_on_terminal("--out covers.html")
    with surveyed(config_file) as survey:
        collection = collect(survey)
        page = gallery_html(
            _exhibits((*collection.covers, *collection.orphans)),
            site_name=survey.engine.settings.site.name,
            today=dt.datetime.now(dt.UTC).date(),
        ).encode(errors="replace")
        if out is None:
            click.echo(page, nl=False)
        else:
            _save(page, out)
            count = len(collection.covers) + len(collection.orphans)
            click.echo(f"{out}: {count} covers, {len(page) / 1e6:.1f} MB", err=True)
        _tell(collection)
    return 0


@click.command(context_settings=HELP)
@config_file_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="A table to read, CSV for spreadsheets, or JSON for scripts, the last two with more.",
)
@told
def covers(config_file: str | None, form: str) -> int:
    """List each page's picture: whether AI made it, which model, when, and the label it shows.

    Own pictures are in it; `cover_ai: true` or `false` says of them whether AI made them. What is
    listed is what a build here and now would publish.
    """
    with surveyed(config_file) as survey:
        collection = collect(survey)
        listed = [collected.cover for collected in collection.covers]
        _write(listed, form)
        _tell(collection)
    return EXIT_ERROR if troubles(collection.plan, strict=False) else 0


def _write(listed: Sequence[ShownCover], form: str) -> None:
    match form:
        case "json":
            click.echo(covers_json(listed), nl=False)
        case "csv":
            # As bytes: its line ends are its own, and spreadsheets ask for UTF-8.
            click.echo(covers_csv(listed).encode(errors="replace"), nl=False)
        case _:
            colour = sys.stdout.isatty()
            width = shutil.get_terminal_size().columns if colour else None
            click.echo(covers_text(listed, width=width, colour=colour), nl=False)


def _exhibits(collected: Sequence[Collected]) -> list[Exhibit]:
    longest_px = next((px for most, px in _WIDTHS_PX if len(collected) <= most), _LEAST_PX)
    pictures = small_pictures([one.read for one in collected], longest_px=longest_px)
    return [Exhibit(one.cover, picture) for one, picture in zip(collected, pictures, strict=True)]


def _tell(collection: Collection) -> None:
    """Tell what is missing here: articles with errors, and pictures that can't be shown."""
    tell((*troubles(collection.plan, strict=False), *collection.diagnostics))


def _save(page: bytes, out: Path) -> None:
    try:
        write_atomically(out, page)
    except OSError as error:
        raise click.UsageError(f"--out {out} can't be written: {error.strerror}") from error
