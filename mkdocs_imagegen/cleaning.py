"""Originals that nobody uses any more, found and removed; an article's picture, forgotten.

Removes nothing where anything is in doubt. Buys nothing, opens no connection.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from .branches import Repository, named_until, read_repository
from .errors import ArticlesError, StoreError
from .holdings import find
from .lockfile import write
from .model import (
    Lockfile,
    Orders,
    OriginalDamaged,
    OriginalOther,
    Record,
    StoredOriginal,
)
from .plan import needed_originals, stand
from .plan.forgetting import Forgetting, without
from .plan.forgetting import forgetting as forgetting_of
from .plan.orphans import (
    Orphan,
    named_by,
    named_in,
    orphans,
    replaced_in,
    unused,
)
from .store import Store
from .store.lockfiles import read_lockfile, require_writable, update_lockfile
from .store.locks import hold


@dataclass(frozen=True, slots=True)
class Site:
    """What a site asks for and what it has."""

    orders: Orders
    """All of them: an article that can't be read would hide what it uses."""
    lockfile: Lockfile
    lockfile_path: Path
    store: Store


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in the store, and what of it nobody uses."""

    originals: tuple[StoredOriginal, ...]
    unused: tuple[StoredOriginal, ...]
    repository: Repository | None
    """`None` where there is no git: only this lockfile counts then."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What became of a removal."""

    digests: frozenset[str]
    """Of the originals that are gone."""
    busy: tuple[StoredOriginal, ...] = ()
    """Those that another run was at work on: they stay."""
    renditions: int = 0
    """How many files that were made of them are gone too."""


def require_whole(orders: Orders) -> None:
    """Refuse to tell what is used from a site of which a part is not known.

    Raises:
        ArticlesError: an article can't be read, or its cover can't be ordered.
    """
    errors = [diagnostic for diagnostic in orders.diagnostics if diagnostic.level == "error"]
    if errors:
        raise ArticlesError(
            f"{errors[0].article or 'the site'}: what its cover is can't be told, so nothing is "
            f"removed: {errors[0].message}",
            hint="mend it; mkdocs-imagegen plan lists all such articles",
        )


def look(site: Site) -> Found:
    """Return what lies in the store, and what of it nobody uses here or on any branch of git.

    Raises:
        ArticlesError: see `require_whole`.
        StoreError: the store can't be read, is not this site's alone, or git can't tell.
    """
    require_whole(site.orders)
    folder = site.lockfile_path.parent
    repository = read_repository(folder)
    _require_own(site.store.cache_dir, repository.root if repository else folder)
    originals = tuple(site.store.removal.originals())
    named = set(named_by(site.orders, site.lockfile)) | _found_by(site)
    for lockfile in repository.lockfiles if repository else ():
        named |= named_in(lockfile.text)
    return Found(originals, unused(originals, named), repository)


def orphans_of(site: Site, found: Found, *, now: datetime, grace: timedelta) -> tuple[Orphan, ...]:
    """Return the orphans, and note those that are seen for the first time.

    Raises:
        StoreError: git can't tell when they were used last.
    """
    noted = site.store.removal.notes()
    listed = orphans(
        found.unused,
        site.orders.articles,
        noted=noted,
        named_until=named_until(found.repository.root) if found.repository and noted else {},
        replaced=_replaced(site.lockfile, found.repository),
        now=now,
        grace=grace,
    )
    if not site.store.read_only:
        # What is in use again is left out: its grace starts anew.
        site.store.removal.note(
            {one.original.digest: one.since.isoformat(timespec="seconds") for one in listed}
        )
    return listed


def require_idle(store: Store) -> None:
    """Refuse to remove while pictures are bought, or wait to be stored.

    Raises:
        StoreError: they do, or the store can't be written.
    """
    store.removal.require_writable()
    if keys := store.removal.under_way():
        raise StoreError(
            f"another run is at work on {len(keys)} request{'' if len(keys) == 1 else 's'} of "
            "this store, so nothing is removed",
            hint="wait until it has ended; mkdocs-imagegen plan takes in what a stopped run left",
        )


def remove(store: Store, originals: Sequence[StoredOriginal]) -> Removed:
    """Remove originals for good, with their records and all that was made of them.

    Raises:
        StoreError: see `require_idle`; or one can't be removed: those before it are gone.
    """
    require_idle(store)
    busy = [original for original in originals if not store.removal.remove(original)]
    gone = frozenset(original.digest for original in originals if original not in busy)
    count = store.removal.remove_renditions(gone)
    with suppress(StoreError):  # only `mkdocs serve` misses it
        store.mark_changed()
    return Removed(gone, tuple(busy), count)


def remove_orphans(site: Site, due: Collection[Orphan]) -> Removed:
    """Remove orphans, unless somebody has begun to use one since they were looked for.

    Raises:
        ArticlesError: see `look`.
        StoreError: see `look` and `remove`.
        LockfileError: the lockfile can't be read any more.
    """
    require_idle(site.store)
    with hold(_lock_path(site.store)):  # until then no run takes one in use
        site = replace(site, lockfile=read_lockfile(site.lockfile_path))
        still = {original.digest for original in look(site).unused}
        done = remove(site.store, [one.original for one in due if one.original.digest in still])
    notes = site.store.removal.notes()
    site.store.removal.note({key: at for key, at in notes.items() if key not in done.digests})
    return done


def forgetting(article: str, site: Site, found: Found) -> Forgetting:
    """Return what it takes to forget an article's picture."""
    return forgetting_of(article, site.orders, site.lockfile, found.originals, found.unused)


def forget(site: Site, picture: Forgetting) -> Removed:
    """Remove an article's lines from the lockfile, and then its pictures.

    A picture that another run is at work on stays, and is told.

    Raises:
        LockfileError: the lockfile can't be written; nothing is removed then.
        StoreError: see `remove`.
    """
    require_idle(site.store)
    require_writable(site.lockfile_path)
    update_lockfile(
        site.lockfile_path,
        _lock_path(site.store),
        lambda lockfile: without(lockfile, picture.entries),
    )
    done = remove(site.store, picture.originals)
    # Of a picture that is lost, what was made of it may be there; what stays may be shown.
    gone = picture.digests - {original.digest for original in done.busy}
    # What does not tell what it was made of goes too: it costs nothing to make again.
    count = site.store.removal.remove_renditions(gone | {""})
    return Removed(done.digests, done.busy, done.renditions + count)


def still_named(digests: Collection[str], repository: Repository | None) -> tuple[str, ...]:
    """Return the branches and tags whose lockfiles name one of these."""
    lockfiles = repository.lockfiles if repository else ()
    named = (one.where for one in lockfiles if named_in(one.text) & set(digests))
    return tuple(sorted({place for where in named for place in where}))


def _lock_path(store: Store) -> Path:
    return store.cache_dir / "locks" / "lockfile.lock"


def _replaced(lockfile: Lockfile, repository: Repository | None) -> Mapping[str, datetime]:
    """Return by digest when pictures were replaced, as any lockfile tells."""
    times: dict[str, datetime] = {}
    texts = [one.text for one in repository.lockfiles] if repository else []
    for text in (write(lockfile), *texts):
        for digest, at in replaced_in(text).items():
            times[digest] = max(at, times.get(digest, at))
    return times


def _found_by(site: Site) -> set[str]:
    """Return the digests that a build of the site finds, whatever the lockfile says."""
    digests = set()
    for key, entries in needed_originals(site.orders, stand(site.orders, site.lockfile)).items():
        match find(site.store, key, entries):
            case Record(digest=digest) | OriginalOther(digest=digest):
                digests.add(digest)
            case OriginalDamaged(digest="", why=why):
                raise StoreError(
                    f"what the store holds of a cover can't be told, so nothing is removed: {why}",
                    hint="mkdocs-imagegen doctor says more",
                )
            case OriginalDamaged(digest=digest):
                digests.add(digest)
    return digests


def _require_own(cache_dir: Path, root: Path) -> None:
    """Refuse a store that other sites may use: what they name is not known here."""
    if not cache_dir.is_relative_to(root.resolve()):
        raise StoreError(
            f"{cache_dir} is not below {root}, so other sites may use what is in it: nothing is "
            "removed",
            hint="leave cache_dir out of mkdocs.yml, or move the store below that folder",
        )
