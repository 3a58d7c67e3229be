"""Hosts that need more than a mkdocs.yml: ProperDocs without MkDocs, and mike's versions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.neighbours.alone import make_environment
from tests.reader import read_page
from tests.sites import Site

COVER = {"cover_size": "1280x672", "cover_quality": "low"}


def key_of(site: Site) -> dict[str, str]:
    assert site.server is not None
    return {"IMAGEGEN_BASE_URL": site.server.base_url, "IMAGEGEN_API_KEY": site.server.api_key}


def run(site: Site, *command: str | Path, **environ: str) -> str:
    """Run a command in the site's folder; return all that it said."""
    site.configure()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=site.root,
        env={**os.environ, **key_of(site), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_properdocs_alone_plans_buys_and_builds(site: Site, tmp_path: Path) -> None:
    python = make_environment(tmp_path / "environment")
    gone = subprocess.run([python, "-c", "import mkdocs"], capture_output=True, check=False)
    assert b"No module named 'mkdocs'" in gone.stderr
    site.config["theme"] = {"name": "mkdocs"}
    site.article("index.md")
    site.article("guide.md", cover_prompt="A fox", **COVER)

    planned = run(site, python, "-m", "mkdocs_imagegen", "plan")
    assert "1 to buy" in planned
    module = (python, "-m", "properdocs", "build", "--strict")
    built = run(site, *module, IMAGEGEN_MODE="generate")
    assert "1 of 1 covers bought" in built
    assert "WARNING -" not in built
    cover = site.cover_of("guide/index.html")
    with Image.open(cover) as picture:
        picture.load()
    assert len(read_page(site.page("guide/index.html")).meta("og:image")) == 1

    again = run(site, *module)
    assert "WARNING -" not in again
    assert site.cover_of("guide/index.html") == cover
    assert site.server is not None
    assert len(site.server.calls) == 1


def git(folder: Path, *args: str) -> None:
    subprocess.run(["git", *args], cwd=folder, capture_output=True, check=True)


@pytest.mark.usefixtures("git_of_nobody")
def test_each_version_of_mike_has_its_covers_and_a_later_one_buys_none_again(
    site: Site, tmp_path: Path
) -> None:
    # mike starts its host by name, in a process of its own.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    site.config |= {
        "strict": True,
        "theme": {"name": "mkdocs"},
        "plugins": ["search", {"mike": {"canonical_version": "latest"}}],
    }
    site.article("index.md")
    site.article("guide.md", cover_prompt="A fox", **COVER)
    git(site.root, "init", "--quiet")
    git(site.root, "commit", "--quiet", "--allow-empty", "--message", "Start")
    mike = (sys.executable, "-c", "from mike.driver import main; main()", "deploy")
    environ = {"CI": "true", "PATH": path}

    run(site, *mike, "--update-aliases", "1.0", "latest", **environ)
    assert site.server is not None
    assert len(site.server.paid_calls) == 1
    site.article("later.md", cover_prompt="A heron", **COVER)
    run(site, *mike, "--update-aliases", "2.0", "latest", **environ)
    assert len(site.server.paid_calls) == len(site.server.calls) == 2

    git(tmp_path, "clone", "--quiet", "--branch", "gh-pages", str(site.root), "pages")
    pages = tmp_path / "pages"
    for version, articles in (("1.0", ["guide"]), ("2.0", ["guide", "later"])):
        for name in articles:
            folder = pages / version / name
            page = read_page((folder / "index.html").read_text(encoding="utf-8"))
            [figure] = page.figures
            with Image.open(folder / figure["src"]) as picture:
                picture.load()
            [preview] = page.meta("og:image")
            assert preview.startswith("https://example.com/latest/assets/covers/")
            assert (pages / preview.removeprefix("https://example.com/")).is_file()
    assert not (pages / "1.0" / "later").exists()
