"""The content hashes: written out, so that a change that makes everybody pay again shows here."""

from __future__ import annotations

import unicodedata
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.keys import (
    digest,
    normalise_prompt,
    rendition_key,
    request_key,
    sketch_key,
)
from mkdocs_imagegen.model import CoverRequest, Palette, Size, Sketch

PLAIN = CoverRequest("generate", "gpt-image-2", "A red fox", Size(1536, 1024), "medium")
FULL = CoverRequest(
    kind="edit",
    model="gpt-image-2.5-flare",
    prompt="Füchse\nim Schnee",
    size=Size(1280, 672),
    quality="high",
    background="transparent",
    moderation="low",
    reference_digests=(digest(b"one"), digest(b"two")),
    mask_digest=digest(b"mask"),
    parent_key=request_key(PLAIN),
    variant=3,
)
OTHER: dict[str, object] = {
    "kind": "edit",
    "model": "gpt-image-2.5-flare",
    "prompt": "A red fox.",
    "size": Size(1024, 1536),
    "quality": "high",
    "background": "opaque",
    "moderation": "low",
    "reference_digests": (digest(b"one"),),
    "mask_digest": digest(b"mask"),
    "parent_key": "0" * 64,
    "variant": 1,
}
"""Another value for each field of a request."""

SKETCH = Sketch("A fox", "Blog", Palette("#112233", "#445566"), Size(1536, 1024))
OTHER_SKETCH: dict[str, object] = {
    "title": "A hare",
    "section": "News",
    "palette": Palette("#112233", "#445567"),
    "size": Size(1024, 1024),
}


@pytest.mark.parametrize(
    ("request_", "key"),
    [
        (PLAIN, "48213c7312ed8799b96086fdf200bd6186474144bd794262b1bbd3a5de427ad4"),
        (FULL, "7b470c30a4b017a6b84a31b51583630ef5a9eb57082ef3f48a075b126329ff5e"),
    ],
)
def test_request_keys_stay_what_they_are(request_: CoverRequest, key: str) -> None:
    """Another key here means that every cover of every site is bought again."""
    assert request_key(request_) == key


def test_rendition_keys_stay_what_they_are() -> None:
    key = rendition_key(digest(b"original"), webp_quality=82, encoder="pillow/12.0.0")
    assert key == "d04dcca465b7be92230d62ff10ff96afb5c0607c6de7ad0d4672cba31334c874"


def test_sketch_keys_stay_what_they_are() -> None:
    key = sketch_key(SKETCH, encoder="pillow/12.0.0")
    assert key == "0c593553347660f19d1cd27f491ef8acb3acbc7c04124b6fd4a51467fd2c7c5e"


@pytest.mark.parametrize("name", [field.name for field in fields(CoverRequest)])
def test_each_field_of_a_request_is_in_its_key(name: str) -> None:
    changes: dict[str, Any] = {name: OTHER[name]}
    assert request_key(replace(PLAIN, **changes)) != request_key(PLAIN)


def test_the_order_of_references_is_in_the_key() -> None:
    turned = replace(FULL, reference_digests=FULL.reference_digests[::-1])
    assert request_key(turned) != request_key(FULL)


@pytest.mark.parametrize("name", [field.name for field in fields(Sketch)])
def test_each_field_of_a_sketch_is_in_its_key(name: str) -> None:
    changes: dict[str, Any] = {name: OTHER_SKETCH[name]}
    other = replace(SKETCH, **changes)
    assert sketch_key(other, encoder="x") != sketch_key(SKETCH, encoder="x")


@pytest.mark.parametrize("name", [field.name for field in fields(Palette)])
def test_each_colour_of_a_palette_is_in_the_sketch_key(name: str) -> None:
    changes: dict[str, Any] = {name: "#abcdef"}
    other = replace(SKETCH, palette=replace(SKETCH.palette, **changes))
    assert sketch_key(other, encoder="x") != sketch_key(SKETCH, encoder="x")


def test_encoder_and_quality_are_in_the_rendition_keys() -> None:
    keys = {
        rendition_key("d", webp_quality=82, encoder="a"),
        rendition_key("e", webp_quality=82, encoder="a"),
        rendition_key("d", webp_quality=83, encoder="a"),
        rendition_key("d", webp_quality=82, encoder="b"),
    }
    assert len(keys) == 4
    assert sketch_key(SKETCH, encoder="a") != sketch_key(SKETCH, encoder="b")


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("A fox", "A fox"),
        ("A fox \t", "A fox"),
        ("\n\nA fox\n\n", "A fox"),
        ("A fox\r\nin snow\rat night", "A fox\nin snow\nat night"),
        ("A fox  \n  in snow", "A fox\n  in snow"),
        ("  indented", "  indented"),
        ("one\n\n\ntwo", "one\n\n\ntwo"),
        ("cafe\u0301", "caf\u00e9"),
        ("A\u00a0fox", "A\u00a0fox"),
        (" \n \r\n", ""),
        ("", ""),
    ],
)
def test_prompts_are_evened_out(typed: str, normal: str) -> None:
    assert normalise_prompt(typed) == normal


ANY_TEXT = st.text(st.characters() | st.sampled_from(" \t\r\n\u0301\u00a0\u2028e"))


@given(ANY_TEXT)
def test_a_normal_prompt_stays_as_it_is(text: str) -> None:
    normal = normalise_prompt(text)
    assert normalise_prompt(normal) == normal
    assert unicodedata.is_normalized("NFC", normal)


@given(ANY_TEXT)
def test_line_ends_and_unicode_forms_make_no_other_request(text: str) -> None:
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    normal = normalise_prompt(plain)
    assert normalise_prompt(plain.replace("\n", "\r\n")) == normal
    assert normalise_prompt(unicodedata.normalize("NFD", plain)) == normal
    assert normalise_prompt(f"\n{plain} \t\n") == normal
