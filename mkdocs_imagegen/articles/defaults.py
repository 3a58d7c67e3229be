"""What the site says of every cover: its own values, and the `defaults:` by path of mkdocs.yml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..model import Diagnostic
from ..settings import Settings
from .fields import FIELDS
from .given import unknown_key
from .paths import path_matches
from .values import Around, FieldError, Given, SizeRules, nearest

_FOR_ARTICLES = {
    "file": ("an own picture belongs to one article", "write cover: picture.png there"),
    "enabled": ("each article asks for its cover itself", "write cover_enabled: true there"),
}


def site_values(src_uri: str, settings: Settings, rules: SizeRules) -> dict[str, Any]:
    """Return the values by field name that hold for an article which says nothing itself.

    What `check_defaults` tells of is left out.
    """
    values: dict[str, Any] = {
        "prompt": "",
        "model": settings.model,
        "size": settings.size,
        "quality": settings.quality,
        "background": settings.background,
        "moderation": settings.moderation,
        "template": settings.template,
    }
    for number, entry in enumerate(settings.defaults):
        if path_matches(entry.match, src_uri):
            values |= _read_entry(f"defaults[{number}]", entry.fields, settings, rules)[0]
    return values


def check_defaults(settings: Settings, rules: SizeRules) -> tuple[Diagnostic, ...]:
    """Return the errors in the `defaults:` of mkdocs.yml; with one of them no run should start."""
    diagnostics: list[Diagnostic] = []
    for number, entry in enumerate(settings.defaults):
        where = f"defaults[{number}]"
        values, errors = _read_entry(where, entry.fields, settings, rules)
        site = {"model": settings.model, "size": settings.size, "quality": settings.quality}
        if site.keys() & values.keys():
            for name, reason, better in misfits({**site, **values}, rules):
                blamed = name if name in values else "model"
                error = FieldError(f"{where}.{blamed}: {reason}", f"write {fitting(name, better)}")
                errors.setdefault(blamed, error)
        diagnostics += (
            Diagnostic("error", e.message, "mkdocs.yml", f"{where}.{name}", hint=e.hint)
            for name, e in errors.items()
        )
    return tuple(diagnostics)


def fitting(name: str, better: Sequence[str]) -> str:
    """Return what to write instead of a value that the model does not take."""
    return f"{name}: {better[0]}" if len(better) == 1 else f"one of {', '.join(better)}"


def misfits(
    values: Mapping[str, Any], rules: SizeRules
) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Yield `size` or `quality` where the model does not take it, why, and what it takes.

    That is the nearest, or all where none is near.
    """
    model, size, quality = values["model"], values["size"], values["quality"]
    if problem := rules.size_problem(model, size):
        reason = f"{size} does not fit {model}: {problem}"
        yield "size", reason, [str(rules.nearest_size(model, size))]
    known = rules.qualities(model)
    if known and quality not in known:
        reason = f"{model} has no quality {quality}, only {', '.join(known)}"
        near = nearest(quality, known)
        yield "quality", reason, [near] if near else known


def _read_entry(
    where: str, fields: Mapping[str, object], settings: Settings, rules: SizeRules
) -> tuple[dict[str, Any], dict[str, FieldError]]:
    """The good values and the errors of one entry, each by field name."""
    values: dict[str, Any] = {}
    errors: dict[str, FieldError] = {}
    model = fields.get("model")
    around = Around("", model if isinstance(model, str) else settings.model, settings.size, rules)
    for name, value in fields.items():
        given = Given(f"{where}.{name}", value)
        try:
            if name not in FIELDS:
                raise FieldError(*unknown_key(name, f"{where}."))
            read = FIELDS[name].read(given, around)
            if name in _FOR_ARTICLES and read is not False:
                reason, hint = _FOR_ARTICLES[name]
                raise FieldError(f"{given.key} can't be set for many articles: {reason}", hint)
        except FieldError as error:
            errors[name] = error
        else:
            values[name] = read
    return values, errors
