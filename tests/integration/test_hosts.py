"""What runs the site: MkDocs or ProperDocs, `build` or `gh-deploy`, the first time or again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.reader import read_page
from tests.sites import Site

MATERIAL = {"name": "material", "font": False}

WITHOUT_MKDOCS = """
import sys


class NoMkDocs:
    '''As on a machine where only ProperDocs is installed.'''

    def find_spec(self, name, path=None, target=None):
        if name == "mkdocs" and "properdocs.replacement" not in sys.modules:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, NoMkDocs())
"""


def test_properdocs_builds_the_same_covers_from_the_same_store(site: Site) -> None:
    site.config = {"theme": MATERIAL, "plugins": ["search", "blog"]}
    site.write(
        "docs/blog/posts/post.md",
        "---\ndate: 2026-01-01\ncover_prompt: A fox\ncover_size: 1280x672\n---\n# Post\n\nText.\n",
    )
    site.article("drawn.md", cover_prompt="A hare", cover_size="1024x1024", cover_quality="low")
    site.article("index.md")
    site.write("properdocs.yml", "INHERIT: mkdocs.yml\n")
    site.write("hidden/sitecustomize.py", WITHOUT_MKDOCS)
    plan = site.plan()
    assert plan == site.plan("-f", "properdocs.yml", PYTHONPATH=str(site.root / "hidden"))

    built = site.build("--strict", host="properdocs", IMAGEGEN_MODE="generate")
    assert built.code == 0, built.output
    assert "2 of 2 covers bought" in built.stderr
    post = "blog/2026/01/01/post/index.html"
    cover = site.cover_of(post)
    assert len(read_page(site.page(post)).meta("og:image")) == 1

    again = site.build("--strict", IMAGEGEN_MODE="generate")
    assert again.code == 0, again.output
    assert site.cover_of(post) == cover
    assert site.server is not None
    assert len(site.server.paid_calls) == 2


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", *args], cwd=folder, capture_output=True, encoding="utf-8", check=True
    )
    return done.stdout


@pytest.mark.usefixtures("git_of_nobody")
def test_gh_deploy_in_ci_buys_and_deploys_the_covers(site: Site, tmp_path: Path) -> None:
    site.article("a.md", cover_prompt="A fox", cover_size="1024x1024")
    site.configure()
    git(tmp_path, "init", "--quiet", "--bare", "pages.git")
    git(site.root, "init", "--quiet")
    git(site.root, "remote", "add", "origin", str(tmp_path / "pages.git"))
    git(site.root, "commit", "--quiet", "--allow-empty", "--message", "Start")

    assert site.server is not None
    key = {"IMAGEGEN_BASE_URL": site.server.base_url, "IMAGEGEN_API_KEY": site.server.api_key}
    deployed = subprocess.run(
        [sys.executable, "-m", "mkdocs", "gh-deploy", "--force", "--strict"],
        cwd=site.root,
        env={**os.environ, **key, "CI": "true"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert deployed.returncode == 0, deployed.stderr
    assert len(site.server.paid_calls) == 1
    published = git(tmp_path / "pages.git", "ls-tree", "-r", "--name-only", "gh-pages")
    built = sorted(path.name for path in (site.built / "assets" / "covers").iterdir())
    deployed_names = sorted(
        name.removeprefix("assets/covers/")
        for name in published.splitlines()
        if name.startswith("assets/covers/")
    )
    assert deployed_names == built
    assert site.cover_of("a/index.html").name in built


WATCHING_HOOK = """
import sys

HEAVY = {"openai", "httpx2", "httpx", "PIL"}
sockets = []


def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "socket.sendto"):
        sockets.append(event)


sys.addaudithook(watch)


def on_shutdown():
    print("imported:", sorted(HEAVY & set(sys.modules)))
    print("sockets:", sockets)
"""


def test_a_build_without_changes_imports_no_sdk_or_pillow_and_opens_no_socket(site: Site) -> None:
    site.config = {"theme": MATERIAL, "plugins": ["search", "blog"], "hooks": ["watching.py"]}
    site.write("watching.py", WATCHING_HOOK)
    site.write(
        "docs/blog/posts/post.md",
        "---\ndate: 2026-01-01\ncover_prompt: A fox\ncover_size: 1280x672\n---\n# Post\n\nText.\n",
    )
    assert site.apply().code == 0
    assert site.server is not None
    site.server.reset()
    site.article("index.md", cover_prompt="A hare", cover_size="1024x1024")
    for name in ("own.png", "own.jpg"):
        Image.new("RGB", (640, 480)).save(site.docs / name)
    site.write("docs/own.svg", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"/>')
    for kind in ("png", "jpg", "svg"):
        site.article(f"own-{kind}.md", cover=f"own.{kind}")

    site.fresh = True
    first = site.build("--strict")
    assert first.code == 0, first.output
    assert "imported: ['PIL']" in first.stdout  # the cover that is drawn, the sizes of own ones
    assert "sockets: []" in first.stdout
    published = {path.name for path in (site.built / "assets" / "covers").iterdir()}

    for mode in ("auto", "plan"):
        again = site.build("--strict", IMAGEGEN_MODE=mode, CI="" if mode == "auto" else "true")
        assert again.code == 0, again.output
        assert "imported: []" in again.stdout
        assert "sockets: []" in again.stdout
    assert {path.name for path in (site.built / "assets" / "covers").iterdir()} == published

    site.fresh = False
    assert site.apply().code == 0
    assert len(site.server.paid_calls) == 1
    site.fresh = True
    for mode in ("generate", "frozen"):
        settled = site.build("--strict", IMAGEGEN_MODE=mode, CI="true")
        assert settled.code == 0, settled.output
        assert "sockets: []" in settled.stdout
    assert "imported: []" in settled.stdout
    assert len(site.server.calls) == 1
