"""HTTP/1.1 on 127.0.0.1: reads requests, writes replies, and closes every socket it opened.

Knows nothing of pictures. What to reply is decided by the function it is given.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .lines import AT_ONCE, Drip, Line

HOST = "127.0.0.1"
_JOIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """A response to send."""

    status: int
    headers: Mapping[str, str]
    """`date` and `content-length` are added where they are missing."""
    body: bytes
    line: Line = AT_ONCE
    """Its delay is over when the reply is returned."""


Respond = Callable[[Arrival], Reply | None]
"""Returns what to reply; `None` closes the connection instead. Called from many threads."""


class HttpServer(ThreadingHTTPServer):
    """A thread for each connection, all of them ended by `close`."""

    request_queue_size = (
        128  # with the default of 5, a burst of clients waits a second in the kernel
    )

    def __init__(self, port: int, respond: Respond) -> None:
        self.respond = respond
        self.closing = threading.Event()
        self._turned_away = 0
        self._lock = threading.Lock()
        self._connections: dict[threading.Thread, socket.socket] = {}
        self._failures: list[Exception] = []
        super().__init__((HOST, port), _Handler)
        self._acceptor = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    def server_bind(self) -> None:
        # HTTPServer's own looks up a name for the address, which may ask the network.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def start(self) -> None:
        """Accept connections from now on."""
        self._acceptor.start()

    def close(self) -> None:
        """End all connections and threads.

        Raises:
            ExceptionGroup: where answering a request failed by a fault of this server.
        """
        self.closing.set()
        self.shutdown()
        self._acceptor.join()
        self.server_close()
        with self._lock:
            connections = dict(self._connections)
        for thread, connection in connections.items():
            with contextlib.suppress(OSError):  # the client may have closed it first
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(_JOIN_S)
            if thread.is_alive():
                self._failures.append(RuntimeError(f"{thread.name} still runs after {_JOIN_S} s"))
        if self._failures:
            raise ExceptionGroup("the image server failed", self._failures)

    def turn_away(self, count: int) -> None:
        """Reset so many of the next connections before anything is read from them."""
        with self._lock:
            self._turned_away = count

    def verify_request(self, request: object, client_address: object) -> bool:
        assert isinstance(request, socket.socket)
        with self._lock:
            away = self._turned_away > 0
            self._turned_away -= away
        if away:
            reset(request)
        return not away

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        thread = threading.Thread(target=self._serve, args=(request, client_address), daemon=True)
        with self._lock:
            self._connections[thread] = request
        thread.start()

    def _serve(self, request: socket.socket, client_address: object) -> None:
        try:
            self.finish_request(request, client_address)
        except ConnectionError:
            pass  # the client went away: part of many tests
        except Exception as e:
            with self._lock:
                self._failures.append(e)
        finally:
            self.shutdown_request(request)
            with self._lock:
                del self._connections[threading.current_thread()]


HANGS_UP_S = 2.0
"""How long a client may take to read an answer after which it is told to close."""


class _Handler(BaseHTTPRequestHandler):
    server: HttpServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        arrival = Arrival(self.command, self.path, headers, self._read_body())
        reply = self.server.respond(arrival)
        if reply is None:
            self.close_connection = True
            return
        line = reply.line
        if line.ends != "whole":
            self.close_connection = True
        if line.ends == "reset before":
            reset(self.connection)
            return
        body = reply.body
        if line.ends in ("cut", "reset amid"):
            body = body[: len(body) // 2]
        if self._send(self._head(reply), line.head):
            self._send(body, line.body)
        if line.ends == "reset after":
            # A reset overtakes what lies unread: wait until the client has it all, and hangs up.
            select.select([self.connection], [], [], HANGS_UP_S)
        if line.ends in ("reset amid", "reset after"):
            reset(self.connection)

    def _head(self, reply: Reply) -> bytes:
        phrase = self.responses.get(reply.status, ("",))[0]
        own = {"date": self.date_time_string(), "content-length": str(len(reply.body))}
        if reply.line.ends == "reset after":
            own["connection"] = "close"
        lines = [f"{name}: {value}" for name, value in {**own, **reply.headers}.items()]
        head = [f"{self.protocol_version} {reply.status} {phrase}", *lines, "", ""]
        return "\r\n".join(head).encode("latin-1")

    def _send(self, data: bytes, drip: Drip | None) -> bool:
        """Send it all; False where the server shuts down meanwhile."""
        if drip is None:
            self.wfile.write(data)
            return True
        for start in range(0, len(data), drip.lot_bytes):
            self.wfile.write(data[start : start + drip.lot_bytes])
            if self.server.closing.wait(drip.interval_s):
                self.close_connection = True
                return False
        return True

    # The base class looks for these names.
    do_GET = _answer  # noqa: N815
    do_POST = _answer  # noqa: N815
    do_PUT = _answer  # noqa: N815
    do_PATCH = _answer  # noqa: N815
    do_DELETE = _answer  # noqa: N815

    def _read_body(self) -> bytes:
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not length.isdecimal():
            self.close_connection = True  # whatever follows can't be told from a next request
            return b""
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionAbortedError("the client left before its request was complete")
        return body

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the calls are the log."""


def reset(connection: socket.socket) -> None:
    """Tear a connection down: what is on its way may be lost, and the other side is told so."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # Files made of a socket keep it open, and the base class would end it in good order.
    os.close(connection.detach())
