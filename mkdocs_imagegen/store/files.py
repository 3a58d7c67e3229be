"""Files of the store: where a value file may lie, what is wrong with one, how it is written."""

from __future__ import annotations

import glob
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from ..keys import digest
from ..model import OriginalDamaged

MISSING = "missing"
CHANGED = "changed: its bytes are not those that were paid for"
_POINTER = b"version https://git-lfs.github.com/spec/v1"
_POINTER_LIMIT_BYTES = 1024
"""Of a git-lfs pointer, by its specification."""
_SHAPE = re.compile(r"([0-9a-f]{2})[/\\]([0-9a-f]{2})[/\\]([0-9a-f]{28}\.val)")
"""The names that diskcache makes; a store written on Windows has the other slash."""


@dataclass(frozen=True, slots=True)
class ValueFile:
    """A value file as it lies on disk now."""

    path: str
    size_bytes: int


def has_shape(filename: object) -> bool:
    """Tell whether diskcache could have made this name."""
    return isinstance(filename, str) and _SHAPE.fullmatch(filename) is not None


def locate(root: str, filename: object, checked: set[str] | None = None) -> ValueFile | None:
    """Return the value file that a row names, or None where none may be read or removed.

    `root` is a real path. Two real folders and a regular file below it: a link on the way, a name
    of another shape or a missing file is None. So the file's real path always lies in `root`.
    `checked` takes the folders that were found real, and saves looking at them again.
    """
    match = _SHAPE.fullmatch(filename) if isinstance(filename, str) else None
    if match is None:
        return None
    outer, inner, name = match.groups()
    # Plain text, not Path: this runs several times an article in every build.
    above = f"{root}{os.sep}{outer}"
    folder = f"{above}{os.sep}{inner}"
    checked = set() if checked is None else checked
    for step in (above, folder):
        if step not in checked:
            if not is_real_folder(step):
                return None
            checked.add(step)
    return regular_file(f"{folder}{os.sep}{name}")


def regular_file(path: str) -> ValueFile | None:
    """Return a file as it lies on disk, or None where there is none, or a link to one."""
    found = _lstat(path)
    if found is None or not stat.S_ISREG(found.st_mode):
        return None
    return ValueFile(path, found.st_size)


def compared(
    file: ValueFile | None, original_digest: str, size_bytes: int
) -> ValueFile | OriginalDamaged:
    """Return an original's file where it has this length, else what is wrong with it."""
    if file is None:
        return OriginalDamaged(MISSING, original_digest, missing=True)
    if file.size_bytes == size_bytes:
        return file
    if is_pointer(file):
        return OriginalDamaged("only a git-lfs pointer", original_digest, pointer=True)
    if not file.size_bytes:
        why = "empty"
    elif file.size_bytes < size_bytes:
        why = f"{file.size_bytes:,} of {size_bytes:,} bytes long"
    else:
        why = f"{file.size_bytes:,} bytes long instead of {size_bytes:,}"
    return OriginalDamaged(why, original_digest)


def is_pointer(file: ValueFile) -> bool:
    """Tell whether a file holds git-lfs's note of where its content is, not the content."""
    if not 0 < file.size_bytes < _POINTER_LIMIT_BYTES:
        return False
    try:
        return Path(file.path).read_bytes().startswith(_POINTER)
    except OSError:
        return False


def read_checked(file: ValueFile, original_digest: str) -> bytes | None:
    """Return a file's bytes, or None where they are gone or have another digest.

    Raises:
        OSError: where they can't be read.
    """
    try:
        data = Path(file.path).read_bytes()
    except FileNotFoundError:
        return None
    return data if digest(data) == original_digest else None


def is_real_folder(path: str | Path) -> bool:
    """Tell whether a path is a folder, and neither a link nor a junction to one."""
    found = _lstat(path)
    return found is not None and stat.S_ISDIR(found.st_mode)


def any_value_folder(root: Path) -> bool:
    """Tell whether there are folders in which diskcache keeps value files."""
    if not root.is_dir():
        return False
    with os.scandir(root) as entries:
        return any(re.fullmatch(r"[0-9a-f]{2}", entry.name) for entry in entries)


def write_durably(root: str, filename: str, data: bytes) -> None:
    """Write a new value file; on return it is on the disk, and so are the folders that name it.

    No row points at the name before this returns, so half a file is never taken for a whole one.

    Raises:
        OSError: also where a link stands in the way of the new file.
    """
    path = Path(root, filename)
    folder, outer = path.parent, path.parent.parent
    folder.mkdir(parents=True, exist_ok=True)
    if not (is_real_folder(outer) and is_real_folder(folder)):
        raise NotADirectoryError(f"{folder} is a link")
    write_new(path, data)
    for parent in (outer, Path(root)):
        _sync_folder(parent)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file, or replace one (a link itself, never what it points at), whole or not at all.

    Nobody else may be writing it: what a killed run left behind half written is removed.

    Raises:
        OSError: where it can't be written; what was there stays.
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.{'[0-9a-f]' * 8}.tmp"):
        left.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    _write_new(temporary, data)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there; on return its content is on the disk, and its name too.

    Raises:
        OSError: where it can't be written, or something stands there; then nothing is left of it.
    """
    _write_new(path, data)
    _sync_folder(path.parent)


def _write_new(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _lstat(path: str | Path) -> os.stat_result | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    # A junction on Windows passes for a folder; only its reparse tag gives it away.
    return None if getattr(found, "st_reparse_tag", 0) else found


def _sync_folder(path: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):  # Windows can't open a folder, and does not need to.
        return
    opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
