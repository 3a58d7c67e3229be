"""One request's way out: its limit by the clock on the wall, and its end by another thread."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import httpcore2
import httpx2
import pytest

from mkdocs_imagegen.errors import ProviderError
from mkdocs_imagegen.providers.line import Line, Lines
from mkdocs_imagegen.providers.transport import OverlongError, Transport, proxy_for

HEAD = b"HTTP/1.1 200 OK\r\n"
BROKEN = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException)
SHORT_S = 0.3
SLACK_S = 5.0
"""For a busy machine; what hangs would take far longer."""

Serve = Callable[[socket.socket], None]


@contextmanager
def serving(serve: Serve) -> Iterator[str]:
    """A server that hands its first connection to a function; yields its address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.settimeout(30)

        def run() -> None:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # no one came before the test was over
            connection.settimeout(30)
            with connection:
                try:
                    serve(connection)
                except OSError:
                    return  # the client has gone, as it should

        thread = threading.Thread(target=run)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.close()
    thread.join(30)
    assert not thread.is_alive()


def sends(*parts: bytes) -> Serve:
    """Read the request, send these bytes, and wait for the client to go."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass

    return serve


def dribbles(head: bytes, drop: bytes) -> Serve:
    """Send a head, then a drop at a time, without an end; a drop comes well within any timeout."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(head)
        gone = threading.Event()
        while not gone.wait(0.02):
            connection.sendall(drop)

    return serve


def never_answers(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


def get(url: str, line: Line, *, limit_bytes: int = 1000, read_s: float = 30.0) -> httpx2.Response:
    with httpx2.Client(
        transport=Transport(line, limit_bytes=limit_bytes), timeout=read_s
    ) as client:
        return client.post(url, content=b"request")


@pytest.fixture
def line() -> Iterator[Line]:
    with Lines().open(20) as found:
        yield found


@pytest.fixture
def short_line() -> Iterator[Line]:
    with Lines().open(SHORT_S) as found:
        yield found


@pytest.mark.parametrize(
    "serve",
    [
        dribbles(HEAD, b"x-a: b\r\n"),
        dribbles(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        dribbles(HEAD + b"content-length: 900\r\n\r\n", b" "),
        dribbles(HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        never_answers,
    ],
    ids=["head", "informational", "body", "chunks", "silence"],
)
def test_no_answer_outlives_the_limit(serve: Serve, short_line: Line) -> None:
    began_s = time.monotonic()
    with serving(serve) as url, pytest.raises(httpcore2.ReadTimeout):
        get(url, short_line)
    assert SHORT_S <= time.monotonic() - began_s < SHORT_S + SLACK_S
    assert short_line.is_sent


def test_a_stalled_handshake_ends_with_the_limit_and_nothing_was_sent(short_line: Line) -> None:
    began_s = time.monotonic()
    with serving(never_answers) as url, pytest.raises(httpcore2.ConnectTimeout):
        get(url.replace("http:", "https:"), short_line)
    assert time.monotonic() - began_s < SHORT_S + SLACK_S
    assert not short_line.is_sent


def test_a_dribbled_handshake_ends_with_the_limit(short_line: Line) -> None:
    record = b"\x16\x03\x03\x40\x00"  # a record of 16 KiB is announced
    with serving(dribbles(record, b"\x02")) as url, pytest.raises(httpcore2.ConnectTimeout):
        get(url.replace("http:", "https:"), short_line)


def test_a_connection_that_no_one_takes_ends_with_the_limit(short_line: Line) -> None:
    """A full queue makes the kernel drop what knocks, as a firewall would."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as listener:
        place = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(place)
        try:
            with pytest.raises(httpcore2.ConnectTimeout):
                get(f"http://127.0.0.1:{place[1]}/", short_line)
        finally:
            for each in waiting:
                each.close()
    assert not short_line.is_sent


def test_a_peer_that_takes_nothing_ends_with_the_limit(short_line: Line) -> None:
    done = threading.Event()

    def takes_nothing(connection: socket.socket) -> None:
        done.wait(30)

    transport = Transport(short_line)
    with serving(takes_nothing) as url, httpx2.Client(transport=transport, timeout=30) as client:
        with pytest.raises(httpcore2.TimeoutException):
            client.post(url, content=bytes(64 * 2**20))
        done.set()


def test_the_librarys_own_timeout_still_holds(line: Line) -> None:
    with serving(never_answers) as url, pytest.raises(httpcore2.ReadTimeout):
        get(url, line, read_s=0.05)


def test_the_answer_comes_whole_and_unpacked(line: Line) -> None:
    packed = gzip.compress(b"picture")
    head = HEAD + b"content-encoding: gzip\r\nx-a: b\r\ncontent-length: %d\r\n\r\n" % len(packed)
    with serving(sends(head, packed)) as url:
        answer = get(url, line)
    assert (answer.status_code, answer.content, answer.headers["x-a"]) == (200, b"picture", "b")
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate"])
def test_a_success_that_is_too_long_is_refused(coding: str, line: Line) -> None:
    plain = bytes(1001)
    packed = {"identity": plain, "gzip": gzip.compress(plain), "deflate": zlib.compress(plain)}
    body = packed[coding]
    head = HEAD + b"content-encoding: %s\r\ncontent-length: %d\r\n\r\n"
    with (
        serving(sends(head % (coding.encode(), len(body)), body)) as url,
        pytest.raises(OverlongError),
    ):
        get(url, line)


def test_a_success_of_just_the_limit_is_taken(line: Line) -> None:
    head = HEAD + b"content-length: 1000\r\n\r\n"
    with serving(sends(head, bytes(1000))) as url:
        assert len(get(url, line).content) == 1000


@pytest.mark.parametrize(
    ("rest", "body"),
    [
        (b"content-length: 900\r\n\r\nhalf", b"half"),
        (b"content-encoding: gzip\r\ncontent-length: 4\r\n\r\nhalf", b""),
        (b"transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nnonsense", b"half"),
    ],
)
def test_of_an_error_the_status_counts_however_its_body_breaks(
    rest: bytes, body: bytes, line: Line
) -> None:
    with serving(sends(b"HTTP/1.1 401 Unauthorized\r\n" + rest)) as url:
        answer = get(url, line)
    assert (answer.status_code, answer.content) == (401, body)


def test_a_broken_success_is_none(line: Line) -> None:
    cut = sends(HEAD + b"content-length: 900\r\n\r\nhalf")
    with serving(cut) as url, pytest.raises(httpcore2.RemoteProtocolError):
        get(url, line)


@pytest.mark.parametrize("scheme", ["http:", "https:"])
def test_a_cut_ends_a_request_under_way_at_once(scheme: str) -> None:
    lines = Lines()
    arrived = threading.Event()

    def holds(connection: socket.socket) -> None:
        connection.recv(65_536)
        arrived.set()
        never_answers(connection)

    def cut() -> None:
        arrived.wait(30)
        lines.cut()

    cutter = threading.Thread(target=cut)
    cutter.start()
    began_s = time.monotonic()
    with serving(holds) as url, lines.open(60) as line:
        with pytest.raises(BROKEN):
            get(url.replace("http:", scheme), line)
        assert line.is_cut
        assert line.is_sent is (scheme == "http:")
    cutter.join(30)
    assert time.monotonic() - began_s < 30


def test_a_cut_ends_a_look_up_and_a_connection_that_hang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A resolver that does not answer is of the system: here one that waits for the test."""
    asked, over = threading.Event(), threading.Event()

    def hangs(*_: object, **__: object) -> list[object]:
        asked.set()
        over.wait(30)
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    lines = Lines()

    def cut() -> None:
        asked.wait(30)
        lines.cut()

    cutter = threading.Thread(target=cut)
    cutter.start()
    with lines.open(60) as line, pytest.raises(httpcore2.ConnectError):
        get("http://localhost/", line)
    assert not line.is_sent
    over.set()
    cutter.join(30)


def test_a_look_up_that_hangs_ends_with_the_limit(
    monkeypatch: pytest.MonkeyPatch, short_line: Line
) -> None:
    over = threading.Event()

    def hangs(*_: object, **__: object) -> list[object]:
        over.wait(30)
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    with pytest.raises(httpcore2.ConnectTimeout):
        get("http://localhost/", short_line)
    over.set()


def test_after_a_cut_no_line_is_opened() -> None:
    lines = Lines()
    lines.cut()
    with pytest.raises(ProviderError, match="before the request was sent") as raised, lines.open(1):
        raise AssertionError("a line was opened")
    assert not raised.value.maybe_billed
    assert not raised.value.passes


def test_what_is_cut_before_it_begins_sends_nothing() -> None:
    lines = Lines()
    with lines.open(20) as line:
        lines.cut()
        with pytest.raises(httpcore2.ConnectTimeout):
            get("http://127.0.0.1:1/", line)
        assert not line.is_sent


PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"https_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        ({"http_proxy": "http://proxy:3128"}, None),
        ({"all_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "example.com"}, None),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "api.example.com:8443"}, None),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "*"}, None),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "other.com"}, "http://proxy:3128"),
    ],
)
def test_the_proxy_is_the_one_that_the_environment_names(
    environ: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    found = proxy_for("https://key@api.example.com:8443/v1")
    assert (None if found is None else str(found.url)) == proxy


def test_a_proxy_is_used_and_its_refusal_told(line: Line) -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"
    with serving(sends(refusal)) as url:
        client = httpx2.Client(transport=Transport(line, httpx2.Proxy(url)))
        with client, pytest.raises(httpcore2.ProxyError, match="403"):
            client.post("https://api.example.com/v1", content=b"request")
    assert not line.is_sent


def test_what_a_plain_proxy_forwards_counts_as_sent(line: Line) -> None:
    with serving(sends(HEAD + b"content-length: 2\r\n\r\nhi")) as url:
        transport = Transport(line, httpx2.Proxy(url))
        with httpx2.Client(transport=transport) as client:
            assert client.post("http://api.example.com/v1", content=b"request").content == b"hi"
    assert line.is_sent
