"""Templates as attackers write them: no way to files, keys or Python, no hang, no flood."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from mkdocs.config.defaults import MkDocsConfig

from mkdocs_imagegen.config import ImagegenConfig, templates_folder
from mkdocs_imagegen.errors import SettingsError, TemplateError
from mkdocs_imagegen.model import ArticleSource, Cover, Size
from mkdocs_imagegen.prompts import Prompts
from mkdocs_imagegen.settings import Settings
from mkdocs_imagegen.site import LARGEST_TEMPLATE_BYTES, read_templates

CANARY = "canary-5f0c1e77"
LIMIT_S = 3.0
LIMIT_KB = 300_000


def render(text: str, meta: Mapping[str, object] | None = None, **others: str) -> str:
    article = ArticleSource("blog/a.md", "A", meta or {})
    cover = Cover(article, "a fox", "gpt-image-2", Size(8, 8), "low", "t.j2")
    prompts = Prompts(Settings(max_prompt_chars=32_000), {"t.j2": text, **others})
    return prompts.render(cover).text


READS = [
    "{{ config }}",
    "{{ environ }}",
    "{{ os.environ }}",
    "{{ request }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ cover|map(attribute='__class__')|list }}",
    "{{ [cover]|map(attribute='_source.article.meta')|list }}",
    "{{ [article]|groupby('_source')|list }}",
    "{{ [article]|sort(attribute='_load.__globals__')|list }}",
    "{{ [cover]|sum(attribute='_load') }}",
    "{{ ['']|selectattr('__class__.__mro__')|list }}",
    "{{ ['']|map('attr', '__class__')|list }}",
    "{{ '{0.__class__}'|format(1) }}",
    "{{ '%(x)s' % {'x': cover} }}",
    "{{ ''['for' ~ 'mat']('{0.__class__}', 1) }}",
    "{{ ()|attr('__class__') }}",
    "{{ (1).__class__.__base__.__subclasses__() }}",
    "{{ dict.__base__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ range.__self__ }}",
    "{% for i in [1] %}{{ loop['_LoopContext__iterator'] }}{% endfor %}",
    "{% for i in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
    "{% set ns = namespace() %}{% set ns.__class__ = 1 %}{{ ns.__class__ }}",
    "{% import 't2.j2' as t %}{{ t.__loader__ }}",
    "{% include '../secret.txt' %}",
    "{% include 'sub/../../secret.txt' %}",
    "{% include '/etc/passwd' %}",
    "{% include 'C:\\\\Windows\\\\win.ini' %}",
    "{% include '\\\\\\\\server\\\\share\\\\x' %}",
    "{% include 'file:///etc/passwd' %}",
    "{% include 'secret.txt%00.j2' %}",
    "{% extends '..\\\\secret.txt' %}",
    "{% from '/proc/self/environ' import x %}",
    "{% import '/proc/self/environ' as e %}{{ e }}",
    "{{ self._TemplateReference__context.environment.loader }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ cycler.__init__.__globals__ }}",
]


@pytest.mark.parametrize("text", READS)
def test_no_template_reads_what_it_is_not_given(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEGEN_API_KEY", CANARY)
    with pytest.raises(TemplateError) as told:
        render(text, {}, **{"t2.j2": "{% set a = 1 %}"})
    assert CANARY not in str(told.value)


def test_a_missing_include_that_may_be_missing_brings_nothing() -> None:
    assert render("{% include ['/etc/passwd', '../x'] ignore missing %}x") == "x"


LONG = "a" * 3_000_000
HUGE = int("f" * 400_000, 16)
ALIASES: list[object] = ["x"]
for _ in range(40):
    ALIASES = [ALIASES, ALIASES]
CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)
META: dict[str, object] = {
    "long": LONG,
    "other": LONG[:-1] + "b",
    "many": list(range(40_000)),
    "more": list(range(40_000)),
    "keys": {f"k{n}": n for n in range(40_000)},
    "huge": HUGE,
    "half": HUGE >> 800_000,
    "aliases": ALIASES,
    "circle": CIRCLE,
    "deep": "nothing",
}
EACH = "{% for i in range(90000) %}"
END = "{% endfor %}x"
HANGS = [
    "{{ '%.*f' % (10**9, 1.0) }}",
    "{{ '%*.*f' % (9, 10**9, 1.0) }}",
    "{{ ('%0' ~ 10**9 ~ 'd') % 1 }}",
    EACH + "{% set z = article.long[::-1] %}" + END,
    EACH + "{% set z = article.long[1:] %}" + END,
    EACH + "{% set z = article.many[1:] %}" + END,
    EACH + "{% if article.long == article.other %}{% endif %}" + END,
    EACH + "{% if article.long < article.other %}{% endif %}" + END,
    EACH + "{% if article.many == article.more %}{% endif %}" + END,
    EACH + "{% if 'b' in article.long %}{% endif %}" + END,
    EACH + "{% if -1 in article.many %}{% endif %}" + END,
    EACH + "{% if article == cover %}{% endif %}" + END,
    EACH + "{% if article.long is upper %}{% endif %}" + END,
    EACH + "{% if 'b' is in(article.long) %}{% endif %}" + END,
    EACH + "{% if article.many is eq(article.more) %}{% endif %}" + END,
    EACH + "{% if article.long.startswith(article.other) %}{% endif %}" + END,
    EACH + "{% if article.long.strip('a') %}{% endif %}" + END,
    EACH + "{% set z = article.huge % article.half %}" + END,
    EACH + "{% set z = article.huge // article.half %}" + END,
    EACH + "{% set z = article.huge - article.half %}" + END,
    EACH + "{% if article.huge is divisibleby(article.half) %}{% endif %}" + END,
    "{{ article.huge }}",
    "{{ article.aliases }}",
    "{{ article.aliases|length }}",
    "{{ article.circle }}",
    "{{ article.tags }}",
    "{% set x = [1] %}" + EACH + "{% set x = [x, x] %}{{ x == x }}" + END,
    "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
    "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
    "{% include 't.j2' %}",
    "{% extends 't.j2' %}",
    "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{% for i in range(10) %}" * 18 + "x" + "{% endfor %}" * 18,
    "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "{{ " + "-" * 20_000 + "1 }}",
    "{{ 'x'" + "|upper" * 5_000 + " }}",
    "{{ 99 ** 99 ** 99 }}",
    "{{ 'a' * 10 ** 9 }}",
    "{{ ('(' * 200000)|striptags }}",
    "{{ (('a' * 400) ~ '!')|wordwrap(1)|wordcount * 10 ** 999 }}",
]


@pytest.mark.parametrize("text", HANGS, ids=lambda text: text[:50])
def test_no_template_takes_long_or_fills_the_memory(text: str) -> None:
    before_kb, start = _peak_kb(), time.process_time()
    with pytest.raises(TemplateError):
        render(text, {**META, "tags": ALIASES})
    assert time.process_time() - start < LIMIT_S
    assert _peak_kb() - before_kb < LIMIT_KB


def _peak_kb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def test_what_is_not_read_of_the_front_matter_costs_nothing() -> None:
    start = time.process_time()
    assert render("{{ cover.prompt }}", META) == "a fox"
    assert time.process_time() - start < 0.5


def test_only_plain_files_below_the_folder_are_templates(tmp_path: Path) -> None:
    secret = tmp_path / "secret.j2"
    secret.write_text(CANARY)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.j2").write_text(CANARY)
    folder = tmp_path / "site" / "cover_templates"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text(CANARY)
    (folder / ".env").write_text(CANARY)
    (folder / "good.j2").write_text("good")
    (folder / "inside.j2").symlink_to(folder / "good.j2")
    (folder / "link.j2").symlink_to(secret)
    (folder / "link").symlink_to(outside, target_is_directory=True)
    (folder / "circle.j2").symlink_to(folder / "circle.j2")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "fifo.j2")  # reading it would wait for ever
    assert read_templates(folder) == {"good.j2": "good", "inside.j2": "good"}


def test_a_template_that_is_too_long_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "long.j2").open("wb") as file:
        file.truncate(LARGEST_TEMPLATE_BYTES * 10_000)
    with pytest.raises(SettingsError, match="too long"):
        read_templates(tmp_path)


@pytest.mark.parametrize(
    "named", [".", "..", "../other", "/etc", "/", ".git", "sub/.hidden", "away", "docs/../.."]
)
def test_the_templates_lie_below_the_sites_folder(named: str, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "away").symlink_to("/etc", target_is_directory=True)
    config = MkDocsConfig(config_file_path=str(site / "mkdocs.yml"))
    options = ImagegenConfig()
    options.load_dict({"templates_dir": named})
    with pytest.raises(SettingsError, match="templates_dir"):
        templates_folder(options, config)
