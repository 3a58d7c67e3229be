"""The allow-list: every cover field, what it takes, and how its value is read and checked.

One row of `COVER_FIELDS` is all that a field needs; the docs' option table is made from the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..model import Size
from .values import (
    Around,
    FieldError,
    Given,
    empty_error,
    one_of,
    read_file,
    read_files,
    read_flag,
    read_own,
    read_text,
    read_texts,
)
from .wording import read_by_language, read_label

MAX_VARIANT = 9_999
LONG_EDGE_PX = 1536
"""Of the size that a ratio such as 16:9 is answered with; a square gets 1024."""
_SIZE_CHARS = 20


@dataclass(frozen=True, slots=True)
class Field:
    """One cover field of the front matter."""

    name: str
    takes: str
    """The kind of value, in words."""
    doc: str
    read: Callable[[Given, Around], object]
    """Return the checked value; raises FieldError."""


def _read_variant(given: Given, _around: Around) -> int:
    value, typed = given.value, given.typed
    text = value.strip() if isinstance(value, str) else (typed or "")
    if isinstance(value, bool) or not isinstance(value, int | str):
        number = None
    elif isinstance(value, int) and typed is None:
        number = value
    else:
        number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
    if number is None or not 0 <= number <= MAX_VARIANT:
        raise FieldError(
            f"{given.key} must be a whole number from 0 to {MAX_VARIANT}",
            f"write {given.name}: 1",
        )
    if isinstance(value, int) and value != number:
        raise FieldError(
            f"{given.key}: YAML reads {text} as {value}", f"write {given.name}: {number}"
        )
    return number


def _read_size(given: Given, around: Around) -> Size:
    text = given.value if isinstance(given.value, str) else given.typed
    if text is not None and not text.strip():
        raise empty_error(given)
    text = text.strip() if text else ""
    try:
        return Size.parse(text if len(text) <= _SIZE_CHARS else "")
    except ValueError:
        why, better = _meant_size(text, around)
    raise FieldError(
        f"{given.key} must be a size in pixels, WIDTHxHEIGHT{why}", f"write {given.name}: {better}"
    )


def _meant_size(text: str, around: Around) -> tuple[str, Size]:
    """Why the text is no size, and the size to write instead."""
    if text.lower() == "auto":
        return ": auto has no price and can't be drawn", around.size
    numbers = re.fullmatch(r"([1-9]\d{0,4})\s*([:/*,\u00d7xX])\s*([1-9]\d{0,4})", text, re.ASCII)
    if not numbers:
        return "", around.size
    wide, high = int(numbers[1]), int(numbers[3])
    if numbers[2] not in ":/":
        return "", Size(wide, high)
    return f": {text} is a ratio", around.rules.nearest_size(around.model, _of_ratio(wide, high))


def _of_ratio(wide: int, high: int) -> Size:
    if wide == high:
        return Size(1024, 1024)
    scale = LONG_EDGE_PX / max(wide, high)
    return Size(max(1, round(wide * scale)), max(1, round(high * scale)))


def _read_template(given: Given, around: Around) -> str:
    text = read_text(given, around)
    parts = text.split("/")
    if "\\" in text or ":" in text or not text.isprintable() or {"", ".", ".."} & set(parts):
        name = re.split(r"[/\\:]", text)[-1].strip(".")
        raise FieldError(
            f"{given.key} must be a name below the templates folder, not {text!r}",
            f"write {given.name}: {name or 'night.j2'}",
        )
    return text


def _read_focus(given: Given, _around: Around) -> tuple[float, float]:
    value = given.value
    if isinstance(value, str):
        words = re.split(r"[\s,-]+", value.strip().lower())
        if point := _point_of_words(words):
            return point
        value = value.split(",")
    if isinstance(value, list | tuple) and len(value) == 2:
        x, y = (_fraction(part) for part in value)
        if x is not None and y is not None:
            return x, y
    raise FieldError(
        f"{given.key} must be two fractions from 0 to 1, or words such as top left",
        f'write {given.name}: "0.5,0.3"',
    )


def _point_of_words(words: list[str]) -> tuple[float, float] | None:
    if not 1 <= len(words) <= 2:
        return None
    across = [_ACROSS[word] for word in words if word in _ACROSS]
    down = [_DOWN[word] for word in words if word in _DOWN]
    middle = sum(word in ("center", "centre") for word in words)
    if len(across) > 1 or len(down) > 1 or len(across) + len(down) + middle != len(words):
        return None
    return (across or [0.5])[0], (down or [0.5])[0]


_ACROSS = {"left": 0.0, "right": 1.0}
_DOWN = {"top": 0.0, "bottom": 1.0}


def _fraction(value: object) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


COVER_FIELDS: tuple[Field, ...] = (
    Field("prompt", "text", "What the picture shows: all that a cover needs.", read_text),
    Field("style", "text", "The look, instead of the site's.", read_text),
    Field(
        "alt",
        "text, or texts by language",
        "What the picture shows, for readers who can't see it.",
        read_by_language,
    ),
    Field("caption", "text", "The caption below the cover.", read_text),
    Field("size", "WIDTHxHEIGHT", "The size to ask for, in pixels.", _read_size),
    Field("quality", "text", "One of the model's qualities: `low`, `medium`, `high`.", read_text),
    Field("model", "text", "The image model.", read_text),
    Field("template", "file name", "The prompt template, such as `night.j2`.", _read_template),
    Field("use_case", "text", "What the picture is for.", read_text),
    Field("composition", "text", "Framing, focal point, margins.", read_text),
    Field("constraints", "text", "What must not be in the picture.", read_text),
    Field(
        "background",
        "transparent, opaque or auto",
        "The picture's background.",
        one_of("transparent", "opaque", "auto"),
    ),
    Field("moderation", "auto or low", "How strictly the prompt is judged.", one_of("auto", "low")),
    Field(
        "references",
        "path or list of paths",
        "Up to 16 pictures to start from; not sent yet.",
        read_files,
    ),
    Field("mask", "path", "What to paint anew of the first reference; not sent yet.", read_file),
    Field(
        "edits",
        "text or list of texts",
        "Edits to make afterwards, in order; not sent yet.",
        read_texts,
    ),
    Field("variant", "whole number", "Another take of the same prompt; 0 is first.", _read_variant),
    Field(
        "focus",
        "x,y from 0 to 1, or words",
        "The point to keep in crops: `0.5,0.3`, `top left`; guessed where it is missing.",
        _read_focus,
    ),
    Field("pin", "true or false", "Keep the cover that is there, whatever changes.", read_flag),
    Field(
        "label",
        "true, false, text, or texts by language",
        "A visible label: `true` for the site's words, such as AI-generated.",
        read_label,
    ),
    Field(
        "on_error",
        "stale, placeholder or fail",
        "What to do where the cover can't be bought, instead of the site's `on_error`.",
        one_of("stale", "placeholder", "fail"),
    ),
    Field(
        "og_title",
        "true or false",
        "Whether the title stands over the link preview, instead of the site's `og: {title: ...}`.",
        read_flag,
    ),
    Field("enabled", "true or false", "Switch the cover off, or on without a prompt.", read_flag),
    Field("file", "path or address", "Your own picture: nothing is bought.", read_own),
    Field("ai", "true or false", "Whether AI made your own picture.", read_flag),
)
FIELDS: Mapping[str, Field] = {field.name: field for field in COVER_FIELDS}
