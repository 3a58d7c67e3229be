"""How the plugin's entry in mkdocs.yml is written: as lines of their own, or within brackets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PLUGIN = "imagegen"


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the plugin, as it stands in mkdocs.yml."""

    name: str
    value: str
    """YAML that is valid within brackets too."""
    comment: tuple[str, ...] = ()
    """What the lines above it say."""


def block_lines(options: Sequence[Option], *, dash: str, indent: str) -> Iterator[str]:
    """Yield the entry's lines without line ends.

    `dash` is what stands before the name, such as `"- "`, or nothing in a mapping; `indent` stands
    before every line.
    """
    if not options:
        yield f"{indent}{dash}{PLUGIN}{'' if dash else ': {}'}"
        return
    yield f"{indent}{dash}{PLUGIN}:"
    # Twice as deep as the dash is wide: `- blog:` has its options four columns in.
    inner = indent + " " * (2 * len(dash) or 2)
    for option in options:
        yield from (f"{inner}# {line}" for line in option.comment)
        yield f"{inner}{option.name}: {option.value}"


def flow_text(options: Sequence[Option], *, in_list: bool) -> str:
    """Return the entry as it stands within brackets."""
    inside = ", ".join(f"{option.name}: {option.value}" for option in options)
    if in_list:
        return f"{{{PLUGIN}: {{{inside}}}}}" if options else PLUGIN
    return f"{PLUGIN}: {{{inside}}}"
