"""A look at an endpoint that buys nothing: GET requests only, small answers, a short time limit."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit, urlunsplit

import httpcore2
import httpx2

from ..errors import NetworkError
from ..settings import Endpoint
from .line import Lines
from .redaction import guard_logs
from .transport import Transport, proxy_for

LIMIT_S = 10.0
"""Of one look, connection and answer together."""
TOO_SLOW = (TimeoutError, httpx2.TimeoutException, httpcore2.TimeoutException)
LIMIT_BYTES = 2_000_000
"""Of an answer; lists of models are long at some gateways."""


@dataclass(frozen=True, slots=True)
class Look:
    """What an endpoint answered to a GET request."""

    status: int
    took_s: float
    body: Mapping[str, object]
    """The answer's JSON object; empty where it is none."""
    is_json: bool
    is_page: bool
    """Whether it calls itself HTML."""
    location: str = ""
    """Scheme and host of where it redirects to."""
    server_time: datetime | None = None
    """By the `Date` header."""

    @property
    def code(self) -> str:
        """The error's code in OpenAI's shape, `""` where there is none."""
        error = self.body.get("error")
        code = error.get("code") if isinstance(error, Mapping) else None
        return code if isinstance(code, str) else ""


def look_at_model(endpoint: Endpoint, model: str, *, limit_s: float = LIMIT_S) -> Look:
    """Ask for one model's card.

    Raises:
        NetworkError: no answer came.
    """
    return _look(endpoint, f"/models/{quote(model, safe='')}", limit_s)


def list_models(endpoint: Endpoint, *, limit_s: float = LIMIT_S) -> frozenset[str]:
    """Return the models that the endpoint lists, none where it has no such list.

    Raises:
        NetworkError: no answer came.
    """
    found = _look(endpoint, "/models", limit_s)
    cards = found.body.get("data") if found.status == httpx2.codes.OK else None
    if not isinstance(cards, list):
        return frozenset()
    ids = (card.get("id") for card in cards if isinstance(card, dict))
    return frozenset(each for each in ids if isinstance(each, str))


def _look(endpoint: Endpoint, path: str, limit_s: float) -> Look:
    parts = urlsplit(endpoint.base_url)
    url = urlunsplit(parts._replace(path=parts.path.rstrip("/") + path, fragment=""))
    params = httpx2.URL(url).params.merge(endpoint.query)
    guard_logs(endpoint.api_key)
    began = time.monotonic()
    with Lines().open(limit_s) as line:
        try:
            proxy = proxy_for(endpoint.base_url)
            way = Transport(line, proxy, limit_bytes=LIMIT_BYTES, key=endpoint.api_key)
            # A redirect would carry the key to another address.
            with httpx2.Client(transport=way, timeout=limit_s, follow_redirects=False) as client:
                response = client.get(url, params=params, headers=_headers(endpoint))
        except Exception as error:  # both libraries' classes, and what lies below them
            host = parts.hostname or ""
            raise _no_answer(error, host, limit_s, is_sent=line.is_sent) from error
    return _read(response, time.monotonic() - began)


def _headers(endpoint: Endpoint) -> dict[str, str]:
    is_bearer = endpoint.key_header.lower() == "authorization"
    key = f"Bearer {endpoint.api_key}" if is_bearer else endpoint.api_key
    own = {"accept": "application/json", "user-agent": "mkdocs-imagegen"}
    return {**own, **endpoint.headers, endpoint.key_header: key}


def _read(response: httpx2.Response, took_s: float) -> Look:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        body = None
    return Look(
        status=response.status_code,
        took_s=took_s,
        body=body if isinstance(body, dict) else {},
        is_json=isinstance(body, dict),
        is_page="html" in response.headers.get("content-type", "").lower(),
        location=_origin(response.headers.get("location", "")),
        server_time=_time(response.headers.get("date", "")),
    )


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.hostname}" if parts.hostname else ""
    except ValueError:
        return ""


def _time(text: str) -> datetime | None:
    try:
        told = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _no_answer(error: Exception, host: str, limit_s: float, *, is_sent: bool) -> NetworkError:
    """Return what kept the answer back, by what lies below the libraries' exceptions."""
    causes = list(_causes(error))
    certificate = next((c for c in causes if isinstance(c, ssl.SSLCertVerificationError)), None)
    if certificate is not None:
        return NetworkError(
            f"{host} shows a certificate that is not trusted: {certificate.verify_message}",
            hint="check this machine's clock; behind a proxy that reads along, name its "
            "certificate in SSL_CERT_FILE",
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return NetworkError(
            f"the name {host} is not known here",
            hint="check the base URL, then DNS, VPN and proxy of this machine",
        )
    if any(isinstance(cause, TOO_SLOW) for cause in causes):
        return _too_slow(host, limit_s, is_sent=is_sent)
    if any(isinstance(cause, ssl.SSLError) for cause in causes) or is_sent:
        return NetworkError(
            f"{host} answers with no HTTP that can be read ({type(error).__name__})",
            hint="check the base URL: http or https, and the port",
        )
    if isinstance(error, httpcore2.ConnectError):
        return NetworkError(
            f"{host} takes no connection",
            hint="check the base URL and its port, and whether the server runs",
        )
    return NetworkError(
        f"no connection can be prepared ({type(error).__name__})",
        hint="check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and SSL_CERT_FILE in the environment",
    )


def _too_slow(host: str, limit_s: float, *, is_sent: bool) -> NetworkError:
    if is_sent:
        return NetworkError(
            f"{host} takes the connection, but does not answer within {limit_s:g} seconds",
            hint="try again later, or ask who runs it",
        )
    return NetworkError(
        f"no connection to {host} within {limit_s:g} seconds",
        hint="check the base URL, then firewall, VPN and proxy of this machine",
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
