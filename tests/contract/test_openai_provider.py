"""What `generate` promises, whatever a server answers: a picture or one of our errors, in time."""

from __future__ import annotations

import json
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mkdocs_imagegen.errors import (
    AnswerError,
    AuthenticationError,
    EndpointError,
    NetworkError,
    ProviderError,
    ResponseTimeoutError,
)
from mkdocs_imagegen.model import CoverRequest, Size
from mkdocs_imagegen.providers import Answer, RateLimit
from mkdocs_imagegen.providers.openai import OpenAIProvider
from mkdocs_imagegen.settings import Endpoint
from tests.imageserver import Carried, Drip, Fault, ImageServer, Line, Picture, RawBody

REQUEST = CoverRequest("generate", "gpt-image-2", "A red fox", Size(1024, 1024), "low")
KEY = "sk-a-very-secret-key-of-this-test"


class AnyServer:
    """Answers each request with what was set last; much quicker than a server that sells."""

    def __init__(self) -> None:
        self.answer: tuple[int, Mapping[str, str], bytes] = (200, {}, b"")
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                status, headers, body = server.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                return

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)


@pytest.fixture(scope="module")
def any_server() -> Iterator[AnyServer]:
    server = AnyServer()
    yield server
    server.close()


def check(error: ProviderError) -> None:
    """An error has a mend, and shows the key nowhere."""
    shown = "".join(traceback.format_exception(error))
    parts = [error.request_id, getattr(error, "param", ""), *getattr(error, "categories", ())]
    assert KEY not in shown
    assert KEY not in " ".join(parts)
    assert error.hint


def outcome(
    server: AnyServer, status: int, kind: str, body: bytes, **headers: str
) -> Answer | ProviderError:
    """What one request brings. Anything but a picture or one of our errors fails the test."""
    server.answer = (status, {"content-type": kind, **headers}, body)
    try:
        return OpenAIProvider(Endpoint(server.base_url, KEY, "KEY"), timeout_s=20).generate(REQUEST)
    except ProviderError as error:
        check(error)
        return error


KINDS = st.sampled_from(
    ["application/json", "text/html", "text/plain; charset=latin-1", "application/json; charset=x"]
)
STATUSES = st.sampled_from([200, 200, 200, 201, 202, 206, 300, 307, 400, 401, 404, 422, 429, 500])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
PLAIN_NAMES = "data b64_json url error message code detail usage task_id choices object param loc x"
ODD_NAMES = "moderation_details categories innererror output_tokens _fields_set model_fields self"
NAMES = st.sampled_from(f"{PLAIN_NAMES} {ODD_NAMES}".split())
SHAPES = st.recursive(
    LEAVES | st.just(KEY) | st.just("aGk="),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=250)
@given(status=STATUSES, kind=KINDS, shape=SHAPES)
def test_any_json_brings_a_picture_or_one_of_our_errors(
    any_server: AnyServer, status: int, kind: str, shape: Any
) -> None:
    outcome(any_server, status, kind, json.dumps(shape).encode())


@settings(max_examples=100)
@given(status=STATUSES, kind=KINDS, body=st.binary(max_size=64))
def test_any_bytes_bring_a_picture_or_one_of_our_errors(
    any_server: AnyServer, status: int, kind: str, body: bytes
) -> None:
    outcome(any_server, status, kind, body)


@pytest.mark.parametrize("shape", ["[", '{"data":', '{"data":[{"b64_json":'])
@pytest.mark.parametrize("status", [200, 400])
def test_a_deep_nest_is_one_of_our_errors(any_server: AnyServer, status: int, shape: str) -> None:
    body = (shape * 50_000).encode()
    assert isinstance(outcome(any_server, status, "application/json", body), ProviderError)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_what_can_not_be_unpacked_may_have_been_billed(any_server: AnyServer, coding: str) -> None:
    headers = {"content-encoding": coding, "x-request-id": "req_1"}
    error = outcome(any_server, 200, "application/json", b"no archive", **headers)
    assert isinstance(error, AnswerError)
    assert "can't be unpacked" in error.message
    assert error.request_id == "req_1"


def test_a_number_of_too_many_digits_is_one_of_our_errors(any_server: AnyServer) -> None:
    body = b'{"data": ' + b"9" * 10_000 + b"}"
    assert isinstance(outcome(any_server, 200, "application/json", body), AnswerError)


def test_a_bomb_is_refused_before_it_fills_the_memory(any_server: AnyServer) -> None:
    import gzip

    bomb = gzip.compress(bytes(200 * 2**20), 1)
    error = outcome(any_server, 200, "application/json", bomb, **{"content-encoding": "gzip"})
    assert isinstance(error, AnswerError)
    assert "more than a picture can have" in error.message


def test_the_limit_on_requests_comes_with_the_picture(any_server: AnyServer) -> None:
    body = b'{"data": [{"b64_json": "aGk="}]}'
    headers = {"x-ratelimit-limit-requests": "5", "x-ratelimit-reset-requests": "12s"}
    answer = outcome(any_server, 200, "application/json", body, **headers)
    assert isinstance(answer, Answer)
    assert answer.rate == RateLimit(5, None, 12.0)


@pytest.mark.parametrize("repeated", [KEY, f"Bearer {KEY}", f"<{KEY}>"])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500])
def test_a_key_that_is_repeated_is_in_no_message_and_no_traceback(
    any_server: AnyServer, status: int, repeated: str
) -> None:
    fields = {"message": repeated, "code": repeated, "param": repeated}
    details = {"categories": [repeated]}
    body = json.dumps({"error": {**fields, "moderation_details": details}}).encode()
    error = outcome(any_server, status, "application/json", body)
    assert isinstance(error, ProviderError)
    assert "(key)" in error.message


def test_a_key_in_headers_and_categories_is_left_out_too(any_server: AnyServer) -> None:
    headers = {"x-request-id": f"r-{KEY}", "location": f"http://127.0.0.1:1/{KEY}"}
    details = {"categories": [KEY]}
    told = {"code": "moderation_blocked", "moderation_details": details}
    body = json.dumps({"error": told}).encode()
    for status in (307, 400):
        error = outcome(any_server, status, "application/json", body, **headers)
        assert isinstance(error, ProviderError)
        assert error.request_id == "r-(key)"


@pytest.mark.parametrize("key", ["sk-\u201csmart\u201d", "sk-line\nbreak", " sk-blank", "sk-\x00"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(any_server: AnyServer, key: str) -> None:
    provider = OpenAIProvider(Endpoint(any_server.base_url, key, "MY_KEY"), timeout_s=20)
    with pytest.raises(AuthenticationError, match="MY_KEY") as raised:
        provider.generate(REQUEST)
    assert key not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[::1]:1/v1", "ftp://x/v1", "http:"])
def test_an_address_that_leads_nowhere_sends_and_bills_nothing(url: str) -> None:
    with pytest.raises((NetworkError, EndpointError)) as raised:
        OpenAIProvider(Endpoint(url, KEY, "KEY"), timeout_s=5).generate(REQUEST)
    assert not raised.value.maybe_billed


def test_a_proxy_of_an_unknown_kind_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "gopher://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(ProviderError, match="ValueError") as raised:
        OpenAIProvider(Endpoint("http://api.example.com", KEY, "KEY"), timeout_s=5).generate(
            REQUEST
        )
    assert "proxy" in raised.value.hint


def test_a_socks_proxy_without_its_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    endpoint = Endpoint("http://api.example.com", KEY, "KEY")
    with pytest.raises(NetworkError) as raised:
        OpenAIProvider(endpoint, timeout_s=5).generate(REQUEST)
    assert not raised.value.maybe_billed


def _provider(server: ImageServer, timeout_s: float) -> OpenAIProvider:
    endpoint = Endpoint(server.base_url, server.api_key, "IMAGEGEN_API_KEY")
    return OpenAIProvider(endpoint, timeout_s=timeout_s)


@pytest.mark.parametrize(
    "line", [Line(head=Drip(1, 0.02)), Line(body=Drip(4, 0.02))], ids=["head", "body"]
)
def test_a_dribbled_picture_may_have_been_billed(image_server: ImageServer, line: Line) -> None:
    image_server.script(Carried(Picture(), line))
    with pytest.raises(ResponseTimeoutError, match="no answer in time") as raised:
        _provider(image_server, 0.4).generate(REQUEST)
    assert "timeout_s" in raised.value.hint


def test_an_error_whose_body_dribbles_is_told_by_its_status(image_server: ImageServer) -> None:
    fault = Fault.openai(401, "invalid_api_key", "word " * 100)
    image_server.script(Carried(fault, Line(body=Drip(1, 0.02))))
    with pytest.raises(AuthenticationError):
        _provider(image_server, 0.4).generate(REQUEST)


def test_an_abort_ends_what_is_under_way_and_refuses_the_rest(image_server: ImageServer) -> None:
    provider = _provider(image_server, 60)
    raised: list[ProviderError] = []

    def buy() -> None:
        try:
            provider.generate(REQUEST)
        except ProviderError as error:
            raised.append(error)

    threads = [threading.Thread(target=buy) for _ in range(3)]
    with image_server.gate.held():
        for thread in threads:
            thread.start()
        image_server.wait_for(lambda: image_server.in_flight == 3)
        provider.abort()
        for thread in threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in threads)
    assert [type(error) for error in raised] == [ResponseTimeoutError] * 3
    assert all("the run was stopped" in error.message for error in raised)
    with pytest.raises(ProviderError, match="before the request was sent") as late:
        provider.generate(REQUEST)
    assert not late.value.maybe_billed
    assert len(image_server.calls) == 3


def test_an_abort_leaves_other_providers_alone(image_server: ImageServer) -> None:
    _provider(image_server, 60).abort()
    assert _provider(image_server, 60).generate(REQUEST).picture


def test_an_answer_is_handed_on_before_it_is_read(image_server: ImageServer) -> None:
    seen: list[bytes] = []

    def keep(request: CoverRequest, *, body: bytes, **rest: object) -> None:
        assert request == REQUEST
        assert rest.keys() == {"sent", "endpoint", "request_id"}
        seen.append(body)

    image_server.script(RawBody(b"half a {"))
    endpoint = Endpoint(image_server.base_url, image_server.api_key, "KEY")
    with pytest.raises(AnswerError):
        OpenAIProvider(endpoint, timeout_s=20, on_answer=keep).generate(REQUEST)
    assert seen == [b"half a {"]
