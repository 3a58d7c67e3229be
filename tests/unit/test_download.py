"""Pictures by address: what is fetched, from where, and what never is."""

from __future__ import annotations

import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.errors import AnswerError
from mkdocs_imagegen.providers.addresses import (
    Api,
    RefusedAddressError,
    check_address,
    check_url,
    look_up,
)
from mkdocs_imagegen.providers.download import download
from tests.imageserver.wire import Arrival, HttpServer, Reply

PUBLIC = "https://api.example.com/v1"
PICTURE = b"\x89PNG\r\n\x1a\n and so on"
SERVED = Reply(200, {"content-type": "image/png"}, PICTURE)


class Files:
    """A server of files that notes who asks."""

    def __init__(self, respond: Callable[[Arrival], Reply | None]) -> None:
        self.arrivals: list[Arrival] = []
        self._respond = respond
        self._http = HttpServer(0, self._noted)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def _noted(self, arrival: Arrival) -> Reply | None:
        self.arrivals.append(arrival)
        return self._respond(arrival)

    def start(self) -> None:
        self._http.start()

    def close(self) -> None:
        self._http.close()


@contextmanager
def serving(*replies: Reply | None) -> Iterator[Files]:
    """A server that gives these replies in turn, and the last one from then on."""
    left = list(replies)
    files = Files(lambda _: left.pop(0) if len(left) > 1 else left[0])
    files.start()
    with closing(files):
        yield files


def moved(target: str, status: int = 302) -> Reply:
    return Reply(status, {"location": target}, b"")


def fetch(files: Files, path: str = "/p.png", **limits: float) -> bytes:
    return download(
        files.url + path,
        base_url=f"{files.url}/v1",
        pauses_s=(0.01, 0.01),
        limit_s=limits.get("limit_s", 20.0),
        limit_bytes=int(limits.get("limit_bytes", 1000)),
    )


def why(address: str, *, base_url: str = PUBLIC) -> str:
    with pytest.raises(AnswerError) as raised:
        download(address, base_url=base_url, pauses_s=())
    assert "response_format: b64_json" in raised.value.hint
    return raised.value.message


def test_a_picture_is_fetched_with_a_user_agent_and_nothing_of_the_sites() -> None:
    with serving(SERVED) as files:
        assert fetch(files, "/p.png?sig=a%2Fb") == PICTURE
        (arrival,) = files.arrivals
    assert arrival.path == "/p.png?sig=a%2Fb"
    assert arrival.headers["user-agent"].startswith("mkdocs-imagegen/")
    assert arrival.headers.keys() == {"host", "user-agent", "accept", "accept-encoding"}


def test_a_relative_address_is_the_apis_own() -> None:
    with serving(SERVED) as files:
        assert download("/p.png", base_url=f"{files.url}/v1") == PICTURE
        assert files.arrivals[0].path == "/p.png"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(status: int) -> None:
    with serving(moved("/q.png", status), SERVED) as files:
        assert fetch(files) == PICTURE
        assert [arrival.path for arrival in files.arrivals] == ["/p.png", "/q.png"]


def test_redirects_end_somewhere() -> None:
    with serving(moved("/p.png")) as files, pytest.raises(AnswerError, match="in circles"):
        fetch(files)
    assert len(files.arrivals) == 6


@pytest.mark.parametrize(
    "target",
    ["https://10.0.0.1/p", "http://169.254.169.254/latest", "file:///etc/passwd", "http://a.test/"],
)
def test_a_redirect_leads_nowhere_that_an_address_may_not(target: str) -> None:
    with serving(moved(target)) as files, pytest.raises(AnswerError, match="can't be fetched"):
        fetch(files)
    assert len(files.arrivals) == 1


@pytest.mark.parametrize("status", [404, 408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_three_times(status: int) -> None:
    failing = Reply(status, {}, b"no")
    with serving(failing, failing, SERVED) as files:
        assert fetch(files) == PICTURE
        assert len(files.arrivals) == 3
    with (
        serving(failing) as files,
        pytest.raises(AnswerError, match=f"answers {status}"),
    ):
        fetch(files)
    assert len(files.arrivals) == 3


def test_a_connection_that_breaks_is_tried_again() -> None:
    with serving(None, SERVED) as files:
        assert fetch(files) == PICTURE


@pytest.mark.parametrize("status", [400, 401, 403, 410, 204])
def test_a_clear_no_is_taken_at_its_word(status: int) -> None:
    with serving(Reply(status, {}, b"")) as files, pytest.raises(AnswerError, match=str(status)):
        fetch(files)
    assert len(files.arrivals) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {"content-type": "text/html"}, b"hello"),
        Reply(200, {}, b"\n<!doctype html>"),
        Reply(200, {}, b'{"error": "expired"}'),
        Reply(200, {}, b""),
    ],
)
def test_a_page_is_no_picture(reply: Reply) -> None:
    with serving(reply) as files, pytest.raises(AnswerError, match="sent no picture"):
        fetch(files)


def test_too_many_bytes_are_not_read() -> None:
    endless = Reply(200, {}, b"x" * 5000)
    with serving(endless) as files, pytest.raises(AnswerError, match="sends more than"):
        fetch(files)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"])
def test_no_dribble_lasts_longer_than_the_limit(head: bytes) -> None:
    over = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, closing(listener):
            connection.sendall(head)
            while not over.wait(0.02):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread = threading.Thread(target=drip, args=(listener,))
    thread.start()
    started_s = time.monotonic()
    try:
        with pytest.raises(AnswerError, match="can't be fetched"):
            download(f"{url}/p", base_url=url, limit_s=0.5, pauses_s=())
    finally:
        over.set()
        thread.join()
    assert time.monotonic() - started_s < 5


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://cdn.example.com/p.png", "cdn.example.com: not https"),
        ("http://api.example.com/p.png", "api.example.com: not https"),
        ("http://127.0.0.1/p.png", "127.0.0.1: not https"),
        ("ftp://cdn.example.com/p.png", "ftp address, not https"),
        ("file:///etc/passwd", "file address, not https"),
        ("javascript:alert(1)", "javascript address, not https"),
        ("https://10.1.2.3/p.png", "10.1.2.3: an address inside a private network"),
        ("https://[::1]/p.png", "::1: an address inside"),
        ("https://[::ffff:127.0.0.1]/p.png", "an address inside a private network"),
        ("https://169.254.169.254/latest/meta-data", "169.254.169.254: an address inside"),
        ("https://localhost/p.png", "localhost: an address inside"),
        ("https://0.0.0.0/p.png", "an address inside"),
        ("https://user:word@10.1.2.3/?sig=secret", "10.1.2.3: an address inside"),
        ("https://[::1", "it is no address"),
    ],
)
def test_an_address_that_may_not_be_fetched_is_told_by_its_host(address: str, told: str) -> None:
    message = why(address)
    assert told in message
    assert "secret" not in message
    assert "word" not in message


NOT_PUBLIC = [
    *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
    *("0.0.0.0", "100.64.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1"),
    *("192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1"),
    *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    *("2002:7f00:1::1", "2002:a00:1::1"),
]
ANY = Api.of(PUBLIC)
LOOPBACK = Api.of("http://127.0.0.1:8080/v1")
AT_HOME = Api.of("http://192.168.1.5:8080/v1")


@pytest.mark.parametrize("address", NOT_PUBLIC)
@pytest.mark.parametrize("own", [True, False])
def test_what_is_not_of_the_public_internet_is_refused(address: str, own: bool) -> None:
    for api in (ANY, AT_HOME):
        with pytest.raises(RefusedAddressError):
            check_address(ipaddress.ip_address(address), "cdn.example.com", 443, api, own=own)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_the_public_internet_is_fetched_from(address: str) -> None:
    for own in (True, False):
        check_address(ipaddress.ip_address(address), "cdn.example.com", 443, ANY, own=own)


def test_an_api_serves_what_is_where_it_is_itself() -> None:
    loopback, home = ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("192.168.1.5")
    check_address(loopback, "localhost", 9000, LOOPBACK, own=True)
    check_address(home, "192.168.1.5", 9000, AT_HOME, own=True)
    named = Api.of("http://painter.lan:8080/v1")
    check_address(loopback, "painter.lan", 8080, named, own=True)
    check_address(home, "painter.lan", 9000, named, own=True)
    refusals: list[Callable[[], None]] = [
        lambda: check_address(loopback, "painter.lan", 9000, named, own=True),
        lambda: check_address(home, "other.lan", 8080, named, own=True),
        lambda: check_address(home, "painter.lan", 9000, named, own=False),
        lambda: check_address(home, "192.168.1.5", 8080, LOOPBACK, own=True),
        lambda: check_address(loopback, "localhost", 9000, LOOPBACK, own=False),
        lambda: check_address(loopback, "localhost", 9000, AT_HOME, own=True),
    ]
    for refused in refusals:
        with pytest.raises(RefusedAddressError):
            refused()


def test_plain_http_stays_with_the_api() -> None:
    for url, api in (
        ("http://127.0.0.1:9/p", LOOPBACK),
        ("http://localhost:9/p", LOOPBACK),
        ("http://192.168.1.5/p", AT_HOME),
        ("https://cdn.example.com/p", AT_HOME),
    ):
        check_url(httpx2.URL(url), api, own=True)
    for url, api, own in (
        ("http://127.0.0.1:9/p", LOOPBACK, False),
        ("http://127.0.0.1:9/p", AT_HOME, True),
        ("http://192.168.1.6/p", AT_HOME, True),
        ("http://192.168.1.5/p", LOOPBACK, True),
        ("http://cdn.example.com/p", AT_HOME, True),
    ):
        with pytest.raises(RefusedAddressError):
            check_url(httpx2.URL(url), api, own=own)


@given(st.ip_addresses())
def test_no_address_is_both_private_and_fetched(address: ipaddress.IPv4Address) -> None:
    try:
        check_address(address, "cdn.example.com", 443, ANY, own=True)
    except RefusedAddressError:
        return
    assert address.is_global
    assert not address.is_loopback


@given(st.text(max_size=60))
def test_any_text_is_told_in_our_words(address: str) -> None:
    # Without a host that could be looked up: nothing may leave this machine.
    message = why(f"gopher:{address}")
    assert "can't be fetched" in message


def test_a_name_that_stands_for_nothing_is_an_error() -> None:
    assert look_up("127.0.0.1", 80, 1.0) == [ipaddress.ip_address("127.0.0.1")]
    assert ipaddress.ip_address("127.0.0.1") in look_up("localhost", 80, 5.0)


def test_the_error_shows_no_more_of_the_address_than_its_host() -> None:
    with serving(Reply(403, {}, b"")) as files, pytest.raises(AnswerError) as raised:
        fetch(files, "/p.png?sig=secret")
    assert "secret" not in json.dumps([raised.value.message, raised.value.hint])
