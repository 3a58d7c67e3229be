"""`report gallery` and `report covers` on real sites; the page in a real browser."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from mkdocs_imagegen.model import Size
from mkdocs_imagegen.report.gallery import gallery_html
from mkdocs_imagegen.report.shown import CoverState
from tests.bills import said_cleanly, server_of
from tests.exhibits import bought, exhibit
from tests.imageserver import Fault
from tests.sites import Site

WAIT_MS = 10_000
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CONTRASTS = """
() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (parts(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll(".top *, .bar button, .bar b, h2, h3, .below *, footer")]
    .filter((element) => element.textContent.trim())
    .map((element) => {
      const both = [light(getComputedStyle(element).color), light(ground(element))];
      return [element.textContent, (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05)];
    });
}
"""


def fill(site: Site) -> None:
    """Make a site of ten articles with a cover in most states, and one article that is gone."""
    site.options |= {"quality": "low", "concurrency": 1}
    site.article("awry.md", cover_prompt="A wolf")
    server_of(site).script(Fault.openai(400, "moderation_blocked", "No."))
    for name in ("ant", "bee", "cat", "gone", "pin", "lost", "was"):
        site.article(
            f"zoo/{name}.md", cover_prompt=f"Un {name} \u00e9l\u00e9gant", date="2026-05-01"
        )
    pinned: dict[str, Any] = {"cover_prompt": "A pin", "cover_pin": True, "cover_label": True}
    site.article("zoo/pin.md", **pinned, date="2026-05-01")
    run = site.apply()
    assert "Bought 7 of 8 covers" in run.output, run.output
    site.docs.joinpath("zoo", "gone.md").unlink()
    site.article("zoo/was.md", cover_prompt="Something else by now")
    site.article("zoo/cat.md", cover_prompt="Un cat \u00e9l\u00e9gant", date="2026-06-01")
    site.article("new.md", cover_prompt="Not bought yet", cover_label=True)
    Image.new("RGB", (320, 200), "teal").save(site.docs / "own.png")
    site.article("own.md", cover={"file": "own.png", "ai": True, "label": "Made with AI"})
    site.article("theirs.md", cover="https://example.org/elsewhere.png")


def lose(site: Site, article: str) -> None:
    """Delete an article's original from the store."""
    lockfile = site.root.joinpath("imagegen.lock").read_text(encoding="utf-8")
    line = next(text for text in lockfile.splitlines() if article in text)
    for path in site.root.joinpath(".cache", "imagegen", "originals").rglob("*.val"):
        if sha256(path.read_bytes()).hexdigest() in line:
            path.unlink()
            return
    pytest.fail(f"{article} has no original")


def listed(site: Site) -> dict[str, dict[str, Any]]:
    run = site.cli("report", "covers", "--format", "json")
    assert run.code == 0, run.output
    return {cover["article"]: cover for cover in json.loads(run.stdout)["covers"]}


def test_the_lists_of_a_site_tell_what_each_cover_is(site: Site) -> None:
    fill(site)
    lose(site, "zoo/lost.md")
    calls = len(server_of(site).calls)
    covers = listed(site)
    assert {uri: cover["state"] for uri, cover in covers.items()} == {
        "awry.md": "refused",
        "new.md": "drawn",
        "own.md": "own",
        "theirs.md": "own",
        "zoo/ant.md": "approved",
        "zoo/bee.md": "approved",
        "zoo/cat.md": "approved",
        "zoo/lost.md": "lost",
        "zoo/pin.md": "pinned",
        "zoo/was.md": "drawn",
    }
    ant, new, own = covers["zoo/ant.md"], covers["new.md"], covers["own.md"]
    assert ant["address"] == "https://example.com/zoo/ant/"
    assert (ant["ai"], ant["model"], ant["provider"]) == (True, "gpt-image-2", "127.0.0.1")
    assert ant["label"] is None
    assert covers["zoo/pin.md"]["label"] == "AI-generated"
    assert (new["ai"], new["made_by"], new["label"]) == (False, "drawing", None)
    assert (own["ai"], own["file"], own["label"]) == (True, "own.png", "Made with AI")
    assert covers["theirs.md"]["ai"] is None
    assert covers["theirs.md"]["file"] == "https://example.org/elsewhere.png"

    built = site.build()
    assert built.code == 0, built.output
    assert (site.built / ant["file"]).is_file()
    assert site.cover_of("zoo/ant/index.html") == site.built / ant["file"]

    rows = site.cli("report", "covers", "--format", "csv").stdout
    assert len(list(csv.DictReader(StringIO(rows, newline="")))) == len(covers)
    text = site.cli("report", "covers")
    assert "cover_ai: true or false" in text.stdout

    out = site.root / "covers.html"
    run = site.cli("report", "gallery", "--out", str(out))
    assert run.code == 0
    assert "11 covers" in said_cleanly(run, server_of(site))
    page = out.read_text(encoding="utf-8")
    assert (
        page.count('data-state="orphan"') == 2
    )  # its chip's, and that of the article that is gone
    assert "its article is gone" in page
    assert len(server_of(site).calls) == calls


@pytest.mark.parametrize(
    ("command", "way"),
    [
        (["report", "gallery"], "--out covers.html"),
        (["plan", "--format", "html"], "mkdocs-imagegen plan --format html > plan.html"),
        (["report", "costs", "--format", "html"], "costs --format html > costs.html"),
    ],
)
def test_a_page_is_not_poured_onto_a_terminal(command: list[str], way: str, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    refused = subprocess.run(
        [sys.executable, "-m", "mkdocs_imagegen", *command],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    assert (refused.returncode, way in refused.stderr) == (2, True), refused.stderr


def test_a_site_without_covers_has_an_empty_gallery_and_gets_no_store(keyless_site: Site) -> None:
    keyless_site.article("index.md")
    run = keyless_site.cli("report", "gallery")
    assert run.code == 0
    assert "No article has a cover yet" in run.stdout
    assert keyless_site.cli("report", "covers").stdout == "No article has a cover.\n"
    assert not (keyless_site.root / ".cache").exists()


def test_a_list_that_lacks_an_article_is_an_error(keyless_site: Site) -> None:
    keyless_site.article("a.md", cover_prompt="A fox")
    keyless_site.article("b.md", cover_prompt="A fox", cover_ai=True)
    run = keyless_site.cli("report", "covers", "--format", "csv")
    assert run.code == 1
    assert "b.md:3: cover_ai is of your own picture" in run.stderr
    assert "a.md" in run.stdout
    run = keyless_site.cli("report", "gallery", "--out", str(keyless_site.root / "no" / "g.html"))
    assert run.code == 2
    assert "can't be written" in run.stderr


@contextmanager
def opened(browser: Browser, path: Path, **context: Any) -> Iterator[Page]:
    """Open a page from disk; a request that leaves it, or an error on it, fails the test."""
    visit = browser.new_context(**context)
    troubles: list[str] = []
    page = visit.new_page()
    page.set_default_timeout(WAIT_MS)
    page.on(
        "request",
        lambda r: None if r.url.startswith(("file:", "data:")) else troubles.append(r.url),
    )
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text))
    page.goto(path.as_uri())
    try:
        yield page
        assert troubles == []
    finally:
        visit.close()


def webp_of(colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (320, 213), colour).save(out, "webp")
    return out.getvalue()


def focused(page: Page) -> str:
    return str(
        page.evaluate("document.activeElement.closest('.card')?.querySelector('h3').textContent")
    )


def shown(page: Page) -> list[str]:
    return list(page.locator(".card:visible h3").all_text_contents())


def test_the_gallery_in_a_browser(site: Site, browser: Browser) -> None:
    fill(site)
    out = site.root / "covers.html"
    assert site.cli("report", "gallery", "--out", str(out)).code == 0
    top, zoo = ["Awry", "New", "Own", "Theirs"], ["Cat", "Ant", "Bee", "Lost", "Pin", "Was"]
    with opened(browser, out, viewport={"width": 1200, "height": 900}) as page:
        assert shown(page) == [*top, *zoo, "zoo/gone.md"]

        page.keyboard.press("ArrowRight")
        assert focused(page) == "Awry"
        page.keyboard.press("ArrowDown")
        assert focused(page) not in top[:3]  # three hang in a row
        page.keyboard.press("ArrowUp")
        page.keyboard.press("End")
        assert focused(page) == "zoo/gone.md"
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert focused(page) == "Own"

        page.keyboard.press("Enter")
        dialog = page.locator("dialog")
        assert dialog.is_visible()
        assert page.locator("#large-title").text_content() == "Own"
        assert "the author, with AI" in (dialog.text_content() or "")
        assert page.locator("#large img").evaluate("(i) => i.decode().then(() => i.naturalWidth)")
        page.keyboard.press("ArrowRight")
        assert page.locator("#large-title").text_content() == "Theirs"
        assert "at another address" in (page.locator("#large").text_content() or "")
        page.keyboard.press("Escape")
        expect(page.locator(".card:has(:focus) h3")).to_have_text("Theirs")
        assert not dialog.is_visible()

        page.keyboard.press("/")
        page.keyboard.type("elegant LOST")  # without its accents
        assert shown(page) == ["Lost"]
        assert page.locator("#told").text_content() == "1 of 11"
        page.keyboard.press("Enter")
        assert focused(page) == "Lost"
        page.keyboard.press("/")
        page.keyboard.type("nothing like it")
        assert shown(page) == []
        page.keyboard.press("Escape")
        assert len(shown(page)) == 11

        page.locator('.states [data-state="orphan"]').click()
        assert shown(page) == ["zoo/gone.md"]
        page.locator('.states [data-state=""]').click()
        page.locator("#room").select_option(label="Zoo")
        assert shown(page) == zoo


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_gallery_fits_and_can_be_read(tmp_path: Path, browser: Browser, scheme: str) -> None:
    covers = [bought(state.value, state=state, title=f"{state} " * 9) for state in CoverState]
    exhibits = [exhibit(cover, webp_of("teal"), Size(320, 213)) for cover in covers]
    path = tmp_path / "gallery.html"
    page_text = gallery_html(exhibits, site_name="Field notes", today=dt.date(2026, 11, 22))
    path.write_text(page_text, encoding="utf-8")
    for width_px in (400, 1200):
        context = {"viewport": {"width": width_px, "height": 900}, "color_scheme": scheme}
        with opened(browser, path, **context) as page:
            assert page.evaluate(OVERFLOW) <= 0
            assert {text: ratio for text, ratio in page.evaluate(CONTRASTS) if ratio < 4.5} == {}
            page.locator(".frame").first.click()
            box = page.locator("dialog").bounding_box()
            assert box is not None
            assert (box["width"], box["height"]) == (width_px, 900)
            assert page.locator("#close").is_visible()
            page.locator("#after").click()
            assert page.locator("#large-place").text_content() == "2 of 8"
            page.locator("#close").click()
            page.locator("#light").click()
            assert {text: ratio for text, ratio in page.evaluate(CONTRASTS) if ratio < 4.5} == {}


def test_the_gallery_prints_every_cover_and_needs_no_script(
    tmp_path: Path, browser: Browser
) -> None:
    exhibits = [exhibit(bought(f"a{n}"), webp_of("teal"), Size(320, 213)) for n in range(40)]
    path = tmp_path / "gallery.html"
    page_text = gallery_html(exhibits, site_name="Field notes", today=dt.date(2026, 11, 22))
    path.write_text(page_text, encoding="utf-8")
    with opened(browser, path) as page:
        page.emulate_media(media="print")
        assert len(shown(page)) == 40
        assert page.locator(".prompt:visible").count() == 40
        assert not page.locator(".bar").is_visible()
        assert page.pdf(format="A4")
    with opened(browser, path, java_script_enabled=False) as page:
        assert page.locator(".facts:visible").count() == 40
        assert not page.locator(".bar").is_visible()
