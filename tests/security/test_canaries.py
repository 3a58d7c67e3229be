"""Keys, tokens and `.env` values leave no trace: every byte that runs write is searched."""

from __future__ import annotations

import base64
import re
import shutil
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.imageserver import KEY, Fault, ImageServer, Picture, RawBody
from tests.sites import Run, Site, run_in

API_KEY = "sk-canary-4b1d9f62e7a0"
OTHERS = {
    "UNRELATED_TOKEN": "canary-token-77ab01",
    "GITHUB_TOKEN": "ghp_canary5520cc",
    "AWS_SECRET_ACCESS_KEY": "canary-aws-0099fe",
    "IMAGEGEN_CACHE_SECRET": "canary-cache-31ab77",
}
DOTENV = {"DATABASE_PASSWORD": "canary-dotenv-8812dd", "OPENAI_API_KEY": "sk-canary-dotenv-55aa10"}
CANARIES = (API_KEY, *OTHERS.values(), *DOTENV.values())
FORMS = {
    form
    for canary in CANARIES
    for form in (
        canary.encode(),
        canary[::-1].encode(),
        canary.encode("utf-16-le"),
        canary.encode().hex().encode(),
        *(base64.b64encode(b" " * pad + canary.encode())[pad + 2 : -4] for pad in range(3)),
    )
}
LOUD = """
import logging
logging.basicConfig(level=1)
for name in ("openai", "httpx", "httpx2", "httpcore", "httpcore2", "h11", "asyncio", "PIL"):
    logging.getLogger(name).setLevel(1)
"""
ECHO = {"X-Echo": KEY, "X-Request-Id": f"req-{KEY}", "Location": f"/?key={KEY}", "Retry-After": "0"}
ECHOES: list[Fault | RawBody] = [
    Fault(401, {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "x"}}, ECHO),
    Fault(400, {"error": {"message": f"bad {KEY}", "param": KEY, "code": KEY, "type": KEY}}, ECHO),
    Fault(400, {"detail": [{"loc": ["body", KEY], "msg": f"no {KEY}", "type": KEY}]}, ECHO),
    Fault(500, f"<h1>Traceback</h1> Authorization: Bearer {KEY}", ECHO),
    Fault(302, "", ECHO),
    Fault(429, {"error": {"message": f"slow down, {KEY}", "code": "rate_limit_exceeded"}}, ECHO),
    Fault(400, {"error": {"code": "moderation_blocked", "message": f"no: {KEY}"}}, ECHO),
    RawBody(f'{{"data": [{{"b64_json": "{KEY}'.encode(), headers=ECHO),
    RawBody(f'{{"data": [], "error": {{"message": "{KEY}"}}}}'.encode(), headers=ECHO),
    RawBody(f'{{"data": [{{"url": "http://127.0.0.1:1/{KEY}"}}]}}'.encode(), headers=ECHO),
    RawBody(f"<html>{KEY}</html>".encode(), "text/html", headers=ECHO),
]


@pytest.fixture
def loud(tmp_path: Path) -> Iterator[Site]:
    """A site at its loudest, with every kind of secret around it."""
    with ImageServer(api_key=API_KEY) as server:
        options = {
            "price_as": "openai",
            "log_level": "debug",
            "retries": 0,
            "size": "1024x1024",
            "quality": "low",
        }
        site = Site(tmp_path / "site", server, options=options)
        site.config = {"hooks": ["loud.py"]}
        site.write("loud.py", LOUD)
        site.write(".env", "".join(f"{name}={value}\n" for name, value in DOTENV.items()))
        site.environ = {**OTHERS, "OPENAI_LOG": "debug", "HTTPX_LOG_LEVEL": "trace"}
        yield site


def assert_silent(site: Site, *runs: Run) -> None:
    """Search what the runs said and every byte that they left; `.env` is where secrets belong."""
    for run in runs:
        _assert_clean("the output", run.output.encode())
    for path in site.root.rglob("*"):
        if path.is_file() and path != site.root / ".env":
            _assert_clean(str(path), *_contents(path.read_bytes()))


def _contents(data: bytes) -> Iterator[bytes]:
    yield data
    for match in re.finditer(b"\x78[\x01\x5e\x9c\xda]", data):  # where zlib may begin
        unpacker = zlib.decompressobj()
        try:
            yield unpacker.decompress(data[match.start() :], 1_000_000)
        except zlib.error:
            continue
    try:
        with Image.open(BytesIO(data)) as image:
            yield repr((image.info, dict(image.getexif()))).encode()
    except OSError:
        pass


def _assert_clean(where: str, *texts: bytes) -> None:
    for text in texts:
        found = [form for form in FORMS if form in text]
        assert not found, (where, found, text[max(0, text.find(found[0]) - 200) :][:400])


def test_no_secret_is_found_anywhere_after_runs_that_went_well(loud: Site) -> None:
    assert loud.server is not None
    loud.article("a.md", cover_prompt="A fox")
    loud.article("b.md", cover_prompt="A lighthouse")
    loud.server.script(Picture("png", headers=ECHO), Picture("webp", headers=ECHO))
    runs = [
        loud.cli("plan"),
        loud.cli("plan", "--format", "html"),
        loud.apply(),
        loud.build("-v", "--strict", CI="true"),
        loud.cli("explain", "a.md"),
        loud.cli("doctor"),
        loud.cli("report", "costs", "--format", "json"),
    ]
    assert len(loud.server.paid_calls) == 2, runs[2].output
    assert runs[3].code == 0, runs[3].output
    assert_silent(loud, *runs)


def test_no_server_that_repeats_the_key_gets_it_into_a_log_or_file(loud: Site) -> None:
    assert loud.server is not None
    for n in range(len(ECHOES)):
        loud.article(f"a{n}.md", cover_prompt=f"A fox, {n}")
    runs = []
    for answer in ECHOES:
        loud.server.script(answer)
    runs += [loud.build("-v", "--strict", IMAGEGEN_MODE="generate") for _ in range(3)]
    runs.append(loud.apply())
    assert len(loud.server.calls) >= len(ECHOES) - 2
    assert_silent(loud, *runs)


def test_a_traceback_of_the_whole_run_holds_no_secret(loud: Site) -> None:
    """What a crash prints in other tools: every local variable of every frame."""
    code = """
import sys, traceback
from mkdocs_imagegen.environment import pair
from mkdocs_imagegen.model import CoverRequest, Size
from mkdocs_imagegen.providers.openai import OpenAIProvider
url, name = sys.argv[1:3]
import os
endpoint = pair(url, "base_url", name, dict(os.environ))
print(repr(endpoint))
provider = OpenAIProvider(endpoint, timeout_s=5)
for n in range(int(sys.argv[3])):
    request = CoverRequest("generate", "gpt-image-2", f"a fox {n}", Size(1024, 1024), "low")
    try:
        provider.generate(request)
    except Exception as error:
        traceback.print_exc()
        print(repr(error), repr(vars(error)))
"""
    assert loud.server is not None
    loud.write("crash.py", code)
    loud.configure()
    for answer in ECHOES:
        loud.server.script(answer)
    args = (loud.server.base_url, "IMAGEGEN_API_KEY", str(len(ECHOES)))
    run = run_in(loud.root, "crash", *args, IMAGEGEN_API_KEY=API_KEY, OPENAI_LOG="debug")
    assert run.stderr.count("Traceback") >= len(ECHOES), run.output
    assert_silent(loud, run)


def test_the_search_finds_what_it_looks_for(loud: Site) -> None:
    """A test of the tests: a canary in a picture's metadata is seen."""
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = API_KEY
    Image.new("RGB", (8, 8)).save(out, "PNG", exif=exif)
    path = loud.write("site/x.png", "")
    for data in (
        out.getvalue(),
        zlib.compress(API_KEY.encode()),
        base64.b64encode(API_KEY.encode()),
    ):
        path.write_bytes(data)
        with pytest.raises(AssertionError):
            assert_silent(loud)
    shutil.rmtree(loud.built)
    assert_silent(loud)
