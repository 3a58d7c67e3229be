"""What imagegen.lock says: the picture that each article was given, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from .articles import Size


@dataclass(frozen=True, slots=True)
class Components:
    """What a request was made of, told apart so that a change can be named."""

    fields: Mapping[str, str] = field(default_factory=dict)
    """By cover field: a short plain value (`size`, `model`) as it is, a text as a short digest."""
    own: tuple[str, ...] = ()
    """The fields that the article's own front matter gave, sorted."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """By name: the short digest of each template that the prompt came from."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """By name, as in `article.title`: the short digest of each value that a template read."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A picture that was paid for and given to an article: it stays until its author changes it."""

    request_key: str
    digest: str
    """sha256 of the original's bytes, hexadecimal."""
    size_bytes: int
    model: str
    size: Size
    """As asked for."""
    quality: str
    bought_at: str
    """ISO time, UTC."""
    usd: Decimal | None = None
    """What it cost; `None` where nobody knows."""
    section: str = ""
    authors: str = ""
    job: str = ""
    """The CI run that bought it, `""` elsewhere."""
    components: Components = field(default_factory=Components)


@dataclass(frozen=True, slots=True)
class Replaced:
    """A picture that an article had before: links that were shared may still show it."""

    request_key: str
    digest: str
    """sha256 of the original's bytes, hexadecimal."""
    size_bytes: int
    size: Size
    """As asked for."""
    replaced_at: str
    """ISO time, UTC."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that a safety system refused: it is not sent again unless someone asks for it."""

    request_key: str
    refused_at: str
    """ISO time, UTC."""
    message: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One article's line."""

    article: str
    """Its src_uri."""
    locale: str = ""
    """The language of the build it was bought for, where the site has several."""
    approved: Approved | None = None
    """`None` where only a refusal is known."""
    refusal: Refusal | None = None
    replaced: tuple[Replaced, ...] = ()
    """What it had in the last days, the newest first."""


@dataclass(frozen=True, slots=True)
class Lockfile:
    """The whole of imagegen.lock, entries ordered by article and locale."""

    site: str = ""
    entries: tuple[Entry, ...] = ()
    templates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By a template's short digest: the short digest of each of its lines."""
    docs_dir: str = ""
    """Whose articles these are: relative to the lockfile, `""` where that is not known."""


EMPTY_LOCKFILE = Lockfile()
