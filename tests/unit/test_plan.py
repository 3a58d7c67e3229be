"""Articles to a plan, and the plan to an approval: the laws that keep anybody from paying twice."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.errors import ArticlesError, OverBudgetError
from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.model import (
    Action,
    ActionKind,
    ArticleSource,
    Diagnostic,
    Orders,
    OriginalDamaged,
    OriginalState,
    OriginalThere,
    Plan,
    PlanOptions,
    Priced,
    Size,
    Unpriced,
)
from mkdocs_imagegen.packaged import price_book
from mkdocs_imagegen.plan import (
    ApprovedPlan,
    Decision,
    Outlook,
    approve,
    decide,
    make_orders,
    make_plan,
    merge_orders,
    named_files,
    read_covers,
)
from mkdocs_imagegen.prompts import Prompts
from mkdocs_imagegen.settings import Budget, Endpoint, Mode, Settings

BOOK = price_book()
TODAY = date(2026, 11, 22)
SITE = Settings()
TEMPLATES = {"cover.j2": "{{ cover.subject }}", "titled.j2": "{{ article.title }}"}
ENDPOINT = Endpoint("https://api.openai.com/v1", "sk-x", "OPENAI_API_KEY")
PICTURES = {"own.png": digest(b"own"), "ref.png": digest(b"ref")}


def orders_of(
    *articles: ArticleSource, settings: Settings = SITE, digests: Mapping[str, str] = PICTURES
) -> Orders:
    covers, told = read_covers(articles, settings, BOOK)
    orders = make_orders(covers, Prompts(settings, TEMPLATES), digests)
    return replace(orders, diagnostics=told + orders.diagnostics)


def article(src_uri: str, **meta: object) -> ArticleSource:
    return ArticleSource(src_uri, "A title", meta)


def plan_of(
    *articles: ArticleSource,
    state: Mapping[str, OriginalState] | None = None,
    settings: Settings = SITE,
    rebuy: bool = False,
) -> Plan:
    orders = orders_of(*articles, settings=settings)
    return make_plan(
        orders, state or {}, BOOK, settings, today=TODAY, options=PlanOptions(rebuy=rebuy)
    )


def key_of(source: ArticleSource, settings: Settings = SITE) -> str:
    key = orders_of(source, settings=settings).orders[0].request_key
    assert key
    return key


def kinds(plan: Plan) -> list[tuple[str, ActionKind]]:
    return [(action.article, action.kind) for action in plan.actions]


METAS = st.fixed_dictionaries(
    {},
    optional={
        "cover_prompt": st.sampled_from(["a fox", "a hare", "a fox ", "Füchse", 5]),
        "cover_size": st.sampled_from(["1536x1024", "1280x672", "1200x630"]),
        "cover_quality": st.sampled_from(["low", "medium", "high", "auto", "best"]),
        "cover_model": st.sampled_from(["gpt-image-2", "gpt-image-2.6-flare", "mine"]),
        "cover_variant": st.sampled_from([0, 1]),
        "cover_template": st.sampled_from(["cover.j2", "titled.j2", "none.j2"]),
        "cover": st.sampled_from(["own.png", "gone.png", False]),
        "cover_references": st.sampled_from(["ref.png", "gone.png"]),
        "cover_edits": st.sampled_from(["more snow", ["more snow", "at night"]]),
    },
)
SITES = st.dictionaries(
    st.sampled_from([f"{folder}{name}.md" for folder in ("", "blog/") for name in "abcdef"]),
    METAS,
    max_size=8,
).map(lambda metas: [ArticleSource(uri, uri, meta) for uri, meta in metas.items()])
STATES = st.sampled_from(
    [
        None,
        OriginalThere("0" * 64, rendered=True),
        OriginalThere("0" * 64, rendered=False),
        OriginalDamaged("truncated", "1" * 64),
        OriginalDamaged("not readable"),
    ]
)


@st.composite
def sites_and_stores(
    draw: st.DrawFn,
) -> tuple[list[ArticleSource], dict[str, OriginalState]]:
    """A site, and a store that has some of its originals."""
    sources = draw(SITES)
    keys = sorted({order.request_key or "" for order in orders_of(*sources).orders} - {""})
    found = {key: draw(STATES) for key in keys}
    return sources, {key: state for key, state in found.items() if state}


@given(sites_and_stores(), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_the_articles_changes_nothing(
    site: tuple[list[ArticleSource], dict[str, OriginalState]], chance: random.Random, rebuy: bool
) -> None:
    sources, state = site
    plan = plan_of(*sources, state=state, rebuy=rebuy)
    chance.shuffle(sources)
    assert plan_of(*sources, state=state, rebuy=rebuy) == plan
    assert [a.article for a in plan.actions] == sorted(a.article for a in plan.actions)


@given(sites_and_stores(), st.booleans())
def test_no_request_is_bought_twice_or_bought_though_it_is_there(
    site: tuple[list[ArticleSource], dict[str, OriginalState]], rebuy: bool
) -> None:
    sources, state = site
    plan = plan_of(*sources, state=state, rebuy=rebuy)
    keys = [action.request_key for action in plan.purchases]
    assert len(keys) == len(set(keys))
    for action in plan.purchases:
        original = state.get(action.request_key or "")
        assert not isinstance(original, OriginalThere)
        assert rebuy or original is None


@given(sites_and_stores(), st.booleans())
def test_nothing_is_left_to_buy_once_the_plan_is_applied(
    site: tuple[list[ArticleSource], dict[str, OriginalState]], rebuy: bool
) -> None:
    sources, state = site
    plan = plan_of(*sources, state=state, rebuy=rebuy)
    bought = {a.request_key or "": OriginalThere("2" * 64, rendered=True) for a in plan.purchases}
    after = plan_of(*sources, state={**state, **bought}, rebuy=rebuy)
    assert after.purchases == ()
    assert [a.article for a in after.actions] == [a.article for a in plan.actions]
    assert after.output_usd == after.input_usd_estimate == 0


@given(sites_and_stores(), st.booleans())
def test_every_article_gets_one_action_or_is_told_of(
    site: tuple[list[ArticleSource], dict[str, OriginalState]], rebuy: bool
) -> None:
    sources, state = site
    plan = plan_of(*sources, state=state, rebuy=rebuy)
    articles = [action.article for action in plan.actions]
    assert len(articles) == len(set(articles))
    told = {d.article for d in plan.diagnostics if d.level == "error"}
    for source in sources:
        asks = source.meta.get("cover") is not False and (
            "cover_prompt" in source.meta or "cover" in source.meta
        )
        assert not asks or source.src_uri in told | set(articles)
        assert not (source.src_uri in told and source.src_uri in articles)


@given(sites_and_stores())
def test_totals_are_the_exact_sums(
    site: tuple[list[ArticleSource], dict[str, OriginalState]],
) -> None:
    sources, state = site
    plan = plan_of(*sources, state=state)
    prices = [a.price for a in plan.actions if a.kind is ActionKind.GENERATE]
    output = sum(p.output_usd * 10**6 for p in prices if isinstance(p, Priced))
    inputs = sum(p.input_usd_estimate * 10**6 for p in prices if isinstance(p, Priced))
    assert plan.output_usd * 10**6 == output
    assert plan.input_usd_estimate * 10**6 == inputs
    assert len(plan.unpriced) == sum(isinstance(p, Unpriced) for p in prices)


@given(
    sites_and_stores(),
    st.integers(0, 8),
    st.none() | st.decimals(0, 1, places=3),
)
def test_what_is_approved_breaks_no_wall(
    site: tuple[list[ArticleSource], dict[str, OriginalState]],
    max_images: int,
    per_build_usd: Decimal | None,
) -> None:
    sources, state = site
    plan = plan_of(*sources, state=state)
    budget = Budget(per_build_usd, max_images)
    bounds = [a.price.bound_usd for a in plan.purchases if isinstance(a.price, Priced)]
    breaks = len(plan.purchases) > max_images or (
        per_build_usd is not None
        and bool(plan.purchases)
        and (bool(plan.unpriced) or sum(bounds) > per_build_usd)
    )
    if breaks:
        with pytest.raises(OverBudgetError, match="nothing was bought") as raised:
            approve(plan, Outlook(budget=budget))
        assert raised.value.hint
    else:
        assert approve(plan, Outlook(budget=budget)) == ApprovedPlan(plan, budget)


def test_the_wall_stands_above_the_bound_and_not_above_the_price() -> None:
    plan = plan_of(article("a.md", cover_prompt="a fox"))
    price = plan.purchases[0].price
    assert isinstance(price, Priced)
    assert price.output_usd + price.input_usd_estimate <= price.bound_usd
    approve(plan, Outlook(budget=Budget(price.bound_usd)))
    with pytest.raises(OverBudgetError):
        approve(plan, Outlook(budget=Budget(price.bound_usd - Decimal("0.000001"))))


def test_an_unpriced_purchase_needs_a_wall_in_pictures() -> None:
    plan = plan_of(article("a.md", cover_prompt="a fox", cover_model="mine"))
    with pytest.raises(OverBudgetError, match=r"a\.md.*no model mine") as raised:
        approve(plan, Outlook(budget=Budget(Decimal(100))))
    assert "price_as" in raised.value.hint
    approve(plan, Outlook(budget=Budget(None, max_images=1)))


def test_over_the_wall_the_dearest_are_named() -> None:
    metas = [("a.md", "low"), ("b.md", "high"), ("c.md", "medium"), ("d.md", "low")]
    plan = plan_of(*(article(uri, cover_prompt=uri, cover_quality=q) for uri, q in metas))
    with pytest.raises(OverBudgetError, match=r"dearest: b\.md \$0\.16\d\d, c\.md") as raised:
        approve(plan, Outlook(budget=Budget(Decimal("0.01"))))
    assert raised.value.exit_code == 4


def test_a_plan_that_buys_nothing_passes_every_wall() -> None:
    fox = article("a.md", cover_prompt="a fox")
    plan = plan_of(fox, state={key_of(fox): OriginalThere("0", rendered=False)})
    approve(plan, Outlook(budget=Budget(Decimal(0), 0)))


FOX = article("b.md", cover_prompt="a fox")
SAME = article("a.md", cover_prompt="a fox")


def test_the_first_by_src_uri_buys_and_the_others_share() -> None:
    plan = plan_of(FOX, SAME)
    assert kinds(plan) == [("a.md", ActionKind.GENERATE), ("b.md", ActionKind.SHARED)]
    assert plan.actions[1].reason == "same picture as a.md"
    assert plan.actions[1].price == Priced(Decimal(0))


@pytest.mark.parametrize(
    ("original", "rebuy", "kind"),
    [
        (None, False, ActionKind.GENERATE),
        (None, True, ActionKind.GENERATE),
        (OriginalThere("0", rendered=True), True, ActionKind.REUSE),
        (OriginalThere("0", rendered=False), True, ActionKind.RENDER),
        (OriginalDamaged("truncated"), False, ActionKind.BLOCKED),
        (OriginalDamaged("truncated"), True, ActionKind.GENERATE),
    ],
)
def test_what_the_store_has_decides(
    original: OriginalState | None, rebuy: bool, kind: ActionKind
) -> None:
    state = {key_of(FOX): original} if original else {}
    plan = plan_of(FOX, state=state, rebuy=rebuy)
    assert kinds(plan) == [("b.md", kind)]
    damaged = isinstance(original, OriginalDamaged) and not rebuy
    assert [d.level for d in plan.diagnostics] == (["warning"] if damaged else [])


def test_a_rebought_original_is_named_so_that_it_does_not_count_as_there() -> None:
    state = {key_of(FOX): OriginalDamaged("truncated", "9" * 64)}
    plan = plan_of(FOX, SAME, state=state, rebuy=True)
    assert kinds(plan) == [("a.md", ActionKind.GENERATE), ("b.md", ActionKind.SHARED)]
    assert plan.actions[0].replaces == "9" * 64


def test_what_cannot_be_sent_yet_is_blocked_and_free_unless_it_is_there() -> None:
    edited = article("a.md", cover_prompt="a fox", cover_edits="more snow")
    action = plan_of(edited).actions[0]
    assert (action.kind, action.reason) == (
        ActionKind.BLOCKED,
        "cover_edits can't be sent yet by this version",
    )
    there = plan_of(edited, state={key_of(edited): OriginalThere("0", rendered=True)})
    assert there.actions[0].kind is ActionKind.REUSE


@pytest.mark.parametrize(
    "meta",
    [
        {"cover_prompt": "a hare"},
        {"cover_prompt": "a fox", "cover_size": "1280x672"},
        {"cover_prompt": "a fox", "cover_quality": "low"},
        {"cover_prompt": "a fox", "cover_model": "gpt-image-2.5-flare"},
        {"cover_prompt": "a fox", "cover_background": "opaque"},
        {"cover_prompt": "a fox", "cover_moderation": "low"},
        {"cover_prompt": "a fox", "cover_variant": 1},
        {"cover_prompt": "a fox", "cover_references": "ref.png"},
        {"cover_prompt": "a fox", "cover_edits": "more snow"},
    ],
)
def test_what_changes_pixels_makes_another_request(meta: dict[str, object]) -> None:
    assert key_of(article("b.md", **meta)) != key_of(FOX)


@pytest.mark.parametrize(
    "meta",
    [
        {"cover_alt": "A fox"},
        {"cover_caption": "A fox"},
        {"cover_focus": "top left"},
        {"cover_pin": True},
        {"cover_label": True},
        {"title": "Another title", "tags": ["x"]},
    ],
)
def test_what_changes_no_pixels_makes_the_same_request(meta: dict[str, object]) -> None:
    assert key_of(article("renamed.md", cover_prompt="a fox", **meta)) == key_of(FOX)


def test_a_changed_reference_makes_another_request() -> None:
    source = article("a.md", cover_prompt="a fox", cover_references="ref.png")
    one, two = (
        orders_of(source, digests={"ref.png": digest(data)}).orders[0].request_key
        for data in (b"one", b"two")
    )
    assert one != two


def test_each_edit_of_a_chain_starts_from_the_one_before() -> None:
    chain = article("a.md", cover_prompt="a fox", cover_edits=["more snow", "at night"])
    turned = article("a.md", cover_prompt="a fox", cover_edits=["at night", "more snow"])
    other_first = article("a.md", cover_prompt="a hare", cover_edits=["more snow", "at night"])
    assert len({key_of(chain), key_of(turned), key_of(other_first)}) == 3


def test_files_that_covers_name_are_all_asked_for() -> None:
    covers, _ = read_covers(
        [
            article("blog/a.md", cover="own.png"),
            article("b.md", cover_prompt="x", cover_references=["r.png"], cover_mask="m.png"),
        ],
        SITE,
        BOOK,
    )
    assert named_files(covers) == {"blog/own.png", "own.png", "r.png", "m.png"}


def test_languages_merge_into_one_plan_that_buys_each_request_once() -> None:
    english = orders_of(article("a.md", cover_prompt="a fox"), article("b.md", cover_prompt="x"))
    german = orders_of(article("a.md", cover_prompt="a fox"), article("c.de.md", cover_prompt="x"))
    merged = merge_orders([english, german])
    plan = make_plan(merged, {}, BOOK, SITE, today=TODAY)
    assert kinds(plan) == [
        ("a.md", ActionKind.GENERATE),
        ("b.md", ActionKind.GENERATE),
        ("c.de.md", ActionKind.SHARED),
    ]
    assert make_plan(merge_orders([german, english]), {}, BOOK, SITE, today=TODAY) == plan


def test_sketch_draws_all_and_never_looks_at_prices() -> None:
    settings = Settings(provider="sketch")
    own = article("c.md", cover="own.png")
    plan = plan_of(FOX, SAME, own, settings=settings)
    assert [a.kind for a in plan.actions] == [ActionKind.DRAW, ActionKind.DRAW, ActionKind.OWN]
    assert plan.output_usd == 0


def _decisions() -> Sequence[tuple[str, Settings, bool, bool, Endpoint | None, bool, str]]:
    """Mode, settings, serving, CI, endpoint, and what comes of it: every combination."""
    table = []
    for mode in Mode:
        for serving in (False, True):
            for in_ci in (False, True):
                for endpoint in (None, ENDPOINT):
                    buys = not serving and (
                        mode is Mode.GENERATE or (mode is Mode.AUTO and in_ci and bool(endpoint))
                    )
                    reason = "mkdocs serve never buys" if serving else f"mode: {mode}"
                    name = f"{mode}-{serving=}-{in_ci=}-{bool(endpoint)}"
                    table.append(
                        (name, Settings(mode=mode), serving, in_ci, endpoint, buys, reason)
                    )
    return table


@pytest.mark.parametrize(
    ("settings", "serving", "in_ci", "endpoint", "buys", "reason"),
    [pytest.param(*row[1:], id=row[0]) for row in _decisions()],
)
def test_when_a_build_buys(
    settings: Settings,
    serving: bool,
    in_ci: bool,
    endpoint: Endpoint | None,
    buys: bool,
    reason: str,
) -> None:
    decision = decide(settings, serving=serving, in_ci=in_ci, endpoint=endpoint)
    assert decision.buys is buys
    assert decision.reason.startswith(reason)
    assert ENDPOINT.api_key not in decision.reason


@pytest.mark.parametrize("mode", Mode)
def test_sketch_never_buys(mode: Mode) -> None:
    settings = Settings(provider="sketch", mode=mode)
    decision = decide(settings, serving=False, in_ci=True, endpoint=ENDPOINT)
    assert decision == Decision(False, "provider: sketch draws every cover, free")


@pytest.mark.parametrize("level", ["error", "warning", "info"])
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("buys", [True, False])
def test_only_a_strict_plan_that_buys_is_held_up_by_errors_and_warnings(
    level: Literal["error", "warning", "info"], strict: bool, buys: bool
) -> None:
    actions = plan_of(FOX).actions if buys else ()
    plan = Plan(actions, (Diagnostic(level, "something"),))
    if strict and buys and level != "info":
        with pytest.raises(ArticlesError, match="a strict run buys nothing"):
            approve(plan, Outlook(budget=Budget()), strict=strict)
    else:
        assert approve(plan, Outlook(budget=Budget()), strict=strict) == ApprovedPlan(
            plan, Budget()
        )


def test_a_plan_is_a_value() -> None:
    plan = plan_of(FOX)
    assert isinstance(plan.actions[0], Action)
    assert plan.actions[0].request is not None
    assert plan.actions[0].request.size == Size(1536, 1024)
    assert hash(plan.actions[0].request) == hash(plan_of(FOX).actions[0].request)
