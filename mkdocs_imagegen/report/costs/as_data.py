"""Costs for programs: JSON, version 1, and CSV for spreadsheets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from ...pricing import micro_usd, usd_text
from ..sheets import Value, sheet
from .cost import Cost
from .sums import By, CostReport, Summary

VERSION = 1
_REQUEST_FIELDS = (
    "at",
    "site",
    "article",
    "section",
    "authors",
    "job",
    "model",
    "size",
    "quality",
    "state",
    "input_text_tokens",
    "input_image_tokens",
    "output_tokens",
    "estimated_usd",
    "actual_usd",
    "bound_usd",
    "request_key",
    "request_id",
    "endpoint",
)


def costs_json(report: CostReport) -> str:
    """Return the report as one JSON document that ends with a line end.

    USD are text with four places, rounded; `micro_usd` are whole numbers, made from the exact sums.
    `null` is what nobody knows. By request there are no groups but `costs`, one a request. It is
    ASCII, so that no console's encoding can harm it.
    """
    by_request = report.by is By.REQUEST
    requests = [_request(cost) for cost in report.costs]
    rows = requests if by_request else [_group(group, "group") for group in report.groups]
    document = {
        "version": VERSION,
        "currency": "USD",
        "by": report.by.value,
        "since": report.since.isoformat() if report.since else None,
        "sources": list(report.sources),
        "total": _json_fields(_sums(report.total)),
        "costs" if by_request else "groups": [_json_fields(row) for row in rows],
    }
    return json.dumps(document, indent=2) + "\n"


def costs_csv(report: CostReport) -> str:
    """Return one row a group, or a request, below a row of names, as RFC 4180 has it.

    USD are exact, and empty where nobody knows. A text that a spreadsheet would run as a formula
    gets a leading apostrophe.
    """
    by_request = report.by is By.REQUEST
    requests = [_request(cost) for cost in report.costs]
    rows = requests if by_request else [_group(group, report.by) for group in report.groups]
    names = list(_REQUEST_FIELDS) if by_request else list(_group(report.total, report.by))
    return sheet(names, (row.values() for row in rows))


def _group(summary: Summary, name: str) -> Mapping[str, Value]:
    return {name: summary.group, **_sums(summary)}


def _sums(summary: Summary) -> Mapping[str, Value]:
    return {
        "requests": summary.requests,
        "pictures": summary.pictures,
        "unpriced": summary.unpriced,
        "possibly_billed": summary.possibly_billed,
        "possible_usd": summary.possible_usd,
        "possibly_unpriced": summary.possibly_unpriced,
        "released": summary.released,
        "input_text_tokens": summary.input_text_tokens,
        "input_image_tokens": summary.input_image_tokens,
        "output_tokens": summary.output_tokens,
        "estimated_usd": summary.estimated_usd,
        "actual_usd": summary.actual_usd,
        "difference_usd": summary.difference_usd,
    }


def _request(cost: Cost) -> Mapping[str, Value]:
    values: tuple[Value, ...] = (
        cost.at,
        cost.site,
        cost.article,
        cost.section,
        cost.authors,
        cost.job,
        cost.model,
        str(cost.size),
        cost.quality,
        cost.state.value,
        cost.usage.input_text_tokens,
        cost.usage.input_image_tokens,
        cost.usage.output_tokens,
        cost.estimated_usd,
        cost.actual_usd,
        cost.bound_usd,
        cost.request_key,
        cost.request_id,
        cost.endpoint,
    )
    return dict(zip(_REQUEST_FIELDS, values, strict=True))


def _json_fields(row: Mapping[str, Value]) -> Mapping[str, str | int | None]:
    """Return every amount of USD twice: as text, and in whole micro-dollars."""
    fields: dict[str, str | int | None] = {}
    for name, value in row.items():
        micro_name = name.replace("_usd", "_micro_usd")
        if isinstance(value, Decimal):
            fields |= {name: usd_text(value), micro_name: micro_usd(value)}
        elif name.endswith("_usd"):
            fields |= {name: None, micro_name: None}
        else:
            fields[name] = value
    return fields
