"""The book's rows, and how the package's own are read from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from types import MappingProxyType

import yaml

from ..model import ShutDown, Size
from .nodes import Node
from .sizes import FreeSizes, ListedSizes, SizeRule
from .tokens import Formula, Measured, OutputTokens, Table


@dataclass(frozen=True, slots=True)
class Rates:
    """USD per million tokens."""

    text_in: Decimal
    text_cached: Decimal
    image_in: Decimal
    image_cached: Decimal
    image_out: Decimal


RATES = tuple(rate.name for rate in fields(Rates))


@dataclass(frozen=True, slots=True)
class PerToken:
    """A picture costs by what goes in and what comes out."""

    rates: Rates
    output_tokens: OutputTokens
    batch: Decimal | None = None
    """The Batch API's price as a factor on this one; `None` where the model takes no batches."""


@dataclass(frozen=True, slots=True)
class PerImage:
    """A picture has a price, whatever goes in."""

    flat_usd: Decimal | None = None
    """At every quality; `None` where it depends on the quality."""
    by_quality_usd: Mapping[str, Decimal] = field(default_factory=dict)

    def usd(self, quality: str) -> Decimal | None:
        """Return a picture's price, `None` where nothing is said of that quality."""
        return self.by_quality_usd.get(quality, self.flat_usd)


@dataclass(frozen=True, slots=True)
class ModelPrices:
    """One row of the book."""

    as_of: str
    """ISO date; `""` in a site's own row that does not say."""
    source: str
    charge: PerToken | PerImage
    sizes: SizeRule
    qualities: tuple[str, ...]
    """`()` for any."""
    shut_down: ShutDown | None = None
    own: bool = False
    """Whether the site names the price: it holds whatever the endpoint is."""

    @property
    def priced_qualities(self) -> tuple[str, ...]:
        """The qualities that have a price, `auto` left out; `()` where any has the same."""
        match self.charge:
            case PerToken(output_tokens=method):
                known = method.qualities
            case PerImage(flat_usd=None, by_quality_usd=prices):
                known = tuple(prices)
            case PerImage():
                known = self.qualities
        allowed = self.qualities or known
        return tuple(quality for quality in known if quality in allowed and quality != "auto")


@dataclass(frozen=True, slots=True)
class Rows:
    """What a book's YAML says, by model name; a snapshot or twin has its model's row."""

    models: Mapping[str, ModelPrices]
    retired: Mapping[str, ShutDown]


def read_rows(text: str) -> Rows:
    """Read a book's rows: see `PriceBook.parse`."""
    try:
        # The C loader is many times faster, and a book is read at every build.
        fast = yaml.__with_libyaml__
        book = yaml.load(text, Loader=yaml.CSafeLoader) if fast else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as e:
        raise ValueError(f"price book: not valid YAML: {e}") from e
    parts = Node("price book", book).fields("models", optional=["retired"])
    rows: dict[str, ModelPrices] = {}
    for model, node in parts["models"].mapping().items():
        row, also = _row(node)
        for name in (model, *also):
            if name in rows:
                raise ValueError(f"{node.where}: the name {name} has a row already")
            rows[name] = row
    retired = parts["retired"].mapping() if "retired" in parts else {}
    dates = {model: read_shut_down(node) for model, node in retired.items()}
    return Rows(MappingProxyType(rows), MappingProxyType(dates))


def _row(node: Node) -> tuple[ModelPrices, tuple[str, ...]]:
    """Read a model's row and the other names that it holds for."""
    row = node.fields(
        *("also", "as_of", "source", "usd_per_million", "sizes", "qualities", "output_tokens"),
        optional=["batch", "shut_down"],
    )
    rates = row["usd_per_million"].fields(*RATES)
    charge = PerToken(
        Rates(**{name: rate.amount() for name, rate in rates.items()}),
        read_output_tokens(row["output_tokens"]),
        row["batch"].factor() if "batch" in row else None,
    )
    prices = ModelPrices(
        as_of=row["as_of"].date().isoformat(),
        source=row["source"].text(),
        charge=charge,
        sizes=read_size_rule(row["sizes"]),
        qualities=read_qualities(row["qualities"]),
        shut_down=read_shut_down(row["shut_down"]) if "shut_down" in row else None,
    )
    return prices, tuple(name.text() for name in row["also"].items())


def read_shut_down(node: Node) -> ShutDown:
    """Read a date and the model to use instead."""
    value = node.value
    if isinstance(value, Mapping):  # YAML 1.1 takes an unquoted `on` for true
        value = {"on" if key is True else key: item for key, item in value.items()}
    row = Node(node.where, value, node.quoted).fields("on", "successor")
    return ShutDown(row["on"].date(), row["successor"].text())


def read_qualities(node: Node) -> tuple[str, ...]:
    """Read a list of qualities with at least one."""
    qualities = tuple(quality.text() for quality in node.items())
    if not qualities:
        raise node.error("at least one quality")
    return qualities


def read_size_rule(node: Node) -> FreeSizes | ListedSizes:
    """Read a list of sizes, or limits."""
    if isinstance(node.value, list):
        if not node.value:
            raise node.error("at least one size")
        return ListedSizes(tuple(size.size() for size in node.items()))
    limits = node.fields("multiple_px", "max_edge_px", "max_ratio", "min_area_px", "max_area_px")
    rule = FreeSizes(**{name: limit.whole() for name, limit in limits.items()})
    if not any(rule.grid_rows()):
        raise node.error("limits that some size can keep")
    return rule


def read_output_tokens(node: Node) -> OutputTokens:
    """Read how a picture's tokens are counted."""
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


def _tokens_by_size(node: Node) -> dict[str, dict[Size, int]]:
    return {
        quality: {
            Node(tokens.where, size).size(): tokens.whole()
            for size, tokens in sizes.mapping().items()
        }
        for quality, sizes in node.mapping().items()
    }
