"""The site that is measured: N Material pages with a cover each, and a mkdocs.yml for each way.

The articles stand outside the navigation: Material writes it into every page, which would take
most of the time and vary more than what is measured.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
BUYS_UP_TO = 300
"""Pages; a larger site's store is filled without a purchase, which takes a fraction of the time."""
_FONT = "Manrope"
_TEXT = (
    "a build reads pages and writes pictures of quiet harbours where small boats wait for wind "
    "while tests count every paid request so that nobody pays twice for the same lighthouse"
)
_CODE = """```python
def price_usd(tokens: int, rate: float) -> float:
    return tokens * rate / 1e6
```"""


@dataclass(frozen=True, slots=True, eq=False)
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
    {"imagegen": {"cache_dir": ".cache/bought", "budget": {"max_images": BUYS_UP_TO}}},
)
DRAWN = Variant("drawn", "drawn covers, all cached", {"imagegen": {"cache_dir": ".cache/drawn"}})
SOCIAL = Variant(
    "social",
    "Material's social, all cached",
    {"social": {"cards_layout_options": {"font_family": _FONT}}},
)


def write_site(folder: Path, pages: int) -> None:
    """Write the articles, and a configuration file for each variant."""
    articles = folder / "docs/articles"
    articles.mkdir(parents=True)
    (folder / "docs/index.md").write_text("# Home\n", encoding="utf-8")
    for number in range(pages):
        (articles / f"article-{number:05}.md").write_text(article_text(number), encoding="utf-8")
    for variant in (BARE, BOUGHT, DRAWN, SOCIAL):
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
    """Run `mkdocs build` in a fresh interpreter; never buys."""
    run(folder, "-m", "mkdocs", "build", "--strict", "-f", variant.config_file)


def run(folder: Path, *arguments: str, **environ: str) -> str:
    """Run a fresh interpreter in the site's folder, and return what it prints.

    Raises:
        SystemExit: it failed.
    """
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**_environment(folder), **environ},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def fill_store(folder: Path, pages: int) -> str:
    """Put an original for each cover into the store, and return how that was done."""
    if pages > BUYS_UP_TO:
        _fill_by_hand(folder)
        return "put into the store by hand"
    sys.path.insert(0, str(ROOT))  # the server belongs to the tests, and is not installed
    from tests.imageserver import ImageServer

    with ImageServer() as server:
        key = {"IMAGEGEN_BASE_URL": server.base_url, "IMAGEGEN_API_KEY": server.api_key}
        run(folder, "-m", "mkdocs_imagegen", "apply", "--yes", "-f", BOUGHT.config_file, **key)
        return f"bought in {len(server.paid_calls)} requests from the tests' Image API"


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


def _fill_by_hand(folder: Path) -> None:
    from PIL import Image

    from mkdocs_imagegen.keys import digest
    from mkdocs_imagegen.model import Record
    from mkdocs_imagegen.store import Store

    planned = run(
        folder, "-m", "mkdocs_imagegen", "plan", "--format", "json", "-f", BOUGHT.config_file
    )
    with Store.open(folder / ".cache/bought") as store:
        for number, action in enumerate(json.loads(planned)["actions"]):
            picture = BytesIO()
            colour = number.to_bytes(3, "big")
            image = Image.new("RGB", (1536, 1024), (colour[0], colour[1], colour[2]))
            image.putpixel((0, 0), (255, 255, 255))
            image.save(picture, "WEBP", method=0, lossless=True)
            data = picture.getvalue()
            record = Record(
                request_key=action["request_key"],
                digest=digest(data),
                size_bytes=len(data),
                article=action["article"],
                sent={"model": action["model"], "size": action["size"]},
                endpoint="https://example.com",
                received_at="2026-01-01T00:00:00+00:00",
            )
            store.put(record, data)


def _environment(folder: Path) -> dict[str, str]:
    """Return this environment without keys, so that no build can buy, and with compiled modules."""
    left_out = ("IMAGEGEN_", "OPENAI_", "NBILITY_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    kept.pop("CI", None)
    # An installed package is compiled; a checkout may be neither compiled nor writable.
    compiled = str(folder / ".compiled")
    return {**kept, "PYTHONPYCACHEPREFIX": compiled, "NO_MKDOCS_2_WARNING": "1"}


def article_text(number: int) -> str:
    """Return the Markdown of an article, the same each time."""
    dice, vocabulary = random.Random(number), _TEXT.split()

    def prose(words: int) -> str:
        return " ".join(dice.choices(vocabulary, k=words)).capitalize() + "."

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
