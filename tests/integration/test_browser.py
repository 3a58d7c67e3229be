"""A real browser on built sites: covers load, keep their shape, shift nothing, and fit."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.bills import server_of
from tests.browser import Visit, assert_fits, assert_stands_still, published
from tests.sites import Site

WIDTHS_PX = (1280, 400)
LOCAL = {"highlightjs": False}
"""These themes take their code colours from the web."""
THEMES: dict[str, dict[str, Any]] = {
    "mkdocs": {"theme": {"name": "mkdocs", **LOCAL}, "plugins": ["search"]},
    "readthedocs": {"theme": {"name": "readthedocs", **LOCAL}, "plugins": ["search"]},
    "material": {"theme": {"name": "material", "font": False}, "plugins": ["search", "blog"]},
}
POST = "blog/2026/01/01/post"


def assert_looks_right(browser: Browser, url: str, width_px: int) -> None:
    context = browser.new_context(viewport={"width": width_px, "height": 900})
    try:
        visit = Visit(context.new_page())
        visit.open(url)
        assert_stands_still(visit, width_px)
        assert visit.shifted() < 0.01
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


def test_browsers_choose_the_file_that_fits_each_themes_column(
    site: Site, browser: Browser
) -> None:
    site.options["mode"] = "generate"
    site.article("index.md", cover_prompt="A hare", cover_size="1536x1024", body="Words. " * 200)
    for config in THEMES.values():
        site.config = config
        built = site.build("--strict")
        assert built.code == 0, built.output
        with published(site.built) as url:
            for scale in (1, 2):
                context = browser.new_context(device_scale_factor=scale)
                page = context.new_page()
                for width_px in (360, 768, 1440):
                    page.set_viewport_size({"width": width_px, "height": 900})
                    page.goto(url, wait_until="load")
                    assert_fits(Visit(page).measure(), scale)
                context.close()
    assert len(server_of(site).paid_calls) == 1
