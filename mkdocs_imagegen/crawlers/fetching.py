"""Asks for addresses one by one, within limits of bytes and seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpcore2
import httpx2

from .. import __version__
from ..errors import SiteError
from ..providers.addresses import Api, RefusedAddressError, check_url, is_loopback
from ..providers.checked import CheckedBackend
from .facts import absolute

REQUEST_S = 30.0
"""Of wall-clock time for one answer; a crawler waits less."""
REDIRECTS = 5
_MOVED = frozenset({301, 302, 303, 307, 308})
_HEADERS: Mapping[bytes | str, bytes | str] = {
    "user-agent": f"mkdocs-imagegen/{__version__} (check of link previews)",
    "accept": "*/*",
    "accept-encoding": "identity",
}


class NoAnswerError(Exception):
    """An address without a usable answer; its text says why."""


class OverError(Exception):
    """The limits of the whole check are reached; its text says which."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What lies at an address."""

    body: bytes
    mime: str
    """In lower case and without parameters, `""` where the server says none."""
    redirects: int

    @property
    def text(self) -> str:
        """The body as UTF-8, which MkDocs writes."""
        return self.body.decode("utf-8", "replace")


class Fetcher:
    """The requests of one check. For one thread."""

    def __init__(self, address: str, limit_bytes: int, limit_s: float) -> None:
        """Connect to nothing yet.

        Raises:
            SiteError: the address is neither https nor on this machine.
        """
        hint = "give an address such as https://example.com/, or the folder of a built site"
        try:
            if not absolute("", address):
                raise ValueError("it is no address")
            self._api = Api.of(address)
            self.is_local = self._api.on_loopback
            check_url(httpx2.URL(address), self._api, own=self.is_local)
        except (RefusedAddressError, httpx2.InvalidURL, ValueError) as error:
            raise SiteError(f"{address} can't be checked: {error}", hint=hint) from error
        self._left_bytes, self._limit_s = limit_bytes, limit_s
        self._ends_s = time.monotonic() + limit_s
        context = httpx2.create_ssl_context()
        # Of a public site nothing is trusted more than anybody's, not even what was given.
        backend = CheckedBackend(self._api, self._ends_s, own=self.is_local)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context, network_backend=backend, max_connections=4
        )

    def is_own(self, url: str) -> bool:
        """Tell whether an address is on the host that was given."""
        try:
            return Api.of(url) == self._api
        except (httpx2.InvalidURL, ValueError):
            return False

    def get(self, address: str, *, limit_bytes: int) -> Answer:
        """Return what lies at an address, along its redirects.

        Raises:
            NoAnswerError: nothing usable does.
            OverError: no more is asked in this check.
        """
        try:
            url = httpx2.URL(address)
            for redirects in range(REDIRECTS + 1):
                if self.is_local and not is_loopback(url.host):
                    raise NoAnswerError(f"{url.host} is not on this machine")
                check_url(url, self._api, own=self.is_local)
                answer = self._get(url, limit_bytes, redirects)
                if isinstance(answer, Answer):
                    return answer
                url = answer
        except RefusedAddressError as error:
            raise NoAnswerError(str(error)) from error
        except (httpx2.InvalidURL, ValueError) as error:
            raise NoAnswerError("it is no address") from error
        raise NoAnswerError(f"more than {REDIRECTS} redirects")

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _get(self, url: httpx2.URL, limit_bytes: int, redirects: int) -> Answer | httpx2.URL:
        if time.monotonic() >= self._ends_s:
            raise OverError(f"{self._limit_s:.0f} s are over")
        if self._left_bytes <= 0:
            raise OverError("it is too much to fetch")
        target = httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        ends_s = time.monotonic() + REQUEST_S
        timeouts = {"connect": 10.0, "read": REQUEST_S, "write": REQUEST_S, "pool": REQUEST_S}
        with (
            self._faults(),
            self._pool.stream(
                "GET", target, headers=_HEADERS, extensions={"timeout": timeouts}
            ) as response,
        ):
            headers = httpx2.Headers(response.headers)
            if response.status in _MOVED and "location" in headers:
                return url.join(headers["location"])
            if response.status != 200:
                raise NoAnswerError(f"the server answers {response.status}")
            data = bytearray()
            for part in response.iter_stream():
                data += part
                self._left_bytes -= len(part)
                if len(data) > limit_bytes:
                    raise NoAnswerError(f"more than {limit_bytes // 2**20} MiB")
                if time.monotonic() > ends_s:
                    raise NoAnswerError(f"not there within {REQUEST_S:.0f} s")
        mime = headers.get("content-type", "").partition(";")[0].strip().lower()
        return Answer(bytes(data), mime, redirects)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except httpcore2.TimeoutException as error:
            if time.monotonic() >= self._ends_s:
                raise OverError(f"{self._limit_s:.0f} s are over") from error
            raise NoAnswerError("no answer in time") from error
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            httpcore2.ProxyError,
            httpcore2.UnsupportedProtocol,
        ) as error:
            raise NoAnswerError(f"no connection: {error}") from error
