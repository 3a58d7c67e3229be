"""HTTP/1.1 on 127.0.0.1: reads requests, writes replies, and closes every socket it opened.

Knows nothing of pictures. What to reply is decided by the function it is given.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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
    """Without `content-length`, which is added."""
    body: bytes


Respond = Callable[[Arrival], Reply | None]
"""Returns what to reply; `None` closes the connection instead. Called from many threads."""


class HttpServer(ThreadingHTTPServer):
    """A thread for each connection, all of them ended by `close`."""

    request_queue_size = (
        128  # with the default of 5, a burst of clients waits a second in the kernel
    )

    def __init__(self, port: int, respond: Respond) -> None:
        self.respond = respond
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
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("date", self.date_time_string())
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

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
