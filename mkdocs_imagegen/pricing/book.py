"""The price book: what a request costs before it is sent, and what each model takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from ..model import CoverRequest, Price, Priced, ShutDown, Size, Unpriced, Usage
from .amounts import tokens_usd
from .own_rows import add_own_rows
from .rows import ModelPrices, PerImage, PerToken, Rows, read_rows
from .sizes import ANY_SIZE, SizeRule
from .tokenizer import TokenCounter
from .tokens import REFERENCE_TOKENS_MAX, picture_tokens, prompt_tokens, reference_tokens


@dataclass(frozen=True, slots=True)
class PriceBook:
    """The prices, sizes and qualities of the models it has rows for."""

    rows: Mapping[str, ModelPrices]
    """By exact model name; a snapshot or twin has its model's row."""
    retired: Mapping[str, ShutDown] = field(default_factory=dict)
    """Models that can't be had any more, and have no row."""
    count_tokens: TokenCounter | None = None
    """Counts a text's tokens; `None` estimates them from its characters."""

    @classmethod
    def parse(cls, text: str, count_tokens: TokenCounter | None = None) -> PriceBook:
        """Read a book from YAML.

        Raises:
            ValueError: where it is malformed; the text names the field.
        """
        rows = read_rows(text)
        return cls(rows.models, rows.retired, count_tokens)

    def with_rows(self, rows: Mapping[str, object]) -> PriceBook:
        """Return the book with a site's own rows, which win over the rows of the same names.

        `rows` are the option `prices:` of mkdocs.yml, by model, as YAML gives them. A row says
        `per_image` (USD, or USD by quality), or `usd_per_million` and `output_tokens` where they
        differ from the row of that name or of the model that it is `like`; and whatever else
        differs: `batch`, `sizes`, `qualities`, `shut_down` (null lifts the date), `as_of`,
        `source`.

        Raises:
            ValueError: where a row is malformed; the text names model and field.
        """
        book = add_own_rows(Rows(self.rows, self.retired), rows)
        return replace(self, rows=book.models, retired=book.retired)

    @property
    def models(self) -> tuple[str, ...]:
        """Every name that has a row, in the book's order."""
        return tuple(self.rows)

    def qualities(self, model: str) -> tuple[str, ...]:
        """Return the qualities that the model takes, `auto` included; `()` for an unknown model."""
        row = self.rows.get(model)
        return row.qualities if row else ()

    def priced_qualities(self, model: str) -> tuple[str, ...]:
        """Return the qualities that have a price; `()` also where any quality has the same."""
        row = self.rows.get(model)
        return row.priced_qualities if row else ()

    def shut_down(self, model: str) -> ShutDown | None:
        """Return from when on a model can't be had, past or to come; `None` where no day is known.

        The day is the model's vendor's: a site lifts it by its own row.
        """
        row = self.rows.get(model)
        return row.shut_down if row else self.retired.get(model)

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

    def price(
        self, request: CoverRequest, *, priced: bool = True, inputs: Sequence[Size] = ()
    ) -> Price:
        """Return what one request costs, or why nobody can say.

        `priced`: whether OpenAI's prices hold for the endpoint; a site's own rows hold for any.
        `inputs`: the sizes of all pictures that go into an edit, its mask left out.
        """
        row = self.rows.get(request.model)
        if not (priced or (row and row.own)):
            return Unpriced("prices of this endpoint are not known: OpenAI's hold for its own host")
        if row is None:
            return Unpriced(self._why_unknown(request.model))
        by_token = isinstance(row.charge, PerToken)
        if by_token and request.kind == "edit" and len(inputs) < _pictures_in(request):
            return Unpriced("the sizes of the pictures that go into this edit are not known")
        if by_token and request.quality == "auto":
            return Unpriced("quality auto: the endpoint chooses the quality, and with it the price")
        if row.qualities and request.quality not in row.qualities:
            return Unpriced(f"{request.model} has no quality {request.quality}")
        if problem := self.size_problem(request.model, request.size):
            return Unpriced(f"{request.model} does not take {request.size}: {problem}")
        if isinstance(row.charge, PerImage):
            return _image_price(request, row.charge)
        return self._token_price(request, row, row.charge, inputs)

    def actual_usd(self, model: str, usage: Usage | None, *, quality: str = "") -> Decimal | None:
        """Return the bill for the tokens that the endpoint counted, or the price of the picture.

        A model that is sold by the picture costs its price, whatever was counted. `None` for an
        unknown model or price, and where the text's or the picture's tokens are missing or zero: no
        request is free of them, so such counts are not real. Missing image input is none, and
        cached input counts as any other.
        """
        row = self.rows.get(model)
        if row is None:
            return None
        if isinstance(row.charge, PerImage):
            return row.charge.usd(quality)
        usage = usage or Usage()
        text, image = usage.input_text_tokens or 0, usage.input_image_tokens or 0
        output = usage.output_tokens or 0
        if text <= 0 or output <= 0 or image < 0:
            return None
        rates = row.charge.rates
        return (
            tokens_usd(text, rates.text_in)
            + tokens_usd(image, rates.image_in)
            + tokens_usd(output, rates.image_out)
        )

    def text_tokens(self, prompt: str) -> int:
        """Return about how many input tokens a new picture's prompt is."""
        return prompt_tokens(prompt, self.count_tokens)[0]

    def text_usd(self, model: str, tokens: int) -> Decimal:
        """Return what a model takes for text: nothing if it is unknown or sold by the picture."""
        row = self.rows.get(model)
        if row is None or isinstance(row.charge, PerImage):
            return Decimal(0)
        return tokens_usd(tokens, row.charge.rates.text_in)

    def _token_price(
        self, request: CoverRequest, row: ModelPrices, charge: PerToken, inputs: Sequence[Size]
    ) -> Price:
        count = picture_tokens(charge.output_tokens, request.size, request.quality)
        if count is None:
            as_of = f"as of {row.as_of}; " if row.as_of else ""
            return Unpriced(
                f"nobody has published or measured the tokens of {request.model} "
                f"at {request.size} {request.quality} ({as_of}source: {row.source})"
            )
        edit = request.kind == "edit"
        pictures = inputs if edit else ()
        text, text_bound = prompt_tokens(request.prompt, self.count_tokens, edit=edit)
        output_usd = tokens_usd(count.tokens, charge.rates.image_out)
        input_usd = tokens_usd(text, charge.rates.text_in) + tokens_usd(
            sum(map(reference_tokens, pictures)), charge.rates.image_in
        )
        return Priced(
            output_usd=output_usd,
            input_usd_estimate=input_usd,
            bound_usd=tokens_usd(count.bound, charge.rates.image_out)
            + tokens_usd(text_bound, charge.rates.text_in)
            # the walls trust the rule's limit, not the rule: few bills were compared with it
            + tokens_usd(REFERENCE_TOKENS_MAX * len(pictures), charge.rates.image_in),
            confidence=count.confidence,
            batch_usd=None if charge.batch is None else (output_usd + input_usd) * charge.batch,
        )

    def _why_unknown(self, model: str) -> str:
        gone = self.retired.get(model)
        if gone is None:
            return f"the price book has no model {model}"
        return f"{model} was shut down on {gone.on}; use {gone.successor} instead"

    def _sizes(self, model: str) -> SizeRule:
        row = self.rows.get(model)
        return row.sizes if row else ANY_SIZE


def _pictures_in(request: CoverRequest) -> int:
    """Return how many pictures go into an edit, as far as its request tells: one at least."""
    return max(1, len(request.reference_digests) + (request.parent_key is not None))


def _image_price(request: CoverRequest, charge: PerImage) -> Price:
    usd = charge.usd(request.quality)
    if usd is None:
        return Unpriced(f"`prices:` gives {request.model} no price for quality {request.quality}")
    return Priced(output_usd=usd, bound_usd=usd)
