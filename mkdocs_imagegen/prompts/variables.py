"""What a template sees: `cover`, `article` and `site`, as plain values made when they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from datetime import date, time
from functools import cached_property, partial
from operator import attrgetter
from typing import Any

from ..model import ArticleSource, Cover
from ..settings import PARTS, SiteFacts
from .excerpt import excerpt
from .refusals import RefusedError

Makers = Mapping[str, Callable[[Any], object]]
"""By variable: makes its value from the dataclass that a record stands for."""

_COVER: Makers = {
    "prompt": attrgetter("prompt"),
    "alt": attrgetter("alt"),
    "caption": attrgetter("caption"),
    "size": lambda cover: str(cover.size),
    "width": attrgetter("size.width_px"),
    "height": attrgetter("size.height_px"),
    "quality": attrgetter("quality"),
    "model": attrgetter("model"),
    "variant": attrgetter("variant"),
}
"""Without the parts, which take templates to make."""
_ARTICLE: Makers = {
    "title": lambda article: article.written_title or article.title,
    "description": lambda article: " ".join(_texts(article.meta.get("description"))),
    "tags": lambda article: _texts(article.meta.get("tags")),
    "categories": lambda article: _texts(article.meta.get("categories")),
    "date": attrgetter("date"),
    "section": attrgetter("section"),
    "src_uri": attrgetter("src_uri"),
    "excerpt": lambda article: excerpt(article.markdown),
}
LARGEST_VALUE = 50_000
"""Items in one value of front matter. YAML's aliases make billions of a few lines."""
VOLATILE = ("title", "excerpt", "tags", "description", "categories", "date")
"""What changes in editing: a prompt made from it repaints its cover."""
COVER_TEXTS = ("alt", "caption")
"""What a template may read of a cover without its being part of the request otherwise."""
_SITE: Makers = {name: attrgetter(name) for name in ("name", "description", "url")}

ROOTS = ("cover", "article", "site")
KNOWN = {
    **{name: f"site.{name}" for name in _SITE},
    **{name: f"article.{name}" for name in _ARTICLE},
    **{name: f"cover.{name}" for name in (*_COVER, *PARTS)},
    **{name: name for name in ROOTS},
}
"""What to write, by the name that an author may have written without its root."""


class Record(Mapping[str, object]):
    """What a template reads by name: values only, each made when it is first read."""

    def __init__(self, name: str, source: object, makers: Callable[[], Makers]) -> None:
        self.name = name
        self.read: set[str] = set()
        self._source = source
        self._load = makers
        self._made: dict[str, object] = {}

    @cached_property
    def _makers(self) -> Makers:
        return self._load()

    def __getitem__(self, key: str) -> object:
        return self._made[key] if key in self._made else self._make(key)

    def _make(self, key: str) -> object:
        make = self._makers[key]
        if key in self.read:
            raise RefusedError(
                f"`{self.name}.{key}` is made of itself", "write that part without it"
            )
        self.read.add(key)
        value = self._made[key] = make(self._source)
        return value

    def values_read(self, names: Iterable[str] | None = None) -> dict[str, str]:
        """Return what was read, or those of it with these names, as text by full name."""
        return {
            f"{self.name}.{name}": value if type(value) is str else repr(value)
            for name, value in self._made.items()
            if names is None or name in names
        }

    def __contains__(self, key: object) -> bool:
        return key in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __str__(self) -> str:
        raise RefusedError(
            f"`{self.name}` is a group of values, no text",
            f"name one of them: {', '.join(f'{self.name}.{key}' for key in self)}",
        )

    __repr__ = __str__


def site_record(site: SiteFacts) -> Record:
    """Return the variable `site`."""
    return Record("site", site, lambda: _SITE)


def cover_makers(parts: Makers) -> Makers:
    """Return the makers for `cover_record`, those of the parts among them."""
    # The order shows where a template lists `cover`: the prompt and its parts come first.
    return {"prompt": _COVER["prompt"], **parts, **_COVER}


def cover_record(cover: Cover, makers: Makers) -> Record:
    """Return the variable `cover`."""
    return Record("cover", cover, lambda: makers)


def article_record(article: ArticleSource) -> Record:
    """Return the variable `article`: what is known of every article, and its other front matter."""
    return Record("article", article, partial(_article_makers, article.meta))


def _article_makers(meta: Mapping[str, object]) -> Makers:
    def of_meta(value: object) -> Callable[[Any], object]:
        return lambda _: _plain(value)

    own = {str(key): of_meta(value) for key, value in meta.items() if _is_plain(value)}
    return {**own, **_ARTICLE}


def _is_plain(value: object) -> bool:
    return value is None or isinstance(
        value, (str, int, float, date, time, Mapping, list, tuple, Set)
    )


def _plain(value: object) -> object:
    """Return front matter as text, numbers, lists and dicts; what is none of these is left out.

    Raises:
        RefusedError: it has too many items.
    """
    _check_items(value)
    return _copied(value)


def _check_items(value: object) -> None:
    count, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        if not isinstance(item, (Mapping, list, tuple)):
            continue
        count += len(item)
        if count > LARGEST_VALUE:
            raise RefusedError(
                f"a value of the front matter has more than {LARGEST_VALUE:,} items",
                "make that value smaller: its lists may repeat each other",
            )
        waiting += item.values() if isinstance(item, Mapping) else item


def _copied(value: object) -> object:
    match value:
        case str():
            return str(value)
        case date() | time():
            return value.isoformat()
        case Mapping():
            return {str(key): _copied(item) for key, item in value.items() if _is_plain(item)}
        case list() | tuple():
            return [_copied(item) for item in value if _is_plain(item)]
        case Set():
            return _texts(value)
    return value


def _texts(value: object) -> list[str]:
    """Return a value of front matter as texts, one for each item where it has several."""
    _check_items(value)
    items = value if isinstance(value, (list, tuple, Set)) else [value]
    texts = [str(_copied(item)) for item in items if item is not None and _is_plain(item)]
    # A set's own order differs from process to process.
    return sorted(texts) if isinstance(value, Set) else texts
