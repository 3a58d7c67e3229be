"""One request's way out: no longer than its limit by the clock on the wall, and to be cut any time.

The library's own timeouts count from byte to byte: a server that dribbles never meets one.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import httpcore2

from ..errors import ProviderError

CONNECT_S = 20.0
"""For name, connection and TLS, each: no network that works needs longer."""
PIECE_BYTES = 16 * 1024


class Line(httpcore2.NetworkBackend):
    """The connections of one request. Used by one thread; `cut` may come from any."""

    def __init__(self, limit_s: float) -> None:
        """Connect to nothing yet; the limit runs from `start`."""
        self.is_cut = False
        self.is_sent = False
        """Whether the request's head is out: from then on it may be billed."""
        self.request_id = ""
        """The vendor's, once the head of the answer is there."""
        self._ends_s = time.monotonic() + limit_s
        self._limit_s = limit_s
        self._lock = threading.Lock()
        self._is_over = False
        self._wires: list[socket.socket] = []
        self._dialled: queue.SimpleQueue[httpcore2.NetworkStream | BaseException] = (
            queue.SimpleQueue()
        )

    @property
    def left_s(self) -> float:
        """How much of the limit is left, 0 where nothing is."""
        return max(0.0, self._ends_s - time.monotonic())

    def start(self) -> None:
        """Begin to count: what came before was this machine's own work."""
        self._ends_s = time.monotonic() + self._limit_s

    def step_s(self, timeout_s: float | None = None) -> float:
        """Return how long the next step may take.

        Raises:
            TimeoutError: the time is over, or the line was cut.
        """
        left_s = self.left_s
        if self.is_cut or not left_s:
            raise TimeoutError("the time is over")
        return left_s if timeout_s is None else min(left_s, timeout_s)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect in another thread: a look-up of a name knows no timeout and can't be cut."""
        with _timed(httpcore2.ConnectTimeout):
            limit_s = min(self.step_s(timeout), CONNECT_S)

        def dial() -> None:
            try:
                # Half of it, so that a second address has its turn after a first that is silent.
                self._hand_over(
                    httpcore2.SyncBackend().connect_tcp(
                        host, port, limit_s / 2, local_address, socket_options
                    )
                )
            except BaseException as error:  # what is raised here belongs to the waiting thread
                self._hand_over(error)

        threading.Thread(target=dial, name="imagegen-connect", daemon=True).start()
        try:
            dialled = self._dialled.get(timeout=limit_s)
        except queue.Empty:
            raise httpcore2.ConnectTimeout(f"no connection within {limit_s:.0f} s") from None
        if isinstance(dialled, BaseException):
            raise dialled
        # TLS takes the socket over; its double is shut down in its stead.
        wire: socket.socket = dialled.get_extra_info("socket").dup()
        with self._lock:
            self._wires.append(wire)
        return _Stream(dialled, self, wire)

    def cut(self) -> None:
        """End whatever goes on here, from any thread."""
        with self._lock:
            self.is_cut = True
            self._dialled.put(httpcore2.ConnectError("the line was cut"))
            for wire in self._wires:
                with suppress(OSError):
                    wire.shutdown(socket.SHUT_RDWR)

    def let_go(self, wire: socket.socket) -> None:
        """Forget a connection that was closed."""
        with self._lock:
            if wire in self._wires:
                self._wires.remove(wire)
            wire.close()

    def close(self) -> None:
        """Let go of what is still held."""
        with self._lock:
            self._is_over = True
            for wire in self._wires:
                wire.close()
            while not self._dialled.empty():
                _drop(self._dialled.get())

    def _hand_over(self, dialled: httpcore2.NetworkStream | BaseException) -> None:
        with self._lock:
            if not self._is_over:
                self._dialled.put(dialled)
                return
        _drop(dialled)


class Lines:
    """All requests under way, so that they can be ended. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_cut = False
        self._open: set[Line] = set()

    @contextmanager
    def open(self, limit_s: float) -> Iterator[Line]:
        """Yield a line for one request.

        Raises:
            ProviderError: no further request may be sent.
        """
        line = Line(limit_s)
        with self._lock:
            if self._is_cut:
                raise stopped()
            self._open.add(line)
        try:
            yield line
        finally:
            with self._lock:
                self._open.discard(line)
            line.close()

    def cut(self) -> None:
        """End the requests under way and refuse further ones."""
        with self._lock:
            self._is_cut = True
            lines = list(self._open)
        for line in lines:
            line.cut()


def stopped() -> ProviderError:
    """Return the error of a request that the end of the run kept from being sent."""
    return ProviderError(
        "the run was stopped before the request was sent", hint="run again: it cost nothing"
    )


class _Stream(httpcore2.NetworkStream):
    """A connection whose every step ends when the line's time is over."""

    def __init__(self, stream: httpcore2.NetworkStream, line: Line, wire: socket.socket) -> None:
        self._stream = stream
        self._line = line
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what came."""
        with _timed(httpcore2.ReadTimeout):
            limit_s = self._line.step_s(timeout)
        return self._stream.read(max_bytes, limit_s)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it, in pieces: a peer that takes little by little would get a limit each."""
        for start in range(0, len(buffer), PIECE_BYTES):
            with _timed(httpcore2.WriteTimeout):
                limit_s = self._line.step_s(timeout)
            self._stream.write(buffer[start : start + PIECE_BYTES], limit_s)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()
        self._line.let_go(self._wire)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        """Return the same connection, encrypted."""
        try:
            with _timed(httpcore2.ConnectTimeout):
                limit_s = min(self._line.step_s(timeout), CONNECT_S)
            encrypted = self._stream.start_tls(ssl_context, server_hostname, limit_s)
        except BaseException:
            self.close()  # the library leaves it open
            raise
        return _Stream(encrypted, self._line, self._wire)

    def get_extra_info(self, info: str) -> object:
        """Return what the connection knows of itself."""
        return self._stream.get_extra_info(info)


@contextmanager
def _timed(kind: type[httpcore2.TimeoutException]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise kind(str(error)) from error


def _drop(dialled: httpcore2.NetworkStream | BaseException) -> None:
    if isinstance(dialled, httpcore2.NetworkStream):
        dialled.close()
