"""The site that is measured: N Material pages with a cover each, and a mkdocs.yml for each way.

The articles stand outside the navigation: Material writes it into every page, which would take
most of the time and vary more than what is measured.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
_FONT = "Manrope"
_WORDS = (
    "a build reads pages and writes pictures of quiet harbours where small boats wait for wind "
    "while tests count every paid request so that nobody pays twice for the same lighthouse"
).split()
_CODE = "```python\ndef price(tokens: int, rate: float) -> float:\n    return tokens * rate / 1e6\n```"


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to build the site."""

    name: str
    title: str
    plugin: dict[str, Any] | None = None

    @property
    def config_file(self) -> str:
        """Its mkdocs.yml, in the site's folder."""
        return f"{self.name}.yml"


BARE = Variant("bare", "without the plugin")
BOUGHT = Variant(
    "bought",
    "bought covers, all cached",
    {"imagegen": {"cache_dir": ".cache/bought", "budget": {"max_images": 1_000_000}}},
)
DRAWN = Variant("drawn", "drawn covers, all cached", {"imagegen": {"cache_dir": ".cache/drawn"}})
SOCIAL = Variant(
    "social",
    "Material's social, all cached",
    {"social": {"cards_layout_options": {"font_family": _FONT}}},
)
VARIANTS = (BARE, BOUGHT, DRAWN, SOCIAL)


def write_site(folder: Path, pages: int) -> None:
    """Write the articles, and a configuration file for each variant."""
    articles = folder / "docs/articles"
    articles.mkdir(parents=True)
    (folder / "docs/index.md").write_text("# Home\n", encoding="utf-8")
    for number in range(pages):
        (articles / f"article-{number:05}.md").write_text(_article(number), encoding="utf-8")
    for variant in VARIANTS:
        config = {
            "site_name": "Benchmark",
            "site_url": "https://example.com/",
            "site_dir": f"site-{variant.name}",
            "theme": {"name": "material", "font": False},
            "nav": ["index.md"],
            "not_in_nav": "/articles/*",
            "plugins": [variant.plugin] if variant.plugin else [],
        }
        text = yaml.safe_dump(config, sort_keys=False)
        (folder / variant.config_file).write_text(text, encoding="utf-8")


def build(folder: Path, variant: Variant) -> None:
    """Run `mkdocs build` in a fresh interpreter; never buys.

    Raises:
        SystemExit: the build failed.
    """
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", variant.config_file]
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{variant.config_file} can't be built:\n{done.stderr[-2000:]}")


def buy_covers(folder: Path) -> int:
    """Buy all covers from the tests' own Image API; return how many it sold."""
    sys.path.insert(0, str(ROOT))  # the server belongs to the tests, and is not installed
    from tests.imageserver import ImageServer

    with ImageServer() as server:
        key = {"IMAGEGEN_BASE_URL": server.base_url, "IMAGEGEN_API_KEY": server.api_key}
        subprocess.run(
            [sys.executable, "-m", "mkdocs_imagegen", "apply", "--yes", "-f", BOUGHT.config_file],
            cwd=folder,
            env={**environment(), **key},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return len(server.paid_calls)


def seed_social_font(folder: Path) -> None:
    """Give the social plugin the font of our drawn covers: it would download one otherwise."""
    import font_manrope

    source = Path(font_manrope.__file__).parent / "files"
    target = folder / ".cache/plugin/social/fonts" / _FONT
    target.mkdir(parents=True)
    for weight in ("Regular", "Bold"):
        shutil.copyfile(source / f"{_FONT}-{weight}.ttf", target / f"{weight}.ttf")


def why_no_social() -> str:
    """Return why Material's social plugin can't run here, `""` where it can."""
    command = [sys.executable, "-c", "import cairosvg, PIL"]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    said = tried.stderr.strip().splitlines() or ["no reason told"]
    return said[-1] if tried.returncode else ""


def environment() -> dict[str, str]:
    """Return this environment without keys, so that no build can buy."""
    ours = ("IMAGEGEN_", "OPENAI_", "NBILITY_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    kept.pop("CI", None)
    return {**kept, "NO_MKDOCS_2_WARNING": "1"}


def _article(number: int) -> str:
    dice = random.Random(number)

    def prose(words: int) -> str:
        return " ".join(dice.choices(_WORDS, k=words)).capitalize() + "."

    meta = {
        "title": f"Article {number}",
        "description": prose(12),
        "tags": ["benchmark", f"group-{number % 5}"],
        "cover_prompt": f"Lighthouse number {number}. {prose(14)}",
        "cover_alt": prose(6),
    }
    sections = [
        f"## {prose(4)}\n\n{prose(60)}\n\n- {prose(8)}\n- {prose(8)}\n\n{_CODE}\n\n{prose(50)}"
        for _ in range(4)
    ]
    front = yaml.safe_dump(meta, sort_keys=False)
    return "\n\n".join([f"---\n{front}---\n# Article {number}", prose(30), *sections]) + "\n"
