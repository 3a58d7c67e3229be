"""The rows that a site writes itself, in mkdocs.yml under `prices:`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..model import ShutDown
from .nodes import Node
from .rows import (
    RATES,
    ModelPrices,
    PerImage,
    PerToken,
    Rates,
    Rows,
    read_output_tokens,
    read_qualities,
    read_shut_down,
    read_size_rule,
)
from .sizes import ANY_SIZE

_NUMBERS = ("per_image", "usd_per_million", "output_tokens", "batch")
_FIELDS = ("like", *_NUMBERS, "sizes", "qualities", "shut_down", "as_of", "source")
_SOURCE = "mkdocs.yml"


def add_own_rows(book: Rows, rows: Mapping[str, object]) -> Rows:
    """Return a book's rows with a site's own over them: see `PriceBook.with_rows`."""
    if rows == {}:
        return book
    models = dict(book.models)
    for model, node in Node("prices", rows, quoted=False).mapping().items():
        known = models.get(model)
        date = known.shut_down if known else book.retired.get(model)
        models[model] = _own_row(node, known, date, models)
    retired = {model: date for model, date in book.retired.items() if model not in models}
    return Rows(MappingProxyType(models), MappingProxyType(retired))


def _own_row(
    node: Node,
    known: ModelPrices | None,
    date: ShutDown | None,
    models: Mapping[str, ModelPrices],
) -> ModelPrices:
    """Read one row.

    `known` is the row of that name so far. `date` is the name's own: it stays unless the row lifts
    it, and a row that is `like` another model does not take over that model's date.
    """
    row = node.some_fields(*_FIELDS)
    base = known
    if "like" in row:
        base = models.get(row["like"].text())
        if base is None:
            raise row["like"].error(f"a model of the price book ({', '.join(models)})")
    charge = _charge(node, row, base.charge if base else None)
    same = base if row.keys().isdisjoint(_NUMBERS) else None
    return ModelPrices(
        as_of=row["as_of"].date().isoformat() if "as_of" in row else same.as_of if same else "",
        source=row["source"].text() if "source" in row else same.source if same else _SOURCE,
        charge=charge,
        sizes=read_size_rule(row["sizes"]) if "sizes" in row else base.sizes if base else ANY_SIZE,
        qualities=_qualities(row, base, charge),
        shut_down=_shut_down(row, date),
        own=not row.keys().isdisjoint(("like", "per_image", "usd_per_million"))
        or bool(known and known.own),
    )


def _charge(
    node: Node, row: Mapping[str, Node], base: PerToken | PerImage | None
) -> PerToken | PerImage:
    by_token = [name for name in _NUMBERS[1:] if name in row]
    if "per_image" in row:
        if by_token:
            raise node.error(f"no {by_token[0]} beside per_image")
        return _per_image(row["per_image"])
    if isinstance(base, PerImage) and not by_token:
        return base
    known = base if isinstance(base, PerToken) else None
    if known is None and not {"usd_per_million", "output_tokens"} <= row.keys():
        raise node.error("per_image, or like, or both usd_per_million and output_tokens")
    if "output_tokens" in row:
        output_tokens = read_output_tokens(row["output_tokens"])
    else:
        assert known is not None
        output_tokens = known.output_tokens
    rates = known.rates if known else None
    if "usd_per_million" in row:
        rates = _rates(row["usd_per_million"], rates)
    assert rates is not None
    batch = known.batch if known else None
    if "batch" in row:
        batch = None if row["batch"].value is None else row["batch"].factor()
    return PerToken(rates, output_tokens, batch)


def _per_image(node: Node) -> PerImage:
    if not isinstance(node.value, Mapping):
        return PerImage(flat_usd=node.amount())
    by_quality = node.mapping()
    return PerImage(by_quality_usd={quality: usd.amount() for quality, usd in by_quality.items()})


def _rates(node: Node, base: Rates | None) -> Rates:
    """Read single rates over known ones; without them cached input costs what other input does."""
    if base is None:
        told = node.fields(
            "text_in", "image_in", "image_out", optional=["text_cached", "image_cached"]
        )
    else:
        told = node.some_fields(*RATES)
    usd = {name: rate.amount() for name, rate in told.items()}
    if base is None:
        usd = {"text_cached": usd["text_in"], "image_cached": usd["image_in"]} | usd
    return Rates(**{name: usd[name] if name in usd else getattr(base, name) for name in RATES})


def _qualities(
    row: Mapping[str, Node], base: ModelPrices | None, charge: PerToken | PerImage
) -> tuple[str, ...]:
    if "qualities" in row:
        return read_qualities(row["qualities"])
    if base:
        return base.qualities
    return charge.output_tokens.qualities if isinstance(charge, PerToken) else ()


def _shut_down(row: Mapping[str, Node], date: ShutDown | None) -> ShutDown | None:
    if "shut_down" not in row:
        return date
    return None if row["shut_down"].value is None else read_shut_down(row["shut_down"])
