"""The combinations that are built, as data: the tests build them, docs/compatibility.md lists them.

Knows neither a server nor a test.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Host = Literal["mkdocs", "properdocs"]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A theme or plugin: what it is called, what brings it, what was seen to work with it."""

    title: str
    distribution: str
    """As pip knows it."""
    works: str
    limits: str = ""
    """What to know before using both."""


@dataclass(frozen=True, slots=True)
class Case:
    """One site, with what stands in its mkdocs.yml and docs_dir beside the common articles."""

    name: str
    host: Host
    theme: str
    neighbours: tuple[str, ...]
    """By name, as in `NEIGHBOURS`; what is special is checked by `tests.neighbours.checks`."""
    plugins: Sequence[str | Mapping[str, Any]] = ()
    """In mkdocs.yml, besides imagegen."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """The rest of mkdocs.yml."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Below the site's folder."""
    covers: tuple[str, ...] = ()
    """Built pages with a cover, besides those of the common articles."""
    requests: int = 1
    """Distinct ones, with those of the common articles."""
    needs: tuple[str, ...] = ()
    """Programs, without which the case is skipped."""


THEME_PACKAGES = {"mkdocs": "mkdocs", "readthedocs": "mkdocs", "material": "mkdocs-material"}

THEMES: Mapping[str, Mapping[str, Any]] = {
    "mkdocs": {"name": "mkdocs"},
    "readthedocs": {"name": "readthedocs"},
    "material": {"name": "material", "font": False},
}

HOSTS = {
    "mkdocs": Neighbour("MkDocs", "mkdocs", "Everything."),
    "properdocs": Neighbour(
        "ProperDocs",
        "properdocs",
        "Everything; also where MkDocs is not installed at all.",
        "To leave MkDocs out, `pip install --no-deps mkdocs-imagegen`, and the rest of what it "
        "depends on by name.",
    ),
}

_MATERIAL = "mkdocs-material"

NEIGHBOURS = {
    "blog": Neighbour(
        "Material: blog",
        _MATERIAL,
        "Covers in the posts and in the lists of index, archive and categories; drafts cost "
        "nothing.",
    ),
    "social": Neighbour(
        "Material: social",
        _MATERIAL,
        "A bought or own cover takes the card's place in link previews; where a cover is only "
        "drawn, and where there is none, the card stays.",
        "The plugin makes a card for those pages too; `social: {cards: false}` in the front matter "
        "saves the work.",
    ),
    "meta": Neighbour(
        "Material: meta",
        _MATERIAL,
        "`cover_*` of a folder's `.meta.yml` holds for its articles.",
        "Flat keys only: the plugin stops at `cover: false` over a mapping. Use `cover_enabled: "
        "false`.",
    ),
    "tags": Neighbour("Material: tags", _MATERIAL, "The lists of tags show small covers."),
    "privacy": Neighbour(
        "Material: privacy", _MATERIAL, "Covers are files of the site, and left alone."
    ),
    "optimize": Neighbour(
        "Material: optimize",
        _MATERIAL,
        "What is made of covers keeps its bytes; own PNG and JPEG covers are shown as optimised.",
        "Needs `pngquant`. With pictures in its own cache it may now and then stop with `not in "
        "collection`, with or without covers; `optimize: {cache: false}` prevents that.",
    ),
    "rss": Neighbour(
        "mkdocs-rss-plugin",
        "mkdocs-rss-plugin",
        "Covers are the enclosures of the feeds' items, in RSS and in JSON.",
        "1.12 is the oldest tried.",
    ),
    "i18n": Neighbour(
        "mkdocs-static-i18n",
        "mkdocs-static-i18n",
        "One picture for all languages that share a prompt; `cover_alt` by language.",
        "With Material's blog, static-i18n publishes no posts at all.",
    ),
    "mike": Neighbour(
        "mike",
        "mike",
        "Each version has its covers; a later version buys none again.",
        "With `canonical_version`, link previews name that version's files, as canonical links do.",
    ),
    "minify": Neighbour("minify", "mkdocs-minify-plugin", "Figures and link previews survive it."),
    "glightbox": Neighbour(
        "glightbox",
        "mkdocs-glightbox",
        "Pictures of the text open in a box; covers do not, and no link is put into another.",
    ),
    "macros": Neighbour("macros", "mkdocs-macros-plugin", "Macros and covers in one article."),
    "awesome-nav": Neighbour("awesome-nav", "mkdocs-awesome-nav", "The navigation is its own."),
    "gen-files": Neighbour(
        "gen-files", "mkdocs-gen-files", "Pages that a script writes have covers like any other."
    ),
    "meta-descriptions": Neighbour(
        "meta-descriptions",
        "mkdocs-meta-descriptions-plugin",
        "Descriptions are made of the text, never of a cover.",
    ),
}


def _text(text: str) -> str:
    return textwrap.dedent(text).lstrip()


_BLOG_FILES = {
    "docs/blog/index.md": "# Blog\n",
    "docs/blog/posts/first.md": _text("""
        ---
        date: 2026-01-01
        categories: [Animals]
        tags: [one]
        cover_prompt: A heron
        ---

        # First post

        What the first post is about.

        <!-- more -->

        The rest of it.
    """),
    "docs/blog/posts/second.md": _text("""
        ---
        date: 2026-01-02
        categories: [Animals]
        cover_prompt: A fox
        ---

        # Second post

        What the second post is about, with the same picture as the guide.

        <!-- more -->

        The rest of it.
    """),
    "docs/blog/posts/draft.md": _text("""
        ---
        date: 2026-01-03
        draft: true
        cover_prompt: A draught horse
        ---

        # A draft

        Nobody reads it yet.
    """),
}
_POSTS = ("blog/2026/01/01/first-post/index.html", "blog/2026/01/02/second-post/index.html")

_FOLDER_META = {
    "docs/notes/.meta.yml": "cover_prompt: A notebook\ntags: [two]\n",
    "docs/notes/note.md": "# Note\n\nA note in a folder.\n",
}
_NOTE = "notes/note/index.html"
_TAGS_PAGE = {"docs/tags.md": "# Tags\n\n<!-- material/tags -->\n"}

_GEN_FILES = {
    "made.py": _text("""
        import mkdocs_gen_files

        with mkdocs_gen_files.open("made.md", "w") as file:
            file.write("---\\ncover_prompt: A loom\\n---\\n\\n# Made\\n\\nBy a script.\\n")
    """)
}
_MADE = "made/index.html"

_MACROS = {
    "docs/macro.md": "---\ncover_prompt: A fox\n---\n\n# Macro\n\nThis is {{ config.site_name }}.\n"
}
_MACRO = "macro/index.html"

_NAV = {"docs/.nav.yml": 'nav:\n  - Reversed: own.md\n  - guide.md\n  - index.md\n  - "*"\n'}

_PICTURES = {
    "docs/pictures.md": "---\ncover_prompt: A fox\n---\n\n# Pictures\n\n![Text](own.png)\n"
}
_PICTURES_PAGE = "pictures/index.html"

_DATED = {"as_creation": "date", "datetime_format": "%Y-%m-%d"}
_RSS = {"rss": {"use_git": False, "match_path": "blog/posts/.*", "date_from_meta": _DATED}}
_SOCIAL = {"social": {"cards_layout_options": {"font_family": "Manrope"}}}
# Material's own script of diagrams lies there, and tests ask nobody.
_PRIVACY = {"privacy": {"assets_exclude": ["unpkg.com/*"]}}
# Its cache answers so fast that it trips over itself: `ValueError: ... not in collection`.
_OPTIMIZE = {"optimize": {"cache": False, "print_gain": False, "print_gain_summary": False}}
_MINIFY = {"minify": {"minify_html": True}}
_GEN = {"gen-files": {"scripts": ["made.py"]}}

_GERMAN = _text("""
    ---
    cover_prompt: A fox
    cover_alt: Ein Fuchs
    ---

    # Anleitung

    Wovon sie handelt.
""")
_I18N = {
    "i18n": {
        "languages": [
            {"locale": "en", "name": "English", "default": True},
            {"locale": "de", "name": "Deutsch"},
        ]
    }
}

CASES = (
    Case(
        "written pages",
        "mkdocs",
        "mkdocs",
        ("gen-files", "awesome-nav", "macros"),
        plugins=("search", _GEN, "awesome-nav", "macros"),
        files={**_GEN_FILES, **_NAV, **_MACROS},
        covers=(_MADE, _MACRO),
        requests=2,
    ),
    Case(
        "pictures in boxes",
        "mkdocs",
        "readthedocs",
        ("glightbox", "minify"),
        plugins=("search", "glightbox", _MINIFY),
        files=_PICTURES,
        covers=(_PICTURES_PAGE,),
    ),
    Case(
        "a blog",
        "properdocs",
        "material",
        ("blog", "meta", "tags"),
        plugins=("search", "blog", "meta", "tags"),
        files={**_BLOG_FILES, **_FOLDER_META, **_TAGS_PAGE},
        covers=(*_POSTS, _NOTE),
        requests=3,
    ),
    Case(
        "two languages",
        "mkdocs",
        "material",
        ("i18n",),
        plugins=("search", _I18N),
        files={"docs/guide.de.md": _GERMAN},
        covers=("de/guide/index.html", "de/own/index.html"),
    ),
    Case(
        "everything at once",
        "mkdocs",
        "material",
        (
            "blog",
            "social",
            "meta",
            "tags",
            "privacy",
            "optimize",
            "rss",
            "minify",
            "glightbox",
            "macros",
            "awesome-nav",
            "gen-files",
            "meta-descriptions",
        ),
        plugins=(
            "search",
            "blog",
            _SOCIAL,
            "meta",
            "tags",
            _PRIVACY,
            _OPTIMIZE,
            _RSS,
            "glightbox",
            "macros",
            "awesome-nav",
            _GEN,
            "meta-descriptions",
            _MINIFY,
        ),
        files={
            **_BLOG_FILES,
            **_FOLDER_META,
            **_TAGS_PAGE,
            **_GEN_FILES,
            **_MACROS,
            **_NAV,
            **_PICTURES,
        },
        covers=(*_POSTS, _NOTE, _MADE, _MACRO, _PICTURES_PAGE),
        requests=4,
        needs=("pngquant",),
    ),
)

OTHER_CASES = (
    Case("ProperDocs as the only host", "properdocs", "mkdocs", ()),
    Case("two versions", "properdocs", "mkdocs", ("mike",)),
)
"""With tests of their own, as they need more than a mkdocs.yml: `test_alone`."""

NOT_TRIED = (
    "MkDocs 2: its pre-releases load no plugins at all.",
    "mkdocs-ng: it and MkDocs install themselves into one folder.",
    "MaterialX: it and Material install themselves into one folder too, so no test builds with it. "
    "Version 10.2 was built with by hand on ProperDocs 1.6: its blog, meta and tags passed the "
    "checks of Material's.",
    "Material's `social` with fonts from the network: the tests bring a font of their own.",
    "Material's `privacy` with pictures from the network: the tests ask nobody.",
)
