"""The facts of a page to verdicts: one change at a time to a page on which all is well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from mkdocs_imagegen.crawlers.facts import (
    Candidate,
    Content,
    Look,
    Missing,
    Page,
    Picture,
    Shown,
    There,
    Unseen,
)
from mkdocs_imagegen.crawlers.findings import Checked
from mkdocs_imagegen.crawlers.judging import judge
from mkdocs_imagegen.crawlers.platforms import COLUMNS, EVERY_PLATFORM
from mkdocs_imagegen.crawlers.robots import read_robots
from mkdocs_imagegen.model import Size

URL = "https://example.com/blog/a/"
JPEG = "https://example.com/assets/covers/a.jpg"
WEBP = "https://example.com/assets/covers/a-480.webp"
METAS = {
    "og:image": JPEG,
    "og:image:type": "image/jpeg",
    "og:image:width": "1200",
    "og:image:height": "630",
    "og:image:alt": "A fox",
    "twitter:card": "summary_large_image",
    "twitter:image": JPEG,
    "robots": "index, max-image-preview:large",
}
ARTICLE = {"@graph": [{"@type": ["Article"], "image": {"@type": "ImageObject", "url": JPEG}}]}
FIGURE = Shown(
    "../../assets/covers/a-480.webp",
    "A fox",
    "480",
    "320",
    True,
    (Candidate("../../assets/covers/a-480.webp", "480w"),),
    True,
)
PREVIEW = There(Picture("jpeg", "JPEG", Size(1200, 630), 200_000), "image/jpeg")
SMALL = There(Picture("webp", "WebP", Size(480, 320), 20_000), "image/webp")
LOOKS: Mapping[str, Look] = {JPEG: PREVIEW, WEBP: SMALL, "": Missing("it is no address")}
EVERYWHERE = {*EVERY_PLATFORM, "google"}


def page(
    *,
    preview: Look = PREVIEW,
    small: Look = SMALL,
    shown: Shown | None = FIGURE,
    structured: object = ARTICLE,
    robots: str = "",
    redirects: int = 0,
    preview_at_bytes: int = 500,
    metas: Mapping[str, str | None] | None = None,
) -> Page:
    told = {**METAS, **(metas or {})}
    content = Content(
        tuple((name, text) for name, text in told.items() if text is not None),
        URL,
        (structured if isinstance(structured, str) else json.dumps(structured),),
        (shown,) if shown else (),
        preview_at_bytes,
    )
    looks = {**LOOKS, JPEG: preview, WEBP: small}
    return Page(
        "/blog/a/", URL, content, looks, {"https://example.com": read_robots(robots)}, redirects
    )


def picture(**changes: object) -> There:
    return replace(PREVIEW, picture=replace(PREVIEW.picture, **changes))  # type: ignore[arg-type]


def troubles(checked: Checked) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for column, verdict in checked.verdicts.items():
        if verdict != "ok":
            found.setdefault(verdict, set()).add(column)
    return found


def test_a_page_on_which_all_is_well_is_ok_everywhere() -> None:
    checked = judge(page())
    assert checked.findings == ()
    assert dict(checked.verdicts) == dict.fromkeys(COLUMNS, "ok")


def test_a_page_without_any_picture_is_not_judged() -> None:
    bare = replace(page(), content=Content((("og:title", "About"),)))
    assert dict(judge(bare).verdicts) == dict.fromkeys(COLUMNS, "-")


@pytest.mark.parametrize(
    ("metas", "expected"),
    [
        ({"og:image": None}, {"fail": EVERYWHERE}),
        ({"og:image": "/assets/covers/a.jpg"}, {"fail": EVERYWHERE}),
        ({"og:image:type": "image/png"}, {"fail": EVERYWHERE}),
        ({"og:image:type": None}, {}),
        ({"og:image:width": "1536"}, {"fail": EVERYWHERE}),
        ({"og:image:height": None}, {"warn": {"facebook"}}),
        ({"og:image:alt": None}, {"warn": {"x", "mastodon"}}),
        ({"og:image:alt": None, "twitter:image:alt": "A fox"}, {"warn": {"mastodon"}}),
        ({"twitter:card": None}, {"fail": {"x"}}),
        ({"twitter:card": "summary"}, {"warn": {"x", "discord"}}),
        ({"twitter:image": "https://example.com/b.jpg"}, {"warn": {"x"}}),
        ({"robots": None}, {"warn": {"google"}}),
        ({"robots": "max-image-preview:none"}, {"warn": {"google"}}),
        ({"robots": "noindex"}, {}),
    ],
)
def test_tags(metas: Mapping[str, str | None], expected: dict[str, set[str]]) -> None:
    assert troubles(judge(page(metas=metas))) == expected


@pytest.mark.parametrize(
    ("preview", "expected"),
    [
        (Missing("there is no such file"), {"fail": EVERYWHERE}),
        (Unseen("it is on another host"), {"warn": EVERYWHERE}),
        (picture(format="", what="an HTML page"), {"fail": EVERYWHERE}),
        (picture(is_whole=False), {"fail": EVERYWHERE}),
        (replace(PREVIEW, served_as="image/webp"), {"fail": EVERYWHERE}),
        (replace(PREVIEW, redirects=1), {"warn": EVERYWHERE}),
        (replace(PREVIEW, redirects=4), {"fail": EVERYWHERE}),
        (picture(length_bytes=290_000), {}),
        (picture(length_bytes=300_001), {"warn": {"whatsapp"}}),
        (picture(length_bytes=600_001), {"fail": {"whatsapp"}}),
        (
            picture(length_bytes=5_000_001),
            {"fail": {"whatsapp", "x", "linkedin", "slack", "telegram"}, "warn": {"mastodon"}},
        ),
        (picture(length_bytes=8_400_000), {"fail": set(EVERY_PLATFORM)}),
    ],
)
def test_what_lies_at_the_address(preview: Look, expected: dict[str, set[str]]) -> None:
    assert troubles(judge(page(preview=preview))) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("png", {}),
        ("gif", {"fail": {"whatsapp"}, "warn": {"telegram"}}),
        ("webp", {"fail": {"linkedin"}, "warn": {"facebook", "slack", "whatsapp", "telegram"}}),
        ("avif", {"fail": set(EVERY_PLATFORM) - {"discord"}, "warn": {"discord"}}),
        ("svg", {"fail": set(EVERY_PLATFORM)}),
    ],
)
def test_formats(found: str, expected: dict[str, set[str]]) -> None:
    mime = "image/svg+xml" if found == "svg" else f"image/{found}"
    preview = replace(picture(format=found, what=found), served_as=mime)
    checked = judge(page(preview=preview, metas={"og:image:type": mime}))
    assert troubles(checked) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (Size(1200, 627), {}),
        (Size(1600, 900), {}),
        (Size(1536, 1024), {"warn": {"facebook", "x", "linkedin"}}),
        (Size(5000, 2625), {"fail": {"x"}}),
        (Size(500, 262), {"warn": {"facebook"}}),
        (
            Size(250, 131),
            {
                "fail": {"facebook", "x", "linkedin"},
                "warn": {"slack", "discord", "whatsapp"},
            },
        ),
    ],
)
def test_sizes(size: Size, expected: dict[str, set[str]]) -> None:
    metas = {"og:image:width": str(size.width_px), "og:image:height": str(size.height_px)}
    assert troubles(judge(page(preview=picture(size=size), metas=metas))) == expected


def test_two_previews_fail_on_every_platform() -> None:
    one = page()
    twice = replace(
        one, content=replace(one.content, metas=(*one.content.metas, ("og:image", JPEG)))
    )
    checked = judge(twice)
    assert troubles(checked) == {"fail": set(EVERY_PLATFORM)}
    assert checked.findings[0].message.startswith("2 og:image tags")


def test_plain_http_fails() -> None:
    plain = JPEG.replace("https", "http")
    one = page(metas={"og:image": plain, "twitter:image": plain})
    checked = judge(replace(one, looks={**one.looks, plain: PREVIEW}))
    assert checked.verdicts["facebook"] == "fail"
    assert "not https" in checked.findings[0].message


@pytest.mark.parametrize(
    ("robots", "expected"),
    [
        ("User-agent: LinkedInBot\nDisallow: /", {"fail": {"linkedin"}}),
        ("User-agent: Discordbot\nDisallow: /assets/", {"warn": {"discord"}}),
        (
            "User-agent: *\nDisallow: /",
            {
                "fail": {"x", "linkedin"},
                "warn": EVERYWHERE - {"x", "linkedin", "mastodon"},
            },
        ),
        ("User-agent: *\nDisallow: /search/", {}),
    ],
)
def test_robots(robots: str, expected: dict[str, set[str]]) -> None:
    assert troubles(judge(page(robots=robots))) == expected


@pytest.mark.parametrize(
    ("structured", "level"),
    [
        ({"@type": "BlogPosting", "image": [JPEG]}, "ok"),
        ({"@type": "WebSite", "image": "https://example.com/b.jpg"}, "ok"),
        ({"@type": "Article", "image": "https://example.com/b.jpg"}, "warn"),
        ({"@type": "Article", "image": "a.jpg"}, "fail"),
        ("{no json", "fail"),
        ("[" * 100_000, "fail"),
    ],
)
def test_structured_data(structured: object, level: str) -> None:
    assert judge(page(structured=structured)).verdicts["google"] == level


@pytest.mark.parametrize(
    ("shown", "level", "word"),
    [
        (replace(FIGURE, alt=None), "fail", "no alt"),
        (replace(FIGURE, alt=" "), "warn", "alt is empty"),
        (replace(FIGURE, alt="", in_figure=False), "ok", ""),
        (replace(FIGURE, width=None), "warn", "no width and height"),
        (replace(FIGURE, width="9" * 5000), "fail", "no number"),
        (replace(FIGURE, height="480"), "fail", "shaped as 480x320"),
        (replace(FIGURE, width="1536", height="1024"), "ok", ""),
        (replace(FIGURE, src=""), "fail", "no src"),
        (replace(FIGURE, src="http://[oops"), "fail", "no address"),
        (replace(FIGURE, has_sizes=False), "warn", "no sizes"),
        (replace(FIGURE, candidates=(Candidate(WEBP, "800w"),)), "fail", "the picture has 480"),
        (replace(FIGURE, candidates=(Candidate(WEBP, "", "image/avif"),)), "fail", "<source>"),
    ],
)
def test_the_figure(shown: Shown, level: str, word: str) -> None:
    checked = judge(page(shown=shown))
    assert checked.verdicts["page"] == level
    assert word in " ".join(finding.message for finding in checked.findings)


@pytest.mark.parametrize(
    "small",
    [Missing("there is no such file"), replace(SMALL, picture=Picture("", "text", None, 9))],
)
def test_a_broken_file_of_the_figure_fails(small: Look) -> None:
    assert troubles(judge(page(small=small))) == {"fail": {"page"}}


def test_a_preview_deep_in_the_page_is_not_reached_by_slack() -> None:
    assert troubles(judge(page(preview_at_bytes=40_000))) == {"fail": {"slack"}}


def test_a_sitemap_that_redirects_is_told() -> None:
    assert troubles(judge(page(redirects=1))) == {"warn": {"page"}}


def test_every_finding_says_what_mends_it() -> None:
    bad = page(
        preview=replace(picture(size=Size(90, 50), length_bytes=9_000_000), redirects=9),
        metas={"og:image:width": None, "twitter:card": None, "robots": None},
        shown=replace(FIGURE, alt=None, width=None),
        robots="User-agent: *\nDisallow: /",
    )
    findings = judge(bad).findings
    assert len(findings) > 10
    assert all(finding.hint for finding in findings)


def hints(checked: Checked) -> str:
    return "\n".join(finding.hint for finding in checked.findings)


def test_a_hint_can_be_followed_also_where_the_picture_is_another_tools() -> None:
    bare = {"og:image:alt": None, "og:image:width": None, "robots": None}
    ours = hints(judge(page(metas=bare)))
    assert "write cover_alt in the article's front matter" in ours
    assert "write og:image:width and og:image:height" in ours
    assert "into the block extrahead of your theme's main.html" in ours
    social = "https://example.com/assets/images/social/blog/index.png"
    theirs = replace(page(metas={**bare, "og:image": social}), looks={social: PREVIEW})
    told = hints(judge(theirs))
    assert "cover_alt" not in told
    assert "this picture is another tool's (Material's social, say): write <meta prop" in told
