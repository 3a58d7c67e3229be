"""What a reader and a link preview get from a built page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str]


@dataclass(slots=True)
class Page:
    """A built page's parts that a cover may touch, as a browser would read them."""

    title: str = ""
    metas: list[Attributes] = field(default_factory=list)
    """Every `<meta>`, wherever it stands."""
    figures: list[Attributes] = field(default_factory=list)
    """The `<img>` of each cover figure."""
    captions: list[str] = field(default_factory=list)
    """The text of each figcaption."""
    order: list[str] = field(default_factory=list)
    """`h1`, `h2`, `p` and `cover` of the page, in reading order."""

    def meta(self, name: str) -> list[str]:
        """Return the content of every tag of this name or property."""
        named = (m for m in self.metas if name in (m.get("property"), m.get("name")))
        return [meta.get("content", "") for meta in named]


def read_page(html: str) -> Page:
    """Parse a built page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page


def without_cover(html: str) -> str:
    """Return a page's HTML without all that a cover adds; blank space is evened out."""
    html = re.sub(r'<figure class="cover">.*?</figure>', "", html, flags=re.DOTALL)
    html = re.sub(r'<meta (?:property="og:(?:image|title|type)|name="twitter:)[^>]*>', "", html)
    html = html.replace('<meta name="robots" content="max-image-preview:large">', "")
    html = re.sub(r'<link [^>]*assets/covers/cover\.css"[^>]*>', "", html)
    html = re.sub(r'<script [^>]*class="cover-data">.*?</script>', "", html)
    return re.sub(r"\s+", " ", html.replace(">", "> ").replace("<", " <"))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._in_figure = False
        self._text_of = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "meta":
            self.page.metas.append(attributes)
        elif tag == "figure" and attributes.get("class") == "cover":
            self._in_figure = True
            self.page.order.append("cover")
        elif tag == "img" and self._in_figure:
            self.page.figures.append(attributes)
        elif tag == "figcaption" and self._in_figure:
            self.page.captions.append("")
            self._text_of = "caption"
        elif tag in ("h1", "h2", "p"):
            self.page.order.append(tag)
        elif tag == "title":
            self._text_of = "title"

    def handle_endtag(self, tag: str) -> None:
        if tag == "figure":
            self._in_figure = False
        if tag in ("title", "figcaption"):
            self._text_of = ""

    def handle_data(self, data: str) -> None:
        if self._text_of == "title":
            self.page.title += data
        elif self._text_of == "caption":
            self.page.captions[-1] += data
