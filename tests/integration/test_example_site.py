"""The example site, as the README shows it: free on drawn covers, bought once with a key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs import REFERENCE
from tests.imageserver import ImageServer
from tests.sites import run_in

ROOT = REFERENCE.parent.parent
BOUGHT = 14


@pytest.fixture
def example(tmp_path: Path) -> Path:
    left_out = shutil.ignore_patterns("site", ".cache")
    return Path(shutil.copytree(ROOT / "example-site", tmp_path / "example", ignore=left_out))


def test_the_readme_shows_the_plan_of_the_example_site(example: Path) -> None:
    run = run_in(example, "mkdocs_imagegen", "plan")
    assert run.code == 0, run.stderr
    assert f"$ mkdocs-imagegen plan -f example-site/mkdocs.yml\n{run.stdout}```" in (
        ROOT / "README.md"
    ).read_text(encoding="utf-8")


def test_the_example_builds_without_a_key_and_buys_its_plan_with_one(
    example: Path, image_server: ImageServer
) -> None:
    drawn = run_in(example, "mkdocs", "build", "--strict")
    assert drawn.code == 0, drawn.output
    assert len(list((example / "site" / "assets" / "covers").glob("*.webp"))) == BOUGHT

    key = {
        "IMAGEGEN_BASE_URL": image_server.base_url,
        "IMAGEGEN_API_KEY": image_server.api_key,
    }
    refused = run_in(example, "mkdocs_imagegen", "apply", "--yes", **key)
    assert refused.code == 4  # it has a wall in USD, and this endpoint's prices are not known
    assert image_server.calls == []

    config = example / "mkdocs.yml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("- imagegen:", "- imagegen:\n      price_as: openai"), "utf-8")
    applied = run_in(example, "mkdocs_imagegen", "apply", "--yes", **key)
    assert applied.code == 0, applied.output
    assert len(image_server.paid_calls) == BOUGHT
    assert image_server.paid_micro_usd == 453_570
    built = run_in(example, "mkdocs", "build", "--strict", CI="true", **key)
    assert built.code == 0, built.output
    assert len(image_server.paid_calls) == BOUGHT
