"""Fetches a picture that an endpoint answered with the address of: at once, as it was paid for.

The address comes from outside. It gets no key and no header of the site's, and no way to what only
this machine can reach: `addresses` says what may be fetched, and the connection goes to the very
address that was checked. No proxy is used, as it would look up the name again.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import httpcore2
import httpx2

from .. import __version__
from ..errors import AnswerError
from .addresses import Api, RefusedAddressError, check_address, check_url, look_up

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
    backend = _CheckedBackend(api, ends_s, own=own)
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


class _CheckedBackend(httpcore2.NetworkBackend):
    """Looks up a host, checks what it stands for, and connects to just that, all until `ends_s`."""

    def __init__(self, api: Api, ends_s: float, *, own: bool) -> None:
        self._api = api
        self._ends_s = ends_s
        self._own = own
        self._below = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers, once all of them are checked."""
        try:
            found = look_up(host, port, _left_s(self._ends_s, timeout))
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        for address in found:
            check_address(address, host, port, self._api, own=self._own)
        last: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in found:
            try:
                stream = self._below.connect_tcp(
                    str(address),
                    port,
                    _left_s(self._ends_s, timeout),
                    local_address,
                    socket_options,
                )
                return _EndingStream(stream, self._ends_s)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                last = error
        raise last


class _EndingStream(httpcore2.NetworkStream):
    """A connection that no dribble of bytes keeps open beyond its end."""

    def __init__(self, stream: httpcore2.NetworkStream, ends_s: float) -> None:
        self._stream = stream
        self._ends_s = ends_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read until the end at most."""
        return self._stream.read(max_bytes, _left_s(self._ends_s, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write until the end at most."""
        self._stream.write(buffer, _left_s(self._ends_s, timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        """Encrypt it; the certificate is held against the host's name, not the address."""
        left_s = _left_s(self._ends_s, timeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, left_s)
        return _EndingStream(stream, self._ends_s)

    def get_extra_info(self, info: str) -> object:
        """Return what is known of the connection."""
        return self._stream.get_extra_info(info)


def _left_s(ends_s: float, timeout: float | None) -> float:
    left_s = ends_s - time.monotonic()
    if left_s <= 0:
        raise httpcore2.ReadTimeout("the time is over")
    return left_s if timeout is None else min(left_s, timeout)
