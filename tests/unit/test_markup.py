"""HTML of a cover: the figure, where it goes, and the tags for link previews."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.markup import (
    Preview,
    Shown,
    figure,
    has_preview,
    insert_figure,
    list_figure,
    with_preview,
    with_tagged_covers,
)
from mkdocs_imagegen.model import Size

PREVIEW = Preview("https://example.com/c.webp", "image/webp", "A fox", Size(1536, 1024))


class Tags(HTMLParser):
    """Collects the tags and the text of a page as a browser would read them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def meta(self, name: str) -> list[str | None]:
        """The contents of the `<meta>` tags of that name or property."""
        return [
            attrs.get("content")
            for tag, attrs in self.tags
            if tag == "meta" and name in (attrs.get("property"), attrs.get("name"))
        ]


FOX = Shown("../c.webp", Size(1536, 1024), "A fox")


def test_a_figure_has_everything_that_keeps_the_page_from_jumping() -> None:
    assert figure(replace(FOX, colour="#335577")) == (
        '<figure class="cover"><img src="../c.webp" alt="A fox" width="1536" height="1024"'
        ' style="background:#335577" decoding="async" fetchpriority="high"></figure>\n'
    )


def test_browsers_choose_from_all_widths_and_from_avif_first() -> None:
    widths = [("../s.webp", 480), ("../c.webp", 1536)]
    html = figure(replace(FOX, webp=widths, avif=[("../s.avif", 480)]))
    sizes = 'sizes="(min-width: 60em) 48em, 100vw"'
    assert f'<picture><source type="image/avif" srcset="../s.avif 480w" {sizes}><img' in html
    assert f'src="../c.webp" srcset="../s.webp 480w, ../c.webp 1536w" {sizes} alt=' in html
    assert "srcset" not in figure(replace(FOX, webp=widths[1:]))


def test_a_list_loads_its_first_cover_at_once_and_the_others_when_they_come_near() -> None:
    first, later = (list_figure(FOX, "../a/", kind="card", first=first) for first in (True, False))
    assert "lazy" not in first
    assert 'loading="lazy"' in later
    assert '<figure class="cover-card"><a href="../a/" tabindex="-1"' in first


def test_a_figure_of_unknown_size_has_none() -> None:
    assert "width=" not in figure(Shown("https://example.com/c.svg", None, ""))


def test_caption_and_label_stand_below_the_picture() -> None:
    html = figure(FOX, caption="A fox", label="AI-generated")
    assert (
        '<figcaption>A fox <span class="cover-label">AI-generated</span></figcaption></figure>'
        in html
    )
    assert "<figcaption>A fox</figcaption>" in figure(FOX, caption="A fox")
    assert "figcaption" not in figure(FOX)


def test_search_engines_are_told_whose_picture_it_is() -> None:
    preview = Preview("https://e.com/a.jpg", "image/jpeg", "", None, 'Fox </script> & "<!--"')
    page = with_preview("<head></head>", preview)
    data = page.partition('class="cover-data">')[2].partition("</script>")[0]
    assert json.loads(data)["headline"] == 'Fox </script> & "<!--"'
    assert "<" not in data
    assert with_preview(page, preview) == page


def test_large_previews_are_allowed_unless_the_page_says_otherwise() -> None:
    allowed = '<meta name="robots" content="max-image-preview:large">'
    assert allowed in with_preview("<head></head>", PREVIEW)
    kept = '<head><meta name="robots" content="noindex"></head>'
    assert allowed not in with_preview(kept, PREVIEW)


@given(st.text(st.sampled_from("<>&\"'= xé\n")), st.text(st.sampled_from("<>&\"'= xé\n")))
def test_what_authors_write_comes_out_as_text(alt: str, caption: str) -> None:
    page = Tags(figure(Shown("c.webp", None, alt), caption=caption, label=caption))
    image = next(attrs for tag, attrs in page.tags if tag == "img")
    assert image["alt"] == alt
    allowed = {"figure", "img", "figcaption", "span"}
    assert {tag for tag, _ in page.tags} <= allowed
    if caption:
        assert "".join(page.texts).startswith(caption)


@pytest.mark.parametrize(
    ("content", "above", "below"),
    [
        ("<h1>T</h1>\n<p>x</p>", "\nF<h1>T</h1>\n<p>x</p>", "<h1>T</h1>\nF<p>x</p>"),
        (
            '<p>first</p>\n<h1 id="t">T</h1><p>x</p>',
            '<p>first</p>\n\nF<h1 id="t">T</h1><p>x</p>',
            '<p>first</p>\n<h1 id="t">T</h1>\nF<p>x</p>',
        ),
        ("<H1>T</H1>x", "\nF<H1>T</H1>x", "<H1>T</H1>\nFx"),
        ("<h1>A</h1><h1>B</h1>", "\nF<h1>A</h1><h1>B</h1>", "<h1>A</h1>\nF<h1>B</h1>"),
        (
            "<!-- old <h1>Draft</h1> -->\n<h1>T<!-- </h1> --></h1>x",
            "<!-- old <h1>Draft</h1> -->\n\nF<h1>T<!-- </h1> --></h1>x",
            "<!-- old <h1>Draft</h1> -->\n<h1>T<!-- </h1> --></h1>\nFx",
        ),
        ("<!--><h1>T</h1>x-->", "<!-->\nF<h1>T</h1>x-->", "<!--><h1>T</h1>\nFx-->"),
        ("<!-- <h1>T</h1>", "F<!-- <h1>T</h1>", "F<!-- <h1>T</h1>"),
        ("<h2>T</h2>", "F<h2>T</h2>", "F<h2>T</h2>"),
        (
            '<script>"<h1>no</h1>"</script><h1>T</h1>x',
            '<script>"<h1>no</h1>"</script>\nF<h1>T</h1>x',
            '<script>"<h1>no</h1>"</script><h1>T</h1>\nFx',
        ),
        (
            "<TEMPLATE><style>a</style><h1></h1></template ><h1><svg><h1></h1></svg>T</h1>x",
            "<TEMPLATE><style>a</style><h1></h1></template >\nF<h1><svg><h1></h1></svg>T</h1>x",
            "<TEMPLATE><style>a</style><h1></h1></template ><h1><svg><h1></h1></svg>T</h1>\nFx",
        ),
        ("<svg-x><h1>T</h1>x", "<svg-x>\nF<h1>T</h1>x", "<svg-x><h1>T</h1>\nFx"),
        ("<h10>no</h10>", "F<h10>no</h10>", "F<h10>no</h10>"),
        ("", "F", "F"),
    ],
)
def test_the_figure_stands_beside_the_first_title(content: str, above: str, below: str) -> None:
    assert insert_figure(content, "F", "above_title") == above
    assert insert_figure(content, "F", "below_title") == below


def test_the_preview_tags_are_complete_and_escaped() -> None:
    preview = Preview("https://e.com/a?b&c", "image/webp", 'A "fox" <b>', Size(1536, 1024))
    head = with_preview("<head>\n</head>", preview)
    assert head == (
        '<head>\n<meta name="robots" content="max-image-preview:large">\n'
        '<meta property="og:image" content="https://e.com/a?b&amp;c">\n'
        '<meta property="og:image:type" content="image/webp">\n'
        '<meta property="og:image:width" content="1536">\n'
        '<meta property="og:image:height" content="1024">\n'
        '<meta property="og:image:alt" content="A &quot;fox&quot; &lt;b&gt;">\n'
        '<meta name="twitter:card" content="summary_large_image">\n'
        '<meta name="twitter:image" content="https://e.com/a?b&amp;c">\n'
        '<meta name="twitter:image:alt" content="A &quot;fox&quot; &lt;b&gt;">\n'
        "</head>"
    )


def test_without_a_size_no_size_is_told() -> None:
    preview = Preview("https://e.com/a.svg", "image/svg+xml", "", None)
    assert "og:image:width" not in with_preview("<head></head>", preview)


def test_a_page_without_a_head_stays_as_it_is() -> None:
    assert with_preview("<p>partial</p>", PREVIEW) == "<p>partial</p>"


OTHER_TAGS = (
    '<meta property="og:image" content="https://x/old.png">',
    "<meta property='og:image' content='https://x/old.png'>",
    "<meta property=og:image content=https://x/old.png>",
    '<meta content="https://x/old.png" property="og:image">',
    "<meta content=https://x/old.png property=og:image>",
    "<meta content=https://x/old.png property=og:image/>",
    '<META CONTENT="https://x/old.png" PROPERTY="OG:IMAGE">',
    '<meta property="og:image" content="https://x/old.png" />',
    '<meta\n  property = "og:image"\n  content = "https://x/old.png"\n>',
    '<meta name="og:image" content="https://x/old.png">',
    '<meta property="og:image:alt" content="a > b, it\'s a \'fox\'">',
    '<meta content="a > b" property="og:image:alt">',
    '<meta property="og:image:secure_url" content="https://x/old.png">',
    '<meta property="og:image:width" content="1200">',
    '<meta name="twitter:card" content="summary">',
    '<meta name="twitter:image" content="https://x/old.png">',
    '<meta property="twitter:image:src" content="https://x/old.png">',
)


@pytest.mark.parametrize("old", OTHER_TAGS)
@pytest.mark.parametrize("gap", ["\n", "", " "])
def test_another_preview_goes_however_it_is_written_and_nothing_else(old: str, gap: str) -> None:
    before = '<head><meta charset="utf-8"><title>1 > 0</title>'
    after = '<link rel="icon" href="i.png"><script>x = "a>b"</script></head><body>og:image</body>'
    page = with_preview(f"{before}{gap}{old}{gap}{after}", PREVIEW)
    assert "old.png" not in page
    assert "fox'" not in page
    assert page.startswith(before)
    assert page.endswith(after[after.index("</head>") :])
    for kept in ('<link rel="icon" href="i.png">', '<script>x = "a>b"</script>'):
        assert kept in page
    read = Tags(page)
    assert read.meta("og:image") == ["https://example.com/c.webp"]
    assert read.meta("og:image:alt") == ["A fox"]
    assert read.meta("twitter:card") == ["summary_large_image"]


@pytest.mark.parametrize(
    "kept",
    [
        '<meta property="og:title" content="og:image">',
        '<meta name="description" content="How to set property=og:image and name=twitter:card">',
        '<meta property="og:imagery" content="x">',
        '<meta name="twitter:title" content="x">',
        "<meta charset=utf-8>",
    ],
)
def test_tags_of_other_things_stay(kept: str) -> None:
    page = with_preview(f"<head>{kept}<title>T</title></head>", PREVIEW)
    assert page.startswith(f"<head>{kept}<title>T</title>")


@pytest.mark.parametrize("old", OTHER_TAGS[:10])
def test_a_preview_is_seen_however_it_is_written(old: str) -> None:
    assert has_preview(f"<head>{old}</head>")


@pytest.mark.parametrize(
    "page",
    [
        "<head></head>",
        '<head><meta property="og:image:width" content="1"></head>',
        '<head><meta name="description" content=" property=og:image "></head>',
        '<head></head><body><meta property="og:image" content="in the text"></body>',
    ],
)
def test_no_preview_is_seen_where_there_is_none(page: str) -> None:
    assert not has_preview(page)


PIECES = st.sampled_from(
    [*OTHER_TAGS, "<title>a > b</title>", "<meta charset=utf-8>", "\n", "  ", "<p title='>'>"]
)


@given(st.lists(PIECES))
def test_one_preview_is_left_and_a_second_time_changes_nothing(pieces: list[str]) -> None:
    once = with_preview(f"<head>{''.join(pieces)}</head><p>x</p>", PREVIEW)
    assert with_preview(once, PREVIEW) == once
    read = Tags(once)
    assert read.meta("og:image") == [PREVIEW.url]
    assert read.meta("twitter:image") == [PREVIEW.url]
    assert once.count("<title>") == pieces.count("<title>a > b</title>")
    assert once.count("charset") == pieces.count("<meta charset=utf-8>")


TAGS = """<h1>Tags</h1><ul><li><a href="../a/">Before any tag</a></li></ul>
<h2 id="tag:fox"><span class="md-tag">fox</span></h2><ul>
<li>
  <a href="../a/?x=1&amp;y=2">
    A &amp; B
  </a>
</li>
<li><a href="../none/">No cover</a></li><li><a href="../a/">More</a> than a link</li></ul>"""


def test_only_the_links_of_a_list_of_tags_get_a_small_cover() -> None:
    asked = []

    def cover_at(href: str) -> Shown | None:
        asked.append(href)
        return None if "none" in href else Shown("../c.webp", Size(3, 2), "A fox")

    page = with_tagged_covers(TAGS, cover_at)
    assert asked == ["../a/?x=1&y=2", "../none/"]
    image = '<img src="../c.webp" alt="" width="3" height="2" decoding="async"'
    assert page.count(f'y=2">{image} class="cover-tagged" loading="lazy">\n    A &amp; B') == 1
    assert page.count("<img") == 1
    assert with_tagged_covers("<ul><li><a href='a'>A</a></li></ul>", cover_at).count("<img") == 0
