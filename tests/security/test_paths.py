"""Paths that authors write: none leads out of the site's folder, by a link or by its spelling."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files, get_files

from mkdocs_imagegen.articles.paths import find_candidates
from mkdocs_imagegen.site import digest_files
from tests.sites import Site

SECRET = b"canary-outside-91c3"
PARTS = st.sampled_from(
    [
        *("..", ".", "", "a", "%2e%2e", "%2E.", "..%2f", "%5c..", "..\\", "~", "C:", "\\\\host"),
        *("%00", "x.png", "%", "%zz", "\u2025", "\uff0e\uff0e", "%c0%ae%c0%ae", "%252e%252e"),
    ]
)
HOSTILE = [
    "../secret.png",
    "../../secret.png",
    "/../secret.png",
    "a/../../../secret.png",
    "%2e%2e/secret.png",
    "%2e%2e%2fsecret.png",
    "..\\secret.png",
    "..%5csecret.png",
    "//host/secret.png",
    "\\\\host\\secret.png",
    "file:///etc/passwd",
    "FILE://localhost/etc/passwd",
    "data:image/svg+xml,<svg/>",
    "javascript:alert(1)",
    "secret.png\0.png",
    "secret.png%00.png",
    "~/secret.png",
    "$HOME/secret.png",
    "x" * 300 + ".png",
    "x/" * 5_000 + "x.png",
    ".." + "/.." * 5_000,
    "\u202egnp.exe",
    "-rf",
    "con",
    "a\nb.png",
]


@given(parts=st.lists(PARTS | st.text(max_size=6), max_size=8), page=st.sampled_from(["", "a/b"]))
def test_no_spelling_names_a_file_above(parts: list[str], page: str) -> None:
    for uri in find_candidates("/".join(parts), page):
        full = os.path.normpath(f"/docs/{uri}")
        assert full.startswith("/docs/")
        assert "\0" not in uri


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A docs_dir with links of every kind to what lies outside, and one that stays inside."""
    (tmp_path / "secret.png").write_bytes(SECRET)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.png").write_bytes(SECRET)
    (tmp_path / "docs2").mkdir()  # a name that begins as the folder's own does
    (tmp_path / "docs2" / "x.png").write_bytes(SECRET)
    docs = tmp_path / "docs"
    (docs / "inside").mkdir(parents=True)
    (docs / "inside" / "good.png").write_bytes(b"good")
    links = {
        "file.png": tmp_path / "secret.png",
        "relative.png": Path("../secret.png"),
        "folder": tmp_path / "outside",
        "twin": Path("../docs2"),
        "chain.png": Path("file.png"),
        "circle.png": Path("circle.png"),
        "inside.png": Path("inside/good.png"),
    }
    for name, target in links.items():
        (docs / name).symlink_to(target)
    os.mkfifo(docs / "fifo.png")  # reading it would wait for ever
    return docs


def found(docs: Path, *uris: str) -> set[str]:
    config = MkDocsConfig()
    config.load_dict({"site_name": "x", "docs_dir": str(docs), "site_dir": str(docs / "../site")})
    config.plugins = None  # type: ignore[assignment]  # MkDocs asks it for nothing here
    digests = set()
    for files in (Files([]), get_files(config)):
        digests |= set(digest_files(frozenset(uris), files, str(docs)))
    return digests


def test_no_link_is_followed_out_of_the_folder(docs: Path) -> None:
    asked = [
        *("file.png", "relative.png", "folder/x.png", "twin/x.png", "chain.png", "circle.png"),
        *("fifo.png", "folder", "inside", ".", "missing.png"),
        *("inside/../../secret.png", "../secret.png", "folder/../secret.png"),
    ]
    assert found(docs, *asked, "inside.png", "inside/good.png") == {"inside.png", "inside/good.png"}


def test_no_hostile_spelling_is_found_or_brings_an_error(docs: Path) -> None:
    for ref in HOSTILE:
        uris = [*find_candidates(ref, ""), *find_candidates(ref, "inside"), *_cleaned(ref)]
        assert found(docs, *uris) == set()


def _cleaned(ref: str) -> list[str]:
    """What a name would be if the checks above let it through."""
    return [ref, quote(ref)]


def test_a_site_publishes_nothing_from_outside_and_builds(
    keyless_site: Site, tmp_path: Path
) -> None:
    site = keyless_site
    (tmp_path / "secret.png").write_bytes(SECRET)
    (tmp_path / "outside.j2").write_bytes(SECRET)
    site.write("cover_templates/good.j2", "{{ cover.prompt }}")
    (site.root / "cover_templates" / "link.j2").symlink_to(tmp_path / "outside.j2")
    for n, ref in enumerate(HOSTILE):
        for key in ("cover", "cover_mask", "cover_references", "cover_template"):
            prompt = {} if key == "cover" else {"cover_prompt": "A fox"}
            site.article(f"{key}/a{n}.md", **{**prompt, key: ref})
    site.article("link.md", cover_prompt="A fox", cover_template="link.j2")
    plan = site.cli("plan", "--format", "json")
    built = site.build()
    for run in (plan, built):
        assert "Traceback" not in run.output
        assert SECRET.decode() not in run.output
    assert built.code == 0, built.output
    for path in site.built.rglob("*"):
        assert path.is_dir() or SECRET not in path.read_bytes(), path
