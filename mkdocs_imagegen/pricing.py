"""The price book: what a request costs before it is sent, and what sizes and qualities models take.

Pure: reads no file, clock or network; the caller passes the YAML text. Money is Decimal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, assert_never

import yaml

from .model import CoverRequest, Price, Priced, Size, Unpriced, Usage

PROMPT_OVERHEAD_TOKENS = 6
"""What a request's text costs above its prompt, as users measured it."""
ESTIMATE_MARGIN = 2
"""The walls count this many times an estimated picture: a few bills are no promise."""
RATIO_TOLERANCE_PPM = 7_500
"""How far the nearest size may leave the ratio asked for, so that it can keep the area."""
PPM = 1_000_000
# By the first byte of a UTF-8 character: quarters of a token that such a character takes.
_QUARTER_TOKENS = bytes([1] * 128 + [0] * 64 + [2] * 32 + [4] * 16 + [8] * 16)


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
        try:
            # The C loader is many times faster, and a book is read at every build.
            fast = yaml.__with_libyaml__
            book = yaml.load(text, Loader=yaml.CSafeLoader) if fast else yaml.safe_load(text)
        except (yaml.YAMLError, ValueError) as e:
            raise ValueError(f"price book: not valid YAML: {e}") from e
        models = _Node("price book", book).fields("models")["models"]
        rows: dict[str, ModelPrices] = {}
        for model, node in models.mapping().items():
            row, also = _row(node)
            for name in (model, *also):
                if name in rows:
                    raise ValueError(f"{node.where}: the name {name} has a row already")
                rows[name] = row
        return cls(MappingProxyType(rows))

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
        count = _count(row.output_tokens, request.size, request.quality)
        if count is None:
            return Unpriced(
                f"nobody has published or measured the tokens of {request.model} "
                f"at {request.size} {request.quality} (as of {row.as_of}; source: {row.source})"
            )
        text, text_bound = _prompt_tokens(request.prompt)
        rates = row.rates
        return Priced(
            output_usd=_usd(count.tokens, rates.image_out),
            input_usd_estimate=_usd(text, rates.text_in),
            bound_usd=_usd(count.bound, rates.image_out) + _usd(text_bound, rates.text_in),
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
            _usd(text, rates.text_in) + _usd(image, rates.image_in) + _usd(output, rates.image_out)
        )

    def _sizes(self, model: str) -> SizeRule:
        row = self.rows.get(model)
        return row.sizes if row else ANY_SIZE


def usd_text(amount: Decimal, places: int = 4) -> str:
    """Return an amount with this many decimal places, halves rounded up: `0.0412`."""
    return f"{amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def micro_usd(amount: Decimal) -> int:
    """Return an amount in whole micro-dollars, halves rounded up."""
    return int(amount.scaleb(6).to_integral_value(ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class Rates:
    """USD per million tokens."""

    text_in: Decimal
    image_in: Decimal
    image_out: Decimal


@dataclass(frozen=True, slots=True)
class ModelPrices:
    """One row of the book."""

    as_of: str
    source: str
    rates: Rates
    sizes: SizeRule
    qualities: tuple[str, ...]
    output_tokens: OutputTokens


@dataclass(frozen=True, slots=True)
class Formula:
    """The published calculator's factor, by quality."""

    factors: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Table:
    """Published token counts, by quality and size."""

    tokens: Mapping[str, Mapping[Size, int]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Token counts seen in bills, by quality and size."""

    tokens: Mapping[str, Mapping[Size, int]]


OutputTokens = Formula | Table | Measured


@dataclass(frozen=True, slots=True)
class FreeSizes:
    """Every size on a grid, within limits."""

    multiple_px: int
    max_edge_px: int
    max_ratio: int
    """Of the long side to the short one."""
    min_area_px: int
    max_area_px: int

    def problem(self, size: Size) -> str:
        """Return every limit that the size breaks, `""` for none."""
        short, long = sorted((size.width_px, size.height_px))
        limits = (
            (
                short % self.multiple_px or long % self.multiple_px,
                f"both sides must be multiples of {self.multiple_px}",
            ),
            (long > self.max_edge_px, f"no side may be over {self.max_edge_px} px"),
            (
                long > self.max_ratio * short,
                f"the long side may be at most {self.max_ratio} times the short one",
            ),
            (long * short < self.min_area_px, f"it needs {self.min_area_px:,} pixels or more"),
            (long * short > self.max_area_px, f"it may have {self.max_area_px:,} pixels at most"),
        )
        return "; ".join(text for broken, text in limits if broken)

    def nearest(self, size: Size) -> Size:
        """Return the nearest grid size: see `PriceBook.nearest_size`."""
        near = min(self._near(size), key=lambda s: _distance(s[0], s[1], size, RATIO_TOLERANCE_PPM))
        return Size(*near)

    def rows(self) -> Iterator[tuple[int, int, int]]:
        """Yield height, least width and greatest width in grid steps, where any width fits."""
        step_area = self.multiple_px**2
        for high in range(1, self.max_edge_px // self.multiple_px + 1):
            least = max(-(-high // self.max_ratio), -(-self.min_area_px // (high * step_area)))
            most = min(high * self.max_ratio, self.max_edge_px // self.multiple_px)
            most = min(most, self.max_area_px // (high * step_area))
            if least <= most:
                yield high, least, most

    def _near(self, size: Size) -> Iterator[tuple[int, int]]:
        """Yield, row by row, the widths of about the right ratio: one of them is the nearest."""
        step, kept = self.multiple_px, PPM - RATIO_TOLERANCE_PPM
        for high, least, most in self.rows():
            wanted = high * size.width_px
            first = min(max(wanted * kept // (size.height_px * PPM), least), most)
            last = min(max(-(-wanted * PPM // (size.height_px * kept)), least), most)
            for wide in range(first, last + 1):
                yield wide * step, high * step


@dataclass(frozen=True, slots=True)
class ListedSizes:
    """These sizes and no others."""

    sizes: tuple[Size, ...]

    def problem(self, size: Size) -> str:
        """Return the sizes that there are, `""` where this is one of them."""
        return "" if size in self.sizes else f"it takes {', '.join(map(str, self.sizes))}"

    def nearest(self, size: Size) -> Size:
        """Return the nearest listed size: see `PriceBook.nearest_size`."""
        return min(self.sizes, key=lambda s: _distance(s.width_px, s.height_px, size, 0))


@dataclass(frozen=True, slots=True)
class AnySize:
    """What an unknown model is taken to accept: sides within limits."""

    min_edge_px: int
    max_edge_px: int

    def problem(self, size: Size) -> str:
        """Return the limits where a side is beyond them, else `""`."""
        fits = size == self.nearest(size)
        return "" if fits else f"sides go from {self.min_edge_px} to {self.max_edge_px} px"

    def nearest(self, size: Size) -> Size:
        """Return the size scaled until both sides fit, or clamped where no scale does that."""
        short, long = sorted((size.width_px, size.height_px))
        scale = Fraction(1)
        if long > self.max_edge_px:
            scale = Fraction(self.max_edge_px, long)
        elif short < self.min_edge_px:
            scale = Fraction(self.min_edge_px, short)
        width, height = (
            min(max(round(side * scale), self.min_edge_px), self.max_edge_px)
            for side in (size.width_px, size.height_px)
        )
        return Size(width, height)


SizeRule = FreeSizes | ListedSizes | AnySize
ANY_SIZE = AnySize(min_edge_px=16, max_edge_px=8192)


def _distance(
    width: int, height: int, wanted: Size, tolerance_ppm: int
) -> tuple[int, bool, int, int, int]:
    """Rank a size: ratio beyond the tolerance, too small, area, ratio; width settles a draw."""
    across, down = width * wanted.height_px, height * wanted.width_px
    off_ppm = abs(across - down) * PPM // max(across, down)
    more = width * height - wanted.width_px * wanted.height_px
    return max(off_ppm, tolerance_ppm), more < 0, abs(more), off_ppm, width


@dataclass(frozen=True, slots=True)
class _Count:
    """The output tokens of one picture: as shown, and at most."""

    tokens: int
    bound: int
    confidence: Literal["exact", "estimate"] = "exact"


def _count(method: OutputTokens, size: Size, quality: str) -> _Count | None:
    """Count one picture's tokens; `None` where the row has nothing to say about it."""
    match method:
        case Formula(factors):
            return _by_formula(factors[quality], size) if quality in factors else None
        case Table(tokens):
            known = tokens.get(quality, {}).get(size)
            return _Count(known, known) if known else None
        case Measured(tokens):
            points = tokens.get(quality)
            return _estimated(points, size) if points else None
        case _:
            assert_never(method)


def _by_formula(factor: int, size: Size) -> _Count:
    """Count as the published calculator does, and the largest of what other arithmetic gives.

    The calculator's JavaScript takes `factor / (long / short)` in doubles, which can fall on the
    other side of a half than the exact quotient. Python's `round` takes an exact half to even too.
    """
    short, long = sorted((size.width_px, size.height_px))
    published = round(factor / (long / short))
    others = round(factor * (short / long)), round(Fraction(factor * short, long))
    scale = factor * (2_000_000 + long * short)
    tokens, bound = (-(-scale * u // 4_000_000) for u in (published, max(published, *others)))
    return _Count(tokens, bound)


def _estimated(points: Mapping[Size, int], size: Size) -> _Count:
    """Estimate from the measured point of the nearest area.

    Scaled as the published formula of the older models scales, by `(2,000,000 + area) / ratio`:
    that leads from one measured point of 2.6 high to the other within 2 %, while the area alone
    is wrong by a factor of two.
    """
    area = size.width_px * size.height_px
    point = min(points, key=lambda p: (abs(p.width_px * p.height_px - area), p))
    tokens = -(-points[point] * _weight(size) // _weight(point))
    return _Count(tokens, tokens * ESTIMATE_MARGIN, "estimate")


def _weight(size: Size) -> Fraction:
    short, long = sorted((size.width_px, size.height_px))
    return Fraction((2_000_000 + long * short) * short, long)


def _prompt_tokens(prompt: str) -> tuple[int, int]:
    """Return about how many input tokens a prompt is, and how many at most.

    About: four ASCII characters a token, two of other alphabets, one CJK character. At most: a
    token is never shorter than a byte.
    """
    encoded = prompt.encode()
    about = -(-sum(encoded.translate(_QUARTER_TOKENS)) // 4)
    return about + PROMPT_OVERHEAD_TOKENS, len(encoded) + PROMPT_OVERHEAD_TOKENS


def _usd(tokens: int, rate: Decimal) -> Decimal:
    return (tokens * rate).scaleb(-6)


def _row(node: _Node) -> tuple[ModelPrices, tuple[str, ...]]:
    """Read a model's row and the other names that it holds for."""
    row = node.fields(
        "also", "as_of", "source", "usd_per_million", "sizes", "qualities", "output_tokens"
    )
    rates = row["usd_per_million"].fields("text_in", "image_in", "image_out")
    prices = ModelPrices(
        as_of=row["as_of"].text(),
        source=row["source"].text(),
        rates=Rates(**{name: rate.decimal() for name, rate in rates.items()}),
        sizes=_size_rule(row["sizes"]),
        qualities=tuple(quality.text() for quality in row["qualities"].items()),
        output_tokens=_output_tokens(row["output_tokens"]),
    )
    return prices, tuple(name.text() for name in row["also"].items())


def _size_rule(node: _Node) -> FreeSizes | ListedSizes:
    if isinstance(node.value, list):
        if not node.value:
            raise node.error("at least one size")
        return ListedSizes(tuple(size.size() for size in node.items()))
    limits = node.fields("multiple_px", "max_edge_px", "max_ratio", "min_area_px", "max_area_px")
    rule = FreeSizes(**{name: limit.whole() for name, limit in limits.items()})
    if not any(rule.rows()):
        raise node.error("limits that some size can keep")
    return rule


def _output_tokens(node: _Node) -> OutputTokens:
    methods = node.mapping()
    match list(methods):
        case ["factors"]:
            by_quality = methods["factors"].mapping()
            return Formula({quality: factor.whole() for quality, factor in by_quality.items()})
        case ["table"]:
            return Table(_tokens_by_size(methods["table"]))
        case ["measured"]:
            return Measured(_tokens_by_size(methods["measured"]))
        case _:
            raise node.error("one of factors, table and measured")


def _tokens_by_size(node: _Node) -> dict[str, dict[Size, int]]:
    return {
        quality: {
            _Node(tokens.where, size).size(): tokens.whole()
            for size, tokens in sizes.mapping().items()
        }
        for quality, sizes in node.mapping().items()
    }


@dataclass(frozen=True, slots=True)
class _Node:
    """A value of the YAML document and where it stands."""

    where: str
    value: object

    def error(self, wanted: str) -> ValueError:
        return ValueError(f"{self.where}: expected {wanted}, found {self.value!r:.80}")

    def mapping(self) -> dict[str, _Node]:
        if not isinstance(self.value, dict) or not self.value:
            raise self.error("a mapping")
        for key in self.value:
            if not isinstance(key, str):
                raise self.error(f"text as the key {key!r} (quote it)")
        return {key: _Node(f"{self.where}: {key}", value) for key, value in self.value.items()}

    def fields(self, *names: str) -> dict[str, _Node]:
        """Read a mapping that has exactly these keys."""
        found = self.mapping()
        if found.keys() != set(names):
            raise self.error(f"the fields {', '.join(names)}")
        return found

    def items(self) -> list[_Node]:
        if not isinstance(self.value, list):
            raise self.error("a list")
        return [_Node(f"{self.where}[{i}]", item) for i, item in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value:
            raise self.error("text (quote it)")
        return self.value

    def whole(self) -> int:
        if type(self.value) is not int or self.value <= 0:
            raise self.error("a whole number above 0")
        return self.value

    def decimal(self) -> Decimal:
        try:
            number = Decimal(self.text())
        except InvalidOperation:
            raise self.error("an amount in USD") from None
        if not number.is_finite() or number < 0:
            raise self.error("an amount in USD")
        return number

    def size(self) -> Size:
        try:
            return Size.parse(self.text())
        except ValueError:
            raise self.error("a size such as 1536x1024") from None
