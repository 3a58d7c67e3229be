"""One line of an article's front matter, and not a byte more."""

from __future__ import annotations

import re

import frontmatter
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mkdocs.utils.meta import get_data

from mkdocs_imagegen.articles.written import COVERS, NAME_DIGITS, image_ref, written_cover
from mkdocs_imagegen.files import ASSETS
from mkdocs_imagegen.files import NAME_DIGITS as PUBLISHED_DIGITS
from mkdocs_imagegen.folder.block import EditError, find_block, read_meta, with_image

OLD = f"../{COVERS}/{'a' * 32}.webp"
NEW = f"../{COVERS}/{'b' * 32}.webp"


def test_covers_are_written_where_the_plugin_publishes_them() -> None:
    assert (COVERS, NAME_DIGITS) == (ASSETS, PUBLISHED_DIGITS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            b"---\ncover_prompt: A fox\n---\n# A\n",
            b"---\ncover_prompt: A fox\nimage: %s\n---\n# A\n",
        ),
        (b"---\r\ntitle: A\r\n---\r\nText", b"---\r\ntitle: A\r\nimage: %s\r\n---\r\nText"),
        (b"\xef\xbb\xbf---\na: 1\n...\n\n\n", b"\xef\xbb\xbf---\na: 1\nimage: %s\n...\n\n\n"),
        (b"--- \na: |\n  x\n\n\n---\t\n", b"--- \na: |\n  x\n\n\nimage: %s\n---\t\n"),
        (b"---\n  a: 1\n  b: 2 # two\n---\n", b"---\n  a: 1\n  b: 2 # two\n  image: %s\n---\n"),
        (b"---\na: .nan\n# end\n---\n\x0c", b"---\na: .nan\n# end\nimage: %s\n---\n\x0c"),
        (b"---\rtitle: A\r---\rText", b"---\rtitle: A\rimage: %s\r---\rText"),
        (b"---\nimage:\na: 1\n---\n", b"---\nimage: %s\na: 1\n---\n"),
        (b"---\nimage: ''  # none\n---\n", b"---\nimage: %s  # none\n---\n"),
    ],
)
def test_a_line_is_inserted_and_taken_out_again(before: bytes, after: bytes) -> None:
    wanted = after % NEW.encode()
    assert with_image(before, NEW) == wanted
    assert with_image(wanted, NEW) == wanted
    if b"image:" not in before:
        assert with_image(wanted, None) == before


@pytest.mark.parametrize(
    "line",
    ["image: %s", "image: '%s'  # ours", '"image": "%s"', "image:    %s", "image: >-\n  %s"],
)
def test_a_path_is_replaced_in_its_own_quotes(line: str) -> None:
    text = "---\na: 1\n" + line + "\nb: 2 # c\n---\nBody\n"
    assert with_image((text % OLD).encode(), NEW) == (text % NEW).encode()


@pytest.mark.parametrize(
    "block",
    [
        "{cover_prompt: A fox}",
        "image: mine.png",
        "image: {path: x.png}",
        "image: 5",
        f"image: {OLD}\nimage: {OLD}",
        "a: [1,\n2]]",
        "- a",
        "a: b: c",
    ],
)
def test_what_can_take_no_line_is_refused(block: str) -> None:
    with pytest.raises(EditError):
        with_image(f"---\n{block}\n---\n".encode(), NEW)


def test_a_front_matter_of_our_line_alone_goes_with_it() -> None:
    assert (
        with_image(f"\ufeff---\nimage: {OLD}\n---\n# A\n".encode(), None) == "\ufeff# A\n".encode()
    )


@pytest.mark.parametrize("text", ["# A\n", "", "\n---\na: 1\n---\n", "---\na: 1\n---", "a: 1\n\n"])
def test_an_article_without_front_matter_takes_no_line(text: str) -> None:
    assert find_block(text.encode()) is None
    with pytest.raises(EditError):
        with_image(text.encode(), NEW)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(
    meta=st.dictionaries(st.from_regex(r"[a-z_ :#'-]{1,8}", fullmatch=True), VALUES, max_size=4),
    body=st.text(max_size=40),
    line_end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["---", "..."]),
)
def test_every_reader_sees_one_more_key_and_the_rest_of_the_bytes_stay(
    meta: dict[str, object], body: str, line_end: str, mark: str
) -> None:
    handler = frontmatter.default_handlers.YAMLHandler()
    block = handler.export({"title": "T", **meta}, default_flow_style=False) + "\n"
    text = f"---\n{block}{mark}\n".replace("\n", line_end) + body
    before = text.encode()
    try:
        after = with_image(before, NEW)
    except EditError:
        pytest.fail("an ordinary front matter takes a line")
    line = f"image: {NEW}{line_end}".encode()
    at = after.index(line)
    assert after[:at] + after[at + len(line) :] == before
    assert with_image(after, NEW) == after
    assert with_image(after, None) == before
    assert read_meta(after.decode())[0] == {**read_meta(before.decode())[0], "image": NEW}
    normal = re.sub("\r\n?", "\n", after.decode())
    assert get_data(normal)[1] == {**get_data(re.sub("\r\n?", "\n", text))[1], "image": NEW}


def test_a_cover_of_ours_is_known_by_form_and_bytes() -> None:
    ours = "c" * 64
    name = f"{COVERS}/{'c' * 32}.webp"
    for ref in (name, f"../{name}", f"../../../{name}"):
        assert written_cover(ref, lambda _uri: ours) == name
        assert written_cover(ref, lambda _uri: None) == name
        assert written_cover(ref, lambda _uri: "d" * 64) is None
    others: tuple[object, ...] = (
        f"/{name}",
        f"x/{name}",
        "assets/covers/mine.webp",
        f"{name}?x",
        {},
        None,
        5,
    )
    for other in others:
        assert written_cover(other, lambda _uri: ours) is None


def test_the_path_is_relative_to_the_articles_own_file() -> None:
    assert image_ref("assets/covers/a.webp", "index.md") == "assets/covers/a.webp"
    assert image_ref("assets/covers/a.webp", "blog/posts/a.md") == "../../assets/covers/a.webp"
