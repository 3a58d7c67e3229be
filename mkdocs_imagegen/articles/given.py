"""The cover keys of one article, sorted by field; flat and nested forms come to the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..model import ArticleSource, Diagnostic
from .fields import FIELDS
from .values import FieldError, Given, as_flag, nearest

_PICTURE_KEYS = ("path", "src", "url")
"""Where `image:` as a mapping has its picture."""
_OTHER_NAMES = dict.fromkeys(("image", "img", "path", "picture", "src", "url"), "file")
"""Names that other site generators give to our fields."""


def collect_given(source: ArticleSource) -> tuple[dict[str, Given], list[Diagnostic]]:
    """Return the article's values by field name, unchecked, and what is wrong with its keys."""
    given: dict[str, Given] = {}
    diagnostics: list[Diagnostic] = []
    for name, one in _written(source, diagnostics):
        before = given.get(name)
        if name not in FIELDS:
            diagnostics.append(diagnose(source, one, _unknown(name, one.key)))
        elif before and bool(before.raw) == bool(one.raw):
            # The scan has told of `cover_x` beside `cover: {x: ...}` already.
            del given[name]  # neither counts, so that a cover switched on and off is not just off
            if not one.raw or {before.key, one.key} != {f"cover_{name}", f"cover.{name}"}:
                diagnostics.append(diagnose(source, one, _written_twice(before.key, one.key)))
        elif before is None or one.raw:
            # What the article says itself wins over what a .meta.yml says.
            given[name] = one
    image = _image(source)
    if image and "file" not in given:
        prompt = given.get("prompt")
        # A picture for a whole folder must not switch off the cover that an article asks for.
        if image.raw or not (prompt and prompt.raw):
            given["file"] = image
    return given, diagnostics


def diagnose(source: ArticleSource, given: Given, error: FieldError) -> Diagnostic:
    """Return the error as a diagnostic that says where the value stands."""
    message, where, line = error.message, source.src_uri, None
    if given.raw:
        line = given.raw.line
    elif given.inherited:
        where, line = given.inherited.file, given.inherited.raw.line
    else:
        message += " (from a .meta.yml or another plugin)"
    return Diagnostic("error", message, where, given.key, line, error.hint)


def unknown_key(name: str, prefix: str) -> tuple[str, str]:
    """Return what to say of a key that is no field's, and the mend."""
    like = _OTHER_NAMES.get(name) or nearest(name, tuple(FIELDS))
    if like:
        return f"unknown key {prefix}{name}", f"did you mean {prefix}{like}?"
    return f"unknown key {prefix}{name}", f"the keys are {', '.join(prefix + n for n in FIELDS)}"


def _written(source: ArticleSource, diagnostics: list[Diagnostic]) -> Iterator[tuple[str, Given]]:
    """Yield field names, or what stands in their place, with their values."""
    for key, value in source.meta.items():
        if not isinstance(key, str) or key[:5].lower() != "cover":
            continue
        one = _given(source, key, value)
        if key.startswith("cover_"):
            yield key[6:], one
        elif key == "cover":
            yield from _written_in_cover(source, one, diagnostics)
        elif (name := key[6:].lower().replace("-", "_")) in FIELDS and key[5] in "_-":
            error = FieldError(f"unknown key {key}", f"did you mean cover_{name}?")
            diagnostics.append(diagnose(source, one, error))


def _given(source: ArticleSource, key: str, value: object) -> Given:
    """Return the value with the place where it stands, in the article or else in its folder."""
    return Given(key, value, source.front_matter.values.get(key), source.inherited.get(key))


def _written_in_cover(
    source: ArticleSource, cover: Given, diagnostics: list[Diagnostic]
) -> Iterator[tuple[str, Given]]:
    value = cover.value
    if isinstance(value, Mapping):
        for name, nested in value.items():
            if isinstance(name, str):
                yield name, _given(source, f"cover.{name}", nested)
            else:
                error = FieldError(
                    "a key below cover is no text", "write its fields as in cover: {prompt: a fox}"
                )
                diagnostics.append(diagnose(source, cover, error))
    elif as_flag(value) is not None:
        yield "enabled", cover
    elif isinstance(value, str):
        yield "file", cover
    else:
        error = FieldError(
            "cover must be fields, the path of your own picture, true or false",
            "write cover_prompt: and what the picture shows, or delete the line",
        )
        diagnostics.append(diagnose(source, cover, error))


def _image(source: ArticleSource) -> Given | None:
    """The picture that the author set for other tools, which we then use too."""
    value = source.meta.get("image")
    if isinstance(value, Mapping):
        value = next((value[k] for k in _PICTURE_KEYS if isinstance(value.get(k), str)), None)
    if isinstance(value, str) and value.strip():
        return _given(source, "image", value)
    return None


def _unknown(name: str, key: str) -> FieldError:
    return FieldError(*unknown_key(name, key.removesuffix(name)))


def _written_twice(one: str, other: str) -> FieldError:
    return FieldError(f"{one} and {other} say the same thing", "delete one of the two")
