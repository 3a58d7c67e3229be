"""An article, its front matter and the cover it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

OnError = Literal["stale", "placeholder", "fail"]
"""The article's last cover, a drawn one, or an error."""


SHAPE_TOLERANCE = 0.01
"""Models round sizes to multiples of 16 or 64, and nobody sees that."""


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

    def is_shaped_as(self, other: Size) -> bool:
        """Tell whether two sizes have one ratio, give or take what models round sizes by."""
        ratio = self.width_px * other.height_px / (self.height_px * other.width_px)
        return abs(ratio - 1) <= SHAPE_TOLERANCE

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
    """Plain text."""
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
    url: str = ""
    """The page's address: absolute with a site_url, else relative to the site's root."""
    written_title: str = ""
    """The title with its markup, where it may have some: prompts have it as it was written."""


@dataclass(frozen=True, slots=True)
class OwnPicture:
    """The author's own picture, which wins over everything that could be bought."""

    ref: str
    """A path as the author wrote it, or an address that starts with `http://` or `https://`."""
    key: str
    """Where it stands: `cover`, or `image` (which other tools read too)."""
    candidates: tuple[str, ...]
    """The URIs below docs_dir that it may mean, in the order to try; empty for an address."""
    line: int | None = None

    @property
    def is_ours(self) -> bool:
        """Whether it is ours to show: one under `image:` the theme may show itself."""
        return self.key == "cover"


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file of the site that a cover names: a reference picture or a mask."""

    ref: str
    candidates: tuple[str, ...]
    """URIs below docs_dir, in the order to try."""


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
    """As the author wrote it, `""` for nothing; the first of several languages."""
    shown_alt: str = ""
    """The alternative text in the page's language, made of the title where `alt` is `""`."""
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
    """The visible label in the caption, in the page's language; `""` for none."""
    on_error: OnError | None = None
    """What is shown where the cover can't be bought; `None` leaves it to the site."""
    og_title: bool | None = None
    """Whether the title stands over the link preview; `None` leaves it to the site."""
    own: OwnPicture | None = None
    ai: bool | None = None
    """Of an own picture: whether AI made it; `None` where its author does not say."""
    given: tuple[str, ...] = ()
    """The fields that stand in the article's own front matter, sorted."""

    def line(self, key: str) -> int | None:
        """Return the line of `cover_{key}` in the article's file, where it stands there."""
        values = self.article.front_matter.values
        raw = values.get(f"cover_{key}") or values.get(f"cover.{key}")
        return raw.line if raw else None
