"""What a request was made of, and what of it differs from the lockfile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from ..lockfile import short
from ..model import Change, Components, Cover, Order

_TEXTS = ("prompt", "style", "use_case", "composition", "constraints", "edits")
_PLAIN = ("model", "size", "quality", "template", "background", "moderation", "variant")
UNKNOWN = Change("the package's own part of the prompt or request")
"""What must have changed where nothing else did: covers outlive upgrades."""


def components_of(order: Order, templates: Mapping[str, str]) -> Components:
    """Return what an order's request is made of.

    Args:
        order: with a request.
        templates: the short digest of each template of the site, by name.
    """
    cover = order.cover
    fields = dict(_fields(cover))
    if order.references:
        fields["references"] = short("\n".join(order.references))
    return Components(
        fields=fields,
        own=tuple(name for name in cover.given if name in fields),
        templates={name: templates[name] for name in order.templates},
        variables={name: short(value) for name, value in order.variables.items()},
    )


def template_digests(texts: Mapping[str, str]) -> Mapping[str, str]:
    """Return the short digest of each template, by name."""
    return {name: _short(text) for name, text in texts.items()}


def changes(
    then: Components,
    now: Components,
    lines_then: Mapping[str, Sequence[str]],
    lines_now: Mapping[str, Sequence[str]],
) -> tuple[Change, ...]:
    """Return what differs, the author's own changes first.

    Args:
        then: as the lockfile has it.
        now: as the site's files have it.
        lines_then: each line's short digest, by a template's short digest; some may be missing.
        lines_now: the same of today's templates.
    """
    found = [*_field_changes(then, now)]
    renamed = {change.what.removeprefix("cover_") for change in found}
    found += _template_changes(then, now, {**lines_then, **lines_now}, renamed)
    found += _variable_changes(then, now)
    return tuple(sorted(found, key=lambda change: not change.by_author))


def _fields(cover: Cover) -> Iterator[tuple[str, str]]:
    for name in _PLAIN:
        if value := getattr(cover, name):
            yield name, str(value)
    for name in _TEXTS:
        value = getattr(cover, name)
        if value:
            yield name, _short(value if isinstance(value, str) else "\n".join(value))


def _field_changes(then: Components, now: Components) -> Iterator[Change]:
    own = {*then.own, *now.own}
    for name in dict.fromkeys((*now.fields, *then.fields)):
        before, after = then.fields.get(name, ""), now.fields.get(name, "")
        if before != after:
            what = f"cover_{name}" if name in own else name
            plain = (before, after) if name in _PLAIN else ("", "")
            yield Change(what, *plain, by_author=name in own)


def _template_changes(
    then: Components, now: Components, lines: Mapping[str, Sequence[str]], renamed: set[str]
) -> Iterator[Change]:
    """A part's text that came or went with a field of its name was told of with the field."""
    if "template" in renamed:
        return
    for name in dict.fromkeys((*now.templates, *then.templates)):
        before, after = then.templates.get(name, ""), now.templates.get(name, "")
        part = name.rpartition(" ")[2]
        if before == after or part in renamed:
            continue
        if not after:  # what took its place is told of, where it has the same part
            taken = any(other.rpartition(" ")[2] == part for other in now.templates)
            if taken:
                continue
        yield Change(name + _first_difference(lines.get(before), lines.get(after)))


def _first_difference(before: Sequence[str] | None, after: Sequence[str] | None) -> str:
    """Return where two templates part: ` line 3`; nothing for texts of one line."""
    if not before or not after or max(len(before), len(after)) == 1:
        return ""
    same = 0
    for one, other in zip(before, after, strict=False):
        if one != other:
            break
        same += 1
    return f" line {min(same + 1, len(after))}"


def _variable_changes(then: Components, now: Components) -> Iterator[Change]:
    """A corrected title, or a folder's value that a template reads, is no wish for a new cover."""
    for name, after in now.variables.items():
        before = then.variables.get(name)
        if before is not None and before != after:
            yield Change(name)


_short = lru_cache(maxsize=32_768)(short)  # a plan asks for each text several times
