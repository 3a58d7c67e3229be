"""Sends one request over a line, through a proxy where there is one, and reads its answer whole."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore2
import httpx2

from .limits import request_id_in
from .line import Line
from .redaction import headers_without_key, without_key

LIMIT_BYTES = 64 * 2**20
"""A cover is a few MiB of base64."""
ERROR_BYTES = 2**20
"""What is read of an answer that is no success."""
READ_ANEW = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""What says how the body came, and is no longer so once it is read."""


class OverlongError(httpx2.TransportError):
    """A success of more bytes than a picture has."""


class Transport(httpx2.BaseTransport):
    """Sends requests over one line, and reads their answers whole."""

    def __init__(
        self,
        line: Line,
        proxy: httpx2.Proxy | None = None,
        *,
        limit_bytes: int = LIMIT_BYTES,
        key: str = "",
    ) -> None:
        """Connect to nothing yet; `key` is put out of answers that repeat it."""
        self._line = line
        self._key = key
        self._limit_bytes = limit_bytes
        self._pool = _pool(line, proxy)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return its answer with the body in it.

        Raises:
            OverlongError: the body is longer than `limit_bytes`.
        """
        assert isinstance(request.stream, httpx2.SyncByteStream)
        sent = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=self._marked(request.stream),
            extensions=request.extensions,
        )
        self._line.start()
        answer = self._pool.handle_request(sent)
        headers = headers_without_key(answer.headers, self._key)
        self._line.request_id = request_id_in(httpx2.Headers(headers))
        try:
            body = self._body(answer)
        finally:
            answer.close()
        if not httpx2.Headers(headers).get("content-type", "").startswith("image/"):
            body = without_key(body, self._key)
        kept = [(k, v) for k, v in headers if k.decode("latin-1").lower() not in READ_ANEW]
        return httpx2.Response(answer.status, headers=kept, content=body, request=request)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _marked(self, stream: httpx2.SyncByteStream) -> Iterator[bytes]:
        self._line.is_sent = True  # the body is asked for once the head is out
        yield from stream

    def _body(self, answer: httpcore2.Response) -> bytes:
        """Return the body, unpacked. Of an answer that is no success, as much as can be had."""
        is_success = 200 <= answer.status < 300
        limit_bytes = self._limit_bytes if is_success else ERROR_BYTES
        unpacked = httpx2.Response(answer.status, headers=answer.headers, stream=_Raw(answer))
        body = bytearray()
        try:
            for part in unpacked.iter_bytes():
                body += part
                if len(body) > limit_bytes:
                    raise OverlongError(f"more than {limit_bytes // 2**20} MiB")
        except Exception:
            if is_success:
                raise
            del body[limit_bytes:]  # its status says enough
        return bytes(body)


class _Raw(httpx2.SyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()


def proxy_for(url: str) -> httpx2.Proxy | None:
    """Return the proxy that the environment or the system names for an address.

    Raises:
        ValueError: the proxy is of a kind that is not known.
    """
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    named = getproxies()
    address = named.get(parts.scheme) or named.get("all")
    if not address:
        return None
    return httpx2.Proxy(address if "://" in address else f"http://{address}")


def _pool(line: Line, proxy: httpx2.Proxy | None) -> httpcore2.ConnectionPool:
    """Return connections that load the system's certificates only where TLS is spoken."""
    if proxy is None:
        return httpcore2.ConnectionPool(network_backend=line)
    url = httpcore2.URL(
        scheme=proxy.url.raw_scheme,
        host=proxy.url.raw_host,
        port=proxy.url.port,
        target=proxy.url.raw_path,
    )
    if proxy.url.scheme.startswith("socks"):
        return httpcore2.SOCKSProxy(proxy_url=url, proxy_auth=proxy.raw_auth, network_backend=line)
    return httpcore2.HTTPProxy(
        proxy_url=url,
        proxy_auth=proxy.raw_auth,
        proxy_headers=proxy.headers.raw,
        network_backend=line,
    )
