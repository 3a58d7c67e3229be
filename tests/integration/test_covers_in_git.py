"""`store: covers/` in real git: whoever has the commit has the covers, without key or network."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.bills import apply_as_planned, said_cleanly, server_of
from tests.imageserver import ImageServer, Picture
from tests.sites import Site

OPTIONS = {"price_as": "openai", "size": "1024x1024", "quality": "low", "concurrency": 1}
CI = {"CI": "true"}
NO_KEY = {"IMAGEGEN_API_KEY": "", "IMAGEGEN_BASE_URL": "http://127.0.0.1:9/v1"}
"""A port that nothing listens on."""
FROZEN = {"IMAGEGEN_MODE": "frozen", **CI, **NO_KEY}

pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
    pytest.mark.usefixtures("git_of_nobody"),
]


def git(folder: Path, *args: str, fails: bool = False) -> str:
    done = subprocess.run(
        ["git", *args], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout


def commit_all(site: Site) -> None:
    """Commit what a person would: all but what .gitignore names."""
    if not (site.root / ".git").exists():
        git(site.root, "init", "--quiet", "--initial-branch", "main")
        site.write(".gitignore", "/site/\n/.cache/\n")
    git(site.root, "add", "--all")
    git(site.root, "commit", "--quiet", "--message", "Covers")


def clone_of(site: Site, path: Path) -> Site:
    """Return another machine's checkout: what is committed, and nothing else."""
    commit_all(site)
    git(site.root, "clone", "--quiet", str(site.root), str(path))
    return Site(path, site.server, options=dict(site.options), config=dict(site.config))


def published(site: Site) -> dict[str, bytes]:
    """Return the pictures of all covers by name."""
    folder = site.built / "assets" / "covers"
    pictures = [path for path in folder.iterdir() if path.suffix in (".webp", ".jpeg")]
    return {path.name: path.read_bytes() for path in pictures}


def digests_in(folder: Path) -> set[str]:
    """Return the digests of the pictures in a covers folder; each must be what its name says."""
    found = {path for path in folder.iterdir() if path.suffix != ".json"}
    for path in found:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
        record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert record["digest"] == path.stem
    assert len([*folder.iterdir()]) == 2 * len(found)
    return {path.stem for path in found}


@pytest.fixture(scope="module")
def paid_for(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a site whose three covers are in `covers/`: copy it, never build in it."""
    with ImageServer() as server:
        options = {**OPTIONS, "store": "covers/"}
        site = Site(tmp_path_factory.mktemp("paid") / "site", server, options=options)
        write_articles(site)
        server.script(Picture("png"))
        assert apply_as_planned(site) == 3
        yield site.root


@pytest.fixture
def in_git(paid_for: Path, image_server: ImageServer, tmp_path: Path) -> Site:
    """A copy of that site; its server has seen nothing. a.md came as PNG, the rest as WebP."""
    shutil.copytree(paid_for, tmp_path / "site")
    return Site(tmp_path / "site", image_server, options={**OPTIONS, "store": "covers/"})


def write_articles(site: Site) -> None:
    for name, prompt in {"a": "A red fox", "b": "A lighthouse", "c": "A lamp"}.items():
        site.article(f"{name}.md", cover_prompt=prompt)


def test_a_clone_builds_frozen_without_key_or_network_and_never_buys_what_is_lost(
    site: Site, tmp_path: Path
) -> None:
    server = server_of(site)
    site.options = dict(OPTIONS)
    write_articles(site)
    server.script(Picture("png"))
    assert apply_as_planned(site) == 3
    assert not (site.root / "covers").exists()
    site.options["store"] = "covers/"  # only after they were bought
    assert site.build(**CI).code == 0
    assert not (site.root / "covers").exists()
    filled = site.apply()
    assert filled.code == 0, filled.output
    sold = {call.picture_digest for call in server.paid_calls}
    assert digests_in(site.root / "covers") == sold
    assert site.build("--strict").code == 0

    clone = clone_of(site, tmp_path / "clone")
    assert not (clone.root / ".cache").exists()
    for _ in range(2):
        built = clone.build("--strict", **FROZEN)
        assert built.code == 0, built.output
        assert published(clone) == published(site)
    assert git(clone.root, "status", "--porcelain") == ""

    shutil.rmtree(clone.root / "covers")
    shutil.rmtree(clone.root / ".cache")
    frozen = clone.build(**FROZEN)
    assert frozen.code == 1
    told = said_cleanly(frozen, server).partition("3 of 3 covers are not there:")[2]
    for name in "abc":
        assert f"  {name}.md: paid for, but in no store\n" in told
    assert told.count("hint: mkdocs-imagegen restore --from https://example.com/") == 1
    for environ in ({}, CI, {"IMAGEGEN_MODE": "generate", **CI}):
        built = clone.build(**environ)
        assert built.code == 0, built.output
        assert said_cleanly(built, server).count("but it is in no store") == 3
        assert "3 lost" in built.output or "3 covers lost" in built.output
        assert published(clone).keys().isdisjoint(published(site))
    assert clone.build("--strict", **CI).code == 1
    assert clone.apply().code == 0
    assert git(clone.root, "status", "--porcelain", "imagegen.lock") == ""
    assert len(server.calls) == 3


def pointer_to(path: Path) -> str:
    data = path.read_bytes()
    return (
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{hashlib.sha256(data).hexdigest()}\nsize {len(data)}\n"
    )


@pytest.mark.parametrize("tracked", ["pictures", "all files"])
def test_git_lfs_pointers_are_told_by_name_and_never_bought_again(
    in_git: Site, tracked: str, tmp_path: Path
) -> None:
    server = server_of(in_git)
    clone = clone_of(in_git, tmp_path / "clone")
    whole = tmp_path / "whole"
    shutil.copytree(clone.root / "covers", whole)
    for path in (clone.root / "covers").iterdir():
        if path.suffix != ".json" or tracked == "all files":
            path.write_text(pointer_to(path), encoding="utf-8")
    clone.article("b.md", cover_prompt="A lighthouse", cover_pin=True, cover_quality="medium")

    plan = clone.plan("--rebuy")
    assert {action["action"] for action in plan["actions"]} == {"blocked"}
    frozen = clone.build(**FROZEN)
    assert frozen.code == 1
    assert "backup" not in frozen.output.partition("covers are not there:")[2]
    for run in (
        frozen,
        clone.build(**CI),
        clone.build(IMAGEGEN_MODE="generate"),
        clone.apply(),
        clone.apply("--rebuy"),
    ):
        said = said_cleanly(run, server)
        assert "run git lfs pull" in said
        for name in "abc":
            assert f"{name}.md" in said
    clone.options["style"] = "Ink on paper"  # makes them outdated, and no more lost than before
    assert "run git lfs pull" in said_cleanly(clone.apply("--rebuy"), server)
    assert server.calls == []

    del clone.options["style"]
    shutil.copytree(whole, clone.root / "covers", dirs_exist_ok=True)
    pulled = clone.build("--strict", **FROZEN)
    assert pulled.code == 0, pulled.output
    assert server.calls == []


def test_frozen_raises_no_false_alarm_for_covers_that_need_no_new_picture(
    in_git: Site, tmp_path: Path
) -> None:
    server = server_of(in_git)
    in_git.article("shared.md", cover_prompt="A lamp")
    in_git.article("draft.md", cover_prompt="Not yet", draft=True)
    in_git.article("off.md", cover_prompt="Never", cover_enabled=False)
    in_git.article("off-too.md", cover=False)
    in_git.article("own.md", cover="own.png")
    in_git.article("plain.md")
    Image.new("RGB", (640, 480)).save(in_git.docs / "own.png")
    in_git.article("a.md", cover_prompt="A red fox", cover_size="1536x1024", cover_pin=True)
    in_git.options["style"] = "Ink on paper"
    assert in_git.build("--strict").code == 0
    shown = published(in_git)
    actions = in_git.actions()
    assert (actions["a.md"], actions["b.md"], actions["own.md"]) == ("reuse", "outdated", "own")

    clone = clone_of(in_git, tmp_path / "clone")
    # shared.md wants the picture that c.md's words give under today's style: that is a new one.
    missing = clone.build(**FROZEN)
    assert missing.code == 1
    assert "1 of 6 covers are not there:\n  shared.md: new" in missing.output
    assert "mkdocs-imagegen apply" in missing.output
    del clone.options["style"]
    built = clone.build("--strict", **FROZEN)
    assert built.code == 0, built.output
    assert clone.cover_of("shared/index.html") == clone.cover_of("c/index.html")

    (clone.docs / "shared.md").unlink()  # never in the lockfile, so never approved
    clone.options |= {"model": "gpt-image-1-mini", "quality": "medium"}
    built = clone.build("--strict", **FROZEN)
    assert built.code == 0, built.output
    assert published(clone).keys() <= shown.keys()
    assert clone.actions()["b.md"] == "outdated"
    assert server.calls == []


def test_approved_covers_of_outdated_and_pinned_articles_come_into_the_folder_too(
    site: Site, tmp_path: Path
) -> None:
    server = server_of(site)
    site.options = dict(OPTIONS)
    site.article("a.md", cover_prompt="A red fox")
    site.article("b.md", cover_prompt="A lighthouse")
    assert apply_as_planned(site) == 2
    site.options |= {"store": "covers/", "style": "Ink on paper"}
    site.article("a.md", cover_prompt="A blue fox", cover_pin=True)
    assert site.actions() == {"a.md": "reuse", "b.md": "outdated"}
    assert site.apply().code == 0
    assert digests_in(site.root / "covers") == {c.picture_digest for c in server.paid_calls}

    clone = clone_of(site, tmp_path / "clone")
    built = clone.build("--strict", **FROZEN)
    assert built.code == 0, built.output
    assert len(server.calls) == 2


def test_two_branches_that_each_bought_an_article_merge_and_build_frozen(
    in_git: Site, tmp_path: Path
) -> None:
    server = server_of(in_git)
    commit_all(in_git)
    for branch, name in (("one", "aa"), ("two", "z")):
        git(in_git.root, "switch", "--quiet", "--create", branch, "main")
        in_git.article(f"{name}.md", cover_prompt=f"Made on branch {branch}")
        assert apply_as_planned(in_git) == 1
        commit_all(in_git)
    git(in_git.root, "merge", "--quiet", "--no-edit", "one")
    clone = clone_of_commit(in_git, tmp_path / "merged")
    built = clone.build("--strict", **FROZEN)
    assert built.code == 0, built.output
    assert len(published(clone)) == 5 * 4  # three widths and a link preview
    assert len(server.calls) == 2

    # Both bought at the same place of the lockfile: git asks, `doctor --fix` answers.
    for branch, name in (("three", "ya"), ("four", "yb")):
        git(in_git.root, "switch", "--quiet", "--create", branch, "two")
        in_git.article(f"{name}.md", cover_prompt=f"Made on branch {branch}")
        assert apply_as_planned(in_git) == 1
        commit_all(in_git)
    git(in_git.root, "merge", "--no-edit", "three", fails=True)
    stopped = in_git.build(**CI)
    assert stopped.code == 1
    assert "hint: mkdocs-imagegen doctor --fix" in said_cleanly(stopped, server)
    assert in_git.cli("doctor", "--fix").code == 0
    assert in_git.apply().code == 0
    (in_git.root / "imagegen.lock.orig").unlink()
    commit_all(in_git)
    clone = clone_of_commit(in_git, tmp_path / "mended")
    built = clone.build("--strict", **FROZEN)
    assert built.code == 0, built.output
    assert len(published(clone)) == 7 * 4
    assert len(server.paid_calls) == 4


def clone_of_commit(site: Site, path: Path) -> Site:
    assert git(site.root, "status", "--porcelain") == ""
    git(site.root, "clone", "--quiet", str(site.root), str(path))
    return Site(path, site.server, options=dict(site.options))


def test_all_languages_have_one_lockfile_and_properdocs_reads_the_same_folder(
    site: Site, tmp_path: Path
) -> None:
    server = server_of(site)
    site.options = {**OPTIONS, "store": "covers/"}
    languages = [
        {"locale": "en", "name": "English", "default": True},
        {"locale": "fr", "name": "Français"},
        {"locale": "de", "name": "Deutsch"},
    ]
    i18n = {"docs_structure": "suffix", "fallback_to_default": True, "languages": languages}
    # A theme that both hosts have: ProperDocs comes without any.
    site.config = {"theme": {"name": None, "custom_dir": "theme"}, "plugins": [{"i18n": i18n}]}
    site.write("theme/main.html", "<html><head></head><body>{{ page.content }}</body></html>")
    site.article("index.md")
    site.article("story.md", cover_prompt="A fox in snow")
    site.article("story.fr.md", cover_prompt="Un renard dans la neige")
    site.article("shared.md", cover_prompt="A lighthouse")
    bought = site.build("--strict", **CI)
    assert bought.code == 0, bought.output
    assert len(server.paid_calls) == 3
    text = (site.root / "imagegen.lock").read_bytes()
    lines = [json.loads(line) for line in text.splitlines()]
    articles = [(line["article"], line["locale"]) for line in lines if "article" in line]
    assert articles == [("shared.md", "en"), ("story.fr.md", "fr"), ("story.md", "en")]
    assert [*site.root.rglob("imagegen.lock")] == [site.root / "imagegen.lock"]
    assert site.apply().code == 0
    assert (site.root / "imagegen.lock").read_bytes() == text

    clone = clone_of(site, tmp_path / "clone")
    clone.write("properdocs.yml", "INHERIT: mkdocs.yml\n")
    for host in ("mkdocs", "properdocs"):
        shutil.rmtree(clone.root / ".cache", ignore_errors=True)
        built = clone.build("--strict", host=host, **FROZEN)
        assert built.code == 0, built.output
        assert published(clone) == published(site)
    shutil.rmtree(clone.root / ".cache")
    shutil.rmtree(clone.root / "covers")
    for host in ("mkdocs", "properdocs"):
        lost = clone.build(host=host, **CI)
        assert lost.code == 0, lost.output
        assert lost.output.count("but it is in no store") == 3
        assert clone.build(host=host, **FROZEN).code == 1
    assert len(server.calls) == 3
