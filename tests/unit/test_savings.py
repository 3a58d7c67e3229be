"""The cheapest other way to buy the same covers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib.resources import files

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.model import Alternative, CoverRequest, Priced, Size
from mkdocs_imagegen.plan.savings import SOON, cheapest
from mkdocs_imagegen.pricing import PriceBook

TEXT = files("mkdocs_imagegen").joinpath("data/prices.yaml").read_text(encoding="utf-8")
BOOK = PriceBook.parse(TEXT)
TODAY = date(2026, 11, 22)
LONG_AGO = date(2026, 6, 1)
FLARE = "gpt-image-2.5-flare"


def request(
    model: str = "gpt-image-2",
    quality: str = "medium",
    size: str = "1536x1024",
    prompt: str = "A red fox",
) -> CoverRequest:
    return CoverRequest("generate", model, prompt, Size.parse(size), quality)


def best(
    *purchases: CoverRequest, book: PriceBook = BOOK, today: date = TODAY, priced: bool = True
) -> Alternative | None:
    return cheapest(purchases, book, today=today, priced=priced)


def found(
    *purchases: CoverRequest, book: PriceBook = BOOK, today: date = TODAY, priced: bool = True
) -> Alternative:
    alternative = best(*purchases, book=book, today=today, priced=priced)
    assert alternative is not None
    return alternative


def own_rows(text: str) -> PriceBook:
    return BOOK.with_rows(yaml.safe_load(text))


def test_the_same_covers_at_low_are_told_with_their_price() -> None:
    alternative = found(request(), request(size="1024x1024", prompt="A blue fox"))
    assert (alternative.model, alternative.quality) == ("gpt-image-2", "low")
    assert alternative.output_usd == Decimal((158 + 196) * 30) / 1_000_000
    assert alternative.input_usd_estimate == Decimal((9 + 9) * 5) / 1_000_000


def test_of_two_that_cost_the_same_the_purchases_own_model_wins() -> None:
    assert found(request(FLARE)).model == FLARE
    assert found(request("gpt-image-2.5-sunburst")).model == "gpt-image-2.5-sunburst"
    assert found(request("gpt-image-1.5")).model == "gpt-image-2"  # else the book's order


def test_nothing_is_cheaper_than_the_cheapest() -> None:
    assert best(request(quality="low")) is None
    assert best(request(FLARE, "low"), request("gpt-image-2", "low")) is None
    assert best() is None


def test_purchases_of_many_models_are_compared_with_one_model_for_all() -> None:
    low, high = request(FLARE, "low"), request("gpt-image-1.5", "high", prompt="Another")
    alternative = found(low, high)
    assert (alternative.model, alternative.quality) == (FLARE, "low")


@pytest.mark.parametrize(
    "odd",
    [
        request(quality="auto"),
        request("somebody-elses"),
        request("gpt-image-2.6-flare", "max"),
        replace(request(), kind="edit", reference_digests=("ab",)),
    ],
)
def test_beside_a_purchase_without_a_price_or_an_edit_nothing_is_told(odd: CoverRequest) -> None:
    assert best(request(), odd) is None


def test_a_purchase_may_be_an_estimate_but_what_is_told_is_exact() -> None:
    alternative = found(request("gpt-image-2.6-flare", "high"))
    assert (alternative.model, alternative.quality) == ("gpt-image-2", "low")
    assert best(request("gpt-image-2.6-flare", "low")) is not None


def test_a_model_that_is_shut_down_soon_is_no_advice() -> None:
    mini = found(request(size="1536x1024"), today=LONG_AGO)
    assert (mini.model, mini.quality) == ("gpt-image-1-mini", "low")
    gone = BOOK.shut_down("gpt-image-1-mini")
    assert gone is not None
    assert found(request(), today=gone.on - SOON).model == "gpt-image-2"
    assert found(request(), today=date(2026, 10, 1)).model == "gpt-image-1-mini"
    assert found(request(), today=gone.on).model == "gpt-image-2"


def test_a_model_that_does_not_take_every_size_is_no_advice() -> None:
    wide = request(size="1536x864")
    assert found(request(), wide, today=LONG_AGO).model == "gpt-image-2"


def test_elsewhere_only_the_sites_own_prices_count() -> None:
    book = own_rows("a: {per_image: 0.04}\nb: {per_image: {low: 0.01, high: 0.02, auto: 0.001}}")
    assert best(request("gpt-image-2"), book=book, priced=False) is None
    alternative = found(request("a", "best"), request("a", "best"), book=book, priced=False)
    assert alternative == Alternative("b", "low", Decimal("0.02"), Decimal(0))


def test_a_flat_price_is_compared_at_the_qualities_that_are_asked_for() -> None:
    book = own_rows("a: {per_image: 0.001}")
    assert found(request(), book=book).model == "a"
    assert found(request(), book=book).quality == "medium"
    assert best(request("a", "auto"), book=own_rows("a: {per_image: 0.0001}")) is None


prompts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
purchases_of_all_kinds = st.lists(
    st.builds(
        request,
        st.sampled_from([*BOOK.models, "mine", "flat"]),
        st.sampled_from(["low", "medium", "high", "max"]),
        st.sampled_from(["1024x1024", "1536x1024", "1536x864"]),
        prompts,
    ),
    max_size=6,
)
OWN = own_rows("mine: {like: gpt-image-2}\nflat: {per_image: 0.02}")


def by_hand(purchases: Sequence[CoverRequest], today: date) -> Alternative | None:
    """Try everything, one price a request."""

    def totals(requests: Sequence[CoverRequest], *, exact: bool) -> tuple[Decimal, Decimal] | None:
        prices = [OWN.price(request) for request in requests]
        output, text = Decimal(0), Decimal(0)
        for price in prices:
            if not isinstance(price, Priced) or (exact and price.confidence != "exact"):
                return None
            output += price.output_usd
            text += price.input_usd_estimate
        return output, text

    planned = totals(purchases, exact=False)
    if not purchases or planned is None:
        return None
    own = {purchase.model for purchase in purchases}
    rivals: list[tuple[Decimal, bool, int, Alternative]] = []
    for place, model in enumerate(OWN.models):
        gone = OWN.shut_down(model)
        for quality in ("low", "medium", "high", "xhigh", "max"):
            usd = totals([replace(p, model=model, quality=quality) for p in purchases], exact=True)
            if usd and not (gone and (gone.on - today).days <= 60):
                told = Alternative(model, quality, *usd)
                rivals.append((usd[0] + usd[1], model not in own, place, told))
    if not rivals or min(rivals, key=lambda r: r[:3])[0] >= sum(planned):
        return None
    return min(rivals, key=lambda r: r[:3])[3]


@given(purchases_of_all_kinds, st.sampled_from([TODAY, LONG_AGO]))
def test_what_is_told_is_what_trying_everything_finds(
    purchases: list[CoverRequest], today: date
) -> None:
    told = best(*purchases, book=OWN, today=today)
    expected = by_hand(purchases, today)
    if told and told.model == "flat":  # a flat price is the same at each quality
        assert expected
        assert replace(expected, quality=told.quality) == told
    else:
        assert told == expected


def test_ten_thousand_purchases_are_compared_in_a_fifth_of_a_second() -> None:
    text = "A wide editorial cover: one strong motif, calm colours, no lettering… and a fox. " * 15
    sizes = ("1536x1024", "1024x1024", "1216x640")
    purchases = [request(size=sizes[n % 3], prompt=f"{text}{n}") for n in range(10_000)]
    taken_s = []
    for _ in range(3):
        started_s = time.process_time()
        found(*purchases)
        taken_s.append(time.process_time() - started_s)
    assert min(taken_s) < 0.2
