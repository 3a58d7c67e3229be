"""docs/compatibility.md says what the neighbours' cases say, and they leave no neighbour out."""

from __future__ import annotations

from tests.neighbours.cases import CASES, NEIGHBOURS, OTHER_CASES
from tests.neighbours.checks import CHECKS
from tests.neighbours.docs import COMPATIBILITY, installed, page, written_versions


def test_the_page_is_what_the_cases_tell_and_of_no_version_yet_to_come() -> None:
    text = COMPATIBILITY.read_text(encoding="utf-8")
    written, there = written_versions(text), installed()
    assert text == page(written), "run: python -m tests.neighbours.docs"
    assert written.keys() == there.keys()
    assert {name for name in there if _number(written[name]) > _number(there[name])} == set()


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def test_every_neighbour_is_built_with_and_checked() -> None:
    built = {name for case in CASES for name in case.neighbours}
    apart = {name for case in OTHER_CASES for name in case.neighbours}
    assert built | apart == {*NEIGHBOURS}
    assert built == {*CHECKS}
