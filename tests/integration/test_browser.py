"""A real browser on built sites: covers load, keep their shape, and shift nothing."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.sites import Site

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
QUIET = (
    "--no-sandbox",  # it may run as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
COVERS = re.compile(r"/(assets/covers|own)/[^/]+(?<!\.css)$")
WIDTHS_PX = (1280, 400)
LOCAL = {"highlightjs": False}
"""These themes take their code colours from the web."""
THEMES: dict[str, dict[str, Any]] = {
    "mkdocs": {"theme": {"name": "mkdocs", **LOCAL}, "plugins": ["search"]},
    "readthedocs": {"theme": {"name": "readthedocs", **LOCAL}, "plugins": ["search"]},
    "material": {"theme": {"name": "material", "font": False}, "plugins": ["search", "blog"]},
}
POST = "blog/2026/01/01/post"

COUNT_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifted += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""

MEASURE = """
(image) => {
  const box = image.getBoundingClientRect();
  const style = getComputedStyle(image);  // a theme may frame pictures: that is not the picture
  const frame = (...sides) => sides.reduce(
    (sum, side) => sum + parseFloat(style[`padding${side}`])
      + parseFloat(style[`border${side}Width`]), 0);
  return {
    complete: image.complete, natural: image.naturalWidth,
    x: box.x, y: box.y, width: box.width, height: box.height,
    drawn: (box.width - frame("Left", "Right")) / (box.height - frame("Top", "Bottom")),
    shape: image.getAttribute("width") / image.getAttribute("height"),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("NO BROWSER: nothing was checked as a reader sees it; apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def published(folder: Path) -> Iterator[str]:
    """Serve a built site on loopback and yield its address."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@dataclass(slots=True)
class Visit:
    """A page opened with its pictures held back, as over a slow line."""

    page: Page
    errors: list[str] = field(default_factory=list)
    held: list[Route] = field(default_factory=list)

    def open(self, url: str) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.errors.append(said.text) if said.type == "error" else None,
        )
        self.page.add_init_script(COUNT_SHIFTS)
        self.page.route(COVERS, lambda route: self.held.append(route))
        with self.page.expect_request(COVERS):
            self.page.goto(url, wait_until="domcontentloaded")
        # The theme's own fonts move its text when they come.
        self.page.evaluate("() => document.fonts.ready.then(() => true)")

    def let_pictures_come(self) -> None:
        for route in self.held:
            route.continue_()
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('figure.cover img')].every((i) => i.complete)"
        )
        # Two frames later the shifts of the last layout have been counted.
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def measure(self) -> dict[str, Any]:
        measured: dict[str, Any] = self.page.eval_on_selector("figure.cover img", MEASURE)
        return measured


def assert_looks_right(browser: Browser, url: str, width_px: int) -> None:
    context = browser.new_context(viewport={"width": width_px, "height": 900})
    try:
        visit = Visit(context.new_page())
        visit.open(url)
        before = visit.measure()
        visit.let_pictures_come()
        after = visit.measure()
        assert visit.errors == []
        assert after["complete"]
        assert after["natural"] > 0
        assert after["drawn"] == pytest.approx(after["shape"], rel=0.01)
        assert after["overflow"] <= 0
        assert after["x"] >= 0
        assert after["x"] + after["width"] <= width_px
        place = ("x", "y", "width", "height")
        assert [before[name] for name in place] == pytest.approx(
            [after[name] for name in place], abs=1
        )
        assert visit.page.evaluate("window.shifted") < 0.01
    finally:
        context.close()


@pytest.mark.parametrize("theme", THEMES)
def test_covers_load_and_keep_their_shape_in_each_theme(
    keyless_site: Site, browser: Browser, theme: str
) -> None:
    site = keyless_site
    site.config = THEMES[theme]
    site.article("index.md", cover_prompt="A fox", cover_size="1536x1024", body="Words. " * 200)
    site.article("tall.md", cover_prompt="An owl", cover_size="1024x1536")
    site.docs.joinpath("own").mkdir()
    Image.new("RGB", (320, 200), "teal").save(site.docs / "own" / "picture.png")
    site.article("own.md", cover="/own/picture.png", cover_caption="Small, and never blown up")
    pages = ["", "tall/", "own/"]
    if theme == "material":
        site.write(
            "docs/blog/posts/post.md",
            "---\ndate: 2026-01-01\ncover_prompt: A fox\n---\n# Post\n\nText.\n",
        )
        pages.append(f"{POST}/")
    built = site.build("--strict")
    assert built.code == 0, built.output
    with published(site.built) as url:
        for page in pages:
            for width_px in WIDTHS_PX:
                assert_looks_right(browser, url + page, width_px)
