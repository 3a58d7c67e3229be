"""An article's date, as front matter has it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping


def article_date(value: object) -> str:
    """Return an article's date as ISO text; Material's blog also writes `date: {created: ...}`."""
    if isinstance(value, Mapping):
        value = value.get("created")
    if isinstance(value, dt.datetime):
        value = value.date()
    return value.isoformat() if isinstance(value, dt.date) else str(value or "")
