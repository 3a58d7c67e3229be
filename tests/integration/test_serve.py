"""`mkdocs serve` never buys, shows what was bought meanwhile, and rests when nothing changes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from tests.reader import read_page
from tests.sites import Site

DEADLINE_S = 60.0
BUILT_AGAIN = "Reloading browsers"
"""Of MkDocs' lines the one that it logs after each further build, also after two equally long."""
QUIET_POLLS = 6
"""How many looks at the files, half a second apart, the server gets to start a needless build."""


@dataclass(slots=True)
class Served:
    """A running `mkdocs serve`, and what it has logged."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str

    def logged(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def builds(self) -> int:
        return self.logged().count(BUILT_AGAIN)

    def page(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=DEADLINE_S) as answer:
            return str(answer.read().decode())

    def cover_src(self, path: str) -> str:
        """Return where a page's cover is: the file's name is its content's digest."""
        [figure] = read_page(self.page(path)).figures
        return figure["src"]

    def cover(self, path: str) -> bytes:
        """Return the picture itself, which a build that starts now may take away."""
        with urllib.request.urlopen(self.url + path + self.cover_src(path)) as answer:
            return bytes(answer.read())

    def wait_until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not holds():
            assert self.process.poll() is None, f"the server ended:\n{self.logged()}"
            assert time.monotonic() < deadline, f"not so in time:\n{self.logged()}"
            time.sleep(0.05)


def environment(site: Site) -> dict[str, str]:
    """That of a CI machine with a key, where a build would buy."""
    assert site.server is not None
    key = {"IMAGEGEN_BASE_URL": site.server.base_url, "IMAGEGEN_API_KEY": site.server.api_key}
    return {**os.environ, **key, "CI": "true"}


@contextmanager
def serving(site: Site, *args: str) -> Iterator[Served]:
    """Run `mkdocs serve`; at the end it must stop when it is told to."""
    site.configure()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = site.root / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}", *args],
            cwd=site.root,
            env=environment(site) | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    served = Served(process, log, f"http://127.0.0.1:{port}/")
    try:
        served.wait_until(lambda: "Serving on" in served.logged())
        yield served
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_S) == 0, served.logged()
    finally:
        process.kill()
        process.wait()


def buy(site: Site, *args: str) -> None:
    """Run `apply` without touching mkdocs.yml, which the server watches too."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs_imagegen", "apply", "--yes", *args],
        cwd=site.root,
        env=environment(site),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr


def is_idle(served: Served) -> bool:
    """Let the server look at its files a few times: it must not build again for its own doing."""
    builds = served.builds()
    deadline = time.monotonic() + QUIET_POLLS * 0.5
    while time.monotonic() < deadline:
        served.page("a/")
        time.sleep(0.1)
    return served.builds() == builds


def assert_idle(served: Served) -> None:
    assert is_idle(served), served.logged()


@pytest.fixture
def article(site: Site) -> Site:
    site.options |= {"mode": "generate", "template": "own.j2"}
    site.config["site_url"] = "https://example.com/"
    site.write("cover_templates/own.j2", "{{ cover.prompt }}")
    site.article("index.md")
    site.article("a.md", cover_prompt="A fox", cover_size="1024x1024")
    return site


@pytest.mark.parametrize("args", [(), ("--clean",)], ids=["serve", "clean"])
def test_serve_buys_nothing_and_shows_what_apply_bought_meanwhile(
    article: Site, args: tuple[str, ...]
) -> None:
    site, server = article, article.server
    assert server is not None
    site.options["on_change"] = "repaint"
    with serving(site, *args) as served:
        drawn = served.cover("a/")
        assert "mkdocs serve never buys" in served.logged()
        assert_idle(served)

        site.article("a.md", cover_prompt="A hare", cover_size="1024x1024")
        builds = served.builds()
        served.wait_until(lambda: served.builds() > builds)
        assert server.calls == []

        builds = served.builds()
        buy(site)
        served.wait_until(lambda: served.builds() > builds)
        [call] = server.paid_calls
        served.wait_until(lambda: served.cover("a/") != drawn)
        assert_idle(served)

        builds = served.builds()
        site.write("cover_templates/own.j2", "{{ cover.prompt }}, as an etching")
        served.wait_until(lambda: served.builds() > builds)
        served.wait_until(lambda: served.cover("a/") == drawn)  # of the new prompt: not bought yet
        assert len(server.calls) == 1
    assert call.paid


def test_dirty_serving_keeps_the_covers_of_pages_it_does_not_build_again(article: Site) -> None:
    site, server = article, article.server
    assert server is not None
    site.article("b.md", cover_prompt="An owl", cover_size="1024x1024")
    with serving(site, "--dirty") as served:
        first, second = served.cover("a/"), served.cover("b/")
        builds = served.builds()
        site.article("a.md", body="Another text.", cover_prompt="A fox", cover_size="1024x1024")
        served.wait_until(lambda: served.builds() > builds)
        served.wait_until(lambda: "Another text." in served.page("a/"))
        assert (served.cover("a/"), served.cover("b/")) == (first, second)
        assert_idle(served)
    assert server.calls == []


@pytest.mark.parametrize("args", [(), ("--dirty",)], ids=["serve", "dirty"])
def test_a_saved_article_shows_its_new_drawing_at_the_next_reload(
    article: Site, args: tuple[str, ...]
) -> None:
    site, server = article, article.server
    assert server is not None
    site.article("near/b.md")
    with serving(site, *args) as served:
        drawn = served.cover_src("a/")
        assert "<figure" not in served.page("near/b/")

        site.article("near/b.md", cover_prompt="An owl", cover_size="1024x1024")
        served.wait_until(lambda: "<figure" in served.page("near/b/"))
        added = served.cover_src("near/b/")

        site.article("a.md", title="Renamed", cover_prompt="A fox", cover_size="1024x1024")
        served.wait_until(lambda: served.cover_src("a/") != drawn)

        if not args:  # --dirty builds no page again for a changed mkdocs.yml
            site.config["nav"] = ["index.md", "a.md", {"Far away": ["near/b.md"]}]
            site.configure()
            served.wait_until(lambda: served.cover_src("near/b/") != added)
        assert_idle(served)
        assert served.cover("a/") != served.cover("near/b/")
    assert server.calls == []


def test_a_site_whose_covers_are_switched_off_while_it_is_served_has_none(article: Site) -> None:
    site, server = article, article.server
    assert server is not None
    with serving(site) as served:
        assert "<figure" in served.page("a/")
        site.options["enabled"] = False
        site.configure()
        served.wait_until(lambda: "<figure" not in served.page("a/"))
        site.options["enabled"] = True
        site.configure()
        served.wait_until(lambda: "<figure" in served.page("a/"))
    assert server.calls == []


def test_a_served_site_is_built_once_and_rests_whatever_its_covers_are(article: Site) -> None:
    site, server = article, article.server
    assert server is not None
    site.article("drawn.md", cover_prompt="An owl", cover_size="1024x1024")
    site.article("own.md", cover="own.png")
    Image.new("RGB", (64, 48)).save(site.docs / "own.png")
    site.configure()
    buy(site, "--only", "a.md", "--write", "docs")
    [written] = (site.docs / "assets" / "covers").glob("*.webp")
    with serving(site) as served:
        assert_idle(served)
        assert served.builds() == 0
        assert served.cover("a/") == written.read_bytes()
        drawn = served.cover_src("drawn/")
        buy(site, "--write", "docs")
        served.wait_until(lambda: served.cover_src("drawn/") != drawn)
        served.wait_until(lambda: is_idle(served))  # what `apply` wrote next is built for, too
        assert len(list(written.parent.glob("*.webp"))) == 2
    assert len(server.paid_calls) == 2  # each by `apply`


def test_a_dirty_build_after_a_full_one_keeps_every_cover(article: Site) -> None:
    site, server = article, article.server
    assert server is not None
    site.article("b.md", cover_prompt="An owl", cover_size="1024x1024")
    assert site.build().code == 0
    assert len(server.paid_calls) == 2
    covers = site.cover_of("a/index.html"), site.cover_of("b/index.html")

    site.article("a.md", body="Another text.", cover_prompt="A fox", cover_size="1024x1024")
    dirty = site.build("--dirty")
    assert dirty.code == 0, dirty.output
    assert "Another text." in site.page("a/index.html")
    assert (site.cover_of("a/index.html"), site.cover_of("b/index.html")) == covers
    assert all(cover.is_file() for cover in covers)
    assert len(server.paid_calls) == 2
