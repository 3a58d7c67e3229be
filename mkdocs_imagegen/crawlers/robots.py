"""robots.txt as RFC 9309 reads it: the longest rule that fits wins, `*` and `$` are wild. Pure.

The standard library's parser takes the first rule that fits, and knows no wildcards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

LIMIT_CHARS = 512 * 1024
"""What crawlers read at most."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of a group."""

    allows: bool
    pattern: str


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules, by crawler."""

    groups: tuple[tuple[frozenset[str], tuple[Rule, ...]], ...] = ()
    """Names in lower case, and what holds for them."""

    def allows(self, agent: str, target: str) -> bool:
        """Tell whether a crawler may fetch a path with its query."""
        agent = agent.lower()
        named = [rules for agents, rules in self.groups if agent in agents]
        chosen = named or [rules for agents, rules in self.groups if "*" in agents]
        fitting = [rule for rules in chosen for rule in rules if _fits(rule.pattern, target)]
        # Of two that are as long, the kinder one wins.
        best = max(fitting, key=lambda rule: (len(rule.pattern), rule.allows), default=None)
        return best is None or best.allows


def read_robots(text: str) -> Robots:
    """Return the rules of a robots.txt; lines that are none are left out."""
    groups: list[tuple[frozenset[str], tuple[Rule, ...]]] = []
    agents: list[str] = []
    rules: list[Rule] = []
    for key, value in _lines(text[:LIMIT_CHARS]):
        if key == "user-agent":
            if rules:
                groups.append((frozenset(agents), tuple(rules)))
                agents, rules = [], []
            agents.append(value.lower())
        elif agents and value:
            rules.append(Rule(key == "allow", value))
    groups.append((frozenset(agents), tuple(rules)))
    return Robots(tuple(groups))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.removeprefix("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if colon and (name := key.strip().lower()) in ("user-agent", "allow", "disallow"):
            yield name, value.strip()


def _fits(pattern: str, target: str) -> bool:
    ends = pattern.endswith("$")
    parts = re.sub(r"\*+", "*", unquote(pattern.removesuffix("$"))).split("*")
    # Part by part instead of one expression: a hostile pattern would take exponential time.
    target = unquote(target)
    if not target.startswith(parts[0]):
        return False
    at = len(parts[0])
    for n, part in enumerate(parts[1:], start=2):
        if ends and n == len(parts):
            return len(target) - len(part) >= at and target.endswith(part)
        found = target.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return not ends or at == len(target)
