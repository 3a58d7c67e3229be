"""What runs and builds say in a line, and purchases while they happen."""

from __future__ import annotations

import signal
from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from mkdocs_imagegen import report
from mkdocs_imagegen.errors import (
    AnswerError,
    RateError,
    ResponseTimeoutError,
    RunStoppedError,
    StoreError,
)
from mkdocs_imagegen.interrupts import STOPPING
from mkdocs_imagegen.model import (
    Action,
    ActionKind,
    Bought,
    Failed,
    Found,
    Outcome,
    Record,
    Skipped,
)
from mkdocs_imagegen.report.lines import build_line
from tests.plans import ESTIMATE, UNPRICED, action, outdated, plan


@pytest.mark.parametrize(
    ("actions", "sentence"),
    [
        ([], "no covers"),
        (
            [action()],
            "1 to buy: pictures $0.0412, prompts about $0.0006",
        ),
        ([action(ActionKind.REUSE), action(ActionKind.OWN)], "1 reused, 1 own: nothing to pay"),
        ([action(price=UNPRICED)], "1 to buy: price unknown"),
        (
            [action(), action(price=UNPRICED), action(ActionKind.BLOCKED)],
            "2 to buy, 1 blocked: pictures $0.0412, prompts about $0.0006, and 1 of unknown price",
        ),
        ([action(price=ESTIMATE)], "1 to buy: pictures about $0.0199, prompts about $0.0006"),
        ([action(ActionKind.DRAW)] * 2, "2 drawn: nothing to pay"),
        ([outdated("a.md"), outdated("b.md")], "2 outdated: nothing to pay"),
        (
            [action(ActionKind.LOST), action(ActionKind.SKIP), outdated("c.md")],
            "1 outdated, 1 left out, 1 lost: nothing to pay",
        ),
        (
            [action(ActionKind.RENDER), action(ActionKind.SHARED)],
            "1 to render, 1 shared: nothing to pay",
        ),
    ],
)
def test_a_plan_in_a_sentence(actions: list[Action], sentence: str) -> None:
    assert report.plan_summary(plan(*actions)) == sentence


RECORD = Record(
    request_key="ab" * 32,
    digest="cd" * 32,
    size_bytes=10,
    article="blog/posts/a.md",
    sent={},
    endpoint="https://api.openai.com",
    received_at="2026-11-22T08:00:00+00:00",
    usd="0.041805",
)


BOUGHT = Bought(action(), RECORD, action().cover.size)
UNPRICED_BUY = Bought(action(), replace(RECORD, usd=None), action().cover.size)
LOST = Skipped(action(), "the run was stopped")


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Bought(action(), RECORD, action().cover.size), "blog/posts/a.md: bought ($0.0418)"),
        (
            Bought(action(), replace(RECORD, usd=None), action().cover.size),
            "blog/posts/a.md: bought (price unknown)",
        ),
        (Found(action()), "blog/posts/a.md: another run bought it meanwhile"),
        (Failed(action(), StoreError("the disk is full")), "blog/posts/a.md: the disk is full"),
        (
            Failed(action(), RateError("too many requests", hint="wait", request_id="req_1")),
            "blog/posts/a.md: too many requests [request req_1]\n  hint: wait",
        ),
        (Failed(action(), AnswerError("no picture")), "blog/posts/a.md: no picture"),
        (
            Skipped(action(), "the run was stopped"),
            "blog/posts/a.md: not sent (the run was stopped)",
        ),
    ],
)
def test_an_outcome_in_a_line(outcome: Outcome, line: str) -> None:
    assert report.outcome_line(outcome) == line


@pytest.mark.parametrize(
    ("outcomes", "line"),
    [
        ([BOUGHT, BOUGHT], "2 of 2 covers bought"),
        ([BOUGHT, LOST], "1 of 2 covers bought"),
        ([BOUGHT, Found(action()), LOST], "1 of 3 covers bought, 1 bought by another run"),
        ([Found(action())], "0 of 1 covers bought, 1 bought by another run"),
    ],
)
def test_what_another_run_paid_is_not_counted_as_bought(outcomes: list[Outcome], line: str) -> None:
    assert report.outcomes_summary(outcomes) == line


CENTS = Decimal("0.02")
UNPAID = ResponseTimeoutError("no answer")


def spoilt() -> AnswerError:
    error = AnswerError("no picture")
    error.spent_usd = CENTS
    return error


@pytest.mark.parametrize(
    ("outcomes", "line"),
    [
        ([BOUGHT], "Bought 1 cover for $0.0418."),
        ([BOUGHT, BOUGHT], "Bought 2 covers for $0.0836."),
        ([BOUGHT, LOST], "Bought 1 of 2 covers for $0.0418."),
        (
            [BOUGHT, UNPRICED_BUY],
            "Bought 2 covers for $0.0418, and 1 of unknown price.",
        ),
        ([UNPRICED_BUY], "Bought 1 cover, price unknown."),
        ([Found(action())] * 5, "Bought 0 of 5 covers, 5 bought by another run."),
        (
            [BOUGHT, Failed(action(), spoilt()), Failed(action(), UNPAID)],
            "Bought 1 of 3 covers for $0.0418; $0.0200 spent on what failed; "
            "up to $0.0425 possibly billed.",
        ),
        (
            [Failed(action(price=UNPRICED), UNPAID)],
            "Bought 0 of 1 cover; 1 possibly billed, price unknown.",
        ),
    ],
)
def test_a_run_ends_with_what_it_spent(outcomes: list[Outcome], line: str) -> None:
    assert report.purchases_line(outcomes) == line


@pytest.mark.parametrize(
    ("lockfile", "covers", "written", "line"),
    [
        ("", "covers/", "", ""),
        ("a.lock", "covers/", "", "Commit a.lock and covers/ with your articles."),
        ("a.lock", "covers/", "d/", "Commit the articles, d/, a.lock and covers/."),
        ("", "", "d/", "Commit the articles and d/."),
        (
            "a.lock",
            "",
            "",
            "Commit a.lock; the pictures are in .cache/i (store: covers/ puts them into git).",
        ),
    ],
)
def test_a_run_ends_with_what_to_commit(
    lockfile: str, covers: str, written: str, line: str
) -> None:
    told = report.commit_line(lockfile=lockfile, covers=covers, cache=".cache/i", written=written)
    assert told == line


@pytest.mark.parametrize(
    ("actions", "question"),
    [
        ([action()], "Buy 1 cover for about $0.0418?"),
        ([action(), action(), action(ActionKind.OWN)], "Buy 2 covers for about $0.0836?"),
        (
            [action(), action(price=UNPRICED)],
            "Buy 2 covers, 1 of unknown price, the rest for about $0.0418?",
        ),
        ([action(price=UNPRICED)] * 2, "Buy 2 covers, price unknown?"),
    ],
)
def test_who_is_asked_is_told_the_price(actions: list[Action], question: str) -> None:
    assert report.purchase_question(plan(*actions)) == question


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        (
            {
                "reused": 12,
                "bought": 2,
                "drawn": 1,
                "outdated": 3,
                "spent_usd": Decimal("0.08232"),
            },
            "12 covers reused, 2 bought, 1 drawn, 3 outdated; $0.0823 spent",
        ),
        ({"reused": 1}, "1 cover reused; $0.0000 spent"),
        ({"drawn": 4, "lost": 2, "blocked": 1}, "4 covers drawn, 2 lost, 1 blocked; $0.0000 spent"),
        ({"own": 3}, "3 covers own; $0.0000 spent"),
        ({"bought": 2, "unpriced": 2}, "2 covers bought; spent: price unknown"),
        (
            {"bought": 2, "unpriced": 1, "spent_usd": Decimal("0.04116")},
            "2 covers bought; $0.0412 spent, and 1 of unknown price",
        ),
        ({}, "0 covers reused; $0.0000 spent"),
    ],
)
def test_a_build_in_a_line(counts: dict[str, Any], line: str) -> None:
    assert build_line(**counts) == line


def test_each_outcome_is_told_as_it_ends_where_nobody_watches(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcomes: list[Outcome] = [Found(action()), Skipped(action(), "x")]
    told: list[Outcome] = []

    def passing() -> Generator[Outcome, None, None]:
        for n, outcome in enumerate(outcomes):
            assert told == outcomes[:n]
            yield outcome

    assert report.watch(passing(), list(outcomes), 2, told.append) == outcomes
    assert told == outcomes
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_says_what_it_waits_for_before_it_waits(
    capfd: pytest.CaptureFixture[str], number: signal.Signals, code: int
) -> None:
    said: list[str] = []
    told: list[Outcome] = []

    def waiting() -> Generator[Outcome, None, None]:
        try:
            signal.raise_signal(number)
            yield Found(action())
        finally:
            said.append(capfd.readouterr().err)

    before = signal.getsignal(number)
    with pytest.raises(RunStoppedError, match="stopped after 0 of 1 covers") as stopped:
        report.watch(waiting(), [], 1, told.append)
    assert stopped.value.exit_code == code
    assert said == [f"{STOPPING}\n"]
    assert signal.getsignal(number) is before


def test_purchases_are_closed_at_once_when_telling_fails() -> None:
    closed: list[str] = []

    def passing() -> Generator[Outcome, None, None]:
        try:
            yield Found(action())
            yield Found(action())
        finally:
            closed.append("closed")

    def fail(outcome: Outcome) -> None:
        raise KeyboardInterrupt

    with pytest.raises(RunStoppedError):
        report.watch(passing(), [], 2, fail)
    assert closed == ["closed"]
