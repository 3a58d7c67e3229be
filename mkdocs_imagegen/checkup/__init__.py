"""The checkup behind `doctor`: layer by layer, what is well and what mends the rest.

Buys nothing and sends GET requests only; `live` alone buys, one picture.

    findings  what a check finds, and what it looks at
    machine   versions, picture formats, `.env`, the CI's variables
    site      articles, template, walls, mode
    keeping   store, disk, ledger, lockfile, originals, git
    money     prices, and the ends of models
    endpoint  which key goes where, and what answers there
    live      one picture, bought on trial
    telling   all that as text or JSON
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ..errors import ImagegenError
from .endpoint import check_endpoint, check_key
from .findings import Examined, Finding, Layer, failed
from .keeping import (
    check_git,
    check_lockfile,
    check_originals,
    check_store,
    check_tracking,
    mended_lockfile,
)
from .live import Offer, buy_offer, make_offer
from .machine import check_machine
from .money import check_models, check_prices
from .site import check_address, check_articles, check_mode, check_template, check_walls
from .telling import checkup_json, checkup_summary, checkup_text, counts

__all__ = [
    "Examined",
    "Finding",
    "Layer",
    "Offer",
    "buy_offer",
    "check_lockfile",
    "check_site",
    "check_surroundings",
    "checkup_json",
    "checkup_summary",
    "checkup_text",
    "counts",
    "failed",
    "make_offer",
    "mended_lockfile",
    "unread_site",
]

Check = Callable[[Examined], Iterator[Finding]]
LAYERS: tuple[tuple[str, tuple[Check, ...]], ...] = (
    ("site", (check_articles, check_address, check_template, check_mode)),
    ("money", (check_walls, check_models, check_prices)),
    ("store", (check_store, check_originals, check_tracking)),
    ("endpoint", (check_key, check_endpoint)),
)
"""From the site outwards; each check stands alone."""


def check_surroundings(root: Path, environ: Mapping[str, str]) -> Layer:
    """Look at what needs no site."""
    return Layer("machine", tuple(check_machine(root, environ)))


def check_site(site: Examined, lockfile: Finding) -> list[Layer]:
    """Run every check of a site; `lockfile` is what was found of imagegen.lock."""
    layers = [Layer(title, tuple(_findings(checks, site))) for title, checks in LAYERS]
    return [_with(lockfile, layer) if layer.title == "store" else layer for layer in layers]


def unread_site(root: Path, error: ImagegenError, lockfile: Finding) -> list[Layer]:
    """Return what can be told of a site whose planning build failed."""
    site = Layer("site", (failed("mkdocs.yml", error),))
    store = Layer("store", (lockfile, *check_git(root, None)))
    why = "mkdocs.yml must be read first"
    rest = [Layer(title, (Finding("skipped", title, why),)) for title in ("money", "endpoint")]
    return [site, rest[0], store, rest[1]]


def _findings(checks: tuple[Check, ...], site: Examined) -> Iterator[Finding]:
    for check in checks:
        try:
            yield from check(site)
        except ImagegenError as error:
            yield failed(check.__name__.removeprefix("check_"), error)


def _with(finding: Finding, layer: Layer) -> Layer:
    return Layer(layer.title, (finding, *layer.findings))
