"""What is wrong with a page, and how a page comes off on each platform. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from .platforms import COLUMNS

Level = Literal["warn", "fail"]
Verdict = Literal["ok", "warn", "fail", "-"]
"""`-` where there is nothing to judge: the page has no picture."""
VERDICTS: tuple[Verdict, ...] = ("fail", "warn", "ok", "-")
"""The worst first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that keeps a picture from being shown well."""

    level: Level
    columns: tuple[str, ...]
    """Where it tells, in the table's order."""
    message: str
    hint: str = ""
    """What mends it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A page with what was found."""

    path: str
    url: str
    preview: str
    """The address of the picture in its link previews, `""` where there is none."""
    findings: tuple[Finding, ...]
    judged: frozenset[str]
    """The columns that there was something to judge for."""

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The worst of each column."""
        found: dict[str, Verdict] = {name: "ok" if name in self.judged else "-" for name in COLUMNS}
        for finding in self.findings:
            for column in finding.columns:
                if found[column] != "fail":
                    found[column] = finding.level
        return found


@dataclass(frozen=True, slots=True)
class Report:
    """A whole site."""

    site: str
    """As it was named."""
    pages: tuple[Checked, ...]
    notes: tuple[str, ...] = ()
    """What was left out, and why."""

    @property
    def worst(self) -> Verdict:
        """The worst of all pages."""
        found = {verdict for page in self.pages for verdict in page.verdicts.values()}
        return next(verdict for verdict in VERDICTS if verdict in found or verdict == "-")


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that say the same as one, failures first."""
    found: dict[tuple[Level, str, str], set[str]] = {}
    for finding in findings:
        key = (finding.level, finding.message, finding.hint)
        found.setdefault(key, set()).update(finding.columns)
    together = [
        Finding(level, tuple(name for name in COLUMNS if name in columns), message, hint)
        for (level, message, hint), columns in found.items()
    ]
    return tuple(sorted(together, key=lambda finding: finding.level != "fail"))
