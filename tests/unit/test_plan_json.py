"""The plan as JSON: what scripts are promised."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from mkdocs_imagegen import report
from mkdocs_imagegen.model import (
    Action,
    ActionKind,
    Alternative,
    Change,
    Diagnostic,
    PlanOptions,
    Priced,
)
from mkdocs_imagegen.plan import Outlook
from mkdocs_imagegen.settings import Budget
from tests.plans import BUYS, BUYS_NOT, ESTIMATE, UNPRICED, YES, action, outdated, plan


def test_the_json_is_what_scripts_are_promised() -> None:
    told = Diagnostic("error", "too big", "blog/posts/b.md", "cover_size", 3, "write a smaller one")
    change = Change("model", "gpt-image-1.5", "gpt-image-2")
    made = plan(action(), outdated("z.md", change), diagnostics=(told,))
    outlook = Outlook(
        YES,
        Budget(Decimal("0.5"), 25, Decimal(10)),
        Decimal("2.75"),
        Alternative("gpt-image-2", "low", Decimal("0.00474"), Decimal("0.000645")),
    )
    options = PlanOptions(retry=frozenset({"b.md", "a.md"}), only=("blog/*",))
    expected = """\
{
  "version": 1,
  "currency": "USD",
  "total_usd": "0.0412",
  "total_micro_usd": 41160,
  "input_usd_estimate": "0.0006",
  "bound_usd": "0.0425",
  "bound_micro_usd": 42500,
  "batch_usd": "0.0209",
  "unpriced": 0,
  "will_buy": true,
  "will_buy_reason": "mode: generate",
  "outdated": 1,
  "outdated_usd": "0.0412",
  "outdated_micro_usd": 41160,
  "alternative": {
    "model": "gpt-image-2",
    "quality": "low",
    "usd": "0.0047",
    "micro_usd": 4740,
    "input_usd_estimate": "0.0006",
    "saves_usd": "0.0364"
  },
  "walls": {
    "per_build_usd": "0.5000",
    "per_build_remaining_usd": "0.4575",
    "per_month_usd": "10.0000",
    "per_month_held_usd": "2.7500",
    "per_month_remaining_usd": "7.2075",
    "max_images": 25,
    "max_images_remaining": 24
  },
  "options": {
    "rebuy": false,
    "outdated": false,
    "retry": [
      "a.md",
      "b.md"
    ],
    "only": [
      "blog/*"
    ],
    "max_cost_usd": null
  },
  "actions": [
    {
      "article": "blog/posts/a.md",
      "action": "generate",
      "reason": "new",
      "model": "gpt-image-2",
      "size": "1536x1024",
      "quality": "medium",
      "usd": "0.0412",
      "micro_usd": 41160,
      "input_usd_estimate": "0.0006",
      "bound_micro_usd": 42500,
      "confidence": "exact",
      "outdated_usd": null,
      "outdated_micro_usd": null,
      "request_key": "@KEY@",
      "changes": []
    },
    {
      "article": "z.md",
      "action": "outdated",
      "reason": "model gpt-image-1.5 -> gpt-image-2",
      "model": "gpt-image-2",
      "size": "1536x1024",
      "quality": "medium",
      "usd": "0.0000",
      "micro_usd": 0,
      "input_usd_estimate": "0.0000",
      "bound_micro_usd": 0,
      "confidence": "exact",
      "outdated_usd": "0.0412",
      "outdated_micro_usd": 41160,
      "request_key": "@KEY@",
      "changes": [
        {
          "what": "model",
          "then": "gpt-image-1.5",
          "now": "gpt-image-2",
          "by_author": false
        }
      ]
    }
  ],
  "diagnostics": [
    {
      "level": "error",
      "article": "blog/posts/b.md",
      "key": "cover_size",
      "line": 3,
      "message": "too big",
      "hint": "write a smaller one"
    }
  ]
}
"""
    assert report.plan_json(made, outlook, options) == expected.replace("@KEY@", "ab" * 32)


def test_a_saved_plan_keeps_the_sum_as_it_was_asked_for() -> None:
    asked = PlanOptions(max_cost_usd=Decimal("0.123456"))
    document = json.loads(report.plan_json(plan(), BUYS, asked))
    assert document["options"]["max_cost_usd"] == "0.123456"
    assert json.loads(report.plan_json(plan(), BUYS))["options"]["max_cost_usd"] is None


def test_where_there_is_no_wall_nothing_is_left_of_it() -> None:
    assert json_of(action())["walls"] == {
        "per_build_usd": None,
        "per_build_remaining_usd": None,
        "per_month_usd": None,
        "per_month_held_usd": None,
        "per_month_remaining_usd": None,
        "max_images": 25,
        "max_images_remaining": 24,
    }


def test_a_wall_that_the_plan_breaks_has_less_than_nothing_left() -> None:
    outlook = Outlook(budget=Budget(Decimal("0.01"), 1))
    document = json.loads(report.plan_json(plan(action(), action(src_uri="b.md")), outlook))
    assert document["walls"]["per_build_remaining_usd"] == "-0.0750"
    assert document["walls"]["max_images_remaining"] == -1
    assert (document["will_buy"], document["alternative"]) == (None, None)


def test_what_outdated_covers_would_cost_is_in_no_total() -> None:
    unpriced = outdated("c.md", price=UNPRICED)
    document = json_of(action(ActionKind.REUSE), outdated("a.md"), outdated("b.md"), unpriced)
    assert (document["total_micro_usd"], document["bound_micro_usd"]) == (0, 0)
    assert (document["outdated"], document["outdated_micro_usd"]) == (3, 82320)
    assert json_of(unpriced)["outdated_micro_usd"] is None


def json_of(*actions: Action, diagnostics: tuple[Diagnostic, ...] = ()) -> dict[str, object]:
    document: dict[str, object] = json.loads(
        report.plan_json(plan(*actions, diagnostics=diagnostics), BUYS_NOT)
    )
    return document


def first_row(document: dict[str, object]) -> dict[str, object]:
    rows = document["actions"]
    assert isinstance(rows, list)
    row: dict[str, object] = rows[0]
    return row


def test_what_is_unpriced_is_null_and_not_in_the_total() -> None:
    document = json_of(action(price=UNPRICED), action(src_uri="b.md"))
    row = first_row(document)
    assert [row[name] for name in ("usd", "micro_usd", "input_usd_estimate")] == [None] * 3
    assert row["confidence"] == "unpriced"
    assert document["total_micro_usd"] == 41160
    assert document["unpriced"] == 1


@pytest.mark.parametrize("count", [1, 2])
def test_where_no_purchase_has_a_price_the_totals_are_unknown_and_not_zero(count: int) -> None:
    bought = (action(src_uri=f"{n}.md", price=UNPRICED) for n in range(count))
    document = json_of(*bought, action(ActionKind.REUSE, "z.md"))
    totals = ("total_usd", "total_micro_usd", "input_usd_estimate")
    assert [document[name] for name in totals] == [None] * 3
    assert document["unpriced"] == count

    document = json_of(action(ActionKind.REUSE, "z.md"))
    assert [document[name] for name in totals] == ["0.0000", 0, "0.0000"]
    assert document["unpriced"] == 0


def test_an_estimate_is_called_one() -> None:
    assert first_row(json_of(action(price=ESTIMATE)))["confidence"] == "estimate"


def test_an_own_picture_has_no_request() -> None:
    row = first_row(json_of(action(ActionKind.OWN)))
    assert [row[name] for name in ("model", "size", "quality", "request_key")] == [None] * 4
    assert (row["usd"], row["micro_usd"]) == ("0.0000", 0)


def test_a_diagnostic_without_a_place_has_nulls() -> None:
    document = json_of(diagnostics=(Diagnostic("warning", "hm"),))
    assert document["diagnostics"] == [
        {
            "level": "warning",
            "article": None,
            "key": None,
            "line": None,
            "message": "hm",
            "hint": "",
        }
    ]


def test_totals_come_from_the_exact_sum_and_not_from_rounded_rows() -> None:
    third = Priced(Decimal("0.00004"))
    document = json_of(*(action(src_uri=f"{n}.md", price=third) for n in range(3)))
    assert first_row(document)["usd"] == "0.0000"
    assert (document["total_usd"], document["total_micro_usd"]) == ("0.0001", 120)


@pytest.mark.parametrize(
    ("usd", "text", "micro"),
    [
        ("0.00005", "0.0001", 50),
        ("0.000049", "0.0000", 49),
        ("0.0000005", "0.0000", 1),
        ("12.34565", "12.3457", 12345650),
    ],
)
def test_halves_are_rounded_up(usd: str, text: str, micro: int) -> None:
    row = first_row(json_of(action(price=Priced(Decimal(usd)))))
    assert (row["usd"], row["micro_usd"]) == (text, micro)


def test_the_json_is_ascii_whatever_articles_are_called() -> None:
    text = report.plan_json(plan(action(src_uri="über/狐.md")), BUYS_NOT)
    assert text.isascii()
    assert first_row(json.loads(text))["article"] == "über/狐.md"
