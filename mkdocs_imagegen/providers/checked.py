"""Connections to addresses that were checked, and that end in time.

The connection goes to the very address that was checked: a name looked up twice may stand for
something else the second time.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable

import httpcore2

from .addresses import Api, check_address, look_up


class CheckedBackend(httpcore2.NetworkBackend):
    """Looks up a host, checks what it stands for, and connects to just that, all until `ends_s`."""

    def __init__(self, api: Api, ends_s: float, *, own: bool) -> None:
        """Connect to nothing yet; `ends_s` is a time of `time.monotonic`."""
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
