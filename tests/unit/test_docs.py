"""The docs say what the code says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from mkdocs_imagegen.model import Alternative, Diagnostic, Plan
from mkdocs_imagegen.plan import Outlook
from mkdocs_imagegen.report import plan_json
from mkdocs_imagegen.report.costs import By, costs_json, make_report
from tests.docs import REFERENCE, generated
from tests.plans import LINE_3, action

ROOT = REFERENCE.parent.parent
PAGES = sorted([ROOT / "README.md", *REFERENCE.parent.glob("*.md")])


def test_the_reference_is_what_the_code_generates() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert text == generated(text), "run: python -m tests.docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_the_docs_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", text)
    missing = [
        f"{file}#{anchor}"
        for file, anchor in links
        if not (page.parent / file).exists()
        or (anchor and anchor not in anchors(page.parent / file if file else page))
    ]
    assert not missing


def anchors(page: Path) -> set[str]:
    """Return what GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_reference_names_every_field_of_a_plan_and_of_the_books_as_json() -> None:
    plan = Plan((action(changes=(LINE_3,)),), (Diagnostic("info", "a message"),))
    other = Alternative("gpt-image-2", "low", Decimal("0.005"), Decimal("0.001"))
    planned = json.loads(plan_json(plan, Outlook(alternative=other)))
    books = json.loads(costs_json(make_report((), By.MONTH)))
    reference = REFERENCE.read_text(encoding="utf-8")
    named = re.findall(r"`(\w+)(?:\[\])?`", reference)
    of_plan, of_books = {*field_names(planned)}, {*field_names(books)}
    assert of_plan <= {*named}
    assert {name for name in of_books if "_micro_usd" not in name} <= {*named}


def field_names(document: object) -> Iterator[str]:
    match document:
        case dict():
            yield from document
            yield from field_names(list(document.values()))
        case list():
            for item in document:
                yield from field_names(item)
