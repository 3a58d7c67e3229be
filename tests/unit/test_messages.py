"""docs/messages.md has every message that the source can give."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.messages_docs import PAGE, Source, page


def test_the_page_of_messages_is_what_the_source_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.messages_docs"


def told(tmp_path: Path, code: str) -> set[tuple[str, str, str]]:
    (tmp_path / "module.py").write_text(code, encoding="utf-8")
    return {(each.level, each.text, each.mend) for each in Source(tmp_path).messages()}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            'Diagnostic("info", f"{n} covers " "are there", hint="look")',
            {("info", "… covers are there", "look")},
        ),
        (
            'def f():\n level = "warning"\n return Diagnostic(level, "careful", "a.md")',
            {("warning", "careful", "")},
        ),
        (
            'class AnError(ProviderError): ...\nraise AnError("no" if x else "not here", hint=h)',
            {("warning", "no", ""), ("warning", "not here", "")},
        ),
        (
            'log.warning("mind the gap")\nlogging.warning("ours not")',
            {("warning", "mind the gap", "")},
        ),
        (
            'Refusal(RateError, "slow down", "wait")\nclass RateError(ProviderError): ...',
            {("warning", "slow down", "wait")},
        ),
        ('raise ValueError("for programmers")\nraise StoreError(error.message)', set()),
    ],
)
def test_calls_that_make_messages_are_read(
    tmp_path: Path, code: str, expected: set[tuple[str, str, str]]
) -> None:
    bases = "class StoreError(ImagegenError): ...\n"
    assert told(tmp_path, bases + code) == expected


def test_names_are_followed_to_what_was_set_last_on_each_way(tmp_path: Path) -> None:
    code = """
HINT = "mend it"
def f(x):
    what = "never seen"
    what, hint = "neither", HINT
    if x == 1:
        what, hint = "first", "do one"
        return SettingsError(what, hint=hint)
    elif x == 2:
        what, hint = "second", "do two"
    raise SettingsError(f"it is {what}", hint=hint)
class SettingsError(ImagegenError): ...
"""
    assert told(tmp_path, code) == {
        ("error", "first", "do one"),
        ("error", "it is neither", "mend it"),
        ("error", "it is second", "do two"),
    }


def test_functions_that_return_wordings_are_followed(tmp_path: Path) -> None:
    code = """
def told(x):
    why, hint = _why(x)
    raise ImagegenError(f"it is {_state(x)}: {why}", hint=hint)
def _why(x) -> tuple[str, str]:
    if x:
        return "full", "make room"
    return f"busy {x}", "wait"
def _state(x) -> str:
    return "shut" if x else "gone for good"
"""
    assert told(tmp_path, code) == {
        ("error", "it is shut: full", "make room"),
        ("error", "it is gone for good: full", "make room"),
        ("error", "it is shut: busy …", "wait"),
        ("error", "it is gone for good: busy …", "wait"),
    }
