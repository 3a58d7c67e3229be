"""What a request was made of, and how a change of it is named, and laid to author or site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.lockfile import line_digests, short
from mkdocs_imagegen.model import ArticleSource, Change, Components, Order
from mkdocs_imagegen.packaged import price_book
from mkdocs_imagegen.plan import make_orders, read_covers
from mkdocs_imagegen.plan.components import changes, components_of, template_digests
from mkdocs_imagegen.prompts import Prompts
from mkdocs_imagegen.settings import PathDefaults, Settings
from tests.front import typed

BOOK = price_book()
SITE = Settings(quality="low")
TEMPLATES = {
    "cover.j2": "{{ cover.subject }}\n{{ cover.style }}\n",
    "plain.j2": "{{ cover.subject }}",
    "blog.j2": "{{ cover.subject }}\nFor a blog.\nWide.\n",
    "mood.j2": "{{ cover.subject }}, {{ article.mood }}, {{ article.title }}, {{ site.name }}",
    "outer.j2": "{% include 'plain.j2' %}\nOutside.",
}
PICTURES = {"a.png": digest(b"a")}


def order_of(
    meta: Mapping[str, object],
    settings: Settings = SITE,
    templates: Mapping[str, str] = TEMPLATES,
    pictures: Mapping[str, str] = PICTURES,
    title: str = "A title",
) -> Order:
    meta = {"cover_prompt": "A fox", **meta}
    source = ArticleSource("x.md", title, meta, front_matter=typed(meta))
    covers, told = read_covers([source], settings, BOOK)
    assert not told, told
    orders = make_orders(covers, Prompts(settings, templates), pictures)
    (order,) = orders.orders
    return order


def parts_of(
    order: Order, settings: Settings, templates: Mapping[str, str]
) -> tuple[Components, Mapping[str, tuple[str, ...]]]:
    texts = Prompts(settings, templates).sources
    lines = {short(text): line_digests(text) for text in texts.values()}
    return components_of(order, template_digests(texts)), lines


def told(
    then: Mapping[str, object],
    now: Mapping[str, object],
    *,
    site_then: Settings = SITE,
    site_now: Settings = SITE,
    templates_then: Mapping[str, str] = TEMPLATES,
    templates_now: Mapping[str, str] = TEMPLATES,
    title_now: str = "A title",
    pictures_now: Mapping[str, str] = PICTURES,
) -> list[tuple[str, bool]]:
    """Return each change in words, and whether it is the author's."""
    before = order_of(then, site_then, templates_then)
    after = order_of(now, site_now, templates_now, pictures_now, title_now)
    old, lines_then = parts_of(before, site_then, templates_then)
    new, lines_now = parts_of(after, site_now, templates_now)
    return [(str(c), c.by_author) for c in changes(old, new, lines_then, lines_now)]


AUTHOR = [
    ({}, {"cover_prompt": "A hare"}, "cover_prompt"),
    ({}, {"cover_style": "Ink"}, "cover_style"),
    ({"cover_style": "Ink"}, {"cover_style": "Pencil"}, "cover_style"),
    ({"cover_style": "Ink"}, {}, "cover_style"),
    ({}, {"cover_use_case": "A poster"}, "cover_use_case"),
    ({}, {"cover_composition": "Wide"}, "cover_composition"),
    ({}, {"cover_constraints": "No text"}, "cover_constraints"),
    ({}, {"cover_size": "1280x672"}, "cover_size 1536x1024 -> 1280x672"),
    ({"cover_size": "1280x672"}, {}, "cover_size 1280x672 -> 1536x1024"),
    ({}, {"cover_quality": "high"}, "cover_quality low -> high"),
    ({}, {"cover_model": "gpt-image-2.5-flare"}, "cover_model gpt-image-2 -> gpt-image-2.5-flare"),
    ({}, {"cover_variant": 1}, "cover_variant"),
    ({"cover_variant": 1}, {"cover_variant": 2}, "cover_variant 1 -> 2"),
    ({}, {"cover_background": "opaque"}, "cover_background"),
    ({}, {"cover_template": "plain.j2"}, "cover_template cover.j2 -> plain.j2"),
    ({}, {"cover_references": "a.png"}, "cover_references"),
    ({}, {"cover_edits": "More snow"}, "cover_edits"),
]


@pytest.mark.parametrize(("then", "now", "what"), AUTHOR)
def test_a_change_of_front_matter_is_the_authors(
    then: dict[str, object], now: dict[str, object], what: str
) -> None:
    assert told(then, now) == [(what, True)]


SITES = [
    (replace(SITE, model="gpt-image-2.5-flare"), "model gpt-image-2 -> gpt-image-2.5-flare"),
    (replace(SITE, quality="high"), "quality low -> high"),
    (replace(SITE, background="opaque"), "background"),
    (replace(SITE, moderation="low"), "moderation"),
    (replace(SITE, template="plain.j2"), "template cover.j2 -> plain.j2"),
    (replace(SITE, parts={"style": "Ink"}), "mkdocs.yml: style"),
    (replace(SITE, defaults=(PathDefaults("*.md", {"style": "Ink"}),)), "style"),
    (replace(SITE, defaults=(PathDefaults("*.md", {"quality": "high"}),)), "quality low -> high"),
]


@pytest.mark.parametrize(("site", "what"), SITES)
def test_a_change_of_mkdocs_yml_is_the_sites(site: Settings, what: str) -> None:
    assert told({}, {}, site_now=site) == [(what, False)]
    assert [by_author for _, by_author in told({}, {}, site_then=site, site_now=SITE)] == [False]


def test_bytes_of_a_reference_that_change_are_the_authors() -> None:
    meta = {"cover_references": "a.png"}
    assert told(meta, meta, pictures_now={"a.png": digest(b"b")}) == [("cover_references", True)]
    edited = meta | {"cover_edits": "More snow"}
    assert told(edited, edited, pictures_now={"a.png": digest(b"b")}) == [
        ("cover_references", True)
    ]


def test_what_an_author_and_the_site_say_alike_is_no_change() -> None:
    assert told({}, {"cover_quality": "low", "cover_size": "1536x1024"}) == []
    site = replace(SITE, quality="high")
    assert told({"cover_quality": "high"}, {"cover_quality": "high"}, site_now=site) == []


def test_the_authors_own_changes_come_first() -> None:
    site = replace(SITE, model="gpt-image-2.5-flare", parts={"style": "Ink"})
    assert told({}, {"cover_variant": 1, "cover_prompt": "A hare"}, site_now=site) == [
        ("cover_variant", True),
        ("cover_prompt", True),
        ("model gpt-image-2 -> gpt-image-2.5-flare", False),
        ("mkdocs.yml: style", False),
    ]


LINES = [
    ("{{ cover.subject }}\nFor a blog.\nTall.\n", "blog.j2 line 3"),
    ("{{ cover.subject }}\nFor a book.\nWide.\n", "blog.j2 line 2"),
    ("{{ cover.subject }}\nFor a blog.\nWide.\nCalm.\n", "blog.j2 line 4"),
    ("{{ cover.subject }}\nFor a blog.\n", "blog.j2 line 2"),
    ("New. {{ cover.subject }}\nFor a book.\nTall.\n", "blog.j2 line 1"),
    ("{{ cover.subject }} for a blog.", "blog.j2 line 1"),
]


@pytest.mark.parametrize(("text", "what"), LINES)
def test_a_template_is_named_with_the_first_line_that_differs(text: str, what: str) -> None:
    meta = {"cover_template": "blog.j2"}
    assert told(meta, meta, templates_now=TEMPLATES | {"blog.j2": text}) == [(what, False)]


def test_a_template_of_one_line_needs_no_number_and_an_included_one_is_named() -> None:
    changed = TEMPLATES | {"plain.j2": "Only {{ cover.subject }}"}
    meta = {"cover_template": "outer.j2"}
    assert told(meta, meta, templates_now=changed) == [("plain.j2", False)]
    renamed = TEMPLATES | {"outer.j2": "{% include 'blog.j2' %}\nOutside."}
    whats = [what for what, _ in told(meta, meta, templates_now=renamed)]
    assert "outer.j2 line 1" in whats


def test_a_line_number_is_left_out_where_the_old_lines_are_not_known() -> None:
    then = Components(templates={"blog.j2": short("gone")})
    now = Components(templates={"blog.j2": short("a\nb")})
    lines = {short("a\nb"): line_digests("a\nb")}
    assert changes(then, now, {}, lines) == (Change("blog.j2"),)


def test_a_key_that_a_template_reads_is_no_word_of_the_author() -> None:
    then, now = ({"cover_template": "mood.j2", "mood": mood} for mood in ("calm", "loud"))
    assert told(then, now) == [("article.mood", False)]
    assert told(then, then, title_now="Another") == [("article.title", False)]
    named = replace(SITE, site=replace(SITE.site, name="Notes"))
    assert told(then, then, site_now=named) == [("site.name", False)]


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "cover_prompt": st.sampled_from(["A fox", "A hare"]),
        "cover_size": st.sampled_from(["1536x1024", "1280x672"]),
        "cover_quality": st.sampled_from(["low", "medium"]),
        "cover_style": st.sampled_from(["Ink", "Pencil"]),
        "cover_variant": st.sampled_from([0, 1]),
        "cover_template": st.sampled_from(["cover.j2", "plain.j2", "blog.j2"]),
    },
)
SETTINGS = st.builds(
    replace,
    st.just(SITE),
    quality=st.sampled_from(["low", "medium"]),
    template=st.sampled_from(["cover.j2", "plain.j2"]),
    parts=st.sampled_from([{}, {"style": "Ink"}, {"style": "Chalk"}]),
    defaults=st.sampled_from([(), (PathDefaults("x.md", {"style": "Pencil"}),)]),
)


@given(FIELDS, FIELDS, SETTINGS, SETTINGS)
def test_another_request_has_a_cause_and_it_is_the_authors_where_front_matter_says_otherwise(
    then: dict[str, object], now: dict[str, object], site_then: Settings, site_now: Settings
) -> None:
    found = told(then, now, site_then=site_then, site_now=site_now)
    before, after = order_of(then, site_then), order_of(now, site_now)
    if before.request_key != after.request_key:
        assert found
    by_author = [what for what, by_author in found if by_author]
    if then == now:
        assert not by_author
    if site_then == site_now and before.request_key != after.request_key:
        assert by_author
    assert told(now, now, site_then=site_now, site_now=site_now) == []
