"""The table of faults in docs/reliability.md: `python -m tests.faults.docs` writes it."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

from .table import TABLE
from .trouble import ARTICLES, Rows, Trouble

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
HEAD = (
    "| What happens | The article is told | Requests | Paid for | Ledger | The others | Exit |\n"
    "|---|---|--:|--:|---|---|--:|\n"
)


def generated(text: str) -> str:
    """Return the page with the table between its markers made anew."""
    pattern = r"(<!-- faults -->\n).*?(<!-- end of faults -->)"
    found = re.search(pattern, text, flags=re.DOTALL)
    assert found, "docs/reliability.md lacks the markers of the table"
    return f"{text[: found.start()]}{found[1]}{faults_tables()}{found[2]}{text[found.end() :]}"


def faults_tables() -> str:
    """Return all rows, a table for each layer."""
    layers = groupby(TABLE, key=lambda trouble: trouble.layer)
    tables = (
        f"#### {layer.capitalize()}\n\n{HEAD}{''.join(map(_row, rows))}" for layer, rows in layers
    )
    count = (
        f"{len(TABLE)} faults. Each run has {ARTICLES} articles, and the first meets the fault.\n"
    )
    return "\n".join([count, *tables])


def _row(trouble: Trouble) -> str:
    told = f"`{trouble.error.__name__}`" if trouble.error else "its cover"
    others = "are bought" if trouble.goes_on else "are not sent"
    if trouble.goes_on and trouble.paid == 0:
        others = "are told the same"
    cells = (
        trouble.name[:1].upper() + trouble.name[1:],
        told,
        str(trouble.requests),
        str(trouble.paid),
        _ledger(trouble.rows),
        others,
        str(trouble.exit_code),
    )
    return f"| {' | '.join(cells)} |\n"


def _ledger(rows: Rows) -> str:
    states = {
        "settled": rows.settled,
        "released": rows.released,
        "possibly billed": rows.possibly_billed,
        "reserved": rows.reserved,
    }
    return ", ".join(f"{count} {state}" for state, count in states.items() if count) or "nothing"


if __name__ == "__main__":
    PAGE.write_text(generated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
