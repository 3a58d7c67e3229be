"""What a run would write into a folder: decided here, done in `writing`."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ..articles.written import COVERS, NAME_DIGITS, PREVIEW_END, image_ref, preview_uri
from ..files import CoverFile, CoverFiles
from ..model import Diagnostic, Order, Orders
from .block import EditError, with_image
from .scan import Article, Folder

_NAME = re.compile(rb"([0-9a-f]{%d})(?:\.webp|%s)" % (NAME_DIGITS, re.escape(PREVIEW_END.encode())))
_TEXTS = frozenset(
    {".css", ".csv", ".htm", ".html", ".ipynb", ".j2", ".js", ".json", ".markdown", ".md"}
    | {".mdown", ".mkd", ".mkdn", ".rst", ".svg", ".toml", ".txt", ".xml", ".yaml", ".yml"}
)
"""Files that may name a cover besides the line that is ours."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One article's `image:` line."""

    article: str
    path: Path
    before: bytes
    after: bytes
    ref: str | None
    """`None` where the line goes."""


@dataclass(frozen=True, slots=True)
class Changes:
    """All that a run would write, by what it is."""

    covers: Mapping[str, CoverFile]
    """By the URI below the folder; those that are not there yet, and their link previews."""
    edits: tuple[Edit, ...] = ()
    gone: tuple[str, ...] = ()
    """The URIs of covers of ours that nothing will name any more."""
    diagnostics: tuple[Diagnostic, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.covers or self.edits or self.gone)


def decide(
    folder: Folder, orders: Orders, files: Mapping[str, CoverFiles], *, drawn: bool
) -> Changes:
    """Return what has to be written so that each article names its cover.

    An article with errors stays as it is, and so does one whose new cover is not bought yet.

    Args:
        folder: as it was read.
        orders: of its articles.
        files: the covers' files by src_uri.
        drawn: whether drawn covers are written too.
    """
    asked = {order.cover.article.src_uri: order for order in orders.orders}
    broken = {told.article for told in orders.diagnostics if told.level == "error"}
    covers: dict[str, CoverFile] = {}
    edits: list[Edit] = []
    diagnostics: list[Diagnostic] = []
    for src_uri, article in folder.articles.items():
        order, file = asked.get(src_uri), files.get(src_uri)
        if src_uri in broken or _stays(order, file, drawn=drawn):
            continue
        cover = None if order is None or order.cover.own or file is None else file.main
        if cover and _is_other(folder, cover):
            diagnostics.append(_in_the_way(cover.asset_uri))
            continue
        try:
            edits += _edits(article, cover)
        except EditError as error:
            diagnostics.append(_uneditable(src_uri, cover, error))
            continue
        if cover and file:
            covers[cover.asset_uri] = cover
            if file.made.preview:  # the first one's, where articles share a picture
                covers.setdefault(preview_uri(cover.asset_uri), file.made.preview)
    missing = {
        uri: cover for uri, cover in covers.items() if folder.digest(uri) != cover.rendition.digest
    }
    gone = tuple(sorted(_unnamed(folder, edits, frozenset(covers))))
    return Changes(missing, tuple(edits), gone, tuple(diagnostics))


def _stays(order: Order | None, file: CoverFiles | None, *, drawn: bool) -> bool:
    """Tell whether there is no picture yet for an article that asks for one."""
    if order is None or order.cover.own:
        return False
    return file is None or (file.drawn and not drawn)


def _edits(article: Article, cover: CoverFile | None) -> Iterator[Edit]:
    src_uri, before = article.source.src_uri, article.data
    if cover is None and article.cover_uri is None:
        return  # its image: is the author's, if it has one
    ref = image_ref(cover.asset_uri, src_uri) if cover else None
    after = with_image(before, ref)
    if after != before:
        yield Edit(src_uri, article.path, before, after, ref)


def _is_other(folder: Folder, cover: CoverFile) -> bool:
    return folder.digest(cover.asset_uri) not in (None, cover.rendition.digest)


def _unnamed(folder: Folder, edits: Sequence[Edit], named: frozenset[str]) -> Iterator[str]:
    """Yield the covers of ours that nothing in the folder names once the edits are done."""
    old: defaultdict[bytes, list[str]] = defaultdict(list)
    for file in folder.files:
        uri = file.src_uri
        found = _NAME.fullmatch(posixpath.basename(uri).encode())
        if not found or posixpath.dirname(uri) != COVERS or uri in named:
            continue
        # A link preview has its cover's name.
        if uri.endswith(PREVIEW_END) or (folder.digest(uri) or "").startswith(found[1].decode()):
            old[found[1]].append(uri)
    if not old:
        return
    edited = {edit.article: edit.after for edit in edits}
    for file in folder.files:
        if posixpath.splitext(file.src_uri)[1].lower() in _TEXTS:
            text = edited.get(file.src_uri) or _bytes(folder.docs_dir / file.src_uri)
            for name in _NAME.findall(text):
                old.pop(name, None)
    yield from chain.from_iterable(old.values())


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _in_the_way(asset_uri: str) -> Diagnostic:
    return Diagnostic(
        "warning",
        "this file stands where a cover belongs, and holds another picture, so it stays",
        article=asset_uri,
        hint=f"move it out of {COVERS}/",
    )


def _uneditable(src_uri: str, cover: CoverFile | None, error: EditError) -> Diagnostic:
    what = "get its image: line" if cover else "lose its image: line"
    hint = "write its front matter as one key a line"
    if cover:
        hint = f"write image: {image_ref(cover.asset_uri, src_uri)} into it"
    return Diagnostic("warning", f"this article can't {what}: {error}", src_uri, "image", hint=hint)
