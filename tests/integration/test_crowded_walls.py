"""Several runs on one store at once, with slow, failing and lost answers: the walls hold."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from threading import Lock

import pytest

from mkdocs_imagegen.model import LedgerRow, RowState
from mkdocs_imagegen.store.ledger import LEDGER, Ledger
from tests import crowd
from tests.bills import started
from tests.imageserver import Answer, Call, Fault, Hangup, ImageServer, Picture
from tests.sites import Site

COUNT = 24
"""How many pictures each run wants."""
EXIT_OVER_BUDGET = 4
MICRO = Decimal("0.000001")
ANSWERS: tuple[Callable[[], Answer], ...] = (
    Picture,
    Picture,
    Picture,
    lambda: Picture(usage=None),
    lambda: Picture(usage={"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}),
    lambda: Fault.openai(500, "server_error", "Sorry."),
    lambda: Fault.openai(429, "slow_down", "Wait."),
    lambda: Fault.openai(400, "moderation_blocked", "No."),
    lambda: Fault(504, "<html>", paid=True),
    lambda: Fault(524, "<html>", paid=False),
    lambda: Hangup(paid=True),
    lambda: Hangup(paid=False),
)


def billed_usd(server: ImageServer) -> Decimal:
    """What the server charged, prompts included."""
    micro_usd = sum(call.micro_usd + call.input_micro_usd for call in server.calls)
    return micro_usd * MICRO


def books(cache_dir: Path) -> tuple[list[LedgerRow], Decimal]:
    """The ledger's rows, and what this month holds."""
    with closing(Ledger(cache_dir / LEDGER, read_only=True)) as ledger:
        return list(ledger.rows()), ledger.month_usd(f"{datetime.now(UTC):%Y-%m}")


def latency(seed: int, most_s: float) -> Callable[[Call], None]:
    """Take a random while between the bill and the answer."""
    random, lock = Random(seed), Lock()

    def wait(call: Call) -> None:
        with lock:
            wait_s = random.uniform(0, most_s)
        time.sleep(wait_s)

    return wait


def bound_of(site: Site) -> Decimal:
    """The most that a site's plan may cost, as a refusal tells it."""
    site.options["budget"] = 0.001
    told = re.search(r"this plan may cost \$([\d.]+)", site.apply().output)
    assert told
    return Decimal(told[1])


def two_runs(
    server: ImageServer, cache_dir: Path, *, per_month_usd: Decimal, timeout_s: float = 30.0
) -> tuple[crowd.Run, crowd.Run]:
    first, second = (
        crowd.Run(
            name,
            str(cache_dir),
            server.base_url,
            server.api_key,
            COUNT,
            per_month_usd=str(per_month_usd),
            timeout_s=timeout_s,
        )
        for name in ("one", "two")
    )
    return first, second


@pytest.mark.parametrize(("seed", "timeout_s"), [(0, 30.0), (1, 0.3)])
def test_two_runs_of_eight_workers_are_billed_no_more_than_the_months_wall(
    seed: int, timeout_s: float, tmp_path: Path
) -> None:
    random = Random(seed)
    wall_usd = crowd.bound_usd("one-10") * 20
    with ImageServer(on_paid=latency(seed, 0.4)) as server:
        server.script(*(random.choice(ANSWERS)() for _ in range(COUNT * 2)))
        runs = two_runs(server, tmp_path / "cache", per_month_usd=wall_usd, timeout_s=timeout_s)
        processes = [crowd.start(run) for run in runs]
        ended = [crowd.outcomes_of(process) for process in processes]
        server.wait_for(lambda: server.in_flight == 0, timeout_s=60)
        billed, sent = billed_usd(server), len(server.calls)
    assert billed <= wall_usd
    rows, held_usd = books(tmp_path / "cache")
    assert billed <= held_usd <= wall_usd
    skipped = sum(run["Skipped"] for run in ended)
    assert skipped > 0
    assert len(rows) == sent == COUNT * 2 - skipped
    assert RowState.RESERVED not in {row.state for row in rows}


def test_where_every_bill_is_known_two_runs_fill_the_month_to_the_last_picture(
    tmp_path: Path,
) -> None:
    bound_usd = crowd.bound_usd("one-10")
    wall_usd = bound_usd * 20
    with ImageServer(on_paid=latency(9, 0.1)) as server, server.gate.held():
        processes = [
            crowd.start(run) for run in two_runs(server, tmp_path / "cache", per_month_usd=wall_usd)
        ]
        server.wait_for(lambda: server.in_flight == crowd.WORKERS * 2, timeout_s=60)
        server.gate.release()
        ended = [crowd.outcomes_of(process) for process in processes]
        billed = billed_usd(server)
        assert sum(run["Bought"] for run in ended) == len(server.paid_calls)
    rows, held_usd = books(tmp_path / "cache")
    assert held_usd == billed <= wall_usd
    assert sum(row.actual_usd or 0 for row in rows) == billed
    assert {row.state for row in rows} == {RowState.SETTLED}


def test_what_a_killed_run_had_under_way_stays_out_of_the_others_reach(tmp_path: Path) -> None:
    bound_usd = crowd.bound_usd("one-10")
    wall_usd = bound_usd * (crowd.WORKERS + 4)
    with ImageServer() as server:
        first, second = two_runs(server, tmp_path / "cache", per_month_usd=wall_usd)
        with server.gate.held():
            killed = crowd.start(first)
            server.wait_for(lambda: server.in_flight == crowd.WORKERS, timeout_s=60)
            killed.kill()
            killed.communicate()
        server.wait_for(lambda: len(server.paid_calls) == crowd.WORKERS, timeout_s=60)
        ended = crowd.outcomes_of(crowd.start(second))
        billed = billed_usd(server)
    assert billed <= wall_usd
    assert ended["Bought"] >= 4
    assert ended["Skipped"] == COUNT - ended["Bought"]
    rows, _ = books(tmp_path / "cache")
    dead = [row for row in rows if row.site == "one"]
    assert [row.state for row in dead] == [RowState.POSSIBLY_BILLED] * crowd.WORKERS
    assert {row.state for row in rows if row.site == "two"} == {RowState.SETTLED}


def test_a_run_of_eight_workers_is_billed_no_more_than_its_own_wall(
    tmp_path: Path,
) -> None:
    random = Random(7)
    wall_usd = crowd.bound_usd("one-10") * 10
    with ImageServer(on_paid=latency(7, 0.1)) as server:
        server.script(*(random.choice(ANSWERS)() for _ in range(COUNT)))
        run = crowd.Run(
            "one",
            str(tmp_path / "cache"),
            server.base_url,
            server.api_key,
            COUNT,
            per_build_usd=str(wall_usd),
        )
        ended = crowd.outcomes_of(crowd.start(run))
        assert billed_usd(server) <= wall_usd
    assert ended["Skipped"]


def test_two_sites_on_one_cache_folder_share_the_months_wall(tmp_path: Path) -> None:
    """The second plan is refused while the first is under way, and when it has ended."""
    with ImageServer() as server:
        sites = [Site(tmp_path / name, server) for name in ("one", "two")]
        for site in sites:
            site.options = {
                "price_as": "openai",
                "retries": 0,
                "cache_dir": str(tmp_path / "cache"),
                "concurrency": crowd.WORKERS,
            }
            for n in range(12):
                prompt = f"{site.root.name} {n}"
                site.article(f"n{n}.md", cover_prompt=prompt, cover_quality="low")
        first, second = sites
        wall_usd = bound_of(first) * Decimal("1.2")
        for site in sites:
            site.options["budget"] = {"per_month": f"{wall_usd:.4f}"}
        with server.gate.held():
            run = started(first, "apply", "--yes")
            server.wait_for(lambda: server.in_flight == crowd.WORKERS, timeout_s=60)
            refused = second.apply()
        run.communicate(timeout=60)
        assert run.returncode == 0
        for late in (refused, second.build(CI="true")):
            assert late.code == EXIT_OVER_BUDGET, late.output
            assert "nothing was bought" in late.output
            assert "`budget: per_month`" in late.output
        assert len(server.calls) == 12
        assert billed_usd(server) <= wall_usd
