"""Every case is built as a real site: without covers, with bought ones, and again for nothing."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

import pytest
import yaml
from PIL import Image

from tests.neighbours.cases import CASES, THEMES, Case
from tests.neighbours.checks import CHECKS, Built, check_covers
from tests.sites import Run, Site

COVER = {"cover_size": "1280x672", "cover_quality": "low"}


def write_site(site: Site, case: Case) -> None:
    """Write the common articles and those of the case; each picture is small and cheap."""
    site.config = {
        "theme": dict(THEMES[case.theme]),
        "plugins": list(case.plugins),
        "site_description": "A site for tests",
        **case.config,
    }
    site.options |= {
        "size": COVER["cover_size"],
        "quality": COVER["cover_quality"],
        "widths": [480],
    }
    site.article("index.md")
    site.article(
        "guide.md",
        body="What the guide is about.",
        cover_prompt="A fox",
        cover_alt="A fox in snow",
    )
    site.article("own.md", cover="own.png")
    grain = [Image.effect_noise((640, 480), 20) for _ in "RGB"]  # which optimize makes smaller
    Image.merge("RGB", grain).save(site.docs / "own.png", compress_level=1)
    for name, text in case.files.items():
        site.write(name, text)
    fonts = site.root / ".cache" / "plugin" / "social" / "fonts" / "Manrope"
    fonts.mkdir(parents=True)  # so that Material's cards are made without asking for a font
    installed = resources.files("font_manrope") / "files"
    for style in ("Regular", "Bold"):
        (fonts / f"{style}.ttf").write_bytes((installed / f"Manrope-{style}.ttf").read_bytes())


def build_without_plugin(site: Site, case: Case) -> Path:
    """Build the same site without a word of covers in its mkdocs.yml."""
    site.configure()
    document = yaml.safe_load((site.root / "mkdocs.yml").read_text(encoding="utf-8"))
    document["plugins"] = [name for name in document["plugins"] if "imagegen" not in name]
    site.write("plain.yml", yaml.safe_dump(document, sort_keys=False))
    assert_clean(site.build("--strict", "-f", "plain.yml", "-d", "plain", host=case.host))
    return site.root / "plain"


def assert_clean(run: Run) -> None:
    """A build went well, and warned of nothing."""
    assert run.code == 0, run.output
    assert "WARNING -" not in run.output


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_covers_are_bought_once_and_stand_beside_the_neighbours(site: Site, case: Case) -> None:
    for program in case.needs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    assert site.server is not None
    write_site(site, case)
    plain = build_without_plugin(site, case)

    assert_clean(site.build("--strict", host=case.host, IMAGEGEN_MODE="generate"))
    assert len(site.server.paid_calls) == case.requests
    own = tuple(uri for uri in (*case.covers, "own/index.html") if "own/" in uri)
    bought = tuple(uri for uri in (*case.covers, "guide/index.html") if uri not in own)
    check_covers(Built(site.built, plain, bought, own))

    site.article("later.md", cover_prompt="A bridge")
    assert_clean(site.build("--strict", host=case.host))
    assert len(site.server.calls) == case.requests
    built = Built(site.built, plain, bought, own, ("later/index.html",))
    (plain / "later").mkdir()
    shutil.copy(site.built / "later" / "index.html", plain / "later" / "index.html")
    check_covers(built)
    for name in case.neighbours:
        CHECKS[name](built)


def test_a_plan_beside_everything_says_what_the_build_would_buy(site: Site) -> None:
    case = CASES[-1]
    write_site(site, case)
    planned = [*site.actions().values()]
    assert planned.count("generate") == case.requests
    shared = len({*case.covers, "guide/index.html"}) - case.requests
    assert planned.count("shared") == shared
    assert site.server is not None
    assert site.server.calls == []
