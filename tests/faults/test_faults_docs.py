"""The docs show the table of faults as it is tested."""

from __future__ import annotations

from .docs import PAGE, generated


def test_the_docs_show_the_table_that_is_tested() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == generated(text), "run: python -m tests.faults.docs"
