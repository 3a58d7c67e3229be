from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from math import ceil, floor

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mkdocs_imagegen.model import CoverRequest, Priced, Size, Unpriced, Usage
from mkdocs_imagegen.pricing import PriceBook, micro_usd, usd_text

TEXT = files("mkdocs_imagegen").joinpath("data/prices.yaml").read_text(encoding="utf-8")
BOOK = PriceBook.parse(TEXT)
FREE = "gpt-image-2"
LISTED = "gpt-image-1.5"
SUNBURST = "gpt-image-2.5-sunburst"
UNKNOWN = "somebody-elses-model"
OUT_RATE = Decimal(30)

VECTORS = {
    "1024x1024": (196, 439, 1756, 3122, 7024),
    "1536x1024": (158, 343, 1372, 2459, 5488),
    "1536x864": (120, 280, 1078, 1917, 4312),
    "1280x720": (106, 246, 947, 1683, 3787),
    "1280x672": (92, 224, 859, 1556, 3433),
    "1920x1088": (148, 344, 1325, 2356, 5300),
    "2560x1440": (205, 478, 1843, 3276, 7370),
    "3840x2160": (371, 865, 3336, 5930, 13342),
    "1024x800": (136, 322, 1286, 2256, 5075),
}
FACTORS_OF_2_5 = ("low", "medium", "high", "xhigh", "max")

ROW = """
models:
  m:
    also: [m-1]
    as_of: "2026-11-22"
    source: https://example.org/prices
    usd_per_million:
      {text_in: "5", text_cached: "1.25", image_in: "8", image_cached: "2", image_out: "30.00"}
    sizes: [1024x1024]
    qualities: [low]
    output_tokens: {table: {low: {1024x1024: 272}}}
"""
COARSE_RULE = (
    "{multiple_px: 256, max_edge_px: 2048, max_ratio: 3, min_area_px: 100000, max_area_px: 4000000}"
)
COARSE_BOOK = PriceBook.parse(ROW.replace("[1024x1024]", COARSE_RULE))

free_sizes = st.builds(
    lambda wide, high: Size(wide * 16, high * 16), st.integers(1, 240), st.integers(1, 240)
).filter(lambda size: not BOOK.size_problem(FREE, size))
any_sizes = st.builds(Size, st.integers(1, 10_000), st.integers(1, 10_000))
prompts = st.text(st.characters(exclude_categories=["Cs"]))


def request(
    model: str = FREE, size: str = "1536x1024", quality: str = "medium", prompt: str = ""
) -> CoverRequest:
    return CoverRequest("generate", model, prompt, Size.parse(size), quality)


def priced(asked: CoverRequest) -> Priced:
    price = BOOK.price(asked)
    assert isinstance(price, Priced), price
    return price


def why_unpriced(asked: CoverRequest) -> str:
    price = BOOK.price(asked)
    assert isinstance(price, Unpriced), price
    return price.why


def output_tokens(asked: CoverRequest) -> int:
    tokens = priced(asked).output_usd * 1_000_000 / OUT_RATE
    assert tokens == int(tokens)
    return int(tokens)


def bound_output_tokens(asked: CoverRequest) -> int:
    """The tokens that the bound counts for the picture, where the prompt is empty."""
    assert not asked.prompt
    return int((priced(asked).bound_usd * 1_000_000 - 6 * 5) / OUT_RATE)


# Output tokens by formula


@pytest.mark.parametrize(
    ("size", "quality", "tokens"),
    [
        (size, quality, tokens)
        for size, row in VECTORS.items()
        for quality, tokens in zip(FACTORS_OF_2_5, row, strict=True)
    ],
)
@pytest.mark.parametrize("model", ["gpt-image-2.5-flare", SUNBURST])
def test_every_published_vector_of_2_5_is_met(
    model: str, size: str, quality: str, tokens: int
) -> None:
    asked = request(model, size, quality)
    assert output_tokens(asked) == bound_output_tokens(asked) == tokens
    assert priced(asked).confidence == "exact"


@pytest.mark.parametrize(("quality", "column"), [("low", 0), ("medium", 2), ("high", 4)])
@pytest.mark.parametrize("size", VECTORS)
def test_gpt_image_2_gives_its_qualities_other_factors(
    size: str, quality: str, column: int
) -> None:
    assert output_tokens(request(FREE, size, quality)) == VECTORS[size][column]


def test_where_doubles_and_fractions_differ_the_bound_takes_the_larger_count() -> None:
    asked = request(FREE, "1536x944", "medium")
    assert output_tokens(asked) == 1201
    assert bound_output_tokens(asked) == 1242


def test_the_default_picture_costs_4_116_cents_exactly() -> None:
    assert output_tokens(request()) == 1372
    assert priced(request()).output_usd == Decimal("0.04116")


@given(free_sizes, st.sampled_from(FACTORS_OF_2_5))
def test_formula_prices_follow_the_published_steps_and_bounds_no_arithmetic_beats(
    size: Size, quality: str
) -> None:
    factor = dict(zip(FACTORS_OF_2_5, (16, 24, 48, 64, 96), strict=True))[quality]
    long, short = max(size.width_px, size.height_px), min(size.width_px, size.height_px)
    asked = request(SUNBURST, str(size), quality)

    s = factor / (long / short)
    lower = floor(s)
    published = lower + lower % 2 if s - lower == 0.5 else floor(s + 0.5)
    units = published, round(Fraction(factor * short, long)), round(factor * (short / long))
    counts = [ceil(Fraction(factor * u * (2_000_000 + long * short), 4_000_000)) for u in units]

    assert output_tokens(asked) == counts[0]
    assert bound_output_tokens(asked) == max(counts)


@given(free_sizes, st.sampled_from(FACTORS_OF_2_5))
def test_a_picture_costs_the_same_upright_and_lying(size: Size, quality: str) -> None:
    turned = Size(size.height_px, size.width_px)
    assert BOOK.price(request(SUNBURST, str(size), quality)) == BOOK.price(
        request(SUNBURST, str(turned), quality)
    )


# Output tokens by table and by estimate


@pytest.mark.parametrize(
    ("size", "quality", "tokens"),
    [
        ("1024x1024", "low", 272),
        ("1024x1024", "medium", 1056),
        ("1024x1024", "high", 4160),
        ("1024x1536", "low", 408),
        ("1024x1536", "medium", 1584),
        ("1024x1536", "high", 6240),
        ("1536x1024", "low", 400),
        ("1536x1024", "medium", 1568),
        ("1536x1024", "high", 6208),
    ],
)
@pytest.mark.parametrize(
    ("model", "rate"), [(LISTED, 32), ("chatgpt-image-latest", 32), ("gpt-image-1-mini", 8)]
)
def test_older_models_have_fixed_counts(
    model: str, rate: int, size: str, quality: str, tokens: int
) -> None:
    price = priced(request(model, size, quality))
    assert price.output_usd == Decimal(tokens * rate) / 1_000_000
    assert price.confidence == "exact"


@pytest.mark.parametrize(
    ("size", "quality", "tokens"),
    [("1536x1024", "low", 664), ("1536x1024", "high", 1353), ("3840x2160", "high", 3337)],
)
@pytest.mark.parametrize("model", ["gpt-image-2.6-flare", "gpt-image-2.6-sunburst"])
def test_a_measured_size_is_estimated_as_measured_and_reserved_twice(
    model: str, size: str, quality: str, tokens: int
) -> None:
    asked = request(model, size, quality)
    assert output_tokens(asked) == tokens
    assert bound_output_tokens(asked) == 2 * tokens
    assert priced(asked).confidence == "estimate"


@pytest.mark.parametrize(
    ("size", "tokens"),
    [
        # from 1536x1024, 1353 tokens, ratio 1.5: 1353 * 3,048,576 / 3,572,864 * 1.5 / 1
        ("1024x1024", 1732),
        # from 1536x1024 too: 1353 * 5,686,400 / 3,572,864 * 1.5 * 9 / 16
        ("2560x1440", 1817),
        # from 3840x2160, 3337 tokens, ratio 16 / 9: 3337 * 8,291,456 / 10,294,400 * 16 / 9 / 1.5
        ("3072x2048", 3186),
    ],
)
def test_another_size_of_2_6_is_scaled_from_the_measured_point_of_the_nearest_area(
    size: str, tokens: int
) -> None:
    assert output_tokens(request("gpt-image-2.6-flare", size, "high")) == tokens


def test_the_scaling_of_estimates_leads_from_one_measured_point_to_the_other_within_2_percent() -> (
    None
):
    book = yaml.safe_load(TEXT)
    del book["models"]["gpt-image-2.6-flare"]["output_tokens"]["measured"]["high"]["3840x2160"]
    alone = PriceBook.parse(yaml.safe_dump(book))
    price = alone.price(request("gpt-image-2.6-flare", "3840x2160", "high"))
    assert isinstance(price, Priced)
    assert abs(price.output_usd * 1_000_000 / 30 / 3337 - 1) < Decimal("0.02")


@pytest.mark.parametrize("quality", ["medium", "xhigh", "max"])
def test_a_quality_that_nobody_measured_is_unpriced(quality: str) -> None:
    why = why_unpriced(request("gpt-image-2.6-flare", quality=quality))
    assert "nobody has published or measured" in why
    assert "2026-11-22" in why
    assert "reseller" in why


@pytest.mark.parametrize("model", [m for m in BOOK.models if "2.6" not in m])
def test_every_quality_of_the_other_models_is_priced_at_every_kind_of_size(model: str) -> None:
    for size in ("1024x1024", "1024x1536", "1536x1024"):
        for quality in BOOK.qualities(model):
            if quality != "auto":
                assert priced(request(model, size, quality)).confidence == "exact"


# What has no price


def test_another_endpoint_is_unpriced() -> None:
    price = BOOK.price(request(), priced=False)
    assert isinstance(price, Unpriced)
    assert "prices of this endpoint are not known" in price.why


@pytest.mark.parametrize("model", [UNKNOWN, "gpt-image-2-2027-01-01", "gpt-image", "GPT-IMAGE-2"])
def test_only_exact_names_are_known(model: str) -> None:
    assert model in why_unpriced(request(model))
    assert BOOK.qualities(model) == ()
    assert BOOK.actual_usd(model, Usage(10, 0, 10)) is None


@pytest.mark.parametrize(
    ("snapshot", "model"),
    [
        ("gpt-image-2-2026-04-21", FREE),
        ("gpt-image-2.5-flare-2026-09-08", "gpt-image-2.5-flare"),
        ("gpt-image-2.5-sunburst-2026-09-08", SUNBURST),
    ],
)
def test_a_snapshot_has_its_models_row(snapshot: str, model: str) -> None:
    assert snapshot in BOOK.models
    assert BOOK.qualities(snapshot) == BOOK.qualities(model)
    assert BOOK.price(request(snapshot, prompt="A fox")) == BOOK.price(
        request(model, prompt="A fox")
    )


def test_quality_auto_is_unpriced() -> None:
    assert "auto" in why_unpriced(request(quality="auto"))


def test_a_quality_of_another_model_is_unpriced() -> None:
    assert "no quality xhigh" in why_unpriced(request(quality="xhigh"))


@pytest.mark.parametrize(("model", "size"), [(FREE, "1200x630"), (LISTED, "1536x864")])
def test_a_size_that_the_model_does_not_take_is_unpriced(model: str, size: str) -> None:
    assert f"does not take {size}" in why_unpriced(request(model, size))


# Input


@pytest.mark.parametrize(
    ("prompt", "tokens"),
    [
        ("", 6),
        ("a" * 400, 106),
        ("a" * 401, 107),
        ("привет", 9),
        ("一只狐狸", 10),
        ("🦊", 8),
    ],
)
def test_a_prompts_tokens_are_estimated_from_its_characters(prompt: str, tokens: int) -> None:
    assert priced(request(prompt=prompt)).input_usd_estimate == Decimal(tokens * 5) / 1_000_000


def test_the_bound_counts_every_byte_of_the_prompt_as_a_token() -> None:
    fox = priced(request(prompt="ein Fuchs im Grünen"))
    assert fox.bound_usd == Decimal((20 + 6) * 5) / 1_000_000 + Decimal("0.04116")


@given(free_sizes, st.sampled_from(["low", "high"]), st.sampled_from(BOOK.models), prompts)
def test_the_bound_is_never_under_the_price(
    size: Size, quality: str, model: str, prompt: str
) -> None:
    price = BOOK.price(request(model, str(size), quality, prompt))
    if isinstance(price, Priced):
        assert price.bound_usd >= price.output_usd + price.input_usd_estimate
        assert price.output_usd > 0


# The bill


def test_the_bill_is_every_kind_of_token_at_its_rate() -> None:
    assert BOOK.actual_usd(FREE, Usage(100, 1000, 1372)) == Decimal("0.04966")
    assert BOOK.actual_usd("gpt-image-1-mini", Usage(100, 1000, 272)) == Decimal("0.004876")


def test_missing_image_input_is_none() -> None:
    assert BOOK.actual_usd(FREE, Usage(100, None, 1372)) == Decimal("0.04166")


@pytest.mark.parametrize(
    "usage",
    [
        Usage(),
        Usage(0, 0, 0),
        Usage(100, 0, None),
        Usage(100, 0, 0),
        Usage(None, 0, 1372),
        Usage(0, 0, 1372),
        Usage(-1, 0, 1372),
        Usage(100, -1, 1372),
        Usage(100, 0, -1),
    ],
)
def test_missing_or_zero_counts_are_no_bill(usage: Usage) -> None:
    assert BOOK.actual_usd(FREE, usage) is None


# Sizes and qualities


@pytest.mark.parametrize(
    ("size", "problem"),
    [
        ("1200x630", "multiples of 16"),
        ("1920x1080", "multiples of 16"),
        ("1024x576", "655,360 pixels or more"),
        ("3856x2048", "over 3840 px"),
        ("3840x2176", "8,294,400 pixels at most"),
        ("1600x512", "3 times"),
    ],
)
def test_a_size_beyond_the_limits_is_told_which_limit(size: str, problem: str) -> None:
    assert problem in BOOK.size_problem(FREE, Size.parse(size))


def test_every_broken_limit_is_told_at_once() -> None:
    problem = BOOK.size_problem(FREE, Size(5000, 100))
    assert "multiples of 16; no side may be over 3840 px; the long side" in problem


@pytest.mark.parametrize("size", [*VECTORS, "1216x640", "1200x624", "1536x512", "512x1536"])
def test_sizes_within_the_limits_are_taken(size: str) -> None:
    assert BOOK.size_problem(FREE, Size.parse(size)) == ""


def test_a_model_with_a_list_names_it() -> None:
    problem = BOOK.size_problem(LISTED, Size(1536, 864))
    assert problem == "it takes 1024x1024, 1536x1024, 1024x1536"


@pytest.mark.parametrize("size", ["16x16", "8192x8192", "1200x630", "16x8192"])
def test_an_unknown_model_takes_any_size_within_reason(size: str) -> None:
    assert BOOK.size_problem(UNKNOWN, Size.parse(size)) == ""


@pytest.mark.parametrize("size", ["15x100", "8193x100"])
def test_an_unknown_model_takes_no_size_beyond_reason(size: str) -> None:
    assert "16 to 8192 px" in BOOK.size_problem(UNKNOWN, Size.parse(size))


@pytest.mark.parametrize(
    ("model", "size", "nearest"),
    [
        (FREE, "1200x630", "1216x640"),
        (FREE, "630x1200", "640x1216"),
        (FREE, "1920x1080", "1920x1088"),
        (FREE, "1024x576", "1088x608"),
        (FREE, "1000x600", "1072x640"),
        (FREE, "5000x100", "1440x480"),
        (FREE, "100x5000", "480x1440"),
        (FREE, "6000x1000", "3840x1280"),
        (FREE, "100x100", "816x816"),
        (FREE, "99999x99999", "2880x2880"),
        (LISTED, "1200x630", "1536x1024"),
        (LISTED, "800x1000", "1024x1536"),
        (LISTED, "900x1000", "1024x1024"),
        (UNKNOWN, "1200x630", "1200x630"),
        (UNKNOWN, "16384x8192", "8192x4096"),
        (UNKNOWN, "8x4", "32x16"),
        (UNKNOWN, "100000x1", "8192x16"),
    ],
)
def test_the_nearest_size_keeps_the_ratio_then_the_area(
    model: str, size: str, nearest: str
) -> None:
    assert str(BOOK.nearest_size(model, Size.parse(size))) == nearest


@given(any_sizes, st.sampled_from([*BOOK.models, UNKNOWN]))
def test_the_nearest_size_is_one_that_the_model_takes(size: Size, model: str) -> None:
    assert BOOK.size_problem(model, BOOK.nearest_size(model, size)) == ""


@given(any_sizes | free_sizes, st.sampled_from([FREE, LISTED, UNKNOWN]))
def test_a_size_that_the_model_takes_is_its_own_nearest(size: Size, model: str) -> None:
    if not BOOK.size_problem(model, size):
        assert BOOK.nearest_size(model, size) == size
    nearest = BOOK.nearest_size(model, size)
    assert BOOK.nearest_size(model, nearest) == nearest


def every_size(book: PriceBook, model: str, step: int) -> list[tuple[int, int]]:
    sides = range(step, 3841, step)
    return [(w, h) for w in sides for h in sides if not book.size_problem(model, Size(w, h))]


def assert_nothing_is_nearer(
    book: PriceBook, model: str, taken: list[tuple[int, int]], size: Size
) -> None:
    def distance(wide: int, high: int) -> tuple[int, bool, int]:
        across, down = wide * size.height_px, high * size.width_px
        ratio_off = max(7_500, abs(across - down) * 1_000_000 // max(across, down))
        more = wide * high - size.width_px * size.height_px
        return ratio_off, more < 0, abs(more)

    nearest = book.nearest_size(model, size)
    assert distance(nearest.width_px, nearest.height_px) == min(distance(*wh) for wh in taken)


FREE_SIZES = every_size(BOOK, FREE, 16)
COARSE_SIZES = every_size(COARSE_BOOK, "m", 256)


@settings(max_examples=30, deadline=None)
@given(any_sizes)
def test_no_other_size_is_nearer_in_ratio_or_as_near_and_nearer_in_area(size: Size) -> None:
    assert_nothing_is_nearer(BOOK, FREE, FREE_SIZES, size)


@given(any_sizes)
def test_the_nearest_size_is_found_on_a_coarse_grid_that_keeps_few_ratios(size: Size) -> None:
    assert_nothing_is_nearer(COARSE_BOOK, "m", COARSE_SIZES, size)


def test_qualities_are_the_models_own() -> None:
    assert BOOK.qualities(FREE) == ("low", "medium", "high", "auto")
    assert BOOK.qualities("gpt-image-2.6-flare") == (*FACTORS_OF_2_5, "auto")
    assert BOOK.qualities(LISTED) == ("low", "medium", "high", "auto")


# The book


def test_a_book_of_one_row_reads() -> None:
    assert PriceBook.parse(ROW).models == ("m", "m-1")


def test_a_picture_that_a_table_leaves_out_is_unpriced() -> None:
    book = PriceBook.parse(ROW.replace("qualities: [low]", "qualities: [low, high]"))
    price = book.price(request("m", "1024x1024", "high"))
    assert isinstance(price, Unpriced)
    assert "1024x1024 high" in price.why


FREE_RULE = "{multiple_px: 16, max_edge_px: 64, max_ratio: 3, min_area_px: 9000, max_area_px: 8000}"


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        (ROW, "{", "price book", "not valid YAML"),
        (ROW, "", "price book", "a mapping"),
        (ROW, "models: {}", "price book: models", "a mapping"),
        (ROW, "models: {2: {}}", "price book: models", "key 2"),
        (ROW, "models: {m: {}}", "price book: models: m", "a mapping"),
        ('"2026-11-22"', "2026-13-45", "price book", "not valid YAML"),
        ('"2026-11-22"', "2026-11-22", "m: as_of", "quote it"),
        ("also:", "alias:", "models: m", "the fields also"),
        ("[m-1]", "m-1", "m: also", "a list"),
        ("[m-1]", "[m]", "models: m", "has a row already"),
        ("https://example.org/prices", "''", "m: source", "text"),
        ('"30.00"', "30.00", "usd_per_million: image_out", "quote it"),
        ('"30.00"', '"cheap"', "usd_per_million: image_out", "amount in USD"),
        ('"30.00"', '"NaN"', "usd_per_million: image_out", "amount in USD"),
        ('"30.00"', '"-1"', "usd_per_million: image_out", "amount in USD"),
        ("[1024x1024]", "[1024]", "m: sizes[0]", "a size such as"),
        ("[1024x1024]", "[wide]", "m: sizes[0]", "a size such as"),
        ("[1024x1024]", "[]", "m: sizes", "at least one size"),
        ("[1024x1024]", FREE_RULE, "m: sizes", "some size"),
        ("[low]", "[1]", "m: qualities[0]", "text"),
        ("{table: {low: {1024x1024: 272}}}", "{guess: 1}", "output_tokens", "one of factors"),
        ("{table: {low: {1024x1024: 272}}}", "{factors: {low: 0}}", "factors: low", "above 0"),
        ("272", "true", "table: low: 1024x1024", "a whole number"),
        ("{1024x1024: 272}", "{wide: 272}", "table: low", "a size such as"),
    ],
)
def test_a_malformed_book_says_which_field_and_what_is_expected(
    old: str, new: str, where: str, what: str
) -> None:
    assert old in ROW
    with pytest.raises(ValueError, match="price book") as caught:
        PriceBook.parse(ROW.replace(old, new))
    assert where in str(caught.value)
    assert what in str(caught.value)


def test_the_shipped_rows_name_their_source_and_date() -> None:
    assert all(row.as_of and row.source for row in BOOK.rows.values())


# Amounts as text


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0.04116", "0.0412"), ("0.00005", "0.0001"), ("0.00004999", "0.0000"), ("12", "12.0000")],
)
def test_an_amount_is_rounded_half_up_to_four_places(amount: str, text: str) -> None:
    assert usd_text(Decimal(amount)) == text


def test_an_amount_takes_as_many_places_as_asked() -> None:
    assert usd_text(Decimal("1.005"), 2) == "1.01"
    assert usd_text(Decimal("0.5"), 0) == "1"


@pytest.mark.parametrize(
    ("amount", "micro"), [("0.04116", 41160), ("0.0000005", 1), ("0.00000049", 0), ("3", 3_000_000)]
)
def test_micro_dollars_are_rounded_half_up(amount: str, micro: int) -> None:
    assert micro_usd(Decimal(amount)) == micro
