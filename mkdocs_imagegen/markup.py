"""HTML of a published cover: the figure in the article, the tags in the head. Pure text to text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Literal

from .model import Size

# A quoted value may hold `>`; minifiers drop quotes.
_META_TAG = re.compile(r"""[ \t]*<meta\s(?:=\s*(?:"[^"]*"|'[^']*')|[^>])*+>\n?""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*?)(?=/?>|\s))""")
_OG_IMAGE = "og:image"
_CARD = "twitter:"
_PREVIEW_NAME = re.compile(
    r"og:image(?::[a-z_]+)?|twitter:(?:card|image(?::[a-z]+)?)", re.IGNORECASE
)
# A comment is matched first, so that no heading is found in it.
_COMMENT = r"<!--(?:-?>|.*?(?:--!?>|\Z))"
_HEADING_START = re.compile(rf"{_COMMENT}|(?P<found><h1[\s>])", re.IGNORECASE | re.DOTALL)
_HEADING_END = re.compile(rf"{_COMMENT}|(?P<found></h1>)", re.IGNORECASE | re.DOTALL)
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


def figure(src: str, *, size: Size | None, alt: str, caption: str = "", label: str = "") -> str:
    """Return the cover's `<figure>`: first on the page, so never lazy, and without layout shift."""
    dimensions = f' width="{size.width_px}" height="{size.height_px}"' if size else ""
    image = (
        f'<img src="{escape(src)}" alt="{escape(alt)}"{dimensions}'
        ' style="max-width:100%;height:auto" decoding="async" fetchpriority="high">'
    )
    texts = [escape(caption)] if caption else []
    if label:
        texts.append(f'<span class="cover-label">{escape(label)}</span>')
    below = f"<figcaption>{' '.join(texts)}</figcaption>" if texts else ""
    return f'<figure class="cover">{image}{below}</figure>\n'


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
    head = _without_previews(page[: end.start()]).rstrip(" \t")
    return f"{head}{_preview_tags(preview)}{page[end.start() :]}"


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
