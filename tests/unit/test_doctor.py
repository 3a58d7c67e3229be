"""The doctor's checks on real engines and real servers; the command itself is tested elsewhere."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mkdocs_imagegen.checkup import checkup_json, checkup_summary, checkup_text
from mkdocs_imagegen.checkup.endpoint import check_endpoint, check_key
from mkdocs_imagegen.checkup.findings import Examined, Finding, Layer
from mkdocs_imagegen.checkup.keeping import check_git, check_originals, check_store
from mkdocs_imagegen.checkup.live import buy_offer, make_offer
from mkdocs_imagegen.checkup.machine import check_ci, check_dotenv, check_pictures, check_versions
from mkdocs_imagegen.checkup.money import check_models, check_prices
from mkdocs_imagegen.checkup.site import (
    check_address,
    check_articles,
    check_mode,
    check_template,
    check_walls,
)
from mkdocs_imagegen.engine import Engine
from mkdocs_imagegen.errors import NetworkError, SettingsError
from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.lockfile import write
from mkdocs_imagegen.locking import LockfilePlace
from mkdocs_imagegen.model import (
    Approved,
    ArticleSource,
    Cover,
    CoverRequest,
    Diagnostic,
    Entry,
    Lockfile,
    Order,
    Orders,
    Record,
    RowState,
    Size,
)
from mkdocs_imagegen.packaged import price_book
from mkdocs_imagegen.providers import OnAnswer
from mkdocs_imagegen.providers.looking import look_at_model
from mkdocs_imagegen.providers.openai import OpenAIProvider
from mkdocs_imagegen.settings import Budget, Endpoint, Mode, Settings, SiteFacts
from mkdocs_imagegen.store.ledger import LEDGER
from tests.imageserver import Fault, ImageServer, NotAPicture, Picture, PictureUrl

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
TODAY = NOW.date()
KEY = "sk-secret-of-the-test"


def order(model: str) -> Order:
    source = ArticleSource(f"{model}.md", model, {})
    cover = Cover(source, "A fox.", model, Size(1536, 1024), "low", "cover.j2")
    return Order(cover, CoverRequest("generate", model, "A fox.", cover.size, cover.quality))


def examined(
    tmp_path: Path,
    *models: str,
    settings: Settings | None = None,
    endpoint: Endpoint | None = None,
    own_rows: dict[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    templates: Mapping[str, str] | None = None,
    in_ci: bool = False,
    now: dt.datetime = NOW,
) -> Examined:
    engine = Engine(
        settings or Settings(),
        cache_dir=tmp_path / "cache",
        lockfile=LockfilePlace(tmp_path / "imagegen.lock"),
        endpoint=endpoint,
        book=price_book().with_rows(own_rows or {}),
        templates=templates,
        in_ci=in_ci,
    )
    orders = Orders(tuple(map(order, models)))
    return Examined(engine, orders, now, tmp_path, environ or {})


def summed(findings: Iterator[Finding]) -> list[tuple[str, str]]:
    return [(finding.name, finding.verdict) for finding in findings]


def ends(on: str) -> dict[str, object]:
    row = {"per_image": 0.04, "shut_down": {"on": on, "successor": "gpt-image-3"}}
    return {"gpt-image-2": row}


class TestSite:
    def test_it_tells_its_covers_and_where_to_read_of_troubles(self, tmp_path: Path) -> None:
        site = examined(tmp_path, "gpt-image-2")
        assert list(check_articles(site)) == [
            Finding("ok", "mkdocs.yml", "read; the articles ask for 1 cover")
        ]
        told = (Diagnostic("info", "a"), Diagnostic("warning", "b"), Diagnostic("error", "c"))
        site = replace(site, orders=replace(site.orders, diagnostics=told))
        assert summed(check_articles(site))[1:] == [("articles", "error"), ("articles", "warning")]

    def test_a_missing_address_is_good_to_know(self, tmp_path: Path) -> None:
        assert summed(check_address(examined(tmp_path))) == [("site_url", "info")]
        there = Settings(site=SiteFacts(url="https://example.com/"))
        assert summed(check_address(examined(tmp_path, settings=there))) == []

    def test_a_template_is_rendered_on_trial(self, tmp_path: Path) -> None:
        (found,) = check_template(examined(tmp_path))
        assert (found.verdict, "cover.j2 renders" in found.message) == ("ok", True)
        own = Settings(template="mine.j2")
        broken = examined(tmp_path, settings=own, templates={"mine.j2": "{{ cover.promt }}"})
        (found,) = check_template(broken)
        assert (found.name, found.verdict) == ("template", "error")
        assert "mine.j2, line 1" in found.message
        assert found.hint

    def test_what_a_build_here_does_is_told(self, tmp_path: Path) -> None:
        (found,) = check_mode(examined(tmp_path, settings=Settings(mode=Mode.PLAN)))
        assert found.message.startswith("a build here does not buy (mode: plan")

    def test_walls_are_told_with_what_the_month_holds(self, tmp_path: Path) -> None:
        (found,) = check_walls(examined(tmp_path))
        assert (found.verdict, found.message) == (
            "info",
            "at most 25 pictures a build; there is none in USD",
        )
        walls = Settings(budget=Budget(per_month_usd=price_book().text_usd("gpt-image-2", 400_000)))
        site = examined(tmp_path, settings=walls)
        (found,) = check_walls(site)
        site.engine.close()
        assert found.verdict == "ok"
        assert found.message.endswith("$2.0000 a month; $0.0000 spent or set aside this month")


class TestMachine:
    def test_versions_and_picture_formats_are_told(self) -> None:
        assert "openai " in check_versions().message
        assert list(check_pictures()) == [
            Finding("ok", "pictures", "Pillow writes and reads WebP, JPEG and PNG")
        ]

    def test_the_names_in_dotenv_are_told_and_no_values(self, tmp_path: Path) -> None:
        assert check_dotenv(tmp_path, {}).verdict == "ok"
        (tmp_path / ".env").write_text(f"IMAGEGEN_API_KEY={KEY}\nOTHER=1\n", encoding="utf-8")
        found = check_dotenv(tmp_path, {})
        assert (found.verdict, found.message) == ("ok", "read; it gives IMAGEGEN_API_KEY")
        hidden = check_dotenv(tmp_path, {"IMAGEGEN_API_KEY": "another"})
        assert hidden.message == "read; it gives no variable of this plugin"
        (tmp_path / ".env").write_bytes(b"\xff\xfe\x00\xd8")
        assert check_dotenv(tmp_path, {}).verdict == "error"

    @pytest.mark.parametrize(
        ("environ", "verdict", "told"),
        [
            ({"CI": "true", "IMAGEGEN_API_KEY": ""}, "warning", "IMAGEGEN_API_KEY is set, but"),
            ({"CI": "true", "MY_KEY": "", "OPENAI_API_KEY": " "}, "warning", "OPENAI_API_KEY is"),
            ({"CI": "1", "IMAGEGEN_API_KEY": "", "OPENAI_API_KEY": KEY}, "info", "IMAGEGEN_API_"),
            ({"CI": "1", "OPENAI_API_KEY": KEY}, "ok", "1 key set"),
            ({"CI": "1"}, "ok", "no key is set, and none is empty"),
            ({"OPENAI_API_KEY": ""}, "info", "counts as not set"),
            ({"IMAGEGEN_DRY_RUN": "1"}, "info", "nothing is bought here"),
        ],
    )
    def test_a_secret_that_came_empty_is_named(
        self, environ: Mapping[str, str], verdict: str, told: str
    ) -> None:
        (found,) = check_ci(environ)
        assert (found.verdict, told in found.message) == (verdict, True)
        assert bool(found.hint) == (found.name == "CI" and verdict != "ok")

    def test_outside_a_ci_with_nothing_empty_there_is_nothing_to_tell(self) -> None:
        assert list(check_ci({"OPENAI_API_KEY": KEY})) == []


class TestKey:
    def test_names_host_and_origin_are_told_and_the_key_never(self, tmp_path: Path) -> None:
        base_url = "https://user:word@gateway.example/v1?token=1"
        endpoint = Endpoint(base_url, KEY, "IMAGEGEN_API_KEY")
        environ = {"IMAGEGEN_API_KEY": KEY, "OPENAI_API_KEY": KEY}
        site = examined(tmp_path, endpoint=endpoint, environ=environ)
        assert list(check_key(site)) == [
            Finding(
                "ok",
                "key",
                "IMAGEGEN_API_KEY (environment) goes to gateway.example, as base_url in "
                "mkdocs.yml says; OPENAI_API_KEY goes nowhere",
            )
        ]

    def test_a_key_of_dotenv_with_its_own_address_is_told_so(self, tmp_path: Path) -> None:
        text = f"NBILITY_API_KEY={KEY}\nNBILITY_BASE_URL=https://nbility.example/v1\n"
        (tmp_path / ".env").write_text(text, encoding="utf-8")
        endpoint = Endpoint("https://nbility.example/v1", KEY, "NBILITY_API_KEY")
        (found,) = check_key(examined(tmp_path, endpoint=endpoint))
        assert found.message == (
            "NBILITY_API_KEY (.env) goes to nbility.example, as NBILITY_BASE_URL (.env) says"
        )

    @pytest.mark.parametrize(
        ("settings", "verdict", "told"),
        [
            (Settings(), "info", "none is set"),
            (Settings(mode=Mode.FROZEN), "ok", "frozen needs none"),
            (Settings(provider="sketch"), "ok", "none is needed"),
        ],
    )
    def test_a_missing_key_is_no_fault(
        self, tmp_path: Path, settings: Settings, verdict: str, told: str
    ) -> None:
        (found,) = check_key(examined(tmp_path, settings=settings))
        assert (found.verdict, told in found.message) == (verdict, True)
        assert bool(found.hint) == (verdict != "ok")

    def test_a_build_that_must_buy_needs_one(self, tmp_path: Path) -> None:
        site = examined(tmp_path, settings=Settings(mode=Mode.GENERATE))
        orders = site.engine.order(
            [ArticleSource("a.md", "A", {"cover_prompt": "A fox"})], lambda _: {}
        )
        plan = site.engine.plan(orders)
        site.engine.close()
        (found,) = check_key(replace(site, orders=orders, plan=plan))
        assert found.verdict == "error"


Respond = Callable[[str], tuple[int, Mapping[str, str], bytes]]
"""From a path to status, headers and body."""
JSON = {"content-type": "application/json"}


@contextmanager
def gateway(respond: Respond) -> Iterator[str]:
    """Serve GET on this machine, and yield the base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = respond(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


def looked_at(tmp_path: Path, respond: Respond) -> dict[str, Finding]:
    with gateway(respond) as base_url:
        endpoint = Endpoint(base_url, KEY, "IMAGEGEN_API_KEY")
        site = examined(tmp_path, endpoint=endpoint, now=dt.datetime.now(dt.UTC))
        return {finding.name: finding for finding in check_endpoint(site)}


def error_body(code: str | None) -> bytes:
    return json.dumps({"error": {"message": f"with {KEY}", "code": code}}).encode()


def verdicts(found: Mapping[str, Finding]) -> str:
    return " ".join(f"{name.split()[0]}:{each.verdict}" for name, each in found.items())


class TestEndpoint:
    def test_without_a_key_no_connection_is_opened(self, tmp_path: Path) -> None:
        assert summed(check_endpoint(examined(tmp_path))) == [("address", "skipped")]
        sketch = Settings(provider="sketch")
        endpoint = Endpoint("http://127.0.0.1:9/v1", KEY, "IMAGEGEN_API_KEY")
        site = examined(tmp_path, endpoint=endpoint, settings=sketch)
        assert summed(check_endpoint(site)) == [("address", "skipped")]

    def test_address_clock_key_and_each_model_are_told_by_free_requests(
        self, tmp_path: Path, image_server: ImageServer
    ) -> None:
        endpoint = Endpoint(image_server.base_url, image_server.api_key, "IMAGEGEN_API_KEY")
        site = examined(
            tmp_path,
            *("gpt-image-2", "gpt-image-1.5", "gpt-image-9"),
            endpoint=endpoint,
            settings=Settings(priced=False),
            now=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=90, seconds=5),
        )
        address, clock, key, there, ending, missing = check_endpoint(site)
        assert (address.verdict, " answers over HTTP in " in address.message) == ("ok", True)
        assert clock.message == "this machine is 90 minutes ahead of the server"
        assert clock.verdict == "warning"
        assert (key.name, key.verdict) == ("key accepted", "ok")
        assert (there.verdict, ending.verdict, missing.verdict) == ("ok", "warning", "warning")
        assert "2026-12-01" in ending.message
        assert "no model gpt-image-9" in missing.message
        assert {call.method for call in image_server.calls} == {"GET"}
        assert not image_server.paid_calls

    def test_a_model_that_something_waits_for_must_be_there(
        self, tmp_path: Path, image_server: ImageServer
    ) -> None:
        endpoint = Endpoint(image_server.base_url, image_server.api_key, "IMAGEGEN_API_KEY")
        settings = Settings(model="gpt-image-9")
        site = examined(tmp_path, endpoint=endpoint, settings=settings)
        assert list(check_endpoint(site))[-1].verdict == "error"

    def test_a_wrong_key_is_an_error_that_names_its_variable(
        self, tmp_path: Path, image_server: ImageServer
    ) -> None:
        endpoint = Endpoint(image_server.base_url, KEY, "IMAGEGEN_API_KEY")
        found = list(check_endpoint(examined(tmp_path, endpoint=endpoint)))
        (key,) = (each for each in found if each.name == "key accepted")
        assert (key.verdict, "IMAGEGEN_API_KEY" in key.hint) == ("error", True)
        assert found[-1].verdict == "skipped"
        assert KEY not in str(found)

    @pytest.mark.parametrize(
        ("status", "headers", "body", "expected"),
        [
            (404, JSON, error_body(None), "address:ok clock:ok key:skipped model:skipped"),
            (404, JSON, error_body("model_not_found"), "address:ok clock:ok key:ok model:error"),
            (405, {}, b"", "address:ok clock:ok key:skipped model:skipped"),
            (200, JSON, b'{"id": "gpt-image-2"}', "address:ok clock:ok key:ok model:ok"),
            (200, JSON, b"{}", "address:ok clock:ok key:skipped model:skipped"),
            (200, JSON, b"[1]", "address:warning clock:ok key:skipped model:skipped"),
            (200, {"content-type": "text/html"}, b"<html>", "address:warning clock:ok key:skipped"),
            (200, JSON, b"[" * 5000, "address:warning clock:ok key:skipped model:skipped"),
            (302, {"location": "https://a.example/x"}, b"", "address:error clock:ok key:skipped"),
            (401, JSON, error_body("x"), "address:ok clock:ok key:error model:skipped"),
            (402, JSON, b'{"error": "no"}', "address:ok clock:ok key:warning model:skipped"),
            (403, JSON, error_body(None), "address:ok clock:ok key:warning model:skipped"),
            (429, JSON, error_body("insufficient_quota"), "address:ok clock:ok key:warning"),
            (503, {}, b"down", "address:warning clock:ok key:skipped model:skipped"),
        ],
    )
    def test_each_answer_has_its_verdicts(
        self, tmp_path: Path, status: int, headers: Mapping[str, str], body: bytes, expected: str
    ) -> None:
        found = looked_at(tmp_path, lambda _path: (status, headers, body))
        assert verdicts(found).startswith(expected)
        assert KEY not in str(found)

    @pytest.mark.parametrize(("listed", "verdict"), [("gpt-image-2", "ok"), ("sd-3", "error")])
    def test_a_gateway_with_a_list_only_is_asked_for_that(
        self, tmp_path: Path, listed: str, verdict: str
    ) -> None:
        cards = json.dumps({"object": "list", "data": [{"id": listed}, "odd"]}).encode()

        def respond(path: str) -> tuple[int, Mapping[str, str], bytes]:
            return (200, JSON, cards) if path == "/v1/models" else (404, JSON, b'{"detail": "no"}')

        found = looked_at(tmp_path, respond)
        assert found["key accepted"].verdict == "ok"
        assert found["model there"].verdict == verdict

    @pytest.mark.parametrize("told", ['"2027-06-01"', '"soon"', "7", "null"])
    def test_an_end_that_is_far_or_no_date_is_no_warning(self, tmp_path: Path, told: str) -> None:
        body = f'{{"id": "gpt-image-2", "shutdown_date": {told}}}'.encode()
        assert looked_at(tmp_path, lambda _: (200, JSON, body))["model there"].verdict == "ok"

    def test_key_and_query_go_as_the_endpoint_wants_them(self, tmp_path: Path) -> None:
        seen: list[str] = []

        def respond(path: str) -> tuple[int, Mapping[str, str], bytes]:
            seen.append(path)
            return 200, JSON, b'{"id": "a/b"}'

        with gateway(respond) as base_url:
            query = {"api-version": "2026-10-01"}
            look_at_model(Endpoint(base_url, KEY, "K", key_header="api-key", query=query), "a/b")
        assert seen == ["/v1/models/a%2Fb?api-version=2026-10-01"]

    def test_nobody_at_the_address_is_an_error_with_its_mend(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        endpoint = Endpoint(f"http://127.0.0.1:{port}/v1", KEY, "IMAGEGEN_API_KEY")
        address, model = check_endpoint(examined(tmp_path, endpoint=endpoint))
        assert (address.verdict, "takes no connection" in address.message) == ("error", True)
        assert address.hint
        assert model.verdict == "skipped"

    @pytest.mark.parametrize("path", ["/images/generations", "/images/generations/"])
    def test_a_base_url_that_names_the_route_is_an_error(self, tmp_path: Path, path: str) -> None:
        asked: list[str] = []

        def respond(path: str) -> tuple[int, Mapping[str, str], bytes]:
            asked.append(path)
            return 404, JSON, b"{}"

        with gateway(respond) as base_url:
            endpoint = Endpoint(base_url + path, KEY, "IMAGEGEN_API_KEY")
            address, model = check_endpoint(examined(tmp_path, endpoint=endpoint))
        assert (address.verdict, address.hint) == ("error", "leave /images/generations off")
        assert (model.verdict, asked) == ("skipped", [])

    def test_silence_ends_after_the_limit(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            endpoint = Endpoint(f"http://127.0.0.1:{port}/v1", KEY, "IMAGEGEN_API_KEY")
            with pytest.raises(NetworkError, match=r"does not answer within 0\.2 seconds"):
                look_at_model(endpoint, "gpt-image-2", limit_s=0.2)

    def test_headers_that_dribble_end_after_the_limit_too(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def dribble() -> None:
                connection, _ = listening.accept()
                left = threading.Event()  # never set: waiting for it is the pause
                with connection, contextlib.suppress(OSError):
                    connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
                    while not left.wait(0.05):
                        connection.sendall(b".")

            thread = threading.Thread(target=dribble)
            thread.start()
            port = listening.getsockname()[1]
            endpoint = Endpoint(f"http://127.0.0.1:{port}/v1", KEY, "IMAGEGEN_API_KEY")
            with pytest.raises(NetworkError, match=r"does not answer within 0\.3 seconds"):
                look_at_model(endpoint, "gpt-image-2", limit_s=0.3)
            thread.join(10)
            assert not thread.is_alive()

    def test_https_where_http_is_spoken_is_told(self) -> None:
        with gateway(lambda _: (200, JSON, b"{}")) as base_url:
            endpoint = Endpoint(base_url.replace("http:", "https:"), KEY, "IMAGEGEN_API_KEY")
            with pytest.raises(NetworkError, match="no HTTP that can be read") as caught:
                look_at_model(endpoint, "gpt-image-2")
        assert "http or https" in caught.value.hint

    def test_a_proxy_of_an_unknown_kind_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "gopher://127.0.0.1:1")
        endpoint = Endpoint("https://gateway.example/v1", KEY, "IMAGEGEN_API_KEY")
        with pytest.raises(NetworkError, match="no connection can be prepared") as caught:
            look_at_model(endpoint, "gpt-image-2")
        assert "HTTPS_PROXY" in caught.value.hint


class TestKeeping:
    def test_a_store_that_can_be_written_is_well(self, tmp_path: Path) -> None:
        site = examined(tmp_path, "gpt-image-2")
        store, disk, ledger = check_store(site)
        site.engine.close()
        assert store.message.endswith("cache: 0 originals; a trial file was written and removed")
        assert {store.verdict, disk.verdict, ledger.verdict} == {"ok"}
        assert not [p for p in (tmp_path / "cache/originals").iterdir() if p.suffix == ".tmp"]

    def test_a_store_that_cant_be_opened_is_an_error_with_its_mend(self, tmp_path: Path) -> None:
        (tmp_path / "cache").write_text("no folder", encoding="utf-8")
        (found,) = check_store(examined(tmp_path, "gpt-image-2"))
        assert (found.verdict, bool(found.hint)) == ("error", True)

    def test_a_ledger_that_is_garbage_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "cache").mkdir()
        (tmp_path / "cache" / LEDGER).write_bytes(b"garbage" * 1000)
        site = examined(tmp_path, "gpt-image-2")
        found = list(check_store(site))
        site.engine.close()
        assert (found[-1].name, found[-1].verdict) == ("ledger", "error")

    def test_a_site_without_covers_gets_no_store(self, tmp_path: Path) -> None:
        assert summed(check_store(examined(tmp_path))) == [("store", "skipped")]
        assert list(tmp_path.iterdir()) == []

    def test_originals_are_read_and_counted(self, tmp_path: Path) -> None:
        names = ("whole", "changed", "gone")
        pictures = {name: name.encode() * 10 for name in names}
        keys = {name: digest(name.encode()) for name in names}
        entries = tuple(
            Entry(f"{name}.md", approved=_approved(keys[name], pictures[name])) for name in names
        )
        text = write(Lockfile(entries=entries))
        (tmp_path / "imagegen.lock").write_text(text, encoding="utf-8")
        site = examined(tmp_path)
        for name in ("whole", "changed"):
            site.engine.store.put(_record(keys[name], pictures[name]), pictures[name])
        path = site.engine.store.original_path(_record(keys["changed"], pictures["changed"]))
        path.write_bytes(b"x" * len(pictures["changed"]))
        found = list(check_originals(site))
        site.engine.close()
        assert [each.message for each in found] == [
            "1 of 3 originals there, by digest; 1 damaged",
            "1 of 3 originals there, by digest; 1 in no store",
        ]
        assert all(each.verdict == "warning" and each.hint for each in found)

    def test_what_git_leaves_out_by_mistake_is_an_error(self, tmp_path: Path) -> None:
        (found,) = check_git(tmp_path, None)
        assert found.verdict == "skipped"
        subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
        covers = tmp_path / "covers"
        (found,) = check_git(tmp_path, covers)
        assert found == Finding("ok", "git", "takes imagegen.lock and covers")
        (tmp_path / ".gitignore").write_text("site/\n*.lock\n*.webp\n", encoding="utf-8")
        lockfile, pictures = check_git(tmp_path, covers)
        assert lockfile.verdict == pictures.verdict == "error"
        assert "imagegen.lock is ignored by .gitignore line 2" in lockfile.message
        assert "covers is ignored by .gitignore line 3" in pictures.message
        assert lockfile.hint.endswith("!imagegen.lock")


def _approved(key: str, picture: bytes) -> Approved:
    return Approved(
        key,
        digest(picture),
        len(picture),
        "gpt-image-2",
        Size(1536, 1024),
        "low",
        "2026-10-01T08:00:00+00:00",
    )


def _record(key: str, picture: bytes) -> Record:
    return Record(
        request_key=key,
        digest=digest(picture),
        size_bytes=len(picture),
        article="a.md",
        sent={},
        endpoint="https://api.openai.com",
        received_at="2026-10-01T08:00:00+00:00",
        usage=None,
        usd=None,
        request_id="",
    )


class TestMoney:
    @pytest.mark.parametrize(
        ("on", "verdict"),
        [
            ("2026-11-21", "warning"),
            ("2026-11-22", "warning"),
            ("2026-11-23", "warning"),
            ("2027-01-21", "warning"),
            ("2027-01-22", ""),
        ],
    )
    def test_a_models_end_is_told_sixty_days_before(
        self, tmp_path: Path, on: str, verdict: str
    ) -> None:
        found = list(check_models(examined(tmp_path, "gpt-image-2", own_rows=ends(on))))
        assert [finding.verdict for finding in found] == [verdict] * bool(verdict)
        assert all(finding.hint == "set `model: gpt-image-3` in mkdocs.yml" for finding in found)
        assert all(f"shut down on {on}" in finding.message for finding in found)

    def test_an_end_is_told_once_and_only_of_openais_own_endpoint(self, tmp_path: Path) -> None:
        rows = ends("2026-11-01")
        models = ("gpt-image-2", "gpt-image-2", "gpt-image-2.6-flare")
        assert len(list(check_models(examined(tmp_path, *models, own_rows=rows)))) == 1
        for settings in (Settings(priced=False), Settings(provider="sketch")):
            there = examined(tmp_path, "gpt-image-2", own_rows=rows, settings=settings)
            assert list(check_models(there)) == []

    def test_prices_are_told_with_their_day_and_from_180_days_on_as_old(
        self, tmp_path: Path
    ) -> None:
        site = examined(tmp_path, "gpt-image-2")
        as_of = dt.date.fromisoformat(site.engine.book.rows["gpt-image-2"].as_of)
        noon = dt.datetime.combine(as_of, dt.time(12), dt.UTC)
        (fresh,) = check_prices(replace(site, now=noon + dt.timedelta(days=180)))
        assert fresh == Finding("ok", "prices", f"OpenAI's for gpt-image-2, as of {as_of}")
        (old,) = check_prices(replace(site, now=noon + dt.timedelta(days=181)))
        assert (old.verdict, "181 days ago" in old.message) == ("info", True)

    def test_prices_that_nobody_knows_are_told_and_own_ones_hold_anywhere(
        self, tmp_path: Path
    ) -> None:
        elsewhere = Settings(priced=False)
        (unknown,) = check_prices(examined(tmp_path, "gpt-image-2", settings=elsewhere))
        assert (unknown.verdict, "prices:" in unknown.hint) == ("info", True)
        assert "USD" not in unknown.message
        (unknown,) = check_prices(examined(tmp_path, "dall-e-9"))
        assert "dall-e-9" in unknown.message
        own: dict[str, object] = {"dall-e-9": {"per_image": 0.04}}
        (known,) = check_prices(examined(tmp_path, "dall-e-9", settings=elsewhere, own_rows=own))
        assert known == Finding("ok", "prices", "your own for dall-e-9")

    @pytest.mark.parametrize(
        "wall", [Budget(per_build_usd=Decimal(1)), Budget(per_month_usd=Decimal(1))]
    )
    def test_without_a_price_a_wall_in_usd_is_an_error_where_something_waits(
        self, tmp_path: Path, wall: Budget
    ) -> None:
        walled = Settings(priced=False, budget=wall)
        (waiting,) = check_prices(examined(tmp_path, settings=walled))
        assert (waiting.verdict, "lets nothing through" in waiting.message) == ("error", True)
        assert "price_as: openai" in waiting.hint
        (all_there,) = check_prices(examined(tmp_path, "gpt-image-2", settings=walled))
        assert all_there.verdict == "warning"

    def test_a_model_past_its_end_gets_no_hint_to_name_its_price(self, tmp_path: Path) -> None:
        site = examined(tmp_path, "dall-e-3")
        (end,) = check_models(site)
        (prices,) = check_prices(site)
        assert (end.verdict, prices.verdict, prices.hint) == ("warning", "skipped", "")


class TestLive:
    def bought(
        self, tmp_path: Path, server: ImageServer, settings: Settings | None = None
    ) -> tuple[list[Finding], Engine]:
        endpoint = Endpoint(server.base_url, server.api_key, "IMAGEGEN_API_KEY")
        engine = examined(tmp_path, endpoint=endpoint, settings=settings).engine
        offer = make_offer(engine, TODAY)

        def provider(on_answer: OnAnswer) -> OpenAIProvider:
            return OpenAIProvider(endpoint, timeout_s=30, on_answer=on_answer)

        findings = list(buy_offer(engine, offer, provider, lambda: NOW))
        engine.close()
        return findings, engine

    def test_the_smallest_picture_is_bought_booked_and_shown(
        self, tmp_path: Path, image_server: ImageServer
    ) -> None:
        found, engine = self.bought(tmp_path, image_server)
        assert summed(iter(found)) == [
            ("answer", "ok"),
            ("picture", "ok"),
            ("format", "ok"),
            ("size", "ok"),
            ("usage", "ok"),
        ]
        (call,) = image_server.paid_calls
        assert call.body is not None
        assert (call.body["quality"], call.body["model"]) == ("low", "gpt-image-2")
        (row,) = engine.ledger.rows()
        assert (row.article, row.state) == ("(doctor)", RowState.SETTLED)
        assert row.actual_usd == row.estimated_usd
        assert list(engine.store.records()) == []
        (picture,) = (tmp_path / "cache/doctor").iterdir()
        assert found[0].message == "the picture came as base64"
        assert str(picture) in found[1].message
        engine.close()

    def test_its_price_is_named_before(self, tmp_path: Path) -> None:
        endpoint = Endpoint("http://127.0.0.1:9/v1", KEY, "IMAGEGEN_API_KEY")
        offer = make_offer(examined(tmp_path, endpoint=endpoint).engine, TODAY)
        assert str(offer).endswith(", low, for about $0.0033")
        unpriced = examined(tmp_path, endpoint=endpoint, settings=Settings(priced=False)).engine
        assert "price unknown" in str(make_offer(unpriced, TODAY))

    def test_what_comes_is_compared_with_what_was_asked_for(
        self, tmp_path: Path, image_server: ImageServer
    ) -> None:
        usage = {"input_tokens": 20, "output_tokens": 4000}
        image_server.script(Picture(format="png", size=(64, 64), usage=usage), Picture(usage=None))
        found, _ = self.bought(tmp_path, image_server)
        assert [each.verdict for each in found] == ["ok", "ok", "info", "warning", "warning"]
        found, _ = self.bought(tmp_path, image_server)
        assert (found[-1].name, found[-1].verdict) == ("usage", "info")

    def test_an_answer_that_is_no_picture_is_an_error_and_kept(
        self, tmp_path: Path, image_server: ImageServer
    ) -> None:
        image_server.script(NotAPicture(b"<svg/>"))
        (_, found), engine = self.bought(tmp_path, image_server)
        assert (found.verdict, "SVG" in found.message) == ("error", True)
        assert [path.read_bytes() for path in (tmp_path / "cache/doctor").iterdir()] == [b"<svg/>"]
        (row,) = engine.ledger.rows()
        assert row.state is RowState.SETTLED
        engine.close()

    def test_a_picture_at_an_address_is_told_so_and_a_missing_one_is_an_error(
        self, tmp_path: Path, image_server: ImageServer
    ) -> None:
        image_server.script(PictureUrl(), PictureUrl(file=Fault(404)))
        found, _ = self.bought(tmp_path, image_server)
        assert found[0].message == "the picture came as an address, and was fetched from there"
        assert {each.verdict for each in found} == {"ok"}
        (_, picture), engine = self.bought(tmp_path, image_server)
        assert (picture.verdict, "paid for" in picture.message) == ("error", True)
        assert {row.state for row in engine.ledger.rows()} == {RowState.SETTLED}
        engine.close()

    @pytest.mark.parametrize(
        ("fault", "state"),
        [
            (Fault.openai(401, "invalid_api_key", "no"), RowState.RELEASED),
            (Fault(504), RowState.POSSIBLY_BILLED),
        ],
    )
    def test_a_failure_is_booked_as_a_builds_would_be(
        self, tmp_path: Path, image_server: ImageServer, fault: Fault, state: RowState
    ) -> None:
        image_server.script(fault)
        (found,), engine = self.bought(tmp_path, image_server)
        (row,) = engine.ledger.rows()
        assert (found.verdict, "[request req_" in found.message) == ("error", True)
        assert row.state is state
        engine.close()

    def test_walls_stand_before_it(self, tmp_path: Path, image_server: ImageServer) -> None:
        wall = Budget(per_build_usd=price_book().text_usd("gpt-image-2", 100))
        (found,), _ = self.bought(tmp_path, image_server, Settings(budget=wall))
        assert (found.verdict, "per_build" in found.message) == ("error", True)
        assert not image_server.calls

    @pytest.mark.parametrize(
        ("settings", "told"),
        [
            (Settings(model="dall-e-3"), "was shut down on 2026-05-12"),
            (Settings(provider="sketch"), "nothing to buy"),
        ],
    )
    def test_what_cant_be_bought_is_not_asked_for(
        self, tmp_path: Path, settings: Settings, told: str
    ) -> None:
        endpoint = Endpoint("http://127.0.0.1:9/v1", KEY, "IMAGEGEN_API_KEY")
        with pytest.raises(SettingsError, match=told):
            make_offer(examined(tmp_path, endpoint=endpoint, settings=settings).engine, TODAY)
        with pytest.raises(SettingsError, match="no API key"):
            make_offer(examined(tmp_path).engine, TODAY)


class TestTelling:
    LAYERS = (
        Layer("store", (Finding("error", "store", "it is full\nquite", "make room now"),)),
        Layer("money", (Finding("ok", "prices", "OpenAI's"), Finding("skipped", "walls", "why"))),
    )

    def test_findings_are_aligned_with_their_mend_below(self) -> None:
        assert checkup_text(self.LAYERS) == (
            "store\n"
            "  error    store          it is full\n"
            "                          quite\n"
            "                          hint: make room now\n"
            "\n"
            "money\n"
            "  ok       prices         OpenAI's\n"
            "  skipped  walls          why\n"
        )

    def test_lines_fit_the_terminal_and_colours_change_no_text(self) -> None:
        long = Layer("a", (Finding("warning", "name", "word " * 60, "and " * 60),))
        lines = checkup_text([long], width=80).splitlines()
        assert max(map(len, lines)) <= 80
        assert lines[2].startswith(" " * 26 + "word")
        assert "\x1b[" in checkup_text(self.LAYERS, colour=True)
        assert checkup_text(self.LAYERS).encode("cp1252")

    def test_json_has_the_same_and_counts(self) -> None:
        document = json.loads(checkup_json(self.LAYERS))
        assert document["layers"][0]["findings"] == [
            {
                "name": "store",
                "verdict": "error",
                "message": "it is full\nquite",
                "hint": "make room now",
            }
        ]
        assert document["counts"] == {"error": 1, "warning": 0, "info": 0, "ok": 1, "skipped": 1}
        assert checkup_summary(self.LAYERS) == "1 error, 0 warnings; 1 ok, 0 info, 1 skipped."
