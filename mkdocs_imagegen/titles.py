"""Which link previews show their article's title: those of pictures, where the font has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import images
from .model import Cover, Diagnostic
from .settings import Settings

_MOST_NAMED = 3


def lettering_of(cover: Cover, settings: Settings) -> images.Lettering | None:
    """Return what stands over an article's link preview, `None` for nothing."""
    lettering = _wanted(cover, settings)
    return lettering if lettering and images.can_letter(lettering) else None


def untitled(covers: Iterable[Cover], settings: Settings) -> Iterator[Diagnostic]:
    """Tell of titles that can't be set, all in one line: those previews show the picture alone."""
    left_out = [
        cover.article.src_uri
        for cover in covers
        if (lettering := _wanted(cover, settings)) and not images.can_letter(lettering)
    ]
    if left_out:
        named = ", ".join(left_out[:_MOST_NAMED])
        more = f" and {len(left_out) - _MOST_NAMED} more" if len(left_out) > _MOST_NAMED else ""
        yield Diagnostic(
            "info",
            "og: title: the font has not all characters of a title, or it is written from right "
            f"to left, so the link preview shows the picture alone: {named}{more}",
            hint="`og: {title: true, font: fonts/NotoSansSC-Bold.otf}` names a font that has them; "
            "titles from right to left can't be set",
        )


def _wanted(cover: Cover, settings: Settings) -> images.Lettering | None:
    """Return the lettering where one is asked for, and there are letters in the title."""
    article, site = cover.article, settings.site
    ours = cover.own is None or cover.own.is_ours  # `image:` has no preview of ours
    asked = settings.og_title if cover.og_title is None else cover.og_title
    if not (asked and site.url and ours and any(map(str.isalnum, article.title))):
        return None
    return images.Lettering(article.title, site.name, site.palette.accent, settings.og_font)
