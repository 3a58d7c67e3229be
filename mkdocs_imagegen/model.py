"""Every value that flows from front matter to a published cover: frozen, nothing but data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from .errors import ImagegenError


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """A picture's size in pixels, written `1536x1024`."""

    width_px: int
    height_px: int

    @classmethod
    def parse(cls, text: str) -> Size:
        """Read `WIDTHxHEIGHT`, two positive whole numbers.

        Raises:
            ValueError: for anything else.
        """
        width, x, height = text.strip().lower().partition("x")
        if not (x and width.isascii() and height.isascii()):
            raise ValueError(text)
        if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
            raise ValueError(text)
        return cls(int(width), int(height))

    def __str__(self) -> str:
        return f"{self.width_px}x{self.height_px}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something an author or a site's owner should know, with the mend."""

    level: Literal["error", "warning", "info"]
    """`error`: the article stays out of the run. `info` never fails a strict build."""
    message: str
    article: str | None = None
    """The article's src_uri, or the file that is meant (`blog/.meta.yml`, `mkdocs.yml`)."""
    key: str | None = None
    line: int | None = None
    """1-based, in the file that `article` names."""
    hint: str = ""

    def __str__(self) -> str:
        where = self.article or ""
        if self.line is not None:
            where += f":{self.line}"
        text = f"{where}: {self.message}" if where else self.message
        return f"{text}\n  hint: {self.hint}" if self.hint else text


@dataclass(frozen=True, slots=True)
class RawValue:
    """A front matter value as the author typed it, before YAML guesses its type."""

    text: str
    """The scalar's text without quotes; `""` for a list or mapping."""
    line: int
    """1-based, in the file."""
    kind: Literal["scalar", "list", "mapping"] = "scalar"


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The cover keys of one file's front matter block, by key; nested ones as `cover.size`."""

    values: Mapping[str, RawValue] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


NO_FRONT_MATTER = FrontMatter()


@dataclass(frozen=True, slots=True)
class Inherited:
    """A front matter value that a file gives to a whole folder's articles."""

    file: str
    """Below docs_dir, as in `blog/.meta.yml`."""
    raw: RawValue


@dataclass(frozen=True, slots=True)
class ArticleSource:
    """One article as the site knows it, before its cover keys are read."""

    src_uri: str
    """POSIX path below docs_dir: the article's identity."""
    title: str
    meta: Mapping[str, object]
    """The final front matter: `.meta.yml` and the host's defaults are merged in."""
    section: str = ""
    """The title of the navigation section or the first folder; `""` at the top."""
    date: str = ""
    """ISO text, `2026-11-22`; `""` where the article has none."""
    markdown: str = ""
    front_matter: FrontMatter = NO_FRONT_MATTER
    inherited: Mapping[str, Inherited] = field(default_factory=dict)
    """By key as in `front_matter`, where the article's folders say something."""
    locale: str = ""
    """The build's language where the site has several, else `""`."""


@dataclass(frozen=True, slots=True)
class OwnPicture:
    """The author's own picture, which wins over everything that could be bought."""

    ref: str
    """As the author wrote it: a path, or an address that starts with `http`."""
    key: str
    """Where it stands: `cover`, or `image` (which other tools read too)."""
    candidates: tuple[str, ...]
    """The URIs below docs_dir that it may mean, in the order to try; empty for an address."""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """What one article asks for, read, checked, and with the site's defaults filled in.

    The five parts are the author's plain text; `None` leaves a part to the site's settings.
    """

    article: ArticleSource
    prompt: str
    model: str
    size: Size
    quality: str
    template: str
    style: str | None = None
    use_case: str | None = None
    composition: str | None = None
    constraints: str | None = None
    alt: str = ""
    caption: str = ""
    background: str | None = None
    moderation: str | None = None
    references: tuple[FileRef, ...] = ()
    mask: FileRef | None = None
    edits: tuple[str, ...] = ()
    """Prompts of edits that follow the first picture, each on the result of the one before."""
    variant: int = 0
    """Another take of the same prompt; 0 is the first."""
    focus: tuple[float, float] | None = None
    """The point to keep in crops, as fractions of width and height, 0 to 1 from top left."""
    pin: bool = False
    label: str = ""
    """The visible label in the caption, `""` for none."""
    own: OwnPicture | None = None

    def line(self, key: str) -> int | None:
        """Return the line of `cover_{key}` in the article's file, where it stands there."""
        values = self.article.front_matter.values
        raw = values.get(f"cover_{key}") or values.get(f"cover.{key}")
        return raw.line if raw else None


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file of the site that a cover names: a reference picture or a mask."""

    ref: str
    candidates: tuple[str, ...]
    """URIs below docs_dir, in the order to try."""


@dataclass(frozen=True, slots=True)
class CoverRequest:
    """One paid request: exactly what can change its pixels, and nothing else.

    Adding a field, or changing what one means, changes every request key: bump `keys.REQUEST`.
    """

    kind: Literal["generate", "edit"]
    model: str
    prompt: str
    """Normalised by `keys.normalise_prompt`."""
    size: Size
    quality: str
    background: str | None = None
    moderation: str | None = None
    reference_digests: tuple[str, ...] = ()
    mask_digest: str | None = None
    parent_key: str | None = None
    """The request key of the picture that an edit starts from."""
    variant: int = 0


@dataclass(frozen=True, slots=True)
class Priced:
    """A known price of one request, in USD, exact to the last digit."""

    output_usd: Decimal
    input_usd_estimate: Decimal = Decimal(0)
    bound_usd: Decimal = Decimal(0)
    """The most it can cost, input included: what the walls count."""
    confidence: Literal["exact", "estimate"] = "exact"


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A price that nobody knows, which is not a price of zero."""

    why: str


Price = Priced | Unpriced
FREE = Priced(Decimal(0))


@dataclass(frozen=True, slots=True)
class Order:
    """One article's cover with the request it comes to, before anyone looked into the store."""

    cover: Cover
    request: CoverRequest | None = None
    """`None` for an own picture."""
    request_key: str | None = None
    own_uri: str | None = None
    """Where an own picture stands below docs_dir; `None` also for one at an address."""
    own_digest: str | None = None
    unsupported: str = ""
    """Why this request can't be sent yet, `""` where it can."""


@dataclass(frozen=True, slots=True)
class Orders:
    """All that a build's articles ask for, ordered by src_uri."""

    orders: tuple[Order, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


class ActionKind(StrEnum):
    """What the plan does about one article."""

    GENERATE = "generate"
    """Buy the picture."""
    RENDER = "render"
    """The original is there, a rendition is missing: costs no money."""
    REUSE = "reuse"
    SHARED = "shared"
    """An earlier article of this plan buys the same request."""
    OWN = "own"
    """The author's own picture."""
    DRAW = "draw"
    """Drawn on this machine, free: provider sketch, or a draft."""
    BLOCKED = "blocked"
    """Nothing is done; the reason says why."""


@dataclass(frozen=True, slots=True)
class Action:
    """What is done about one article's cover, why, and what it costs."""

    kind: ActionKind
    cover: Cover
    reason: str
    price: Price = FREE
    request: CoverRequest | None = None
    request_key: str | None = None
    """Of the request; `None` for an own picture."""
    replaces: str = ""
    """The digest of a damaged original that this purchase replaces."""

    @property
    def article(self) -> str:
        """The article's src_uri."""
        return self.cover.article.src_uri


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do: one action an article, ordered by src_uri."""

    actions: tuple[Action, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    def of(self, *kinds: ActionKind) -> Iterator[Action]:
        """Yield the actions of these kinds, in order."""
        return (action for action in self.actions if action.kind in kinds)

    @property
    def purchases(self) -> tuple[Action, ...]:
        """The actions that cost money: distinct requests, each exactly once."""
        return tuple(self.of(ActionKind.GENERATE))

    @property
    def output_usd(self) -> Decimal:
        """The exact sum of what the pictures cost; unpriced ones are not in it."""
        return sum((p.output_usd for p in self._priced()), Decimal(0))

    @property
    def input_usd_estimate(self) -> Decimal:
        """What the prompts' tokens cost on top, estimated."""
        return sum((p.input_usd_estimate for p in self._priced()), Decimal(0))

    @property
    def unpriced(self) -> tuple[Action, ...]:
        """The purchases whose price nobody knows."""
        return tuple(a for a in self.purchases if isinstance(a.price, Unpriced))

    def _priced(self) -> Iterator[Priced]:
        return (a.price for a in self.purchases if isinstance(a.price, Priced))


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


OriginalState = OriginalThere | OriginalDamaged
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
class Bought:
    """The picture is paid for and stored."""

    action: Action
    record: Record
    size: Size
    """As it came; some endpoints send another one than was asked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """Another run bought the same request while this one waited for it."""

    action: Action


@dataclass(frozen=True, slots=True)
class Failed:
    """No usable picture; the error says why, and whether it may have been billed."""

    action: Action
    error: ImagegenError


@dataclass(frozen=True, slots=True)
class Skipped:
    """Never sent: an earlier error stopped the run, or a wall stands before it."""

    action: Action
    why: str


Outcome = Bought | Found | Failed | Skipped


@dataclass(frozen=True, slots=True)
class Rendition:
    """A publishable file made of one original, or drawn."""

    digest: str
    """sha256 of the file's bytes, hexadecimal: names the file on the site."""
    size: Size
    format: Literal["webp", "png", "jpeg"]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Palette:
    """The site's colours, for drawn covers: `#rrggbb` each."""

    primary: str = "#3f51b5"
    accent: str = "#ff6e40"


@dataclass(frozen=True, slots=True)
class Sketch:
    """All that decides how a drawn cover looks."""

    title: str
    section: str
    palette: Palette
    size: Size
