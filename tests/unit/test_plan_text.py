"""The plan as a table for terminals."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import replace
from decimal import Decimal
from io import BytesIO, TextIOWrapper

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen import report
from mkdocs_imagegen.model import Action, ActionKind, Alternative, Change
from mkdocs_imagegen.plan import Decision, Outlook
from mkdocs_imagegen.settings import Budget
from tests.plans import (
    BUYS,
    BUYS_NOT,
    EVERY_KIND,
    LINE_3,
    NO,
    UNPRICED,
    YES,
    action,
    outdated,
    plan,
)

ESCAPE = "\x1b"
OUTLOOK = Outlook(
    NO,
    Budget(Decimal("0.5"), 25, Decimal(10)),
    Decimal("2.75"),
    Alternative("gpt-image-2", "low", Decimal("0.00948"), Decimal("0.00129")),
)


def test_the_text_is_a_table_with_its_totals() -> None:
    text = report.plan_text(plan(*EVERY_KIND), BUYS_NOT)
    expected = """\
   article  action    size       quality  model             USD   why
+  a.md     generate  1536x1024  medium   gpt-image-2   $0.0412   new
~  b.md     render    1536x1024  medium   gpt-image-2             bought before
=  c.md     reuse     1536x1024  medium   gpt-image-2             unchanged
=  d.md     shared    1536x1024  medium   gpt-image-2             same picture as a.md
·  e.md     own                                                   cover: own.png
✎  f.md     draw      1536x1024  medium   gpt-image-2             provider: sketch
!  g.md     blocked   1536x1024  medium   gpt-image-2             not yet
+  h.md     generate  1536x1024  medium   gpt-image-2  ~$0.0199   new
+  i.md     generate  1536x1024  medium   gpt-image-2  unpriced   new
*  j.md     outdated  1536x1024  medium   gpt-image-2  ($0.0412)  blog.j2 line 3
-  k.md     skip      1536x1024  medium   gpt-image-2             new; not in --only
?  l.md     lost      1536x1024  medium   gpt-image-2             paid for, but in no store

outdated: blog.j2 line 3: 1 article, $0.0412 (buy with: mkdocs-imagegen apply --outdated)
Plan: 3 to buy, 1 to render, 1 reused, 1 shared, 1 own, 1 drawn, 1 outdated, 1 left out, 1 lost, \
1 blocked.
  to pay    ~$0.0623  pictures about $0.0611, prompts about $0.0012, and 1 of unknown price
  walls     no limit in USD, 22 of 25 pictures left
A mkdocs build here does not buy (mode: auto buys only in CI).
"""
    assert text == expected


def test_the_totals_name_batch_and_the_cheapest_way_and_what_is_left_of_the_walls() -> None:
    made = plan(action(), action(src_uri="b.md"), action(ActionKind.REUSE, "c.md"))
    assert (
        report.plan_text(made, OUTLOOK).split("\n\n")[1]
        == """\
Plan: 2 to buy, 1 reused.
  to pay    ~$0.0836  pictures $0.0823, prompts about $0.0013
  by Batch  ~$0.0418
  cheapest  ~$0.0108  with gpt-image-2, low: $0.0728 less
  walls     $0.4150 of $0.5000 a build, $7.1650 of $10.0000 a month, 23 of 25 pictures left
A mkdocs build here does not buy (mode: auto buys only in CI).
"""
    )


@pytest.mark.parametrize(
    ("actions", "budget", "walls"),
    [
        ([action()], Budget(None, 3), "no limit in USD, 2 of 3 pictures left"),
        ([action()], Budget(None, 1), "no limit in USD, 0 of 1 picture left"),
        (
            [action(), action(src_uri="b.md")],
            Budget(Decimal("0.01"), 1),
            "$0.0750 over $0.0100 a build, 1 over 1 picture",
        ),
        (
            [action()],
            Budget(Decimal(1), 25, Decimal("2.7")),
            "$0.0925 over $2.7000 a month, $0.9575 of $1.0000 a build, 24 of 25 pictures left",
        ),
        (
            [action(price=UNPRICED)],
            Budget(Decimal(1)),
            "$1.0000 a build needs a price, 24 of 25 pictures left",
        ),
    ],
)
def test_what_is_left_of_each_wall_and_what_is_over_it(
    actions: list[Action], budget: Budget, walls: str
) -> None:
    text = report.plan_text(plan(*actions), replace(OUTLOOK, budget=budget))
    assert f"  walls     {walls}\n" in text


def test_a_plan_of_unknown_price_names_none() -> None:
    text = report.plan_text(plan(action(price=UNPRICED)), BUYS_NOT)
    assert "  to pay    unknown\n  walls " in text


def test_a_plan_without_articles_says_so() -> None:
    words = "Plan: no covers: write cover_prompt into an article's front matter.\n"
    assert report.plan_text(plan(), BUYS_NOT) == words


def test_a_plan_that_buys_nothing_speaks_of_no_money() -> None:
    text = report.plan_text(plan(action(ActionKind.REUSE)), OUTLOOK)
    assert text.endswith("\n\nPlan: 1 reused: nothing to pay.\n")


@pytest.mark.parametrize("decision", [YES, NO, None])
def test_whether_a_build_buys_stands_below_what_is_bought(decision: Decision | None) -> None:
    last = report.plan_text(plan(action()), Outlook(decision)).splitlines()[-1]
    if decision is None:
        assert "build here" not in last
    else:
        assert decision.reason in last
        assert ("does not buy" in last) is not decision.buys


def many(kind: ActionKind, count: int) -> list[Action]:
    return [action(kind, f"{kind}/{n:05}.md", reason="as before") for n in range(count)]


def test_hundreds_of_unchanged_covers_are_one_line() -> None:
    kinds = (ActionKind.REUSE, ActionKind.OWN, ActionKind.RENDER, ActionKind.DRAW)
    quiet = [each for kind in kinds for each in many(kind, 300)]
    trouble = [action(ActionKind.BLOCKED, "b.md"), action(ActionKind.LOST, "l.md")]
    text = report.plan_text(plan(*quiet, *trouble, action(src_uri="z.md")), BUYS)
    assert (
        text.split("\n\n")[0]
        == """\
   article  action    size       quality  model            USD  why
!  b.md     blocked   1536x1024  medium   gpt-image-2           new
?  l.md     lost      1536x1024  medium   gpt-image-2           new
+  z.md     generate  1536x1024  medium   gpt-image-2  $0.0412  new
= 600 more are unchanged
~ 300 more only need rendering, free
✎ 300 more are drawn, free"""
    )


def test_where_all_is_unchanged_there_is_no_table() -> None:
    text = report.plan_text(plan(*many(ActionKind.REUSE, 41)), BUYS)
    assert text == "= 41 are unchanged\n\nPlan: 41 reused: nothing to pay.\n"


def test_forty_covers_are_still_listed() -> None:
    text = report.plan_text(plan(*many(ActionKind.REUSE, 40)), BUYS)
    assert text.count(".md") == 40


def test_many_outdated_covers_are_a_line_for_each_cause() -> None:
    of_template = [outdated(f"t/{n:03}.md") for n in range(212)]
    of_model = [outdated(f"m/{n}.md", Change("model", f"old-{n}", "new")) for n in range(2)]
    by_author = Change("cover_alt", by_author=True)
    of_both = outdated("m/b.md", by_author, LINE_3)
    text = report.plan_text(plan(*of_model, of_both, *of_template), BUYS)
    assert (
        text
        == """\
   article  action    size       quality  model             USD   why
*  m/0.md   outdated  1536x1024  medium   gpt-image-2  ($0.0412)  model old-0 -> new
*  m/1.md   outdated  1536x1024  medium   gpt-image-2  ($0.0412)  model old-1 -> new

outdated: blog.j2 line 3: 213 articles, $8.7671
outdated: model: 2 articles, $0.0823 (buy with: mkdocs-imagegen apply --outdated)
Plan: 215 outdated: nothing to pay.
"""
    )


def test_the_causes_are_told_up_to_a_point_and_their_unknown_prices_too() -> None:
    found = [outdated(f"{n}.md", Change(f"t{n}.j2 line 1"), price=UNPRICED) for n in range(10)]
    lines = report.plan_text(plan(*found), BUYS).split("\n\n")[1].splitlines()
    assert lines[0] == "outdated: t0.j2 line 1: 1 article, price unknown"
    assert lines[8].startswith("outdated: and 2 more causes (buy with: ")
    assert len(lines) == 10
    both = outdated("a.md"), outdated("b.md", price=UNPRICED)
    text = report.plan_text(plan(*both), BUYS)
    assert "blog.j2 line 3: 2 articles, $0.0412 and 1 of unknown price (" in text
    assert "(unpriced)" in text


def test_an_outdated_cover_whose_change_is_unknown_has_its_reason_as_cause() -> None:
    made = replace(outdated("a.md"), changes=(), reason="made by an earlier version")
    assert "outdated: made by an earlier version: 1 article" in report.plan_text(plan(made), BUYS)


@pytest.mark.parametrize("width", [None, 80])
@pytest.mark.parametrize("kind", [ActionKind.REUSE, ActionKind.GENERATE])
def test_ten_thousand_articles_are_shown_at_once(width: int | None, kind: ActionKind) -> None:
    made = plan(*many(kind, 9_800), *(outdated(f"{n}.md") for n in range(200)))
    report.plan_text(plan(*EVERY_KIND), BUYS, width=80)  # imports what it needs
    started_s = time.process_time()
    report.plan_text(made, BUYS, width=width)
    assert time.process_time() - started_s < (0.3 if kind is ActionKind.REUSE else 1.5)


LONG = action(
    src_uri="blog/posts/2026/how-we-moved-a-very-large-monolith-to-something-else.md",
    reason="the template night.j2 has changed since the cover was bought",
)


def test_at_80_columns_the_plan_fits() -> None:
    text = report.plan_text(plan(LONG, *EVERY_KIND), BUYS_NOT, width=80)
    assert max(len(line) for line in text.splitlines()) <= 80


@pytest.mark.parametrize("model", ["gpt-image-2", "gpt-image-2.5-sunburst-2026-09-08"])
@pytest.mark.parametrize("width", [20, 80, 100])
def test_a_narrow_terminal_cuts_paths_at_their_start_and_nothing_else(
    width: int, model: str
) -> None:
    long = replace(LONG, cover=replace(LONG.cover, model=model))
    text = report.plan_text(plan(long, EVERY_KIND[1]), BUYS_NOT, width=width)
    head, *rows, shared = text.split("\n\n")[0].splitlines()
    article, why = head.index("article"), head.index("why")
    end = head.index("action")
    shown = [path for row in rows if (path := row[article:end].strip())]
    assert shown[0][0] == "…"
    assert LONG.article.endswith(shown[0][1:])
    assert shown[1:] == ["b.md"]
    assert " ".join(row[why:].strip() for row in rows).startswith(LONG.reason)
    assert "$0.0412" in " ".join(rows).split()
    told = {*head.split(), *" ".join(rows).split(), *shared.replace(",", "").split()}
    assert {"generate", "1536x1024", "medium", model} <= told


def test_what_is_the_same_in_all_rows_is_told_once_where_there_is_little_room() -> None:
    text = report.plan_text(plan(LONG, LONG), BUYS_NOT, width=80)
    head, *_, shared = text.split("\n\n")[0].splitlines()
    assert head.split() == ["article", "action", "USD", "why"]
    assert shared == "   all: 1536x1024, medium, gpt-image-2"
    wide = report.plan_text(plan(LONG, LONG), BUYS_NOT, width=200)
    assert "all:" not in wide


def test_unbounded_every_article_has_one_line() -> None:
    rows = report.plan_text(plan(LONG, *EVERY_KIND), BUYS_NOT).split("\n\n")[0].splitlines()
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
    assert ESCAPE not in report.plan_text(plan(*EVERY_KIND), BUYS, width=width)


def test_with_colour_the_words_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    made = plan(*EVERY_KIND)
    coloured = report.plan_text(made, BUYS, colour=True)
    assert ESCAPE in coloured
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    plain = report.plan_text(made, BUYS)
    assert [line.rstrip() for line in bare.splitlines()] == plain.splitlines()


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1))
def test_whatever_an_article_is_called_it_is_no_markup(name: str) -> None:
    text = report.plan_text(plan(action(src_uri=f"x{name}x.md")), BUYS_NOT)
    assert f"x{name}x.md" in text
    assert "[bold]" in report.plan_text(plan(action(reason="[bold]x")), BUYS_NOT)


def test_a_plan_is_shown_on_a_console_that_lacks_its_signs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(written, encoding="cp1252", newline="\n"))
    report.show_plan(plan(*EVERY_KIND), BUYS_NOT)
    text = report.plan_text(plan(*EVERY_KIND), BUYS_NOT)
    assert "✎" in text
    assert written.getvalue().decode("cp1252") == text.replace("✎", "?")
