"""A report as people and scripts read it, and the rules as the docs tell them."""

from __future__ import annotations

import json
from pathlib import Path

from mkdocs_imagegen.crawlers.findings import Checked, Finding, Report, merged
from mkdocs_imagegen.crawlers.platforms import (
    COLUMNS,
    EVERY_PLATFORM,
    GOOGLE_SOURCES,
    PLATFORMS,
    Platform,
)
from mkdocs_imagegen.crawlers.telling import report_json, report_summary, report_text

PAGE = Path(__file__).parents[2] / "docs" / "link-previews.md"
LARGE = Finding("fail", ("whatsapp",), "700 KB, more than 600 KB", "publish a smaller JPEG")
CROPPED = Finding("warn", ("facebook", "x"), "1536x1024 is cropped", "publish 1200x630")
REPORT = Report(
    "site",
    (
        Checked("/", "https://e.com/", "https://e.com/a.jpg", (), frozenset(COLUMNS)),
        Checked(
            "/blog/2026/a-rather-long-name-of-an-article/",
            "https://e.com/blog/2026/a-rather-long-name-of-an-article/",
            "https://e.com/b.jpg",
            (LARGE, CROPPED),
            frozenset(EVERY_PLATFORM),
        ),
        Checked("/about/", "https://e.com/about/", "", (), frozenset()),
    ),
    ("2 of 3 pages were checked",),
)


def test_the_table_fits_narrow_terminals_and_says_what_its_heads_mean() -> None:
    text = report_text(REPORT, width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert text.splitlines()[:4] == [
        "                                    FB    X     LI  SL  DI  WA    TG  MA  GO  PG",
        "/                                   ok    ok    ok  ok  ok  ok    ok  ok  ok  ok",
        "…a-rather-long-name-of-an-article/  warn  warn  ok  ok  ok  fail  ok  ok  -   -",
        "FB Facebook, LI LinkedIn, SL Slack, DI Discord, WA WhatsApp, TG Telegram, MA",
    ]


def test_failures_come_first_each_with_its_mend_and_pages() -> None:
    text = report_text(REPORT)
    assert text.splitlines()[0].split()[:3] == ["Facebook", "X", "LinkedIn"]
    assert text[text.index("\n\n") :] == (
        "\n\n"
        "fail  WhatsApp\n"
        "      700 KB, more than 600 KB\n"
        "      hint: publish a smaller JPEG\n"
        "      on /blog/2026/a-rather-long-name-of-an-article/\n"
        "\n"
        "warn  Facebook, X\n"
        "      1536x1024 is cropped\n"
        "      hint: publish 1200x630\n"
        "      on /blog/2026/a-rather-long-name-of-an-article/\n"
        "\n"
        "2 of 3 pages were checked\n"
        "Without a picture: /about/\n"
    )
    assert report_summary(REPORT) == "3 pages: 1 fail, 0 with warnings, 1 ok, 1 without a picture."


def test_what_a_page_says_can_neither_move_the_cursor_nor_fill_the_screen() -> None:
    evil = Finding("fail", ("x",), "twitter:image is \x1b[2J\x9b" + "a" * 5000)
    page = Checked("/\x1b[31m", "", "a", (evil,), frozenset(COLUMNS))
    text = report_text(Report("site", (page,)))
    assert not {"\x1b", "\x9b"} & set(text)
    assert len(text) < 2000


def test_colour_is_never_all_that_tells() -> None:
    text = report_text(REPORT, colour=True)
    assert "\x1b[" in text
    assert "fail" in text


def test_json_holds_every_page_with_its_verdicts() -> None:
    document = json.loads(report_json(REPORT))
    assert document["counts"] == {"fail": 1, "warn": 0, "ok": 1, "-": 1}
    assert document["notes"] == ["2 of 3 pages were checked"]
    second = document["pages"][1]
    assert second["verdicts"]["whatsapp"] == "fail"
    assert second["findings"][0] == {
        "level": "fail",
        "where": ["whatsapp"],
        "message": LARGE.message,
        "hint": LARGE.hint,
    }


def test_a_site_without_any_picture_is_told_so() -> None:
    text = report_text(Report("site", REPORT.pages[2:]))
    assert text == "No page names a picture for link previews: set site_url in mkdocs.yml.\n"


def test_the_same_of_several_platforms_is_one_finding() -> None:
    one, other = Finding("warn", ("telegram",), "a", "b"), Finding("warn", ("facebook",), "a", "b")
    assert merged([one, LARGE, other]) == (
        LARGE,
        Finding("warn", ("facebook", "telegram"), "a", "b"),
    )


def large(platform: Platform) -> str:
    """Return from which size on a platform shows a large picture."""
    size = platform.large
    if size.width_px == 1:
        return ""
    return f"{size.width_px} wide" if size.height_px == 1 else str(size)


def row(platform: Platform) -> str:
    """Return a platform's row of the table in the docs."""

    def listed(formats: frozenset[str]) -> str:
        order = ("jpeg", "png", "gif", "webp", "avif")
        return ", ".join(each.upper().replace("WEBP", "WebP") for each in order if each in formats)

    def megabytes(count: int | None) -> str:
        if not count:
            return ""
        return f"{count / 1e6:.1f} MB".replace(".0", "") if count >= 1e6 else f"{count // 1000} KB"

    cells = (
        platform.name,
        listed(platform.formats),
        listed(platform.unsure_formats),
        megabytes(platform.most_bytes),
        megabytes(platform.unsure_bytes),
        "" if platform.least.width_px == 1 else str(platform.least),
        large(platform),
        f"{platform.agent}: {platform.robots}",
    )
    return "| " + " | ".join(cells) + " |"


def test_the_docs_tell_each_rule_and_its_sources() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [each for each in map(row, PLATFORMS) if each not in text] == []
    sources = [source for platform in PLATFORMS for source in platform.sources]
    assert [source for source in (*sources, *GOOGLE_SOURCES) if source not in text] == []


def test_a_page_without_an_og_image_is_not_counted_as_well() -> None:
    listing = Checked("/blog/", "https://e.com/blog/", "", (), frozenset({"page"}))
    report = Report("site", (REPORT.pages[0], listing, REPORT.pages[2]))
    assert report_summary(report) == "3 pages: 0 fail, 0 with warnings, 1 ok, 2 without a picture."
    assert "Without a picture: /blog/, /about/\n" in report_text(report)
    assert json.loads(report_json(report))["counts"]["-"] == 2
    gap = Finding("fail", ("page",), "the cover leads nowhere")
    broken = Report("site", (Checked("/blog/", "", "", (gap,), frozenset({"page"})),))
    assert report_summary(broken).startswith("1 page: 1 fail,")
