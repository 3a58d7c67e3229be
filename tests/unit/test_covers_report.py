"""The list of pictures for whoever answers for them, and the inventory that a site publishes."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mkdocs_imagegen import images
from mkdocs_imagegen.errors import PictureError
from mkdocs_imagegen.report.covers import FIELDS, covers_csv, covers_json, covers_text
from mkdocs_imagegen.report.inventory import InventoryEntry, inventory_json
from mkdocs_imagegen.report.shown import CoverState
from tests.exhibits import BOUGHT, DRAWN, OWN, bought

ENTRY = InventoryEntry("a.md", "assets/covers/a.webp", "gpt-image-2", "2026-11-22", "ab" * 32, "A")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline="")))


def test_a_row_tells_whose_a_picture_is_and_what_says_so() -> None:
    labelled = replace(BOUGHT, label="AI-generated")
    row, drawn, own = rows(covers_csv([labelled, DRAWN, OWN]))
    assert tuple(row) == FIELDS
    assert row == {
        "address": "https://example.com/blog/fox/",
        "article": "blog/fox.md",
        "title": "A fox",
        "file": "assets/covers/ab.webp",
        "ai": "yes",
        "made_by": "endpoint",
        "model": "gpt-image-2",
        "date": "2026-11-01",
        "provider": "api.openai.com",
        "label": "AI-generated",
        "alt": "A fox of folded paper",
        "author": "",
        "licence": "",
        "state": "approved",
        "digest": "ab" * 32,
    }
    assert (drawn["ai"], drawn["made_by"], drawn["model"]) == ("no", "drawing", "")
    assert (own["ai"], own["made_by"]) == ("not stated", "author")
    assert (own["author"], own["licence"]) == ("Ines", "CC BY 4.0")


def test_prompts_are_not_in_the_list() -> None:
    listed = [BOUGHT, DRAWN, OWN]
    for text in (covers_csv(listed), covers_json(listed), covers_text(listed)):
        assert "window light" not in text


def test_a_spreadsheet_runs_nothing_of_it() -> None:
    row = rows(covers_csv([bought("a", title="=1+1", alt="@x")]))[0]
    assert (row["title"], row["alt"]) == ("'=1+1", "'@x")


def test_json_has_null_where_nobody_knows() -> None:
    document = json.loads(covers_json([BOUGHT, DRAWN, OWN]))
    assert document["version"] == 1
    assert [cover["ai"] for cover in document["covers"]] == [True, False, None]
    assert document["covers"][1]["model"] is None
    assert set(document["covers"][0]) == set(FIELDS)


def test_the_table_sums_up_who_made_what() -> None:
    own_ai = replace(OWN, ai=True)
    lost = bought("lost", state=CoverState.LOST, label="AI")
    text = covers_text([BOUGHT, lost, DRAWN, OWN, own_ai, replace(OWN, ai=False)])
    assert "6 covers: 2 made by AI and bought; 1 made by AI and the author's own; " in text
    assert "1 drawn by this program, without AI; 1 the author's own, without AI; " in text
    assert "1 the author's own, and nobody says whether AI made it" in text
    assert (
        f"\nnobody says whether AI made it: {OWN.article}\n"
        "hint: write cover_ai: true or false in the article\n"
        "2 of the 3 that AI made show no label.\n"
        "hint: covers: {label: true} in mkdocs.yml\n"
    ) in text
    assert f"\n{OWN.article}  " in text
    assert all(cover.file not in text for cover in (BOUGHT, DRAWN, OWN))
    assert "1 is lost" in text
    assert covers_text([]) == "No article has a cover.\n"
    assert "hint" not in covers_text([replace(BOUGHT, label="AI-generated")])


@given(st.permutations([replace(ENTRY, article=f"{n % 3}.md", file=f"{n}.webp") for n in range(6)]))
def test_an_inventory_is_the_same_in_whatever_order_it_comes(
    entries: list[InventoryEntry],
) -> None:
    text = inventory_json(entries, publish_prompts=True)
    assert text == inventory_json(sorted(entries, key=lambda e: e.file), publish_prompts=True)
    assert inventory_json(entries * 2, publish_prompts=True) == text
    articles = [cover["article"] for cover in json.loads(text)["covers"]]
    assert articles == sorted(articles)


def test_an_inventory_tells_prompts_only_where_it_may() -> None:
    open_, closed = (
        json.loads(inventory_json([ENTRY], publish_prompts=publish))["covers"][0]
        for publish in (True, False)
    )
    assert closed == {
        "article": "a.md",
        "file": "assets/covers/a.webp",
        "model": "gpt-image-2",
        "date": "2026-11-22",
        "digest": "ab" * 32,
    }
    assert open_ == {**closed, "prompt": "A"}


def test_an_inventory_is_ascii_and_leaves_out_what_nobody_knows() -> None:
    entry = replace(ENTRY, article="\u00fcber.md", model="", prompt="")
    text = inventory_json([entry], publish_prompts=True)
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text)["covers"] == [
        {"article": "\u00fcber.md", "file": ENTRY.file, "date": ENTRY.date, "digest": ENTRY.digest}
    ]
    assert json.loads(inventory_json([], publish_prompts=False)) == {"version": 1, "covers": []}


@pytest.mark.parametrize("form", ["jpeg", "webp", "png"])
def test_a_pictures_own_credits_are_read(form: str) -> None:
    out, picture = BytesIO(), Image.new("RGB", (8, 8))
    exif = Image.Exif()
    exif[0x013B], exif[0x8298] = "Ines\nof the house", "CC BY 4.0"
    text = PngInfo()
    text.add_text("Author", "Ines\nof the house")
    text.add_text("Copyright", "CC BY 4.0")
    if form == "png":
        picture.save(out, form, pnginfo=text)
    else:
        picture.save(out, form, exif=exif)
    found = images.read_credits(out.getvalue())
    assert (found.author, found.licence) == ("Ines of the house", "CC BY 4.0")


def test_a_picture_without_credits_has_none() -> None:
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "jpeg")
    assert images.read_credits(out.getvalue()) == images.Credits()
    with pytest.raises(PictureError):
        images.read_credits(b"<svg/>")
