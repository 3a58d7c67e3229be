"""From the exceptions of the SDK and what lies below it to ours: one translation.

What never left this machine can't have been billed; what left it may have been, in doubt.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpcore2
import httpx2
import openai

from ..errors import (
    AnswerError,
    EndpointError,
    NetworkError,
    ProviderError,
    RequestError,
    ResponseTimeoutError,
)
from .line import Line, stopped
from .statuses import Asked, by_status
from .transport import OverlongError
from .wording import short

NO_ADDRESS = (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpcore2.UnsupportedProtocol)
PROXY = (httpx2.ProxyError, httpcore2.ProxyError)
WRITTEN_BADLY = (httpx2.LocalProtocolError, httpcore2.LocalProtocolError)
TOO_SLOW = (openai.APITimeoutError, httpx2.TimeoutException, httpcore2.TimeoutException)
BROKEN = (
    openai.APIConnectionError,
    httpx2.TransportError,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ConnectionNotAvailable,
    ssl.SSLError,
    OSError,
)
SOCKS = "socksio"
"""The package that the library asks for where a proxy speaks SOCKS."""
NO_HTTP = "illegal status line"
"""How the library begins what it says of a server that speaks something else."""


def translate(error: BaseException, asked: Asked, line: Line) -> ProviderError:
    """Return our error for any exception of a request; never a key or a body in its message."""
    if isinstance(error, openai.APIStatusError):
        return by_status(error, asked)
    chain = tuple(_chain(error))
    if line.is_cut:
        return _cut(line)
    if not line.is_sent:
        return _unsent(error, chain, asked)
    if _has(chain, OverlongError):
        return AnswerError(
            "the endpoint sent more than a picture can have",
            hint="check that the base URL leads to an Image API",
        )
    if any(str(each).startswith(NO_HTTP) for each in chain if isinstance(each, BROKEN)):
        return EndpointError(
            f"what answers at {asked.host} speaks no HTTP", hint="check the base URL and its port"
        )
    if _has(chain, httpx2.DecodingError):
        return AnswerError(
            "the endpoint sent an answer that can't be unpacked",
            hint="run again later; if it goes on, ask the endpoint's vendor",
        )
    if _has(chain, TOO_SLOW):
        return ResponseTimeoutError(
            "no answer in time: the request may have been billed",
            hint="raise `timeout_s` in mkdocs.yml, or ask for a lower quality",
        )
    if _has(chain, BROKEN):
        return ResponseTimeoutError(
            "the connection broke before the answer was there: it may have been billed",
            hint="check the network, then run again",
        )
    return _unreadable(error, asked)


def _cut(line: Line) -> ProviderError:
    if not line.is_sent:
        return stopped()
    return ResponseTimeoutError(
        "the run was stopped before the answer was there: it may have been billed",
        hint="run again; what is booked as possibly billed is in `mkdocs-imagegen report costs`",
    )


def _unsent(error: BaseException, chain: tuple[BaseException, ...], asked: Asked) -> ProviderError:
    """Return what kept a request from being sent."""
    if _has(chain, NO_ADDRESS):
        return EndpointError("the base URL is no web address", hint="it begins with https://")
    if _has(chain, WRITTEN_BADLY):
        return RequestError(
            "the request can't be written", hint="check `endpoint: headers` in mkdocs.yml"
        )
    if _has(chain, PROXY):
        told = next(str(each) for each in chain if isinstance(each, PROXY))
        return NetworkError(
            f"the proxy refused the connection: {short(told, asked.endpoint)}",
            hint="check HTTPS_PROXY, or add the endpoint's host to NO_PROXY",
        )
    for each in chain:
        if isinstance(each, ssl.SSLCertVerificationError):
            return NetworkError(
                f"the certificate of {asked.host} is not trusted: {_why(each)}",
                hint="check the base URL; where a proxy puts its own certificate in between, set"
                " SSL_CERT_FILE to the file of your network's certificates",
            )
        if isinstance(each, ssl.SSLError):
            return NetworkError(
                f"no encrypted connection to {asked.host} could be made",
                hint="check the base URL: its port may not speak https",
            )
    if _has(chain, (*BROKEN, *TOO_SLOW)):
        return NetworkError(
            f"{asked.host} can't be reached", hint="check the network and the base URL"
        )
    if any(SOCKS in str(each) for each in chain):
        return NetworkError(
            "the proxy is of a kind that needs another package", hint="run `pip install socksio`"
        )
    return RequestError(
        f"the request can't be written: {type(error).__name__}",
        hint="check the base URL, the proxy and `endpoint:` in mkdocs.yml",
    )


def _why(error: ssl.SSLCertVerificationError) -> str:
    return getattr(error, "verify_message", "") or "no reason is given"


def _unreadable(error: BaseException, asked: Asked) -> ProviderError:
    """Return what stands for an answer that the SDK, or JSON, makes nothing of."""
    told = short(error.message, asked.endpoint) if isinstance(error, openai.APIError) else ""
    return AnswerError(
        f"an answer that can't be read: {told or type(error).__name__}",
        hint="check that the base URL leads to an Image API",
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _has(
    chain: tuple[BaseException, ...], kinds: type[BaseException] | tuple[type[BaseException], ...]
) -> bool:
    return any(isinstance(each, kinds) for each in chain)
