"""The endpoint: which key goes where, and what answers there. Sends GET requests only.

Gateways lack the route `/models/{id}`, or answer it with anything: what they don't tell is told as
not known, and is no error.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from ..environment import read_environment
from ..errors import NetworkError
from ..plan import SOON_DAYS
from ..providers.looking import Look, list_models, look_at_model
from ..settings import DEFAULT_BASE_URL, Endpoint, Mode
from .findings import Examined, Finding
from .machine import KEYS
from .money import known_end

CLOCK_DRIFT = dt.timedelta(minutes=5)
"""Between this machine and the server, before that is told."""
MOST_MODELS = 5
"""That are looked at: one request each."""
ROUTE = "/images/generations"
_NOT_TOLD = "this endpoint does not tell; that is no fault"


def check_key(site: Examined) -> Iterator[Finding]:
    """Tell where requests go, by which key and from where. Never the key."""
    settings, endpoint = site.engine.settings, site.engine.endpoint
    if settings.provider == "sketch":
        yield Finding("ok", "key", "none is needed: provider sketch draws all covers here")
    elif endpoint is not None:
        yield Finding("ok", "key", _tier(site, endpoint))
    elif settings.mode is Mode.FROZEN:
        yield Finding("ok", "key", "none is set, and mode frozen needs none")
    elif settings.mode is Mode.GENERATE and site.to_buy:
        yield Finding(
            "error",
            "key",
            "none is set, and mode generate has covers to buy",
            f"set {site.engine.key_names} in the environment or in .env",
        )
    else:
        yield Finding(
            "info",
            "key",
            "none is set: missing covers are drawn, none is bought",
            f"to buy, set {site.engine.key_names} in the environment or in .env",
        )


def check_endpoint(site: Examined) -> Iterator[Finding]:
    """Ask the endpoint for the models in use: what it answers tells of address, key and clock."""
    endpoint = site.engine.endpoint
    if endpoint is None or site.engine.settings.provider == "sketch":
        why = "no key is set" if endpoint is None else "provider sketch asks nobody"
        yield Finding("skipped", "address", f"{why}: no connection is opened")
        return
    if urlsplit(endpoint.base_url).path.rstrip("/").endswith(ROUTE):
        what = f"the base URL of {_host(endpoint)} ends in {ROUTE}, which each request adds"
        yield Finding("error", "address", what, f"leave {ROUTE} off")
        yield Finding("skipped", "model", "nothing is made at that address")
        return
    models = site.models[:MOST_MODELS]
    try:
        looks = {model: look_at_model(endpoint, model) for model in models}
        listed = _listed(endpoint, looks.values())
    except NetworkError as error:
        yield Finding("error", "address", error.message, error.hint)
        yield Finding("skipped", "model", "nothing answers at the base URL")
        return
    first = next(iter(looks.values()))
    yield _address(endpoint, first)
    yield _clock(site.now, first)
    key = _accepted(endpoint, first, listed)
    yield key
    if key.verdict == "error":
        yield Finding("skipped", "model", "the endpoint does not let this key look")
        return
    for model, look in looks.items():
        yield _model(site, model, look, listed)


def _tier(site: Examined, endpoint: Endpoint) -> str:
    """Return the names of the variables that were chosen, where each stands, and the host."""
    found = read_environment(site.environ, site.root)
    name = endpoint.key_name
    url_name = name.replace("_API_KEY", "_BASE_URL") if name in KEYS else "IMAGEGEN_BASE_URL"
    if found.get(url_name) == endpoint.base_url:
        why = f"as {url_name} ({_place(url_name, site.environ)}) says"
    elif endpoint.base_url == DEFAULT_BASE_URL:
        why = "as no base URL is set"
    else:
        why = "as base_url in mkdocs.yml says"
    told = f"{name} ({_place(name, site.environ)}) goes to {_host(endpoint)}, {why}"
    others = [key for key in KEYS if key != name and key in found]
    return f"{told}; {' and '.join(others)} goes nowhere" if others else told


def _host(endpoint: Endpoint) -> str:
    """Return host and port, without what else an address can hold."""
    parts = urlsplit(endpoint.base_url)
    return f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}"


def _place(name: str, environ: Mapping[str, str]) -> str:
    return "environment" if environ.get(name, "").strip() else ".env"


def _listed(endpoint: Endpoint, looks: Iterable[Look]) -> frozenset[str]:
    """Return the endpoint's list of models, where it has no card for one of them."""
    needed = any(look.status == 404 and look.code != "model_not_found" for look in looks)
    return list_models(endpoint) if needed else frozenset()


def _address(endpoint: Endpoint, look: Look) -> Finding:
    host = _host(endpoint)
    if 300 <= look.status < 400:
        return Finding(
            "error",
            "address",
            f"{host} redirects to {look.location or 'another address'}, and no request follows",
            "set the base URL to the address it redirects to",
        )
    if look.status < 300 and not look.is_json:
        what = "a page" if look.is_page else "something else than JSON"
        return Finding(
            "warning",
            "address",
            f"{host} answers with {what}: this may be no API",
            "check the base URL: it usually ends in /v1",
        )
    if look.status >= 500:
        return Finding(
            "warning",
            "address",
            f"{host} answers, but fails ({look.status})",
            "try again later, or ask who runs it",
        )
    over = "HTTPS" if endpoint.base_url.lower().startswith("https:") else "HTTP"
    took_ms = look.took_s * 1000
    return Finding("ok", "address", f"{host} answers over {over} in {took_ms:,.0f} ms")


def _clock(now: dt.datetime, look: Look) -> Finding:
    if look.server_time is None:
        return Finding("skipped", "clock", "the server does not tell the time")
    drift = now - look.server_time
    if abs(drift) <= CLOCK_DRIFT:
        return Finding("ok", "clock", "goes as the server's does")
    minutes = abs(drift) // dt.timedelta(minutes=1)
    way = "ahead of" if drift > dt.timedelta(0) else "behind"
    return Finding(
        "warning",
        "clock",
        f"this machine is {minutes:,} minutes {way} the server",
        "set the clock: certificates, days of models and the month's wall go by it",
    )


def _accepted(endpoint: Endpoint, look: Look, listed: frozenset[str]) -> Finding:
    name = endpoint.key_name
    match look.status:
        case 200 if look.body.get("id"):
            return Finding("ok", "key accepted", f"{name} may look at models")
        case 401:
            return Finding(
                "error",
                "key accepted",
                f"the endpoint does not accept {name}",
                f"copy the key into {name} again, or make a new one",
            )
        case 403:
            return Finding(
                "warning",
                "key accepted",
                f"{name} may not look at models; whether it may buy can't be told",
                "give the key the right to read models, or ask the organisation's owner",
            )
        case 402 | 429:
            return Finding(
                "warning",
                "key accepted",
                f"the endpoint refuses for now ({look.status}{_coded(look)})",
                "wait, or look at the account's billing page",
            )
        case 404 if look.code == "model_not_found" or listed:
            return Finding("ok", "key accepted", f"{name} may look at models")
        case _:
            return Finding("skipped", "key accepted", _NOT_TOLD)


def _model(site: Examined, model: str, look: Look, listed: frozenset[str]) -> Finding:
    if look.status == 200 and look.body.get("id"):
        return _card(site, model, look)
    missing = look.status == 404 and look.code == "model_not_found"
    if missing or (listed and model not in listed):
        needed = site.needs(model)
        return Finding(
            "error" if needed else "warning",
            "model there",
            f"the endpoint has no model {model}",
            "set `model` in mkdocs.yml to one that it has",
        )
    if model in listed:
        return Finding("ok", "model there", f"{model} is in the endpoint's list")
    return Finding("skipped", "model there", f"{model}: {_NOT_TOLD}")


def _card(site: Examined, model: str, look: Look) -> Finding:
    told = look.body.get("shutdown_date")
    try:
        last = dt.date.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        last = None
    if last is None:
        return Finding("ok", "model there", f"{model}; the endpoint names no end for it")
    known = known_end(site, model)
    if (last - site.today).days > SOON_DAYS or (known and known.on == last):
        return Finding("ok", "model there", f"{model}, until {last}")
    return Finding(
        "warning",
        "model there",
        f"{model}; the endpoint shuts it down on {last}",
        "set `model` in mkdocs.yml to a later one before you want new covers",
    )


def _coded(look: Look) -> str:
    plain = look.code.isascii() and look.code.isprintable()
    return f", {look.code[:60]}" if look.code and plain else ""
