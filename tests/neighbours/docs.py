"""docs/compatibility.md, from the cases: `python -m tests.neighbours.docs` writes it.

A test compares it, but for the versions: those it may be behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from tests.neighbours.cases import (
    CASES,
    HOSTS,
    NEIGHBOURS,
    NOT_TRIED,
    OTHER_CASES,
    THEME_PACKAGES,
    Case,
    Neighbour,
)

COMPATIBILITY = Path(__file__).parents[2] / "docs" / "compatibility.md"
_VERSION = re.compile(r"^\| `([^`]+)` \| ([0-9]+\.[0-9]+) \|$", re.MULTILINE)
_EVERYTHING = (*CASES, *OTHER_CASES)

_PAGE = """\
# What it works with

Every line was seen in a real site that the tests build (`tests/neighbours`): with `--strict` and
without a warning; a paid request for each distinct picture, and none in the second build; one
cover in each article, with its file; one `og:image` a page; titles and descriptions as without the
plugin. `python -m tests.neighbours.docs` writes this page.

## Hosts

{hosts}
Zensical loads no plugins: see [Zensical and bare folders](zensical.md).

## Plugins

{plugins}
## Sites that are built

| Site | Host | Theme | Plugins, all at once |
|---|---|---|---|
{sites}
## Newest versions tried

| Package | Version |
|---|---|
{versions}
## Not tried

{not_tried}"""

Versions = Mapping[str, str]


def installed() -> Versions:
    """Return major and minor version of each distribution that the cases build with."""
    of_cases = (NEIGHBOURS[name] for case in _EVERYTHING for name in case.neighbours)
    names = {each.distribution for each in (*HOSTS.values(), *of_cases)}
    parts = {name: version(name).split(".") for name in names | {*THEME_PACKAGES.values()}}
    return {name: ".".join(parts[name][:2]) for name in sorted(parts)}


def written_versions(text: str) -> Versions:
    """Return the versions that the page tells of."""
    return dict(_VERSION.findall(text))


def page(versions: Versions) -> str:
    """Return the whole page."""
    tried = [f"| `{name}` | {number} |\n" for name, number in versions.items()]
    return _PAGE.format(
        hosts=_table(HOSTS.values(), "Host"),
        plugins=_table(NEIGHBOURS.values(), "Plugin"),
        sites="".join(_site_row(case) for case in _EVERYTHING),
        versions="".join(tried),
        not_tried="".join(f"- {each}\n" for each in NOT_TRIED),
    )


def _table(rows: Iterable[Neighbour], first: str) -> str:
    lines = [f"| {each.title} | {each.works} | {each.limits} |\n" for each in rows]
    return f"| {first} | What was seen | To know before |\n|---|---|---|\n{''.join(lines)}"


def _site_row(case: Case) -> str:
    titles = ", ".join(NEIGHBOURS[name].title for name in case.neighbours) or "none"
    return f"| {case.name} | {HOSTS[case.host].title} | {case.theme} | {titles} |\n"


if __name__ == "__main__":
    COMPATIBILITY.write_text(page(installed()), encoding="utf-8")
