"""The generated part of docs/reference.md: `python -m tests.docs` writes it, a test compares it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from click.testing import CliRunner

from mkdocs_imagegen import config
from mkdocs_imagegen.articles import COVER_FIELDS
from mkdocs_imagegen.cli.commands import commands

REFERENCE = Path(__file__).parent.parent / "docs" / "reference.md"
WIDTH = 100


def generated(text: str) -> str:
    """Return the page with each part between its markers made anew."""
    parts = {"options": options_table(), "front matter": fields_table(), "help": help_texts()}
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


def _helps() -> Iterator[str]:
    for line in ((), *((name,) for name in commands.commands)):
        asked = [*line, "--help"]
        printed = CliRunner().invoke(
            commands, asked, prog_name="mkdocs-imagegen", terminal_width=WIDTH
        )
        yield f"$ mkdocs-imagegen {' '.join(asked)}\n{printed.output.rstrip()}"


if __name__ == "__main__":
    REFERENCE.write_text(generated(REFERENCE.read_text(encoding="utf-8")), encoding="utf-8")
