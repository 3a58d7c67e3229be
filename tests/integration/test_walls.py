"""The walls around one run: what is beyond them is never sent, and the exit code says so."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.bills import apply_as_planned, charged, said_cleanly, server_of
from tests.imageserver import Fault, Picture
from tests.sites import Run, Site

CI = {"CI": "true"}
EXIT_OVER_BUDGET = 4
STEP_USD = Decimal("0.0001")


def both_refuse(site: Site) -> tuple[Run, Run]:
    """Run the command and a CI build; both must stop at a wall before the first request."""
    runs = (site.apply(), site.build(**CI))
    for run in runs:
        assert run.code == EXIT_OVER_BUDGET, run.output
        assert "nothing was bought" in said_cleanly(run, server_of(site))
        assert "hint: " in run.output
    assert server_of(site).calls == []
    return runs


def test_twenty_six_covers_are_one_too_many_unless_told(site: Site) -> None:
    for n in range(26):
        site.article(f"n{n}.md", cover_prompt=f"Number {n}", cover_quality="low")
    for run in both_refuse(site):
        assert "26 covers to buy, and `budget: max_images` allows 25" in run.output
        assert "max_images: 26" in run.output
    assert site.plan()["total_micro_usd"] > 0  # the plan is shown all the same

    site.options["budget"] = {"max_images": 26}
    assert apply_as_planned(site) == 26


def test_articles_that_share_a_request_count_once_at_the_wall(site: Site) -> None:
    site.options["budget"] = {"max_images": 1}
    for n in range(3):
        site.article(f"n{n}.md", cover_prompt="The same", cover_quality="low")
    assert apply_as_planned(site) == 1


@pytest.mark.parametrize("form", ["number", "mapping"])
def test_the_wall_stands_at_the_most_that_a_plan_may_cost(form: str, site: Site) -> None:
    def wall(usd: Decimal) -> object:
        return float(usd) if form == "number" else {"per_build": str(usd), "max_images": 2}

    site.article("a.md", cover_prompt="A red fox in fresh snow")
    site.article("b.md", cover_prompt="A paper lighthouse", cover_quality="low")
    site.options["budget"] = wall(Decimal("0.01"))
    run, _ = both_refuse(site)
    found = re.search(r"may cost \$([\d.]+), and `budget: per_build` allows \$0\.01", run.output)
    assert found, run.output
    most_usd = Decimal(found[1])

    site.options["budget"] = wall(most_usd - STEP_USD)
    assert site.apply().code == EXIT_OVER_BUDGET
    assert server_of(site).calls == []
    site.options["budget"] = wall(most_usd + STEP_USD)
    assert apply_as_planned(site) == 2
    calls = server_of(site).paid_calls
    paid_micro_usd = sum(call.micro_usd + call.input_micro_usd for call in calls)
    assert paid_micro_usd <= (most_usd + STEP_USD) * 1_000_000


def test_a_wall_of_zero_lets_through_what_costs_nothing(site: Site) -> None:
    site.article("a.md", cover_prompt="A red fox")
    assert apply_as_planned(site) == 1
    site.options["budget"] = 0
    assert apply_as_planned(site) == 0
    site.options["budget"] = {"max_images": 0}
    assert apply_as_planned(site) == 0


def test_an_unknown_price_does_not_pass_a_wall_in_usd(site: Site) -> None:
    del site.options["price_as"]
    site.options["budget"] = 100
    site.article("a.md", cover_prompt="A red fox")
    for run in both_refuse(site):
        assert "a.md" in run.output
        assert "price_as: openai" in run.output

    del site.options["budget"]
    (action,) = site.plan()["actions"]
    assert (action["usd"], action["micro_usd"], action["confidence"]) == (None, None, "unpriced")
    run = site.apply()
    assert run.code == 0, run.output
    assert "unpriced" in run.stdout
    assert "price unknown" in run.stderr
    assert len(server_of(site).paid_calls) == 1


USAGE = {"input_tokens": 9, "output_tokens": 6_600, "total_tokens": 6_609}
DETAILED = USAGE | {"input_tokens_details": {"image_tokens": 0, "text_tokens": 9}}


@pytest.mark.parametrize(("edge", "usage"), [("apply", USAGE), ("build", DETAILED)])
def test_an_endpoint_that_charges_more_is_stopped_at_the_wall(
    edge: str, usage: dict[str, object], site: Site
) -> None:
    server = server_of(site)
    site.options |= {"budget": 0.2, "concurrency": 1}
    for name in "abc":
        site.article(f"{name}.md", cover_prompt=f"Picture {name}", cover_quality="low")
    server.script(Picture(usage=usage))
    run = site.apply() if edge == "apply" else site.build(**CI)
    assert run.code == EXIT_OVER_BUDGET, run.output
    said = said_cleanly(run, server)
    assert "a.md: bought ($0.198" in said
    assert re.search(r"b\.md: not sent \(.*per_build.*\)", said)
    assert re.search(r"c\.md: not sent \(.*per_build.*\)", said)
    assert len(server.calls) == 1

    left = {name for name, action in site.actions().items() if action == "generate"}
    assert left == {"b.md", "c.md"}
    assert apply_as_planned(site) == 2  # a new run has a new budget
    assert sum(charged(server.calls).values()) == 3


def test_the_months_wall_counts_what_earlier_runs_spent_and_may_have_spent(site: Site) -> None:
    server = server_of(site)
    site.article("a.md", cover_prompt="A red fox")
    site.options["budget"] = {"per_month": 0.01}
    told = re.search(r"this plan may cost \$([\d.]+)", site.apply().output)
    assert told
    bound_usd = Decimal(told[1]) + STEP_USD  # told in four decimals
    site.options["budget"] = {"per_month": str(bound_usd * 2)}

    server.script(Fault.openai(500, None, "Sorry."))  # certainly not billed
    assert site.apply().code == 1
    server.script(Fault(504, "", paid=True))
    assert site.apply().code == 1
    assert apply_as_planned(site) == 1
    assert len(server.paid_calls) == 2

    site.article("b.md", cover_prompt="A sea fox")
    for run in (site.apply(), site.build(**CI)):
        assert run.code == EXIT_OVER_BUDGET, run.output
        assert "`budget: per_month` allows" in said_cleanly(run, server)
        assert "nothing was bought" in run.output
    assert len(server.calls) == 3

    site.options["budget"] = {"per_month": str(bound_usd * 3)}
    assert apply_as_planned(site) == 1
    paid_micro_usd = sum(call.micro_usd + call.input_micro_usd for call in server.calls)
    assert paid_micro_usd <= bound_usd * 3 * 1_000_000


def test_an_unknown_price_does_not_pass_a_months_wall_either(site: Site) -> None:
    del site.options["price_as"]
    site.options["budget"] = {"per_month": 100}
    site.article("a.md", cover_prompt="A red fox")
    for run in both_refuse(site):
        assert "`budget: per_month` needs a price" in run.output
