"""A real browser on built sites: pages opened as over a slow line, and what their covers do."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

REQUIRED = "IMAGEGEN_REQUIRE_BROWSER" in os.environ
"""Whether a test that lacks its program fails: nobody reads in CI's output what was skipped."""
COVERS = re.compile(r"/(assets/covers|own)/[^/]+(?<!\.css)$")
_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
_QUIET = (
    "--no-sandbox",  # it may run as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_COUNT_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifted += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
# Two frames later the shifts of the last layout have been counted.
_TWO_FRAMES = (
    "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
)
_MEASURE = """
(image) => {
  const box = image.getBoundingClientRect();
  const style = getComputedStyle(image);  // a theme may frame pictures: that is not the picture
  const frame = (...sides) => sides.reduce(
    (sum, side) => sum + parseFloat(style[`padding${side}`])
      + parseFloat(style[`border${side}Width`]), 0);
  return {
    complete: image.complete, natural: image.naturalWidth, chosen: image.currentSrc,
    candidates: image.srcset,
    x: box.x, y: box.y, width: box.width, height: box.height,
    drawn: (box.width - frame("Left", "Right")) / (box.height - frame("Top", "Bottom")),
    shape: image.getAttribute("width") / image.getAttribute("height"),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
}
"""


def missing(program: str, package: str) -> NoReturn:
    """Skip the test that needs a program of Debian's, or fail it where all must run."""
    said = f"{program} is not here, so nothing was checked: apt-get install {package}"
    if REQUIRED:
        pytest.fail(said)
    pytest.skip(said)


@contextmanager
def started() -> Iterator[Browser]:
    """Start Debian's Chromium."""
    if _CHROMIUM is None:
        missing("Chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=list(_QUIET))
        yield browser
        browser.close()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that leaves the page while its files come."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def published(folder: Path) -> Iterator[str]:
    """Serve a built site on loopback and yield its address."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    with _Server(("127.0.0.1", 0), handler) as server:
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
    figure: str = "figure.cover"
    """Which cover is measured: the first of this selector."""
    errors: list[str] = field(default_factory=list)
    held: list[Route] | None = field(default_factory=list)
    """`None` once pictures may come."""

    def open(self, url: str) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.errors.append(said.text) if said.type == "error" else None,
        )
        self.page.add_init_script(_COUNT_SHIFTS)
        self.page.route(COVERS, lambda route: self._hold(route))  # it marks what a method is of
        with self.page.expect_request(COVERS):
            self.page.goto(url, wait_until="domcontentloaded")
        # The theme's own fonts move its text when they come.
        self.page.evaluate("() => document.fonts.ready.then(() => true)")
        self.page.evaluate(_TWO_FRAMES)

    def _hold(self, route: Route) -> None:
        if self.held is None:
            route.continue_()
        else:
            self.held.append(route)

    def let_pictures_come(self) -> None:
        held, self.held = self.held or [], None
        for route in held:
            route.continue_()
        self.page.wait_for_function(
            "(found) => document.querySelector(found).complete", arg=f"{self.figure} img"
        )
        self.page.evaluate(_TWO_FRAMES)

    def measure(self) -> dict[str, Any]:
        measured: dict[str, Any] = self.page.eval_on_selector(f"{self.figure} img", _MEASURE)
        return measured

    def shifted(self) -> float:
        """Return the layout shift so far."""
        return float(self.page.evaluate("window.shifted"))


def assert_stands_still(visit: Visit, width_px: int) -> dict[str, Any]:
    """Let an opened page's pictures come, hold the cover to its place, and return its measures."""
    before, shifted = visit.measure(), visit.shifted()
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
    assert [before[name] for name in place] == pytest.approx([after[name] for name in place], abs=1)
    assert visit.shifted() == shifted
    return after


def assert_fits(measured: dict[str, Any], scale: int) -> None:
    """Hold the file that the browser chose against the width at which it shows it.

    The narrowest that loses nothing, or the next one: `sizes` may be a little too wide.
    """
    widths = {
        url.rpartition("/")[2]: int(width[:-1])
        for url, width in (candidate.split() for candidate in measured["candidates"].split(", "))
    }
    assert len(widths) > 1
    steps = sorted(widths.values())
    needed = measured["width"] * scale
    narrowest = next((n for n, width in enumerate(steps) if width >= needed), len(steps) - 1)
    chosen = widths[measured["chosen"].rpartition("/")[2]]
    assert chosen in steps[narrowest : narrowest + 2], f"{chosen} of {steps} for {needed:.0f} px"
