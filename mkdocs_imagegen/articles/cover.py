"""ArticleSource -> Cover: the article's own values over the site's, checked, or why not."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..model import ArticleSource, Cover, Diagnostic, OwnPicture
from ..settings import Settings
from .defaults import fitting, misfits, site_values
from .fields import FIELDS
from .given import collect_given, diagnose
from .values import Around, FieldError, Given, SizeRules
from .wording import ByLanguage, alt_text, authors_text, first_text, label_text

_ASKING = frozenset(("prompt", "file", "enabled"))
"""The fields that ask for a cover; the others only say what it is like."""


def read_cover(
    source: ArticleSource, settings: Settings, rules: SizeRules
) -> tuple[Cover | None, tuple[Diagnostic, ...]]:
    """Return what the article asks for; `None` where that is nothing, or where there are errors.

    All problems are told at once, except those of `source.front_matter.diagnostics`: the caller
    shows these, and an error among them means no cover too. `check_defaults` comes first.
    """
    given, problems = collect_given(source)
    values = site_values(source.src_uri, settings, rules)
    if not (given or problems or values["prompt"]):
        return None, ()
    model = given["model"].value if "model" in given else values["model"]
    page_dir = posixpath.dirname(source.src_uri)
    around = Around(page_dir, model if isinstance(model, str) else "", settings.size, rules)
    read, errors = _read(given, around)
    values |= read
    enabled = values.pop("enabled", None)
    own: OwnPicture | None = values.pop("file", None)
    if not own:
        values.pop("ai", None)  # what is bought is always made by AI, and a drawing never
    if enabled is False:
        return None, ()
    asks = bool(own or enabled or values["prompt"] or _ASKING & errors.keys())
    if asks or any(one.raw for one in given.values()):
        problems += (diagnose(source, given[name], error) for name, error in errors.items())
    if asks and not own:
        problems += _misfits(source, given, values, errors, rules)
        problems += _not_own(source, given)
    if problems or any(told.level == "error" for told in source.front_matter.diagnostics):
        return None, tuple(problems)
    if not asks:
        return None, tuple(_without_prompt(source, given))
    notes = tuple(_unused_prompt(source, given, own)) if own else ()
    if settings.missing_alt == "warn" and not _is_drawn(settings, own):
        notes += tuple(_missing_alt(source, settings, values.get("alt", "")))
    values |= _worded(source, settings, given, values, own)
    by_author = sorted(name for name, one in given.items() if one.raw)
    return Cover(article=source, own=own, given=tuple(by_author), **values), notes


def _read(
    given: Mapping[str, Given], around: Around
) -> tuple[dict[str, object], dict[str, FieldError]]:
    """The good values and the errors, each by field name."""
    values: dict[str, object] = {}
    errors: dict[str, FieldError] = {}
    for name, one in given.items():
        try:
            values[name] = FIELDS[name].read(one, around)
        except FieldError as error:
            errors[name] = error
    return values, errors


def _worded(
    source: ArticleSource,
    settings: Settings,
    given: Mapping[str, Given],
    values: Mapping[str, Any],
    own: OwnPicture | None,
) -> Mapping[str, str]:
    """Return what the page says of the cover, in its language."""
    drawn = _is_drawn(settings, own)
    label = label_text(
        values.get("label"),
        source,
        settings,
        by_article="label" in given and given["label"].raw is not None,
        ai=bool(values.get("ai")) if own else not drawn,
    )
    return {
        "alt": first_text(values.get("alt", "")),  # templates see it: one picture, all languages
        "shown_alt": alt_text(values.get("alt", ""), source, settings, drawn=drawn),
        "label": label,
    }


def _misfits(
    source: ArticleSource,
    given: Mapping[str, Given],
    values: Mapping[str, Any],
    errors: Mapping[str, FieldError],
    rules: SizeRules,
) -> Iterator[Diagnostic]:
    for name, reason, better in misfits(values, rules):
        if errors.keys() & {name, "model"}:
            continue  # told already, and the value here is the site's
        blamed = given.get(name) or given.get("model")
        if blamed:
            own_name = given[name].name if name in given else f"cover_{name}"
            error = FieldError(f"{blamed.key}: {reason}", f"write {fitting(own_name, better)}")
            yield diagnose(source, blamed, error)
        else:
            told = f"{reason} (set in mkdocs.yml)"
            hint = f"write {fitting(name, better)} in mkdocs.yml"
            yield Diagnostic("error", told, source.src_uri, f"cover_{name}", hint=hint)


def _not_own(source: ArticleSource, given: Mapping[str, Given]) -> Iterator[Diagnostic]:
    """A folder may say it of all its own pictures; an article says it of a picture it names."""
    written = given.get("ai")
    if written and written.raw:
        message = f"{written.key} is of your own picture, and this article names none"
        hint = f"name it, as in cover: picture.png, or delete {written.key}"
        yield diagnose(source, written, FieldError(message, hint))


def _without_prompt(source: ArticleSource, given: Mapping[str, Given]) -> Iterator[Diagnostic]:
    """A style for a whole folder is no request; in the article itself it was meant as one."""
    written = next((one for one in given.values() if one.raw), None)
    if written:
        message = f"{written.key} is not used: the article has no cover_prompt, so it gets no cover"
        error = FieldError(message, "write cover_prompt: and what the picture shows")
        yield replace(diagnose(source, written, error), level="info")


def _unused_prompt(
    source: ArticleSource, given: Mapping[str, Given], own: OwnPicture
) -> Iterator[Diagnostic]:
    prompt = given.get("prompt")
    if prompt:
        message = (
            f"{prompt.key} is not used: the article has its own picture ({own.key}: {own.ref})"
        )
        error = FieldError(message, f"delete {prompt.key} or {own.key}")
        yield replace(diagnose(source, prompt, error), level="info")


def _is_drawn(settings: Settings, own: OwnPicture | None) -> bool:
    """Tell whether nothing but a drawing will ever be shown."""
    return settings.provider == "sketch" and own is None


def _missing_alt(
    source: ArticleSource, settings: Settings, alt: ByLanguage
) -> Iterator[Diagnostic]:
    if authors_text(alt, source, settings):
        return
    lacks, where = "", "cover_alt:"
    if alt:
        language = source.locale or settings.words.language
        lacks, where = f" in {language}", f"below cover_alt: a line {language}:"
    yield Diagnostic(
        "warning",
        f"the cover has no cover_alt{lacks}, so who can't see it learns the article's title only",
        article=source.src_uri,
        key="cover_alt",
        hint=f"write {where} and what the picture shows, in a sentence",
    )
