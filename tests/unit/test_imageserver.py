"""The test server itself: as strict as OpenAI, right in its prices, honest in its counts."""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image

from tests.imageserver import (
    ELSEWHERE,
    KEY,
    ORIGIN,
    Call,
    Carried,
    Drip,
    Fault,
    Hangup,
    ImageServer,
    Line,
    NotAPicture,
    Picture,
    PictureUrl,
    RawBody,
    Refuses,
    date_in,
)
from tests.imageserver.answers import Encoding
from tests.imageserver.lines import Ending
from tests.imageserver.models import MODELS

ROOT = Path(__file__).parents[2]
GOOD: dict[str, Any] = {
    "model": "gpt-image-2",
    "prompt": "a red barn",
    "size": "1024x1024",
    "quality": "low",
}
GOOD_MICRO_USD = 196 * 30


@pytest.fixture(scope="module")
def any_client() -> Iterator[openai.OpenAI]:
    """Yield a client without a server: to make one takes longer than most requests here."""
    with openai.OpenAI(base_url="http://127.0.0.1", api_key="-", max_retries=0, timeout=10) as each:
        yield each


@pytest.fixture
def client(any_client: openai.OpenAI, image_server: ImageServer) -> openai.OpenAI:
    return to(any_client, image_server)


def to(client: openai.OpenAI, server: ImageServer) -> openai.OpenAI:
    return client.with_options(base_url=server.base_url, api_key=server.api_key)


def send(
    server: ImageServer,
    body: Mapping[str, object] | bytes | None = None,
    *,
    method: str = "POST",
    path: str = "/v1/images/generations",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, dict[str, str], Any]:
    """Send one request without the SDK; return status, headers and the JSON that came back."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    port = int(re.findall(r":(\d+)/", server.base_url)[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    own = {"Authorization": f"Bearer {server.api_key}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, data, own | dict(headers or {}))
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        return response.status, received, json.loads(response.read())
    finally:
        connection.close()


def generate(client: openai.OpenAI, **changed: Any) -> tuple[Any, list[bytes]]:
    response = client.images.generate(**(GOOD | changed))
    assert response.data
    return response, [base64.b64decode(image.b64_json or "") for image in response.data]


# What a good request gets


@pytest.mark.parametrize(
    ("asked", "format_name"), [(None, "PNG"), ("png", "PNG"), ("webp", "WEBP"), ("jpeg", "JPEG")]
)
@pytest.mark.parametrize("size", ["1024x1024", "1280x672", "480x1440"])
def test_a_picture_has_the_size_and_format_asked_for(
    client: openai.OpenAI, size: str, asked: str | None, format_name: str
) -> None:
    extra = {"output_format": asked} if asked else {}
    response, [data] = generate(client, size=size, **extra)
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert (picture.format, "x".join(map(str, picture.size))) == (format_name, size)
        assert picture.mode == "RGB"
    assert (response.size, response.output_format) == (size, asked or "png")


@pytest.mark.parametrize("output_format", ["png", "webp"])
def test_a_transparent_picture_has_clear_and_opaque_pixels(
    client: openai.OpenAI, output_format: str
) -> None:
    response, [data] = generate(client, background="transparent", output_format=output_format)
    assert response.background == "transparent"
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.mode == "RGBA"
        assert picture.getchannel("A").getextrema() == (0, 255)


def test_a_response_tells_what_was_made_and_what_it_took(client: openai.OpenAI) -> None:
    response, _ = generate(client, prompt="four" * 5)
    assert abs(response.created - time.time()) < 60
    assert (response.quality, response.background) == ("low", "opaque")
    assert response.usage.input_tokens == response.usage.input_tokens_details.text_tokens == 11
    assert response.usage.input_tokens_details.image_tokens == 0
    assert response.usage.output_tokens == 196
    assert response.usage.total_tokens == 207


def test_auto_and_left_out_are_resolved_in_the_response(client: openai.OpenAI) -> None:
    for auto in ("auto", None):
        response, _ = generate(client, size=auto, quality=auto, background=auto)
        assert response.size == "1024x1024"
        assert response.quality == "high"
        assert response.background == "opaque"


def test_a_response_has_a_request_id_and_rate_limits(image_server: ImageServer) -> None:
    status, headers, _ = send(image_server, GOOD)
    assert status == 200
    assert headers["x-request-id"] == image_server.calls[0].request_id
    assert re.fullmatch(r"req_[0-9a-f]{32}", headers["x-request-id"])
    for kind in ("requests", "tokens"):
        assert {f"x-ratelimit-{part}-{kind}" for part in ("limit", "remaining", "reset")} <= set(
            headers
        )


@pytest.mark.parametrize("output_format", ["png", "webp", "jpeg"])
def test_identical_requests_get_pictures_with_different_pixels(
    client: openai.OpenAI, output_format: str
) -> None:
    pixels = set()
    for _ in range(4):
        _, pictures = generate(client, n=2, output_format=output_format)
        for data in pictures:
            with Image.open(io.BytesIO(data)) as picture:
                pixels.add(picture.tobytes())
    assert len(pixels) == 8


def test_another_server_sells_another_picture(
    client: openai.OpenAI,
) -> None:
    with ImageServer() as other:
        assert generate(client)[1] != generate(to(client, other))[1]


@pytest.mark.parametrize(
    ("name", "shutdown_date"), [("gpt-image-2", None), ("gpt-image-1.5", "2026-12-01")]
)
def test_a_model_can_be_asked_for_free(
    image_server: ImageServer, client: openai.OpenAI, name: str, shutdown_date: str | None
) -> None:
    model = client.models.retrieve(name)
    assert (model.id, model.object, model.shutdown_date) == (name, "model", shutdown_date)
    assert image_server.calls[0].path == f"/v1/models/{name}"
    assert image_server.paid_calls == []


# What is refused

REFUSED: list[tuple[dict[str, object], int, str, str | None]] = [
    ({"response_format": "b64_json"}, 400, "unknown_parameter", "response_format"),
    ({"style": "vivid"}, 400, "unknown_parameter", "style"),
    ({"seed": 7}, 400, "unknown_parameter", "seed"),
    ({"negative_prompt": None}, 400, "unknown_parameter", "negative_prompt"),
    ({"input_fidelity": "high"}, 400, "unknown_parameter", "input_fidelity"),
    ({"model": "gpt-image-3"}, 404, "model_not_found", None),
    ({"model": "gpt-image-1"}, 404, "model_not_found", None),
    ({"model": "dall-e-3"}, 404, "model_not_found", None),
    ({"model": "gpt-image-2.6-flare-2026-11-04"}, 404, "model_not_found", None),
    ({"model": None}, 400, "missing_required_parameter", "model"),
    ({"prompt": None}, 400, "missing_required_parameter", "prompt"),
    ({"prompt": ""}, 400, "invalid_value", "prompt"),
    ({"prompt": "x" * 32_001}, 400, "invalid_value", "prompt"),
    ({"prompt": "\ud800"}, 400, "invalid_value", "prompt"),
    ({"prompt": ["a barn"]}, 400, "invalid_type", "prompt"),
    ({"size": "1200x630"}, 400, "invalid_value", "size"),
    ({"size": "1920x1080"}, 400, "invalid_value", "size"),
    ({"size": "1024x576"}, 400, "invalid_value", "size"),
    ({"size": "3856x1600"}, 400, "invalid_value", "size"),
    ({"size": "1600x528"}, 400, "invalid_value", "size"),
    ({"size": "3840x2176"}, 400, "invalid_value", "size"),
    ({"size": "800x800"}, 400, "invalid_value", "size"),
    ({"size": "1024X1024"}, 400, "invalid_value", "size"),
    ({"size": "01024x1024"}, 400, "invalid_value", "size"),
    ({"size": "1024x1024 "}, 400, "invalid_value", "size"),
    ({"size": "large"}, 400, "invalid_value", "size"),
    ({"size": 1024}, 400, "invalid_type", "size"),
    ({"model": "gpt-image-1.5", "size": "1536x864"}, 400, "invalid_value", "size"),
    ({"model": "gpt-image-1-mini", "size": "2048x2048"}, 400, "invalid_value", "size"),
    ({"quality": "xhigh"}, 400, "invalid_value", "quality"),
    ({"quality": "max"}, 400, "invalid_value", "quality"),
    ({"quality": "hd"}, 400, "invalid_value", "quality"),
    ({"quality": "Low"}, 400, "invalid_value", "quality"),
    ({"model": "chatgpt-image-latest", "quality": "max"}, 400, "invalid_value", "quality"),
    ({"n": 0}, 400, "invalid_value", "n"),
    ({"n": 11}, 400, "invalid_value", "n"),
    ({"n": "1"}, 400, "invalid_type", "n"),
    ({"n": True}, 400, "invalid_type", "n"),
    ({"n": 1.0}, 400, "invalid_type", "n"),
    ({"output_format": "gif"}, 400, "invalid_value", "output_format"),
    ({"output_format": "jpg"}, 400, "invalid_value", "output_format"),
    ({"output_compression": 50}, 400, "invalid_value", "output_compression"),
    (
        {"output_format": "webp", "output_compression": 101},
        400,
        "invalid_value",
        "output_compression",
    ),
    ({"background": "white"}, 400, "invalid_value", "background"),
    (
        {"background": "transparent", "output_format": "jpeg"},
        400,
        "invalid_value",
        "background",
    ),
    ({"moderation": "off"}, 400, "invalid_value", "moderation"),
    ({"stream": True}, 400, "invalid_value", "stream"),
    ({"stream": "no"}, 400, "invalid_type", "stream"),
    ({"partial_images": 2}, 400, "invalid_value", "partial_images"),
    ({"partial_images": 4}, 400, "invalid_value", "partial_images"),
    ({"user": 5}, 400, "invalid_type", "user"),
]


@pytest.mark.parametrize(
    ("changed", "status", "code", "param"), REFUSED, ids=[str(row[0])[:50] for row in REFUSED]
)
def test_a_request_that_openai_would_refuse_is_refused_unpaid(
    image_server: ImageServer,
    changed: dict[str, object],
    status: int,
    code: str,
    param: str | None,
) -> None:
    image_server.script(NotAPicture(b"for the next good request"))
    got_status, headers, answer = send(image_server, GOOD | changed)
    error = answer["error"]
    assert (got_status, error["code"], error["param"]) == (status, code, param)
    assert error["type"] == "invalid_request_error"
    assert error["message"]
    assert headers["content-type"] == "application/json"
    [call] = image_server.calls
    assert (call.status, call.paid, call.micro_usd, call.picture_digests) == (status, False, 0, ())
    assert call.request_id == headers["x-request-id"]

    _, _, next_answer = send(image_server, GOOD)
    assert base64.b64decode(next_answer["data"][0]["b64_json"]) == b"for the next good request"


@pytest.mark.parametrize(
    "changed",
    [
        {"model": "gpt-image-2.5-flare", "quality": "xhigh"},
        {"model": "gpt-image-2.5-sunburst-2026-09-08", "quality": "max"},
        {"model": "gpt-image-2.6-sunburst", "quality": "max"},
        {"model": "gpt-image-2-2026-04-21", "size": "1600x544"},
        {"model": "gpt-image-1.5", "size": "1024x1536"},
        {"prompt": "x" * 32_000},
        {"prompt": "é" * 32_000},
        {"n": None, "size": None, "quality": None, "moderation": None, "output_format": None},
        {"moderation": "low", "background": "opaque", "user": "u", "safety_identifier": "s"},
        {"output_format": "jpeg", "output_compression": 0},
        {"stream": False},
    ],
    ids=lambda changed: str(changed)[:50],
)
def test_a_request_that_openai_would_serve_is_served(
    image_server: ImageServer, changed: dict[str, object]
) -> None:
    status, _, answer = send(image_server, GOOD | changed)
    assert status == 200, answer
    assert image_server.calls[0].paid


def test_the_smallest_and_largest_sizes_are_served(image_server: ImageServer) -> None:
    for size in ("1024x640", "3840x2160", "2160x3840", "3840x1280"):
        status, _, answer = send(image_server, GOOD | {"size": size, "output_format": "jpeg"})
        assert (status, answer["size"]) == (200, size)


@pytest.mark.parametrize(
    "authorization", ["", "Bearer wrong", "Bearer ", "Basic {key}", "{key}", "Bearer {key}x"]
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/images/generations"), ("GET", "/v1/models/gpt-image-2")]
)
def test_without_the_right_key_nothing_is_served(
    image_server: ImageServer, authorization: str, method: str, path: str
) -> None:
    headers = {"Authorization": authorization.format(key=image_server.api_key)}
    status, _, answer = send(image_server, GOOD, method=method, path=path, headers=headers)
    assert (status, answer["error"]["code"]) == (401, "invalid_api_key")
    assert image_server.api_key not in json.dumps(answer)
    assert image_server.paid_calls == []


@pytest.mark.parametrize("body", [b"", b"not json", b'{"model": ', b"[]", b'"text"', b"\xff\xfe"])
def test_a_body_that_is_no_json_object_is_refused(image_server: ImageServer, body: bytes) -> None:
    status, _, answer = send(image_server, body)
    assert (status, answer["error"]["type"]) == (400, "invalid_request_error")
    assert image_server.calls[0].body is None


def test_another_content_type_than_json_is_refused(image_server: ImageServer) -> None:
    headers = {"Content-Type": "text/plain"}
    status, _, answer = send(image_server, GOOD, headers=headers)
    assert (status, answer["error"]["code"]) == (400, "unsupported_content_type")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/images/generations", 404),
        ("POST", "/v1/images/generations/", 404),
        ("POST", "/v1/v1/images/generations", 404),
        ("POST", "/v1/images/edits", 404),
        ("GET", "/", 404),
        ("GET", "/v1/models/dall-e-3", 404),
        ("GET", "/v1/images/generations", 405),
        ("DELETE", "/v1/models/gpt-image-2", 405),
    ],
)
def test_a_wrong_path_or_method_is_refused(
    image_server: ImageServer, method: str, path: str, status: int
) -> None:
    got_status, _, answer = send(image_server, GOOD, method=method, path=path)
    assert (got_status, answer["error"]["type"]) == (status, "invalid_request_error")
    [call] = image_server.calls
    assert (call.method, call.path, call.paid) == (method, path, False)


# Prices: the reference's own vectors

VECTORS = {
    "1024x1024": (196, 439, 1756, 3122, 7024),
    "1536x1024": (158, 343, 1372, 2459, 5488),
    "1536x864": (120, 280, 1078, 1917, 4312),
    "1280x720": (106, 246, 947, 1683, 3787),
    "1280x672": (92, 224, 859, 1556, 3433),
    "1920x1088": (148, 344, 1325, 2356, 5300),
    "2560x1440": (205, 478, 1843, 3276, 7370),
    "3840x2160": (371, 865, 3336, 5930, 13342),
    "1024x800": (136, 322, 1286, 2256, 5075),
}


@pytest.mark.parametrize(("size", "counts"), VECTORS.items())
def test_tokens_follow_the_published_formula(size: str, counts: tuple[int, ...]) -> None:
    width, height = map(int, size.split("x"))
    flare, two = MODELS["gpt-image-2.5-flare"], MODELS["gpt-image-2"]
    for quality, count in zip(("low", "medium", "high", "xhigh", "max"), counts, strict=True):
        assert flare.output_tokens(quality, width, height) == count
        assert flare.output_tokens(quality, height, width) == count
    for quality, count in zip(("low", "medium", "high"), (counts[0], *counts[2::2]), strict=True):
        assert two.output_tokens(quality, width, height) == count


def test_tokens_are_counted_in_doubles_where_exact_fractions_differ() -> None:
    assert MODELS["gpt-image-2"].output_tokens("medium", 1536, 944) == 1201


@pytest.mark.parametrize("name", ["gpt-image-1.5", "gpt-image-1-mini", "chatgpt-image-latest"])
@pytest.mark.parametrize(
    ("width", "height", "counts"),
    [
        (1024, 1024, (272, 1056, 4160)),
        (1024, 1536, (408, 1584, 6240)),
        (1536, 1024, (400, 1568, 6208)),
    ],
)
def test_tokens_of_older_models_come_from_the_fixed_table(
    name: str, width: int, height: int, counts: tuple[int, ...]
) -> None:
    model = MODELS[name]
    got = tuple(model.output_tokens(quality, width, height) for quality in model.qualities)
    assert got == counts


def test_tokens_of_2_6_lie_near_the_reported_figures() -> None:
    model = MODELS["gpt-image-2.6-flare"]
    assert model.output_tokens("low", 1536, 1024) == 664
    assert model.output_tokens("high", 1536, 1024) == 1353
    assert model.output_tokens("high", 3840, 2160) == pytest.approx(3337, rel=0.01)


@pytest.mark.parametrize(
    ("model", "micro_usd", "input_micro_usd"),
    [
        ("gpt-image-2", 196 * 30, 9 * 5),
        ("gpt-image-2.5-sunburst", 196 * 30, 9 * 5),
        ("gpt-image-1.5", 272 * 32, 9 * 5),
        ("chatgpt-image-latest", 272 * 32, 9 * 5),
        ("gpt-image-1-mini", 272 * 8, 9 * 2),
    ],
)
def test_a_paid_call_carries_its_price(
    image_server: ImageServer, model: str, micro_usd: int, input_micro_usd: int
) -> None:
    send(image_server, GOOD | {"model": model})
    [call] = image_server.paid_calls
    assert (call.micro_usd, call.input_micro_usd) == (micro_usd, input_micro_usd)
    assert image_server.paid_micro_usd == micro_usd


def test_several_pictures_cost_several_times_but_their_prompt_once(
    image_server: ImageServer, client: openai.OpenAI
) -> None:
    response, pictures = generate(client, n=3)
    [call] = image_server.paid_calls
    assert call.micro_usd == 3 * GOOD_MICRO_USD
    assert call.input_micro_usd == 9 * 5
    assert response.usage.output_tokens == 3 * 196
    assert call.picture_digests == tuple(hashlib.sha256(data).hexdigest() for data in pictures)


def test_text_tokens_are_those_of_o200k_and_six(client: openai.OpenAI) -> None:
    for prompt, count in (("abcd", 7), ("abcde", 8), ("éé", 8), ("🌻🌻", 10)):
        response, _ = generate(client, prompt=prompt)
        assert response.usage.input_tokens == count


# The log of calls


def test_calls_keep_what_was_sent_in_order_of_arrival(
    image_server: ImageServer, client: openai.OpenAI
) -> None:
    _, [first] = generate(client, prompt="one")
    with pytest.raises(openai.BadRequestError):
        generate(client, prompt="two", size="1x1")
    _, [third] = generate(client, prompt="three")
    calls = image_server.calls
    assert [call.body for call in calls] == [
        GOOD | {"prompt": "one"},
        GOOD | {"prompt": "two", "size": "1x1"},
        GOOD | {"prompt": "three"},
    ]
    assert [call.status for call in calls] == [200, 400, 200]
    assert [call.paid for call in calls] == [True, False, True]
    assert calls[0].headers["authorization"] == f"Bearer {image_server.api_key}"
    assert calls[0].picture_digest == hashlib.sha256(first).hexdigest()
    assert calls[1].picture_digest == ""
    assert image_server.paid_calls == [calls[0], calls[2]]
    assert image_server.paid_micro_usd == 2 * GOOD_MICRO_USD
    for call in calls:
        assert call.ended_s is not None
        assert call.started_s <= call.ended_s
    assert image_server.api_key not in repr(calls)
    assert third != first


def test_reset_forgets_calls_script_gate_and_delay(image_server: ImageServer) -> None:
    send(image_server, GOOD)
    image_server.script(Hangup())
    image_server.gate.hold()
    image_server.delay_s = 60
    image_server.reset()
    assert (image_server.calls, image_server.max_in_flight) == ([], 0)
    assert send(image_server, GOOD)[0] == 200
    assert len(image_server.paid_calls) == 1


def test_on_paid_is_told_of_paid_calls_only() -> None:
    told: list[Call] = []
    with ImageServer(on_paid=told.append) as server:
        send(server, GOOD)
        send(server, GOOD | {"n": 0})
        assert told == server.paid_calls
        assert len(told) == 1


# Requests at once


def test_one_request_after_the_other_is_never_counted_as_two(
    image_server: ImageServer, client: openai.OpenAI
) -> None:
    for _ in range(20):
        client.models.retrieve("gpt-image-2")
    assert (image_server.max_in_flight, image_server.in_flight) == (1, 0)


def test_requests_wait_at_the_gate_and_are_counted_at_once(image_server: ImageServer) -> None:
    with ThreadPoolExecutor(5) as pool:
        with image_server.gate.held():
            waiting = [pool.submit(send, image_server, GOOD) for _ in range(5)]
            image_server.wait_for(lambda: image_server.in_flight == 5)
            assert [call.status for call in image_server.calls] == [None] * 5
            assert image_server.paid_calls == []
        assert [each.result()[0] for each in waiting] == [200] * 5
    assert (image_server.max_in_flight, image_server.in_flight) == (5, 0)
    assert image_server.paid_micro_usd == 5 * GOOD_MICRO_USD
    assert len({call.picture_digest for call in image_server.calls}) == 5


def test_the_gate_lets_a_number_of_requests_pass(image_server: ImageServer) -> None:
    image_server.gate.hold()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(send, image_server, GOOD) for _ in range(4)]
        image_server.wait_for(lambda: image_server.in_flight == 4)
        image_server.gate.release(3)
        image_server.wait_for(lambda: len(image_server.paid_calls) == 3)
        assert image_server.in_flight == 1
        image_server.gate.release()
        assert [each.result()[0] for each in waiting] == [200] * 4


def test_waiting_for_what_does_not_happen_is_an_error(image_server: ImageServer) -> None:
    with pytest.raises(TimeoutError, match="0 requests arrived"):
        image_server.wait_for(lambda: image_server.in_flight == 1, timeout_s=0.01)


def test_a_delay_holds_the_answer_back(image_server: ImageServer) -> None:
    image_server.delay_s = 0.05
    send(image_server, GOOD)
    [call] = image_server.calls
    assert call.ended_s is not None
    assert call.ended_s - call.started_s >= 0.05


def test_a_client_that_times_out_has_paid_all_the_same(
    image_server: ImageServer, client: openai.OpenAI
) -> None:
    image_server.gate.hold()
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.05).images.generate(**GOOD)
    image_server.gate.release()
    image_server.wait_for(lambda: len(image_server.paid_calls) == 1)


def test_closing_sends_waiting_requests_away_unpaid() -> None:
    with ThreadPoolExecutor(1) as pool:
        with ImageServer() as server:
            server.gate.hold()
            waiting: Future[Any] = pool.submit(send, server, GOOD)
            server.wait_for(lambda: server.in_flight == 1)
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            waiting.result()
    [call] = server.calls
    assert (call.status, call.paid) == (None, False)


def test_closing_ends_all_threads_though_clients_keep_their_connections_open(
    any_client: openai.OpenAI,
) -> None:
    before = threading.active_count()
    with ImageServer() as server:
        to(any_client, server).models.retrieve("gpt-image-2")
        assert threading.active_count() > before
    assert threading.active_count() == before


def test_a_fault_of_the_server_itself_is_raised_when_it_closes() -> None:
    def fail(call: Call) -> None:
        raise ZeroDivisionError(call.path)

    server = ImageServer(on_paid=fail)
    disconnected = pytest.raises(http.client.RemoteDisconnected)
    with pytest.raises(ExceptionGroup) as caught, server, disconnected:
        send(server, GOOD)
    assert caught.group_contains(ZeroDivisionError)


def test_a_server_has_no_address_outside_its_block() -> None:
    with pytest.raises(RuntimeError, match="with"):
        _ = ImageServer().base_url


# Scripted answers


def test_scripted_answers_are_given_once_and_in_order(
    image_server: ImageServer, client: openai.OpenAI
) -> None:
    image_server.script(
        Fault.openai(429, "rate_limit_exceeded", "slow", headers={"Retry-After": "1"}),
        NotAPicture(b"<html>"),
    )
    with pytest.raises(openai.RateLimitError) as caught:
        generate(client)
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after"] == "1"
    assert caught.value.request_id == image_server.calls[0].request_id
    assert generate(client)[1] == [b"<html>"]
    assert generate(client)[1][0].startswith(b"\x89PNG")
    assert [call.paid for call in image_server.calls] == [False, True, True]


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (
            Fault.openai(400, "moderation_blocked", "no"),
            openai.BadRequestError,
            "moderation_blocked",
        ),
        (Fault.openai(402, None, "no credit"), openai.APIStatusError, None),
        (Fault.openai(403, None, "verify"), openai.PermissionDeniedError, None),
        (
            Fault.openai(429, "insufficient_quota", "pay"),
            openai.RateLimitError,
            "insufficient_quota",
        ),
        (Fault.openai(500, "server_error", "oh"), openai.InternalServerError, "server_error"),
        (Fault(504, "<html>Gateway Timeout</html>"), openai.InternalServerError, None),
        (Fault(524, b"\x00"), openai.InternalServerError, None),
        (Fault(422, {"detail": [{"loc": ["n"]}]}), openai.UnprocessableEntityError, None),
    ],
)
def test_the_sdk_raises_for_a_scripted_fault(
    image_server: ImageServer,
    client: openai.OpenAI,
    answer: Fault,
    error: type[openai.APIStatusError],
    code: str | None,
) -> None:
    image_server.script(answer)
    with pytest.raises(error) as caught:
        generate(client)
    assert (caught.value.status_code, caught.value.code) == (answer.status, code)
    assert image_server.paid_micro_usd == 0


def test_the_sdk_raises_for_the_servers_own_refusals(
    image_server: ImageServer, client: openai.OpenAI
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        generate(client, size="1200x630")
    assert (refused.value.code, refused.value.param) == ("invalid_value", "size")
    with pytest.raises(openai.NotFoundError) as unknown:
        generate(client, model="dall-e-3")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-image-1")
    with pytest.raises(openai.AuthenticationError) as stranger:
        generate(client.with_options(api_key="wrong"))
    assert stranger.value.code == "invalid_api_key"
    assert image_server.paid_calls == []


def test_a_picture_can_come_in_another_format_and_size_without_usage(
    image_server: ImageServer, client: openai.OpenAI
) -> None:
    image_server.script(Picture(format="png", size=(640, 333), usage=None))
    response, [data] = generate(client, output_format="webp")
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size) == ("PNG", (640, 333))
    assert (response.output_format, response.size, response.usage) == ("png", "640x333", None)
    assert image_server.paid_micro_usd == GOOD_MICRO_USD


def test_usage_can_be_scripted_and_does_not_change_the_price(image_server: ImageServer) -> None:
    image_server.script(Picture(usage={"prompt_tokens": 0}))
    _, _, answer = send(image_server, GOOD)
    assert answer["usage"] == {"prompt_tokens": 0}
    assert image_server.paid_micro_usd == GOOD_MICRO_USD


def test_a_raw_body_reaches_the_sdk_as_it_is(
    image_server: ImageServer, client: openai.OpenAI
) -> None:
    image_server.script(
        RawBody(b"<html>", content_type="text/html"), RawBody(b"<html>", paid=False)
    )
    assert client.images.generate(**GOOD) == "<html>"
    with pytest.raises(json.JSONDecodeError):
        generate(client)
    assert [call.paid for call in image_server.calls] == [True, False]


@pytest.mark.parametrize("paid", [False, True])
def test_a_hangup_breaks_the_connection(
    image_server: ImageServer, client: openai.OpenAI, paid: bool
) -> None:
    image_server.script(Hangup(paid=paid))
    with pytest.raises(openai.APIConnectionError):
        generate(client)
    [call] = image_server.calls
    assert (call.status, call.paid, call.micro_usd) == (None, paid, GOOD_MICRO_USD * paid)
    assert generate(client)


def test_a_fault_may_have_been_billed(image_server: ImageServer, client: openai.OpenAI) -> None:
    image_server.script(Fault(504, "late", paid=True))
    with pytest.raises(openai.InternalServerError):
        generate(client)
    assert image_server.paid_micro_usd == GOOD_MICRO_USD


# Foul weather


def raw(server: ImageServer, *, timeout_s: float = 10) -> bytes:
    """Send one good request over a plain socket and return every byte until the end."""
    body = json.dumps(GOOD).encode()
    head = (
        f"POST /v1/images/generations HTTP/1.1\r\nAuthorization: Bearer {server.api_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    port = int(re.findall(r":(\d+)/", server.base_url)[0])
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
        connection.sendall(head.encode() + body)
        while data := connection.recv(65536):
            received += data
    return received


def test_an_answer_can_come_late(image_server: ImageServer, client: openai.OpenAI) -> None:
    image_server.script(Carried(Picture(), Line(delay_s=0.3)))
    assert generate(client)
    [call] = image_server.calls
    assert call.ended_s is not None
    assert call.ended_s - call.started_s >= 0.3


@pytest.mark.parametrize("where", ["head", "body"])
def test_an_answer_can_dribble(image_server: ImageServer, where: str) -> None:
    drip = Drip(lot_bytes=30, interval_s=0.02)
    line = Line(head=drip) if where == "head" else Line(body=drip)
    image_server.script(Carried(Fault(400, "x" * 300), line))
    started_s = time.monotonic()
    status, headers, _ = _sent_raw(image_server)
    assert status == 400
    assert headers["content-length"] == "300"
    assert time.monotonic() - started_s >= 0.06


def _sent_raw(server: ImageServer) -> tuple[int, dict[str, str], bytes]:
    """Send one good request; return status, headers and the body, whatever it is."""
    port = int(re.findall(r":(\d+)/", server.base_url)[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    own = {"Authorization": f"Bearer {server.api_key}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/v1/images/generations", json.dumps(GOOD).encode(), own)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, headers, response.read()
    finally:
        connection.close()


def test_a_server_that_closes_does_not_wait_for_a_dribbled_answer() -> None:
    with ImageServer() as server, ThreadPoolExecutor(1) as pool:
        server.script(Carried(Picture(), Line(body=Drip(1, 60))))
        answer = pool.submit(raw, server)
        server.wait_for(lambda: bool(server.paid_calls))
        started_s = time.monotonic()
        server.__exit__(None, None, None)
        assert time.monotonic() - started_s < 5
        answer.result(10)
        server.__enter__()  # the block closes it once more


@pytest.mark.parametrize("paid", [False, True])
@pytest.mark.parametrize("ends", ["reset before", "reset amid"])
def test_a_reset_breaks_the_connection_before_or_amid_the_answer(
    image_server: ImageServer, ends: Ending, paid: bool
) -> None:
    answer = Picture() if paid else Fault(500, "x" * 1000)
    image_server.script(Carried(answer, Line(ends=ends)))
    with pytest.raises(ConnectionResetError):
        raw(image_server)
    assert [call.paid for call in image_server.calls] == [paid]


def test_after_a_reset_at_its_end_an_answer_is_there(
    image_server: ImageServer, client: openai.OpenAI
) -> None:
    image_server.script(Carried(Picture(), Line(ends="reset after")))
    assert generate(client)


def test_a_cut_answer_ends_in_order_before_its_content_length(image_server: ImageServer) -> None:
    image_server.script(Carried(Fault(500, b"0123456789"), Line(ends="cut")))
    head, _, body = raw(image_server).partition(b"\r\n\r\n")
    assert b"content-length: 10\r\n" in head + b"\r\n"
    assert body == b"01234"


def test_a_connection_can_be_turned_away_before_anything_is_read(
    image_server: ImageServer, client: openai.OpenAI
) -> None:
    image_server.turn_away(2)
    for _ in range(2):
        with pytest.raises(openai.APIConnectionError):
            generate(client)
    assert image_server.calls == []
    assert generate(client)


@pytest.mark.parametrize("encoding", ["data uri", "lines", "unpadded"])
def test_base64_can_be_written_as_gateways_do(
    image_server: ImageServer, encoding: Encoding
) -> None:
    image_server.script(Picture(encoding=encoding, format="png"))
    text = send(image_server, GOOD)[2]["data"][0]["b64_json"]
    data = base64.b64decode("".join(text.removeprefix("data:image/png;base64,").split()) + "==")
    [digest] = image_server.calls[0].picture_digests
    assert hashlib.sha256(data).hexdigest() == digest
    assert text.startswith("data:image/png;base64,") == (encoding == "data uri")
    assert ("\n" in text) == (encoding == "lines")


def get(url: str) -> tuple[int, bytes]:
    port, path = re.findall(r"^http://127\.0\.0\.1:(\d+)(/.*)$", url)[0]
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_picture_can_be_named_by_its_address_and_downloads_are_counted(
    image_server: ImageServer,
) -> None:
    image_server.script(PictureUrl())
    _, _, answer = send(image_server, GOOD)
    url = answer["data"][0]["url"]
    status, data = get(url)
    assert (status, hashlib.sha256(data).hexdigest()) == (200, image_server.calls[0].picture_digest)
    assert get(url)[1] == data
    assert (len(image_server.requests), len(image_server.downloads)) == (1, 2)
    assert len(image_server.paid_calls) == 1


def test_a_picture_can_wait_at_another_origin(image_server: ImageServer) -> None:
    with ImageServer() as other:
        image_server.elsewhere = other
        image_server.script(PictureUrl(elsewhere=True), Fault(307, "", {"location": ELSEWHERE}))
        url = send(image_server, GOOD)[2]["data"][0]["url"]
        assert get(url)[0] == 200
        assert (len(other.downloads), len(image_server.downloads)) == (1, 0)
        assert _sent_raw(image_server)[1]["location"] == other.origin


def test_a_download_can_fail_or_lead_anywhere(image_server: ImageServer) -> None:
    gone = PictureUrl(file=Fault(404, "gone"))
    image_server.script(gone, PictureUrl(url=f"{ORIGIN}/nowhere.png"))
    assert get(send(image_server, GOOD)[2]["data"][0]["url"]) == (404, b"gone")
    assert send(image_server, GOOD)[2]["data"] == [{"url": f"{image_server.origin}/nowhere.png"}]


def test_an_answer_can_repeat_the_key_and_name_a_moment(image_server: ImageServer) -> None:
    headers = {"Retry-After": date_in(90)}
    image_server.script(Fault(429, {"error": f"slow down, {KEY}"}, headers))
    status, received, answer = send(image_server, GOOD)
    assert (status, answer) == (429, {"error": f"slow down, {image_server.api_key}"})
    wait_s = parsedate_to_datetime(received["retry-after"]).timestamp() - time.time()
    assert 80 < wait_s < 100


def test_a_parameter_is_refused_until_it_is_not_sent(
    image_server: ImageServer, client: openai.OpenAI
) -> None:
    image_server.always = Refuses("quality", then=Picture(usage=None))
    with pytest.raises(openai.BadRequestError) as refused:
        generate(client)
    assert (refused.value.code, refused.value.param) == ("unknown_parameter", "quality")
    response, _ = generate(client, quality=openai.omit)
    assert response.usage is None


def test_a_safety_refusal_tells_its_stage_and_categories(image_server: ImageServer) -> None:
    image_server.script(Fault.moderation("output", "violence", "self-harm", paid=True))
    status, _, answer = send(image_server, GOOD)
    details = {"moderation_stage": "output", "categories": ["violence", "self-harm"]}
    assert (status, answer["error"]["moderation_details"]) == (400, details)
    assert len(image_server.paid_calls) == 1


def test_rate_headers_can_be_those_of_a_small_account(image_server: ImageServer) -> None:
    image_server.script(Picture(headers={"X-RateLimit-Limit-Requests": "5"}))
    assert send(image_server, GOOD)[1]["x-ratelimit-limit-requests"] == "5"


def test_a_gateway_may_take_more_parameters_than_openai() -> None:
    with ImageServer(accepts=["response_format"]) as server:
        assert send(server, GOOD | {"response_format": "b64_json"})[0] == 200
        assert send(server, GOOD | {"seed": 1})[0] == 400


# By hand


def test_run_by_hand_it_prints_what_to_export_and_a_line_for_each_paid_call(
    any_client: openai.OpenAI,
) -> None:
    command = [sys.executable, "-m", "tests.imageserver", "--key", "test"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            name, _, base_url = process.stdout.readline().strip().partition("=")
            assert name == "export IMAGEGEN_BASE_URL"
            assert process.stdout.readline() == "export IMAGEGEN_API_KEY=test\n"
            generate(any_client.with_options(base_url=base_url, api_key="test"))
            line = process.stdout.readline()
            assert line == "$0.005880  gpt-image-2 1024x1024 low  a red barn\n"
            process.send_signal(signal.SIGINT)
            assert process.stdout.read() == "paid calls: 1, $0.005880\n"
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_run_by_hand_on_a_port_in_use_it_says_so(image_server: ImageServer) -> None:
    port = image_server.base_url.split(":")[-1].removesuffix("/v1")
    command = [sys.executable, "-m", "tests.imageserver", "--port", port]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"port {port} can't be used: ")
    assert done.stdout == ""


# The guard that conftest.py puts around every test


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "api.openai.example"])
def test_a_test_can_not_reach_off_this_machine(host: str) -> None:
    with pytest.raises(pytest.fail.Exception, match=re.escape(host)):
        socket.create_connection((host, 443), timeout=1)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as each:
        with pytest.raises(pytest.fail.Exception, match=re.escape(host)):
            each.connect((host, 443))
        with pytest.raises(pytest.fail.Exception, match=re.escape(host)):
            each.connect_ex((host, 443))


def test_the_sdk_can_not_reach_off_this_machine(any_client: openai.OpenAI) -> None:
    with pytest.raises(pytest.fail.Exception, match="192"):
        any_client.with_options(base_url="http://192.0.2.1/v1").models.list()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "127.1.2.3"])
def test_a_test_can_reach_this_machine(name: str) -> None:
    with socket.create_server((name, 0)) as listening:
        socket.create_connection(listening.getsockname()[:2], timeout=1).close()


def test_a_test_can_use_sockets_of_the_file_system(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)


def test_the_environment_holds_nobodys_settings() -> None:
    mine = ("IMAGEGEN_", "OPENAI_", "NBILITY_")
    assert [name for name in os.environ if name.startswith(mine) or name == "CI"] == []
    assert os.environ["NO_MKDOCS_2_WARNING"] == "1"
