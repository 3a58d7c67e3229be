"""Changes -> files below the folder: each whole or not at all, and none that changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..articles.written import COVERS
from ..errors import SiteError
from ..model import Diagnostic
from ..store.files import write_atomically
from .changes import Changes, Edit
from .scan import Folder


def write(folder: Folder, changes: Changes) -> tuple[Diagnostic, ...]:
    """Write the covers, then the articles that name them, and remove what nothing names any more.

    So an article never names a file that is not there.

    Raises:
        ImagegenError: a file can't be written.
    """
    try:
        _write_covers(folder.docs_dir, changes)
        told = tuple(_write_articles(changes))
        if not told:  # what was not written may still name one
            for uri in changes.gone:
                (folder.docs_dir / uri).unlink(missing_ok=True)
    except OSError as error:
        raise SiteError(
            f"{error.filename or folder.docs_dir} can't be written: {error.strerror}",
            hint="let the user who runs this write it, or free space",
        ) from error
    return told


def _write_covers(docs_dir: Path, changes: Changes) -> None:
    if not changes.covers:
        return
    place = docs_dir / COVERS
    place.mkdir(parents=True, exist_ok=True)
    if not place.resolve().is_relative_to(docs_dir):
        raise SiteError(
            f"{COVERS} is a link out of the folder, so nothing is written there",
            hint="put a folder in its place",
        )
    for uri, cover in changes.covers.items():
        write_atomically(docs_dir / uri, cover.path.read_bytes())


def _write_articles(changes: Changes) -> Iterator[Diagnostic]:
    for edit in changes.edits:
        if edit.path.read_bytes() == edit.before:
            mode = edit.path.stat().st_mode
            write_atomically(edit.path, edit.after)
            edit.path.chmod(mode)
        else:
            yield _changed(edit)


def _changed(edit: Edit) -> Diagnostic:
    return Diagnostic(
        "warning",
        "this article was changed meanwhile, so it is left as it is",
        article=edit.article,
        hint="run it again: nothing is paid twice",
    )
