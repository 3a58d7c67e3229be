"""A folder of Markdown -> its articles, read with python-frontmatter; no host builds anything."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, set_exclusions
from mkdocs.utils import dirname_to_title

from ..articles import article_date, plain_title, scan_front_matter
from ..articles.written import without_written, written_cover
from ..model import ArticleSource, Diagnostic, FrontMatter, Inherited
from .block import find_block, read_meta
from .configured import merged

_HEADING = re.compile(r"^ {0,3}#[ \t]+(.+?)[ \t]*#*[ \t]*$|^(\S.*)\n=+[ \t]*$", re.MULTILINE)
_FENCED = re.compile(r"^ {0,3}(```+|~~~+).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*`]|\{[^}]*\}\s*$|<[^>]+>")


@dataclass(frozen=True, slots=True)
class Article:
    """One article with front matter, as its file was when the folder was read."""

    source: ArticleSource
    path: Path
    data: bytes
    cover_uri: str | None
    """Of the cover that an earlier run wrote into it."""


@dataclass(frozen=True, slots=True)
class Folder:
    """All that a folder's files say."""

    docs_dir: Path
    articles: Mapping[str, Article]
    """By src_uri; only those with front matter."""
    files: Files
    diagnostics: tuple[Diagnostic, ...] = ()
    """Of files that can't be read as an article, though somebody meant them as one with a cover."""

    def digest(self, uri: str) -> str | None:
        """Return the sha256 of a file below the folder, `None` where there is none."""
        return _digest(self.docs_dir, uri)


@dataclass(frozen=True, slots=True)
class _FolderMeta:
    """What a file such as `.meta.yml` gives to the articles of its folder."""

    uri: str
    values: Mapping[str, Any]
    front_matter: FrontMatter


def read_folder(docs_dir: Path, config: MkDocsConfig, meta_file: str | None) -> Folder:
    """Read all articles of a folder. Links to folders, and names that start with a dot, are left.

    Args:
        docs_dir: a real path.
        config: says what `exclude_docs` and `draft_docs` leave out.
        meta_file: the name of the files that folders' front matter stands in, `None` for none.
    """
    files = Files([File(uri, str(docs_dir), config.site_dir, True) for uri in _walk(docs_dir)])
    set_exclusions(files, config)
    folders = _folder_metas(docs_dir, files, meta_file) if meta_file else ()
    articles: dict[str, Article] = {}
    diagnostics: list[Diagnostic] = []
    for file in files.documentation_pages():
        read = _read(docs_dir, file.src_uri, folders)
        if isinstance(read, Article):
            articles[file.src_uri] = read
        else:
            diagnostics += read
    return Folder(docs_dir, articles, files, tuple(diagnostics))


def _walk(docs_dir: Path) -> Iterator[str]:
    for where, folders, names in os.walk(docs_dir):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            yield Path(where, name).relative_to(docs_dir).as_posix()


def _read(
    docs_dir: Path, src_uri: str, folders: tuple[_FolderMeta, ...]
) -> Article | tuple[Diagnostic, ...]:
    """Return an article, or what is to be told of a file that is none."""
    path = docs_dir / src_uri
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return (_unreadable(src_uri),)
    scanned = scan_front_matter(text, where=src_uri)
    if find_block(data) is None:
        told = _without_block(src_uri) if scanned.values and not scanned.diagnostics else ()
        return (*scanned.diagnostics, *told)
    if path.is_symlink():
        return _link(src_uri) if scanned.values else ()
    try:
        values, body = read_meta(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return scanned.diagnostics
    return Article(
        _source(docs_dir, src_uri, values, body, scanned, folders),
        path,
        data,
        written_cover(values.get("image"), lambda uri: _digest(docs_dir, uri)),
    )


def _source(
    docs_dir: Path,
    src_uri: str,
    values: Mapping[str, Any],
    body: str,
    scanned: FrontMatter,
    folders: tuple[_FolderMeta, ...],
) -> ArticleSource:
    own, front_matter = without_written(values, scanned, lambda uri: _digest(docs_dir, uri))
    meta: Mapping[str, Any] = {}
    inherited: dict[str, Inherited] = {}
    for folder in folders:  # the deepest last
        if src_uri.startswith(posixpath.dirname(folder.uri)):
            meta = merged(meta, folder.values)
            raws = folder.front_matter.values
            inherited |= {key: Inherited(folder.uri, raw) for key, raw in raws.items()}
            told = (*front_matter.diagnostics, *folder.front_matter.diagnostics)
            front_matter = FrontMatter(front_matter.values, told)
    meta = merged(meta, own)
    parent = posixpath.basename(posixpath.dirname(src_uri))
    written_title = str(meta.get("title") or "")
    return ArticleSource(
        src_uri=src_uri,
        title=plain_title(written_title) or _heading(body) or _name(src_uri),
        meta=meta,
        section=dirname_to_title(parent),
        date=article_date(meta.get("date")),
        markdown=body,
        front_matter=front_matter,
        inherited=inherited,
        written_title=written_title,
    )


def _folder_metas(docs_dir: Path, files: Files, name: str) -> tuple[_FolderMeta, ...]:
    found: list[_FolderMeta] = []
    for file in files:
        if posixpath.basename(file.src_uri) != name:
            continue
        try:
            text = (docs_dir / file.src_uri).read_text(encoding="utf-8-sig")
            values = yaml.safe_load(text)
        except (OSError, ValueError, yaml.YAMLError):
            text, values = "", {}
        scanned = scan_front_matter(text, where=file.src_uri, whole_file=True)
        found.append(_FolderMeta(file.src_uri, values if isinstance(values, dict) else {}, scanned))
    return tuple(sorted(found, key=lambda one: one.uri.count("/")))


def _heading(body: str) -> str:
    found = _HEADING.search(_FENCED.sub("", body))
    return _MARKUP.sub(r"\1", found[1] or found[2]).strip() if found else ""


def _name(src_uri: str) -> str:
    name = posixpath.splitext(posixpath.basename(src_uri))[0]
    parent = posixpath.basename(posixpath.dirname(src_uri))
    return dirname_to_title(parent if name in ("index", "README") and parent else name)


def _digest(docs_dir: Path, uri: str) -> str | None:
    try:
        with (docs_dir / uri).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _unreadable(src_uri: str) -> Diagnostic:
    return Diagnostic(
        "warning",
        "this file can't be read as UTF-8 text, so it is left alone",
        article=src_uri,
        hint="save it as UTF-8",
    )


def _without_block(src_uri: str) -> tuple[Diagnostic, ...]:
    said = "only MkDocs reads front matter without --- around it, so there is no cover"
    return (Diagnostic("warning", said, src_uri, hint="put a line of --- above and below it"),)


def _link(src_uri: str) -> tuple[Diagnostic, ...]:
    said = "this article is a link to another file, which is not written through it"
    return (Diagnostic("warning", said, src_uri, hint="put the article itself in its place"),)
