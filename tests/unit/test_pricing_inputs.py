"""What goes into a request: pictures, and the prompt with and without a tokenizer. And batches."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from math import ceil, floor, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.model import CoverRequest, Priced, Size, Unpriced, Usage
from mkdocs_imagegen.pricing import PriceBook, offline_tokens
from mkdocs_imagegen.pricing.tokens import REFERENCE_TOKENS_MAX, prompt_tokens, reference_tokens

TEXT = files("mkdocs_imagegen").joinpath("data/prices.yaml").read_text(encoding="utf-8")
BOOK = PriceBook.parse(TEXT)
OUTPUT_USD = Decimal("0.04116")
SQUARE = Size(1024, 1024)
EDIT = CoverRequest(
    "edit", "gpt-image-2", "", Size(1536, 1024), "medium", reference_digests=("ab",)
)
GENERATION = replace(EDIT, kind="generate", reference_digests=())


def priced(asked: CoverRequest, *inputs: Size, book: PriceBook = BOOK) -> Priced:
    price = book.price(asked, inputs=inputs)
    assert isinstance(price, Priced), price
    return price


# Pictures that go into an edit


@pytest.mark.parametrize(
    ("size", "tokens"),
    [
        ("1024x1024", 1024),
        ("512x512", 1024),  # a small one is scaled up
        ("1536x1024", 1536),
        ("1024x1536", 1536),
        ("2048x1152", 1508),  # 64 * 36 = 2304 patches are too many: 52 * 29 fit
        ("3840x2160", 1508),
        ("1000x500", 512),
        ("1025x1024", 1056),
        ("33x1024", 64),
        ("1x1", 1024),
    ],
)
def test_a_picture_that_goes_in_counts_its_patches(size: str, tokens: int) -> None:
    assert reference_tokens(Size.parse(size)) == tokens


@given(st.integers(1, 8192), st.integers(1, 8192))
def test_patches_follow_the_reported_rule_and_its_limit(width: int, height: int) -> None:
    w: float = width
    h: float = height
    if max(w, h) < 1024:
        k = 1024 / max(w, h)
        w, h = round(w * k), round(h * k)
    p = ceil(w / 32) * ceil(h / 32)
    if p > 1536:
        s = sqrt(32 * 32 * 1536 / (w * h))
        s *= min(floor(w * s / 32) / (w * s / 32), floor(h * s / 32) / (h * s / 32))
        w, h = floor(w * s), floor(h * s)
        p = ceil(w / 32) * ceil(h / 32)
    tokens = reference_tokens(Size(width, height))
    assert tokens == (p or 1536)
    assert 1 <= tokens <= 1536


def test_a_line_too_thin_to_be_cut_into_patches_counts_as_the_largest_picture() -> None:
    assert reference_tokens(Size(100_000, 1)) == REFERENCE_TOKENS_MAX


def test_an_edit_costs_its_pictures_at_the_rate_for_pictures_that_go_in() -> None:
    price = priced(EDIT, SQUARE)
    assert price.output_usd == OUTPUT_USD
    assert price.input_usd_estimate == Decimal(6 * 5 + 1024 * 8) / 1_000_000
    assert price.confidence == "exact"
    two = replace(EDIT, reference_digests=("ab", "cd"))
    assert priced(two, SQUARE, Size(1536, 1024)).input_usd_estimate == Decimal(
        6 * 5 + (1024 + 1536) * 8
    ) / Decimal(1_000_000)


def test_the_bound_of_an_edit_takes_every_picture_as_the_largest_and_more_text() -> None:
    at_most = Decimal((6 + 16) * 5 + 1536 * 8) / 1_000_000
    assert priced(EDIT, SQUARE).bound_usd == OUTPUT_USD + at_most


@pytest.mark.parametrize(
    ("asked", "inputs"),
    [
        (EDIT, ()),
        (replace(EDIT, reference_digests=()), ()),
        (replace(EDIT, reference_digests=("ab", "cd")), (SQUARE,)),
        (replace(EDIT, parent_key="key"), (SQUARE,)),
    ],
)
def test_an_edit_is_unpriced_while_the_size_of_one_of_its_pictures_is_not_known(
    asked: CoverRequest, inputs: tuple[Size, ...]
) -> None:
    price = BOOK.price(asked, inputs=inputs)
    assert isinstance(price, Unpriced)
    assert "sizes of the pictures that go into this edit" in price.why


def test_the_picture_that_an_edit_starts_from_is_one_of_its_inputs() -> None:
    chained = replace(EDIT, reference_digests=(), parent_key="key")
    assert priced(chained, SQUARE) == priced(EDIT, SQUARE)


def test_a_new_picture_has_no_inputs_to_pay_for() -> None:
    assert priced(GENERATION, SQUARE) == priced(GENERATION)


# Batches


@pytest.mark.parametrize("model", BOOK.models)
def test_a_batch_costs_half(model: str) -> None:
    price = priced(replace(GENERATION, model=model, quality="low", prompt="A red fox"))
    assert price.batch_usd == (price.output_usd + price.input_usd_estimate) / 2
    edit = priced(replace(EDIT, model=model, quality="low"), SQUARE)
    assert edit.batch_usd == (edit.output_usd + edit.input_usd_estimate) / 2


def test_a_model_without_a_batch_price_has_none() -> None:
    book = PriceBook.parse(TEXT.replace('    batch: "0.5"\n', "", 1))
    assert priced(GENERATION, book=book).batch_usd is None


# The prompt, with a tokenizer


def words(text: str) -> int:
    return len(text.split())


def test_a_tokenizers_count_is_the_estimate_and_the_walls_take_a_tenth_and_some_more() -> None:
    book = PriceBook.parse(TEXT, words)
    price = priced(replace(GENERATION, prompt="word " * 94), book=book)
    assert price.input_usd_estimate == Decimal(100 * 5) / 1_000_000
    assert price.bound_usd == OUTPUT_USD + Decimal((110 + 16) * 5) / 1_000_000
    assert book.text_tokens("word " * 94) == 100


@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans(), st.booleans())
def test_the_bound_of_a_prompt_is_never_under_its_estimate(
    prompt: str, edit: bool, counted: bool
) -> None:
    about, bound = prompt_tokens(prompt, words if counted else None, edit=edit)
    assert 6 <= about <= bound


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_estimate_without_a_tokenizer_goes_by_the_kinds_of_characters(prompt: str) -> None:
    quarters = {1: 1, 2: 2, 3: 4, 4: 8}
    expected = ceil(sum(quarters[len(character.encode())] for character in prompt) / 4)
    assert prompt_tokens(prompt)[0] == expected + 6


def test_a_book_keeps_its_tokenizer_when_a_site_adds_rows() -> None:
    book = PriceBook.parse(TEXT, words).with_rows({"m": {"like": "gpt-image-2"}})
    assert book.text_tokens("one two") == 2 + 6


# The extra `tokens`

OFFLINE = """
import sys
def refuse(event, args):
    if event.startswith(("socket.", "urllib.", "http.client", "subprocess.", "os.posix_spawn")):
        raise RuntimeError(f"{event} {args}")
sys.addaudithook(refuse)
from mkdocs_imagegen.pricing import offline_tokens
count = offline_tokens()
assert "toktok" not in sys.modules
print([count(text) for text in ("", "hello world", "<|endoftext|>", "Grüße 🦊 一只狐狸")])
"""


def test_the_extra_counts_o200k_tokens_without_a_network_and_loads_late() -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", OFFLINE], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.strip() == "[0, 2, 7, 9]"


def test_without_the_extra_there_is_no_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "toktok", None)  # as if it was not installed
    assert offline_tokens() is None


def test_the_extra_counts_what_the_vocabulary_says_for_known_texts() -> None:
    count = offline_tokens()
    assert count is not None
    # as another tokenizer counts them from the vocabulary that OpenAI publishes
    assert count("A wide editorial cover, one strong motif.") == 9
    assert count("a" * 32_000) == 4_000


def test_the_estimate_by_characters_is_near_what_the_tokenizer_counts() -> None:
    prompt = "Paint a lighthouse of folded paper at dusk, seen from the sea, in calm colours. " * 5
    book = PriceBook.parse(TEXT, offline_tokens())
    assert BOOK.text_tokens(prompt) == pytest.approx(book.text_tokens(prompt), rel=0.35)
    guessed, counted = (priced(replace(GENERATION, prompt=prompt), book=b) for b in (BOOK, book))
    assert counted.bound_usd < guessed.bound_usd


# The bill


def test_the_bill_of_an_edit_has_its_pictures_in_it() -> None:
    assert BOOK.actual_usd("gpt-image-2", Usage(6, 1024, 1372)) == (
        OUTPUT_USD + priced(EDIT, SQUARE).input_usd_estimate
    )


def test_no_usage_is_no_bill() -> None:
    assert BOOK.actual_usd("gpt-image-2", None) is None
