"""Prices that a site sets, and those nobody knows: planned, billed and booked, never as $0."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from mkdocs_imagegen.model import LedgerRow, RowState
from mkdocs_imagegen.store.ledger import LEDGER, Ledger
from tests.bills import charged, planned, said_cleanly, server_of
from tests.imageserver import Picture
from tests.imageserver.models import MODELS, Family, Model
from tests.sites import Run, Site

EXIT_OVER_BUDGET = 4
MICRO = Decimal("0.000001")
SELLING = "our-painter"
"""A model that the price book has never heard of."""
USAGES: Mapping[str, Picture] = {
    "a": Picture(),
    "b": Picture(usage=None),
    "c": Picture(usage={"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}),
    "d": Picture(usage={"prompt_tokens": 20, "completion_tokens": 9_999, "total_tokens": 10_019}),
}
"""By article: counted, left out, zeros, and as chats are counted."""

Sells = Callable[[str, Family], None]


@pytest.fixture
def sells(monkeypatch: pytest.MonkeyPatch) -> Sells:
    """Put a model of a family's tokens on sale at the test server."""

    def sells(name: str, family: Family) -> None:
        monkeypatch.setitem(MODELS, name, Model(name, family))

    return sells


def write_covers(site: Site, names: str) -> None:
    for name in names:
        site.article(f"{name}.md", cover_prompt=f"Picture {name}", cover_quality="low")


def rows_of(site: Site) -> list[LedgerRow]:
    with closing(Ledger(site.root / ".cache/imagegen" / LEDGER, read_only=True)) as ledger:
        return list(ledger.rows())


def locked_usd(site: Site) -> dict[str, str | None]:
    """What the lockfile says each article's cover cost."""
    lines = (site.root / "imagegen.lock").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    return {entry["article"]: entry.get("usd") for entry in entries if "article" in entry}


def costs(site: Site) -> dict[str, Any]:
    run = site.cli("report", "costs", "--format", "json")
    assert run.code == 0, run.output
    told: dict[str, Any] = json.loads(run.stdout)
    return told


def bought_with_every_usage(site: Site) -> tuple[dict[str, Any], Run, list[LedgerRow]]:
    """Buy four covers, each answered with another kind of usage."""
    server = server_of(site)
    site.options["concurrency"] = 1
    server.script(*USAGES.values())
    plan = site.plan()
    assert server.calls == []
    run = site.apply()
    assert run.code == 0, run.output
    assert len(server.paid_calls) == len(USAGES)
    assert "bought ($0.0000" not in said_cleanly(run, server)
    rows = rows_of(site)
    assert [row.article for row in rows] == [f"{name}.md" for name in USAGES]
    assert {row.state for row in rows} == {RowState.SETTLED}
    assert locked_usd(site) == {row.article: f"{row.actual_usd:f}" for row in rows}
    return plan, run, rows


def test_a_new_price_in_mkdocs_yml_is_planned_and_booked(site: Site) -> None:
    del site.options["price_as"]  # a price of the site's own holds for any endpoint
    site.options["prices"] = {"gpt-image-2": {"usd_per_million": {"image_out": 60}}}
    write_covers(site, "a")
    plan = site.plan()
    assert site.apply().code == 0
    (call,) = server_of(site).paid_calls
    assert plan["total_micro_usd"] == call.micro_usd * 2
    (row,) = rows_of(site)
    assert row.actual_usd == (call.micro_usd * 2 + call.input_micro_usd) * MICRO
    assert locked_usd(site) == {"a.md": f"{row.actual_usd:f}"}


def test_a_model_like_another_is_booked_as_planned_where_the_usage_is_no_count(
    site: Site, sells: Sells
) -> None:
    del site.options["price_as"]
    site.options |= {"model": SELLING, "prices": {SELLING: {"like": "gpt-image-2"}}}
    sells(SELLING, "2")
    write_covers(site, "abcd")
    plan, _, rows = bought_with_every_usage(site)
    calls = server_of(site).paid_calls
    assert charged(calls) == planned(plan)
    for row, call in zip(rows, calls, strict=True):
        # The prompt's tokens are counted offline here, so that an estimate is a bill too.
        assert row.actual_usd == (call.micro_usd + call.input_micro_usd) * MICRO


@pytest.mark.parametrize("per_image", [0.04, {"low": "0.04", "high": 0.17}])
def test_a_model_sold_by_the_picture_costs_its_price_whatever_was_counted(
    per_image: object, site: Site, sells: Sells
) -> None:
    del site.options["price_as"]
    site.options |= {"model": SELLING, "prices": {SELLING: {"per_image": per_image}}}
    site.options["budget"] = 0.16
    sells(SELLING, "2")
    write_covers(site, "abcd")
    plan, run, rows = bought_with_every_usage(site)
    assert plan["total_micro_usd"] == 160_000
    assert {row.actual_usd for row in rows} == {Decimal("0.04")}
    assert run.output.count("bought ($0.0400)") == len(USAGES)
    site.article("e.md", cover_prompt="Picture e", cover_quality="medium")
    site.options["budget"] = 0.03
    assert site.apply().code == EXIT_OVER_BUDGET
    assert len(server_of(site).calls) == len(USAGES)


@pytest.mark.parametrize("options", [{"price_as": "openai", "model": SELLING}, {}])
def test_what_nobody_has_priced_is_bought_within_max_images_only(
    options: dict[str, object], site: Site, sells: Sells
) -> None:
    server = server_of(site)
    sells(SELLING, "2")
    site.options = {**options, "budget": {"per_build": 5, "max_images": 4}, "concurrency": 1}
    write_covers(site, "abcd")
    plan = site.plan()
    assert {action["micro_usd"] for action in plan["actions"]} == {None}
    blocked = site.apply()
    assert blocked.code == EXIT_OVER_BUDGET
    assert "`budget: per_build` needs a price" in blocked.output
    assert server.calls == []

    site.options["budget"] = {"max_images": 4}
    server.script(*USAGES.values())
    run = site.apply()
    assert run.code == 0, run.output
    assert run.output.count("price unknown") >= len(USAGES)
    assert "$" not in run.stderr
    rows = rows_of(site)
    assert [(row.state, row.actual_usd) for row in rows] == [(RowState.SETTLED, None)] * 4
    assert locked_usd(site) == dict.fromkeys([f"{name}.md" for name in "abcd"])
    told = costs(site)
    assert told["total"]["unpriced"] == len(USAGES), told


def ending(on: date) -> dict[str, object]:
    shut_down = {"on": on.isoformat(), "successor": "gpt-image-2.5-flare"}
    return {"gpt-image-2": {"shut_down": shut_down}}


def test_a_model_past_its_end_is_an_error_for_new_covers_only(site: Site) -> None:
    server = server_of(site)
    soon = date.today() + timedelta(days=20)
    site.options["prices"] = ending(soon)
    write_covers(site, "a")
    bought = site.apply()
    assert bought.code == 0, bought.output
    assert f"info: gpt-image-2 will be shut down on {soon}" in bought.stderr
    server.reset()

    site.options["prices"] = ending(date(2026, 1, 31))
    built = site.build("--strict")
    assert built.code == 0, built.output
    assert "gpt-image-2 was shut down on 2026-01-31" in built.output
    assert not site.cover_of("a/index.html").name.endswith(".svg")

    write_covers(site, "b")
    refused = site.apply()
    assert refused.code == 1
    assert "error: b.md:2: gpt-image-2 was shut down on 2026-01-31" in refused.stderr
    assert "set `model: gpt-image-2.5-flare`" in refused.stderr
    assert server.calls == []
    site.options["model"] = "gpt-image-2.5-flare"
    assert site.actions() == {"a.md": "outdated", "b.md": "generate"}
