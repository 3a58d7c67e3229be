"""What can be saved of an imagegen.lock that a merge, or an editor, left broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple, replace
from datetime import datetime

from ..errors import LockfileError
from ..model import Entry, Lockfile, Replaced
from .lines import NAME, Header, Line, read_line, write_line
from .schema import LineError
from .whole import LONE_SURROGATE, MARKER, RESTORE, Identity, assemble, identity, named, numbered

Prefers = Callable[[Entry], bool]


def _no_preference(_: Entry) -> bool:
    return False


def mend(
    text: str, prefers: Prefers = _no_preference, *, at: datetime
) -> tuple[Lockfile, tuple[str, ...]]:
    """Read all that can be read, both sides of merge conflicts too, and tell what was done.

    Of several lines for one article the one stays that `prefers` likes, else the one bought later;
    it remembers the pictures of the others as replaced at `at`, the time in UTC. There are no
    notes where nothing was wrong.

    Raises:
        LockfileError: nothing can be read, or a later version wrote it.
    """
    lines, notes = _both_sides(numbered(text))
    by_identity: dict[Identity, list[Line]] = {}
    for number, line in lines:
        try:
            read = _read(line)
        except LineError as error:
            notes.append(f"line {number} {error}: left out")
        else:
            by_identity.setdefault(identity(read), []).append(read)
    if not by_identity:
        raise LockfileError(f"no line of {NAME} can be read", hint=RESTORE)
    if identity(Header()) not in by_identity:
        notes.append("there was no header: written anew")
    kept = [_one_of(group, prefers, at, notes) for group in by_identity.values()]
    return assemble(kept), tuple(notes)


def _read(text: str) -> Line:
    if LONE_SURROGATE.search(text):
        raise LineError("is no UTF-8 text")
    return read_line(text)


def _both_sides(
    lines: Iterable[tuple[int, str]],
) -> tuple[list[tuple[int, str]], list[str]]:
    """Return the lines of both sides of each conflict, without its markers; with notes.

    What git also shows of the text before both (`|||||||` to `=======`) goes, but only where it
    ends: rather a line too many than an article too few.
    """
    kept: list[tuple[int, str]] = []
    notes: list[str] = []
    start, end = 0, ""  # of the text before both: its first line, and the marker that ends it
    for number, line in lines:
        found = MARKER.match(line)
        marker = found[1] if found else ""
        if not marker:
            kept.append((number, line))
        elif end and len(marker) != len(end):
            pass  # of a conflict within the text before both
        elif marker == end:
            del kept[start:]
            end = ""
        elif marker[0] == "|":
            start, end = len(kept), "=" * len(marker)
        elif marker[0] in "<>":
            end = ""
            if marker[0] == "<":
                notes.append(f"line {number} begins a merge conflict: the lines of both sides stay")
    return kept, notes


def _one_of(group: list[Line], prefers: Prefers, at: datetime, notes: list[str]) -> Line:
    """Return the one line to keep of several with the same identity."""
    first = group[0]
    if len(group) == 1:
        return first
    entries = [line for line in group if isinstance(line, Entry)]
    kept = _best_entry(entries, prefers, at) if entries else first
    pictures = {entry.approved.digest for entry in entries if entry.approved}
    which = ""
    if len(pictures) > 1 and isinstance(kept, Entry) and kept.approved:
        which = f", with the picture bought at {kept.approved.bought_at}"
    notes.append(f"{len(group)} lines are {named(first)}: one stays{which}")
    return kept


def _best_entry(entries: list[Entry], prefers: Prefers, at: datetime) -> Entry:
    """Return one article's entry of several: the best picture, and the newest refusal of any."""
    approved = max(entries, key=lambda entry: _rank(entry, prefers)).approved
    refusals = [entry.refusal for entry in entries if entry.refusal]
    refusal = max(refusals, key=lambda r: (r.refused_at, r.request_key), default=None)
    if approved and refusal and refusal.request_key == approved.request_key:
        refusal = None  # one side got the picture after all
    replaced = _replaced(entries, at)
    if approved:
        replaced.pop(approved.digest, None)
    newest_first = sorted(replaced.values(), key=lambda r: (r.replaced_at, r.digest), reverse=True)
    return replace(entries[0], approved=approved, refusal=refusal, replaced=tuple(newest_first))


def _replaced(entries: list[Entry], at: datetime) -> dict[str, Replaced]:
    """Return what all sides had and have, by digest: any of it may have been published."""
    now = at.isoformat(timespec="seconds")
    had = [replaced for entry in entries for replaced in entry.replaced]
    for entry in entries:
        if one := entry.approved:
            had.append(Replaced(one.request_key, one.digest, one.size_bytes, one.size, now))
    # Of one picture the latest time stays; the order of the sides decides nothing.
    return {r.digest: r for r in sorted(had, key=lambda r: (r.replaced_at, astuple(r)))}


def _rank(entry: Entry, prefers: Prefers) -> tuple[bool, bool, str, str]:
    if entry.approved is None:
        return False, False, "", ""
    # The text comes last, so that the order of the sides decides nothing.
    return True, prefers(entry), entry.approved.bought_at, write_line(entry)
