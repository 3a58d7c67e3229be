"""Which link previews stay published though their pages have others by now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ..model import FormerPreview, PagePreviews, Preview, Previews
from .lock import REMEMBERED


def turned_over(
    known: Previews, now: Mapping[tuple[str, str], Preview], at: datetime
) -> dict[tuple[str, str], PagePreviews]:
    """Return what is known after a build, without what nobody needs to know any more.

    Args:
        known: after the build before.
        now: what this build publishes, by locale and src_uri; the pages of other languages stay as
            they were.
        at: the time, in UTC.
    """
    locales = {locale for locale, _ in now}
    after: dict[tuple[str, str], PagePreviews] = {}
    for name in {**known, **now}:
        before = known.get(name, PagePreviews(None))
        page = _turned(before, now.get(name), at) if name[0] in locales else before
        if page.now or page.former:
            after[name] = page
    return after


def _turned(before: PagePreviews, now: Preview | None, at: datetime) -> PagePreviews:
    former = before.former
    if before.now and before.now != now:
        until = (at + REMEMBERED).isoformat(timespec="seconds")
        former = (FormerPreview(before.now, until), *former)
    staying: dict[str, FormerPreview] = {}
    for each in former:
        if each.preview != now and each.until > at.isoformat(timespec="seconds"):
            staying.setdefault(each.preview.digest, each)
    return PagePreviews(now, tuple(staying.values()))
