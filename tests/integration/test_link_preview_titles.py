"""Titles over link previews on real sites: `og: {title: true}`, free, reversible, never twice."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from mkdocs_imagegen.config.options import PreviewOptions
from mkdocs_imagegen.config.titles import read_font
from mkdocs_imagegen.errors import SettingsError
from mkdocs_imagegen.lettering import fonts
from tests.bills import server_of
from tests.reader import read_page
from tests.sites import Site

WIDE = {"cover_size": "1536x1024", "cover_quality": "low"}
SHARED = {"cover_prompt": "A hare", **WIDE}
SHARED_TEXT = "".join(f"{key}: {value}\n" for key, value in SHARED.items())


def preview_of(site: Site, name: str) -> Path:
    """Return the JPEG that a page's link preview shows."""
    (url,) = read_page(site.page(f"{name}/index.html")).meta("og:image")
    path = site.built / url.removeprefix("https://example.com/")
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1200, 630))
    assert path.stat().st_size < 290_000
    return path


def previews_of(site: Site, *names: str) -> dict[str, str]:
    return {name: preview_of(site, name).name for name in names}


def changed(one: bytes, other: bytes) -> tuple[int, int, int, int]:
    """Return the box in which two pictures differ by more than an encoder does."""
    pictures = [Image.open(BytesIO(data)).convert("L") for data in (one, other)]
    off = ImageChops.difference(*pictures).point(lambda level: 255 if level > 60 else 0)
    box = off.getbbox()
    assert box is not None
    return box


def own_picture(site: Site) -> None:
    site.docs.mkdir(parents=True, exist_ok=True)
    dark = Image.radial_gradient("L").resize((1200, 630)).point(lambda level: level // 4)
    dark.convert("RGB").save(site.docs / "own.png")


def kept(site: Site) -> set[Path]:
    """Return the files that the store has of pictures."""
    return set((site.root / ".cache/imagegen/renditions").rglob("*.val"))


def test_titles_stand_over_previews_at_no_cost_and_go_again(site: Site) -> None:
    server = server_of(site)
    own_picture(site)
    site.article("outage.md", **SHARED)
    site.write("docs/long.md", f"---\n{SHARED_TEXT}---\n\n# Größere Änderungen &amp; Öl\n")
    site.article("own.md", title="Tea &amp; toast", cover="own.png")
    site.article("not.md", cover="own.png", cover_og_title=False)
    site.write("docs/zh.md", "---\ncover: own.png\n---\n\n# 缓存的秘密\n")
    site.options["mode"] = "plan"
    names = ("outage", "long", "own", "not", "zh")
    assert site.build().code == 0
    drawn = previews_of(site, *names)

    site.options["mode"] = "generate"
    assert site.build().code == 0
    plain = previews_of(site, *names)
    bytes_of = {name: preview_of(site, name).read_bytes() for name in names}
    assert plain["outage"] == plain["long"], "they share a picture"
    assert len(server.paid_calls) == 1

    site.options["og"] = {"title": True}
    run = site.build("--strict")
    assert run.code == 0, run.output
    assert run.output.count("og: title:") == 1
    assert "shows the picture alone: zh.md\n" in run.output
    titled = previews_of(site, *names)
    assert titled["zh"] == plain["zh"], "the font lacks its characters"
    assert titled["not"] == plain["not"], "its author does not want it"
    assert titled["own"] != plain["own"]
    assert len({titled["outage"], titled["long"], plain["outage"]}) == 3
    assert drawn["outage"] not in titled.values()
    left, top, right, _ = changed(preview_of(site, "own").read_bytes(), bytes_of["own"])
    assert left >= 60
    assert top > 300
    assert right < 1140
    before = kept(site)
    assert before

    again = site.build("--strict")
    assert again.code == 0
    assert "made the files" not in again.output
    assert previews_of(site, *names) == titled
    assert kept(site) == before

    site.options["og"] = {"title": False}
    assert site.build().code == 0
    assert previews_of(site, *names) == plain
    assert len(server.paid_calls) == 1


def test_a_drawn_cover_shows_its_title_once(site: Site) -> None:
    site.options |= {"provider": "sketch"}
    site.article("outage.md", **SHARED)
    assert site.build().code == 0
    plain = previews_of(site, "outage")
    site.options["og"] = {"title": True}
    run = site.build()
    assert run.code == 0
    assert previews_of(site, "outage") == plain
    assert "og: title" not in run.output


def options(**values: object) -> PreviewOptions:
    config = PreviewOptions()
    config.load_dict(dict(values))
    errors, warnings = config.validate()
    assert not errors, errors
    assert not warnings
    return config


def test_a_font_is_read_beside_mkdocs_yml(tmp_path: Path) -> None:
    (tmp_path / "own.ttf").write_bytes(fonts.manrope("Bold").data)
    assert read_font(options(title=True, font="own.ttf"), tmp_path) == fonts.manrope("Bold").data
    assert read_font(options(title=True), tmp_path) is None


@pytest.mark.parametrize(
    ("font", "problem"),
    [("none.ttf", "No such file"), ("text.ttf", "no font that can be read"), (".", "directory")],
)
def test_a_font_that_can_not_be_used_is_an_error_of_the_settings(
    tmp_path: Path, font: str, problem: str
) -> None:
    (tmp_path / "text.ttf").write_text("not a font")
    with pytest.raises(SettingsError, match=problem) as caught:
        read_font(options(title=True, font=font), tmp_path)
    assert f"og: font: {font}" in caught.value.message
    assert ".ttf" in caught.value.hint
