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
OWN_WIDTHS = 3
"""Narrower ones of the own picture."""


@pytest.fixture
def example(tmp_path: Path) -> Path:
    left_out = shutil.ignore_patterns("site", ".cache")
    return Path(shutil.copytree(ROOT / "example-site", tmp_path / "example", ignore=left_out))


WITHOUT_EXTRAS = """
import sys
sys.modules["toktok"] = None  # of the extra `tokens`, which estimates prompts otherwise
from mkdocs_imagegen.cli import main
main()
"""


def test_the_readme_shows_the_plan_of_the_example_site_as_a_plain_install_prints_it(
    example: Path,
) -> None:
    (example / "without_extras.py").write_text(WITHOUT_EXTRAS, encoding="utf-8")
    run = run_in(example, "without_extras", "plan")
    assert run.code == 0, run.stderr
    assert f"$ mkdocs-imagegen plan -f example-site/mkdocs.yml\n{run.stdout}```" in (
        ROOT / "README.md"
    ).read_text(encoding="utf-8")


def test_the_example_builds_without_a_key_and_buys_its_plan_with_one(
    example: Path, image_server: ImageServer
) -> None:
    drawn = run_in(example, "mkdocs", "build", "--strict")
    assert drawn.code == 0, drawn.output
    drawings = list((example / "site" / "assets" / "covers").glob("*.webp"))
    assert len(drawings) == BOUGHT + OWN_WIDTHS

    key = {
        "IMAGEGEN_BASE_URL": image_server.base_url,
        "IMAGEGEN_API_KEY": image_server.api_key,
    }
    refused = run_in(example, "mkdocs_imagegen", "apply", "--yes", fresh=False, **key)
    assert refused.code == 4  # it has a wall in USD, and this endpoint's prices are not known
    assert image_server.calls == []

    config = example / "mkdocs.yml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("- imagegen:", "- imagegen:\n      price_as: openai"), "utf-8")
    applied = run_in(example, "mkdocs_imagegen", "apply", "--yes", fresh=False, **key)
    assert applied.code == 0, applied.output
    assert len(image_server.paid_calls) == BOUGHT
    assert image_server.paid_micro_usd == 453_570
    assert len(list((example / "covers").glob("*.webp"))) == BOUGHT

    shutil.rmtree(example / ".cache")  # as in a fresh checkout
    built = run_in(example, "mkdocs", "build", "--strict", IMAGEGEN_MODE="frozen")
    assert built.code == 0, built.output

    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("clay orange", "brick red"), encoding="utf-8")
    planned = run_in(example, "mkdocs_imagegen", "plan", "--check")
    assert planned.code == 0, planned.output
    assert "outdated: mkdocs.yml: style: 12 articles, $0.4165 (buy with" in planned.stdout
    assert "one-style.md" in planned.stdout  # pinned: not even outdated
    assert len(image_server.paid_calls) == BOUGHT


def test_init_has_nothing_to_add_to_the_example_site(example: Path) -> None:
    run = run_in(example, "mkdocs_imagegen", "init", "--yes")
    assert run.code == 0, run.output
    assert "Nothing to do." in run.stderr
