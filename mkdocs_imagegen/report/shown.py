"""What a site shows at each article, or once bought: the facts that its gallery and its list tell.

Values only: the command line collects them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from ..model import Size


class CoverState(StrEnum):
    """How a cover stands, in the words that people read."""

    APPROVED = "approved"
    PINNED = "pinned"
    """`cover_pin: true` keeps it, though its article asks for another one by now."""
    OUTDATED = "outdated"
    DRAWN = "drawn"
    """Nothing was bought: a drawing stands in."""
    LOST = "lost"
    """Paid for, and in no store."""
    REFUSED = "refused"
    """By a safety system: shown is what the article had before, or a drawing."""
    OWN = "own"
    """The author's own picture."""
    ORPHAN = "orphan"
    """Paid for, and shown at no article."""


@dataclass(frozen=True, slots=True)
class ShownCover:
    """One cover. What is not known is `""` or `None`."""

    article: str
    """Its src_uri; of an orphan the one that it was bought for."""
    state: CoverState
    title: str = ""
    section: str = ""
    date: str = ""
    """The article's, ISO."""
    url: str = ""
    """The page's address: absolute with a site_url, else relative to the site's root."""
    locale: str = ""
    note: str = ""
    """Why it is as it is, in a few words."""
    file: str = ""
    """Relative to the site's root, or an address; `""` of an orphan."""
    drawn: bool = False
    own: bool = False
    ai: bool | None = None
    """Whether AI made it; `None` of an own picture whose author does not say."""
    label: str = ""
    """The visible label below it."""
    alt: str = ""
    digest: str = ""
    """sha256 of the original's bytes, or of the own picture's; hexadecimal."""
    request_key: str = ""
    model: str = ""
    size: Size | None = None
    quality: str = ""
    prompt: str = ""
    usd: Decimal | None = None
    """What it cost; `None` also where nothing was bought."""
    made_at: str = ""
    """ISO time, UTC, at which it was bought."""
    endpoint: str = ""
    """The host that it was bought from."""
    author: str = ""
    """Of an own picture, as its file says."""
    licence: str = ""
    """Of an own picture: the copyright that its file states."""

    @property
    def made_by(self) -> str:
        """Whose work it is: `endpoint`, `drawing` or `author`."""
        if self.own:
            return "author"
        return "drawing" if self.drawn else "endpoint"
