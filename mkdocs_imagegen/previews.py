"""What stands today, to be shown beside a plan: small pictures of the covers, and old prompts.

Costs no money. Imports Pillow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from . import images
from .errors import ImagegenError
from .model import Action, ActionKind, Approved, Plan
from .store import Store

THUMBNAIL_PX = 480
"""The longest side of a thumbnail."""
MOST_UNCHANGED = 60
"""So many covers that stay as they are get a thumbnail; a page must stay of a size to be sent."""


def thumbnails(plan: Plan, store: Store) -> Mapping[str, bytes]:
    """Return a small WebP of the cover that each article has now, by src_uri.

    All that change are in it, of those that stay the first few. What has none, or one that can't be
    read, is not in it.
    """
    staying = [a for a in plan.of(ActionKind.REUSE, ActionKind.RENDER) if a.request_key]
    chosen = {a.article: a for a in staying[:MOST_UNCHANGED]}
    chosen |= {a.article: a for a in plan.actions if a.kind is not ActionKind.OWN and a.approved}
    with ThreadPoolExecutor() as pool:
        made = pool.map(lambda action: _thumbnail(action, store), chosen.values())
        return {article: webp for article, webp in zip(chosen, made, strict=True) if webp}


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
    for key, expected in _shown(action):
        try:
            record = store.record(key, expected)
            if record and (not expected or record.digest == expected):
                return images.thumbnail(store.read_original(record), longest_px=THUMBNAIL_PX)
        except ImagegenError:
            continue
    return None


def _shown(action: Action) -> Iterable[tuple[str, str]]:
    if action.approved:
        yield action.approved.request_key, action.approved.digest
    elif action.request_key:
        yield action.request_key, ""
