"""What a page says of its cover: labels and alternative texts, by language and by who made it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mkdocs_imagegen.articles import language_key, plain_title, read_cover
from mkdocs_imagegen.model import ArticleSource, Cover, Diagnostic, FrontMatter
from mkdocs_imagegen.packaged import price_book
from mkdocs_imagegen.settings import PathDefaults, Settings, SiteFacts, Words
from tests.front import typed

WORDS = Words(
    labels={"en": "AI-generated", "de": "KI-generiert", "pt": "Gerado por IA"},
    alts={"en": "Cover of {title}", "de": "Titelbild: {title} ({section}, {site})"},
)
SITE = Settings(words=WORDS, site=SiteFacts(name="Notes"))
LABELLED = replace(SITE, label=True)
BOUGHT: dict[str, Any] = {"cover_prompt": "A fox"}
OWN: dict[str, Any] = {"cover_file": "own.png"}
OWN_AI: dict[str, Any] = {**OWN, "cover_ai": True}


def read(
    settings: Settings, locale: str = "", title: str = "Foxes", **meta: Any
) -> tuple[Cover, tuple[Diagnostic, ...]]:
    written: FrontMatter | None = meta.pop("front_matter", None)
    source = ArticleSource(
        "a.md", title, meta, section="Tales", front_matter=written or typed(meta), locale=locale
    )
    cover, told = read_cover(source, settings, price_book())
    assert cover is not None, told
    return cover, told


@pytest.mark.parametrize(
    ("settings", "meta", "label"),
    [
        (SITE, BOUGHT, ""),
        (LABELLED, BOUGHT, "AI-generated"),
        (LABELLED, {**BOUGHT, "cover_label": False}, ""),
        (LABELLED, {**BOUGHT, "cover_label": "By a machine"}, "By a machine"),
        (LABELLED, OWN_AI, "AI-generated"),
        (LABELLED, {**OWN, "cover_ai": False}, ""),
        (LABELLED, OWN, ""),
        (LABELLED, {**OWN, "cover_label": True}, "AI-generated"),
        (SITE, {**OWN, "cover_label": "Photo"}, "Photo"),
        (replace(LABELLED, provider="sketch"), BOUGHT, ""),
        (replace(LABELLED, provider="sketch"), OWN_AI, "AI-generated"),
    ],
)
def test_the_label_says_what_ai_made_and_the_article_has_the_last_word(
    settings: Settings, meta: dict[str, Any], label: str
) -> None:
    assert read(settings, **meta)[0].label == label


@pytest.mark.parametrize(
    ("locale", "language", "label"),
    [
        ("", "en", "AI-generated"),
        ("", "de", "KI-generiert"),
        ("de", "en", "KI-generiert"),
        ("pt_BR", "en", "Gerado por IA"),
        ("de-AT", "pt", "KI-generiert"),
        ("eo", "de", "AI-generated"),
    ],
)
def test_the_label_is_in_the_pages_language_or_in_english(
    locale: str, language: str, label: str
) -> None:
    settings = replace(LABELLED, words=replace(WORDS, language=language))
    assert read(settings, locale, **BOUGHT)[0].label == label


@pytest.mark.parametrize("label", [True, "Painted by a machine", {"en": "Made by AI"}])
def test_what_holds_for_many_articles_labels_no_picture_that_nobody_says_ai_made(
    label: object,
) -> None:
    by_folder: dict[str, Any] = {"front_matter": FrontMatter()}
    by_site = replace(SITE, defaults=(PathDefaults("**", {"label": label}),))
    for own in (OWN, {**OWN, "cover_ai": False}):
        assert read(SITE, **by_folder, **own, cover_label=label)[0].label == ""
        assert read(by_site, **own)[0].label == ""
    for meta in (OWN_AI, BOUGHT):
        assert read(SITE, **by_folder, **meta, cover_label=label)[0].label
        assert read(by_site, **meta)[0].label


def test_without_an_authors_text_the_alt_is_a_sentence_of_the_title() -> None:
    assert read(SITE, **BOUGHT)[0].shown_alt == "Cover of Foxes"
    assert read(SITE, "de", **OWN)[0].shown_alt == "Titelbild: Foxes (Tales, Notes)"
    assert read(SITE, title="", **BOUGHT)[0].shown_alt == ""
    assert read(SITE, title="{site}", **BOUGHT)[0].shown_alt == "Cover of {site}"
    silent = replace(SITE, words=replace(WORDS, alts={"en": ""}))
    assert read(silent, **BOUGHT)[0].shown_alt == ""


def test_a_drawn_cover_says_the_title_that_it_shows() -> None:
    drawn = replace(SITE, provider="sketch")
    assert read(drawn, **BOUGHT)[0].shown_alt == "Foxes"
    assert read(drawn, **BOUGHT, cover_alt="A fox in the snow")[0].shown_alt == "Foxes"
    assert read(drawn, **OWN, cover_alt="A fox in the snow")[0].shown_alt == "A fox in the snow"


def test_an_author_writes_the_alt_once_or_by_language() -> None:
    alt = {"en": "A fox", "pt_BR": "Uma raposa", False: "En rev"}
    assert read(SITE, "pt-br", **BOUGHT, cover_alt=alt)[0].shown_alt == "Uma raposa"
    assert read(SITE, "no", **BOUGHT, cover_alt=alt)[0].shown_alt == "En rev"
    assert read(SITE, "fi", **BOUGHT, cover_alt=alt)[0].shown_alt == "A fox"
    assert read(SITE, "fi", **BOUGHT, cover_alt="A fox")[0].shown_alt == "A fox"


def test_templates_see_what_the_author_wrote_alike_in_all_languages() -> None:
    alt = {"en": "A fox", "de": "Ein Fuchs"}
    for locale in ("", "de", "fi"):
        assert read(SITE, locale, **BOUGHT, cover_alt=alt)[0].alt == "A fox"
        assert read(SITE, locale, **BOUGHT)[0].alt == ""


def test_a_missing_alt_is_a_warning_where_the_site_wants_that() -> None:
    warned = replace(SITE, missing_alt="warn")
    for meta in (BOUGHT, OWN, OWN_AI):
        assert read(SITE, **meta)[1] == ()
        (told,) = read(warned, **meta)[1]
        assert (told.level, told.article, told.key) == ("warning", "a.md", "cover_alt")
        assert "cover_alt:" in told.hint
        assert read(warned, **meta, cover_alt="A fox")[1] == ()
    assert read(replace(warned, provider="sketch"), **BOUGHT)[1] == ()


def test_a_missing_alt_is_a_warning_in_the_language_that_has_none() -> None:
    warned = replace(SITE, missing_alt="warn")
    meta = {**BOUGHT, "cover_alt": {"de": "Ein Fuchs"}}
    assert read(warned, "de", **meta)[1] == ()
    for locale, language in (("", "en"), ("fr", "fr")):
        (told,) = read(warned, locale, **meta)[1]
        assert f"no cover_alt in {language}" in told.message
        assert f"{language}:" in told.hint
    assert read(warned, "fr", **BOUGHT, cover_alt={"en": "A fox"})[1] == ()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("R&amp;D <em>x</em>", "R&D x"),
        ('<span class="a">A</SPAN><br>B<wbr>', "AB"),
        ("The &lt;em&gt; element", "The <em> element"),
        ("Vec<T> and 1 < 2 > 0", "Vec<T> and 1 < 2 > 0"),
        ("R&D, AT&T", "R&D, AT&T"),
        ("<b></b>", "<b></b>"),
    ],
)
def test_a_title_is_shown_as_browsers_show_it(written: str, shown: str) -> None:
    assert plain_title(written) == shown


def test_a_language_is_looked_up_by_one_spelling() -> None:
    assert [language_key(each) for each in ("pt_BR", " zh-Hant ", False, "de")] == [
        "pt-br",
        "zh-hant",
        "no",
        "de",
    ]
