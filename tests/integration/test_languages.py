"""One build of several languages: what is published, listed and said of it in the end."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from tests.reader import read_page
from tests.sites import Site

LANGUAGES = [
    {"locale": "en", "name": "English", "default": True, "build": True},
    {"locale": "de", "name": "Deutsch", "build": True},
]
SMALL: dict[str, Any] = {"cover_size": "1280x672", "cover_quality": "low"}


def picture(path: Path, colour: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (640, 480), colour).save(path)


def colour_shown(site: Site, uri: str) -> tuple[int, ...]:
    """Return the colour of the picture in a page's figure."""
    [figure] = read_page(site.page(uri)).figures
    with Image.open((site.built / uri).parent / figure["src"]) as shown:
        pixel = shown.convert("RGB").getpixel((9, 9))
    assert isinstance(pixel, tuple)
    return tuple(round(level / 255) for level in pixel)


def test_all_languages_are_listed_and_counted_wherever_the_plugin_stands(site: Site) -> None:
    site.article("en/index.md")
    site.article("de/index.md")
    site.article("en/own.md", cover="o.png", cover_ai=True)
    site.article("en/both.md", cover_prompt="A fox", **SMALL)
    site.article("de/both.md", cover_prompt="Ein Fuchs", **SMALL)
    picture(site.docs / "en/o.png", "red")
    site.options["mode"] = "generate"
    document = {
        "site_name": "Test site",
        "site_url": "https://example.com/",
        "plugins": [
            {"imagegen": site.options},
            {"i18n": {"docs_structure": "folder", "languages": LANGUAGES}},
        ],
    }
    site.write("first.yml", yaml.safe_dump(document))
    built = site.build("--strict", "-f", "first.yml")
    assert built.code == 0, built.output
    listed = json.loads(site.page("assets/covers/covers.json"))["covers"]
    assert {cover["article"] for cover in listed} == {"en/own.md", "en/both.md", "de/both.md"}
    files = {cover["article"]: cover["file"] for cover in listed}
    assert files["en/own.md"] == "o.png"
    assert all((site.built / file).is_file() for file in files.values())
    *_, last = (line for line in built.output.splitlines() if "Documentation built" not in line)
    assert "covers" in last
    assert last in built.output[built.output.index("Building 'de'") :]

    run = site.cli("report", "covers", "-f", "first.yml", "--format", "csv")
    rows = csv.DictReader(io.StringIO(run.stdout.lstrip("\ufeff")))
    assert {row["article"]: row["file"] for row in rows} == files


@pytest.mark.parametrize("structure", ["folder", "suffix"])
def test_a_page_that_stands_in_shows_its_languages_own_picture(site: Site, structure: str) -> None:
    folders = structure == "folder"
    english, german = ("en/{}.{}", "de/{}.{}") if folders else ("{}.{}", "{}.de.{}")
    for language in (english, german):
        site.article(language.format("index", "md"))
    site.article(english.format("x", "md"), cover="o.png")
    site.article(english.format("y", "md"), cover="only.png")
    picture(site.docs / english.format("o", "png"), "red")
    picture(site.docs / german.format("o", "png"), "blue")
    picture(site.docs / english.format("only", "png"), "lime")
    i18n = {"docs_structure": structure, "languages": LANGUAGES}
    site.config["plugins"] = [{"i18n": i18n}]
    built = site.build("--strict")
    assert built.code == 0, built.output
    assert colour_shown(site, "x/index.html") == (1, 0, 0)
    assert colour_shown(site, "de/x/index.html") == (0, 0, 1)
    assert colour_shown(site, "y/index.html") == colour_shown(site, "de/y/index.html") == (0, 1, 0)
