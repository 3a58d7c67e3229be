"""One written value: where it stands, what it is checked against, and the readers most fields use.

A reader returns the checked value or raises FieldError, whose hint is the line to write instead.
"""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..model import FileRef, Inherited, OwnPicture, RawValue, Size
from .broken_yaml import quoted
from .paths import can_be_path, find_candidates, is_address, web_address

MAX_REFERENCES = 16


class SizeRules(Protocol):
    """Which sizes and qualities each model takes."""

    def size_problem(self, model: str, size: Size) -> str:
        """Return why the model does not take this size, `""` where it does."""
        ...

    def nearest_size(self, model: str, size: Size) -> Size:
        """Return the nearest size that the model takes."""
        ...

    def qualities(self, model: str) -> tuple[str, ...]:
        """Return the qualities that the model takes; `()` where anything goes."""
        ...


class FieldError(Exception):
    """A value that its field can't take. Caught where fields are read; never leaves `articles`."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Given:
    """One value as it was written, with the key to name in messages."""

    key: str
    """As it stands in its file: `cover_size`, `cover.size` or `defaults[0].size`."""
    value: object
    raw: RawValue | None = None
    """What the author typed, where it is known."""
    inherited: Inherited | None = None
    """Where it stands instead, if that is known."""

    @property
    def name(self) -> str:
        """The key as it stands on its own line: `size` for `cover.size`."""
        return self.key.rpartition(".")[2]

    @property
    def typed(self) -> str | None:
        """The scalar's text before YAML guessed its type, where it is known."""
        raw = self.raw or (self.inherited.raw if self.inherited else None)
        return raw.text if raw and raw.kind == "scalar" else None


@dataclass(frozen=True, slots=True)
class Around:
    """What a value is checked against."""

    page_dir: str
    """The article's folder below docs_dir; `""` at the top and for mkdocs.yml."""
    model: str
    size: Size
    """The site's size, to name in hints."""
    rules: SizeRules


def read_text(given: Given, _around: Around) -> str:
    """Return the text without the space around it.

    Raises:
        FieldError: for anything that is not text, with the quoted line where YAML guessed a type.
    """
    if isinstance(given.value, str):
        if text := given.value.strip():
            return text
        raise empty_error(given)
    raise _not_text(given)


def read_own(given: Given, around: Around) -> OwnPicture:
    """Return the author's own picture, with the files that it may mean."""
    ref = read_text(given, around)
    key = "image" if given.key == "image" else "cover"
    if not is_address(ref) and not can_be_path(ref):
        raise FieldError(
            f"{given.key} takes your own picture, and no file can have this name",
            "did you mean cover_prompt?" if key == "cover" else "write image: picture.png",
        )
    line = given.raw.line if given.raw else None
    if is_address(ref):
        return OwnPicture(web_address(ref), key, (), line)
    return OwnPicture(ref, key, _candidates(ref, given, around), line)


def read_flag(given: Given, _around: Around) -> bool:
    """Return true or false, from YAML's own or from the word (all that MultiMarkdown has)."""
    flag = as_flag(given.value)
    if flag is not None:
        return flag
    raise FieldError(f"{given.key} must be true or false", f"write {given.name}: true")


def as_flag(value: object) -> bool | None:
    """Return the flag that YAML's value or word means, `None` where it means none."""
    if isinstance(value, bool):
        return value
    return _FLAG_WORDS.get(value.strip().lower()) if isinstance(value, str) else None


def nearest(word: str, known: tuple[str, ...]) -> str:
    """Return the known word that is most like this one, `""` where none is."""
    found = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return found[0] if found else ""


_FLAG_WORDS = dict.fromkeys(("true", "yes", "on"), True) | dict.fromkeys(
    ("false", "no", "off"), False
)


def one_of(*choices: str) -> Callable[[Given, Around], str]:
    def read(given: Given, around: Around) -> str:
        text = read_text(given, around)
        if text in choices:
            return text
        listed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        best = nearest(text, choices) or choices[0]
        raise FieldError(f"{given.key} must be {listed}", f"write {given.name}: {best}")

    return read


def read_texts(given: Given, around: Around) -> tuple[str, ...]:
    if isinstance(given.value, list | tuple):
        if not given.value:
            raise empty_error(given)
        items = (Given(f"{given.key}[{n}]", item) for n, item in enumerate(given.value))
        return tuple(read_text(item, around) for item in items)
    return (read_text(given, around),)


def read_file(given: Given, around: Around) -> FileRef:
    ref = read_text(given, around)
    if is_address(ref):
        raise FieldError(
            f"{given.key} must be a file of the site, not an address",
            f"save the picture in docs_dir and write its path: {given.name}: reference.png",
        )
    return FileRef(ref, _candidates(ref, given, around))


def read_files(given: Given, around: Around) -> tuple[FileRef, ...]:
    refs = read_texts(given, around)
    if len(refs) > MAX_REFERENCES:
        raise FieldError(
            f"{given.key} has {len(refs)} pictures; {MAX_REFERENCES} are the most",
            f"leave out {len(refs) - MAX_REFERENCES} of them",
        )
    return tuple(read_file(Given(given.key, ref), around) for ref in refs)


def _candidates(ref: str, given: Given, around: Around) -> tuple[str, ...]:
    candidates = find_candidates(ref, around.page_dir)
    if not candidates:
        name = ref.replace("\\", "/").rpartition("/")[2]
        raise FieldError(
            f"{given.key} must name a file in docs_dir, and {ref!r} does not",
            f"put the file into docs_dir and write {given.name}: /{name or 'picture.png'}",
        )
    return candidates


def empty_error(given: Given) -> FieldError:
    return FieldError(
        f"{given.key} is empty", f"write a value after {given.name}: or delete the line"
    )


def _not_text(given: Given) -> FieldError:
    typed, value = given.typed, given.value
    if value is None and not typed:
        return empty_error(given)
    if isinstance(value, list | tuple | Mapping):
        kind = "mapping" if isinstance(value, Mapping) else "list"
        return FieldError(
            f"{given.key} must be text, not a {kind}", f'write {given.name}: "..." in quotes'
        )
    if typed:
        return FieldError(
            f"{given.key} must be text, but YAML reads {typed} as {_kind(value)}",
            f"write {given.name}: {quoted(typed)}",
        )
    return FieldError(
        f"{given.key} must be text, not {_kind(value)}", "put the value in quotes where it stands"
    )


def _kind(value: object) -> str:
    """A YAML value in words. A huge number is not written out: Python refuses to."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) < 10**12:
        return f"the number {value}"
    if isinstance(value, int | float):
        return "a number"
    return "a date" if isinstance(value, datetime.date) else "something else"
