"""Whatever bytes an article's file holds: a plan or an error of ours, within seconds."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mkdocs_imagegen.engine import Engine
from mkdocs_imagegen.errors import ImagegenError
from mkdocs_imagegen.locking import LockfilePlace
from mkdocs_imagegen.settings import Settings
from tests.fuzz.profiles import examples
from tests.golden.test_golden import article_of

PATIENCE_S = 20.0
KEYS = (
    *("cover", "cover_prompt", "cover_size", "cover_quality", "cover_model", "cover_variant"),
    *("cover_references", "cover_mask", "cover_template", "cover_focus", "cover_style"),
    *("cover_alt", "cover_pin", "cover_enabled", "cover_background", "image", "title", "date"),
)
VALUES = (
    *(b"A red fox", b"1536x1024", b"99999999999999999999x1", b"16:9", b"low", b"false", b"~"),
    *(b"../../etc/passwd", b"{{ config }}", b"{% for x in range(10**9) %}x{% endfor %}"),
    *(b"{a: [b, {c: d}]}", b"[[[[[[[[", b"*alias", b"&a [*a]", b"!!python/name:os.system", b"|"),
    *(b"0x_", b"2026-13-45", b"\xff\xfe", b"\xed\xa0\x80", b"\x00", b"'", b'"', b"9" * 5000),
    *(b"\xf0\x9f\xa6\x8a" * 40, b".inf", b"1e400", b"<<: *x", b"? x", b"\t", b"- a\n- b"),
)
LINES = st.builds(
    lambda key, sign, value: key.encode() + sign + value,
    st.sampled_from(KEYS),
    st.sampled_from((b": ", b":", b" = ", b":\n  ", b": >-\n  ")),
    st.sampled_from(VALUES) | st.binary(max_size=40),
)
BLOCKS = st.builds(
    lambda opening, lines, closing, body: opening + b"\n".join(lines) + closing + body,
    st.sampled_from((b"---\n", b"\xef\xbb\xbf---\n", b"--- \r\n", b"", b"\n---\n", b"+++\n")),
    st.lists(LINES | st.binary(max_size=60), max_size=5),
    st.sampled_from((b"\n---\n", b"\n...\n", b"\r\n---\r\n", b"", b"\n--\n")),
    st.sampled_from((b"# A title\n\nText.\n", b"", b"\xff")),
)


@pytest.fixture(scope="module")
def engine_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine")


@examples(120)
@given(data=st.binary(max_size=300) | BLOCKS)
@example(data=b"---\ncover_prompt: \xff\xfe\n---\n")
@example(data=b"---\ncover: {prompt: A fox, cover: {prompt: x}}\ncover_prompt: B\n---\n")
def test_no_article_brings_an_error_that_is_not_ours(data: bytes, engine_folder: Path) -> None:
    began_s = time.monotonic()
    engine = Engine(
        Settings(),
        cache_dir=engine_folder / "cache",
        lockfile=LockfilePlace(engine_folder / "imagegen.lock"),
    )
    with closing(engine), suppress(ImagegenError):
        source = article_of("blog/a.md", data.decode("utf-8-sig", errors="replace"))
        engine.publish(engine.plan(engine.order([source], lambda _uris: {})))
    assert time.monotonic() - began_s < PATIENCE_S
