"""Covers made by hand, as a gallery and a list of pictures show them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from mkdocs_imagegen.model import Size
from mkdocs_imagegen.report.gallery import Exhibit, Picture
from mkdocs_imagegen.report.shown import CoverState, ShownCover

LANDSCAPE = Size(1536, 1024)
BOUGHT = ShownCover(
    article="blog/fox.md",
    state=CoverState.APPROVED,
    title="A fox",
    section="Blog",
    date="2026-10-05",
    url="https://example.com/blog/fox/",
    file="assets/covers/ab.webp",
    ai=True,
    alt="A fox of folded paper",
    digest="ab" * 32,
    request_key="cd" * 32,
    model="gpt-image-2",
    size=LANDSCAPE,
    quality="medium",
    prompt="Subject: a fox of folded paper\nStyle: soft window light",
    usd=Decimal("0.0412"),
    made_at="2026-11-01T08:00:00+00:00",
    endpoint="api.openai.com",
)
DRAWN = ShownCover(
    "blog/owl.md",
    CoverState.DRAWN,
    "An owl",
    "Blog",
    note="not bought yet: new",
    file="assets/covers/cd.webp",
    drawn=True,
    ai=False,
)
OWN = ShownCover(
    "about.md",
    CoverState.OWN,
    "About us",
    url="https://example.com/about/",
    file="team.jpg",
    own=True,
    digest="ef" * 32,
    author="Ines",
    licence="CC BY 4.0",
)
ORPHAN = replace(
    BOUGHT,
    article="old.md",
    state=CoverState.ORPHAN,
    title="",
    url="",
    note="its article is gone",
    digest="12" * 32,
    request_key="34" * 32,
)


def bought(name: str, **values: Any) -> ShownCover:
    """Return a bought cover of an article of this name."""
    known = replace(BOUGHT, article=f"{name}.md", title=name.capitalize())
    return replace(known, **values)


def exhibit(cover: ShownCover, webp: bytes = b"RIFF....WEBP", size: Size = LANDSCAPE) -> Exhibit:
    """Return a cover with a picture."""
    return Exhibit(cover, Picture(webp, size))
