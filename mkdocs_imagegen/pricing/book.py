"""The price book: what a request costs before it is sent, and what each model takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ..model import CoverRequest, Price, Priced, Size, Unpriced, Usage
from .amounts import tokens_usd
from .rows import ModelPrices, read_rows
from .sizes import ANY_SIZE, SizeRule
from .tokens import picture_tokens, prompt_tokens


@dataclass(frozen=True, slots=True)
class PriceBook:
    """The prices, sizes and qualities of the models it has rows for."""

    rows: Mapping[str, ModelPrices]
    """By exact model name; a snapshot or twin has its model's row."""

    @classmethod
    def parse(cls, text: str) -> PriceBook:
        """Read a book from YAML.

        Raises:
            ValueError: where it is malformed; the text names the field.
        """
        return cls(read_rows(text))

    @property
    def models(self) -> tuple[str, ...]:
        """Every name that has a row, in the book's order."""
        return tuple(self.rows)

    def qualities(self, model: str) -> tuple[str, ...]:
        """Return the qualities that the model takes, `auto` included; `()` for an unknown model."""
        row = self.rows.get(model)
        return row.qualities if row else ()

    def size_problem(self, model: str, size: Size) -> str:
        """Return why the model does not take this size, `""` where it does.

        The reason names neither the model nor the size, such as `both sides must be multiples of
        16`. An unknown model is taken to accept every size with both sides from 16 to 8192 px.
        """
        return self._sizes(model).problem(size)

    def nearest_size(self, model: str, size: Size) -> Size:
        """Return the size nearest to this one that the model takes; a good size is its own nearest.

        The ratio comes first, then the area, and one that is not smaller wins: a picture can be
        scaled down without loss. A ratio within 0.75 % counts as kept, so that 1920x1080 becomes
        1920x1088 and not 2048x1152, and 1200x630 becomes 1216x640 and not 1280x672. Where the
        model takes a list of sizes, the closest ratio wins outright.
        """
        return self._sizes(model).nearest(size)

    def price(self, request: CoverRequest, *, priced: bool = True) -> Price:
        """Return what one request costs, or why nobody can say.

        `priced`: whether OpenAI's prices hold for the endpoint.
        """
        if not priced:
            return Unpriced("prices of this endpoint are not known: OpenAI's hold for its own host")
        row = self.rows.get(request.model)
        if row is None:
            return Unpriced(f"the price book has no model {request.model}")
        if request.kind == "edit":
            return Unpriced("the price book does not count the pictures that go into an edit")
        if request.quality == "auto":
            return Unpriced("quality auto: the endpoint chooses the quality, and with it the price")
        if request.quality not in row.qualities:
            return Unpriced(f"{request.model} has no quality {request.quality}")
        if problem := self.size_problem(request.model, request.size):
            return Unpriced(f"{request.model} does not take {request.size}: {problem}")
        count = picture_tokens(row.output_tokens, request.size, request.quality)
        if count is None:
            return Unpriced(
                f"nobody has published or measured the tokens of {request.model} "
                f"at {request.size} {request.quality} (as of {row.as_of}; source: {row.source})"
            )
        text, text_bound = prompt_tokens(request.prompt)
        rates = row.rates
        return Priced(
            output_usd=tokens_usd(count.tokens, rates.image_out),
            input_usd_estimate=tokens_usd(text, rates.text_in),
            bound_usd=tokens_usd(count.bound, rates.image_out)
            + tokens_usd(text_bound, rates.text_in),
            confidence=count.confidence,
        )

    def actual_usd(self, model: str, usage: Usage) -> Decimal | None:
        """Return the bill for the tokens that the endpoint counted.

        `None` for an unknown model, and where the text's or the picture's tokens are missing or
        zero: no request is free of them, so such counts are not real. Missing image input is none.
        """
        row = self.rows.get(model)
        text, image = usage.input_text_tokens or 0, usage.input_image_tokens or 0
        output = usage.output_tokens or 0
        if row is None or text <= 0 or output <= 0 or image < 0:
            return None
        rates = row.rates
        return (
            tokens_usd(text, rates.text_in)
            + tokens_usd(image, rates.image_in)
            + tokens_usd(output, rates.image_out)
        )

    def _sizes(self, model: str) -> SizeRule:
        row = self.rows.get(model)
        return row.sizes if row else ANY_SIZE
