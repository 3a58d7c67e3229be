"""`mkdocs-imagegen gc` on real sites in git: nothing that is in use goes, nothing is bought."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mkdocs_imagegen.store import Store
from tests.bills import apply_as_planned, said_cleanly, server_of
from tests.contract.test_branches import git
from tests.sites import Run, Site

OPTIONS = {"price_as": "openai", "size": "1024x1024", "quality": "low", "retries": 0}
NOW = ("--grace", "0")

pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
    pytest.mark.usefixtures("git_of_nobody"),
]


def commit(site: Site, message: str = "Covers") -> None:
    if not (site.root / ".git").exists():
        git(site.root, "init", "--quiet", "--initial-branch", "main")
        site.write(".gitignore", "/site/\n/.cache/\n")
    git(site.root, "add", "--all")
    git(site.root, "commit", "--quiet", "--message", message)


def found(run: Run) -> dict[str, Any]:
    assert run.code == 0, run.output
    document: dict[str, Any] = json.loads(run.stdout)
    return document


def in_covers(site: Site) -> set[str]:
    return {path.stem for path in (site.root / "covers").glob("*.webp")}


def age(site: Site) -> None:
    """Let the lockfile say that pictures were replaced long ago."""
    lockfile = site.root / "imagegen.lock"
    text = lockfile.read_text(encoding="utf-8")
    aged = re.sub(r'("replaced_at": ")2[^"]+', r"\g<1>2026-01-01T00:00:00+00:00", text)
    assert aged != text
    lockfile.write_text(aged, encoding="utf-8")


def refused(run: Run, *said: str) -> None:
    assert run.code == 1, run.output
    for words in said:
        assert words in run.stderr


def anywhere_on_disk(site: Site, words: str) -> list[Path]:
    kept = ("docs", "site", ".git", "mkdocs.yml")
    files = [path for path in site.root.rglob("*") if path.is_file()]
    local = [path for path in files if path.relative_to(site.root).parts[0] not in kept]
    return [path for path in local if words.encode() in path.read_bytes()]


def test_only_what_no_branch_uses_goes_and_the_next_plan_buys_nothing(site: Site) -> None:
    server = server_of(site)
    site.options = {**OPTIONS, "store": "covers/"}
    site.article("a.md", cover_prompt="A red fox")
    site.article("b.md", cover_prompt="A lighthouse")
    assert apply_as_planned(site) == 2
    commit(site)
    git(site.root, "branch", "draft")
    site.article("a.md", cover_prompt="A blue fox")
    assert apply_as_planned(site) == 1
    commit(site)
    calls, kept = len(server.calls), in_covers(site)
    fox = next(c.picture_digest for c in server.calls if "red fox" in str(c.body))

    in_use = site.cli("gc", *NOW, "--delete", "--yes")
    assert in_use.code == 0, in_use.output
    assert "No orphans" in in_use.stdout
    git(site.root, "branch", "--delete", "--force", "draft")

    previewed = site.cli("gc", *NOW, "--delete", "--yes")
    assert "None of them may go yet" in previewed.stdout  # its link preview is still published
    age(site)
    commit(site)

    waits = site.cli("gc", "--delete", "--yes")
    assert waits.code == 0, waits.output
    assert "replaced" in waits.stdout
    assert "None of them may go yet" in waits.stdout
    asked = site.cli("gc", *NOW, "--delete")
    assert (asked.code, "say --yes" in asked.stderr) == (2, True), asked.output
    dry = found(site.cli("gc", *NOW, "--delete", "--format", "json", IMAGEGEN_DRY_RUN="1"))
    assert in_covers(site) == kept
    (orphan,) = dry["orphans"]
    assert (orphan["digest"], orphan["article"], orphan["due"]) == (fox, "a.md", True)
    assert orphan["model"] == "gpt-image-2"
    assert dry["total"]["usd"] == orphan["usd"] != "0"
    assert orphan["removed"] is False

    gone = site.cli("gc", *NOW, "--delete", "--yes")
    assert gone.code == 0, gone.output
    assert "Removed 1 picture" in said_cleanly(gone, server)
    assert in_covers(site) == kept - {fox}
    assert anywhere_on_disk(site, "A red fox") == []
    assert anywhere_on_disk(site, fox) == [site.root / "imagegen.lock"]  # as what was replaced
    assert set(site.actions().values()) == {"reuse"}
    assert site.build("--strict", CI="true").code == 0
    assert len(server.calls) == calls
    books = site.cli("report", "costs", "--by", "request", "--format", "csv").stdout
    assert len(books.splitlines()) == 1 + 3  # they stay whole


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_a_picture_that_is_taken_in_use_while_gc_asks_stays(site: Site) -> None:
    site.options = dict(OPTIONS)
    site.article("a.md", cover_prompt="A red fox")
    assert apply_as_planned(site) == 1
    site.article("a.md", cover_prompt="A blue fox")
    assert apply_as_planned(site) == 1
    age(site)
    terminal, stdin = os.openpty()
    command = ("-m", "mkdocs_imagegen", "gc", *NOW, "--delete", "--format", "json")
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=site.root,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as gc:
        assert gc.stderr
        said = more = gc.stderr.read(4096)
        while more and b"for good?" not in said:
            more = gc.stderr.read(4096)
            said += more
        assert b"for good?" in said, said
        site.article("a.md", cover_prompt="A red fox")
        os.write(terminal, b"y\n")
        told, said = gc.communicate(timeout=60)
    os.close(terminal)
    os.close(stdin)
    assert b"1 picture stayed: in use again by now" in said, said
    assert [one["removed"] for one in json.loads(told)["orphans"]] == [False]
    assert site.actions() == {"a.md": "reuse"}


def test_a_folder_without_mkdocs_is_cleaned_by_its_name(site: Site) -> None:
    site.options = dict(OPTIONS)
    site.config = {"plugins": ["of-another-generator"]}
    for words in ("A red fox", "A blue fox"):
        site.article("a.md", cover_prompt=words)
        bought = site.apply("--write", "docs")
        assert bought.code == 0, bought.output
    age(site)
    refused(site.cli("gc"), "of-another-generator")
    cleaned = site.cli("gc", "--docs", "docs", *NOW, "--delete", "--yes")
    assert cleaned.code == 0, cleaned.output
    assert "Removed 1 picture" in cleaned.stderr
    assert len(server_of(site).paid_calls) == 2
    applied = site.apply("--write", "docs")
    assert applied.code == 0, applied.output
    assert len(server_of(site).paid_calls) == 2


def test_what_is_not_known_whole_is_never_cleaned(site: Site, tmp_path: Path) -> None:
    server = server_of(site)
    site.options = {**OPTIONS, "store": "covers/"}
    site.article("a.md", cover_prompt="A red fox")
    assert apply_as_planned(site) == 1
    commit(site)
    site.article("a.md", cover_prompt="A blue fox")
    assert apply_as_planned(site) == 1
    commit(site)
    everything = ("gc", *NOW, "--delete", "--yes")

    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{site.root}", "clone")
    shallow = Site(tmp_path / "clone", server, options=dict(site.options))
    refused(shallow.cli(*everything), "shallow clone", "fetch-depth: 0")

    broken = site.write("docs/b.md", "---\ncover_prompt: [\n---\n\n# B\n")
    refused(site.cli(*everything), "b.md", "nothing is removed")
    broken.unlink()
    lockfile = site.root / "imagegen.lock"
    text = lockfile.read_text(encoding="utf-8")
    lockfile.write_text(f"<<<<<<< ours\n{text}", encoding="utf-8")
    refused(site.cli(*everything), "merge conflict", "doctor --fix")
    lockfile.write_text(text, encoding="utf-8")

    age(site)
    commit(site)
    with Store.open(site.root / ".cache/imagegen") as store, store.lock("ab" * 32):
        refused(site.cli(*everything), "another run is at work on 1 request")
    site.options["cache_dir"] = "../elsewhere"
    refused(site.cli(*everything), "other sites may use what is in it")
    del site.options["cache_dir"]
    assert len(in_covers(site)) == 2
    assert len(server.calls) == 2
    shutil.rmtree(site.root / ".git")
    alone = site.cli(*everything)
    assert alone.code == 0, alone.output
    assert "This is no git repository: only imagegen.lock here counts." in alone.stderr
    assert len(in_covers(site)) == 1


def test_an_article_is_forgotten_for_good_and_its_cover_alone_is_bought_anew(site: Site) -> None:
    server = server_of(site)
    site.options = {**OPTIONS, "store": "covers/"}
    site.article("a.md", cover_prompt="A red fox")
    site.article("b.md", cover_prompt="A very private badger")
    site.article("c.md", cover_prompt="A red fox")
    site.article("gone.md", cover_prompt="A lamp")
    assert apply_as_planned(site) == 3
    (site.docs / "gone.md").unlink()
    assert site.build().code == 0
    commit(site)
    git(site.root, "branch", "draft")

    nobody = site.cli("gc", "--forget", "x.md", "--yes")
    assert (nobody.code, "x.md has no picture" in nobody.stderr) == (2, True), nobody.output
    shared = site.cli("gc", "--forget", "a.md", "--yes")
    assert (shared.code, "c.md shows a picture of a.md too" in shared.stderr) == (2, True)
    assert len(in_covers(site)) == 3

    dry = found(
        site.cli("gc", "--forget", "b.md", "--yes", "--format", "json", IMAGEGEN_DRY_RUN="1")
    )
    assert [one["removed"] for one in dry["originals"]] == [False]
    assert len(in_covers(site)) == 3
    run = site.cli("gc", "--forget", "b.md", "--yes")
    assert run.code == 0, run.output
    assert "b.md is forgotten. Commit imagegen.lock and covers/." in run.stderr
    assert "b.md still asks for a cover: the next run would buy it anew, for $0.0" in run.stderr
    assert "draft" in run.stderr
    assert "git's history" in run.stderr
    badger = next(c.picture_digest for c in server.calls if "badger" in str(c.body))
    assert badger not in in_covers(site)
    assert anywhere_on_disk(site, "A very private badger") == []
    assert anywhere_on_disk(site, badger) == []
    assert "b.md" not in (site.root / "imagegen.lock").read_text(encoding="utf-8")
    assert site.actions() == {"a.md": "reuse", "b.md": "generate", "c.md": "reuse"}

    listed = site.cli("gc")
    assert "1 line of articles that are gone (gone.md)" in listed.stderr
    assert site.cli("gc", "--forget", "gone.md", "--yes").code == 0
    assert len(in_covers(site)) == 1
    assert apply_as_planned(site) == 1
    assert len(server.paid_calls) == 4
