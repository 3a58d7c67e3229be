"""The money: prices, and the days on which models end. Opens no connection."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ..model import ShutDown
from ..plan import SOON_DAYS
from .findings import Examined, Finding

STALE_DAYS = 180
"""How old prices may be before that is told."""


def check_models(site: Examined) -> Iterator[Finding]:
    """Tell of models in use whose vendor shuts them down soon, or did."""
    for model in site.models:
        end = known_end(site, model)
        if end is None or (end.on - site.today).days > SOON_DAYS:
            continue
        yield Finding(
            "warning",  # a site whose covers are all there needs no model
            "model",
            f"{model} {'was' if end.on <= site.today else 'will be'} shut down on {end.on}; "
            "covers that are there stay",
            f"set `model: {end.successor}` in mkdocs.yml",
        )


def check_prices(site: Examined) -> Iterator[Finding]:
    """Tell whether the prices of the models in use are known, and of today."""
    settings, book = site.engine.settings, site.engine.book
    if settings.provider == "sketch":
        yield Finding("skipped", "prices", "provider sketch draws all covers, free")
        return
    for model in site.models:
        row, end = book.rows.get(model), known_end(site, model)
        if end is not None and end.on <= site.today:
            yield Finding("skipped", "prices", f"{model} can't be bought from any more")
        elif row is None or not (settings.priced or row.own):
            yield _unknown(site, model)
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


def _unknown(site: Examined, model: str) -> Finding:
    """A wall in USD lets nothing through that has no price."""
    hint = "name them under `prices:`, or set `price_as: openai` where OpenAI's hold"
    budget = site.engine.settings.budget
    if budget.per_build_usd is None and budget.per_month_usd is None:
        return Finding("info", "prices", f"nobody knows those of {model} here", hint)
    return Finding(
        "error" if site.needs(model) else "warning",
        "prices",
        f"nobody knows those of {model} here, and a wall of `budget:` in USD lets nothing through "
        "without a price",
        hint,
    )


def known_end(site: Examined, model: str) -> ShutDown | None:
    """Return a model's end by the price book, whose days are of OpenAI's own endpoint."""
    settings = site.engine.settings
    if not settings.priced or settings.provider == "sketch":
        return None
    return site.engine.book.shut_down(model)
