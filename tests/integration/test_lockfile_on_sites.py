"""imagegen.lock through the real commands: who writes it, what it saves, what it vouches for."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.bills import apply_as_planned, said_cleanly, server_of
from tests.imageserver import Fault, ImageServer, Picture
from tests.sites import Site

OPTIONS = {"price_as": "openai", "size": "1024x1024", "quality": "low", "concurrency": 1}
CI = {"CI": "true"}
REFUSED = Fault.openai(400, "moderation_blocked", "Your request was rejected.")


def write_articles(site: Site) -> None:
    site.article("b.md", cover_prompt="A paper lighthouse")
    site.article("a.md", cover_prompt="A red fox in fresh snow")
    site.article("notes/c.md", cover_prompt="A lamp on a desk")
    site.article("plain.md")


def lockfile_of(site: Site) -> Path:
    return site.root / "imagegen.lock"


def entries_of(site: Site) -> dict[str, dict[str, Any]]:
    """Return the articles' lines by article, after a look at the form of the file."""
    text = lockfile_of(site).read_text(encoding="utf-8")
    assert text.endswith("}\n")
    header, *rest = map(json.loads, text.splitlines())
    assert header == {"imagegen.lock": 1, "docs_dir": "docs", "site": "Test site"}
    entries = [line for line in rest if "article" in line]
    assert [line["article"] for line in entries] == sorted(line["article"] for line in entries)
    assert rest[: len(entries)] == entries  # templates stand below the articles
    return {line["article"]: line for line in entries}


def stamp(path: Path) -> tuple[bytes, int, int]:
    """Return what changes when a file is written, if only with the same bytes."""
    return path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino


@pytest.fixture(scope="module")
def paid_for(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a site whose three covers were bought: copy it, never build in it."""
    with ImageServer() as server:
        site = Site(tmp_path_factory.mktemp("paid") / "site", server, options=dict(OPTIONS))
        write_articles(site)
        server.script(Picture("png"), Picture("webp"), Picture("webp"))
        assert apply_as_planned(site) == 3
        assert site.build("--strict").code == 0
        yield site.root


@pytest.fixture
def bought(paid_for: Path, image_server: ImageServer, tmp_path: Path) -> Site:
    """A checkout of that site; its server has seen nothing. a.md came as PNG, the rest as WebP."""
    shutil.copytree(paid_for, tmp_path / "site")
    return Site(tmp_path / "site", image_server, options=dict(OPTIONS))


def test_who_buys_writes_it_and_a_run_that_buys_nothing_leaves_every_byte(
    site: Site, tmp_path: Path
) -> None:
    server = server_of(site)
    site.options = dict(OPTIONS)
    write_articles(site)
    assert site.build().code == 0
    assert site.build(IMAGEGEN_MODE="plan", **CI).code == 0
    assert site.plan()["actions"]
    assert not lockfile_of(site).exists()

    bought = site.build(**CI, GITHUB_ACTIONS="true", GITHUB_RUN_ID="4711")
    assert bought.code == 0, bought.output
    assert len(server.paid_calls) == 3
    entries = entries_of(site)
    assert [*entries] == ["a.md", "b.md", "notes/c.md"]
    assert {e["digest"] for e in entries.values()} == {c.picture_digest for c in server.paid_calls}
    assert {e["job"] for e in entries.values()} == {"4711"}

    before = stamp(lockfile_of(site))
    assert site.build(**CI).code == 0
    again = site.apply()
    assert again.code == 0, again.output
    assert "brought up to date" not in again.output
    assert stamp(lockfile_of(site)) == before

    # Its bytes know nothing of this checkout's place or of how the store was filled.
    lockfile_of(site).unlink()
    plain = site.build("--strict")
    assert plain.code == 0, plain.output
    assert "3 bought covers are not in imagegen.lock yet: mkdocs-imagegen apply" in plain.output
    assert not lockfile_of(site).exists()
    shutil.move(site.root, tmp_path / "elsewhere")
    moved = Site(tmp_path / "elsewhere", server, options=site.options)
    assert "imagegen.lock was brought up to date" in moved.apply().stderr
    without_job = re.sub(rb', "job": "4711"|"job": "4711", ', b"", before[0])
    assert lockfile_of(moved).read_bytes() == without_job
    assert len(server.calls) == 3


def test_a_renamed_article_keeps_its_request_and_its_line_moves_at_the_next_apply(
    bought: Site,
) -> None:
    server = server_of(bought)
    before = entries_of(bought)
    (bought.docs / "b.md").rename(bought.docs / "z-lighthouse.md")
    text = lockfile_of(bought).read_bytes()
    built = bought.build("--strict", **CI)
    assert built.code == 0, built.output
    assert lockfile_of(bought).read_bytes() == text
    frozen = bought.build("--strict", IMAGEGEN_MODE="frozen")
    assert frozen.code == 0, frozen.output

    assert bought.apply().code == 0
    after = entries_of(bought)
    assert [*after] == ["a.md", "notes/c.md", "z-lighthouse.md"]
    assert after.pop("z-lighthouse.md") == {**before.pop("b.md"), "article": "z-lighthouse.md"}
    assert after == before

    # The words decide, too: renamed in the same commit that changed the site's style.
    bought.options["style"] = "Ink on paper"
    (bought.docs / "z-lighthouse.md").rename(bought.docs / "d.md")
    assert bought.actions() == {"a.md": "outdated", "d.md": "outdated", "notes/c.md": "outdated"}
    assert bought.apply().code == 0
    assert [*entries_of(bought)] == ["a.md", "d.md", "notes/c.md"]
    assert server.calls == []


def test_a_refusal_stands_in_it_and_only_retry_or_other_words_are_sent(site: Site) -> None:
    server = server_of(site)
    site.options = dict(OPTIONS)
    write_articles(site)
    server.script(REFUSED)
    assert site.apply().code == 1
    assert (len(server.calls), len(server.paid_calls)) == (3, 2)
    refused = entries_of(site)["a.md"]
    assert [*refused] == ["article", "refused"]
    assert refused["refused"]["request_id"] == server.calls[0].request_id

    text = lockfile_of(site).read_bytes()
    for run in (
        site.apply(),
        site.apply("--rebuy"),
        site.build(**CI),
    ):
        assert run.code == 0, run.output
        said = said_cleanly(run, server)
        assert "a.md" in said
        assert "not sent again" in said
        assert "mkdocs-imagegen apply --retry a.md" in said
    frozen = site.build(IMAGEGEN_MODE="frozen")
    assert frozen.code == 1
    assert "mkdocs-imagegen apply --retry a.md" in frozen.output
    assert "damaged" not in frozen.output
    assert lockfile_of(site).read_bytes() == text
    assert len(server.calls) == 3

    server.script(REFUSED)
    assert site.apply("--retry", "a.md").code == 1
    assert len(server.calls) == 4
    retried = site.apply("--retry", "a.md")
    assert retried.code == 0, retried.output
    assert (len(server.calls), len(server.paid_calls)) == (5, 3)
    assert "refused" not in entries_of(site)["a.md"]
    assert site.build("--strict", IMAGEGEN_MODE="frozen").code == 0

    server.script(REFUSED)
    site.article("b.md", cover_prompt="A paper lighthouse at war")
    assert site.apply().code == 1
    assert entries_of(site)["b.md"].keys() > {"digest", "refused"}  # the approved one stays known
    assert site.apply().code == 0
    assert len(server.calls) == 6
    site.article("b.md", cover_prompt="A paper lighthouse at peace")
    assert apply_as_planned(site) == 1
    assert "refused" not in entries_of(site)["b.md"]


def test_a_conflict_marker_stops_every_run_with_one_line_and_doctor_mends_it(bought: Site) -> None:
    server = server_of(bought)
    whole = lockfile_of(bought).read_text(encoding="utf-8")
    first, second, *rest = whole.splitlines(keepends=True)
    conflict = ["<<<<<<< HEAD\n", second, "=======\n", ">>>>>>> topic\n"]
    broken = "".join([first, *conflict, *rest])
    lockfile_of(bought).write_text(broken, encoding="utf-8")
    for run in (bought.cli("plan"), bought.apply(), bought.build(), bought.build(**CI)):
        assert run.code == 1
        said = said_cleanly(run, server)
        assert len(re.findall(r"imagegen\.lock line 2 holds a merge conflict", said)) == 1, said
        assert said.count("mkdocs-imagegen doctor --fix") == 1
    assert lockfile_of(bought).read_text(encoding="utf-8") == broken

    fixed = bought.cli("doctor", "--fix")
    assert fixed.code == 0, fixed.output
    assert lockfile_of(bought).read_text(encoding="utf-8") == whole
    for run in (bought.apply(), bought.build("--strict", IMAGEGEN_MODE="frozen")):
        assert run.code == 0, run.output
    assert {call.method for call in server.calls} == {"GET"}  # doctor asks for the model, free


def original_of(site: Site, src_uri: str) -> Path:
    """Return the file in the cache that the lockfile's original of an article lies in."""
    folder = site.root / ".cache" / "imagegen" / "originals"
    digest = entries_of(site)[src_uri]["digest"]
    with closing(sqlite3.connect(folder / "cache.db")) as db:
        key = (f"original:{digest}",)
        (name,) = db.execute("SELECT filename FROM Cache WHERE key = ?", key).fetchone()
    return folder / str(name)


def test_bytes_that_the_lockfile_does_not_name_are_never_published(bought: Site) -> None:
    server = server_of(bought)
    shown = {name: bought.cover_of(f"{name}/index.html").read_bytes() for name in ("a", "b")}
    # Other pictures of the right length: b.md's is published as it is, and its rendition is known.
    tampered: dict[str, bytes] = {}
    for name in ("a", "b"):
        path = original_of(bought, f"{name}.md")
        data = path.read_bytes()
        tampered[name] = data[:-100] + bytes(byte ^ 1 for byte in data[-100:])
        path.write_bytes(tampered[name])
    sound_rendition = bought.build(**CI)
    assert sound_rendition.code == 0
    # What was made of the true original of a.md is still the cover that was paid for.
    assert bought.cover_of("a/index.html").read_bytes() == shown["a"]

    shutil.rmtree(bought.root / ".cache" / "imagegen" / "renditions")
    for environ in ({}, CI, {"IMAGEGEN_MODE": "generate"}):
        for run in (sound_rendition, bought.build(**environ)):
            assert run.code == 0, run.output
            said = said_cleanly(run, server)
            assert "b.md" in said
            assert "not those that were paid for" in said
        assert "a.md" in said
        for name in ("a", "b"):
            drawn = bought.cover_of(f"{name}/index.html").read_bytes()
            assert drawn not in (shown[name], tampered[name])
    published = {path.read_bytes() for path in (bought.built / "assets" / "covers").iterdir()}
    assert published.isdisjoint(tampered.values())
    assert bought.build("--strict").code == 1
    frozen = bought.build(IMAGEGEN_MODE="frozen")
    assert frozen.code == 1
    assert server.calls == []


def test_frozen_fails_where_a_known_rendition_hides_a_changed_original(bought: Site) -> None:
    server = server_of(bought)
    path = original_of(bought, "b.md")
    *data, last = path.read_bytes()
    path.write_bytes(bytes([*data, last ^ 1]))
    frozen = bought.build(IMAGEGEN_MODE="frozen")
    said = said_cleanly(frozen, server)
    assert "b.md" in said
    assert "not those that were paid for" in said
    assert frozen.code == 1, said
    assert server.calls == []


def pictures_of(site: Site) -> set[bytes]:
    """Return every picture that a built site publishes as a cover."""
    folder = site.built / "assets" / "covers"
    return {path.read_bytes() for path in folder.iterdir() if path.suffix in (".webp", ".jpeg")}


def test_another_picture_of_the_same_request_is_not_published_in_the_approved_ones_place(
    bought: Site, tmp_path: Path
) -> None:
    approved = entries_of(bought)
    server = server_of(bought)
    other = Site(tmp_path / "other", server, options=dict(OPTIONS))
    write_articles(other)
    assert apply_as_planned(other) == 3
    assert other.build("--strict").code == 0
    theirs = {other.cover_of(f"{name}/index.html").read_bytes() for name in ("a", "b", "notes/c")}
    shutil.rmtree(bought.root / ".cache")
    shutil.copytree(other.root / ".cache", bought.root / ".cache")
    server.reset()

    assert set(bought.actions().values()) == {"blocked"}
    built = bought.build(**CI)
    assert built.code == 0, built.output
    assert said_cleanly(built, server).count("another picture of it than imagegen.lock names") == 3
    assert pictures_of(bought).isdisjoint(theirs)
    assert bought.build("--strict").code == 1
    assert bought.build(IMAGEGEN_MODE="frozen").code == 1
    assert bought.apply().code == 0
    assert entries_of(bought) == approved

    # Whoever gives the approved ones up takes in what is there, and the plan says that it is free.
    assert bought.plan("--rebuy")["total_micro_usd"] == 0
    adopted = bought.apply("--rebuy")
    assert adopted.code == 0, adopted.output
    adopted_entries = entries_of(bought)
    replaced = {name: entry.pop("replaced") for name, entry in adopted_entries.items()}
    assert adopted_entries == entries_of(other)
    assert {name: gone[0]["digest"] for name, gone in replaced.items()} == {
        name: entry["digest"] for name, entry in approved.items()
    }
    assert bought.build("--strict", IMAGEGEN_MODE="frozen").code == 0
    assert theirs <= pictures_of(bought)
    assert server.calls == []
