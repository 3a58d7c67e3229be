"""Where pages and pictures come from: a folder without its address, addresses nobody may ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mkdocs_imagegen.crawlers import Folder, Limits, Web, check_site
from mkdocs_imagegen.crawlers.facts import Missing, There, Unseen
from mkdocs_imagegen.crawlers.fetching import Fetcher, NoAnswerError, OverError
from mkdocs_imagegen.crawlers.sites import base_of
from mkdocs_imagegen.errors import SiteError
from tests.imageserver.wire import Arrival, HttpServer, Reply

GIF = b"GIF89a\x02\x00\x01\x00"


def folder(tmp_path: Path, *, canonical: str = "https://example.com/docs/a/") -> Folder:
    (tmp_path / "site/a").mkdir(parents=True)
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    (tmp_path / "site/a/index.html").write_text(f"<head>{link}</head>", encoding="utf-8")
    (tmp_path / "site/404.html").write_text("<head></head>", encoding="utf-8")
    (tmp_path / "site/p q.gif").write_bytes(GIF)
    (tmp_path / "site/robots.txt").write_text("User-agent: *\nDisallow: /\n", encoding="utf-8")
    (tmp_path / "secret.gif").write_bytes(GIF)
    return Folder(tmp_path / "site")


@pytest.mark.parametrize(
    ("pages", "base"),
    [
        ([("/a/", "https://e.com/docs/a/"), ("/", "https://e.com/docs/")], "https://e.com/docs/"),
        (
            [("/a.html", "https://e.com/a.html"), ("/", "https://e.com/index.html")],
            "https://e.com/",
        ),
        ([("/a/", "https://e.com/a")], "https://e.com/"),
        ([("/", "https://e.com/docs/index.html")], "https://e.com/docs/"),
        ([("/", "https://e.com/docs/a.html")], ""),
        ([("/a/", "/a/"), ("/b/", "")], ""),
        ([("/a/", "https://[e")], ""),
    ],
)
def test_the_sites_address_is_what_its_pages_agree_on(
    pages: list[tuple[str, str]], base: str
) -> None:
    assert base_of(pages) == base


def test_a_folder_is_looked_at_where_the_host_will_serve_it(tmp_path: Path) -> None:
    site = folder(tmp_path)
    assert [page.url for page in site.pages(lambda _: True)] == ["https://example.com/docs/a/"]
    found = site.look("https://example.com/docs/p%20q.gif?v=1", wholly=True)
    assert isinstance(found, There)
    assert (found.picture.format, found.served_as) == ("gif", "image/gif")
    for gone in ("b.gif", "../secret.gif", "%2e%2e/secret.gif", "/etc/passwd", "a%00b", "a"):
        assert isinstance(site.look(f"https://example.com/docs/{gone}", wholly=True), Missing)
    for other in ("https://example.com/p%20q.gif", "https://cdn.example.com/docs/a.gif"):
        assert isinstance(site.look(other, wholly=True), Unseen)


def test_the_rules_of_a_folder_are_its_hosts_only_at_the_top(tmp_path: Path) -> None:
    assert folder(tmp_path).robots("https://example.com").groups == ()
    top = Folder(tmp_path / "site", "https://example.com")
    assert not top.robots("https://example.com").allows("Twitterbot", "/a/")


def test_a_folder_whose_address_nobody_knows_says_so(tmp_path: Path) -> None:
    look = folder(tmp_path, canonical="").look("https://example.com/p.gif", wholly=True)
    assert isinstance(look, Unseen)
    assert "--site-url" in look.why


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_what_is_no_built_site_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SiteError, match="there is no"):
        Folder(tmp_path / name)


@pytest.mark.parametrize(
    "address", ["http://example.com/", "ftp://example.com/", "https://", "https://[oops/"]
)
def test_only_https_is_asked_off_this_machine(address: str) -> None:
    with pytest.raises(SiteError, match="can't be checked"):
        Web(address)


def refused(why: str) -> pytest.RaisesExc[NoAnswerError]:
    return pytest.raises(NoAnswerError, match=why)


@pytest.mark.parametrize("host", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "[::1]", "[fc00::1]"])
def test_a_public_site_leads_to_no_private_address(host: str) -> None:
    with closing(Fetcher("https://example.com/", 1000, 5.0)) as fetcher, refused("private network"):
        fetcher.get(f"https://{host}/a.jpg", limit_bytes=100)


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.1.1"])
def test_a_private_address_is_not_asked_even_where_it_is_given(host: str) -> None:
    with Web(f"https://{host}/") as web, pytest.raises(SiteError, match="private network"):
        check_site(web)


@contextmanager
def serving(respond: Callable[[Arrival], Reply | None]) -> Iterator[str]:
    server = HttpServer(0, respond)
    server.start()
    with closing(server):
        yield f"http://127.0.0.1:{server.server_port}/"


def html(text: str) -> Reply:
    return Reply(200, {"content-type": "text/html"}, text.encode())


def test_from_this_machine_nothing_else_is_asked() -> None:
    with serving(lambda _: Reply(302, {"location": "https://example.com/"}, b"")) as url:
        with closing(Fetcher(url, 1000, 5.0)) as fetcher, refused("not on this machine"):
            fetcher.get(url, limit_bytes=100)
        with Web(url) as web:
            look = web.look("https://example.com/a.jpg", wholly=True)
            assert look == Unseen("it is not on this machine")


def test_an_answer_may_be_so_large_and_all_of_them_together_too() -> None:
    with serving(lambda _: html("x" * 600)) as url, closing(Fetcher(url, 1000, 5.0)) as fetcher:
        with refused("more than"):
            fetcher.get(url, limit_bytes=500)
        fetcher.get(url, limit_bytes=700)
        with pytest.raises(OverError):
            fetcher.get(url, limit_bytes=700)


def test_circles_of_redirects_end() -> None:
    with (
        serving(lambda _: Reply(301, {"location": "/again"}, b"")) as url,
        closing(Fetcher(url, 1000, 5.0)) as fetcher,
        refused("more than 5 redirects"),
    ):
        fetcher.get(url, limit_bytes=500)


def test_when_the_time_is_over_the_rest_is_told_and_not_called_broken() -> None:
    address = "https://example.com/"
    with Web(address, limits=Limits(seconds=0.0)) as web:
        assert web.look(f"{address}a.jpg", wholly=True) == Unseen("0 s are over")
        with pytest.raises(SiteError, match="0 s are over"):
            check_site(web)


def test_a_sitemap_of_sitemaps_is_followed_and_other_hosts_are_left_out() -> None:
    def respond(arrival: Arrival) -> Reply:
        here = f"http://{arrival.headers['host']}"
        texts = {
            "/sitemap.xml": f"<sitemapindex><loc>{here}/one.xml</loc><loc>{here}/sitemap.xml</loc>",
            "/one.xml": f"<urlset><loc> {here}/a/?b&amp;c </loc><loc>https://x.org/</loc>"
            f"<loc>{here}/gone/</loc><loc>http://[oops</loc>",
            "/": "<head></head>",
            "/a/?b&c": '<head><meta property="og:image" content="/a.jpg"></head>',
        }
        text = texts.get(arrival.path)
        return html(text) if text else Reply(404, {}, b"")

    with serving(respond) as url, Web(url) as web:
        report = check_site(web)
    assert [page.path for page in report.pages] == ["/a/"]
    assert any(note.endswith("on another host: https://x.org/") for note in report.notes)
    assert any("/gone/ is in the sitemap" in note for note in report.notes)


def test_so_many_pages_are_asked_for_with_an_honest_name() -> None:
    arrivals: list[Arrival] = []

    def respond(arrival: Arrival) -> Reply:
        arrivals.append(arrival)
        here = f"http://{arrival.headers['host']}"
        if arrival.path == "/docs/sitemap.xml":
            return html("".join(f"<loc>{here}/docs/{n}/</loc>" for n in range(9)))
        return html("<head></head>")

    with serving(respond) as url, Web(f"{url}docs", limits=Limits(pages=2)) as web:
        report = check_site(web)
    assert [page.path for page in report.pages] == ["/0/", "/1/"]
    assert report.notes == ("2 of 9 pages were checked (--limit)",)
    assert [arrival.path for arrival in arrivals] == [
        "/docs/",
        "/docs/sitemap.xml",
        "/docs/0/",
        "/docs/1/",
    ]
    for arrival in arrivals:
        assert arrival.headers["user-agent"].startswith("mkdocs-imagegen/")
        assert "authorization" not in arrival.headers


def test_without_a_sitemap_the_given_page_is_checked() -> None:
    def respond(arrival: Arrival) -> Reply:
        return html("<head></head>") if arrival.path == "/a.html" else Reply(404, {}, b"")

    with serving(respond) as url, Web(f"{url}a.html") as web:
        report = check_site(web)
    assert len(report.pages) == 1
    assert "no sitemap.xml" in report.notes[0]


def test_a_sitemap_of_another_place_is_told_once_and_what_to_do() -> None:
    def respond(arrival: Arrival) -> Reply:
        if arrival.path == "/sitemap.xml":
            return html("<loc>https://e.com/docs/</loc><loc>https://e.com/docs/a/b/</loc>")
        return html("<head></head>")

    with serving(respond) as url, Web(url) as web:
        report = check_site(web)
    assert report.notes == (
        "The sitemap names pages of https://e.com/docs/ only, so this page alone was checked: "
        "serve the site below /docs/, and give that address.",
    )
