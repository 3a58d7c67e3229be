"""The site as MkDocs knows it: its articles, the files they name, its prompt templates."""

from __future__ import annotations

import hashlib
import html
import os
import posixpath
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from . import plan as planning
from .articles import article_date, check_defaults, plain_title, scan_front_matter
from .articles.written import FileDigest, without_written
from .config import (
    ImagegenConfig,
    cache_folder,
    covers_folder,
    find_endpoint,
    find_store,
    make_book,
    make_settings,
    missing_key_names,
    site_folder,
    templates_folder,
)
from .engine import Engine
from .environment import CI, is_dry_run, job_id, read_environment, says_yes
from .errors import SettingsError
from .lockfile import NAME as LOCKFILE
from .locking import LockfilePlace
from .model import NO_FRONT_MATTER, ArticleSource, FrontMatter, Inherited
from .packaged import price_book
from .store import CHANGED
from .timing import REAL_TIME, Timing

VIEW_MAKERS = frozenset({"blog", "material/blog", "materialx/blog"})
"""Plugins whose generated pages list articles and are none: archive, category, pagination."""

META_PLUGINS = ("material/meta", "materialx/meta", "meta")
"""Plugins that give a folder's articles the front matter of one file."""

PLUGIN = "imagegen"
I18N = "i18n"
TEMPLATE_SUFFIXES = frozenset({".j2", ".jinja", ".jinja2", ".txt", ".md"})
LARGEST_TEMPLATE_BYTES = 1_000_000

FrontMatters = Mapping[str, FrontMatter]


def make_engine(
    options: ImagegenConfig,
    config: MkDocsConfig,
    environ: Mapping[str, str],
    *,
    timing: Timing = REAL_TIME,
) -> Engine:
    """Turn mkdocs.yml and the environment into an engine. Reads `.env` and the templates.

    Raises:
        SettingsError: they don't go together.
    """
    folder = site_folder(config)
    environ = read_environment(environ, folder)
    endpoint = find_endpoint(options, environ)
    book = make_book(options, price_book())
    settings = make_settings(options, config, environ, book, endpoint)
    for told in check_defaults(settings, book):
        raise SettingsError(f"imagegen: {told.message}", hint=told.hint)
    return Engine(
        settings,
        cache_dir=cache_folder(options, config),
        covers_dir=covers_folder(options, config),
        lockfile=LockfilePlace(
            folder / LOCKFILE, Path(os.path.relpath(config.docs_dir, folder)).as_posix()
        ),
        book=book,
        endpoint=endpoint,
        key_names=missing_key_names(options, environ),
        templates=read_templates(templates_folder(options, config)),
        in_ci=says_yes(environ.get(CI, "")),
        dry_run=is_dry_run(environ),
        job=job_id(environ),
        timing=timing,
    )


def check_alone(config: MkDocsConfig) -> None:
    """Refuse a second entry of this plugin: each would buy, and a plan knows of one.

    Raises:
        SettingsError: there is one.
    """
    if f"{PLUGIN} #2" in config.plugins:  # as MkDocs names it
        raise SettingsError(
            "imagegen stands twice below `plugins:`",
            hint="delete one of the two, or merge their options into one",
        )


def has_languages(config: MkDocsConfig) -> bool:
    """Tell whether this site is built once a language, each after the other."""
    return I18N in config.plugins


def config_file(config: MkDocsConfig) -> str:
    """Return the file that the site was configured from, to read it again.

    Raises:
        SettingsError: it came from stdin, which can be read once only.
    """
    if not config.config_file_path:
        raise SettingsError(
            "mkdocs.yml came from stdin, and a site of several languages must read it again",
            hint="save it as a file and name that: -f mkdocs.yml",
        )
    return config.config_file_path


def is_next_language(config: MkDocsConfig) -> bool:
    """Tell whether this build is one more language's, inside the build of the first."""
    return bool(getattr(config.plugins.get(I18N), "building", False))


def watched_paths(options: ImagegenConfig, config: MkDocsConfig) -> list[Path]:
    """Return what `mkdocs serve` should rebuild for, besides the articles."""
    folder = site_folder(config)
    paths = (folder / options.templates_dir, find_store(folder, options.cache_dir) / CHANGED)
    return [path for path in paths if path.exists()]


def scan_articles(files: Files) -> FrontMatters:
    """Read the front matter of every page as its author typed it, by src_uri.

    MkDocs swallows a block that is no YAML, and tells nothing of duplicate keys.
    """
    found: dict[str, FrontMatter] = {}
    for file in files.documentation_pages():
        scanned = scan_front_matter(_text(file), where=file.src_uri)
        if scanned is not NO_FRONT_MATTER:
            found[file.src_uri] = scanned
    return found


def scan_folders(files: Files, config: MkDocsConfig) -> FrontMatters:
    """Read the files that a meta plugin takes a folder's front matter from, by src_uri."""
    plugin = next((config.plugins[name] for name in META_PLUGINS if name in config.plugins), None)
    if plugin is None or not plugin.config.get("enabled", True):
        return {}
    name = plugin.config.get("meta_file", ".meta.yml")
    scanned = {
        file.src_uri: scan_front_matter(_text(file), where=file.src_uri, whole_file=True)
        for file in files
        if posixpath.basename(file.src_uri) == name
    }
    return {uri: found for uri, found in scanned.items() if found is not NO_FRONT_MATTER}


def collect_articles(
    files: Files, front_matters: FrontMatters, folders: FrontMatters, config: MkDocsConfig
) -> tuple[ArticleSource, ...]:
    """Return the articles with their final front matter; pages that list articles are none."""
    # Of the build, not of the file: a page without a translation stands in for one.
    locale = str(getattr(config.plugins.get(I18N), "current_language", "") or "")
    return tuple(
        _article(
            file,
            page,
            front_matters.get(file.src_uri, NO_FRONT_MATTER),
            folders,
            locale,
            lambda uri: digest_files(frozenset((uri,)), files, config.docs_dir).get(uri),
        )
        for file in files.documentation_pages()
        if (page := file.page) is not None and file.generated_by not in VIEW_MAKERS
    )


def digest_files(uris: frozenset[str], files: Files, docs_dir: str) -> planning.Digests:
    """Hash those of the named files that the site has; a link out of docs_dir is not followed."""
    root = Path(docs_dir).resolve()
    digests: dict[str, str] = {}
    for uri in uris:
        file = files.get_file_from_path(uri)
        path = Path(file.abs_src_path) if file and file.abs_src_path else root / uri
        made = file is not None and file.generated_by is not None  # by a plugin, anywhere on disk
        # What can't be read, or be a name at all, is not there; nor are links in a circle.
        with suppress(OSError, ValueError, RuntimeError):
            real = path.resolve()
            if real.is_file() and (made or real.is_relative_to(root)):
                with real.open("rb") as opened:
                    digests[uri] = hashlib.file_digest(opened, "sha256").hexdigest()
    return digests


def read_templates(folder: Path) -> Mapping[str, str]:
    """Return the site's own prompt templates by name; links out of the folder are left out.

    What editors and file managers leave behind is no template, nor is what is hidden, or no text.

    Raises:
        SettingsError: a file that is named as a template is no UTF-8 text, or can't be read.
    """
    root = folder.resolve()
    templates: dict[str, str] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if any(part.startswith(".") for part in name.split("/")) or name.endswith("~"):
            continue
        if not path.is_file():
            continue
        real = path.resolve()  # and read by this name, so that no link is put in between
        if real.is_relative_to(root):
            text = _template(real, f"{folder.name}/{name}")
            templates.update({} if text is None else {name: text})
    return templates


def _template(path: Path, name: str) -> str | None:
    try:
        if path.stat().st_size <= LARGEST_TEMPLATE_BYTES:
            return path.read_text(encoding="utf-8-sig")
        problem, hint = "is too long for a template", "shorten it, or move it away"
    except UnicodeDecodeError:
        problem, hint = "is no UTF-8 text", "save it as UTF-8, or move it away"
    except OSError:
        problem, hint = "can't be read", "let the user who runs the build read it"
    if path.suffix not in TEMPLATE_SUFFIXES:
        return None
    raise SettingsError(f"{name} {problem}", hint=hint)


def _text(file: File) -> str:
    try:
        return file.content_bytes.decode("utf-8-sig", errors="replace")
    except OSError:
        return ""  # MkDocs reads it next, and tells


def _article(
    file: File,
    page: Page,
    front_matter: FrontMatter,
    folders: FrontMatters,
    locale: str,
    digest_of: FileDigest,
) -> ArticleSource:
    meta, front_matter = without_written(page.meta, front_matter, digest_of)
    inherited: dict[str, Inherited] = {}
    for uri, folder in folders.items():  # as the plugin merges them: the deepest last
        if file.src_uri.startswith(posixpath.dirname(uri)):
            inherited |= {key: Inherited(uri, raw) for key, raw in folder.values.items()}
            told = (*front_matter.diagnostics, *folder.diagnostics)
            front_matter = FrontMatter(front_matter.values, told)
    title, written_title = _titles(page)
    return ArticleSource(
        src_uri=file.src_uri,
        title=title,
        meta=meta,
        section=_section(file, page),
        date=article_date(page.meta.get("date")),
        markdown=page.markdown or "",
        front_matter=front_matter,
        inherited=inherited,
        locale=locale,
        url=page.canonical_url or page.url,
        written_title=written_title,
    )


def _titles(page: Page) -> tuple[str, str]:
    """Return the title that readers see above the text, and the same with its markup.

    A menu may call the page otherwise; a heading's markup is gone already.
    """
    given = page.meta.get("title")
    heading = next(iter(page.toc or ()), None)
    if not given and heading is not None and heading.level == 1:
        return html.unescape(heading.title), ""
    written = str(given or page.title or "")
    return plain_title(written), written


def _section(file: File, page: Page) -> str:
    """Return the title of the nearest section; else the first folder, as a word."""
    if page.parent is not None and page.parent.title:
        return str(page.parent.title)
    folder, slash, _ = file.src_uri.partition("/")
    return folder.replace("-", " ").replace("_", " ").capitalize() if slash else ""
