"""What the store holds and knows: originals, their records, and renditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .articles import Size


@dataclass(frozen=True, slots=True)
class OriginalThere:
    """The store has the original, of the length that its record tells."""

    digest: str
    rendered: bool
    """Whether the rendition that the settings ask for is there too."""


@dataclass(frozen=True, slots=True)
class OriginalDamaged:
    """The store knows the request as paid, but its bytes are missing, short or no picture."""

    why: str
    digest: str = ""
    """The damaged original's, where its record can be read."""
    pointer: bool = False
    """Whether a git-lfs pointer lies in its place: the bytes are safe, so it is never rebought."""
    missing: bool = False
    """Whether there are no bytes at all."""


@dataclass(frozen=True, slots=True)
class OriginalOther:
    """The store has another picture of the request than the lockfile names, and not that one."""

    digest: str


OriginalState = OriginalThere | OriginalOther | OriginalDamaged
StoreState = Mapping[str, OriginalState]
"""By request key; a key that is not in it was never bought, as far as this store knows."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the endpoint counted them; `None` fields are what it did not tell."""

    input_text_tokens: int | None = None
    input_image_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one paid request: stored beside its bytes, never changed."""

    request_key: str
    digest: str
    """sha256 of the original's bytes, hexadecimal."""
    size_bytes: int
    article: str
    """The article that it was first bought for."""
    sent: Mapping[str, object]
    """The request's body as it was really sent, prompt included; never a key or header."""
    endpoint: str
    """Scheme and host, without credentials, path or query."""
    received_at: str
    """ISO time, UTC."""
    usage: Usage | None = None
    usd: str | None = None
    """What it cost, in USD: from `usage` where the endpoint told it, else as planned; `None` where
    nobody knows."""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class StoredOriginal:
    """Paid bytes in the store, whoever uses them, and all that the store knows of them."""

    digest: str
    """sha256 of what it was when it was bought, hexadecimal."""
    size_bytes: int
    """On disk now, in all places together."""
    written_at: str
    """ISO time, UTC, of the newest file."""
    records: tuple[Record, ...] = ()
    """Of the requests that brought it, the newest first; none where none can be read."""

    @property
    def bought_at(self) -> str:
        """ISO time, UTC; that of its file where no record tells."""
        return self.records[0].received_at if self.records else self.written_at

    @property
    def model(self) -> str:
        """The model that made it, `""` where no record tells."""
        sent = (record.sent.get("model") for record in self.records)
        return next((model for model in sent if isinstance(model, str)), "")


@dataclass(frozen=True, slots=True)
class Rendition:
    """A publishable file made of one original, or drawn."""

    digest: str
    """sha256 of the file's bytes, hexadecimal: names the file on the site."""
    size: Size
    format: Literal["webp", "avif", "png", "jpeg"]
    size_bytes: int
    colour: str = ""
    """The dominant one, `#rrggbb`, for the place that it takes while it loads; `""` unknown."""
