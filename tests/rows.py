"""Rows of the books, for tests to vary."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from mkdocs_imagegen.model import LedgerRow, RowState, Size, Usage

RESERVED = LedgerRow(
    at="2026-10-05T12:00:00Z",
    site="Docs",
    article="blog/a.md",
    section="Blog",
    authors="ann",
    job="",
    request_key="a" * 64,
    model="gpt-image-2",
    size=Size(1536, 1024),
    quality="medium",
    endpoint="https://api.openai.com",
    bound_usd=Decimal("0.05"),
    estimated_usd=Decimal("0.0425"),
)
SETTLED = replace(
    RESERVED,
    state=RowState.SETTLED,
    actual_usd=Decimal("0.041805"),
    usage=Usage(129, 0, 1372),
    request_id="req_1",
)
