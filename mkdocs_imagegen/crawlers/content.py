"""HTML of a page to what it says of pictures. Pure.

Only the head's tags count, as for the crawlers: none of them runs scripts. With the standard
library's parser, as nothing that MkDocs brings reads HTML.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

from .facts import Candidate, Content, Shown

COVERS = "assets/covers/"
"""Where covers are published, whatever the theme puts round them."""
_FIGURE = "cover"
_JSON_LD = "application/ld+json"
Attributes = dict[str, str | None]


def read_page(html: str) -> Content:
    """Return what a page says."""
    reader = _Reader(html)
    reader.feed(html)
    reader.close()
    return Content(
        tuple(reader.metas),
        reader.canonical,
        tuple(reader.structured),
        tuple(reader.images),
        reader.preview_at_bytes,
    )


def candidates_of(srcset: str, mime: str = "") -> Iterator[Candidate]:
    """Yield the candidates of a `srcset`, as browsers split it: addresses may hold commas."""
    rest = srcset
    while rest := rest.lstrip(" \t\n\f\r,"):
        url, _, rest = _cut(rest)
        if url.endswith(","):
            yield Candidate(url.rstrip(","), "", mime)
            continue
        descriptor, _, rest = rest.partition(",")
        yield Candidate(url, descriptor.strip(), mime)


def _cut(text: str) -> tuple[str, str, str]:
    """Cut a text at its first white space."""
    at = next((n for n, char in enumerate(text) if char in " \t\n\f\r"), len(text))
    return text[:at], text[at : at + 1], text[at + 1 :]


class _Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.metas: list[tuple[str, str]] = []
        self.canonical = ""
        self.structured: list[str] = []
        self.images: list[Shown] = []
        self.preview_at_bytes = 0
        self._html = html
        self._in_head = True
        self._in_json = False
        self._figures: list[bool] = []
        """The open `<figure>`s, and whether each is a cover's."""
        self._sources: list[Candidate] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read a tag; of an attribute that is there twice, the first counts."""
        attributes: Attributes = dict(reversed(attrs))
        match tag:
            case "body":
                self._in_head = False
            case "meta" if self._in_head:
                self._read_meta(attributes)
            case "link" if self._in_head and _words(attributes, "rel") & {"canonical"}:
                self.canonical = self.canonical or (attributes.get("href") or "").strip()
            case "script":
                self._in_json = (attributes.get("type") or "").strip().lower() == _JSON_LD
                if self._in_json:
                    self.structured.append("")
            case "figure":
                self._figures.append(_FIGURE in _words(attributes, "class"))
            case "picture":
                self._sources = []
            case "source":
                mime = (attributes.get("type") or "").strip().lower()
                self._sources += candidates_of(attributes.get("srcset") or "", mime)
            case "img":
                self._read_image(attributes)
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        """Close what a tag opened."""
        match tag:
            case "head":
                self._in_head = False
            case "script":
                self._in_json = False
            case "figure" if self._figures:
                self._figures.pop()
            case "picture":
                self._sources = []
            case _:
                pass

    def handle_data(self, data: str) -> None:
        """Keep JSON-LD."""
        if self._in_json:
            self.structured[-1] += data

    def _read_meta(self, attributes: Attributes) -> None:
        name = (attributes.get("property") or attributes.get("name") or "").strip().lower()
        if name == "og:image" and not self.preview_at_bytes:
            row, column = self.getpos()
            before = self._html.split("\n")[: row - 1]
            self.preview_at_bytes = sum(len(line.encode()) + 1 for line in before) + column
        if name:
            self.metas.append((name, (attributes.get("content") or "").strip()))

    def _read_image(self, attributes: Attributes) -> None:
        own = candidates_of(attributes.get("srcset") or "")
        shown = Shown(
            (attributes.get("src") or "").strip(),
            attributes.get("alt", "" if "alt" in attributes else None),
            attributes.get("width"),
            attributes.get("height"),
            "sizes" in attributes,
            (*self._sources, *own),
            any(self._figures),
        )
        if "alt" in attributes and shown.alt is None:
            shown = replace(shown, alt="")  # `<img alt>` is an empty text
        urls = (shown.src, *(candidate.url for candidate in shown.candidates))
        if shown.in_figure or any(COVERS in url for url in urls):
            self.images.append(shown)


def _words(attributes: Attributes, name: str) -> set[str]:
    return set((attributes.get(name) or "").lower().split())
