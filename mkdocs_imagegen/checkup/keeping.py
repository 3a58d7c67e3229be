"""What keeps what was paid for: store, disk, ledger, lockfile, originals, and git."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from ..errors import DamagedOriginalError, LockfileError, StoreError
from ..holdings import find
from ..lockfile import NAME
from ..model import Entry, OriginalDamaged, Record, RowState
from ..store import Store
from ..store.lockfiles import BROKEN_SUFFIX, mend_lockfile, read_lockfile
from .findings import Examined, Finding, Verdict, counted, failed

LITTLE_BYTES = 200_000_000
"""Of free disk space: a picture has up to 8 million bytes, and SQLite needs room besides."""
GIT_LIMIT_S = 10.0
_HINTS = {
    "only git-lfs pointers": "git lfs pull",
    "damaged": "mkdocs-imagegen restore --from SOURCE, or put the store back from a backup",
    "in no store": "mkdocs-imagegen restore --from SOURCE; to pay once more: apply --rebuy",
}


def check_lockfile(path: Path) -> Finding:
    """Tell whether the lockfile is whole."""
    try:
        lockfile = read_lockfile(path)
    except LockfileError as error:
        return failed(NAME, error)
    if not lockfile.entries and not path.exists():
        return Finding("ok", NAME, "not there yet: the first purchase writes it")
    return Finding("ok", NAME, f"whole, {counted(len(lockfile.entries), 'article')}")


def mended_lockfile(path: Path, is_at_hand: Callable[[Entry], bool], *, at: datetime) -> Finding:
    """Mend the lockfile where it is broken, and tell what was done.

    `is_at_hand` tells whether an entry's original is there; it wins where two are of one article.
    `at` is the time, in UTC.
    """
    found = check_lockfile(path)
    if found.verdict == "ok":
        return found
    try:
        notes = mend_lockfile(path, is_at_hand, at=at)
    except LockfileError as error:
        return failed(NAME, error)
    done = "".join(f"\n{note}" for note in notes)
    return Finding(
        "info",
        NAME,
        f"mended; the broken one is {NAME}{BROKEN_SUFFIX}{done}",
        f"look it over, then: git add {NAME}",
    )


def check_store(site: Examined) -> Iterator[Finding]:
    """Write to the store on trial, as a purchase does before it pays. May make its folders."""
    if not site.orders.orders:
        yield Finding("skipped", "store", "no article asks for a cover, so none is made")
        return
    engine = site.engine
    try:
        store = engine.store
        originals = counted(sum(1 for _ in store.records()), "original")
    except StoreError as error:
        yield failed("store", error)
        return
    where = f"{store.cache_dir}: {originals}"
    try:
        store.prepare()
    except StoreError as error:
        # A build that buys nothing can do with what is there.
        stops = bool(site.to_buy) and engine.decide().buys
        verdict: Verdict = "error" if stops else "warning"
        yield Finding(verdict, "store", f"{where}; {error.message}", error.hint)
    else:
        yield Finding("ok", "store", f"{where}; a trial file was written and removed")
    yield from _check_disk(store.cache_dir)
    yield from _check_ledger(site)


def check_originals(site: Examined) -> Iterator[Finding]:
    """Read every original that the lockfile names, and compare its digest."""
    try:
        entries = [entry for entry in site.engine.lockfile.entries if entry.approved]
        store = site.engine.store if entries else None
    except (LockfileError, StoreError):
        yield Finding("skipped", "originals", "lockfile or store can't be read, see there")
        return
    if store is None:
        yield Finding("ok", "originals", f"{NAME} names none yet")
        return
    states = Counter(_state(store, entry) for entry in entries)
    whole = states.pop("", 0)
    told = f"{whole} of {counted(len(entries), 'original')} there, by digest"
    if not states:
        yield Finding("ok", "originals", told)
    for state, hint in _HINTS.items():
        if count := states[state]:
            yield Finding("warning", "originals", f"{told}; {count} {state}", hint)


def check_tracking(site: Examined) -> Iterator[Finding]:
    """Tell whether git leaves out what belongs into it."""
    covers_dir = site.engine.store.covers_dir if site.orders.orders else None
    yield from check_git(site.root, covers_dir)


def check_git(root: Path, covers_dir: Path | None) -> Iterator[Finding]:
    """Ask git whether it ignores the lockfile, or originals in the covers folder."""
    sample = "0" * 64
    wanted = [(NAME, root / NAME)]
    if covers_dir is not None:
        wanted += [(covers_dir.name, covers_dir / f"{sample}.{end}") for end in ("webp", "json")]
    ignored = [(name, _ignored_by(root, path)) for name, path in wanted]
    if any(why is None for _, why in ignored):
        yield Finding("skipped", "git", "this is no git repository, or git is not installed")
        return
    troubles = {name: why for name, why in ignored if why}
    for name, why in troubles.items():
        yield Finding(
            "error",
            "git",
            f"{name} is ignored by {why}: what was paid for gets lost with this machine",
            f"delete that line, or add below it: !{name}",
        )
    if not troubles:
        yield Finding("ok", "git", f"takes {' and '.join(dict(wanted))}")


def _check_disk(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    if free < LITTLE_BYTES:
        told = f"only {free // 1_000_000:,} MB are free in {folder}"
        yield Finding("warning", "disk", told, "make room before you buy")
    else:
        yield Finding("ok", "disk", f"{free / 1e9:,.1f} GB free")


def _check_ledger(site: Examined) -> Iterator[Finding]:
    try:
        states = Counter(row.state for row in site.engine.ledger.rows())
    except StoreError as error:
        yield failed("ledger", error)
        return
    told = f"opens; {counted(states.total(), 'request')}"
    unsure = states[RowState.RESERVED] + states[RowState.POSSIBLY_BILLED]
    if unsure:
        yield Finding(
            "info",
            "ledger",
            f"{told}, {unsure} of them possibly billed: they count with the most they can cost",
            "mkdocs-imagegen report costs --by request lists them",
        )
    else:
        yield Finding("ok", "ledger", told)


def _state(store: Store, entry: Entry) -> str:
    """Return what is wrong with an entry's original, `""` for nothing."""
    assert entry.approved is not None
    found = find(store, entry.approved.request_key, [entry])
    if isinstance(found, OriginalDamaged):
        if found.pointer:
            return "only git-lfs pointers"
        return "in no store" if found.missing else "damaged"
    if not isinstance(found, Record):
        return "in no store"
    try:
        store.read_original(found)
    except DamagedOriginalError:
        return "damaged"
    return ""


def _ignored_by(root: Path, path: Path) -> str | None:
    """Return file and line that make git ignore a path, `""` where none does; `None` without git.

    What git tracks already is never ignored.
    """
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "check-ignore", "--verbose", "--", str(path)],  # noqa: S607
            cwd=root,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=GIT_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode not in (0, 1):
        return None
    source, _, pattern = done.stdout.partition("\t")[0].rpartition(":")
    # A pattern that starts with ! takes a path back in.
    return source.replace(":", " line ") if pattern and not pattern.startswith("!") else ""
