"""The plan as a page: whole, valid, safe, and of what stands beside what would change."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen import report
from mkdocs_imagegen.model import Action, ActionKind, Change, Diagnostic, Plan
from mkdocs_imagegen.plan import Outlook
from mkdocs_imagegen.report.prompt_diff import Span, prompt_diff
from tests.plans import APPROVED, BUYS, BUYS_NOT, EVERY_KIND, PROMPT, action, outdated, plan

VOID = {"meta", "img", "br"}
WEBP = b"RIFF....WEBP"
URI = f"data:image/webp;base64,{b64encode(WEBP).decode()}"


@dataclass
class Page(HTMLParser):
    """A page taken apart; a tag that is not closed, or that closes nothing, is an error."""

    text: str = ""
    headings: list[tuple[int, str]] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    @classmethod
    def read(cls, markup: str) -> Page:
        page = cls()
        page.feed(markup)
        page.close()
        assert page._open == []
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)
        if re.fullmatch(r"h\d", tag):
            self.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.text += data
        if self._open and re.fullmatch(r"h\d", self._open[-1]):
            level, heading = self.headings[-1]
            self.headings[-1] = level, heading + data.strip()

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def page_of(
    made: Plan,
    outlook: Outlook = BUYS_NOT,
    pictures: dict[str, bytes] | None = None,
    prompts: dict[str, str] | None = None,
) -> str:
    return report.plan_html(made, outlook, pictures or {}, prompts or {}, site_name="Field notes")


def test_what_costs_and_what_is_amiss_comes_first() -> None:
    page = Page.read(page_of(plan(*EVERY_KIND, outdated("m.md", Change("model", "old", "new")))))
    assert [heading for level, heading in page.headings if level == 2] == [
        "To buy",
        "Lost",
        "Blocked",
        "Outdated: blog.j2 line 3",
        "Outdated: model old -> new",
        "Left out of this run",
        "Drawn, free",
        "Unchanged",
    ]
    assert page.headings[0] == (1, "Covers of Field notes")
    levels = [level for level, _ in page.headings]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_page_needs_nothing_else() -> None:
    page = Page.read(page_of(plan(*EVERY_KIND), pictures={"j.md": WEBP}))
    assert [tag for tag, *_ in page.attributes if tag in ("script", "link", "iframe")] == []
    assert set(page.values("src")) == {URI}
    ids, links = page.values("id"), page.values("href")
    assert len(ids) == len(set(ids)) == len(links)
    assert {f"#{name}" for name in ids} == set(links)
    assert "default-src 'none'; img-src data:" in " ".join(page.values("content"))


def test_every_picture_says_what_it_is() -> None:
    page = Page.read(page_of(plan(*EVERY_KIND), pictures={a.article: WEBP for a in EVERY_KIND}))
    pictures = [tag for tag, name, _ in page.attributes if (tag, name) == ("img", "src")]
    assert len(pictures) == len([1 for _, name, _ in page.attributes if name == "alt"])


def test_the_totals_stand_at_the_top() -> None:
    text = Page.read(page_of(plan(action(), action(ActionKind.REUSE, "b.md")))).text
    assert text.index("~$0.0418") < text.index("To buy")
    assert "1 to buy, 1 reused" in text
    assert "no limit in USD, 24 of 25 pictures left" in text
    assert "A mkdocs build here does not buy" in text


def test_where_nothing_is_paid_no_money_is_spoken_of() -> None:
    text = Page.read(page_of(plan(action(ActionKind.REUSE)), BUYS)).text
    assert "1 reused: nothing to pay" in text
    assert "$" not in text
    assert "build here" not in text


def card_of(
    made: Action,
    pictures: dict[str, bytes] | None = None,
    prompts: dict[str, str] | None = None,
) -> str:
    page = page_of(plan(made), BUYS, pictures, prompts)
    found = re.search(r"<article.*</article>", page, re.DOTALL)
    assert found
    return found[0]


def test_a_new_cover_has_an_empty_frame() -> None:
    card = card_of(action(src_uri="a.md", title="The fox"))
    assert "no cover yet" in card
    assert "aspect-ratio: 1536 / 1024" in card
    for told in ("The fox", "a.md", "$0.0412", "new", "gpt-image-2, 1536x1024, medium"):
        assert told in card
    assert "<summary>The prompt</summary>" in card
    assert f"<pre>\n{PROMPT}\n</pre>" in card


def test_a_repainted_cover_shows_what_stands_and_what_changes() -> None:
    changes = (
        Change("cover_prompt", by_author=True),
        Change("model", "gpt-image-1.5", "gpt-image-2"),
    )
    made = action(src_uri="a.md", changes=changes, approved=APPROVED)
    before = "Subject: a grey fox\nStyle: paper cut"
    card = card_of(made, pictures={"a.md": WEBP}, prompts={"a.md": before})
    assert URI in card
    assert "<li><span>article</span>cover_prompt</li>" in card
    assert (
        "<li><span>site</span>model: <del>gpt-image-1.5</del> <ins>gpt-image-2</ins></li>" in card
    )
    assert "Subject: a <del>grey</del><ins>red</ins> fox\nStyle: paper cut\n" in card


def test_where_the_old_prompt_is_not_at_hand_it_says_so() -> None:
    made = action(approved=APPROVED, changes=(Change("cover_prompt", by_author=True),))
    card = card_of(made)
    assert "the earlier one is not at hand to compare" in card
    assert "picture not at hand" in card
    assert "<del>" not in card


def test_a_prompt_that_stayed_is_not_compared() -> None:
    card = card_of(outdated("a.md"), prompts={"a.md": PROMPT})
    assert "The prompt, as it was" in card


def test_a_lost_cover_has_its_place_kept() -> None:
    assert "in no store" in card_of(action(ActionKind.LOST, reason="paid for"))


def test_an_outdated_cover_shows_what_repainting_costs() -> None:
    page = page_of(plan(outdated("a.md"), outdated("b.md")))
    assert "$0.0823 to repaint 2 covers: <code>mkdocs-imagegen apply --outdated</code>" in page
    assert "($0.0412)<small>to repaint</small>" in page


def test_of_many_unchanged_covers_those_with_pictures_are_shown() -> None:
    many = [action(ActionKind.REUSE, f"{n:03}.md", reason="unchanged") for n in range(100)]
    page = page_of(plan(*many), pictures={"099.md": WEBP})
    assert page.count("<figure>") == 60
    assert "099.md" in page
    assert "and 40 more" in page
    assert "unchanged</figcaption>" not in page


def test_errors_come_before_warnings_with_their_place_and_hint() -> None:
    told = (
        Diagnostic("warning", "second", "b.md"),
        Diagnostic("error", "first", "a.md", line=3, hint="mend it"),
    )
    text = " ".join(Page.read(page_of(plan(diagnostics=told))).text.split())
    assert "error a.md:3: first hint: mend it" in text.replace("firsthint", "first hint")
    assert text.index("first") < text.index("second")


@given(st.text(max_size=60))
def test_what_authors_write_is_no_markup(text: str) -> None:
    text = f"{text}<b onload=x>\"'&lt;"
    change = Change(text, text, text)
    made = [
        action(kind, text, reason=text, title=text, changes=(change,), prompt=text)
        for kind in (ActionKind.GENERATE, ActionKind.REUSE, ActionKind.BLOCKED)
    ]
    told = Diagnostic("error", text, text, hint=text)
    markup = report.plan_html(
        plan(*made, outdated(text, change), diagnostics=(told,)),
        BUYS,
        {},
        {text: "other"},
        site_name=text,
    )
    page = Page.read(markup)
    assert not [tag for tag, *_ in page.attributes if tag == "b"]
    assert "onload" not in {name for _, name, _ in page.attributes}
    assert "<b onload=x>\"'&lt;" in page.text


def test_a_line_that_changed_has_its_words_apart() -> None:
    before = "Subject: a lighthouse at dawn over a stormy sea\nStyle: soft"
    now = "Subject: a lighthouse at dusk over a calm sea\nComposition: wide\nStyle: soft"
    assert prompt_diff(before, now) == (
        (
            Span("same", "Subject: a lighthouse at "),
            Span("gone", "dawn"),
            Span("new", "dusk"),
            Span("same", " over a "),
            Span("gone", "stormy"),
            Span("new", "calm"),
            Span("same", " sea"),
        ),
        (Span("new", "Composition: wide"),),
        (Span("same", "Style: soft"),),
    )


def test_lines_that_are_not_alike_stand_one_after_the_other() -> None:
    assert prompt_diff("A red fox", "Nothing but snow, everywhere") == (
        (Span("gone", "A red fox"),),
        (Span("new", "Nothing but snow, everywhere"),),
    )


LINES = st.lists(st.lists(st.sampled_from(["a", "b", "fox", " ", ", "]), max_size=6), max_size=6)


@given(LINES, LINES)
def test_both_prompts_can_be_read_in_their_difference(
    old: list[list[str]], new: list[list[str]]
) -> None:
    before, now = ("\n".join("".join(line) for line in lines) for lines in (old, new))
    diff = prompt_diff(before, now)
    for text, other in ((before, "new"), (now, "gone")):
        kept = [line for line in diff if {span.kind for span in line} != {other}]
        read = ["".join(span.text for span in line if span.kind != other) for line in kept]
        assert "\n".join(read) == text


def test_long_prompts_are_compared_at_once() -> None:
    before = "\n".join(f"line {n} of the first" for n in range(1_000))
    now = "\n".join(f"row {n} of another" for n in range(1_000))
    assert len(prompt_diff(before, now)) >= 1_000
