"""The cheapest other way to buy the same covers: one model and quality for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from ..model import Alternative, CoverRequest, Size, Unpriced
from ..pricing import PriceBook

SOON = timedelta(days=60)
"""A model that is shut down within this time is no advice."""

_Pictures = Mapping[tuple[str, str, Size], int]
"""How many pictures are bought, by model, quality and size: those of a kind cost the same."""


def cheapest(
    purchases: Sequence[CoverRequest], book: PriceBook, *, today: date, priced: bool
) -> Alternative | None:
    """Return the model and quality that paint all these covers, as large, for the least money.

    Only prices of exact confidence count. `priced`: whether OpenAI's prices hold for the endpoint.
    `None` where nothing is cheaper than the purchases as they are, or where one of them is unpriced
    or an edit, which another model may not do alike.
    """
    if not purchases or any(request.kind != "generate" for request in purchases):
        return None
    planned: Counter[tuple[str, str, Size]] = Counter()
    text_tokens: Counter[str] = Counter()
    for request in purchases:
        planned[request.model, request.quality, request.size] += 1
        text_tokens[request.model] += book.text_tokens(request.prompt)
    found = _usd(planned, text_tokens, book, priced=priced, exact=False)
    if found is None:
        return None
    best = None
    for model, quality in _offers(planned, book, today):
        pictures: Counter[tuple[str, str, Size]] = Counter()
        for (_, _, size), count in planned.items():
            pictures[model, quality, size] += count
        tokens = {model: text_tokens.total()}
        usd = _usd(pictures, tokens, book, priced=priced, exact=True)
        if usd and sum(usd) < sum(found):
            best, found = Alternative(model, quality, *usd), usd
    return best


def _offers(planned: _Pictures, book: PriceBook, today: date) -> list[tuple[str, str]]:
    """Return the models and qualities to compare, the better first where two cost the same."""
    own_models = {model for model, _, _ in planned}
    own_qualities = sorted({quality for _, quality, _ in planned})
    sizes = {size for _, _, size in planned}
    offers: list[tuple[str, str]] = []
    for model in sorted(book.models, key=lambda name: name not in own_models):
        gone = book.shut_down(model)
        soon_gone = gone is not None and gone.on <= today + SOON
        if not soon_gone and not any(book.size_problem(model, size) for size in sizes):
            qualities = book.priced_qualities(model) or own_qualities
            offers += [(model, quality) for quality in qualities if quality != "auto"]
    return offers


def _usd(
    pictures: _Pictures,
    text_tokens: Mapping[str, int],
    book: PriceBook,
    *,
    priced: bool,
    exact: bool,
) -> tuple[Decimal, Decimal] | None:
    """Return what pictures and prompts cost; `None` where a price is unknown or no exact one."""
    output_usd = Decimal(0)
    for (model, quality, size), count in pictures.items():
        price = book.price(CoverRequest("generate", model, "", size, quality), priced=priced)
        if isinstance(price, Unpriced) or (exact and price.confidence != "exact"):
            return None
        output_usd += count * price.output_usd
    input_usd = sum((book.text_usd(model, n) for model, n in text_tokens.items()), Decimal(0))
    return output_usd, input_usd
