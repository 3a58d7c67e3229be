"""Link previews over time: which file each page's is, and which ones it had until lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preview:
    """A link preview's file."""

    digest: str
    """sha256 of its bytes, hexadecimal: names it on the site."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FormerPreview:
    """One that its page has no more."""

    preview: Preview
    until: str
    """ISO time, UTC: so long it stays published, for links that were shared."""


@dataclass(frozen=True, slots=True)
class PagePreviews:
    """Those of one page."""

    now: Preview | None
    """`None` where it has no cover any more."""
    former: tuple[FormerPreview, ...] = ()
    """The newest first."""


Previews = Mapping[tuple[str, str], PagePreviews]
"""By locale and src_uri."""
