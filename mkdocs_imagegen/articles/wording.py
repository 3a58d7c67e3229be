"""What a page says of its cover: the author's texts by language, the site's words for the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..model import ArticleSource
from ..settings import Settings
from .values import Around, Given, as_flag, empty_error, read_text

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
ByLanguage = str | Mapping[str, str]
"""One text for all languages, or one each."""


def language_key(language: object) -> str:
    """Return a language as texts are looked up by it: `pt-br` of `pt_BR`."""
    # YAML takes a bare `no` for false.
    return "no" if language is False else str(language).strip().lower().replace("_", "-")


def is_language(key: str) -> bool:
    """Tell whether a key of `language_key` can be a language's."""
    return _LANGUAGE.fullmatch(key) is not None


def in_language(texts: ByLanguage, *languages: str) -> str:
    """Return the text of the first language that has one, `pt` standing in for `pt-br`.

    `""` where none has.
    """
    if isinstance(texts, str):
        return texts
    for language in languages:
        key = language_key(language)
        while key:
            if key in texts:
                return texts[key]
            key = key.rpartition("-")[0]
    return ""


def first_text(texts: ByLanguage) -> str:
    """Return the text, or the first of several."""
    return texts if isinstance(texts, str) else next(iter(texts.values()), "")


def read_by_language(given: Given, around: Around) -> ByLanguage:
    """Return the text, or the texts by language.

    Raises:
        FieldError: there is none, or something else.
    """
    if not isinstance(given.value, Mapping):
        return read_text(given, around)
    texts = {language_key(language): text for language, text in given.value.items()}
    if not texts:
        raise empty_error(given)
    if not all(map(is_language, texts)):
        return read_text(given, around)  # which tells of the mapping
    return {
        language: read_text(Given(f"{given.key}.{language}", text), around)
        for language, text in texts.items()
    }


def read_label(given: Given, around: Around) -> bool | ByLanguage:
    """Return whether there is a label, or its own text, or texts by language."""
    flag = as_flag(given.value)
    return read_by_language(given, around) if flag is None else flag


def label_text(
    said: bool | ByLanguage | None,
    source: ArticleSource,
    settings: Settings,
    *,
    by_article: bool,
    ai: bool,
) -> str:
    """Return the visible label, `""` for none.

    Args:
        said: of this cover; `None` where nothing is.
        source: the article.
        settings: of the site.
        by_article: whether the article itself says it, which may label anything.
        ai: whether AI made the picture, or will.
    """
    if said is None:
        said = settings.label
    if said is False or not (ai or by_article):
        return ""
    if said is True:
        return _sites_own(settings.words.labels, source, settings)
    return authors_text(said, source, settings)


def alt_text(said: ByLanguage, source: ArticleSource, settings: Settings, *, drawn: bool) -> str:
    """Return the alternative text, as its author wrote it or else as a sentence of the title.

    A drawing shows the title, and nothing of what its author describes.

    Args:
        said: by the author, `""` for nothing.
        source: the article.
        settings: of the site.
        drawn: whether the site draws all its covers.
    """
    if drawn:
        return source.title
    written = authors_text(said, source, settings)
    if written or not source.title:
        return written
    sentence = _sites_own(settings.words.alts, source, settings)
    return sentence.format(title=source.title, section=source.section, site=settings.site.name)


def authors_text(texts: ByLanguage, source: ArticleSource, settings: Settings) -> str:
    """Return an author's text in the page's language, else the site's, else English."""
    return in_language(texts, source.locale, settings.words.language, "en")


def _sites_own(texts: ByLanguage, source: ArticleSource, settings: Settings) -> str:
    return in_language(texts, source.locale or settings.words.language, "en")
