"""What a checkup finds, and what it looks at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..engine import Engine
from ..errors import ImagegenError
from ..model import Orders, Plan

Verdict = Literal["ok", "info", "warning", "error", "skipped"]
VERDICTS: tuple[Verdict, ...] = ("error", "warning", "info", "ok", "skipped")
"""The worst first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look at one thing found."""

    verdict: Verdict
    name: str
    """Of the thing: `imagegen.lock`, `store`."""
    message: str
    """For `skipped`: why."""
    hint: str = ""
    """The one edit or command that mends it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A part of the whole, with what was found there."""

    title: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Examined:
    """A site whose planning build went well."""

    engine: Engine
    orders: Orders
    now: dt.datetime
    """In UTC."""
    root: Path
    """The folder of mkdocs.yml."""
    environ: Mapping[str, str]
    """Of this process, `.env` not in it."""
    plan: Plan | None = None
    """`None` where lockfile or store stand in its way."""

    @property
    def today(self) -> dt.date:
        """The day, in UTC."""
        return self.now.date()

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the articles' covers ask for, each once; else the site's own."""
        requests = (order.request for order in self.orders.orders)
        named = dict.fromkeys(request.model for request in requests if request)
        return tuple(named) or (self.engine.settings.model,)

    @property
    def to_buy(self) -> frozenset[str]:
        """The models that something would be bought from now."""
        purchases = self.plan.purchases if self.plan else ()
        return frozenset(action.request.model for action in purchases if action.request)

    def needs(self, model: str) -> bool:
        """Tell whether purchases wait for a model: covers that are there need none."""
        return model in self.to_buy or not self.orders.orders


def failed(name: str, error: ImagegenError) -> Finding:
    """Return the finding that an error is."""
    return Finding("error", name, error.message, error.hint)


def counted(count: int, noun: str) -> str:
    """Return `1 cover`, `2 covers`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
