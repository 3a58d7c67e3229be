"""What pages say of covers, in the site's own words or in those of the package."""

from __future__ import annotations

import string
from collections.abc import Mapping

import yaml
from mkdocs.config.defaults import MkDocsConfig

from ..articles import is_language, language_key
from ..articles.broken_yaml import Loader
from ..errors import SettingsError
from ..packaged import package_text
from ..settings import Words
from .options import CoversOptions

_WORDS = "data/words.yaml"
_IN_ALT = ("title", "section", "site")


def make_words(options: CoversOptions, config: MkDocsConfig) -> Words:
    """Return what pages say of covers.

    Raises:
        SettingsError: a text is none, or names what an alternative text has not.
    """
    built_in: Mapping[str, Mapping[str, str]] = yaml.load(
        package_text(_WORDS),
        Loader,  # noqa: S506  # a safe one, the fast one where it is there
    )
    labels = {language: words["label"] for language, words in built_in.items()}
    alts = {language: words["alt"] for language, words in built_in.items()}
    own_alts = _texts("alt", options.alt, alts)
    for text in own_alts.values():
        _check_alt(text)
    # Material has its own key for it.
    language = config.theme.get("language") or config.theme.get("locale") or Words().language
    return Words(
        language=language_key(language),
        labels=_texts("label", options.label or None, labels),
        alts=own_alts,
    )


def _texts(name: str, given: object, built_in: Mapping[str, str]) -> Mapping[str, str]:
    """Return texts by language: one that is given alone is for all of them."""
    match given:
        case None | bool():
            return built_in
        case str():
            return dict.fromkeys(built_in, given.strip())
        case Mapping():
            own = {language_key(language): text for language, text in given.items()}
            for language, text in own.items():
                if not is_language(language) or not isinstance(text, str):
                    raise SettingsError(
                        f"imagegen: covers: {name}: {language} is no language with a text",
                        hint=f'write it as in `{name}: {{en: "..."}}`',
                    )
            return {**built_in, **{language: text.strip() for language, text in own.items()}}
    raise AssertionError(given)  # MkDocs lets nothing else through


def _check_alt(text: str) -> None:
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        parts = [("", "", "", None)]
    for _, name, spec, conversion in parts:
        if name is not None and (name not in _IN_ALT or spec or conversion):
            raise SettingsError(
                f"imagegen: covers: alt: {text!r} can't be filled in",
                hint="of what stands in braces it knows {title}, {section} and {site}",
            )
