"""`store: covers/` on a site that has bought before: git gets every cover that is shown."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.imageserver import ImageServer
from tests.sites import Site

FROZEN = {"IMAGEGEN_MODE": "frozen", "CI": "true"}


def test_covers_that_stay_are_copied_too_when_the_store_in_git_is_switched_on(
    tmp_path: Path, image_server: ImageServer
) -> None:
    site = Site(tmp_path, image_server, {"price_as": "openai", "quality": "low"})
    site.article("current.md", cover_prompt="A card fox", cover_style="Woodcut")
    site.article("outdated.md", cover_prompt="A card hare")
    site.article("pinned.md", cover_prompt="A card lynx", cover_pin=True)
    assert site.apply().code == 0
    site.article("pinned.md", cover_prompt="A card owl", cover_pin=True)
    site.options |= {"style": "Water colours", "store": "covers/"}

    applied = site.apply()
    assert applied.code == 0, applied.output
    assert len(list((site.root / "covers").glob("*.webp"))) == 3
    assert "brought up to date" not in site.apply().output

    shutil.rmtree(site.root / ".cache")
    built = site.build("--strict", **FROZEN)
    assert built.code == 0, built.output
    assert len(image_server.paid_calls) == 3
