"""The docs say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import REFERENCE, generated

ROOT = REFERENCE.parent.parent
PAGES = sorted([ROOT / "README.md", *REFERENCE.parent.glob("*.md")])


def test_the_reference_is_what_the_code_generates() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert text == generated(text), "run: python -m tests.docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_the_docs_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing
