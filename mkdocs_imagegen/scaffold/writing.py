"""Writes what was agreed to: all of it, or as far as it can be nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from ..errors import SettingsError
from .proposal import Change


def write_changes(changes: Sequence[Change]) -> None:
    """Write the files; each is whole at every moment.

    All are prepared beside their places before the first takes its place. If one then can't take
    it, those before it are put back.

    Raises:
        SettingsError: a file changed since it was read, or can't be written.
    """
    for change in changes:
        _check_unchanged(change)
    done: list[Change] = []
    with ExitStack() as leftovers:
        try:
            prepared = [(change, _prepare(change, leftovers)) for change in changes]
            for change, file in prepared:
                file.replace(change.path.resolve())
                done.append(change)
        except OSError as error:
            for change in reversed(done):
                _put_back(change)
            raise SettingsError(
                f"{error.filename} can't be written: {error.strerror}; nothing was changed",
                hint="mend that, then run init again",
            ) from error
        leftovers.pop_all()  # every prepared file has taken its place, every folder its file


def _check_unchanged(change: Change) -> None:
    there = change.path.read_bytes() if change.path.is_file() else None
    if there != (None if change.old is None else _encoded(change.old)):
        raise SettingsError(
            f"{change.name} was changed in the meantime; nothing was written",
            hint="run init again",
        )


def _prepare(change: Change, leftovers: ExitStack) -> Path:
    """Write the new text beside the file: where a link leads, if it is one."""
    path = change.path.resolve()
    _make_folders(path.parent, leftovers)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    file = Path(name)
    leftovers.callback(file.unlink, missing_ok=True)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(_encoded(change.new))
        opened.flush()
        os.fsync(opened.fileno())
    if path.exists():
        shutil.copymode(path, file)
    else:
        file.chmod(0o666 & ~_umask())
    return file


def _make_folders(folder: Path, leftovers: ExitStack) -> None:
    if folder.is_dir():
        return
    _make_folders(folder.parent, leftovers)
    folder.mkdir()
    leftovers.callback(_remove_empty, folder)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # something else lies in it by now
        folder.rmdir()


def _put_back(change: Change) -> None:
    path = change.path.resolve()
    with suppress(OSError):  # the first error is the one to tell
        if change.old is None:
            path.unlink()
        else:
            path.write_bytes(_encoded(change.old))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _umask() -> int:
    """Return the process' umask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
