"""The site that is measured: a Material blog of N posts, a cover each, in a folder of its own."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
FONTS = Path(".cache/plugin/social/fonts/Manrope")
"""Material's social plugin downloads its font, unless it finds it here."""
_WORDS = (
    "a build reads pages and writes pictures of quiet harbours where small boats wait for wind "
    "while tests count every paid request so that nobody pays twice for the same lighthouse"
).split()
_CODE = "```python\ndef price(tokens: int, rate: float) -> float:\n    return tokens * rate / 1e6\n```"


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to build the site: a configuration file of its own over the same articles."""

    name: str
    title: str
    plugins: tuple[dict[str, Any], ...] = ()

    @property
    def config_file(self) -> str:
        """The name of its mkdocs.yml."""
        return f"{self.name}.yml"


BARE = Variant("bare", "without the plugin")
BOUGHT = Variant(
    "bought",
    "covers bought, all cached",
    ({"imagegen": {"cache_dir": ".cache/bought", "budget": {"max_images": 1_000_000}}},),
)
DRAWN = Variant(
    "drawn", "covers drawn, all cached", ({"imagegen": {"cache_dir": ".cache/drawn"}},)
)
SOCIAL = Variant(
    "social",
    "Material's social cards, all cached",
    ({"social": {"cards_layout_options": {"font_family": "Manrope"}}},),
)


def write_site(folder: Path, pages: int) -> None:
    """Write the articles and a configuration file for each variant."""
    posts = folder / "docs/blog/posts"
    posts.mkdir(parents=True)
    (folder / "docs/index.md").write_text("# Home\n", encoding="utf-8")
    (folder / "docs/blog/index.md").write_text("# Blog\n", encoding="utf-8")
    for number in range(pages):
        text = _article(number)
        (posts / f"post-{number:05}.md").write_text(text, encoding="utf-8")
    for variant in (BARE, BOUGHT, DRAWN, SOCIAL):
        config = {
            "site_name": "Benchmark",
            "site_url": "https://example.com/",
            "site_dir": f"site-{variant.name}",
            "theme": {"name": "material", "font": False},
            "plugins": [{"blog": {}}, {"search": {}}, *variant.plugins],
        }
        text = yaml.safe_dump(config, sort_keys=False)
        (folder / variant.config_file).write_text(text, encoding="utf-8")


def seed_fonts(folder: Path) -> None:
    """Give the social plugin the font of our drawn covers: it has no network here."""
    import font_manrope

    files = Path(font_manrope.__file__).parent / "files"
    (folder / FONTS).mkdir(parents=True)
    for weight in ("Regular", "Bold"):
        shutil.copyfile(files / f"Manrope-{weight}.ttf", folder / FONTS / f"{weight}.ttf")


def why_no_social() -> str:
    """Return why the social plugin can't run here, `""` where it can."""
    tried = subprocess.run(
        [sys.executable, "-c", "import cairosvg"], capture_output=True, text=True, check=False
    )
    if not tried.returncode:
        return ""
    said = tried.stderr.strip().splitlines()
    return said[-1] if said else "import cairosvg fails"


def buy_covers(folder: Path) -> int:
    """Buy all covers from the tests' own Image API; return how many it sold."""
    sys.path.insert(0, str(ROOT))  # the server is the tests', and not installed
    from tests.imageserver import ImageServer

    with ImageServer() as server:
        environ = {
            **os.environ,
            "IMAGEGEN_BASE_URL": server.base_url,
            "IMAGEGEN_API_KEY": server.api_key,
        }
        command = ["-m", "mkdocs_imagegen", "apply", "--yes", "-f", BOUGHT.config_file]
        subprocess.run(
            [sys.executable, *command], cwd=folder, env=environ, check=True, capture_output=True
        )
        return len(server.paid_calls)


def _article(number: int) -> str:
    dice = random.Random(number)

    def prose(words: int) -> str:
        return " ".join(dice.choices(_WORDS, k=words)).capitalize() + "."

    meta = {
        "date": date(2026, number % 12 + 1, number % 28 + 1),
        "description": prose(12),
        "categories": [f"Category {number % 5}"],
        "cover_prompt": f"Lighthouse number {number}: {prose(14)}",
        "cover_alt": prose(6),
    }
    sections = [
        f"## {prose(4)}\n\n{prose(60)}\n\n- {prose(8)}\n- {prose(8)}\n\n{_CODE}\n\n{prose(50)}"
        for _ in range(4)
    ]
    front = yaml.safe_dump(meta, sort_keys=False, default_flow_style=False)
    parts = [f"---\n{front}---\n# Article {number}", prose(30), "<!-- more -->", *sections]
    return "\n\n".join(parts) + "\n"
