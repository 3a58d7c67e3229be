"""The page: template, style and script put together."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.resources
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from functools import cache

from jinja2 import DictLoader, Environment, StrictUndefined, Template

from ...pricing import usd_text
from ..shown import CoverState
from .exhibits import (
    Exhibit,
    Picture,
    below,
    day_text,
    facts,
    frame,
    prompt_parts,
    rooms,
    spent_usd,
)

_PAGE, _SCRIPT = "gallery.html.j2", "gallery.js"
_FILES = (_PAGE, "gallery.css", _SCRIPT)


def gallery_html(exhibits: Sequence[Exhibit], *, site_name: str, today: dt.date) -> str:
    """Return the gallery as a whole HTML page.

    Args:
        exhibits: the covers, in any order.
        site_name: for the title.
        today: what ages are counted from.
    """
    hung = list(rooms(exhibits))
    counts = Counter(exhibit.cover.state for exhibit in exhibits)
    return _page().render(
        site_name=site_name,
        lede=_lede(exhibits, len(hung)),
        rooms=hung,
        states=[(state.value, counts[state]) for state in CoverState if counts[state]],
        count=len(exhibits),
        facts=lambda exhibit: facts(exhibit, today),
        below=lambda exhibit: below(exhibit, today),
        frame=frame,
        prompt_parts=prompt_parts,
        data_uri=_data_uri,
        made_on=day_text(today.isoformat()),
        script_digest=_script_digest(),
    )


def _lede(exhibits: Sequence[Exhibit], room_count: int) -> str:
    if not exhibits:
        return "No article has a cover yet: write cover_prompt into its front matter."
    count = len(exhibits)
    text = f"{count:,} cover{'s' if count > 1 else ''}"
    if room_count > 1:
        text += f" in {room_count} sections"
    bought, usd = spent_usd(exhibits)
    return f"{text}, {bought:,} bought for ${usd_text(usd, 2)}" if bought else text


def _data_uri(picture: Picture) -> str:
    return f"data:image/webp;base64,{b64encode(picture.webp).decode('ascii')}"


@cache
def _sources() -> dict[str, str]:
    folder = importlib.resources.files(__package__)
    return {name: (folder / name).read_text(encoding="utf-8") for name in _FILES}


@cache
def _script_digest() -> str:
    """Return the digest that lets the page run this script and no other."""
    return b64encode(hashlib.sha256(_sources()[_SCRIPT].strip().encode()).digest()).decode()


@cache
def _page() -> Template:
    environment = Environment(
        loader=DictLoader({name: text.strip() for name, text in _sources().items()}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(_PAGE)
