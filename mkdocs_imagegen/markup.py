"""HTML of a published cover: the figure in the article, the tags in the head. Pure text to text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape, unescape
from typing import Literal

from .model import Size

# A quoted value may hold `>`; minifiers drop quotes.
_META_TAG = re.compile(r"""[ \t]*<meta\s(?:=\s*(?:"[^"]*"|'[^']*')|[^>])*+>\n?""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*?)(?=/?>|\s))""")
_ARTICLE_SIZES = {
    "material": "(min-width: 125em) 52em, (min-width: 100em) 48em, (min-width: 76.25em) 43em, "
    "(min-width: 60em) calc(100vw - 17em), calc(100vw - 2em)",
    "mkdocs": "(min-width: 1400px) 966px, (min-width: 1200px) 831px, (min-width: 992px) 696px, "
    "(min-width: 576px) 516px, calc(100vw - 24px)",
    "readthedocs": "(min-width: 1100px) 696px, (min-width: 769px) calc(100vw - 404px), "
    "calc(100vw - 52px)",
}
"""How wide covers stand in articles, by theme: as measured beside its navigation and contents."""
_OTHER_SIZES = "(min-width: 60em) 48em, 100vw"
"""In another theme: columns are about as wide as text can be read."""
_THUMBNAIL_SIZES = "12em"
_TAGGED_SIZES = "5.6em"
# Material's lists of tags: the first tag's heading, and an item that is nothing but a link.
_TAG_HEADING = re.compile(r"""<h[1-6][^>]*>\s*<span class=["']?md-tag\b""")
_TAGGED_LINK = re.compile(r"""(<li>\s*<a href="([^"]*)">)(?=[^<]*</a>\s*</li>)""")
_OG_IMAGE = "og:image"
_CARD = "twitter:"
_PREVIEW_NAME = re.compile(
    r"og:image(?::[a-z_]+)?|twitter:(?:card|image(?::[a-z]+)?)", re.IGNORECASE
)
# Matched first, so that no heading is found in a comment, nor in what is not the page's text.
_NO_TEXT = (
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<(?P<no_text>script|style|template|svg|textarea|iframe)\b.*?</(?P=no_text)\s*>"
)
_HEADING_START = re.compile(rf"{_NO_TEXT}|(?P<found><h1[\s>])", re.IGNORECASE | re.DOTALL)
_HEADING_END = re.compile(rf"{_NO_TEXT}|(?P<found></h1>)", re.IGNORECASE | re.DOTALL)
_ROBOTS = re.compile(r"""<meta\s[^>]*name\s*=\s*["']?robots\b""", re.IGNORECASE)
_ARTICLE_DATA_START = '<script type="application/ld+json" class="cover-data">'
_ARTICLE_DATA = re.compile(rf"{re.escape(_ARTICLE_DATA_START)}[^<]*</script>\n?")
_HEAD_END = re.compile(r"</head>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Preview:
    """What link previews are told of a page's cover."""

    url: str
    """Absolute."""
    mime: str
    """`""` where nobody knows."""
    alt: str
    size: Size | None
    title: str = ""
    """Of the article, for search engines; `""` where nothing is said of it."""


Candidates = Sequence[tuple[str, int]]
"""Addresses of one picture with their widths in pixels, the narrowest first."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as the pages show it."""

    src: str
    size: Size | None
    alt: str
    webp: Candidates = ()
    """With `src` itself; empty where there is nothing to choose from."""
    avif: Candidates = ()
    colour: str = ""
    """`#rrggbb`: fills the place until the picture is there."""
    theme: str = ""
    """The site's, by name: how wide its column is."""


def article_sizes(theme: str) -> str:
    """Return the `sizes` of a picture that is as wide as a theme's column."""
    return _ARTICLE_SIZES.get(theme, _OTHER_SIZES)


def figure(shown: Shown, *, caption: str = "", label: str = "") -> str:
    """Return the cover's `<figure>`: first on the page, so never lazy, and without layout shift."""
    image = _image(shown, article_sizes(shown.theme), 'fetchpriority="high"')
    return f'<figure class="cover">{image}{_below(caption, label)}</figure>\n'


def _below(caption: str, label: str) -> str:
    texts = [escape(caption)] if caption else []
    if label:
        texts.append(f'<span class="cover-label">{escape(label)}</span>')
    return f"<figcaption>{' '.join(texts)}</figcaption>" if texts else ""


def list_figure(shown: Shown, href: str, *, kind: str, first: bool, label: str = "") -> str:
    """Return the cover of an article in a list, which leads to it.

    Args:
        shown: the picture.
        href: of the article.
        kind: `card` or `thumbnail`.
        first: whether it is the list's first, which is in sight at once.
        label: the visible one, `""` for none.
    """
    sizes = _THUMBNAIL_SIZES if kind == "thumbnail" else article_sizes(shown.theme)
    image = _image(shown, sizes, "" if first else 'loading="lazy"')
    # The title beside it is a link to the same place: one is enough for who tabs or listens.
    link = f'<a href="{escape(href)}" tabindex="-1" aria-hidden="true">{image}</a>'
    return f'<figure class="cover-{kind}">{link}{_below("", label)}</figure>\n'


def with_tagged_covers(content: str, cover_at: Callable[[str], Shown | None]) -> str:
    """Return a page's HTML with a small cover in each link of Material's lists of tags.

    Args:
        content: of a page; one without such a list stays as it is.
        cover_at: returns the cover of the article that a link leads to, by its `href`.
    """
    start = _TAG_HEADING.search(content)
    if start is None:
        return content

    def pictured(link: re.Match[str]) -> str:
        shown = cover_at(unescape(link[2]))
        if shown is None:
            return link[0]
        # The title beside it says where the link leads.
        image = _image(replace(shown, alt=""), _TAGGED_SIZES, 'class="cover-tagged" loading="lazy"')
        return f"{link[1]}{image}"

    return content[: start.start()] + _TAGGED_LINK.sub(pictured, content[start.start() :])


def _image(shown: Shown, sizes: str, more: str) -> str:
    """Return an `<img>`, in a `<picture>` where there is AVIF."""
    given = [f'src="{escape(shown.src)}"']
    if len(shown.webp) > 1:
        given += [f'srcset="{srcset(shown.webp)}"', f'sizes="{sizes}"']
    given.append(f'alt="{escape(shown.alt)}"')
    if shown.size:
        given += [f'width="{shown.size.width_px}"', f'height="{shown.size.height_px}"']
    if shown.colour:
        given.append(f'style="background:{shown.colour}"')
    given.append('decoding="async"')
    image = f"<img {' '.join(filter(None, [*given, more]))}>"
    if not shown.avif:
        return image
    source = f'<source type="image/avif" srcset="{srcset(shown.avif)}" sizes="{sizes}">'
    return f"<picture>{source}{image}</picture>"


def srcset(candidates: Candidates) -> str:
    """Return the addresses with their widths, escaped."""
    return ", ".join(f"{escape(url)} {width}w" for url, width in candidates)


def insert_figure(
    content: str, markup: str, position: Literal["above_title", "below_title"]
) -> str:
    """Put the figure beside the first `<h1>`; at the top where the theme writes the title."""
    pattern = _HEADING_START if position == "above_title" else _HEADING_END
    found = next((match for match in pattern.finditer(content) if match["found"]), None)
    if found is None:
        return markup + content
    at = found.start() if position == "above_title" else found.end()
    return f"{content[:at]}\n{markup}{content[at:].lstrip()}"


def has_preview(page: str) -> bool:
    """Tell whether a page names a picture for link previews already."""
    end = _HEAD_END.search(page)
    head = page[: end.start()] if end else page
    return _OG_IMAGE in head.lower() and any(
        _name_of(tag[0]).lower() == _OG_IMAGE for tag in _META_TAG.finditer(head)
    )


def with_preview(page: str, preview: Preview) -> str:
    """Return the page with this picture, and no other, in its link previews."""
    end = _HEAD_END.search(page)
    if end is None:
        return page
    head = _ARTICLE_DATA.sub("", _without_previews(page[: end.start()])).rstrip(" \t")
    if not _ROBOTS.search(head):
        head += '<meta name="robots" content="max-image-preview:large">\n'
    if preview.title:
        head += "".join(
            f'<meta property="{name}" content="{escape(text)}">\n'
            for name, text in (("og:title", preview.title), ("og:type", "article"))
            if name not in head
        )
    data = _article_data(preview) if preview.title else ""
    return f"{head}{_preview_tags(preview)}{data}{page[end.start() :]}"


def _article_data(preview: Preview) -> str:
    """Return what search engines read of an article's picture."""
    data = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": preview.title,
        "image": [preview.url],
    }
    # No text may end the element or open a comment in it.
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return f"{_ARTICLE_DATA_START}{text}</script>\n"


def _without_previews(head: str) -> str:
    lowered = head.lower()
    if _OG_IMAGE not in lowered and _CARD not in lowered:
        return head  # as on most pages, and reading every tag takes longer than all the rest
    return _META_TAG.sub(
        lambda tag: "" if _PREVIEW_NAME.fullmatch(_name_of(tag[0])) else tag[0], head
    )


def _name_of(tag: str) -> str:
    """Return what a `<meta>` says it is, `""` where it does not."""
    for attribute, *values in _ATTRIBUTE.findall(tag):
        if attribute.lower() in ("property", "name"):
            return "".join(values).strip()
    return ""


def _preview_tags(preview: Preview) -> str:
    tags = [("property", "og:image", preview.url)]
    if preview.mime:
        tags.append(("property", "og:image:type", preview.mime))
    if preview.size:
        tags.append(("property", "og:image:width", str(preview.size.width_px)))
        tags.append(("property", "og:image:height", str(preview.size.height_px)))
    tags += [
        ("property", "og:image:alt", preview.alt),
        ("name", "twitter:card", "summary_large_image"),
        ("name", "twitter:image", preview.url),
        ("name", "twitter:image:alt", preview.alt),
    ]
    return "".join(
        f'<meta {kind}="{name}" content="{escape(content)}">\n' for kind, name, content in tags
    )
