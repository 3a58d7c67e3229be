"""The generated part of docs/reference.md: `python -m tests.docs` writes it, a test compares it."""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import assert_never

import click
from click.testing import CliRunner

from mkdocs_imagegen import config
from mkdocs_imagegen.articles import COVER_FIELDS
from mkdocs_imagegen.cli.commands import commands
from mkdocs_imagegen.model import CoverRequest, Priced
from mkdocs_imagegen.packaged import price_book
from mkdocs_imagegen.pricing import PriceBook, usd_text
from mkdocs_imagegen.pricing.rows import ModelPrices, PerToken
from mkdocs_imagegen.pricing.tokens import Formula, Measured, Table
from mkdocs_imagegen.settings import DEFAULT_SIZE

REFERENCE = Path(__file__).parent.parent / "docs" / "reference.md"
WIDTH = 100
SNAPSHOT = re.compile(r"-[0-9]{4}-[0-9]{2}-[0-9]{2}$")
QUALITIES = ("low", "medium", "high", "xhigh", "max")


def generated(text: str) -> str:
    """Return the page with each part between its markers made anew."""
    parts = {
        "options": options_table(),
        "front matter": fields_table(),
        "prices": price_tables(),
        "help": help_texts(),
    }
    for name, part in parts.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
        found = re.search(pattern, text, flags=re.DOTALL)
        assert found, name
        text = f"{text[: found.start()]}{found[1]}{part}{found[2]}{text[found.end() :]}"
    return text


def options_table() -> str:
    """Return the plugin's options, from the class and the texts below its attributes."""
    rows = [f"| `{name}` | {default} | {doc} |\n" for name, default, doc in _options()]
    return "| Option | Default | What it is |\n|---|---|---|\n" + "".join(rows)


def fields_table() -> str:
    """Return the front matter keys, from the allow-list."""
    rows = [f"| `cover_{f.name}` | {f.takes} | {f.doc} |\n" for f in COVER_FIELDS]
    return "| Key | Takes | What it is |\n|---|---|---|\n" + "".join(rows)


def price_tables() -> str:
    """Return the package's prices: what a picture comes to, and the rows it comes from."""
    # Without a tokenizer, so that the page is the same wherever it is made.
    book = replace(price_book(), count_tokens=None)
    groups = _groups(book)
    pictures = [
        _row(
            _names([name for name in names if not SNAPSHOT.search(name)]),
            *_pictures(names[0], book),
        )
        for _, names in groups
    ]
    rows = [_row(_names(names), *_facts(row)) for row, names in groups]
    sources = [f"- {source}\n" for source in dict.fromkeys(row.source for row, _ in groups)]
    gone = [_row(f"`{name}`", str(d.on), f"`{d.successor}`") for name, d in book.retired.items()]
    return (
        f"One picture of {DEFAULT_SIZE}, in USD, without its prompt (`~`: an estimate):\n\n"
        f"| Model | {' | '.join(QUALITIES)} |\n|---|{'--:|' * len(QUALITIES)}\n"
        f"{''.join(pictures)}\n"
        "USD per million tokens, and what else is known of a model:\n\n"
        "| Model | text in | image in | image out | Pictures | Batch price | Shut down | As of |\n"
        f"|---|--:|--:|--:|---|---|---|---|\n{''.join(rows)}\n"
        f"Sources:\n\n{''.join(sources)}\n"
        f"Not to be had any more:\n\n| Model | Since | Use |\n|---|---|---|\n{''.join(gone)}"
    )


def help_texts() -> str:
    """Return what `--help` prints, for the program and each command."""
    return "\n".join(f"```console\n{text}\n```\n" for text in _helps())


def _options() -> Iterator[tuple[str, str, str]]:
    source = inspect.getsource(config.ImagegenConfig)
    statements = ast.parse(source).body[0].body  # type: ignore[attr-defined]
    defaults = dict(config.ImagegenConfig._schema)
    for statement, following in pairwise(statements):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            doc = " ".join(ast.literal_eval(following.value).split())
            default = defaults[name].default
            yield name, _as_yaml(default), doc


def _as_yaml(default: object) -> str:
    match default:
        case None | [] | {}:
            return ""
        case bool():
            return f"`{str(default).lower()}`"
        case _:
            return f"`{default}`"


def _groups(book: PriceBook) -> list[tuple[ModelPrices, list[str]]]:
    """Return each row with the names it holds for: a model first, then twins and snapshots."""
    names: defaultdict[int, list[str]] = defaultdict(list)
    for name in book.models:
        names[id(book.rows[name])].append(name)
    return [(book.rows[group[0]], group) for group in names.values()]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _names(names: list[str]) -> str:
    return "<br>".join(f"`{name}`" for name in names)


def _pictures(model: str, book: PriceBook) -> Iterator[str]:
    """Yield what a model's picture of the default size costs at each quality."""
    for quality in QUALITIES:
        price = book.price(CoverRequest("generate", model, "A fox", DEFAULT_SIZE, quality))
        if isinstance(price, Priced):
            about = "~" if price.confidence == "estimate" else ""
            yield f"{about}{usd_text(price.output_usd)}"
        else:
            yield "unpriced" if quality in book.qualities(model) else ""


def _facts(row: ModelPrices) -> Iterator[str]:
    assert isinstance(row.charge, PerToken)
    rates, method = row.charge.rates, row.charge.output_tokens
    yield from (f"{usd:.2f}" for usd in (rates.text_in, rates.image_in, rates.image_out))
    match method:
        case Formula():
            yield "exact: formula"
        case Table():
            yield "exact: table"
        case Measured():
            yield "estimate: a few bills"
        case _:
            assert_never(method)
    batch = row.charge.batch
    yield "" if batch is None else f"{batch * 100:.0f} %"
    yield f"{row.shut_down.on}; then `{row.shut_down.successor}`" if row.shut_down else ""
    yield row.as_of


def _helps() -> Iterator[str]:
    for line in _command_lines(commands):
        asked = [*line, "--help"]
        printed = CliRunner().invoke(
            commands, asked, prog_name="mkdocs-imagegen", terminal_width=WIDTH
        )
        yield f"$ mkdocs-imagegen {' '.join(asked)}\n{printed.output.rstrip()}"


def _command_lines(command: click.Command, *before: str) -> Iterator[tuple[str, ...]]:
    """Yield each command's words, a group before what is in it."""
    yield before
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _command_lines(command.commands[name], *before, name)


if __name__ == "__main__":
    REFERENCE.write_text(generated(REFERENCE.read_text(encoding="utf-8")), encoding="utf-8")
