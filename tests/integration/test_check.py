"""`mkdocs-imagegen check` on real built sites: in their folder, and served by a real server."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from tests.imageserver.wire import Arrival, HttpServer, Reply
from tests.sites import Run, Site

PLATFORMS = (
    "facebook",
    "x",
    "linkedin",
    "slack",
    "discord",
    "whatsapp",
    "telegram",
    "mastodon",
)
MIMES = {
    **{".html": "text/html", ".xml": "text/xml", ".txt": "text/plain"},
    **{".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"},
}


def photo(kind: str = "JPEG", size: tuple[int, int] = (1200, 630)) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, kind)
    return out.getvalue()


def built(site: Site) -> Site:
    """Build a site of two articles below a path; one has a picture of its own."""
    site.config["site_url"] = "https://example.com/docs/"
    site.write("docs/fox.jpg", "").write_bytes(photo())
    site.article("a.md", cover="fox.jpg", cover_alt="A fox in snow")
    site.article("b.md")
    site.article("index.md")
    run = site.build()
    assert run.code == 0, run.output
    return site


def preview_of(site: Site) -> Path:
    """Return the file that the article's link preview names."""
    tag = r'og:image" content="https://example.com/docs/([^"]+)"'
    found: list[str] = re.findall(tag, site.page("a/index.html"))
    return site.built / found[0]


def checked(run: Run) -> dict[str, dict[str, Any]]:
    """Return the pages of `--format json` by their path; stdout must hold nothing else."""
    assert run.stdout, run.stderr
    return {page["path"]: page for page in json.loads(run.stdout)["pages"]}


def messages(page: dict[str, Any]) -> str:
    return "\n".join(finding["message"] for finding in page["findings"])


@contextmanager
def served(folder: Path, **moved: str) -> Iterator[tuple[str, list[Arrival]]]:
    """Serve a folder below /docs/, as a static host does; yield its address and what was asked."""
    arrivals: list[Arrival] = []

    def respond(arrival: Arrival) -> Reply:
        arrivals.append(arrival)
        uri = arrival.path.partition("?")[0].removeprefix("/docs/")
        if uri in moved:
            return Reply(301, {"location": moved[uri]}, b"")
        path = folder / uri / "index.html" if uri.endswith("/") or not uri else folder / uri
        if arrival.path == "/robots.txt":
            path = folder / "robots.txt"
        if not path.is_file():
            return Reply(404, {"content-type": "text/html"}, b"<html>")
        return Reply(200, {"content-type": MIMES[path.suffix]}, path.read_bytes())

    server = HttpServer(0, respond)
    server.start()
    with closing(server):
        yield f"http://127.0.0.1:{server.server_port}/docs/", arrivals


def test_a_built_folder_is_told_page_by_page_and_platform_by_platform(keyless_site: Site) -> None:
    site = built(keyless_site)
    run = site.cli("check", "site")
    assert run.code == 0, run.output
    head, row, *_ = run.stdout.splitlines()
    assert head.split() == [
        "Facebook", "X", "LinkedIn", "Slack", "Discord", "WhatsApp", "Telegram", "Mastodon",
        "Google", "Page",
    ]  # fmt: skip
    assert row.split()[:9] == ["/a/", *["ok"] * 8]
    assert "Without a picture: /b/, /" in run.stdout

    shown, picture = site.built / "fox.jpg", preview_of(site)
    picture.write_bytes(photo("WEBP"))
    page = checked(site.cli("check", "site", "--format", "json"))["/a/"]
    assert {page["verdicts"][each] for each in PLATFORMS} == {"fail"}
    assert "served as image/jpeg, the bytes are image/webp" in messages(page)

    for path in (shown, picture):
        path.write_bytes(photo(size=(1536, 1024)))
    run = site.cli("check", "site", "--page", "a", "--format", "json")
    page = checked(run)["/a/"]
    assert run.code == 1
    assert "og:image:width says 1200, the picture has 1536" in messages(page)
    assert "the cover says 1200x630, the picture is shaped as 1536x1024" in messages(page)

    shown.unlink()
    picture.unlink()
    run = site.cli("check", "site")
    assert run.code == 1
    assert "og:image leads nowhere: https://example.com/docs/assets/covers/" in run.stdout
    assert "the cover leads nowhere: ../fox.jpg" in run.stdout


def test_warnings_fail_only_under_strict_and_wrong_use_is_told(keyless_site: Site) -> None:
    site = built(keyless_site)
    path = site.built / "a/index.html"
    page = path.read_text(encoding="utf-8")
    path.write_text(page.replace("og:image:alt", "og:image:other"), encoding="utf-8")
    path = preview_of(site)
    path.write_bytes(path.read_bytes() + b"\0" * 300_000)
    run = site.cli("check")
    assert run.code == 0, run.output
    assert run.output == site.cli("check", "site").output
    assert "above 300 KB it is not always shown" in run.stdout
    assert site.cli("check", "site", "--strict").code == 1
    assert site.cli("check", "site", "--page", "c/**").code == 2
    gone = site.cli("check", "public")
    assert (gone.code, "there is no folder public" in gone.stderr) == (1, True)
    plain = site.cli("check", "http://example.com/")
    assert (plain.code, "not https" in plain.stderr) == (1, True)


def test_a_published_site_is_checked_over_http_as_crawlers_reach_it(keyless_site: Site) -> None:
    site = built(keyless_site)
    preview = f"/docs/{preview_of(site).relative_to(site.built).as_posix()}"
    with served(site.built) as (address, arrivals):
        run = site.cli("check", address, "--format", "json")
    pages = checked(run)
    assert run.code == 0, run.output
    assert sorted(pages) == ["/", "/a/", "/b/"]
    assert pages["/a/"]["url"] == "https://example.com/docs/a/"
    assert {pages["/a/"]["verdicts"][each] for each in PLATFORMS} == {"ok"}
    assert [arrival.path for arrival in arrivals].count(preview) == 1
    assert {arrival.headers["user-agent"].split("/")[0] for arrival in arrivals} == {
        "mkdocs-imagegen"
    }

    site.write("site/other.jpg", "").write_bytes(photo())
    moved = {preview.removeprefix("/docs/"): "/docs/other.jpg", "b/": "/docs/a/"}
    with served(site.built, **moved) as (address, _):
        pages = checked(site.cli("check", address, "--format", "json"))
    assert "leads to a redirect" in messages(pages["/a/"])
    assert "the sitemap's address leads to a redirect" in messages(pages["/b/"])


def test_robots_txt_at_the_top_of_the_host_counts(keyless_site: Site) -> None:
    site = built(keyless_site)
    site.write("site/robots.txt", "User-agent: LinkedInBot\nDisallow: /\n")
    run = site.cli("check", "site", "--site-url", "https://example.com/", "--format", "json")
    assert "robots.txt keeps crawlers from the page" in messages(checked(run)["/a/"])
    below = checked(site.cli("check", "site", "--format", "json"))["/a/"]
    assert below["verdicts"]["linkedin"] == "ok", "a robots.txt below a path counts for nobody"
