"""`--write DOCS`: the covers of a folder that MkDocs does not build, in `plan` and `apply`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import click

from ..folder import Changes, FolderSurvey, decide, write
from ..model import ActionKind, Diagnostic, Plan
from ..survey import Survey

Result = TypeVar("Result")
_THERE = frozenset((ActionKind.REUSE, ActionKind.RENDER, ActionKind.OUTDATED, ActionKind.LOST))
"""The actions whose article has a picture without a purchase."""


def write_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Add `--write DOCS` and `--drawn`."""
    folder = click.Path(file_okay=False, path_type=Path)
    for option in (
        click.option(
            "--drawn",
            is_flag=True,
            help="With --write: write drawn covers too, without a key all of them.",
        ),
        click.option(
            "--write",
            "docs",
            metavar="DOCS",
            type=folder,
            help="For Zensical and bare folders: read the articles below DOCS without a build, and "
            "write the covers into DOCS/assets/covers and an `image:` line into each article.",
        ),
    ):
        command = option(command)
    return command


def changes_of(survey: Survey, plan: Plan, *, drawn: bool) -> Changes:
    """Return what `--write` would write by this plan; nothing where MkDocs builds the site."""
    if not isinstance(survey, FolderSurvey):
        return Changes({})
    engine = survey.engine
    drawn = drawn or engine.settings.provider == "sketch"
    shown = (action for action in plan.actions if drawn or action.keeps or action.kind in _THERE)
    # Articles that share a picture share its preview, which so can't have the title of one.
    untitled = (replace(a, cover=replace(a.cover, og_title=False)) for a in shown)
    published = engine.publish(replace(plan, actions=tuple(untitled)))
    changes = decide(survey.folder, survey.orders, published.files, drawn=drawn)
    return replace(changes, diagnostics=(*published.diagnostics, *changes.diagnostics))


def write_changes(
    survey: FolderSurvey, plan: Plan, *, drawn: bool
) -> tuple[tuple[Diagnostic, ...], bool]:
    """Write what the plan comes to; return what is to be told of it, and whether it is anything."""
    changes = changes_of(survey, plan, drawn=drawn)
    told = write(survey.folder, changes)
    left = {diagnostic.article for diagnostic in told}
    edits = tuple(edit for edit in changes.edits if edit.article not in left)
    done = replace(changes, edits=edits, gone=() if left else changes.gone)
    tell_changes(done, done=True)
    return (*changes.diagnostics, *told), bool(done)


def tell_changes(changes: Changes, *, done: bool) -> None:
    """Print what was written, or would be, to stderr."""
    wrote, names, removed = (
        ("wrote", "names", "removed") if done else ("would write", "would name", "would remove")
    )
    for uri in changes.covers:
        click.echo(f"{wrote} {uri}", err=True)
    for edit in changes.edits:
        what = f"{names} image: {edit.ref}" if edit.ref else f"{removed} image:"
        click.echo(f"{edit.article}: {what}", err=True)
    for uri in changes.gone:
        click.echo(f"{removed} {uri}", err=True)
