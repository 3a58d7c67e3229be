"""A row of the ledger as SQLite holds it: amounts as exact text, and nothing that can fail to bind.

What comes out may have been written by any program: it is a LedgerRow or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from ..model import LedgerRow, RowState, Size, Usage

TABLE = """CREATE TABLE request (
  id INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  site TEXT NOT NULL,
  article TEXT NOT NULL,
  section TEXT NOT NULL,
  authors TEXT NOT NULL,
  job TEXT NOT NULL,
  request_key TEXT NOT NULL,
  model TEXT NOT NULL,
  size TEXT NOT NULL,
  quality TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  bound_usd TEXT,
  estimated_usd TEXT,
  state TEXT NOT NULL CHECK (state IN ('reserved', 'settled', 'released', 'possibly billed')),
  actual_usd TEXT,
  input_text_tokens INTEGER,
  input_image_tokens INTEGER,
  output_tokens INTEGER,
  request_id TEXT NOT NULL,
  held_micro_usd INTEGER NOT NULL CHECK (held_micro_usd >= 0)
)"""
"""`held_micro_usd` is what a row holds of the walls; the other amounts are for people."""
INDEX = "CREATE INDEX request_at ON request (at)"
_TEXTS = (
    *("at", "site", "article", "section", "authors", "job", "request_key"),
    *("model", "quality", "endpoint", "request_id"),
)
_AMOUNTS = ("bound_usd", "estimated_usd", "actual_usd")
_TOKENS = ("input_text_tokens", "input_image_tokens", "output_tokens")
COLUMNS = (*_TEXTS, "size", "state", *_AMOUNTS, *_TOKENS)
# All names in these are our own, and all values are bound.
SELECT = f"SELECT {', '.join(COLUMNS)} FROM request WHERE at >= ? ORDER BY at, id"  # noqa: S608
INSERT = (
    f"INSERT INTO request ({', '.join(COLUMNS)}, held_micro_usd) "  # noqa: S608
    f"VALUES ({', '.join(f':{name}' for name in COLUMNS)}, :held_micro_usd)"
)
UPDATE = """UPDATE request SET
  state = :state,
  actual_usd = :actual_usd,
  held_micro_usd = COALESCE(:held_micro_usd, held_micro_usd),
  endpoint = COALESCE(:endpoint, endpoint),
  input_text_tokens = :input_text_tokens,
  input_image_tokens = :input_image_tokens,
  output_tokens = :output_tokens,
  request_id = :request_id
WHERE id = :id AND state = 'reserved'"""
"""Ends a request. Without `held_micro_usd` its row keeps holding what it holds."""
RESERVED_KEYS = (
    "SELECT DISTINCT request_key FROM request "
    "WHERE state = 'reserved' AND typeof(request_key) = 'text'"
)
END_ALL = (
    "UPDATE request SET state = 'possibly billed' WHERE request_key = ? AND state = 'reserved'"
)
"""Of a request whose owner is dead. Its rows keep holding what they hold."""
SELECT_NEWEST = (
    f"SELECT id, {', '.join(COLUMNS)} FROM request WHERE request_key = ? "  # noqa: S608
    "AND state != 'released' ORDER BY id DESC LIMIT 1"
)
REOPEN = "UPDATE request SET state = 'reserved' WHERE id = ? AND state = 'possibly billed'"
_MOST = 2**63 - 1


def row_values(row: LedgerRow) -> dict[str, object]:
    """Return a row's values by column."""
    return {
        **{name: text(getattr(row, name)) for name in _TEXTS},
        "size": str(row.size),
        "state": row.state.value,
        **{name: amount(getattr(row, name)) for name in _AMOUNTS},
        **token_values(row.usage),
    }


def read_row(values: Mapping[str, object]) -> LedgerRow | None:
    """Return the row that these columns hold, `None` where they hold none."""
    if not all(isinstance(values[name], str) for name in _TEXTS):
        return None
    fields: dict[str, Any] = {name: values[name] for name in _TEXTS}
    usage = Usage(**{name: _count(values[name]) for name in _TOKENS})
    try:
        fields |= {name: _amount(values[name]) for name in _AMOUNTS}
        return LedgerRow(
            **fields,
            size=Size.parse(str(values["size"])),
            state=RowState(str(values["state"])),
            usage=None if usage == Usage() else usage,
        )
    except (ValueError, InvalidOperation):
        return None


def token_values(usage: Usage | None) -> dict[str, object]:
    """Return the columns of the tokens; a count that SQLite can't hold is none."""
    return {name: _count(getattr(usage, name, None)) for name in _TOKENS}


def text(value: str) -> str:
    """Return a text that can be written as UTF-8: YAML lets half a surrogate pair through."""
    return value.encode("utf-8", "replace").decode("utf-8")


def amount(usd: Decimal | None) -> str | None:
    """Return an exact amount as text."""
    return None if usd is None else f"{usd:f}"


def _amount(value: object) -> Decimal | None:
    if value is None:
        return None
    usd = Decimal(str(value))
    if not usd.is_finite():
        raise ValueError(value)
    return usd


def _count(value: object) -> int | None:
    return value if type(value) is int and abs(value) <= _MOST else None
