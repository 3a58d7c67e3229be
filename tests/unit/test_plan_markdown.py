"""The plan as a comment on a pull request: quiet, folded, and safe to post."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen import report
from mkdocs_imagegen.model import Action, ActionKind, Change, Diagnostic
from mkdocs_imagegen.plan import Outlook
from mkdocs_imagegen.settings import Budget
from tests.plans import BUYS, BUYS_NOT, EVERY_KIND, NO, action, outdated, plan

MARKER = "<!-- mkdocs-imagegen plan -->"
GITHUB_CHARS = 65_536
COLUMNS = 7
WARNING = Diagnostic("warning", "it is in no store", "l.md", "cover_prompt", 2, "run restore")


def test_a_comment_is_a_line_with_the_rest_folded() -> None:
    lost = action(ActionKind.LOST, "l.md", reason="paid for, but in no store")
    made = plan(
        action(src_uri="a.md"),
        action(ActionKind.REUSE, "b.md", reason="unchanged"),
        outdated("c.md"),
        lost,
        diagnostics=(Diagnostic("info", "by the way"), WARNING),
    )
    outlook = Outlook(NO, Budget(Decimal("0.5")))
    assert (
        report.plan_markdown(made, outlook)
        == """\
<!-- mkdocs-imagegen plan -->
**Covers: 1 to buy, 1 reused, 1 outdated, 1 lost: pictures $0.0412, prompts about $0.0006.**

<details>
<summary>Cover by cover</summary>

| article | action | size | quality | model | USD | why |
|---|---|---|---|---|--:|---|
| <code>a.md</code> | generate | 1536x1024 | medium | gpt-image-2 | $0.0412 | new |
| <code>c.md</code> | outdated | 1536x1024 | medium | gpt-image-2 | ($0.0412) | blog.j2 line 3 |
| <code>l.md</code> | lost | 1536x1024 | medium | gpt-image-2 |  | paid for, but in no store |

- outdated: blog.j2 line 3: 1 article, \\$0.0412
- to repaint them: <code>mkdocs-imagegen apply --outdated</code>
- to pay: ~$0.0418 pictures \\$0.0412, prompts about \\$0.0006
- by Batch: ~$0.0209
- walls: \\$0.4575 of \\$0.5000 a build, 24 of 25 pictures left
- A mkdocs build here does not buy (mode: auto buys only in CI).

</details>

<details>
<summary>1 warning</summary>

- **warning** <code>l.md:2</code>: it is in no store<br>hint: run restore
- **info**: by the way

</details>
"""
    )


@pytest.mark.parametrize(
    ("actions", "line"),
    [
        ([], "**Covers: no covers.**"),
        (
            [action(ActionKind.REUSE), action(ActionKind.OWN), action(ActionKind.DRAW)],
            "**Covers: 1 reused, 1 own, 1 drawn: nothing to pay.**",
        ),
        ([action(ActionKind.SKIP)], "**Covers: 1 left out: nothing to pay.**"),
    ],
)
def test_where_nothing_is_paid_and_nothing_amiss_it_is_quiet(
    actions: list[Action], line: str
) -> None:
    made = plan(*actions, diagnostics=(Diagnostic("info", "by the way"),))
    assert report.plan_markdown(made, BUYS_NOT) == f"{MARKER}\n{line}\n"


def test_many_outdated_covers_are_a_line_for_each_cause() -> None:
    text = report.plan_markdown(plan(*(outdated(f"{n:03}.md") for n in range(212))), BUYS)
    assert "- outdated: blog.j2 line 3: 212 articles, \\$8.7259\n" in text
    assert "| <code>" not in text
    assert "- to pay" not in text


def test_mentions_and_numbers_of_issues_tell_nobody() -> None:
    made = plan(action(src_uri="@octocat/x.md", reason="@org/team, see #12, GH-7, a@b.example"))
    text = report.plan_markdown(made, BUYS)
    assert re.findall(r"@\w|#\d|GH-\d", text) == []
    assert "@\u200boctocat" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"),
        ("`x`", r"\`x\`"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("<!-- -->", "&lt;!-- --&gt;"),
        ("one\n\ntwo\r\nthree", "one two three"),
        ("**b** _i_ [l](x)", r"\*\*b\*\* \_i\_ \[l\](x)"),
        ("a\\|b", r"a\\\|b"),
        ("&amp;", "&amp;amp;"),
        ("https://x.example www.x.example", r"https\://x.example www\.x.example"),
        ("$x$ ~y~", r"\$x\$ \~y\~"),
        ("left\u202eright", "left right"),
    ],
)
def test_what_authors_write_is_no_markup(text: str, shown: str) -> None:
    comment = report.plan_markdown(plan(action(reason=text)), BUYS)
    assert f"| {shown} |\n" in comment
    told = Diagnostic("error", text, f"{text}.md", hint=text)
    line = report.plan_markdown(plan(diagnostics=(told,)), BUYS).splitlines()[-3]
    assert line.startswith(f"- **error** <code>{shown}.md</code>: {shown}<br>hint: ")


@given(st.text(max_size=80), st.text(max_size=400))
def test_whatever_it_is_called_an_article_is_one_row(name: str, reason: str) -> None:
    change = Change(reason, reason, reason)
    made = plan(action(src_uri=name, reason=reason), outdated("x.md", change))
    comment = report.plan_markdown(made, BUYS)
    rows = [line for line in comment.split("\n") if line.startswith("| <code>")]
    assert len(rows) == 2
    for row in rows:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == COLUMNS + 1
    tags = re.findall(r"<[^>]*>", comment)
    known = {"<details>", "<summary>", "<code>", "</code>", "</summary>", "</details>", MARKER}
    assert set(tags) == known
    assert comment.splitlines() == comment.split("\n")[:-1]


@pytest.mark.parametrize("kind", [ActionKind.GENERATE, ActionKind.LOST])
def test_a_comment_has_room_for_ten_thousand_articles(kind: ActionKind) -> None:
    long = "&" * 1_000
    actions = [action(kind, f"{n:05}{long}.md", reason=long) for n in range(10_000)]
    causes = [outdated(f"o/{n}.md", Change(f"{n}{long}")) for n in range(1_000)]
    told = [replace(WARNING, article=a.article, message=long) for a in actions[:1_000]]
    comment = report.plan_markdown(plan(*actions, *causes, diagnostics=tuple(told)), BUYS)
    assert len(comment) < GITHUB_CHARS
    left_out = [int(n) for n in re.findall(r"(?m)^and (\d+) more$", comment)]
    rows = comment.count("| <code>")
    assert left_out[0] == 11_000 - rows
    assert len(left_out) == 3
    assert comment.count("<details>") == comment.count("</details>") == 2


def test_what_is_free_is_not_in_the_table() -> None:
    rows = re.findall(r"<code>(\w)\.md", report.plan_markdown(plan(*EVERY_KIND), BUYS))
    assert rows == ["a", "g", "h", "i", "j", "l"]
