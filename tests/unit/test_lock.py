"""The lockfile beside the orders: whose entry is whose, what a plan makes of it, what is saved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen import report
from mkdocs_imagegen.errors import StalePlanError
from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.lockfile import parse, write
from mkdocs_imagegen.model import (
    EMPTY_LOCKFILE,
    Action,
    ActionKind,
    Approved,
    ArticleSource,
    Lockfile,
    Orders,
    OriginalDamaged,
    OriginalThere,
    Plan,
    PlanOptions,
    Record,
    Refusal,
)
from mkdocs_imagegen.packaged import price_book
from mkdocs_imagegen.plan import (
    EVERYTHING,
    Outlook,
    locked,
    make_orders,
    make_plan,
    merge_orders,
    needed_originals,
    read_covers,
    read_saved,
    remembered,
    require_same,
)
from mkdocs_imagegen.plan.standing import stand
from mkdocs_imagegen.pricing import PriceBook
from mkdocs_imagegen.prompts import Prompts
from mkdocs_imagegen.settings import PathDefaults, Settings
from tests.front import typed

BOOK = price_book()
SITE = Settings()
INK = replace(SITE, parts={"style": "Ink"})
TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEMPLATES = {
    "cover.j2": "{{ cover.subject }}\n{{ cover.style }}",
    "plain.j2": "{{ cover.subject }}",
}
Metas = Mapping[str, Mapping[str, object]]
FOX, HARE = {"cover_prompt": "A fox"}, {"cover_prompt": "A hare"}


def orders_of(articles: Metas, settings: Settings = SITE, locale: str = "") -> Orders:
    sources = [
        ArticleSource(uri, uri, meta, section="Notes", front_matter=typed(meta), locale=locale)
        for uri, meta in articles.items()
    ]
    covers, _ = read_covers(sources, settings, BOOK)
    return make_orders(covers, Prompts(settings, TEMPLATES), {})


def record(key: str, bought_at: str = "2026-10-01T12:00:00+00:00") -> Record:
    return Record(key, digest(key.encode()), 7, "", {}, "", bought_at, usd="0.0412")


def records(keys: Iterable[str | None]) -> dict[str, Record]:
    return {key: record(key) for key in keys if key}


def bought(orders: Orders, before: Lockfile = EMPTY_LOCKFILE) -> Lockfile:
    """Return the lockfile once all of these are bought."""
    keys = [order.request_key for order in orders.orders if not order.unsupported]
    return locked(before, orders, records(keys), site="Notes", at=NOW)


def plan_of(
    orders: Orders,
    lockfile: Lockfile,
    settings: Settings = SITE,
    options: PlanOptions = EVERYTHING,
    *,
    gone: Iterable[str] = (),
    book: PriceBook = BOOK,
) -> Plan:
    """Plan beside a store that has all the lockfile knows, but for the keys that are gone."""
    known = {entry.approved.request_key for entry in lockfile.entries if entry.approved}
    state = {key: OriginalThere(digest(key.encode()), rendered=True) for key in known - set(gone)}
    return make_plan(orders, state, book, settings, today=TODAY, lockfile=lockfile, options=options)


def kinds(plan: Plan) -> dict[str, str]:
    return {action.article: action.kind.value for action in plan.actions}


def approved(lockfile: Lockfile, article: str) -> Approved:
    (entry,) = [entry for entry in lockfile.entries if entry.article == article]
    assert entry.approved
    return entry.approved


METAS = st.fixed_dictionaries(
    {"cover_prompt": st.sampled_from(["A fox", "A hare", "An elk"])},
    optional={
        "cover_quality": st.sampled_from(["low", "medium"]),
        "cover_style": st.sampled_from(["Ink", "Chalk"]),
        "cover_variant": st.sampled_from([1, 2]),
        "cover_template": st.sampled_from(["cover.j2", "plain.j2"]),
        "cover_pin": st.booleans(),
    },
)
URIS = st.sampled_from([f"{folder}{name}.md" for folder in ("", "blog/") for name in "abc"])
ARTICLES = st.dictionaries(URIS, METAS, min_size=1, max_size=5)
SETTINGS = st.builds(
    replace,
    st.just(SITE),
    quality=st.sampled_from(["low", "medium"]),
    parts=st.sampled_from([{}, {"style": "Ink"}]),
    template=st.sampled_from(["cover.j2", "plain.j2"]),
    on_change=st.sampled_from(["keep", "repaint"]),
)


@given(ARTICLES, SETTINGS)
def test_what_was_bought_is_reused_and_the_lockfile_rests(
    articles: Metas, settings: Settings
) -> None:
    orders = orders_of(articles, settings)
    lockfile = bought(orders)
    plan = plan_of(orders, lockfile, settings)
    assert {action.kind for action in plan.actions} == {ActionKind.REUSE}
    assert all(action.locked for action in plan.actions)
    text = write(lockfile)
    assert write(bought(orders, lockfile)) == write(bought(orders, parse(text))) == text


@given(ARTICLES, ARTICLES, SETTINGS, SETTINGS)
def test_only_new_articles_and_authors_changes_cost_money_unless_the_site_says_so(
    before: Metas, after: Metas, site_then: Settings, site_now: Settings
) -> None:
    site_now = replace(site_now, on_change="keep")
    lockfile = bought(orders_of(before, site_then))
    orders = orders_of(after, site_now)
    plan = plan_of(orders, lockfile, site_now)
    for action in plan.of(ActionKind.GENERATE):
        assert action.approved is None or any(change.by_author for change in action.changes)
        assert after[action.article] != before.get(action.article)
    for action in plan.of(ActionKind.OUTDATED):
        assert action.keeps == action.approved
        assert action.changes
        assert not any(change.by_author for change in action.changes)
    repaint = plan_of(orders, lockfile, replace(site_now, on_change="repaint"))
    assert (
        repaint.actions == plan_of(orders, lockfile, site_now, PlanOptions(outdated=True)).actions
    )
    assert not list(repaint.of(ActionKind.OUTDATED))
    pinned = [action for action in plan.actions if action.cover.pin and action.approved]
    assert all(action.kind is ActionKind.REUSE for action in pinned)


@given(ARTICLES, SETTINGS, SETTINGS, st.integers(0, 200_000))
def test_as_many_are_bought_as_surely_fit_the_cheapest_first(
    articles: Metas, site_then: Settings, site_now: Settings, micro_usd: int
) -> None:
    lockfile = bought(orders_of(articles, site_then))
    orders = orders_of(articles, site_now)
    most_usd = Decimal(micro_usd).scaleb(-6)
    whole = plan_of(orders, lockfile, site_now, PlanOptions(outdated=True))
    part = plan_of(orders, lockfile, site_now, PlanOptions(outdated=True, max_cost_usd=most_usd))
    assert part.bound_usd <= most_usd
    left = [action for action in whole.purchases if kinds(part)[action.article] == ActionKind.SKIP]
    assert len(left) + len(part.purchases) == len(whole.purchases)
    for action in left:  # not one more would have fitted, nor a dearer one stood in its place
        assert part.bound_usd + bound(action) > most_usd
        assert all(bound(chosen) <= bound(action) for chosen in part.purchases)


def bound(action: Action) -> Decimal:
    return Plan((action,)).bound_usd


@given(ARTICLES, st.permutations(["x.md", "y.md", "blog/z.md", "v.md", "w.md"]))
def test_articles_that_are_renamed_all_at_once_keep_their_pictures(
    articles: Metas, names: list[str]
) -> None:
    lockfile = bought(orders_of(articles))
    moved = dict(zip(names, articles.values(), strict=False))
    orders = orders_of(moved)
    plan = plan_of(orders, lockfile)
    assert {action.kind for action in plan.actions} == {ActionKind.REUSE}
    after = bought(orders, lockfile)
    assert {entry.article for entry in after.entries} == moved.keys()
    assert sorted(e.approved.digest for e in after.entries if e.approved) == sorted(
        e.approved.digest for e in lockfile.entries if e.approved
    )


@given(ARTICLES)
def test_a_renamed_folder_with_another_style_is_outdated_and_not_bought(articles: Metas) -> None:
    lockfile = bought(orders_of(articles))
    moved = {f"posts/{name}": meta for name, meta in articles.items()}
    settings = replace(SITE, defaults=(PathDefaults("posts/**", {"style": "Gouache"}),))
    plan = plan_of(orders_of(moved, settings), lockfile, settings)
    assert set(kinds(plan).values()) <= {"outdated", "reuse"}


def test_two_articles_that_trade_names_buy_nothing() -> None:
    lockfile = bought(orders_of({"a.md": FOX, "b.md": HARE}))
    orders = orders_of({"a.md": HARE, "b.md": FOX})
    assert kinds(plan_of(orders, lockfile)) == {"a.md": "reuse", "b.md": "reuse"}
    after = bought(orders, lockfile)
    assert approved(after, "a.md").digest == approved(lockfile, "b.md").digest
    assert approved(after, "b.md").digest == approved(lockfile, "a.md").digest


def test_a_copy_of_an_article_that_is_still_there_shares_its_picture() -> None:
    lockfile = bought(orders_of({"a.md": FOX}))
    orders = orders_of({"a.md": FOX, "copy.md": FOX})
    assert kinds(plan_of(orders, lockfile)) == {"a.md": "reuse", "copy.md": "reuse"}
    # In another style the copy is an article of its own: nothing of a.md's is its to keep.
    settings = replace(SITE, defaults=(PathDefaults("copy.md", {"style": "Ink"}),))
    plan = plan_of(orders_of({"a.md": FOX, "copy.md": FOX}, settings), lockfile, settings)
    assert kinds(plan) == {"a.md": "reuse", "copy.md": "generate"}


def test_each_entry_of_an_article_that_is_gone_is_claimed_once() -> None:
    lockfile = bought(orders_of({"a.md": FOX}))
    settings = replace(SITE, defaults=(PathDefaults("y.md", {"style": "Ink"}),))
    orders = orders_of({"x.md": FOX, "y.md": FOX}, settings)
    entries = stand(orders, lockfile).entries
    assert [entry.article if entry else None for entry in entries] == ["a.md", None]
    assert kinds(plan_of(orders, lockfile, settings)) == {"x.md": "reuse", "y.md": "generate"}


def test_entries_of_articles_that_are_gone_stay_for_the_branch_that_has_them() -> None:
    lockfile = bought(orders_of({"a.md": FOX, "b.md": HARE}))
    after = bought(orders_of({"b.md": HARE}), lockfile)
    assert after == lockfile
    orders = orders_of({"b.md": HARE})
    assert needed_originals(orders, stand(orders, after)).keys() == {
        approved(after, "b.md").request_key
    }


def test_what_a_picture_was_bought_for_stays_as_it_was_told_then() -> None:
    orders = orders_of({"a.md": FOX | {"authors": ["Ann"]}})
    keys = records(order.request_key for order in orders.orders)
    new = frozenset(keys)
    first = locked(EMPTY_LOCKFILE, orders, keys, bought=new, site="Notes", job="7", at=NOW)
    assert (approved(first, "a.md").authors, approved(first, "a.md").job) == ("Ann", "7")
    later = orders_of({"a.md": FOX | {"authors": ["Bob"], "cover_quality": "medium"}})
    after = locked(first, later, keys, site="Notes", job="8", at=NOW)
    assert approved(after, "a.md").components.own == ("prompt", "quality")
    assert (approved(after, "a.md").authors, approved(after, "a.md").job) == ("Ann", "7")


def test_a_picture_that_was_replaced_is_remembered_for_thirty_days() -> None:
    first, second, third = (orders_of({"a.md": {"cover_prompt": name}}) for name in "abc")

    def lock(before: Lockfile, orders: Orders, day: int) -> Lockfile:
        keys = records(order.request_key for order in orders.orders)
        return locked(before, orders, keys, site="Notes", at=NOW + timedelta(days=day))

    def digests(lockfile: Lockfile, day: int) -> list[str]:
        (entry,) = lockfile.entries
        return [gone.digest for gone in remembered(entry, NOW + timedelta(days=day))]

    one = lock(EMPTY_LOCKFILE, first, 0)
    assert digests(one, 0) == []
    two = lock(one, second, 1)
    was = approved(one, "a.md").digest
    assert digests(two, 1) == digests(two, 31) == [was]
    assert digests(two, 32) == []
    assert lock(two, second, 40) == two  # no line of a lockfile changes by itself
    three = lock(two, third, 10)
    assert digests(three, 31) == [approved(two, "a.md").digest, was]
    back = lock(three, first, 11)  # the first one again: it is no picture of the past any more
    assert was not in digests(back, 11)
    assert len(digests(lock(two, third, 50), 50)) == 1


def test_a_pin_keeps_the_entry_as_it_is_even_where_the_new_picture_is_at_hand() -> None:
    lockfile = bought(orders_of({"a.md": FOX}))
    orders = orders_of({"a.md": HARE | {"cover_pin": True}})
    (action,) = plan_of(orders, lockfile).actions
    assert (action.kind, action.reason) == (ActionKind.REUSE, "cover_pin: true keeps it")
    assert action.locked
    assert bought(orders, lockfile) == lockfile


def test_a_pinned_cover_that_is_lost_is_told_and_bought_by_rebuy_alone() -> None:
    lockfile = bought(orders_of({"a.md": FOX}))
    gone = {approved(lockfile, "a.md").request_key}
    orders = orders_of({"a.md": HARE | {"cover_pin": True}})
    for options, kind in ((EVERYTHING, "lost"), (PlanOptions(outdated=True), "lost")):
        assert kinds(plan_of(orders, lockfile, options=options, gone=gone)) == {"a.md": kind}
    rebuy = plan_of(orders, lockfile, options=PlanOptions(rebuy=True), gone=gone)
    assert kinds(rebuy) == {"a.md": "generate"}


def test_an_outdated_cover_that_is_lost_is_lost_and_a_damaged_one_is_blocked() -> None:
    lockfile = bought(orders_of({"a.md": FOX}))
    key = approved(lockfile, "a.md").request_key
    orders = orders_of({"a.md": FOX}, INK)
    assert kinds(plan_of(orders, lockfile, INK)) == {"a.md": "outdated"}
    assert kinds(plan_of(orders, lockfile, INK, gone={key})) == {"a.md": "lost"}
    damaged = {key: OriginalDamaged("truncated")}
    plan = make_plan(orders, damaged, BOOK, INK, today=TODAY, lockfile=lockfile)
    assert kinds(plan) == {"a.md": "blocked"}
    assert len(plan.diagnostics) == 1


def test_a_refusal_stands_until_the_words_change_or_someone_asks_again() -> None:
    orders = orders_of({"a.md": FOX})
    key = orders.orders[0].request_key or ""
    refusal = Refusal(key, "2026-11-01T12:00:00+00:00", "no", "req_1")
    lockfile = locked(EMPTY_LOCKFILE, orders, {}, {key: refusal}, site="Notes", at=NOW)
    lockfile = parse(write(lockfile))
    assert kinds(plan_of(orders, lockfile)) == {"a.md": "blocked"}
    retry = PlanOptions(retry=frozenset({"a.md"}))
    assert kinds(plan_of(orders, lockfile, options=retry)) == {"a.md": "generate"}
    assert kinds(plan_of(orders_of({"a.md": HARE}), lockfile)) == {"a.md": "generate"}
    (entry,) = bought(orders, lockfile).entries
    assert entry.refusal is None


def test_outdated_covers_that_would_share_a_picture_are_priced_once() -> None:
    articles = {"a.md": FOX, "b.md": FOX}
    lockfile = bought(orders_of(articles))
    plan = plan_of(orders_of(articles, INK), lockfile, INK)
    assert kinds(plan) == {"a.md": "outdated", "b.md": "outdated"}
    prices = [json.loads(saved_of(plan))["actions"][n]["outdated_micro_usd"] for n in (0, 1)]
    assert prices == [41_160, 0]
    bought_now = plan_of(orders_of(articles, INK), lockfile, INK, PlanOptions(outdated=True))
    assert kinds(bought_now) == {"a.md": "generate", "b.md": "shared"}


def test_each_language_has_its_own_entry_and_a_fallback_page_takes_the_others() -> None:
    english, french = (
        orders_of({"a.md": FOX}, locale="en"),
        orders_of({"a.fr.md": HARE}, locale="fr"),
    )
    lockfile = bought(merge_orders([english, french]))
    assert [(e.article, e.locale) for e in lockfile.entries] == [("a.fr.md", "fr"), ("a.md", "en")]
    falling_back = orders_of({"a.md": FOX}, INK, locale="fr")
    assert kinds(plan_of(falling_back, lockfile, INK)) == {"a.md": "outdated"}


def saved_of(plan: Plan, options: PlanOptions = EVERYTHING) -> str:
    return report.plan_json(plan, Outlook(), options)


OPTIONS = st.builds(
    PlanOptions,
    rebuy=st.booleans(),
    outdated=st.booleans(),
    retry=st.frozensets(URIS, max_size=2),
    only=st.lists(st.sampled_from(["blog/*", "*.md"]), max_size=2).map(tuple),
    max_cost_usd=st.none() | st.decimals(0, 1, places=4),
)


@given(ARTICLES, SETTINGS, OPTIONS)
def test_a_saved_plan_brings_back_its_options_and_is_todays_while_nothing_changes(
    articles: Metas, settings: Settings, options: PlanOptions
) -> None:
    orders = orders_of(articles, settings)
    plan = plan_of(orders, EMPTY_LOCKFILE, settings, options)
    saved = read_saved(saved_of(plan, options), where="plan.json")
    assert saved.options == options
    require_same(saved, plan_of(orders, EMPTY_LOCKFILE, settings, saved.options), where="it")


@given(ARTICLES, ARTICLES, SETTINGS)
def test_a_saved_plan_is_stale_exactly_where_other_requests_are_bought(
    articles: Metas, later: Metas, settings: Settings
) -> None:
    then = plan_of(orders_of(articles, settings), EMPTY_LOCKFILE, settings)
    now = plan_of(orders_of(later, settings), EMPTY_LOCKFILE, settings)
    saved = read_saved(saved_of(then), where="plan.json")
    same = [(a.article, a.request_key) for a in then.purchases] == [
        (a.article, a.request_key) for a in now.purchases
    ]
    if same:
        require_same(saved, now, where="plan.json")
        return
    with pytest.raises(StalePlanError, match=r"plan\.json is stale") as caught:
        require_same(saved, now, where="plan.json")
    assert all(line.startswith("  ") for line in caught.value.message.splitlines()[1:])


def test_what_changed_since_is_named_article_by_article() -> None:
    articles = {"a.md": FOX, "b.md": HARE, "c.md": {"cover_prompt": "An elk"}}
    saved = read_saved(saved_of(plan_of(orders_of(articles), EMPTY_LOCKFILE)), where="it")
    lockfile = bought(orders_of({"b.md": HARE}))
    now = plan_of(
        orders_of({"a.md": {"cover_prompt": "A lynx"}, "b.md": HARE, "n.md": FOX}), lockfile
    )
    with pytest.raises(StalePlanError) as caught:
        require_same(saved, now, where="plan.json")
    assert caught.value.message.splitlines() == [
        "plan.json is stale, so nothing was bought:",
        "  a.md: another picture is asked for by now (new)",
        "  b.md: is not to be bought any more (reuse: unchanged)",
        "  c.md: is not to be bought any more (no such article)",
        "  n.md: would be bought too (new)",
    ]
    assert caught.value.hint == "look at a new one: mkdocs-imagegen plan --out plan.json"


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        ({"per_image": "0.05"}, "$0.041160 was planned, $0.050000 by now"),
        ({"usd_per_million": {"text_in": 500}}, "at most by now"),
    ],
)
def test_another_price_makes_a_saved_plan_stale(rates: dict[str, Any], told: str) -> None:
    orders = orders_of({"a.md": FOX})
    saved = read_saved(saved_of(plan_of(orders, EMPTY_LOCKFILE)), where="it")
    book = BOOK.with_rows({"gpt-image-2": rates})
    with pytest.raises(StalePlanError) as caught:
        require_same(saved, plan_of(orders, EMPTY_LOCKFILE, book=book), where="it")
    assert told in caught.value.message


def test_two_languages_of_one_article_are_told_apart_in_a_saved_plan() -> None:
    """A fallback page may ask for another picture in each language."""
    english = orders_of({"a.md": FOX}, locale="en")
    both = merge_orders([english, orders_of({"a.md": FOX}, INK, locale="fr")])
    other = merge_orders([english, orders_of({"a.md": FOX}, replace(SITE, parts={"style": "Oil"}))])
    plan = plan_of(both, EMPTY_LOCKFILE)
    assert [action.article for action in plan.purchases] == ["a.md", "a.md"]
    saved = read_saved(saved_of(plan), where="it")
    require_same(saved, plan, where="it")
    for stale in (other, english):
        with pytest.raises(StalePlanError, match=r"a\.md: "):
            require_same(saved, plan_of(stale, EMPTY_LOCKFILE), where="it")


GOOD = json.loads(saved_of(plan_of(orders_of({"a.md": FOX}), EMPTY_LOCKFILE)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it is no JSON"),
        ("<html>", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("[]", "a field has a wrong value"),
        ("null", "a field has a wrong value"),
        ("{}", "it has no field `version`"),
        ('{"version": 99}', "it has version 99, and not 1"),
        ('{"version": 1}', "it has no field `options`"),
        (json.dumps(GOOD | {"actions": [{"action": "generate"}]}), "it has no field `article`"),
        (json.dumps(GOOD | {"actions": {"a": 1}}), "a field has a wrong value"),
        (json.dumps(GOOD | {"options": []}), "a field has a wrong value"),
    ],
)
def test_what_is_no_saved_plan_is_told_with_the_mend(text: str, told: str) -> None:
    with pytest.raises(StalePlanError) as caught:
        read_saved(text, where="plan.json")
    assert str(caught.value) == (
        f"plan.json is no plan that this version saved: {told}\n"
        "hint: make a new one: mkdocs-imagegen plan --out plan.json"
    )


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "much", [], {"a": 1}])
def test_an_amount_that_is_none_is_no_saved_plan(amount: object) -> None:
    spoilt = GOOD | {"options": GOOD["options"] | {"max_cost_usd": amount}}
    with pytest.raises(StalePlanError, match="no plan that this version saved"):
        read_saved(json.dumps(spoilt), where="plan.json")
