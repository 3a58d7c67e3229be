"""What goes wrong at the endpoint: told in a line, bought once, never with a key in it."""

from __future__ import annotations

import base64
import json
import re
from io import BytesIO

import pytest
from PIL import Image

from mkdocs_imagegen import images
from mkdocs_imagegen.errors import ProviderError
from mkdocs_imagegen.model import CoverRequest, Size
from mkdocs_imagegen.providers.openai import OpenAIProvider
from mkdocs_imagegen.settings import Endpoint
from tests.bills import apply_as_planned, said_cleanly, server_of, started
from tests.imageserver import Fault, Hangup, ImageServer, NotAPicture, Picture, RawBody
from tests.sites import Site


def write_covers(site: Site, names: str) -> None:
    for name in names:
        site.article(f"{name}.md", cover_prompt=f"Picture {name}", cover_quality="low")


def test_a_refused_key_stops_the_run_and_is_never_shown(site: Site) -> None:
    server = server_of(site)
    site.options["concurrency"] = 2
    write_covers(site, "abcdef")
    run = site.apply(IMAGEGEN_API_KEY="sk-not-the-right-one")
    assert run.code == 1
    assert "the API key is not accepted" in run.stderr
    assert "check IMAGEGEN_API_KEY" in run.stderr
    assert run.stderr.count("not sent") >= 4
    assert "sk-not-the-right-one" not in run.output
    assert "Traceback" not in run.output
    assert 1 <= len(server.calls) <= 2
    assert server.paid_calls == []
    assert apply_as_planned(site) == 6


def test_faults_of_single_requests_leave_the_others_alone(site: Site) -> None:
    server = server_of(site)
    site.options["concurrency"] = 1
    write_covers(site, "abcdef")
    server.script(
        Fault.openai(400, "moderation_blocked", "Your request was rejected."),
        Fault.openai(500, None, "The server had an error.", type="server_error"),
        Fault.openai(429, "rate_limit_exceeded", f"Slow down, {server.api_key}"),
        Hangup(),
        Fault(502, "<html><h1>Bad gateway</h1></html>"),
    )
    run = site.apply()
    said = said_cleanly(run, server)
    assert run.code == 1
    for line in (
        r"a\.md: the prompt was refused by the safety system.* \[request req_",
        r"b\.md: the endpoint failed \(500\).* \[request req_",
        r"c\.md: too many requests",
        r"d\.md: the connection broke.* may have been billed",
        r"e\.md: the endpoint failed \(502\)",
        r"f\.md: bought \(\$0\.00",
    ):
        assert re.search(f"^{line}", said, re.MULTILINE), said
    assert "Bought 1 of 6 covers" in said
    assert "<html>" not in said
    assert (len(server.calls), len(server.paid_calls)) == (6, 1)
    assert apply_as_planned(site) == 4  # what was refused is not sent again


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Fault.openai(429, "insufficient_quota", "You exceeded your quota."), "no credit is left"),
        (RawBody(b"<!doctype html><p>Welcome", "text/html"), "the endpoint answered with a page"),
        (Fault.openai(404, "model_not_found", "No such model."), "there is no model gpt-image-2"),
    ],
    ids=["quota", "html page", "no model"],
)
def test_faults_that_every_request_would_meet_stop_a_build(
    answer: Fault | RawBody, told: str, site: Site
) -> None:
    server = server_of(site)
    site.options |= {"concurrency": 1, "mode": "generate"}
    write_covers(site, "abc")
    server.script(answer, answer, answer)
    run = site.build()
    said = said_cleanly(run, server)
    assert run.code == 0, said  # a failed picture is a warning, and drawn
    assert f"a.md: {told}" in said
    assert said.count("not sent") == 2
    assert len(server.calls) == 1
    assert site.cover_of("a/index.html").is_file()


def test_paid_bytes_that_are_no_picture_are_kept_and_bought_again_only_when_told(
    site: Site,
) -> None:
    server = server_of(site)
    write_covers(site, "a")
    server.script(NotAPicture(b"GIF89a, so to speak"))
    first = site.apply()
    assert first.code == 1
    assert "a.md: the endpoint sent GIF" in said_cleanly(first, server)
    assert "apply --rebuy" in first.stderr
    assert len(server.paid_calls) == 1
    kept = [path.read_bytes() for path in site.root.glob(".cache/imagegen/originals/**/*.val")]
    assert kept == [b"GIF89a, so to speak"]

    assert site.actions() == {"a.md": "blocked"}
    again = site.apply()
    assert "paid for" in said_cleanly(again, server)
    built = site.build(CI="true")
    assert "paid for" in said_cleanly(built, server)
    assert site.cover_of("a/index.html").read_bytes()[:4] == b"RIFF"
    assert len(server.calls) == 1

    healed = site.apply("--rebuy")
    assert healed.code == 0, healed.output
    assert len(server.paid_calls) == 2
    assert site.apply("--rebuy").code == 0
    assert len(server.calls) == 2
    assert site.actions() == {"a.md": "reuse"}


def test_a_reader_that_is_gone_ends_the_buying(site: Site) -> None:
    server = server_of(site)
    site.options["concurrency"] = 1
    write_covers(site, "abcd")
    with server.gate.held():
        run = started(site, "apply", "--yes")
        server.wait_for(lambda: server.in_flight == 1)
        assert run.stderr is not None
        run.stderr.close()
    assert run.wait(60) != 0
    assert run.stdout is not None
    run.stdout.close()
    # The second was on its way before the first could be told of.
    assert 1 <= len(server.paid_calls) <= 2
    assert apply_as_planned(site) + len(server.paid_calls) >= 4
    assert len(server.paid_calls) == 4


PICTURE = "UklGRg=="
ODD_BODIES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "list": b"[]",
    "text": b'"ok"',
    "number": b"7",
    "no UTF-8": b"\xff\xfe{\x00}",
    "cut short": b'{"data": [{"b64_json": "UklG',
    "data is text": b'{"data": "nope"}',
    "data is a mapping": b'{"data": {"b64_json": "UklGRg=="}}',
    "data is empty": b'{"data": []}',
    "item is null": b'{"data": [null]}',
    "item is text": b'{"data": ["UklGRg=="]}',
    "picture is a number": b'{"data": [{"b64_json": 5}]}',
    "picture is no base64": '{"data": [{"b64_json": "Zürich"}]}'.encode(),
    "picture is an address": b'{"data": [{"url": "http://127.0.0.1/a.png"}]}',
    "error in a 200": b'{"error": {"message": "no", "code": null}}',
}


@pytest.mark.parametrize("body", ODD_BODIES.values(), ids=ODD_BODIES)
def test_an_odd_answer_is_an_error_of_ours(body: bytes, image_server: ImageServer) -> None:
    endpoint = Endpoint(image_server.base_url, image_server.api_key, "IMAGEGEN_API_KEY")
    provider = OpenAIProvider(endpoint, timeout_s=10)
    image_server.script(RawBody(body))
    try:
        told, kept = "", provider.generate(REQUEST).picture
    except ProviderError as error:
        told, kept = str(error), b""
    # What may have been billed is kept, and is no picture.
    assert images.sniff(kept) is None
    assert told or kept
    assert image_server.api_key not in told
    assert len(told) < 500
    assert len(image_server.calls) == 1


def test_a_gateway_that_sends_addresses_is_paid_once_and_asked_no_more(site: Site) -> None:
    server = server_of(site)
    site.options["concurrency"] = 1
    write_covers(site, "abc")
    address = {"data": [{"url": "https://10.0.0.1/p.png"}], "usage": None}
    server.script(*(RawBody(json.dumps(address).encode()) for _ in "abc"))
    run = site.apply()
    assert run.code == 1
    said = said_cleanly(run, server)
    assert "can't be fetched" in said
    assert "10.0.0.1: an address inside a private network" in said
    (kept,) = site.root.glob(".cache/imagegen/originals/**/*.val")
    assert f"its address is kept in {kept}" in said
    assert kept.read_bytes() == b"https://10.0.0.1/p.png"
    assert len(server.paid_calls) == 1
    assert sorted(site.actions().values()) == ["blocked", "generate", "generate"]


def test_a_data_prefix_before_the_base64_is_no_trouble(site: Site) -> None:
    server = server_of(site)
    write_covers(site, "a")
    encoded = base64.b64encode(webp_of(1536, 1024)).decode()
    body = {"data": [{"b64_json": f"data:image/webp;base64,{encoded}"}]}
    server.script(RawBody(json.dumps(body).encode()))
    assert site.apply().code == 0
    assert site.actions() == {"a.md": "reuse"}
    assert len(server.paid_calls) == 1


def test_another_shape_than_was_asked_for_is_told_and_cropped(site: Site) -> None:
    server = server_of(site)
    write_covers(site, "ab")
    site.options |= {"mode": "generate", "concurrency": 1}
    server.script(Picture(size=(640, 640)), Picture(size=(768, 512)))
    run = site.build()
    assert run.code == 0, run.output
    said = re.sub(r"\(\$[0-9.]+, ", "(", run.stderr)
    assert "WARNING -  mkdocs_imagegen: a.md: bought (640x640 came instead of 1536x1024: it" in said
    assert "INFO    -  mkdocs_imagegen: b.md: bought (768x512 came instead of 1536x1024)" in said
    shapes = {
        name: images.measure(site.cover_of(f"{name}/index.html").read_bytes()).size for name in "ab"
    }
    assert {name: str(size) for name, size in shapes.items()} == {"a": "640x427", "b": "768x512"}
    assert site.build("--strict").code == 0
    assert len(server.paid_calls) == 2


def webp_of(width_px: int, height_px: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width_px, height_px), "#335577").save(out, "WEBP")
    return out.getvalue()


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        [],
        "many",
        {"output_tokens": "many"},
        {"input_tokens": 5, "output_tokens": 6, "input_tokens_details": None},
        {"input_tokens": 5, "input_tokens_details": "some"},
        {"output_tokens": 1.5, "input_tokens": True},
        {"output_tokens": -4, "input_tokens": 10**30},
    ],
    ids=repr,
)
def test_odd_counts_never_lose_the_picture(usage: object, image_server: ImageServer) -> None:
    endpoint = Endpoint(image_server.base_url, image_server.api_key, "IMAGEGEN_API_KEY")
    body = {"created": 1, "data": [{"b64_json": PICTURE}], "usage": usage}
    image_server.script(RawBody(json.dumps(body).encode()))
    answer = OpenAIProvider(endpoint, timeout_s=10).generate(REQUEST)
    assert answer.picture == b"RIFF"


REQUEST = CoverRequest("generate", "gpt-image-2", "a fox", Size(1536, 1024), "low")
