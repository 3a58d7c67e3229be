"""Link previews that pages had until lately: links that were shared still show them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

from .errors import StoreError
from .files import CoverFile, is_whole
from .model import Preview, Rendition
from .outputs import PREVIEW
from .plan import turned_over
from .store import Store

_AT_HOME = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - where nobody shares links


def former_previews(
    now: Mapping[tuple[str, str], CoverFile], store: Store, site_url: str, at: datetime
) -> tuple[CoverFile, ...]:
    """Remember which link previews a build publishes, and return those of earlier builds.

    Whatever made them others: a repaint, a new title, another focus. Only what this store has.

    Args:
        now: the pages' link previews, by locale and src_uri.
        store: with the files.
        site_url: of the site; nothing is remembered of one that `serve` shows.
        at: the time, in UTC.
    """
    if urlsplit(site_url).hostname in (None, *_AT_HOME):
        return ()
    shown = {
        name: Preview(file.rendition.digest, file.rendition.size_bytes)
        for name, file in now.items()
    }
    known = store.previews(site_url)
    after = turned_over(known, shown, at)
    if after != known:
        with suppress(StoreError):  # a read-only store knows what it knew
            store.remember_previews(site_url, after)
    former = {each.preview for page in after.values() for each in page.former}
    found = (_found(preview, store) for preview in former - set(shown.values()))
    return tuple(file for file in found if file)


def _found(preview: Preview, store: Store) -> CoverFile | None:
    rendition = Rendition(preview.digest, PREVIEW, "jpeg", preview.size_bytes)
    with suppress(StoreError):
        path = store.rendition_path(rendition)
        if is_whole(rendition, path):
            return CoverFile(rendition, path)
    return None
