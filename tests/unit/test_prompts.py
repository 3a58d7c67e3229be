from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from importlib.resources import files

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mkdocs_imagegen.errors import TemplateError
from mkdocs_imagegen.keys import normalise_prompt
from mkdocs_imagegen.model import ArticleSource, Cover, Size
from mkdocs_imagegen.prompts import BUILT_IN, Prompts, Rendered
from mkdocs_imagegen.settings import PARTS, Settings, SiteFacts

BUILT_IN_TEMPLATE = files("mkdocs_imagegen").joinpath("templates/cover.j2").read_text("utf-8")
ARTICLE = ArticleSource(
    src_uri="blog/foxes.md",
    title="Foxes in the snow",
    meta={
        "description": "On foxes",
        "tags": ["snow", 2026],
        "categories": "Animals",
        "hero": {"name": "Reynard", "born": date(2020, 2, 29), "items": 3},
        "updated": datetime(2026, 11, 22, 8, 30),
        "colours": {"red", "blue", "amber"},
        "rating": 4.5,
        "nothing": None,
        "custom": object(),
    },
    section="Blog",
    date="2026-11-22",
    markdown="# Foxes\n\nA **fox** crosses.\n\nMore text.",
)
COVER = Cover(
    article=ARTICLE,
    prompt="A fox",
    model="gpt-image-2",
    size=Size(1536, 1024),
    quality="medium",
    template="cover.j2",
    alt="A fox in snow",
)


def render(
    text: str,
    *,
    cover: Cover = COVER,
    parts: Mapping[str, str] | None = None,
    others: Mapping[str, str] | None = None,
    limit: int = 4_000,
) -> Rendered:
    site = SiteFacts(name="Den", description="About foxes", url="https://den.example/")
    settings = Settings(parts=parts or {}, site=site, max_prompt_chars=limit)
    prompts = Prompts(settings, {"cover.j2": BUILT_IN_TEMPLATE, "t.j2": text, **(others or {})})
    return prompts.render(replace(cover, template="t.j2"))


def built_in(cover: Cover = COVER, parts: Mapping[str, str] | None = None) -> Rendered:
    return Prompts(Settings(parts=parts or {}), {"cover.j2": BUILT_IN_TEMPLATE}).render(cover)


def failure(text: str, **options: object) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        render(text, **options)  # type: ignore[arg-type]  # options are render's own
    return caught.value


def with_parts(parts: Mapping[str, str], prompt: str = COVER.prompt) -> Cover:
    return replace(
        COVER,
        prompt=prompt,
        use_case=parts.get("use_case"),
        composition=parts.get("composition"),
        style=parts.get("style"),
        constraints=parts.get("constraints"),
    )


def with_markdown(markdown: str) -> Cover:
    return replace(COVER, article=replace(ARTICLE, markdown=markdown))


# The built-in template and the parts


def test_built_in_template_writes_five_labelled_lines() -> None:
    cover = replace(
        COVER, use_case="A cover", composition="Centred", style="Ink", constraints="No text"
    )
    assert built_in(cover) == Rendered(
        "Subject: A fox\nUse case: A cover\nComposition: Centred\nStyle: Ink\nConstraints: No text",
        (),
        ("cover.j2",),
    )


def test_built_in_texts_fill_what_nobody_wrote() -> None:
    assert built_in().text == (
        "Subject: A fox\n"
        f"Use case: {BUILT_IN['use_case']}\n"
        f"Composition: {BUILT_IN['composition']}\n"
        f"Style: {BUILT_IN['style']}\n"
        f"Constraints: {BUILT_IN['constraints']}"
    )


def test_built_in_texts_ask_for_a_crop_and_no_text() -> None:
    assert "middle 80 %" in BUILT_IN["composition"]
    assert "No text, letters, numbers" in BUILT_IN["constraints"]
    assert set(BUILT_IN) | {"subject"} == set(PARTS)


@pytest.mark.parametrize("empty", ["", "  \n "])
def test_empty_part_is_left_out(empty: str) -> None:
    text = built_in(replace(COVER, style=empty), {"constraints": empty}).text
    assert [line.partition(":")[0] for line in text.split("\n")] == [
        "Subject",
        "Use case",
        "Composition",
    ]


@pytest.mark.parametrize("part", PARTS[1:])
def test_front_matter_wins_over_mkdocs_yml_and_that_over_the_built_in_text(part: str) -> None:
    text = f"{{{{ cover.{part} }}}}"
    site = {part: "site's {{ cover.prompt }}"}
    own = with_parts({part: "author's {{ cover.prompt }}"})
    assert render(text).text == BUILT_IN[part]
    assert render(text, parts=site).text == "site's A fox"
    assert render(text, parts=site, cover=own).text == "author's {{ cover.prompt }}"


def test_site_may_dress_the_subject() -> None:
    assert render("{{ cover.subject }}").text == "A fox"
    parts = {"subject": "{{ cover.prompt }}, at night"}
    dressed = render("{{ cover.subject }}|{{ cover.prompt }}", parts=parts)
    assert dressed.text == "A fox, at night|A fox"


def test_snippet_sees_the_same_variables_and_other_parts() -> None:
    parts = {"style": "{{ site.name }} {{ cover.width }}", "constraints": "as {{ cover.style }}"}
    assert render("{{ cover.constraints }}", parts=parts).text == "as Den 1536"


def test_snippet_may_include_a_template() -> None:
    rendered = render(
        "{{ cover.style }}", parts={"style": "{% include 's.j2' %}"}, others={"s.j2": "Ink"}
    )
    assert rendered.text == "Ink"


def test_a_title_with_markup_is_sent_as_it_was_written() -> None:
    article = replace(ARTICLE, title="Foxes & snow", written_title="Foxes &amp; <em>snow</em>")
    rendered = render("{{ article.title }}", cover=replace(COVER, article=article))
    assert rendered.text == "Foxes &amp; <em>snow</em>"


def test_corrected_title_or_body_does_not_change_the_built_in_prompt() -> None:
    article = replace(ARTICLE, title="Other", markdown="Other", meta={}, date="", section="")
    assert built_in(replace(COVER, article=article)) == built_in()


def test_site_template_takes_the_place_of_the_built_in_one() -> None:
    assert Prompts(Settings(), {"cover.j2": "{{ cover.prompt }}!"}).render(COVER).text == "A fox!"


def test_templates_include_extend_and_import_each_other() -> None:
    others = {
        "base.j2": "{% block what %}base{% endblock %} end",
        "m.j2": "{% macro twice(x) %}{{ x }} {{ x }}{% endmacro %}",
        "i.j2": "{{ cover.prompt }}",
    }
    text = (
        "{% extends 'base.j2' %}{% import 'm.j2' as m %}"
        "{% block what %}{{ m.twice('hop') }} {% include 'i.j2' %} {{ super() }}{% endblock %}"
    )
    assert render(text, others=others).text == "hop hop A fox base end"


def test_prompt_is_normalised() -> None:
    assert render("\n\nCafe\u0301  \r\nfox \n\n").text == "Café\nfox"


def test_unicode_passes_through() -> None:
    cover = replace(COVER, prompt="狐狸 🦊 في الثلج \u200d")
    assert render("«{{ cover.prompt }}»", cover=cover).text == "«狐狸 🦊 في الثلج \u200d»"


EVERY_PART = Prompts(
    Settings(),
    {"cover.j2": "<{{ cover.prompt }}>" + "".join(f"<{{{{ cover.{p} }}}}>" for p in PARTS[1:])},
)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
@example("{{ cover.model }}{% if x %}{# y #}")
@example("%s %(a)s {0.__class__} \\1 $x")
@example("# line statement\n## comment")
@settings(max_examples=60, deadline=None)
def test_plain_text_of_the_author_is_never_a_template(text: str) -> None:
    rendered = EVERY_PART.render(with_parts(dict.fromkeys(PARTS, text), prompt=text))
    assert rendered.text == normalise_prompt(f"<{text}>" + f"<{text.strip()}>" * 4)


# Variables


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("cover.alt", "A fox in snow"),
        ("cover.size", "1536x1024"),
        ("cover.width / cover.height", "1.5"),
        ("cover.quality ~ cover.model ~ cover.variant", "mediumgpt-image-20"),
        ("article.title", "Foxes in the snow"),
        ("article.src_uri", "blog/foxes.md"),
        ("article.section", "Blog"),
        ("article.description", "On foxes"),
        ("article.date", "2026-11-22"),
        ("article.tags|join('+')", "snow+2026"),
        ("article.categories", "['Animals']"),
        ("article.hero.name", "Reynard"),
        ("article.hero['born']", "2020-02-29"),
        ("article.hero.items", "3"),
        ("article.updated", "2026-11-22T08:30:00"),
        ("article.colours", "['amber', 'blue', 'red']"),
        ("article.rating + 1", "5.5"),
        ("'[' ~ article.nothing ~ ']'", "[]"),
        ("article.unknown|default('none')", "none"),
        ("article.custom is defined", "False"),
        ("site.name ~ site.description ~ site.url", "DenAbout foxeshttps://den.example/"),
        ("article.title.upper().split(' ')|first", "FOXES"),
        ("article.hero.keys()|list", "['name', 'born', 'items']"),
        ("['b', 'a']|map('upper')|sort|join", "AB"),
        ("['a', 'b']|map('upper')", "['A', 'B']"),
        ("'%s of %d' % ('one', 2)", "one of 2"),
        ("'In 5000000 %' + 'x' * 3", "In 5000000 %xxx"),
    ],
)
def test_variables_are_plain_values(expression: str, text: str) -> None:
    assert render(f"{{{{ {expression} }}}}").text == text


def test_absent_lists_and_description_are_empty() -> None:
    cover = replace(COVER, article=replace(ARTICLE, meta={"tags": None}))
    text = "{{ article.tags|length }}{{ article.categories|length }}[{{ article.description }}]"
    assert render(text, cover=cover).text == "00[]"


def test_loops_know_their_place() -> None:
    text = "{% for t in article.tags %}{{ loop.index }}/{{ loop.length }}{{ t }} {% endfor %}"
    assert render(text).text == "1/2snow 2/22026"


def test_recursive_loops_and_lists_of_macros_work() -> None:
    text = (
        "{% for x in [[1, [2]], [3]] recursive %}"
        "{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}{% endif %}{% endfor %}"
        "{% macro m() %}m{% endmacro %}{% for f in [m, m] %}{{ f() }}{% endfor %}"
    )
    assert render(text).text == "(1(2))(3)mm"


def test_variables_are_listed_in_a_fixed_order() -> None:
    text = "{% for key in cover %}{{ key }} {% endfor %}"
    assert render(text).text == (
        "prompt subject use_case composition style constraints"
        " alt caption size width height quality model variant"
    )


@pytest.mark.parametrize(
    ("text", "volatile"),
    [
        ("{{ article.src_uri }} {{ article.section }} {{ article.rating }}", ()),
        ("{{ article.title }}", ("article.title",)),
        ("{{ article.date }}{{ article['title'] }}", ("article.title", "article.date")),
        ("{% if false %}{{ article.title }}{% endif %}x", ()),
        ("{{ article.tags|join }}{{ article.excerpt }}", ("article.excerpt", "article.tags")),
        ("{{ cover.style }}", ("article.categories", "article.description")),
    ],
)
def test_volatile_names_what_was_really_read(text: str, volatile: tuple[str, ...]) -> None:
    parts = {"style": "{{ article.description }}{{ article.categories|first }}"}
    assert sorted(render(text, parts=parts).volatile) == sorted(volatile)


# The excerpt


@pytest.mark.parametrize(
    ("markdown", "excerpt"),
    [
        ("First.\n\nSecond.", "First."),
        ("One\n\n- two\n- **three**\n\n<!-- more -->\n\nRest", "One two three"),
        ("<!--more-->\n\nRest", "Rest"),
        ("```\n<!-- more -->\n```\n\nFirst.\n\nSecond.", "First."),
        ("---\ntitle: x\n---\n\nText", "Text"),
        ("# Heading\nText", "Text"),
        ("Heading\n=======\n\nText", "Text"),
        ("![alt](a.png)\n\n[![alt](a.png)](b)\n\nText ![x][y] here", "Text here"),
        (
            'A [link](https://x.example "t"), a [ref][r] and <https://x.example>',
            "A link, a ref and",
        ),
        ("**bold** *it* ***both*** __b__ _i_ ~~gone~~", "bold it both b i gone"),
        ("`__init__` and ``a`b`` in snake_case_name, 2 * 3 * 4", None),
        (r"\*kept\* and 1 \< 2", r"*kept* and 1 \< 2"),
        ("<div markdown>\n\nIn <b>here</b> &amp; there<br>\n\n</div>", "In here & there"),
        ("<!-- hidden\n\ntext -->\n\nText", "Text"),
        ("<script>\nlet x\n\n</script>\n\nText", "Text"),
        ('!!! note "N"\n    Body\n\n    More\n\nText', "Text"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\nText", "Text"),
        ("~~~ py\ncode\n~~~\nText", "Text"),
        ("    code\n\nText", "Text"),
        ("> quoted\n> words", "quoted words"),
        ("* * *\n\nText[^1]{ .lead }\n\n[^1]: note", "Text"),
        ("Two\r\nlines\r\n\r\nRest", "Two lines"),
        ("# Only\n\n## headings", ""),
        ("```\nnever closed", ""),
        ("", ""),
    ],
)
def test_excerpt_is_the_first_prose_without_marks(markdown: str, excerpt: str | None) -> None:
    expected = "__init__ and a`b in snake_case_name, 2 * 3 * 4" if excerpt is None else excerpt
    rendered = render("[{{ article.excerpt }}]", cover=with_markdown(markdown))
    assert rendered.text == f"[{expected}]"


@pytest.mark.parametrize(
    ("markdown", "excerpt"),
    [
        ("word " * 100, ("word " * 60).strip()),
        ("wordy " * 100, ("wordy " * 50).strip()),
        ("x" * 299 + " yz", "x" * 299),
        ("狐" * 400, "狐" * 300),
        ("a " + "狐" * 400, "a " + "狐" * 298),
    ],
)
def test_excerpt_ends_at_a_word_within_300_characters(markdown: str, excerpt: str) -> None:
    assert render("{{ article.excerpt }}", cover=with_markdown(markdown)).text == excerpt


EXCERPT = Prompts(Settings(), {"cover.j2": "x{{ article.excerpt }}"})


@given(st.text(st.sampled_from("ab \n#*_`~<>![]()-|&;\\\t1.\0{}:="), max_size=300))
@example("`1\n1`")
@settings(max_examples=60, deadline=None)
def test_excerpt_takes_any_markdown(markdown: str) -> None:
    text = EXCERPT.render(with_markdown(markdown)).text
    assert "\n" not in text
    assert len(text) <= 301


@pytest.mark.parametrize(
    "unit",
    ["*a ", "_a ", "<!-- ", "<script", "[", "`", "`a", "\n", "a\n", " ", "-", "- ", "> ", "|"],
)
def test_excerpt_of_hostile_markdown_takes_no_time(unit: str) -> None:
    start = time.process_time()
    render("x{{ article.excerpt }}", cover=with_markdown(unit * 10_000))
    assert time.process_time() - start < 3


# The sandbox

ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ ['']|map(attribute='__class__')|list }}",
    "{{ [unknown] }}",
    "{{ cover.__init__.__globals__ }}",
    "{{ cover['_values'] }}",
    "{{ cover._values }}",
    "{{ article.read }}",
    "{{ cover }}",
    "{{ [article]|string }}",
    "{{ '%s' % site }}",
    "{{ '%r'|format(site) }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ self.__init__.__globals__ }}",
    "{{ unknown.__class__ }}",
    "{{ range.__globals__ }}",
    "{{ range }}",
    "{{ dict.mro() }}",
    "{{ namespace.__init__ }}",
    "{{ namespace(a=1)|string }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "{{ ('{0.__class__}'|replace('x', 'y')).format(1) }}",
    "{{ ''.upper }}",
    "{{ ''.upper ~ '' }}",
    "{{ [''.upper]|string }}",
    "{{ '%s' % ''.upper }}",
    "{{ ''.join.__self__ }}",
    "{{ article.tags.append('x') }}",
    "{{ article.hero.update({}) }}",
    "{% block b %}x{% endblock %}{{ self.b }}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
    "{% macro m() %}{% endmacro %}{{ m }}",
    "{% macro m() %}{% endmacro %}{{ m._func }}",
    "{% for x in 'ab' %}{{ loop.cycle }}{% endfor %}",
    "{% for x in 'ab' %}{{ loop }}{% endfor %}",
    "{% for x in 'ab' %}{{ loop._iterator }}{% endfor %}",
    "{{ [1, 2]|random }}",
    "{{ lipsum() }}",
    "{{ cycler('a') }}",
    "{{ joiner() }}",
    "{{ 'a' is sameas 'a' }}",
    "{{ '<'|safe }}",
    "{% do 1 %}",
    "{% debug %}",
    "{% import 'm.j2' as m %}{{ m }}",
    "{% import 'm.j2' as m %}{{ m.__loader__ }}",
    "{% include '../../../etc/passwd' %}",
    "{% include '/etc/passwd' %}",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_nothing_leads_out_of_the_sandbox(text: str) -> None:
    error = failure(text, others={"m.j2": "{% set a = 1 %}x"})
    assert error.hint
    assert " at 0x" not in str(error)


FLOODS = [
    "{{ 'a' * 50_000_000 }}",
    "{{ 50_000_000 * 'a' }}",
    "{{ [1] * 50_000_000 }}",
    "{{ 'a'|center(50_000_000) }}",
    "{{ ['a']|map('center', 50_000_000)|list }}",
    "{{ 'a'|indent(50_000_000, true) }}",
    "{{ [1]|batch(50_000_000, 'x')|list }}",
    "{{ ('x' * 10_000)|replace('x', 'y' * 10_000) }}",
    "{{ ('x' * 10_000).replace('x', 'y' * 10_000) }}",
    "{{ ([1] * 10_000)|join('y' * 10_000) }}",
    "{{ '%050000000d' % 1 }}",
    "{{ '%*d' % (50_000_000, 1) }}",
    "{{ '%.50000000f'|format(1) }}",
    "{{ 10 ** (10 ** 10) }}",
    "{% set x = 9 ** 300 %}{{ x * x }}",
    "{{ range(1_000_000_000) }}",
    "{% for a in range(90000) %}{% for b in range(90000) %}x{% endfor %}{% endfor %}",
    "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}",
    "{% set x %}{% for a in range(90000) %}" + "x" * 5_000 + "{% endfor %}{% endset %}",
    "{% set x = 'aaaaaaaa' %}" + "{% set x = x ~ x %}" * 40,
    "{% set x = 'aaaaaaaa' %}" + "{% set x = x + x %}" * 40,
    "{% set x = 'aaaaaaaa' %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40,
    "{% set x = ['aaaaaaaa'] %}" + "{% set x = [x, x] %}" * 40 + "{{ x }}",
    "{% set x = ['aaaaaaaa'] %}" + "{% set x = [x, x] %}" * 40 + "{{ '%s' % x|string }}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(30) }}",
    "{% import 'big.j2' as big %}",
    "{% for a in 'abc' * 9000 recursive %}{% if a is string %}{{ loop(range(90000)) }}{% endif %}"
    "{% endfor %}",
    "{% set a = ['a'] %}{% set b = ['a'] %}"
    + "{% set a = [a, a] %}{% set b = (b, b)|list %}" * 40
    + "{{ a == b }}",
    "{% set a = {} %}{% set b = {} %}"
    + "{% set a = {1: a, 2: a} %}{% set b = dict(a=b, b=b) %}" * 40
    + "{{ a == b }}",
    "{% set a = range(90000)|list %}{% for b in a %}{% if a|length %}{% endif %}{% endfor %}",
    "{% set a = 'a ' * 90000 %}{% for b in range(90000) %}{{ a.split() and '' }}{% endfor %}",
    "{% set a = 9 ** 200 %}{% for b in range(90000) %}{{ a }}{% endfor %}",
]


@pytest.mark.parametrize("text", FLOODS, ids=lambda text: text[:40])
def test_flood_is_stopped_before_it_comes(text: str) -> None:
    start = time.process_time()
    big = "{% for a in range(90000) %}" + "x" * 5_000 + "{% endfor %}"
    error = failure(text, others={"big.j2": big}, limit=32_000)
    assert error.line == 1
    assert time.process_time() - start < 3


def test_rendering_after_a_flood_starts_afresh() -> None:
    prompts = Prompts(Settings(), {"cover.j2": "{{ cover.prompt * 50_000_000 }}", "b.j2": "fine"})
    for _ in range(3):
        with pytest.raises(TemplateError):
            prompts.render(COVER)
        assert prompts.render(replace(COVER, template="b.j2")).text == "fine"


def test_the_longest_prompt_is_no_flood() -> None:
    cover = replace(COVER, prompt="x" * 31_990)
    text = "{% set p = cover.prompt|trim %}{{ p }}"
    assert len(render(text, cover=cover, limit=32_000).text) == 31_990


DETERMINISM = """
import sys
from mkdocs_imagegen.model import ArticleSource, Cover, Size
from mkdocs_imagegen.prompts import Prompts
from mkdocs_imagegen.settings import Settings
names = {"amber", "blue", "red", "green", "white"}
meta = {"tags": names, "colours": names, "deep": {"z": names, "a": [names]}}
article = ArticleSource("a.md", "T", meta)
text = '''{{ article.tags|join }} {{ article.colours }} {{ article.deep }} {{ article|items }}
{{ article.tags|unique }} {{ article.tags|groupby(0) }} {{ dict(b=1, a=2) }}'''
cover = Cover(article, "p", "m", Size(8, 8), "low", "t.j2")
sys.stdout.write(Prompts(Settings(), {"t.j2": text}).render(cover).text)
"""


def test_every_process_makes_the_same_text() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", DETERMINISM],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for seed in ("1", "2")
    ]
    first, second = (process.communicate(timeout=60)[0] for process in processes)
    assert first == second
    assert b"amberbluegreenredwhite" in first
    assert b"0x" not in first


# Errors


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("\n\n{{ article.titel }}", 3, "`article.titel` is not", "`article.title`?"),
        ("{{ article.zzz }}", 1, "`article.zzz` is not", "there is: article.description"),
        ("{{ article.zzz }}", 1, "`article.zzz` is not", "`article.zzz|default('')`"),
        ("\n{% if cover.stile %}{% endif %}", 2, "`cover.stile` is not", "`cover.style`?"),
        ("{{ titel }}", 1, "`titel` is not known", "`article.title`?"),
        ("{{ page.meta }}", 1, "`page` is not known", "there is: cover, article, site"),
        ("{{ article.hero.nam }}", 1, "a mapping has no `nam`", "`name`?"),
        ("{{ ''.uper() }}", 1, "a str has no `uper`", "`upper()`?"),
        ("{{ article.tags[9] }}", 1, "a list has no `9`", "nothing"),
        ("\n\n{{ 1 + 'a' }}", 3, "TypeError: unsupported operand", "on that line"),
        ("\n{{ 1 / 0 }}", 2, "ZeroDivisionError", "on that line"),
        ("\n{% for x in 5 %}{% endfor %}", 2, "value of type int", "a list, a mapping or a text"),
        ("\n{{ cover.prompt|uper }}", 2, "no filter `uper`", "`upper`?"),
        ("\n{{ 1 is evan }}", 2, "no test `evan`", "`even`?"),
        ("\n\n{% bad %}", 3, "syntax error: Encountered unknown tag 'bad'", "mend"),
        ("\n{{ cover.prompt", 2, "syntax error: unexpected end of template", "mend"),
        ("\n{% include 'othr.j2' %}", 2, "no template `othr.j2`", "did you mean `other.j2`?"),
        ("\n{% include 'othr.j2' %}", 2, "no template `othr.j2`", "cover.j2, other.j2, t.j2"),
        ("\n{% extends 'zz' %}", 2, "no template `zz`", "there is: cover.j2, other.j2, t.j2"),
        ("{% include ['a', 'b'] %}", 1, "no template `a` or `b`", "there is: cover.j2"),
        ("\n{% include 't.j2' %}", 2, "this never ends", "take one include"),
        ("\n{% extends 't.j2' %}", 2, "this never ends", "take one include"),
        ("\n{% import 't.j2' as t %}", 2, "this never ends", "take one include"),
        (
            "{% macro m() %}\n{{ m() }}{% endmacro %}{{ m() }}",
            2,
            "the template calls itself",
            "out",
        ),
        ("\n{{ article }}", 2, "`article` is a group of values", "article.title"),
        ("\n{{ ''.__class__ }}", 2, "`__class__` belongs to Python", "cover, article, site"),
        (
            "{% for a in [] %}" * 25 + "{% endfor %}" * 25,
            None,
            "too much for Python",
            "fewer loops",
        ),
    ],
)
def test_error_says_what_where_and_how_to_mend_it(
    text: str, line: int | None, message: str, hint: str
) -> None:
    error = failure(text, others={"other.j2": ""})
    assert (error.template, error.line) == ("t.j2", line)
    assert message in error.message
    assert hint in error.hint


BASE = "a\n{% block b %}{% endblock %}"


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ("\n\n{{ article.nope }}", 3),
        ("{% set x = 1 %}\n{{ x + 'a' }}", 2),
        ("\n{% if %}", 2),
        ("\n{% include 'gone.j2' %}", 2),
        ("text\n\n{{ [\n1\n]|join(nope) }}", 5),
        ("{% extends 'base.j2' %}\n{% block b %}\n\n{{ article.nope }}{% endblock %}", 4),
        ("{% macro m(x) %}\n{{ x.nope }}{% endmacro %}\n{{ m('') }}", 2),
        ("{% set x %}\n{{ article.nope }}\n{% endset %}", 2),
        ("{% for t in article.tags %}\n\n{{ t / 2 }}{% endfor %}", 3),
    ],
)
@pytest.mark.parametrize(
    "outer",
    [
        "\n\n\n\n\n{% include 'in.j2' %}",
        "{% extends 'base.j2' %}\n\n\n\n\n\n{% block b %}{% include 'in.j2' %}{% endblock %}",
        "\n\n\n\n\n{{ cover.style }}",
    ],
)
def test_error_in_an_inner_template_has_its_name_and_line(
    outer: str, broken: str, line: int
) -> None:
    others = {"in.j2": broken, "base.j2": BASE}
    error = failure(outer, others=others, parts={"style": "{% include 'in.j2' %}"})
    assert (error.template, error.line) == ("in.j2", line)


def test_error_in_a_parent_template_has_its_name_and_line() -> None:
    others = {"base.j2": "\n{% block b %}{% endblock %}\n\n{{ article.nope }}"}
    error = failure("{% extends 'base.j2' %}{% block b %}x{% endblock %}", others=others)
    assert (error.template, error.line) == ("base.j2", 4)


@pytest.mark.parametrize("snippet", ["\n{{ article.nope }}", "\n{% if %}", "\n{{ 1 + '' }}"])
def test_error_in_a_snippet_names_mkdocs_yml_and_the_part(snippet: str) -> None:
    error = failure("{{ cover.style }}", parts={"style": snippet})
    assert (error.template, error.line) == ("mkdocs.yml: style", 2)


def test_missing_key_in_a_snippet_is_not_taken_for_a_missing_part() -> None:
    error = failure("{{ cover.style }}", parts={"style": "\n{{ '%(gone)s' % {} }}"})
    assert (error.template, error.line) == ("mkdocs.yml: style", 2)
    assert "KeyError: 'gone'" in error.message


def test_parts_made_of_each_other_are_refused() -> None:
    parts = {"style": "{{ cover.composition }}", "composition": "\n{{ cover.style }}"}
    error = failure("{{ cover.style }}", parts=parts)
    assert (error.template, error.line) == ("mkdocs.yml: composition", 2)
    assert error.message == "`cover.style` is made of itself"


def test_include_loop_names_its_stations() -> None:
    others = {"a.j2": "x\n\n{% include 'b.j2' %}", "b.j2": "long " * 400 + "{% include 'a.j2' %}"}
    error = failure("{% include 'a.j2' %}", others=others)
    assert error.message in (
        "this never ends: a.j2 -> b.j2 -> a.j2",
        "this never ends: b.j2 -> a.j2 -> b.j2",
    )


def test_import_without_context_says_how_to_hand_variables_over() -> None:
    macro = {"m.j2": "{% macro m() %}{{ cover.prompt }}{% endmacro %}"}
    error = failure("{% import 'm.j2' as m %}{{ m.m() }}", others=macro)
    assert "with context" in error.hint
    assert render("{% import 'm.j2' as m with context %}{{ m.m() }}", others=macro).text == "A fox"


def test_missing_template_of_the_cover_is_named_with_the_nearest() -> None:
    prompts = Prompts(Settings(), {"cover.j2": "", "night.j2": ""})
    with pytest.raises(TemplateError) as caught:
        prompts.render(replace(COVER, template="nihgt.j2"))
    assert caught.value.template == "nihgt.j2"
    assert caught.value.line is None
    assert str(caught.value) == (
        "there is no template `nihgt.j2`\n"
        "hint: did you mean `night.j2`? there is: cover.j2, night.j2"
    )


@pytest.mark.parametrize("text", ["", " \n\t", "{% if false %}x{% endif %}", "\u00a0"])
def test_empty_prompt_is_an_error(text: str) -> None:
    error = failure(text)
    assert error.message == "the prompt comes out empty"
    assert "cover_prompt" in error.hint


def test_prompt_over_the_limit_is_an_error_with_both_ways_out() -> None:
    assert len(render("x" * 4_000).text) == 4_000
    error = failure("x" * 4_001)
    assert error.message == "the prompt has 4,001 characters, the limit is 4,000"
    assert "shorten" in error.hint
    assert "max_prompt_chars in mkdocs.yml, up to 32,000" in error.hint


def test_limit_at_its_highest_leaves_only_shortening() -> None:
    error = failure("x" * 32_001, limit=32_000)
    assert "max_prompt_chars" not in error.hint
