"""What an endpoint's error object says, in all the shapes it comes in, fit for a log.

Nothing here lets a key, an escape or a long text through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from ..settings import Endpoint

MESSAGE_CHARS = 200
WORD_CHARS = 60
MOST_CATEGORIES = 20
_NAMED = re.compile(r"(?:parameter|argument|field)s?(?: supplied)?:? ['\"`](\w{1,60})['\"`]", re.I)


def said(body: object, endpoint: Endpoint) -> str:
    """Return the endpoint's own sentence out of an error object, `""` where it has none."""
    if isinstance(body, Mapping) and isinstance(body.get("error"), str | Mapping):
        body = body["error"]
    if isinstance(body, Mapping):
        body = body.get("message") or body.get("detail")
    if isinstance(body, list) and body:  # FastAPI's list of what is wrong where
        body = body[0].get("msg") if isinstance(body[0], Mapping) else body[0]
    return short(body, endpoint) if isinstance(body, str) else ""


def short(text: str, endpoint: Endpoint) -> str:
    """Return a line fit for a log: no key, even where the endpoint repeats it, and no escapes."""
    line = " ".join(text.replace(endpoint.api_key, "(key)").split() if endpoint.api_key else [text])
    line = "".join(char for char in line if char.isprintable())
    return line if len(line) <= MESSAGE_CHARS else line[: MESSAGE_CHARS - 1] + "…"


def codes_in(body: object) -> frozenset[str]:
    """Return all that may be the error's code: gateways leave some of these out."""
    if not isinstance(body, Mapping):
        return frozenset()
    inner = body.get("innererror") or body.get("inner_error")
    holders = (body, inner) if isinstance(inner, Mapping) else (body,)
    found = [holder.get(name) for holder in holders for name in ("code", "type")]
    return frozenset(code for code in found if isinstance(code, str))


def param_in(body: object, endpoint: Endpoint) -> str:
    """Return the parameter that an error names, `""` where it names none."""
    if not isinstance(body, Mapping):
        return ""
    named = body.get("param")
    detail = body.get("detail")
    if not isinstance(named, str) and isinstance(detail, list) and detail:
        place = detail[0].get("loc") if isinstance(detail[0], Mapping) else None
        named = place[-1] if isinstance(place, list) and place else None
    if not isinstance(named, str):
        found = _NAMED.search(str(body.get("message") or ""))
        named = found[1] if found else ""
    return short(named, endpoint)[:WORD_CHARS]


def stage_in(body: object) -> object:
    """Return at which stage a safety system refused: `input`, `output`, or nothing known."""
    return _moderation(body).get("moderation_stage")


def categories_in(body: object, endpoint: Endpoint) -> tuple[str, ...]:
    """Return what a safety system took the prompt or the picture for."""
    given = _moderation(body).get("categories")
    if isinstance(given, Mapping):
        given = [name for name, applies in given.items() if applies is True]
    if not isinstance(given, list):
        return ()
    words = (short(name, endpoint)[:WORD_CHARS] for name in given if isinstance(name, str))
    return tuple(word for word in words if word)[:MOST_CATEGORIES]


def address(url: str) -> str:
    """Return an address without name, password, query and fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        place = f"{host}:{parts.port}" if parts.port else host
    except ValueError:
        return "an address that is none"
    shown = urlunsplit((parts.scheme, place, parts.path, "", ""))
    shown = "".join(char for char in shown if char.isprintable())
    return shown[:MESSAGE_CHARS]


def _moderation(body: object) -> Mapping[str, object]:
    details = body.get("moderation_details") if isinstance(body, Mapping) else None
    return details if isinstance(details, Mapping) else {}
