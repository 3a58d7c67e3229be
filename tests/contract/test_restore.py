"""Lost originals come back from a folder or a site, and nothing else comes with them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mkdocs_imagegen.cli import restore as command
from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.model import Approved, Entry, Size
from mkdocs_imagegen.restore import (
    AT_ONCE,
    Found,
    Missed,
    restore,
    search_folder,
    search_of,
    search_site,
)
from mkdocs_imagegen.store import Store, record_of
from tests.contract.test_store import key_of
from tests.contract.test_store import record_of as recorded

PICTURES = {name: b"RIFF\x00\x00\x00\x00WEBP" + name.encode() * 300 for name in "abcdef"}


def entry(name: str, picture: bytes | None = None, *, locale: str = "") -> Entry:
    data = PICTURES[name] if picture is None else picture
    return Entry(
        f"blog/{name}.md",
        locale,
        Approved(
            request_key=key_of(name),
            digest=digest(data),
            size_bytes=len(data),
            model="gpt-image-2",
            size=Size(1536, 1024),
            quality="medium",
            bought_at="2026-11-22T10:00:00+00:00",
            usd=Decimal("0.0412"),
        ),
    )


def approved(name: str) -> Approved:
    found = entry(name).approved
    assert found is not None
    return found


def uri(name: str) -> str:
    return f"/blog/assets/covers/{approved(name).digest[:32]}.webp"


Answer = Callable[[BaseHTTPRequestHandler], None]


class Web:
    """A published site on this machine; each path is answered as told, all others with 404."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.released = threading.Event()
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.asked.append(self.path)
                web.headers.append({name.lower(): value for name, value in self.headers.items()})
                web.answers.get(self.path, status(404))(self)

            def log_message(self, format: str, *args: object) -> None:
                """Stay quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """Stay quiet: some clients hang up."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/blog/"


@contextmanager
def served() -> Iterator[Web]:
    web = Web()
    thread = threading.Thread(target=web.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield web
    finally:
        web.released.set()
        web.server.shutdown()
        web.server.server_close()
        thread.join()


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    with served() as site:
        yield site


def sends(data: bytes, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def status(code: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(bytes(65_536))


def only(name: str, web: Web, *, limit_s: float = 60.0) -> Found | Missed:
    (answer,) = search_site(web.url, [approved(name)], limit_s=limit_s)
    assert answer.approved == approved(name)
    return answer


def missed(name: str, web: Web) -> Missed:
    answer = only(name, web)
    assert isinstance(answer, Missed)
    return answer


class TestSite:
    def test_gives_the_bytes_that_were_published(self, web: Web) -> None:
        web.answers[uri("a")] = sends(PICTURES["a"])
        assert only("a", web) == Found(approved("a"), PICTURES["a"])
        (headers,) = web.headers
        assert headers["user-agent"].startswith("mkdocs-imagegen/")
        assert "authorization" not in headers
        assert "cookie" not in headers

    def test_is_asked_for_many_a_few_at_once_each_once(self, web: Web) -> None:
        pictures = {f"many {n}": b"%d" % n * 50 for n in range(3 * AT_ONCE + 1)}
        entries = [entry(name, data) for name, data in pictures.items()]
        wanted = [each.approved for each in entries if each.approved]
        for each, data in zip(wanted, pictures.values(), strict=True):
            web.answers[f"/blog/assets/covers/{each.digest[:32]}.webp"] = sends(data)
        answers = list(search_site(web.url, [*wanted, *wanted]))
        assert {a.picture for a in answers if isinstance(a, Found)} == set(pictures.values())
        assert sorted(web.asked) == sorted(web.answers)

    @pytest.mark.parametrize(
        ("answer", "why", "differs"),
        [
            (status(404), "answers 404", False),
            (status(503), "answers 503", False),
            (sends(b"<p>Not here", Content_Type="text/html; charset=utf-8"), "a page", False),
            (sends(PICTURES["a"][::-1]), "other bytes", True),
            (sends(PICTURES["a"][:-1]), "other bytes", True),
            (sends(b""), "other bytes", True),
            (sends(PICTURES["a"] + b"x"), "longer than it was", True),
            (endless, "longer than it was", True),
            (status(302, Location=uri("a")), "in circles", False),
            (status(302, Location="http://example.com/a.webp"), "start with https://", False),
            (status(302, Location="ftp://127.0.0.1/a.webp"), "start with https://", False),
            (status(302, Location="file:///etc/passwd"), "start with https://", False),
            (status(302, Location="http://[broken"), "start with https://", False),
        ],
    )
    def test_gives_nothing_else(self, web: Web, answer: Answer, why: str, differs: bool) -> None:
        web.answers[uri("a")] = answer
        found = missed("a", web)
        assert why in found.why
        assert found.differs == differs

    def test_may_redirect_on_this_machine(self, web: Web) -> None:
        with served() as other:
            other.answers["/moved.webp"] = sends(PICTURES["a"])
            target = other.url.replace("/blog/", "/moved.webp")
            web.answers[uri("a")] = status(301, Location=target)
            assert only("a", web) == Found(approved("a"), PICTURES["a"])

    @pytest.mark.parametrize("where", ["headers", "body"])
    def test_that_dribbles_is_left_in_time(self, web: Web, where: str) -> None:
        def dribble(handler: BaseHTTPRequestHandler) -> None:
            if where == "body":
                handler.send_response(200)
                handler.end_headers()
            else:
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while not web.released.wait(0.02):
                handler.wfile.write(b"x")

        web.answers[uri("a")] = dribble
        answer = only("a", web, limit_s=0.5)
        assert answer == Missed(approved("a"), "the site did not send it within 0.5 s")

    def test_that_is_down_is_told(self, web: Web) -> None:
        with served() as gone:
            pass
        found = missed("a", gone)
        assert "can't be read" in found.why

    @pytest.mark.parametrize(
        "url",
        [
            "http://example.com",
            "ftp://example.com",
            "file:///etc",
            "https://",
            "https://me:key@example.com",
            "https://[",
            "nowhere",
        ],
    )
    def test_without_a_safe_address_is_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match=r"https://|user name|IPv6"):
            search_of(url)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "new" / "cache", tmp_path / "new" / "covers") as opened:
        yield opened


class TestFolder:
    @pytest.fixture
    def old(self, tmp_path: Path) -> Path:
        """A backup with an old cache, a built site, covers, a link, and things of other kinds."""
        root = tmp_path / "backup"
        with Store.open(root / ".cache" / "imagegen") as store:
            store.put(recorded(PICTURES["a"]), PICTURES["a"])
        assets = root / "site" / "assets" / "covers"
        assets.mkdir(parents=True)
        (assets / f"{approved('b').digest[:32]}.webp").write_bytes(PICTURES["b"])
        (assets / f"{approved('d').digest[:32]}.webp").write_bytes(PICTURES["d"][::-1])
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "e").write_bytes(PICTURES["e"])
        (root / "link").symlink_to(tmp_path / "outside", target_is_directory=True)
        (root / "e.webp").symlink_to(tmp_path / "outside" / "e")
        (root / "renamed by hand").write_bytes(PICTURES["f"])
        return root

    def test_gives_what_has_the_right_bytes_under_whatever_name(self, old: Path) -> None:
        answers = list(search_folder(old, map(approved, "abcdef")))
        found = {a.approved.digest: a.picture for a in answers if isinstance(a, Found)}
        assert found == {approved(name).digest: PICTURES[name] for name in "abf"}
        name = f"site/assets/covers/{approved('d').digest[:32]}.webp"
        assert [a for a in answers if isinstance(a, Missed)] == [
            Missed(approved("c"), "no file in the folder has its bytes"),
            Missed(approved("d"), f"{name} has its name and other bytes", differs=True),
            Missed(approved("e"), "no file in the folder has its bytes"),
        ]

    def test_stops_looking_once_all_is_found(self, old: Path) -> None:
        assert list(search_folder(old, [])) == []
        (found,) = search_folder(old, [approved("a"), approved("a")])
        assert isinstance(found, Found)

    def test_that_is_no_folder_is_refused(self, old: Path) -> None:
        with pytest.raises(ValueError, match="is no folder, and no address"):
            search_of(str(old / "renamed by hand"))

    def test_puts_what_it_has_into_the_store(self, old: Path, store: Store) -> None:
        entries = [entry("a"), entry("a", locale="de"), entry("b"), entry("c"), Entry("never.md")]
        results = list(restore(entries, store, search_of(str(old))))
        assert {(r.entry.article, r.entry.locale, r.state) for r in results} == {
            ("blog/a.md", "", "restored"),
            ("blog/a.md", "de", "restored"),
            ("blog/b.md", "", "restored"),
            ("blog/c.md", "", "not found"),
        }
        for name in "ab":
            record = store.record(key_of(name), approved(name).digest)
            assert record == record_of(entry(name))
            assert store.read_original(record) == PICTURES[name]
            assert store.in_covers(record.digest)

    def test_does_not_spoil_a_record_that_is_still_there(self, old: Path, store: Store) -> None:
        full = recorded(PICTURES["a"])
        store.put(full, PICTURES["a"])
        store.original_path(full).unlink()
        list(restore([entry("a")], store, search_of(str(old))))
        assert store.record(key_of("a")) == full


class TestCommand:
    def test_prints_a_line_an_article_and_fails_until_all_are_there(
        self, web: Web, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        web.answers[uri("a")] = sends(PICTURES["a"])
        web.answers[uri("b")] = sends(PICTURES["b"][::-1])
        entries = [entry("a"), entry("b"), entry("c", locale="de")]
        assert command.bring_back(entries, store, search_of(web.url)) == 1
        said = capsys.readouterr()
        assert sorted(click.unstyle(said.out).splitlines()) == [
            "differs    blog/b.md: the site's file has other bytes",
            "not found  blog/c.md (de): the site answers 404",
            "restored   blog/a.md",
        ]
        assert said.err.startswith("1 restored, 1 not found, 1 differs.\nhint: a cover that came")
        (tmp_path / "backup").mkdir()
        for name in "bc":
            (tmp_path / "backup" / name).write_bytes(PICTURES[name])
        rest = search_of(str(tmp_path / "backup"))
        assert command.bring_back(entries[1:], store, rest) == 0
        assert capsys.readouterr().err == "2 restored.\n"
        assert command.bring_back([], store, rest) == 0
        assert "nothing to restore" in capsys.readouterr().err

    def test_refuses_a_source_before_it_reads_the_site(self) -> None:
        result = CliRunner().invoke(command.restore, ["--from", "http://example.com"])
        assert result.exit_code == 2
        assert "must be an address that starts with https://" in result.output
