"""Orders, and the plan of what is done about each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from .articles import Cover, Diagnostic
from .lockfile import Approved
from .requests import FREE, CoverRequest, Price, Priced, Unpriced


@dataclass(frozen=True, slots=True)
class Order:
    """One article's cover with the request it comes to, before anyone looked into the store."""

    cover: Cover
    request: CoverRequest | None = None
    """`None` for an own picture."""
    request_key: str | None = None
    own_uri: str | None = None
    """Where an own picture stands below docs_dir; `None` also for one at an address."""
    own_digest: str | None = None
    unsupported: str = ""
    """Why this request can't be sent yet, `""` where it can."""
    templates: tuple[str, ...] = ()
    """The names of the templates that the prompt came from."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What they read that is no cover field, by name, as in `article.title`."""
    references: tuple[str, ...] = ()
    """sha256 of the article's reference pictures and mask, also where edits hide them."""

    @property
    def is_draft(self) -> bool:
        """Whether its article says `draft: true`: nothing is bought for it yet."""
        return self.cover.article.meta.get("draft") is True


@dataclass(frozen=True, slots=True)
class Orders:
    """All that a build's articles ask for, ordered by src_uri."""

    orders: tuple[Order, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    templates: Mapping[str, str] = field(default_factory=dict)
    """The text of each template of the site, by name."""
    articles: frozenset[str] = frozenset()
    """The src_uri of every article of the site, also of those without a cover."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a person asks of one plan, beyond what the site's files say."""

    rebuy: bool = False
    """Buy anew what was paid for and is damaged or lost."""
    outdated: bool = False
    """Repaint covers whose site, and not whose author, changed."""
    retry: frozenset[str] = frozenset()
    """Articles whose refused request is sent once more."""
    only: tuple[str, ...] = ()
    """Globs on src_uri; nothing else is bought. Empty for all."""
    max_cost_usd: Decimal | None = None
    """Buy as many as surely fit into this; `None` buys all or nothing."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """The same purchases with another model or quality."""

    model: str
    quality: str
    output_usd: Decimal
    input_usd_estimate: Decimal


class ActionKind(StrEnum):
    """What the plan does about one article."""

    GENERATE = "generate"
    """Buy the picture."""
    RENDER = "render"
    """The original is there, a rendition is missing: costs no money."""
    REUSE = "reuse"
    SHARED = "shared"
    """An earlier article of this plan buys the same request."""
    OWN = "own"
    """The author's own picture."""
    DRAW = "draw"
    """Drawn on this machine, free: provider sketch, or a draft."""
    OUTDATED = "outdated"
    """The approved picture stays, though the site's own settings ask for another one by now."""
    SKIP = "skip"
    """Would be bought, but this run leaves it out: `--only` or `--max-cost`."""
    LOST = "lost"
    """Paid for, says the lockfile, but no store has it: never bought again unless asked for."""
    BLOCKED = "blocked"
    """Nothing is done; the reason says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a request was made of, and that differs from the lockfile."""

    what: str
    """`cover_prompt`, `model`, `blog.j2 line 3`, `article.title`."""
    then: str = ""
    """The earlier value, where it is short and known."""
    now: str = ""
    by_author: bool = False
    """Whether the article itself changed, and not what the site says of many."""

    def __str__(self) -> str:
        return f"{self.what} {self.then} -> {self.now}" if self.then and self.now else self.what


@dataclass(frozen=True, slots=True)
class Action:
    """What is done about one article's cover, why, and what it costs."""

    kind: ActionKind
    cover: Cover
    reason: str
    price: Price = FREE
    request: CoverRequest | None = None
    request_key: str | None = None
    """Of the request; `None` for an own picture."""
    replaces: str = ""
    """The digest of a damaged original that this purchase replaces."""
    keeps: Approved | None = None
    """The approved picture that is shown in place of what the request asks for."""
    approved: Approved | None = None
    """The picture that the lockfile has for this article, whatever is done now."""
    changes: tuple[Change, ...] = ()
    """What differs from the lockfile, where it knows the article; the author's own first."""
    mend: str = ""
    """The one command or edit that brings the cover about; `""` where none is missing."""

    @property
    def article(self) -> str:
        """The article's src_uri."""
        return self.cover.article.src_uri

    @property
    def locked(self) -> bool:
        """Whether the lockfile has the picture that this article shows."""
        shown = self.keeps.request_key if self.keeps else self.request_key
        return self.approved is not None and self.approved.request_key == shown


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do: one action an article, ordered by src_uri."""

    actions: tuple[Action, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    options: PlanOptions = field(default_factory=PlanOptions)
    """What was asked of it."""

    def of(self, *kinds: ActionKind) -> Iterator[Action]:
        """Yield the actions of these kinds, in order."""
        return (action for action in self.actions if action.kind in kinds)

    @property
    def purchases(self) -> tuple[Action, ...]:
        """The actions that cost money: distinct requests, each exactly once."""
        return tuple(self.of(ActionKind.GENERATE))

    @property
    def unlocked(self) -> tuple[Action, ...]:
        """The actions whose picture is there, and not in the lockfile."""
        there = self.of(ActionKind.REUSE, ActionKind.RENDER)
        return tuple(action for action in there if not action.locked)

    @property
    def output_usd(self) -> Decimal:
        """The exact sum of what the pictures cost; unpriced ones are not in it."""
        return sum((p.output_usd for p in self._priced()), Decimal(0))

    @property
    def input_usd_estimate(self) -> Decimal:
        """What the prompts' tokens cost on top, estimated."""
        return sum((p.input_usd_estimate for p in self._priced()), Decimal(0))

    @property
    def bound_usd(self) -> Decimal:
        """The most that the purchases can cost, prompts included; unpriced ones are not in it."""
        return sum((p.bound_usd for p in self._priced()), Decimal(0))

    @property
    def unpriced(self) -> tuple[Action, ...]:
        """The purchases whose price nobody knows."""
        return tuple(a for a in self.purchases if isinstance(a.price, Unpriced))

    @property
    def batch_usd(self) -> Decimal | None:
        """What the purchases would come to by the Batch API; `None` where one can't go there."""
        prices = [p.batch_usd for p in self._priced()]
        if self.unpriced or None in prices:
            return None
        return sum((usd for usd in prices if usd is not None), Decimal(0))

    def _priced(self) -> Iterator[Priced]:
        return (a.price for a in self.purchases if isinstance(a.price, Priced))
