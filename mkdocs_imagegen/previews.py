"""What stands today, to be shown beside a plan: small pictures of the covers, and old prompts.

Costs no money. Imports Pillow.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from . import images
from .errors import ImagegenError
from .holdings import sound_record
from .model import Action, ActionKind, Approved, Entry, Plan
from .report.gallery import Picture
from .store import Store

_STAYING = (ActionKind.REUSE, ActionKind.RENDER)
THUMBNAIL_PX = 480
"""The longest side of a thumbnail."""
MOST_UNCHANGED = 60
"""So many covers that stay as they are get a thumbnail; a page must stay of a size to be sent."""


def thumbnails(plan: Plan, store: Store) -> Mapping[str, bytes]:
    """Return a small WebP of the cover that each article has now, by src_uri.

    All that change are in it, of those that stay the first few. What has none, or one that can't be
    read, is not in it.
    """
    staying = [a for a in plan.of(*_STAYING) if a.request_key][:MOST_UNCHANGED]
    changing = [a for a in plan.actions if a.kind not in _STAYING and a.approved]
    with ThreadPoolExecutor() as pool:
        made = pool.map(lambda action: _thumbnail(action, store), staying + changing)
        pairs = zip(staying + changing, made, strict=True)
        return {action.article: webp for action, webp in pairs if webp}


def small_pictures(
    reads: Sequence[Callable[[], bytes] | None], *, longest_px: int
) -> list[Picture | None]:
    """Return a small WebP of each picture, made on all cores; `None` where there is none to read.

    Args:
        reads: read the pictures.
        longest_px: the longest side that one may have.
    """

    def small(read: Callable[[], bytes] | None) -> Picture | None:
        try:
            webp = images.thumbnail(read(), longest_px=longest_px) if read else None
        except (ImagegenError, OSError):
            return None
        return Picture(webp, images.measure(webp).size) if webp else None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(small, reads))


def previous_prompts(plan: Plan, store: Store) -> Mapping[str, str]:
    """Return the prompt of the picture that the lockfile has, by src_uri, where it is another.

    Only the store has prompts: where it has no record of the request, there is none.
    """
    changed = (a for a in plan.actions if a.approved and a.approved.request_key != a.request_key)
    found = ((a.article, prompt_of(a.approved, store)) for a in changed if a.approved)
    return {article: prompt for article, prompt in found if prompt is not None}


def prompt_of(approved: Approved, store: Store) -> str | None:
    """Return the prompt that an approved picture was bought with, where the store knows it."""
    try:
        record = store.record(approved.request_key, approved.digest)
    except ImagegenError:
        return None
    prompt = record.sent.get("prompt") if record else None
    return prompt if isinstance(prompt, str) else None


def _thumbnail(action: Action, store: Store) -> bytes | None:
    approved = action.approved
    entries = [Entry(action.article, approved=approved)] if approved else []
    key = approved.request_key if approved else action.request_key
    record = sound_record(store, key, entries) if key else None
    try:
        data = store.read_original(record) if record else None
        return images.thumbnail(data, longest_px=THUMBNAIL_PX) if data else None
    except ImagegenError:
        return None
