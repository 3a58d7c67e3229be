"""Several requests, several runs, and Ctrl-C: nothing is bought twice, nothing paid is lost."""

from __future__ import annotations

import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from subprocess import Popen

import pytest

from mkdocs_imagegen.model import LedgerRow, RowState
from mkdocs_imagegen.store.ledger import LEDGER, Ledger
from tests.bills import apply_as_planned, charged, planned, server_of, started
from tests.imageserver import ImageServer
from tests.sites import Site

WAIT_S = 60.0
RETRY_S = 3.0


@pytest.fixture
def five_covers(site: Site) -> Site:
    for n in range(5):
        site.article(f"n{n}.md", cover_prompt=f"Number {n}", cover_quality="low")
    return site


def books(site: Site) -> list[LedgerRow]:
    with closing(Ledger(site.root / ".cache" / "imagegen" / LEDGER, read_only=True)) as ledger:
        return list(ledger.rows())


def wait_for_requests(server: ImageServer, count: int) -> None:
    server.wait_for(lambda: server.in_flight == count, timeout_s=WAIT_S)


def wait_for_pictures(server: ImageServer, count: int) -> None:
    server.wait_for(lambda: len(server.paid_calls) == count, timeout_s=WAIT_S)


def wait_for_line(run: Popen[str], start: str) -> None:
    assert run.stderr is not None
    while not (line := run.stderr.readline()).startswith(start):
        assert line, f"the run ended without {start!r}"


def waits_for(run: Popen[str], owner: Popen[str]) -> None:
    """Return once a run has said whom it waits for."""
    assert run.stderr is not None
    while "waiting for another run" not in (line := run.stderr.readline()):
        assert line, "the run ended without waiting"
    assert f"process {owner.pid} on " in line


def interrupt(run: Popen[str], line: str) -> None:
    """Send SIGINT until the line is there: two that come close together count as one."""
    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(wait_for_line, run, line)
        while not seen.done():
            run.send_signal(signal.SIGINT)
            with suppress(TimeoutError):
                seen.result(timeout=RETRY_S)
        seen.result()


def test_as_many_requests_are_under_way_as_concurrency_says(five_covers: Site) -> None:
    server = server_of(five_covers)
    five_covers.options["concurrency"] = 3
    plan = five_covers.plan()
    with server.gate.held():
        run = started(five_covers, "apply", "--yes")
        wait_for_requests(server, 3)
        for bought in (1, 2):
            server.gate.release(1)
            wait_for_pictures(server, bought)
            wait_for_requests(server, 3)
    run.communicate(timeout=WAIT_S)
    assert run.returncode == 0
    assert server.max_in_flight == 3
    assert charged(server.calls) == planned(plan)


def test_two_runs_at_once_pay_once(five_covers: Site) -> None:
    server = server_of(five_covers)
    plan = five_covers.plan()
    five_covers.options["concurrency"] = 5
    with server.gate.held():
        first = started(five_covers, "apply", "--yes")
        wait_for_requests(server, 5)
        second = started(five_covers, "apply", "--yes")
        # Its plan is on paper before it asks for the locks that the first run holds.
        assert second.stdout is not None
        while "Plan: 5 to buy" not in (line := second.stdout.readline()):
            assert line, "the second run ended without a plan"
        waits_for(second, first)
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda run: run.communicate(timeout=WAIT_S), (first, second)))
    assert (first.returncode, second.returncode) == (0, 0), done
    assert done[0][1].count("bought ($") == 5
    assert done[1][1].count("another run bought it meanwhile") == 5
    assert "Bought 0 of 5 covers, 5 bought by another run." in done[1][1]
    assert charged(server.calls) == planned(plan)
    assert apply_as_planned(five_covers) == 0


def test_a_killed_runs_locks_are_free_and_its_requests_are_possibly_billed(
    five_covers: Site,
) -> None:
    server = server_of(five_covers)
    five_covers.options["concurrency"] = 5
    with server.gate.held():
        first = started(five_covers, "apply", "--yes")
        wait_for_requests(server, 5)
        second = started(five_covers, "apply", "--yes")
        waits_for(second, first)
        first.kill()
        first.communicate(timeout=WAIT_S)
        # Its requests are on the server still, which will make and bill what nobody fetches.
        wait_for_requests(server, 10)
        report = five_covers.cli("report", "costs", "--by", "request")
    second.communicate(timeout=WAIT_S)
    assert second.returncode == 0
    assert len(server.paid_calls) == 10
    rows = books(five_covers)
    assert Counter(row.state for row in rows) == {
        RowState.POSSIBLY_BILLED: 5,
        RowState.SETTLED: 5,
    }
    assert report.output.count("possibly billed") >= 5, report.output
    assert apply_as_planned(five_covers) == 0


def test_a_build_and_an_apply_at_once_pay_once(five_covers: Site) -> None:
    server = server_of(five_covers)
    five_covers.options["concurrency"] = 2
    with server.gate.held(), ThreadPoolExecutor(1) as pool:
        run = started(five_covers, "apply", "--yes")
        wait_for_requests(server, 2)
        build = pool.submit(five_covers.build, CI="true")
        server.gate.release()
        built = build.result(timeout=WAIT_S)
    run.communicate(timeout=WAIT_S)
    assert (run.returncode, built.code) == (0, 0), built.output
    assert len(server.paid_calls) == 5
    assert len({str((call.body or {})["prompt"]) for call in server.paid_calls}) == 5


@pytest.mark.parametrize("concurrency", [1, 2])
def test_ctrl_c_keeps_what_is_under_way_and_sends_nothing_more(
    concurrency: int, five_covers: Site
) -> None:
    server = server_of(five_covers)
    five_covers.options["concurrency"] = concurrency
    with server.gate.held():
        run = started(five_covers, "apply", "--yes")
        wait_for_requests(server, concurrency)
        interrupt(run, "stopping: waiting a while")
        assert run.poll() is None  # it stays for what is on its way
    _, stderr = run.communicate(timeout=WAIT_S)
    assert run.returncode == 130
    assert "Traceback" not in stderr
    assert len(server.calls) == len(server.paid_calls) == concurrency

    assert apply_as_planned(five_covers) == 5 - concurrency
    assert len(server.paid_calls) == 5
