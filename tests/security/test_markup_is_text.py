"""What authors write comes out of every page as text: read back by a real HTML parser."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st

from mkdocs_imagegen import markup
from mkdocs_imagegen.model import Size

PIECES = st.sampled_from(
    [
        *('"', "'", "<", ">", "&", "`", "=", "/", "\\", "-->", "<!--", "</head>", "</figure>"),
        *("<script>", "</script>", "onerror=alert(1)", "javascript:", "&quot;", "&#34;", "\n"),
        *(
            "\t",
            "\0",
            "]]>",
            "<h1>",
            "</h1>",
            "{{ x }}",
            "\\1",
            "\\g<0>",
            "\u2028",
            "<svg onload=x>",
        ),
    ]
)
TEXT = st.lists(PIECES | st.text(max_size=4), max_size=6).map("".join)
PAGE = "<html><head><title>t</title></head><body><h1>T</h1><p>x</p></body></html>"


class Reader(HTMLParser):
    """Collects tags with their attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


@given(src=TEXT, alt=TEXT, caption=TEXT, label=TEXT)
@example('x" onerror="alert(1)', "'><script>", "</figcaption><script>", "<img>")
def test_a_figure_has_the_tags_it_should_and_no_other(
    src: str, alt: str, caption: str, label: str
) -> None:
    read = Reader(markup.figure(markup.Shown(src, Size(8, 8), alt), caption=caption, label=label))
    below = ["figcaption"] * bool(caption or label) + ["span"] * bool(label)
    assert [tag for tag, _ in read.tags] == ["figure", "img", *below]
    image = read.tags[1][1]
    assert (image["src"], image["alt"]) == (src, alt)
    assert set(image) == {"src", "alt", "width", "height", "decoding", "fetchpriority"}
    assert read.text.strip() == " ".join(filter(None, (caption, label))).strip()


@given(url=TEXT, alt=TEXT, mime=TEXT)
def test_a_preview_has_the_tags_it_should_and_no_other(url: str, alt: str, mime: str) -> None:
    page = markup.with_preview(PAGE, markup.Preview(url, mime, alt, Size(8, 8)))
    read = Reader(page)
    tags = [tag for tag, _ in read.tags]
    assert tags == ["html", "head", "title", *["meta"] * (8 + bool(mime)), "body", "h1", "p"]
    metas = {
        attributes.get("property") or attributes.get("name"): attributes["content"]
        for tag, attributes in read.tags
        if tag == "meta"
    }
    assert (metas["og:image"], metas["twitter:image"]) == (url, url)
    assert (metas["og:image:alt"], metas["twitter:image:alt"]) == (alt, alt)
    assert markup.with_preview(page, markup.Preview(url, mime, alt, Size(8, 8))) == page


@given(alt=TEXT, caption=TEXT, before=TEXT, above=st.booleans())
def test_a_figure_in_a_page_changes_nothing_else(
    alt: str, caption: str, before: str, above: bool
) -> None:
    content = f"<p>{before}</p><h1>T</h1><p>x</p>"
    figure = markup.figure(markup.Shown("x.webp", None, alt), caption=caption)
    whole = markup.insert_figure(content, figure, "above_title" if above else "below_title")
    assert whole.count(figure) == 1
    assert "".join(whole.replace(figure, "").split()) == "".join(content.split())
