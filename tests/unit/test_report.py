"""Plans and outcomes as people and programs read them."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from io import BytesIO, TextIOWrapper

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen import report
from mkdocs_imagegen.errors import AnswerError, RateError, StoreError
from mkdocs_imagegen.model import (
    Action,
    ActionKind,
    ArticleSource,
    Bought,
    Cover,
    Diagnostic,
    Failed,
    Found,
    Outcome,
    OwnPicture,
    Plan,
    Price,
    Priced,
    Record,
    Size,
    Skipped,
    Unpriced,
)
from mkdocs_imagegen.plan import Decision
from mkdocs_imagegen.settings import Budget

COVER = Cover(
    ArticleSource("blog/posts/a.md", "A", {}),
    "a fox",
    "gpt-image-2",
    Size(1536, 1024),
    "medium",
    "cover.j2",
)
MEDIUM = Priced(Decimal("0.04116"), Decimal("0.000645"), Decimal("0.0425"))
ESTIMATE = Priced(Decimal("0.01992"), Decimal("0.0006"), Decimal("0.04"), "estimate")
UNPRICED = Unpriced("the price book has no model mine")
YES = Decision(True, "mode: generate")
NO = Decision(False, "mode: auto buys only in CI")
ESCAPE = "\x1b"


def action(
    kind: ActionKind = ActionKind.GENERATE,
    src_uri: str = "blog/posts/a.md",
    price: Price | None = None,
    reason: str = "new",
) -> Action:
    cover = replace(COVER, article=ArticleSource(src_uri, "A", {}))
    if kind is ActionKind.OWN:
        cover = replace(cover, own=OwnPicture("own.png", "cover", ("own.png",)))
    paid = MEDIUM if kind is ActionKind.GENERATE else Priced(Decimal(0))
    key = None if kind is ActionKind.OWN else "ab" * 32
    return Action(kind, cover, reason, price or paid, request_key=key)


def plan(*actions: Action, diagnostics: tuple[Diagnostic, ...] = ()) -> Plan:
    return Plan(actions, diagnostics)


def test_the_json_is_what_scripts_are_promised() -> None:
    told = Diagnostic("error", "too big", "blog/posts/b.md", "cover_size", 3, "write a smaller one")
    made = plan(action(), action(src_uri="z.md"), diagnostics=(told,))
    expected = """\
{
  "version": 1,
  "currency": "USD",
  "total_usd": "0.0823",
  "total_micro_usd": 82320,
  "input_usd_estimate": "0.0013",
  "unpriced": 0,
  "will_buy": true,
  "will_buy_reason": "mode: generate",
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
      "confidence": "exact",
      "request_key": "@KEY@"
    },
    {
      "article": "z.md",
      "action": "generate",
      "reason": "new",
      "model": "gpt-image-2",
      "size": "1536x1024",
      "quality": "medium",
      "usd": "0.0412",
      "micro_usd": 41160,
      "input_usd_estimate": "0.0006",
      "confidence": "exact",
      "request_key": "@KEY@"
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
    assert report.plan_json(made, YES) == expected.replace("@KEY@", "ab" * 32)


def json_of(*actions: Action, diagnostics: tuple[Diagnostic, ...] = ()) -> dict[str, object]:
    document: dict[str, object] = json.loads(
        report.plan_json(plan(*actions, diagnostics=diagnostics), NO)
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
    text = report.plan_json(plan(action(src_uri="über/狐.md")), NO)
    assert text.isascii()
    assert first_row(json.loads(text))["article"] == "über/狐.md"


EVERY_KIND = [
    action(ActionKind.GENERATE, "a.md"),
    action(ActionKind.RENDER, "b.md", reason="bought before"),
    action(ActionKind.REUSE, "c.md", reason="unchanged"),
    action(ActionKind.SHARED, "d.md", reason="same picture as a.md"),
    action(ActionKind.OWN, "e.md", reason="cover: own.png"),
    action(ActionKind.DRAW, "f.md", reason="provider: sketch"),
    action(ActionKind.BLOCKED, "g.md", reason="not yet"),
    action(ActionKind.GENERATE, "h.md", ESTIMATE),
    action(ActionKind.GENERATE, "i.md", UNPRICED),
]


def test_the_text_is_a_table_with_its_totals() -> None:
    text = report.plan_text(plan(*EVERY_KIND), NO, Budget(Decimal("0.5"), 25))
    expected = """\
   article  action    size       quality  model             USD  why
+  a.md     generate  1536x1024  medium   gpt-image-2   $0.0412  new
~  b.md     render    1536x1024  medium   gpt-image-2            bought before
=  c.md     reuse     1536x1024  medium   gpt-image-2            unchanged
=  d.md     shared    1536x1024  medium   gpt-image-2            same picture as a.md
·  e.md     own                                                  cover: own.png
✎  f.md     draw      1536x1024  medium   gpt-image-2            provider: sketch
!  g.md     blocked   1536x1024  medium   gpt-image-2            not yet
+  h.md     generate  1536x1024  medium   gpt-image-2  ~$0.0199  new
+  i.md     generate  1536x1024  medium   gpt-image-2  unpriced  new

Plan: 3 to buy, 1 to render, 1 reused, 1 shared, 1 own, 1 drawn, 1 blocked: \
pictures $0.0611, prompts about $0.0012, and 1 of unknown price.
Walls: $0.5000 a build, 25 pictures.
A mkdocs build here does not buy (mode: auto buys only in CI).
"""
    assert text == expected


def test_a_plan_without_articles_says_so() -> None:
    assert report.plan_text(plan(), NO, Budget()) == "Plan: no covers.\n"


def test_a_plan_that_buys_nothing_speaks_of_no_walls() -> None:
    text = report.plan_text(plan(action(ActionKind.REUSE)), NO, Budget())
    assert text.endswith("\n\nPlan: 1 reused: nothing to pay.\n")


@pytest.mark.parametrize("decision", [YES, NO])
def test_the_walls_and_the_decision_stand_below_what_is_bought(decision: Decision) -> None:
    text = report.plan_text(plan(action()), decision, Budget(None, 3))
    assert "Walls: no limit in USD, 3 pictures." in text
    assert decision.reason in text
    assert ("does not buy" in text) is not decision.buys


LONG = action(
    src_uri="blog/posts/2026/how-we-moved-a-very-large-monolith-to-something-else.md",
    reason="the template night.j2 has changed since the cover was bought",
)


def test_at_80_columns_the_plan_fits() -> None:
    text = report.plan_text(plan(LONG, *EVERY_KIND), NO, Budget(), width=80)
    assert max(len(line) for line in text.splitlines()) <= 80


@pytest.mark.parametrize("model", ["gpt-image-2", "gpt-image-2.5-sunburst-2026-09-08"])
@pytest.mark.parametrize("width", [20, 80, 100])
def test_however_narrow_the_terminal_nothing_is_left_out(width: int, model: str) -> None:
    long = replace(LONG, cover=replace(LONG.cover, model=model))
    text = report.plan_text(plan(long, EVERY_KIND[1]), NO, Budget(), width=width)
    head, *rows = text.split("\n\n")[0].splitlines()
    assert head.split() == ["article", "action", "size", "quality", "model", "USD", "why"]
    article, why = head.index("article"), head.index("why")
    end = head.index("action")
    assert "".join(row[article:end].strip() for row in rows) == f"{LONG.article}b.md"
    assert " ".join(row[why:].strip() for row in rows).startswith(LONG.reason)
    assert {"generate", "1536x1024", "medium", model, "$0.0412"} <= set(" ".join(rows).split())


def test_unbounded_every_article_has_one_line() -> None:
    rows = report.plan_text(plan(LONG, *EVERY_KIND), NO, Budget()).split("\n\n")[0].splitlines()
    assert len(rows) == 1 + 1 + len(EVERY_KIND)
    assert any(LONG.article in row and row.endswith(LONG.reason) for row in rows)
    assert not any(row != row.rstrip() for row in rows)


@pytest.mark.parametrize("variables", [{}, {"FORCE_COLOR": "1"}, {"TERM": "xterm-256color"}])
@pytest.mark.parametrize("width", [None, 80, 20])
def test_without_colour_there_is_no_escape(
    variables: dict[str, str], width: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ESCAPE not in report.plan_text(plan(*EVERY_KIND), YES, Budget(), width=width)


def test_with_colour_the_words_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    made = plan(*EVERY_KIND)
    coloured = report.plan_text(made, YES, Budget(), colour=True)
    assert ESCAPE in coloured
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    plain = report.plan_text(made, YES, Budget())
    assert [line.rstrip() for line in bare.splitlines()] == plain.splitlines()


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1))
def test_whatever_an_article_is_called_it_is_no_markup(name: str) -> None:
    text = report.plan_text(plan(action(src_uri=f"x{name}x.md")), NO, Budget())
    assert f"x{name}x.md" in text
    assert "[bold]" in report.plan_text(plan(action(reason="[bold]x")), NO, Budget())


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
        ([action(ActionKind.DRAW)] * 2, "2 drawn: nothing to pay"),
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


def test_a_plan_is_shown_on_a_console_that_lacks_its_signs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(written, encoding="cp1252", newline="\n"))
    report.show_plan(plan(*EVERY_KIND), NO, Budget())
    text = report.plan_text(plan(*EVERY_KIND), NO, Budget())
    assert "✎" in text
    assert written.getvalue().decode("cp1252") == text.replace("✎", "?")


def test_each_outcome_is_told_as_it_ends_where_nobody_watches(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcomes: list[Outcome] = [Found(action()), Skipped(action(), "x")]
    told: list[Outcome] = []

    def passing() -> Generator[Outcome, None, None]:
        for n, outcome in enumerate(outcomes):
            assert told == outcomes[:n]
            yield outcome

    assert report.watch(passing(), 2, told.append) == outcomes
    assert told == outcomes
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_says_what_it_waits_for_before_it_waits(capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    told: list[Outcome] = []

    def waiting() -> Generator[Outcome, None, None]:
        try:
            signal.raise_signal(signal.SIGINT)
            yield Found(action())
        finally:
            said.append(capfd.readouterr().err)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        report.watch(waiting(), 1, told.append)
    assert said == ["stopping: waiting for the requests under way, which are paid for\n"]
    assert signal.getsignal(signal.SIGINT) is before


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

    with pytest.raises(KeyboardInterrupt):
        report.watch(passing(), 2, fail)
    assert closed == ["closed"]
