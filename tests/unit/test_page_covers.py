"""What a page's head says of its cover."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mkdocs_imagegen.page_cover import PageCover


def announced(url: str) -> str:
    cover = PageCover(url, alt="A fox", caption="", label="", size=None, yields=False, shown=True)
    return cover.announced("<head></head>", "https://example.com/")


@pytest.mark.parametrize(
    ("url", "picture_type"),
    [
        # Before Python 3.13, `mimetypes` knows WebP and AVIF only from files of the system.
        ("assets/covers/a.webp", "image/webp"),
        ("blog/own.avif", "image/avif"),
        ("blog/own.JPG", "image/jpeg"),
        ("https://example.com/own.svg?v=2", "image/svg+xml"),
    ],
)
def test_the_pictures_type_is_told_on_every_machine(url: str, picture_type: str) -> None:
    assert f'<meta property="og:image:type" content="{picture_type}">' in announced(url)


def test_a_scheme_in_capitals_is_an_address_too() -> None:
    cover = PageCover("a.webp", alt="", caption="", label="", size=None, yields=False, shown=True)
    assert cover.preview_url("HTTPS://example.com/sub") == "HTTPS://example.com/sub/a.webp"
    elsewhere = replace(cover, url="HTTPS://example.com/a.webp", webp=[("HTTP://a.de/b.webp", 1)])
    shown = elsewhere.seen_from("../{}".format)
    assert (shown.src, shown.webp) == (elsewhere.url, elsewhere.webp)
    assert cover.seen_from("../{}".format).src == "../a.webp"


def test_no_type_is_told_where_the_address_does_not_show_it() -> None:
    assert "og:image:type" not in announced("https://example.com/picture")
