"""The site's settings as one frozen value, free of MkDocs: `config` makes it, all read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from .model import OnError, Palette, Size

DEFAULT_MODEL = "gpt-image-2"
DEFAULT_SIZE = Size(1536, 1024)
DEFAULT_QUALITY = "medium"
DEFAULT_TEMPLATE = "cover.j2"
OPENAI_HOST = "api.openai.com"
DEFAULT_BASE_URL = f"https://{OPENAI_HOST}/v1"
KEY_NAMES = "IMAGEGEN_API_KEY (or OPENAI_API_KEY)"
"""What holds a key where neither mkdocs.yml nor the environment names an address or a variable."""
PROMPT_LIMIT_CHARS = 32_000
"""The Image API's own limit; `max_prompt_chars` may be lower, never higher."""

PARTS = ("subject", "use_case", "composition", "style", "constraints")
"""The five parts of a prompt, in the order they are written."""


class Mode(StrEnum):
    """When a build buys (`mode:`, `IMAGEGEN_MODE`)."""

    AUTO = "auto"
    GENERATE = "generate"
    PLAN = "plan"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class PathDefaults:
    """Cover fields for the articles that match a pattern; their own front matter wins."""

    match: str
    """A glob on whole path segments: `*` stays in its segment, `**` crosses them."""
    fields: Mapping[str, object]
    """By field name, checked as front matter is; a later entry wins over an earlier one."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The walls around purchases."""

    per_build_usd: Decimal | None = None
    """Of one run."""
    max_images: int = 25
    """Of one run."""
    per_month_usd: Decimal | None = None
    """Of all runs on one store, by calendar month in UTC."""


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What templates and drawn covers may know of the site, as configured."""

    name: str = ""
    description: str = ""
    url: str = ""
    palette: Palette = field(default_factory=Palette)


@dataclass(frozen=True, slots=True)
class Words:
    """What pages say of covers, by language as in `de` or `pt-br`."""

    language: str = "en"
    """Of pages that have none of their own."""
    labels: Mapping[str, str] = field(default_factory=lambda: {"en": "AI-generated"})
    """The visible label."""
    alts: Mapping[str, str] = field(
        default_factory=lambda: {"en": "Cover of the article \u201c{title}\u201d"}
    )
    """The alternative text where an author wrote none: `{title}`, `{section}`, `{site}` in it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that mkdocs.yml and the environment decide, secrets excepted."""

    mode: Mode = Mode.AUTO
    provider: Literal["openai", "sketch"] = "openai"
    model: str = DEFAULT_MODEL
    size: Size = DEFAULT_SIZE
    quality: str = DEFAULT_QUALITY
    background: str | None = None
    moderation: str | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    """By part name: the site's own template text for that part, instead of the built-in one."""
    template: str = DEFAULT_TEMPLATE
    defaults: tuple[PathDefaults, ...] = ()
    max_prompt_chars: int = 4_000
    budget: Budget = field(default_factory=Budget)
    on_change: Literal["keep", "repaint"] = "keep"
    """Whether a change that the site makes, and no author, leaves approved pictures alone."""
    on_error: OnError = "stale"
    """What a build shows of a cover that it could not buy."""
    retries: int = 2
    """How often a request is sent again that surely cost nothing."""
    retry_timeouts: bool = False
    """Whether one that may have been billed is sent again, once."""
    images_per_minute: int | None = None
    """The most requests a minute; `None` for what the endpoint says."""
    concurrency: int = 4
    timeout_s: float = 300.0
    """Of a whole request, from the first byte sent to the last one read."""
    insert: Literal["above_title", "below_title"] | None = "below_title"
    lists: Literal["card", "thumbnail"] | None = "card"
    """How covers stand in a blog's lists."""
    label: bool = False
    """Whether what AI made is labelled where its article does not say."""
    missing_alt: Literal["warn", "ignore"] = "ignore"
    """What a cover without a `cover_alt` comes to."""
    words: Words = field(default_factory=Words)
    og_title: bool = False
    """Whether titles stand over the pictures of link previews."""
    og_font: bytes | None = field(default=None, repr=False)
    """The font file that they are set in; `None` for the package's."""
    webp_quality: int = 82
    widths: tuple[int, ...] = (480, 800, 1200, 1536)
    """In pixels, ascending: what browsers may choose from, below the cover's own width."""
    avif: bool = False
    """Whether each width is offered as AVIF too."""
    publish_prompts: bool = False
    """Whether `covers.json` on the site says what the pictures were asked for."""
    keep_metadata: bool = False
    """Whether WebP originals are published with what the endpoint wrote into them."""
    priced: bool = True
    """Whether OpenAI's prices hold for the endpoint that is configured."""
    site: SiteFacts = field(default_factory=SiteFacts)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go, and the key that may go there. Never printed, stored or hashed."""

    base_url: str
    api_key: str = field(repr=False)
    key_name: str
    """The environment variable the key came from, for messages."""
    profile: Literal["openai", "azure", "litellm", "localai", "sd-cpp"] = "openai"
    """The kind of server: presets of what follows."""
    key_header: str = "authorization"
    """The header that carries the key; as a bearer token in this one only."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent to this endpoint only, by name; no secrets."""
    query: Mapping[str, str] = field(default_factory=dict)
    """Added to each request's address; no secrets."""
    response_format: str = ""
    """Sent only where it is set: the vendor's own endpoint refuses it."""
    drop: frozenset[str] = frozenset()
    """Optional parameters that are never sent."""
    may_drop_quality: bool = False
    """Whether a refused `quality` may be left out: no price depends on it."""
