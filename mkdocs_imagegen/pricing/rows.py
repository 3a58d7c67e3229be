"""The book's rows, and how they are read from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

import yaml

from ..model import Size
from .sizes import FreeSizes, ListedSizes, SizeRule
from .tokens import Formula, Measured, OutputTokens, Table


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


def read_rows(text: str) -> Mapping[str, ModelPrices]:
    """Read a book's rows, by every name that they hold for: see `PriceBook.parse`."""
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
    return MappingProxyType(rows)


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
    if not any(rule.grid_rows()):
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
