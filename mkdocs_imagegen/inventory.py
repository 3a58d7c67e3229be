"""What `assets/covers/covers.json` says of a site's covers: which ones AI made, and with what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mkdocs.structure.files import File

from .files import CoverFiles
from .model import Approved, Lockfile, Orders, Plan
from .report.inventory import InventoryEntry


def bought_covers(
    plan: Plan, files: Mapping[str, CoverFiles], lockfile: Lockfile
) -> Iterator[InventoryEntry]:
    """Yield the covers that were bought and are shown.

    Args:
        plan: which picture each article shows.
        files: of the covers, by src_uri.
        lockfile: as it is after the purchases.
    """
    known = {e.approved.request_key: e.approved for e in lockfile.entries if e.approved}
    for action in plan.actions:
        shown = files.get(action.article)
        if shown is None or shown.drawn:
            continue
        approved: Approved | None = action.keeps or known.get(action.request_key or "")
        request = None if action.keeps else action.request
        yield InventoryEntry(
            article=action.article,
            file=shown.main.asset_uri,
            model=approved.model if approved else request.model if request else "",
            date=approved.bought_at[: len("2026-11-22")] if approved else "",
            digest=approved.digest if approved else shown.main.rendition.digest,
            prompt=request.prompt if request else "",
        )


def own_covers(orders: Orders, files: Mapping[str, File]) -> Iterator[InventoryEntry]:
    """Yield the authors' own pictures of which they say that AI made them.

    Args:
        orders: of the site.
        files: of the own pictures that it publishes, by their articles' src_uri.
    """
    for order in orders.orders:
        article = order.cover.article.src_uri
        file = files.get(article)
        if order.cover.ai and file and order.own_digest:
            yield InventoryEntry(article, file.dest_uri, "", "", order.own_digest)
