"""Fetches a picture that an endpoint answered with the address of: at once, as it was paid for.

The address comes from outside. It gets no key and no header of the site's, and no way to what only
this machine can reach: `addresses` says what may be fetched, and the connection goes to the very
address that was checked. No proxy is used, as it would look up the name again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import httpcore2
import httpx2

from .. import __version__
from ..errors import AnswerError
from .addresses import Api, RefusedAddressError, check_url
from .checked import CheckedBackend

LIMIT_BYTES = 64 * 2**20
LIMIT_S = 120.0
"""Of wall-clock time, all attempts and redirects together."""
REDIRECTS = 5
PAUSES_S = (0.5, 2.0)
"""Between attempts: an address is sometimes told before its server has the picture."""
PASSING = frozenset({404, 408, 425, 429, 500, 502, 503, 504})
"""Answers that another attempt may better."""
MOVED = frozenset({301, 302, 303, 307, 308})
HEADERS: Mapping[bytes | str, bytes | str] = {
    "user-agent": f"mkdocs-imagegen/{__version__}",  # some servers refuse an empty one
    "accept": "image/webp, image/png, image/jpeg, */*;q=0.1",
    "accept-encoding": "identity",
}
TEXTS = (b"<", b"{", b"[")
"""How pages and messages begin, and no picture does."""


class _MissedError(Exception):
    """An attempt that brought no picture."""

    def __init__(self, why: str, *, passes: bool = False) -> None:
        super().__init__(why)
        self.passes = passes


def download(
    address: str,
    *,
    base_url: str,
    limit_s: float = LIMIT_S,
    limit_bytes: int = LIMIT_BYTES,
    pauses_s: tuple[float, ...] = PAUSES_S,
) -> bytes:
    """Return what lies at an address that the API answered with.

    Args:
        address: as it came; a relative one is the API's own.
        base_url: of the API.
        limit_s: of wall-clock time in all.
        limit_bytes: of the picture.
        pauses_s: one between every two attempts.

    Raises:
        AnswerError: naming the host, and what to do.
    """
    ends_s = time.monotonic() + limit_s
    api = Api.of(base_url)
    try:
        url = httpx2.URL(base_url).join(address)
        for pause_s in pauses_s:
            try:
                return _fetch(url, api, ends_s, limit_bytes)
            except _MissedError as missed:
                if not missed.passes or time.monotonic() + pause_s >= ends_s:
                    raise
                time.sleep(pause_s)
        return _fetch(url, api, ends_s, limit_bytes)
    except (_MissedError, RefusedAddressError) as error:
        raise _told(str(error)) from error
    except (httpx2.InvalidURL, ValueError) as error:
        raise _told("it is no address") from error


def _fetch(url: httpx2.URL, api: Api, ends_s: float, limit_bytes: int) -> bytes:
    """Make one attempt, along its redirects."""
    own = True
    for _ in range(REDIRECTS + 1):
        check_url(url, api, own=own)
        answer = _get(url, api, ends_s, limit_bytes, own=own)
        if isinstance(answer, bytes):
            return answer
        # What another host redirects to is no word of the API's any more.
        own = own and url.host == api.host
        url = answer
    raise _MissedError(f"{url.host} redirects in circles")


def _get(
    url: httpx2.URL, api: Api, ends_s: float, limit_bytes: int, *, own: bool
) -> bytes | httpx2.URL:
    """Return the picture, or where it is said to be."""
    target = httpcore2.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )
    backend = CheckedBackend(api, ends_s, own=own)
    with (
        _faults(url.host),
        httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(), network_backend=backend
        ) as pool,
        pool.stream("GET", target, headers=HEADERS) as response,
    ):
        headers = httpx2.Headers(response.headers)
        if response.status in MOVED and "location" in headers:
            return url.join(headers["location"])
        if response.status != 200:
            passes = response.status in PASSING
            raise _MissedError(f"{url.host} answers {response.status}", passes=passes)
        data = _body(response.iter_stream(), url.host, limit_bytes)
    kind = headers.get("content-type", "").lower()
    if not data or kind.startswith("text/html") or data.lstrip()[:1] in TEXTS:
        raise _MissedError(f"{url.host} sent no picture", passes=not data)
    return data


def _body(parts: Iterable[bytes], host: str, limit_bytes: int) -> bytes:
    data = bytearray()
    for part in parts:
        data += part
        if len(data) > limit_bytes:
            raise _MissedError(f"{host} sends more than {limit_bytes // 2**20} MiB")
    return bytes(data)


@contextmanager
def _faults(host: str) -> Iterator[None]:
    try:
        yield
    except httpcore2.TimeoutException as error:
        raise _MissedError(f"{host} did not send it in time") from error
    except (
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.ProxyError,
        httpcore2.UnsupportedProtocol,
    ) as error:
        raise _MissedError(f"{host} can't be read", passes=True) from error


def _told(why: str) -> AnswerError:
    return AnswerError(
        f"the picture was made, but can't be fetched from where it lies: {why}",
        hint="ask the endpoint for the picture itself: `endpoint: {response_format: b64_json}` in "
        "mkdocs.yml",
    )
