"""What a page's HTML says of pictures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.crawlers.content import candidates_of, read_page
from mkdocs_imagegen.crawlers.facts import Candidate


def test_tags_of_the_head_are_read_however_they_are_written() -> None:
    content = read_page(
        "<!doctype html><head><META content='A &amp; B > C' Property='og:title'>"
        "<meta name=twitter:card content=summary_large_image>"
        '<link rel="canonical" href="https://example.com/a/">'
        '<!-- <meta property="og:image" content="https://example.com/no.jpg"> -->'
        '<meta property="og:image" content="https://example.com/a.jpg"/></head>'
        '<body><meta property="og:image" content="https://example.com/late.jpg"></body>'
    )
    assert content.metas == (
        ("og:title", "A & B > C"),
        ("twitter:card", "summary_large_image"),
        ("og:image", "https://example.com/a.jpg"),
    )
    assert content.canonical == "https://example.com/a/"


def test_where_the_preview_stands_is_counted_in_bytes() -> None:
    before = "<head>\n<title>ÄÖÜ</title>\n"
    content = read_page(f'{before}<meta property="og:image" content="https://e.com/a.jpg">')
    assert content.preview_at_bytes == len(before.encode())


def test_covers_are_those_in_the_figure_and_those_from_the_covers_folder() -> None:
    content = read_page(
        '<figure class="cover wide"><a href="x"><picture>'
        '<source type="image/avif" srcset="a.avif 480w">'
        '<img src="a.webp" srcset="a-480.webp 480w, a-800.webp 800w" sizes="100vw" alt'
        ' width="3" height="2"></picture></a></figure>'
        '<figure><img src="chart.png"></figure><img src="../assets/covers/b.webp">'
    )
    first, second = content.images
    assert first.in_figure
    assert first.alt == ""
    assert first.has_sizes
    assert first.candidates == (
        Candidate("a.avif", "480w", "image/avif"),
        Candidate("a-480.webp", "480w"),
        Candidate("a-800.webp", "800w"),
    )
    assert (second.src, second.alt, second.in_figure) == ("../assets/covers/b.webp", None, False)


@pytest.mark.parametrize(
    ("srcset", "expected"),
    [
        ("a.webp 480w, b.webp 800w", [("a.webp", "480w"), ("b.webp", "800w")]),
        ("a,b.webp 1x,\n c.webp 2x ,", [("a,b.webp", "1x"), ("c.webp", "2x")]),
        ("a.webp, b.webp 2x", [("a.webp", ""), ("b.webp", "2x")]),
        (" , ", []),
        ("", []),
    ],
)
def test_a_srcset_is_split_as_browsers_do(srcset: str, expected: list[tuple[str, str]]) -> None:
    assert [(each.url, each.descriptor) for each in candidates_of(srcset)] == expected


def test_json_ld_is_kept_as_written() -> None:
    content = read_page(
        '<head><script type="application/ld+json">{"a": "<b>"}</script><script>x</script></head>'
    )
    assert content.structured == ('{"a": "<b>"}',)


@given(st.text(alphabet='<>!-"=/ metaimgfurscrpt\n:,', max_size=200))
def test_nothing_breaks_the_reader(html: str) -> None:
    read_page(html)
