"""`mkdocs-imagegen check`: a built site as the crawlers of link previews see it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from .. import crawlers
from ..articles import path_matches
from ..crawlers import LIMIT_PAGES, Folder, Limits, Report, Web
from ..errors import EXIT_ERROR
from .books import find_site_dir
from .frame import HELP, format_option, found_config_file, told


@click.command("check", context_settings=HELP)
@click.argument("site", metavar="[SITE]", required=False)
@click.option(
    "--page",
    "globs",
    metavar="GLOB",
    multiple=True,
    help="Check only pages that match, as in 'blog/**'. May be repeated.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 at warnings too.")
@format_option("A table to read")
@click.option(
    "--site-url",
    metavar="URL",
    default="",
    help="Where the site is published.  [default: as its pages say]",
)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=1),
    default=LIMIT_PAGES,
    show_default=True,
    help="Pages of a published site to check at most.",
)
@told
def check(
    site: str | None, globs: tuple[str, ...], strict: bool, form: str, site_url: str, limit: int
) -> int:
    """Check the pictures of a built site as the crawlers of link previews would.

    SITE is the folder that MkDocs built, or the address of a published site; without it, the
    site_dir of mkdocs.yml is checked. A folder is checked
    without the network; of a published site the pages of its sitemap.xml are fetched. Buys nothing.
    Exits with 1 where a picture is not shown.
    """

    def wanted(path: str) -> bool:
        uri = path.strip("/") or "index.html"
        return not globs or any(path_matches(glob.strip("/"), uri) for glob in globs)

    site = site or str(find_site_dir(Path(found_config_file())))
    if site.startswith(("https://", "http://")):
        with Web(site, site_url, Limits(pages=limit)) as web:
            report = crawlers.check_site(web, wanted)
    else:
        report = crawlers.check_site(Folder(Path(site), site_url), wanted)
    if globs and not report.pages:
        raise click.UsageError(f"--page: no page matches {' or '.join(globs)}")
    _print(report, form)
    click.echo(crawlers.report_summary(report), err=True)
    failing = ("fail", "warn") if strict else ("fail",)
    return EXIT_ERROR if report.worst in failing else 0


def _print(report: Report, form: str) -> None:
    if form == "json":
        click.echo(crawlers.report_json(report), nl=False)
        return
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else None
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    click.echo(crawlers.report_text(report, width=width, colour=colour), nl=False, color=colour)
