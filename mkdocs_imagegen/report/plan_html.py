"""The plan as one page that needs nothing else: no network, no script."""

from __future__ import annotations

import importlib.resources
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import DictLoader, Environment, StrictUndefined, Template

from ..model import Action, ActionKind, Diagnostic, Plan
from ..plan import Outlook
from .plan_words import (
    amounts,
    counted,
    counts_summary,
    decision_line,
    price_cell,
    repaint,
    sum_text,
)
from .prompt_diff import DiffLine, Span, prompt_diff
from .totals import UNCHANGED, causes

_FILES = ("plan.html.j2", "plan.css")
_MOST_SMALL = 60
"""So many covers that need no look are shown; the rest is counted."""
_LEVELS = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class _Card:
    """One article on the page."""

    action: Action
    picture: str
    """A data URI of what stands now, `""` where there is nothing to show."""
    frame: str
    """What stands in the empty frame."""
    price: str
    prompt_title: str
    prompt: Sequence[DiffLine]


@dataclass(frozen=True, slots=True)
class _Section:
    """Some articles of the same fate."""

    slug: str
    title: str
    actions: Sequence[Action]
    note: str = ""
    command: str = ""
    small: bool = False
    """Whether a picture and a name are enough."""


def plan_html(
    plan: Plan,
    outlook: Outlook,
    thumbnails: Mapping[str, bytes],
    previous_prompts: Mapping[str, str],
    *,
    site_name: str,
) -> str:
    """Return the plan as a whole HTML page: what stands beside what would change.

    Args:
        plan: what to show.
        outlook: what is told beside it.
        thumbnails: small WebP files of the covers that stand now, by article.
        previous_prompts: the prompts that these came from, by article, where they are at hand.
        site_name: for the title.
    """
    sections = [section for section in _sections(plan, outlook) if section.actions]
    decision = outlook.decision if plan.purchases else None
    told = sorted(plan.diagnostics, key=lambda diagnostic: _LEVELS.index(diagnostic.level))
    return _page().render(
        site_name=site_name,
        summary=counts_summary(plan),
        amounts=amounts(plan, outlook) if plan.purchases else (),
        decision=decision_line(decision) if decision else "",
        diagnostics=[(diagnostic, _where(diagnostic)) for diagnostic in told],
        sections=[
            (
                section,
                [_card(a, thumbnails, previous_prompts) for a in _shown(section, thumbnails)],
            )
            for section in sections
        ],
    )


def _sections(plan: Plan, outlook: Outlook) -> Iterator[_Section]:
    """Yield what the page shows, in order: what costs and what is amiss first."""

    def of(slug: str, title: str, *kinds: ActionKind, small: bool = False) -> _Section:
        return _Section(slug, title, tuple(plan.of(*kinds)), small=small)

    yield of("buy", "To buy", ActionKind.GENERATE)
    yield of("lost", "Lost", ActionKind.LOST)
    yield of("blocked", "Blocked", ActionKind.BLOCKED)
    for n, cause in enumerate(causes(plan), 1):
        note = f"{sum_text(cause.sum)} to repaint {counted(len(cause.actions), 'cover')}:"
        title = f"Outdated: {cause.what}"
        yield _Section(f"outdated-{n}", title, cause.actions, note, repaint(outlook))
    yield of("skip", "Left out of this run", ActionKind.SKIP, small=True)
    yield of("draw", "Drawn, free", ActionKind.DRAW, small=True)
    yield of("unchanged", "Unchanged", *UNCHANGED, ActionKind.RENDER, small=True)


def _shown(section: _Section, thumbnails: Mapping[str, bytes]) -> Sequence[Action]:
    """Return the articles that stand on the page: all, or the first few where pictures suffice."""
    if not section.small:
        return section.actions
    return sorted(section.actions, key=lambda a: a.article not in thumbnails)[:_MOST_SMALL]


def _card(
    action: Action, thumbnails: Mapping[str, bytes], previous_prompts: Mapping[str, str]
) -> _Card:
    title, prompt = _prompt(action, previous_prompts)
    return _Card(
        action=action,
        picture=_data_uri(thumbnails.get(action.article)),
        frame=_frame(action),
        price=price_cell(action),
        prompt_title=title,
        prompt=prompt,
    )


def _frame(action: Action) -> str:
    match action.kind:
        case ActionKind.OWN:
            return "the author's own"
        case ActionKind.DRAW:
            return "drawn"
        case ActionKind.LOST:
            return "in no store"
        case ActionKind.GENERATE | ActionKind.BLOCKED | ActionKind.SHARED | ActionKind.SKIP:
            return "picture not at hand" if action.approved else "no cover yet"
        case _:
            return "picture not at hand"


def _prompt(action: Action, previous_prompts: Mapping[str, str]) -> tuple[str, Sequence[DiffLine]]:
    """Return what to say of the prompt, and its lines, compared where that can be done."""
    if action.request is None:
        return "", ()
    now = action.request.prompt
    before = previous_prompts.get(action.article)
    if before is not None and before != now:
        return "The prompt, and what changes in it", prompt_diff(before, now)
    if before is not None:
        title = "The prompt, as it was"
    elif action.approved or action.keeps:
        title = "The prompt; the earlier one is not at hand to compare"
    else:
        title = "The prompt"
    return title, [(Span("same", line),) for line in now.split("\n")]


def _where(diagnostic: Diagnostic) -> str:
    line = "" if diagnostic.line is None else f":{diagnostic.line}"
    return f"{diagnostic.article}{line}" if diagnostic.article else ""


def _data_uri(webp: bytes | None) -> str:
    return f"data:image/webp;base64,{b64encode(webp).decode('ascii')}" if webp else ""


@cache
def _page() -> Template:
    folder = importlib.resources.files(__package__) / "pages"
    sources = {name: (folder / name).read_text(encoding="utf-8") for name in _FILES}
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(_FILES[0])
