"""The book's rows: shut-down dates, and the rows that a site writes itself under `prices:`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib.resources import files

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.model import CoverRequest, Priced, ShutDown, Size, Unpriced, Usage
from mkdocs_imagegen.pricing import PriceBook
from mkdocs_imagegen.pricing.rows import PerToken

TEXT = files("mkdocs_imagegen").joinpath("data/prices.yaml").read_text(encoding="utf-8")
BOOK = PriceBook.parse(TEXT)
DAY = date(2026, 11, 22)
SCRATCH = """
m:
  usd_per_million: {text_in: 1, image_in: 2, image_out: 10}
  output_tokens: {table: {low: {512x512: 100}, auto: {512x512: 900}}}
"""


def book_of(text: str) -> PriceBook:
    return BOOK.with_rows(yaml.safe_load(text))


def request(model: str, quality: str = "medium", size: str = "1536x1024") -> CoverRequest:
    return CoverRequest("generate", model, "", Size.parse(size), quality)


def priced(book: PriceBook, asked: CoverRequest, *, on_openai: bool = False) -> Priced:
    price = book.price(asked, priced=on_openai)
    assert isinstance(price, Priced), price
    return price


def why_unpriced(book: PriceBook, asked: CoverRequest, *, on_openai: bool = True) -> str:
    price = book.price(asked, priced=on_openai)
    assert isinstance(price, Unpriced), price
    return price.why


# Shut-down dates


@pytest.mark.parametrize(
    ("model", "day"),
    [
        ("gpt-image-1.5", "2026-12-01"),
        ("chatgpt-image-latest", "2026-12-01"),
        ("gpt-image-1-mini", "2026-12-01"),
        ("gpt-image-1", "2026-10-23"),
        ("dall-e-2", "2026-05-12"),
        ("dall-e-3", "2026-05-12"),
    ],
)
def test_a_model_that_ends_has_its_day_and_a_successor_that_stays(model: str, day: str) -> None:
    gone = BOOK.shut_down(model)
    assert gone is not None
    assert gone.on.isoformat() == day
    assert gone.successor in BOOK.models
    assert BOOK.shut_down(gone.successor) is None


@pytest.mark.parametrize("model", ["gpt-image-2", "gpt-image-2.6-flare", "somebody-elses"])
def test_other_models_have_no_day(model: str) -> None:
    assert BOOK.shut_down(model) is None


@pytest.mark.parametrize("model", BOOK.retired)
def test_a_retired_model_is_unpriced_and_its_reason_names_day_and_successor(model: str) -> None:
    assert model not in BOOK.models
    why = why_unpriced(BOOK, request(model))
    assert str(BOOK.retired[model].on) in why
    assert "use gpt-image-2 instead" in why


def test_every_row_says_all_five_rates() -> None:
    for row in BOOK.rows.values():
        assert isinstance(row.charge, PerToken)
        rates = row.charge.rates
        assert 0 < rates.text_cached < rates.text_in
        assert 0 < rates.image_cached < rates.image_in < rates.image_out


# Prices by the picture


@pytest.mark.parametrize("amount", ["0.04", '"0.04"', "4e-2", "4.0e-2", "0.0400"])
def test_a_flat_price_holds_for_any_picture_at_any_endpoint(amount: str) -> None:
    book = book_of(f"my-model: {{per_image: {amount}}}")
    for quality, size in (("low", "16x16"), ("auto", "1000x700"), ("best", "8192x8192")):
        assert priced(book, request("my-model", quality, size)) == Priced(
            Decimal("0.04"), bound_usd=Decimal("0.04")
        )
    assert book.qualities("my-model") == ()
    assert str(priced(book, request("my-model")).output_usd).rstrip("0") == "0.04"


def test_a_flat_price_takes_edits_whatever_goes_in() -> None:
    book = book_of("m: {per_image: 0.04}")
    asked = CoverRequest("edit", "m", "A fox", Size(1024, 1024), "low", reference_digests=("a",))
    assert priced(book, asked).bound_usd == Decimal("0.04")


def test_a_price_of_zero_is_a_price() -> None:
    assert priced(book_of("local: {per_image: 0}"), request("local")).bound_usd == 0


def test_prices_by_quality_leave_other_qualities_unpriced() -> None:
    book = book_of("m: {per_image: {low: 0.01, medium: 0.04}}")
    assert priced(book, request("m", "low")).output_usd == Decimal("0.01")
    assert priced(book, request("m", "medium")).output_usd == Decimal("0.04")
    assert "no price for quality high" in why_unpriced(book, request("m", "high"))
    assert book.priced_qualities("m") == ("low", "medium")


def test_a_row_may_say_which_sizes_and_qualities_there_are() -> None:
    book = book_of("m: {per_image: 1, sizes: [512x512], qualities: [standard]}")
    assert priced(book, request("m", "standard", "512x512")).output_usd == 1
    assert "no quality low" in why_unpriced(book, request("m", "low", "512x512"))
    assert "it takes 512x512" in why_unpriced(book, request("m", "standard"))
    assert book.nearest_size("m", Size(100, 100)) == Size(512, 512)
    assert (book.qualities("m"), book.priced_qualities("m")) == (("standard",), ("standard",))


def test_a_flat_price_over_a_known_model_keeps_its_sizes_and_qualities_and_no_other_name() -> None:
    book = book_of("gpt-image-2: {per_image: 0.03}")
    assert priced(book, request("gpt-image-2", "auto")).output_usd == Decimal("0.03")
    assert "no quality xhigh" in why_unpriced(book, request("gpt-image-2", "xhigh"))
    assert "multiples of 16" in why_unpriced(book, request("gpt-image-2", size="1200x630"))
    snapshot = request("gpt-image-2-2026-04-21")
    assert book.price(snapshot) == BOOK.price(snapshot)
    assert "prices of this endpoint" in why_unpriced(book, snapshot, on_openai=False)
    assert book.models == BOOK.models


@pytest.mark.parametrize("usage", [None, Usage(), Usage(0, 0, 0), Usage(9, 9, 9_999)])
def test_a_picture_with_a_price_costs_it_whatever_was_counted(usage: Usage | None) -> None:
    book = book_of("m: {per_image: 0.04}\nq: {per_image: {low: 0.01}}")
    assert book.actual_usd("m", usage) == Decimal("0.04")
    assert book.actual_usd("q", usage, quality="low") == Decimal("0.01")
    assert book.actual_usd("q", usage, quality="high") is None
    assert book.actual_usd("q", usage) is None


# Prices by the token


def test_single_rates_change_and_the_others_stay() -> None:
    book = book_of("gpt-image-2: {usd_per_million: {image_out: 15.0}}")
    assert priced(book, request("gpt-image-2")).output_usd == Decimal("0.02058")
    assert priced(book, request("gpt-image-2")).input_usd_estimate == Decimal("0.00003")
    assert book.actual_usd("gpt-image-2", Usage(100, 1000, 1372)) == Decimal("0.02908")


def test_a_float_means_the_amount_that_was_written() -> None:
    book = book_of("gpt-image-2: {usd_per_million: {image_out: 0.1}}")
    assert priced(book, request("gpt-image-2")).output_usd == Decimal("0.0001372")


def test_a_new_model_may_be_like_another() -> None:
    book = book_of("my-deployment: {like: gpt-image-2.5-flare, batch: 0.25}")
    asked = request("my-deployment", "max")
    assert (
        priced(book, asked).output_usd
        == priced(BOOK, request("gpt-image-2.5-flare", "max"), on_openai=True).output_usd
    )
    price = priced(book, asked)
    assert price.batch_usd == (price.output_usd + price.input_usd_estimate) / 4
    assert book.models[-1] == "my-deployment"


def test_a_row_may_be_like_one_above_it() -> None:
    book = book_of("a: {per_image: 0.04, qualities: [low]}\nb: {like: a}")
    assert priced(book, request("b", "low")).output_usd == Decimal("0.04")


def test_a_model_from_scratch_says_its_rates_and_tokens() -> None:
    book = book_of(SCRATCH)
    assert priced(book, request("m", "low", "512x512")).output_usd == Decimal("0.001")
    assert book.qualities("m") == ("low", "auto")
    assert book.priced_qualities("m") == ("low",)
    row = book.rows["m"]
    assert (row.as_of, row.source) == ("", "mkdocs.yml")
    assert "(source: mkdocs.yml)" in why_unpriced(book, request("m", "low", "1024x1024"))


def test_a_row_by_the_token_replaces_one_by_the_picture() -> None:
    book = book_of("m: {per_image: 1}").with_rows(yaml.safe_load(SCRATCH))
    assert priced(book, request("m", "low", "512x512")).output_usd == Decimal("0.001")


def test_measured_tokens_alone_do_not_make_the_endpoint_known() -> None:
    book = book_of("gpt-image-2.6-flare: {output_tokens: {measured: {max: {1536x1024: 2400}}}}")
    asked = request("gpt-image-2.6-flare", "max")
    assert priced(book, asked, on_openai=True).confidence == "estimate"
    assert "prices of this endpoint" in why_unpriced(book, asked, on_openai=False)


def test_null_takes_batches_away() -> None:
    book = book_of("gpt-image-2: {batch: null}")
    assert priced(book, request("gpt-image-2"), on_openai=True).batch_usd is None


# What else a row says


@pytest.mark.parametrize("day", ["2027-01-31", '"2027-01-31"'])
@pytest.mark.parametrize("on", ["on", '"on"'])
def test_a_row_moves_or_sets_the_day(on: str, day: str) -> None:
    row = f"shut_down: {{{on}: {day}, successor: gpt-image-2}}"
    book = book_of(f"gpt-image-1.5: {{{row}}}\nm: {{per_image: 1, {row}}}")
    moved = ShutDown(date(2027, 1, 31), "gpt-image-2")
    assert book.shut_down("gpt-image-1.5") == book.shut_down("m") == moved
    assert book.shut_down("chatgpt-image-latest") == BOOK.shut_down("chatgpt-image-latest")


def test_the_day_of_a_name_stays_until_a_row_lifts_it() -> None:
    told = "gpt-image-1.5: {per_image: 1}\ndall-e-3: {per_image: 1}"
    book = book_of(told)
    for model in ("gpt-image-1.5", "dall-e-3"):
        assert book.shut_down(model) == BOOK.shut_down(model)
    lifted = book_of(told.replace("1}", "1, shut_down: null}"))
    for model in ("gpt-image-1.5", "dall-e-3"):
        assert lifted.shut_down(model) is None
        assert priced(lifted, request(model, "low", "1024x1024")).output_usd == 1


def test_a_model_that_is_like_another_does_not_end_with_it() -> None:
    assert book_of("mine: {like: gpt-image-1.5}").shut_down("mine") is None


def test_a_row_tells_its_source_and_date_where_its_numbers_are_its_own() -> None:
    book = book_of(
        "a: {per_image: 1, as_of: 2026-11-20, source: the reseller}\n"
        "b: {per_image: 1}\n"
        "c: {like: gpt-image-2}\n"
        "gpt-image-2: {usd_per_million: {text_in: 4}}"
    )
    told = {name: (book.rows[name].as_of, book.rows[name].source) for name in ("a", "b", "c")}
    shipped = BOOK.rows["gpt-image-2"]
    assert told == {
        "a": ("2026-11-20", "the reseller"),
        "b": ("", "mkdocs.yml"),
        "c": (shipped.as_of, shipped.source),
    }
    assert book.rows["gpt-image-2"].source == "mkdocs.yml"


def test_no_rows_change_nothing() -> None:
    assert BOOK.with_rows({}) == BOOK


def test_the_book_itself_stays_as_it_is() -> None:
    before = PriceBook.parse(TEXT)
    book_of("gpt-image-2: {per_image: 1}\ndall-e-2: {per_image: 1}")
    assert before == BOOK


# What is refused


@pytest.mark.parametrize(
    ("rows", "where", "what"),
    [
        ("my-model: {per_image: x}", "my-model: per_image", "an amount in USD, found 'x'"),
        ("m: {per_image: true}", "m: per_image", "an amount in USD, found True"),
        ("m: {per_image: -0.01}", "m: per_image", "an amount in USD"),
        ("m: {per_image: .nan}", "m: per_image", "an amount in USD"),
        ("m: {per_image: .inf}", "m: per_image", "an amount in USD"),
        ("m: {per_image: 'NaN'}", "m: per_image", "an amount in USD"),
        ("m: {per_image: 1e999999999999999999}", "m: per_image", "an amount in USD"),
        ("m: {per_image: 1000000}", "m: per_image", "below 1,000,000"),
        ("m: {per_image: 1e-13}", "m: per_image", "12 decimal places"),
        ("m: {per_image: null}", "m: per_image", "an amount in USD, found None"),
        ("m: {per_image: []}", "m: per_image", "an amount in USD"),
        ("m: {per_image: {}}", "m: per_image", "a mapping"),
        ("m: {per_image: {low: x}}", "m: per_image: low", "an amount in USD"),
        ("m: {per_image: {1: 0.01}}", "m: per_image", "key 1"),
        ("m: {}", "m", "a mapping"),
        ("m: 0.04", "m", "a mapping, found 0.04"),
        ("m: null", "m", "a mapping"),
        ("2: {per_image: 1}", "prices", "key 2"),
        ("m: {per_imge: 1}", "m", "one of the fields like, per_image"),
        ("m: {as_of: 2026-11-22}", "m", "per_image, or like, or both usd_per_million"),
        ("m: {usd_per_million: {text_in: 1}}", "m", "both usd_per_million and output_tokens"),
        ("m: {per_image: 1, batch: 0.5}", "m", "no batch beside per_image"),
        ("m: {per_image: 1, output_tokens: {}}", "m", "no output_tokens beside per_image"),
        ("m: {like: nobody}", "m: like", "a model of the price book (gpt-image-2, "),
        ("m: {like: dall-e-3}", "m: like", "a model of the price book"),
        ("m: {like: m}", "m: like", "a model of the price book"),
        ("m: {like: 2}", "m: like", "text"),
        ("gpt-image-2: {usd_per_million: 30}", "gpt-image-2: usd_per_million", "a mapping"),
        (
            "gpt-image-2: {usd_per_million: {out: 1}}",
            "usd_per_million",
            "one of the fields text_in",
        ),
        ("gpt-image-2: {usd_per_million: {text_in: no}}", "text_in", "an amount in USD"),
        ("gpt-image-2: {batch: 0}", "gpt-image-2: batch", "a factor above 0 and up to 1"),
        ("gpt-image-2: {batch: 2}", "gpt-image-2: batch", "a factor above 0 and up to 1"),
        ("gpt-image-2: {batch: true}", "gpt-image-2: batch", "a factor above 0 and up to 1"),
        ("gpt-image-2: {qualities: []}", "gpt-image-2: qualities", "at least one quality"),
        ("gpt-image-2: {qualities: low}", "gpt-image-2: qualities", "a list"),
        ("gpt-image-2: {sizes: [big]}", "gpt-image-2: sizes[0]", "a size such as"),
        ("gpt-image-2: {shut_down: 2027-01-01}", "gpt-image-2: shut_down", "a mapping"),
        ("gpt-image-2: {shut_down: {on: 2027-01-01}}", "shut_down", "the fields on, successor"),
        ("m: {per_image: 1, shut_down: {on: soon, successor: x}}", "shut_down: on", "a date such"),
        (
            "m: {per_image: 1, shut_down: {on: '20270101', successor: x}}",
            "shut_down: on",
            "a date such",
        ),
        ("m: {per_image: 1, as_of: 5}", "m: as_of", "text"),
        ("m: {per_image: 1, source: ''}", "m: source", "text"),
    ],
)
def test_a_malformed_row_says_which_model_and_field_and_what_is_expected(
    rows: str, where: str, what: str
) -> None:
    with pytest.raises(ValueError, match=r"^prices: ") as caught:
        book_of(rows)
    text = str(caught.value)
    assert where in text
    assert what in text


def test_prices_that_are_no_mapping_are_refused() -> None:
    with pytest.raises(ValueError, match="prices: expected a mapping"):
        book_of("[gpt-image-2]")


@given(st.decimals(0, 999_999, places=12) | st.integers(0, 999_999) | st.floats(1e-4, 1e4))
def test_any_amount_is_kept_to_the_last_digit(amount: Decimal | int | float) -> None:
    value = str(amount) if isinstance(amount, Decimal) else amount
    if Decimal(str(value)) == round(Decimal(str(value)), 12):
        book = BOOK.with_rows({"m": {"per_image": value}})
        assert priced(book, request("m")).output_usd == Decimal(str(value))


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("like", "per_image", "usd_per_million", "output_tokens", "batch", "sizes"),
                    *("qualities", "shut_down", "as_of", "source", "low", "on", "text_in"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["m", "gpt-image-2", "dall-e-3"]), json_like))
def test_whatever_stands_under_prices_is_read_or_refused_by_name(rows: dict[str, object]) -> None:
    try:
        book = BOOK.with_rows(rows)
    except ValueError as error:
        book, refused = BOOK, str(error)
    else:
        refused = ""
    assert refused == "" or refused.startswith("prices: ")
    for model in rows:
        book.price(request(model))
        book.shut_down(model)
