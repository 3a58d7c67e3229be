"""The example site with bought covers, as a reader's browser shows it.

Screenshots of what was looked at are kept in `artefacts/`, light and dark, narrow and wide.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser, Page

from tests.browser import Visit, assert_fits, assert_stands_still, published
from tests.docs import REFERENCE
from tests.imageserver import ImageServer
from tests.sites import run_in

ROOT = REFERENCE.parent.parent
ARTEFACTS = ROOT / "artefacts"
POST = "blog/2026/10/06/keeping-covers-honest/"
"""Its cover has a label."""
BLOG = "blog/"
WIDTHS_PX = (360, 768, 1440)
HEIGHT_PX = 900
SCRIPTS = re.compile(r"\.js$")
WITHOUT = "without"
SITES = {
    "card": "",
    "thumbnail": "covers: {list: thumbnail}",
    WITHOUT: "enabled: false",
}
"""Options of the plugin that each is built with."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of one of the sites, and the cover on it that is looked at."""

    site: str
    page: str
    figure: str

    @property
    def name(self) -> str:
        return f"{self.site}-{'post' if self.page == POST else 'list'}"


ARTICLE = Shown("card", POST, "figure.cover")
LISTS = (
    Shown("card", BLOG, "figure.cover-card"),
    Shown("thumbnail", BLOG, "figure.cover-thumbnail"),
)
ALL = (ARTICLE, *LISTS)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the example site in each of its forms; the covers are bought once."""
    folder = tmp_path_factory.mktemp("example")
    left_out = shutil.ignore_patterns("site", ".cache")
    example = shutil.copytree(ROOT / "example-site", folder / "example", ignore=left_out)
    config = Path(example) / "mkdocs.yml"
    text = config.read_text(encoding="utf-8")
    with ImageServer() as server:
        environ = {
            "IMAGEGEN_BASE_URL": server.base_url,
            "IMAGEGEN_API_KEY": server.api_key,
            "IMAGEGEN_MODE": "generate",
            "NO_MKDOCS_2_WARNING": "1",
        }
        for name, option in SITES.items():
            options = f"- imagegen:\n      price_as: openai\n      {option}"
            config.write_text(text.replace("- imagegen:", options), encoding="utf-8")
            site_dir = str(folder / "built" / name)
            run = run_in(
                example, "mkdocs", "build", "--strict", "-d", site_dir, fresh=False, **environ
            )
            assert run.code == 0, run.output
        assert len(server.paid_calls) == len(list((example / "covers").glob("*.webp"))) == 14
    return folder / "built"


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    with published(built) as url:
        yield url


@pytest.mark.parametrize("shown", ALL, ids=lambda shown: shown.name)
def test_a_cover_is_painted_and_shifts_nothing(
    built: Path, address: str, browser: Browser, shown: Shown
) -> None:
    for width_px, scale in ((360, 2), (1440, 1)):
        context = browser.new_context(
            viewport={"width": width_px, "height": HEIGHT_PX}, device_scale_factor=scale
        )
        visit = Visit(context.new_page(), shown.figure)
        visit.open(f"{address}{shown.site}/{shown.page}")
        measured = assert_stands_still(visit, width_px)
        _assert_painted(visit.page, measured, built / measured["chosen"].removeprefix(address))
        context.close()


def _assert_painted(page: Page, measured: dict[str, Any], file: Path) -> None:
    """Hold the pixels of the screen against those of the file."""
    left, top = measured["x"], measured["y"]
    right, bottom = left + measured["width"], top + measured["height"]
    screen = Image.open(BytesIO(page.screenshot(scale="css"))).convert("RGB")
    visible = screen.crop((round(left), round(top), round(right), round(min(bottom, HEIGHT_PX))))
    assert visible.height > 50
    with Image.open(file) as picture:
        whole = picture.convert("RGB").resize((visible.width, round(measured["height"])))
    expected = whole.crop((0, 0, *visible.size))
    assert _difference(visible, expected) < 8
    background = Image.new("RGB", visible.size, "white")
    assert _difference(visible, background) > 40


def _difference(one: Image.Image, other: Image.Image) -> float:
    """Return how far two pictures are apart, of 255, on average over pixels and channels."""
    means = ImageStat.Stat(ImageChops.difference(one, other)).mean
    return sum(means) / len(means)


@pytest.mark.parametrize("scale", [1, 2])
def test_the_browser_chooses_the_file_that_fits(address: str, browser: Browser, scale: int) -> None:
    context = browser.new_context(device_scale_factor=scale)
    context.route(SCRIPTS, lambda route: route.abort())  # which cost time, and move no column
    page = context.new_page()
    for width_px in WIDTHS_PX:
        page.set_viewport_size({"width": width_px, "height": HEIGHT_PX})
        for shown in ALL:
            page.goto(f"{address}{shown.site}/{shown.page}", wait_until="load")
            assert_fits(Visit(page, shown.figure).measure(), scale)
    context.close()


@pytest.mark.parametrize("shown", LISTS, ids=lambda shown: shown.name)
def test_covers_further_down_a_list_load_as_the_reader_comes_to_them(
    address: str, browser: Browser, shown: Shown
) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 640})
    page.goto(f"{address}{shown.site}/{shown.page}", wait_until="load")
    last = page.locator(f"{shown.figure} img").last
    assert last.get_attribute("loading") == "lazy"
    last.scroll_into_view_if_needed()
    page.wait_for_function("(image) => image.naturalWidth > 0", arg=last.element_handle())
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_it_does_not_find_without_the_plugin(
    address: str, browser: Browser, scheme: Any
) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.set_viewport_size({"width": 1440, "height": HEIGHT_PX})
    before, headings = {}, {}
    for uri in (POST, BLOG):
        before[uri] = _violations(_axe(page, f"{address}{WITHOUT}/{uri}"))
        headings[uri] = page.get_by_role("heading").all_inner_texts()
    for shown in ALL:
        results = _axe(page, f"{address}{shown.site}/{shown.page}")
        assert _violations(results) - before[shown.page] == set()
        assert page.get_by_role("heading").all_inner_texts() == headings[shown.page]
        rule, mark = (
            ("image-alt", "srcset=") if shown is ARTICLE else ("aria-hidden-focus", "tabindex=")
        )
        assert any(mark in html for html in _passed(results, rule))
        for width_px in (360, 1440):
            page.set_viewport_size({"width": width_px, "height": HEIGHT_PX})
            page.screenshot(path=ARTEFACTS / f"{shown.name}-{width_px}-{scheme}.png")
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (colour == "rgb(255, 255, 255)") is (scheme == "light")
    context.close()


def _axe(page: Page, url: str) -> dict[str, Any]:
    """Return what axe-core says of a page."""
    page.goto(url, wait_until="load")
    results = Axe().run(page, options={"resultTypes": ["violations", "passes"]})
    return dict(results.response)


def _violations(results: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the rules that were broken, with the elements that break them."""
    return {
        (rule["id"], str(node["target"]))
        for rule in results["violations"]
        for node in rule["nodes"]
    }


def _passed(results: dict[str, Any], rule_id: str) -> list[str]:
    """Return the beginnings of the elements that keep a rule."""
    return [
        node["html"]
        for rule in results["passes"]
        for node in rule["nodes"]
        if rule["id"] == rule_id
    ]
