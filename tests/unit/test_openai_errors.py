"""What an endpoint can answer, and what it becomes: against a real server, through the real SDK."""

from __future__ import annotations

import base64
import inspect
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import httpcore2
import httpx2
import openai
import pytest
from openai import OpenAIError

from mkdocs_imagegen import errors
from mkdocs_imagegen.errors import (
    AccessError,
    AnswerError,
    AuthenticationError,
    CreditError,
    EndpointError,
    ForeignAnswerError,
    ModelError,
    NetworkError,
    PictureRefusedError,
    ProviderError,
    RateError,
    RequestError,
    ResponseTimeoutError,
    SafetyError,
    UpstreamError,
)
from mkdocs_imagegen.model import CoverRequest, Size, Usage
from mkdocs_imagegen.providers.line import Line
from mkdocs_imagegen.providers.openai import OpenAIProvider
from mkdocs_imagegen.providers.openai_errors import translate
from mkdocs_imagegen.providers.statuses import Asked
from mkdocs_imagegen.settings import Endpoint
from tests.imageserver import Answer, Fault, Hangup, ImageServer, NotAPicture, Picture, RawBody

REQUEST = CoverRequest("generate", "gpt-image-2", "A red fox", Size(1024, 1024), "low")
SECRET = "sk-a-very-secret-key"
ENDPOINT = Endpoint("https://api.example.com/v1", SECRET, "IMAGEGEN_API_KEY")
ASKED = Asked(
    "gpt-image-2", ENDPOINT, "https://api.example.com", datetime(2026, 11, 22, 12, tzinfo=UTC)
)
HTTP_REQUEST = httpx2.Request("POST", "https://api.example.com/v1/images/generations")


def provider(server: ImageServer, *, timeout_s: float = 20.0) -> OpenAIProvider:
    endpoint = Endpoint(server.base_url, server.api_key, "IMAGEGEN_API_KEY")
    return OpenAIProvider(endpoint, timeout_s=timeout_s)


def error_of(server: ImageServer, answer: Answer) -> ProviderError:
    """Return what one purchase raises; the server must have got exactly one request for it."""
    server.script(answer)
    with pytest.raises(ProviderError) as raised:
        provider(server).generate(REQUEST)
    assert len(server.calls) == 1
    assert server.api_key not in str(raised.value)
    return raised.value


def test_the_minimal_request_brings_the_picture_and_its_bill(image_server: ImageServer) -> None:
    answer = provider(image_server).generate(REQUEST)
    call = image_server.calls[0]
    assert answer.picture[8:12] == b"WEBP"
    assert call.body == answer.sent
    assert answer.sent == {
        "model": "gpt-image-2",
        "prompt": "A red fox",
        "size": "1024x1024",
        "quality": "low",
        "n": 1,
        "output_format": "webp",
    }
    assert answer.usage == Usage(9, 0, 196)
    assert answer.request_id == call.request_id
    assert answer.endpoint == image_server.base_url.removesuffix("/v1")


def line(*, sent: bool = True) -> Line:
    """A line as it is before, or after, the request left."""
    found = Line(1)
    found.is_sent = sent
    return found


def walk(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    yield kind
    for sub in kind.__subclasses__():
        yield from walk(sub)


def made(kind: type[BaseException]) -> BaseException:
    """An exception with what its constructor asks for."""
    response = httpx2.Response(400, request=HTTP_REQUEST, json={"message": "no"})
    offered: dict[str, object] = {
        "message": "no",
        "request": HTTP_REQUEST,
        "response": response,
        "body": {"message": "no"},
        "symbol": "Image",
    }
    try:
        wanted = inspect.signature(kind).parameters.values()
    except ValueError:
        return kind()
    given = {
        p.name: offered[p.name]
        for p in wanted
        if p.name in offered and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = {p.name for p in wanted if p.default is p.empty and p.kind not in variadic}
    if needed - given.keys():
        bare = kind.__new__(kind)
        Exception.__init__(bare, "no")
        return bare
    return kind(**given)


def of(module: str, *kinds: type[BaseException]) -> list[type[BaseException]]:
    """All that derives from these and is defined in the module or below it."""
    found = {sub for kind in kinds for sub in walk(kind) if sub.__module__.startswith(module)}
    return sorted(found, key=lambda kind: kind.__qualname__)


EVERY_SDK_ERROR = of("openai", OpenAIError)
EVERY_HTTP_ERROR = of("httpx2", Exception)
EVERY_CORE_ERROR = of("httpcore2", Exception)
OTHERS = [
    ssl.SSLError,
    ssl.SSLCertVerificationError,
    ssl.SSLEOFError,
    OSError,
    ConnectionResetError,
    BrokenPipeError,
    TimeoutError,
    socket.gaierror,
    ImportError,
    UnicodeError,
    ValueError,
    json.JSONDecodeError,
    RecursionError,
    AttributeError,
    TypeError,
    KeyError,
    RuntimeError,
    MemoryError,
]


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize(
    "kind",
    [*EVERY_SDK_ERROR, *EVERY_HTTP_ERROR, *EVERY_CORE_ERROR, *OTHERS],
    ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}",
)
def test_every_error_from_below_has_one_of_ours(kind: type[BaseException], sent: bool) -> None:
    error = made(kind)
    ours = translate(error, ASKED, line(sent=sent))
    assert isinstance(ours, ProviderError)
    assert type(ours) is not ProviderError
    assert ours.message
    assert ours.hint
    if not isinstance(error, openai.APIStatusError):  # which tells of an answer
        assert sent or not ours.maybe_billed


def test_the_walk_finds_the_errors_that_matter() -> None:
    assert {openai.RateLimitError, openai.APITimeoutError, openai.APIResponseValidationError} <= {
        *EVERY_SDK_ERROR
    }
    assert {httpx2.ReadTimeout, httpx2.RemoteProtocolError, httpx2.InvalidURL} <= {
        *EVERY_HTTP_ERROR
    }
    assert {httpcore2.ReadTimeout, httpcore2.ConnectError, httpcore2.ProxyError} <= {
        *EVERY_CORE_ERROR
    }


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx2.ReadTimeout("slow"), ResponseTimeoutError),
        (httpcore2.ReadTimeout("slow"), ResponseTimeoutError),
        (httpx2.WriteError("broke"), ResponseTimeoutError),
        (httpcore2.RemoteProtocolError("Server disconnected"), ResponseTimeoutError),
        (httpcore2.RemoteProtocolError("illegal status line: b'SSH-2.0'"), EndpointError),
        (httpx2.DecodingError("no gzip"), AnswerError),
        (ConnectionResetError(), ResponseTimeoutError),
        (ssl.SSLEOFError(), ResponseTimeoutError),
        (json.JSONDecodeError("no", "{", 0), AnswerError),
        (RecursionError(), AnswerError),
        (TypeError(), AnswerError),
    ],
)
def test_what_left_this_machine_may_have_been_billed(
    error: Exception, kind: type[ProviderError]
) -> None:
    assert type(translate(error, ASKED, line())) is kind


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (httpx2.ConnectTimeout("slow"), NetworkError, "can't be reached"),
        (httpcore2.ConnectError("refused"), NetworkError, "can't be reached"),
        (httpcore2.WriteError("broke"), NetworkError, "can't be reached"),
        (httpcore2.ProxyError("403 Forbidden"), NetworkError, "the proxy refused"),
        (ssl.SSLError("wrong version number"), NetworkError, "no encrypted connection"),
        (RuntimeError("needs socksio"), NetworkError, "pip install socksio"),
        (httpx2.InvalidURL("no"), EndpointError, "no web address"),
        (httpcore2.UnsupportedProtocol("no"), EndpointError, "no web address"),
        (httpcore2.LocalProtocolError("Illegal header"), RequestError, "can't be written"),
        (UnicodeEncodeError("ascii", "ü", 0, 1, "no"), RequestError, "UnicodeEncodeError"),
    ],
)
def test_what_never_left_this_machine_bills_nothing(
    error: Exception, kind: type[ProviderError], said: str
) -> None:
    ours = translate(error, ASKED, line(sent=False))
    assert type(ours) is kind
    assert said in str(ours)
    assert not ours.maybe_billed


@pytest.mark.parametrize("sent", [True, False])
def test_a_line_that_was_cut_says_so_whatever_broke_by_that(sent: bool) -> None:
    cut = line(sent=sent)
    cut.cut()
    ours = translate(httpcore2.ReadError("shut down"), ASKED, cut)
    cut.close()
    assert "the run was stopped" in ours.message
    assert ours.maybe_billed is sent
    assert not ours.passes


MONEY = (
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "billing_hard_limit_reached",
)


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (400, "moderation_blocked", SafetyError, "reword cover_prompt"),
        (400, "content_policy_violation", SafetyError, "reword cover_prompt"),
        (400, "unknown_parameter", RequestError, "(400)"),
        (400, "invalid_value", RequestError, "(400)"),
        (400, "billing_hard_limit_reached", CreditError, "billing page"),
        (401, "invalid_api_key", AuthenticationError, "check IMAGEGEN_API_KEY"),
        (402, None, CreditError, "billing page"),
        (403, None, AccessError, "verify the organisation"),
        (404, "model_not_found", ModelError, "no model gpt-image-2"),
        (400, "model_not_found", ModelError, "no model gpt-image-2"),
        (404, "DeploymentNotFound", ModelError, "no model gpt-image-2"),
        (404, None, EndpointError, "no Image API at this path"),
        (405, None, EndpointError, "base URL"),
        (407, None, NetworkError, "the proxy wants"),
        (400, "invalid_api_key", AuthenticationError, "check IMAGEGEN_API_KEY"),
        (403, "insufficient_user_quota", CreditError, "billing page"),
        (400, "contentFilter", SafetyError, "reword cover_prompt"),
        (408, None, ResponseTimeoutError, "may have been billed"),
        (409, None, RequestError, "(409)"),
        (422, None, RequestError, "(422)"),
        *[(429, code, CreditError, "billing page") for code in MONEY],
        (429, "rate_limit_exceeded", RateError, "lower `concurrency`"),
        (429, "slow_down", RateError, "lower `concurrency`"),
        (500, "server_error", UpstreamError, "(500)"),
        (502, None, UpstreamError, "(502)"),
        (503, "server_error", UpstreamError, "(503)"),
        (501, None, UpstreamError, "(501)"),
        (504, None, ResponseTimeoutError, "may have been billed"),
        (520, None, ResponseTimeoutError, "may have been billed"),
        (524, None, ResponseTimeoutError, "may have been billed"),
    ],
)
def test_a_status_and_its_code_say_what_went_wrong(
    image_server: ImageServer, status: int, code: str | None, kind: type[ProviderError], said: str
) -> None:
    error = error_of(image_server, Fault.openai(status, code, "The endpoint's own words."))
    assert type(error) is kind
    assert said in str(error)
    assert "The endpoint's own words." in error.message
    assert error.request_id == image_server.calls[0].request_id
    assert not image_server.paid_calls


@pytest.mark.parametrize(
    ("details", "maybe_billed"),
    [
        ({"moderation_stage": "output", "categories": ["violence"]}, True),
        ({"moderation_stage": "input"}, False),
        ({"moderation_stage": ["output"]}, False),
        ({}, False),
        ("output", False),
        (None, False),
    ],
)
def test_only_a_picture_that_was_made_may_have_been_billed_when_it_is_refused(
    image_server: ImageServer, details: object, maybe_billed: bool
) -> None:
    told = {"message": "No.", "code": "moderation_blocked", "moderation_details": details}
    error = error_of(image_server, Fault(400, {"error": told}))
    assert isinstance(error, SafetyError)
    assert error.maybe_billed is maybe_billed
    assert ("may have been billed" in error.message) is maybe_billed
    assert error.hint == "reword cover_prompt"
    assert not error.stops_run


@pytest.mark.parametrize(
    ("kind", "stops_run", "maybe_billed"),
    [
        (AccessError, True, False),
        (AnswerError, True, True),
        (AuthenticationError, True, False),
        (CreditError, True, False),
        (EndpointError, True, False),
        (ForeignAnswerError, True, True),
        (ModelError, True, False),
        (NetworkError, False, False),
        (PictureRefusedError, False, True),
        (RateError, False, False),
        (RequestError, False, False),
        (ResponseTimeoutError, False, True),
        (SafetyError, False, False),
        (UpstreamError, False, False),
    ],
)
def test_what_an_error_means_for_the_run(
    kind: type[ProviderError], stops_run: bool, maybe_billed: bool
) -> None:
    assert (kind.stops_run, kind.maybe_billed) == (stops_run, maybe_billed)


def test_the_table_above_has_every_provider_error() -> None:
    table = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, ProviderError) and kind is not ProviderError
    }
    assert table == {*walk(ProviderError)} - {ProviderError}
    assert len(table) == 14


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"error": "no such prompt"}, "no such prompt"),
        ({"detail": "no such prompt"}, "no such prompt"),
        ({"error": {"message": "two\n  lines", "code": 7}}, "two lines"),
        ({"error": {"message": "\x1b[31mred\x07"}}, "[31mred"),
        ({"error": {"message": {"not": "text"}}}, ""),
        ({"detail": [{"loc": ["body"], "msg": "x"}]}, "x"),
        ({"detail": ["x"]}, "x"),
        ({"detail": [["x"]]}, ""),
        ({}, ""),
    ],
)
def test_a_gateways_sentence_is_told_whatever_its_shape(
    image_server: ImageServer, body: dict[str, object], told: str
) -> None:
    error = error_of(image_server, Fault(400, body))
    plain = "the endpoint refused the request (400)"
    assert error.message == (f"{plain}: {told}" if told else plain)


@pytest.mark.parametrize("body", ["<html><h1>Bad gateway</h1>", b"\xff\xfe\x00", ""])
def test_a_page_is_not_told(image_server: ImageServer, body: str | bytes) -> None:
    assert error_of(image_server, Fault(502, body)).message == "the endpoint failed (502)"


def test_a_long_sentence_is_cut(image_server: ImageServer) -> None:
    error = error_of(image_server, Fault.openai(400, None, "word " * 1000))
    assert len(error.message) < 300


def test_a_key_that_the_endpoint_repeats_is_not_told(image_server: ImageServer) -> None:
    key = image_server.api_key
    error = error_of(image_server, Fault.openai(401, None, f"Incorrect API key provided: {key}."))
    assert error.message == "the API key is not accepted: Incorrect API key provided: (key)."


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_its_address_is_told(
    image_server: ImageServer, status: int
) -> None:
    with ImageServer() as elsewhere:
        url = elsewhere.base_url.replace("http://", "http://name:word@")
        error = error_of(image_server, Fault(status, "", {"location": f"{url}/images?key=s#f"}))
        assert type(error) is EndpointError
        assert error.message == f"the endpoint redirects to {elsewhere.base_url}/images"
        assert elsewhere.calls == []


@pytest.mark.parametrize("place", ["", "http://[::1", "http://a:b:c/", "http://x:999999/"])
def test_a_redirect_to_nowhere_is_told_too(image_server: ImageServer, place: str) -> None:
    error = error_of(image_server, Fault(307, "", {"location": place}))
    assert type(error) is EndpointError
    assert error.message.startswith("the endpoint redirects to an")


@pytest.mark.parametrize(
    ("status", "message", "kind", "said"),
    [
        (
            403,
            "Your organization must be verified to use it.",
            AccessError,
            "settings/org",
        ),
        (403, "Country, region, or territory not supported", AccessError, "in your CI"),
        (404, "The model `x` has been deprecated", ModelError, "no model"),
        (404, "Invalid URL (POST /images/generations)", EndpointError, "usually ends in /v1"),
        (429, "You exceeded your current quota, please check", CreditError, "billing page"),
        (400, "Billing hard limit has been reached", CreditError, "billing page"),
        (400, "litellm.ContentPolicyViolationError: no", SafetyError, "reword cover_prompt"),
        (400, "Your request was rejected by the safety system", SafetyError, "reword"),
    ],
)
def test_a_sentence_says_what_the_code_leaves_out(
    image_server: ImageServer, status: int, message: str, kind: type[ProviderError], said: str
) -> None:
    error = error_of(image_server, Fault.openai(status, None, message))
    assert type(error) is kind
    assert said in error.hint or said in error.message


@pytest.mark.parametrize("body", ["<html>Not found", "", {"detail": "Not Found"}])
def test_a_path_that_is_not_there_is_no_missing_model(
    image_server: ImageServer, body: str | dict[str, object]
) -> None:
    assert type(error_of(image_server, Fault(404, body))) is EndpointError


@pytest.mark.parametrize(
    ("categories", "read"),
    [
        (["violence", "self-harm"], ("violence", "self-harm")),
        ({"violence": True, "hate": False}, ("violence",)),
        ([7, None, "\x1b", "hate\n"], ("hate",)),
        ("violence", ()),
        (None, ()),
    ],
)
def test_a_refusal_says_what_the_prompt_was_taken_for(
    image_server: ImageServer, categories: object, read: tuple[str, ...]
) -> None:
    details = {"moderation_stage": "input", "categories": categories}
    told = {"message": "No.", "code": "moderation_blocked", "moderation_details": details}
    error = error_of(image_server, Fault(400, {"error": told}))
    assert isinstance(error, SafetyError)
    assert error.categories == read
    assert all(word in error.message for word in read)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"error": {"message": "no", "param": "size"}}, "size"),
        ({"error": {"message": "Unknown parameter: 'size'.", "param": None}}, "size"),
        ({"error": {"message": "Unknown parameter", "param": 7}}, ""),
        ({"detail": [{"loc": ["body", "size"], "msg": "too large"}]}, "size"),
        ({"detail": [{"loc": [], "msg": "too large"}]}, ""),
        ({"error": "bad size"}, ""),
        ("<html>", ""),
    ],
)
def test_a_refused_request_names_its_parameter(
    image_server: ImageServer, body: str | dict[str, object], param: str
) -> None:
    error = error_of(image_server, Fault(400, body))
    assert isinstance(error, RequestError)
    assert error.param == param


@pytest.mark.parametrize(
    ("status", "headers", "wait_s"),
    [
        (429, {"retry-after": "7"}, 7.0),
        (429, {"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        (429, {"retry-after": "Sun, 22 Nov 2026 12:01:00 GMT"}, 60.0),
        (429, {"x-ratelimit-reset-requests": "1m30s"}, 90.0),
        (503, {"retry-after": "7"}, 7.0),
        (503, {"x-ratelimit-reset-requests": "1m30s"}, None),
        (504, {"retry-after": "7"}, 7.0),
        (429, {}, None),
        (400, {"retry-after": "7"}, None),
    ],
)
def test_how_long_the_endpoint_asks_to_wait_is_handed_on(
    image_server: ImageServer, status: int, headers: dict[str, str], wait_s: float | None
) -> None:
    image_server.script(Fault(status, "", headers))
    endpoint = Endpoint(image_server.base_url, image_server.api_key, "KEY")
    with pytest.raises(ProviderError) as raised:
        OpenAIProvider(endpoint, timeout_s=20, now=lambda: ASKED.now).generate(REQUEST)
    assert raised.value.retry_after_s == wait_s


@pytest.mark.parametrize(
    "data", [b"{", b'{"data": [{"b64_json": "aGk', b"\xff\xfe\x00", b"[" * 100_000, b"NaN,"]
)
def test_what_is_no_json_is_told_as_such(image_server: ImageServer, data: bytes) -> None:
    error = error_of(image_server, RawBody(data))
    assert type(error) is AnswerError  # which may have been billed
    assert "no JSON" in error.message
    assert "/v1" in error.hint
    assert error.request_id == image_server.calls[0].request_id


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_a_page_instead_of_an_answer_is_told_as_such(image_server: ImageServer, kind: str) -> None:
    error = error_of(image_server, RawBody(b"<!doctype html><p>Hello", kind))
    assert type(error) is ForeignAnswerError  # which may have been billed
    assert "a page instead of a picture" in error.message
    assert "/v1" in error.hint
    assert error.request_id == image_server.calls[0].request_id


@pytest.mark.parametrize("status", [200, 201, 202])
def test_an_empty_answer_is_told_as_such(image_server: ImageServer, status: int) -> None:
    error = error_of(image_server, RawBody(b" ", status=status))
    assert type(error) is AnswerError
    assert error.message == f"the endpoint answered with nothing ({status})"


@pytest.mark.parametrize(
    ("status", "fields", "said"),
    [
        (202, {"task_id": "t-1"}, "a task (t-1), which is not supported"),
        (202, {}, "a task, which is not supported"),
        (200, {"task_id": "t-1", "status": "queued"}, "a task (t-1), which is not supported"),
        (200, {"id": "t-1", "status": "pending"}, "a task, which is not supported"),
        (200, {"data": [], "taskId": 17}, "a task (17), which is not supported"),
        (200, {"choices": [{"message": {"content": "Hi"}}]}, "as a chat, not as an Image API"),
        (200, {"object": "response", "output": []}, "as a chat, not as an Image API"),
    ],
)
def test_the_answer_of_another_api_is_told_as_such(
    image_server: ImageServer, status: int, fields: object, said: str
) -> None:
    error = error_of(image_server, RawBody.json(fields, status=status))
    assert type(error) is ForeignAnswerError  # which may have been billed
    assert said in error.message


def test_a_picture_counts_whatever_stands_beside_it(image_server: ImageServer) -> None:
    data = [{"b64_json": base64.b64encode(b"picture").decode()}]
    beside = {
        "task_id": "t-1",
        "status": "queued",
        "choices": [],
        "error": "slow",
        "_fields_set": 1,
    }
    image_server.script(RawBody.json({"data": data, **beside}, status=202))
    assert provider(image_server).generate(REQUEST).picture == b"picture"


def test_a_sentence_in_another_charset_costs_no_picture(image_server: ImageServer) -> None:
    image_server.script(RawBody(b'{"data": [{"b64_json": "aGk=", "revised_prompt": "\xe9t\xe9"}]}'))
    assert provider(image_server).generate(REQUEST).picture == b"hi"


def test_a_bare_picture_is_taken_as_it_came(image_server: ImageServer) -> None:
    image_server.script(RawBody(b"\x89PNG...", "image/png"))
    assert provider(image_server).generate(REQUEST).picture == b"\x89PNG..."


@pytest.mark.parametrize(
    "body",
    [
        {"data": None},
        {},
        {"data": []},
        {"data": {}},
        {"data": {"0": "x"}},
        {"data": "picture"},
        {"data": 5},
        {"data": [None]},
        {"data": ["picture"]},
        {"data": [[]]},
        {"data": [{}]},
        {"data": [{"b64_json": None}]},
        {"data": [{"b64_json": ""}]},
        {"data": [{"b64_json": 5}]},
        {"data": [{"b64_json": ["aGk="]}]},
        {"status": "succeeded", "request_id": "r-1"},
    ],
)
def test_a_success_without_a_picture_may_have_been_billed_and_is_kept_as_it_came(
    image_server: ImageServer, body: dict[str, object]
) -> None:
    sent = json.dumps(body).encode()
    image_server.script(RawBody(sent))
    answer = provider(image_server).generate(REQUEST)
    assert answer.picture == sent
    assert answer.request_id == image_server.calls[0].request_id


@pytest.mark.parametrize("data", [b"[]", b'"text"', b"5", b"null", b"true"])
def test_json_that_is_no_object_is_no_answer(image_server: ImageServer, data: bytes) -> None:
    assert type(error_of(image_server, RawBody(data))) is AnswerError


@pytest.mark.parametrize("told", [{"message": "model is loading"}, "model is loading"])
def test_an_error_under_a_success_is_told(image_server: ImageServer, told: object) -> None:
    error = error_of(image_server, RawBody(json.dumps({"error": told}).encode()))
    assert type(error) is AnswerError
    assert error.message.endswith(": model is loading")


@pytest.mark.parametrize(
    ("first", "kept"),
    [
        ({"url": "https://10.0.0.1/p.png"}, b"https://10.0.0.1/p.png"),
        ({"b64_json": "https://10.0.0.1/p.png"}, b"https://10.0.0.1/p.png"),
        ({"url": "data:image/png;base64,aGk"}, b"hi"),
        ({"b64_json": "-_8="}, b"\xfb\xff"),
        ({"b64_json": "not base64!"}, b"not base64!"),
        ({"b64_json": "aGk=\n aGk=?"}, b"aGk=\n aGk=?"),
        ({"b64_json": "ü"}, "ü".encode()),
        ({"b64_json": "aGk=aGk="}, b"aGk=aGk="),
        ({"b64_json": "aGk="}, b"hi"),
        ({"b64_json": "aGk"}, b"hi"),
        ({"b64_json": " aG\r\nk= "}, b"hi"),
        ({"b64_json": "data:image/png;base64,aGk="}, b"hi"),
        ({"b64_json": "data:image/webp;base64,aGk\n"}, b"hi"),
    ],
)
def test_base64_is_read_as_gateways_write_it_and_all_else_is_kept_as_it_came(
    image_server: ImageServer, first: dict[str, str], kept: bytes
) -> None:
    image_server.script(RawBody(json.dumps({"data": [first]}).encode()))
    assert provider(image_server).generate(REQUEST).picture == kept


def test_bytes_that_are_no_picture_come_through_undecoded(image_server: ImageServer) -> None:
    """What was paid for is handed on as it came: it is stored before anything looks into it."""
    image_server.script(NotAPicture(b"<html>"))
    assert provider(image_server).generate(REQUEST).picture == b"<html>"


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        (None, None),
        ({}, Usage()),
        ({"output_tokens": 0, "input_tokens": 0, "total_tokens": 0}, Usage(0, None, 0)),
        ({"output_tokens": 196, "input_tokens": 9}, Usage(9, None, 196)),
        ({"prompt_tokens": 7, "completion_tokens": 8}, Usage()),
        ({"output_tokens": "196"}, Usage()),
        ({"output_tokens": 196.0}, Usage()),
        ({"output_tokens": True}, Usage()),
        ({"output_tokens": 196, "input_tokens_details": None}, Usage(None, None, 196)),
        ({"output_tokens": 196, "input_tokens_details": [1]}, Usage(None, None, 196)),
        ({"input_tokens_details": {"text_tokens": 9, "image_tokens": "x"}}, Usage(9, None, None)),
    ],
)
def test_what_the_bill_does_not_tell_is_left_out(
    image_server: ImageServer, usage: dict[str, object] | None, read: Usage | None
) -> None:
    image_server.script(Picture(usage=usage))
    assert provider(image_server).generate(REQUEST).usage == read


@pytest.mark.parametrize("usage", [[], "none", 5, [{"output_tokens": 1}]])
def test_a_bill_of_another_shape_costs_no_picture(image_server: ImageServer, usage: object) -> None:
    body = {"data": [{"b64_json": base64.b64encode(b"picture").decode()}], "usage": usage}
    image_server.script(RawBody(json.dumps(body).encode()))
    answer = provider(image_server).generate(REQUEST)
    assert answer.picture == b"picture"
    assert answer.usage in (None, Usage())


def test_a_connection_that_breaks_may_have_been_billed(image_server: ImageServer) -> None:
    error = error_of(image_server, Hangup(paid=True))
    assert type(error) is ResponseTimeoutError
    assert error.maybe_billed
    assert len(image_server.paid_calls) == 1


def test_an_answer_that_does_not_come_in_time_may_have_been_billed(
    image_server: ImageServer,
) -> None:
    with image_server.gate.held(), pytest.raises(ResponseTimeoutError, match="billed") as raised:
        provider(image_server, timeout_s=0.2).generate(REQUEST)
    assert "timeout_s" in raised.value.hint


def test_an_endpoint_that_is_not_there_bills_nothing() -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        endpoint = Endpoint(url, SECRET, "IMAGEGEN_API_KEY")
        with pytest.raises(NetworkError, match="can't be reached") as raised:
            OpenAIProvider(endpoint, timeout_s=5).generate(REQUEST)
    assert not raised.value.maybe_billed


def test_an_answer_that_ends_too_early_may_have_been_billed() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"
    with _one_reply(head) as url, pytest.raises(ResponseTimeoutError, match="broke"):
        OpenAIProvider(Endpoint(url, SECRET, "KEY"), timeout_s=5).generate(REQUEST)


def test_what_speaks_no_http_is_told() -> None:
    with _one_reply(b"SSH-2.0-OpenSSH\r\n\r\n") as url, pytest.raises(EndpointError, match="HTTP"):
        OpenAIProvider(Endpoint(url, SECRET, "KEY"), timeout_s=5).generate(REQUEST)


OPENAI_VARIABLES = {
    "OPENAI_ORG_ID": "org-secret",
    "OPENAI_PROJECT_ID": "proj-secret",
    "OPENAI_CUSTOM_HEADERS": "X-Team: secret\nAuthorization: Bearer secret\nCookie: secret",
    "OPENAI_API_KEY": "sk-secret",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/secret",
    "OPENAI_ADMIN_KEY": "sk-admin-secret",
}


def test_openais_variables_do_not_reach_another_host(
    image_server: ImageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in OPENAI_VARIABLES.items():
        monkeypatch.setenv(name, value)
    provider(image_server).generate(REQUEST)
    call = image_server.calls[0]
    assert "secret" not in json.dumps([call.path, dict(call.headers), call.body])
    assert call.headers["authorization"] == f"Bearer {image_server.api_key}"


def test_nothing_is_tried_again(image_server: ImageServer) -> None:
    slow_down = Fault.openai(429, "slow_down", "Wait.", headers={"retry-after": "0"})
    error_of(image_server, slow_down)
    assert "idempotency-key" not in image_server.calls[0].headers


@contextmanager
def _one_reply(reply: bytes) -> Iterator[str]:
    """A server that reads one request, sends these bytes and hangs up."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(reply)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65_536):
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        thread.join(10)
        assert not thread.is_alive()
