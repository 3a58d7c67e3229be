"""Which files are made of a picture, and the key that each is kept under. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from . import images
from .keys import rendition_key
from .model import Size
from .settings import Settings

PREVIEW = images.PREVIEW_SIZE
"""What link previews show, and their crawlers ask for."""


@dataclass(frozen=True, slots=True)
class Output:
    """One file that is made of an original, beside its WebP in full width."""

    format: Literal["webp", "avif", "jpeg"]
    width_px: int
    is_preview: bool = False

    def __str__(self) -> str:
        return f"{self.format} {PREVIEW if self.is_preview else self.width_px}"


@dataclass(frozen=True, slots=True)
class Original:
    """A picture that files are made of."""

    digest: str
    size: Size
    """As it is shown, cropped to the shape that was asked for."""
    asked: Size | None = None
    focus: tuple[float, float] | None = None
    ai: bool = True
    lettering: images.Lettering | None = None
    """What stands over its link preview."""
    only_preview: bool = False
    """Whether nothing but the link preview is made of it, as of a drawing."""


def outputs_of(original: Original, settings: Settings) -> tuple[Output, ...]:
    """Return what is made of a picture: never wider than it is."""
    # A preview has an absolute address.
    preview = [Output("jpeg", PREVIEW.width_px, is_preview=True)] if settings.site.url else []
    if original.only_preview:
        return tuple(preview)
    return (*widths_of(original.size.width_px, settings), *preview)


def widths_of(widest_px: int, settings: Settings) -> tuple[Output, ...]:
    """Return what browsers may choose from beside the WebP in full width."""
    narrower = [width for width in settings.widths if width < widest_px]
    avif = [Output("avif", width) for width in (*narrower, widest_px)] if settings.avif else []
    return (*(Output("webp", width) for width in narrower), *avif)


def output_key(original: Original, output: Output, settings: Settings) -> str:
    """Return the key of a file that is made of an original."""
    name = str(output) if original.ai else f"{output} by hand"
    if output.is_preview and original.lettering:
        name += f" {original.lettering.key}"
    return rendition_key(
        original.digest,
        webp_quality=0 if output.is_preview else settings.webp_quality,
        encoder=images.encoder(),
        asked=original.asked,
        output=name,
        focus=original.focus if output.is_preview else None,
    )


def main_key(original_digest: str, asked: Size | None, settings: Settings) -> str:
    """Return the key of an original's WebP in full width."""
    return _main_key(original_digest, asked, settings.webp_quality, settings.keep_metadata)


@cache  # asked for when the store is looked at, and again when its files are published
def _main_key(
    original_digest: str, asked: Size | None, webp_quality: int, keep_metadata: bool
) -> str:
    return rendition_key(
        original_digest,
        webp_quality=webp_quality,
        encoder=images.encoder(),
        asked=asked,
        keep_metadata=keep_metadata,
    )
