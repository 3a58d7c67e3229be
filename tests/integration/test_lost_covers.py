"""Covers that no store has any more: brought back from where they are published, never bought."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.bills import apply_as_planned, said_cleanly, server_of
from tests.imageserver import ImageServer, Picture
from tests.sites import Run, Site

OPTIONS = {"price_as": "openai", "size": "1024x1024", "quality": "low", "concurrency": 1}
FROZEN = {"IMAGEGEN_MODE": "frozen", "IMAGEGEN_API_KEY": ""}
NAMES = ("a", "b", "png")


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def paid_for(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a bought and built site: copy it, never build in it."""
    with ImageServer() as server:
        site = Site(tmp_path_factory.mktemp("paid") / "site", server, options=dict(OPTIONS))
        site.article("a.md", cover_prompt="A red fox")
        site.article("b.md", cover_prompt="A paper lighthouse")
        site.article("png.md", cover_prompt="A lamp")
        server.script(Picture("webp"), Picture("webp"), Picture("png"))
        assert apply_as_planned(site) == 3
        assert site.build("--strict").code == 0
        yield site.root


@pytest.fixture
def lost(paid_for: Path, image_server: ImageServer, tmp_path: Path) -> Site:
    """A checkout of that site on a machine that has none of its covers."""
    shutil.copytree(paid_for, tmp_path / "site", ignore=shutil.ignore_patterns(".cache", "site"))
    return Site(tmp_path / "site", image_server, options=dict(OPTIONS))


@pytest.fixture
def online(paid_for: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve a copy of the built site, below a path as project pages are, and yield its address."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    shutil.copytree(paid_for / "site", tmp_path / "online" / "docs")
    handler = partial(Quiet, directory=str(tmp_path / "online"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{web.server_port}/docs/"
        finally:
            web.shutdown()
            thread.join()


def digests_of(site: Site) -> dict[str, str]:
    """Return the sha256 of each article's original, as the lockfile names it."""
    text = (site.root / "imagegen.lock").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    return {line["article"]: line["digest"] for line in lines if "article" in line}


def states(run: Run) -> dict[str, str]:
    """Return what `restore` says became of each article."""
    return {
        line.rsplit("  ", 1)[1].partition(":")[0]: line.partition("  ")[0].strip()
        for line in run.stdout.splitlines()
    }


def published(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "assets" / "covers").iterdir()}


def test_a_published_site_gives_back_the_pictures_it_shows_as_they_came(
    lost: Site, online: str, paid_for: Path, tmp_path: Path
) -> None:
    server, digests = server_of(lost), digests_of(lost)
    shown = published(paid_for / "site")
    there = tmp_path / "online" / "docs" / "assets" / "covers"
    tampered = there / f"{digests['b.md'][:32]}.webp"
    true_bytes = tampered.read_bytes()
    tampered.write_bytes(true_bytes[:-1] + bytes([true_bytes[-1] ^ 1]))
    text = (lost.root / "imagegen.lock").read_bytes()

    first = lost.cli("restore", "--from", online)
    assert first.code == 1
    said_cleanly(first, server)
    assert states(first) == {"a.md": "restored", "b.md": "differs", "png.md": "not found"}
    assert "1 restored, 1 not found, 1 differs." in first.stderr
    assert "came as PNG or JPEG is not on the site as it came" in first.stderr
    assert lost.actions() == {"a.md": "render", "b.md": "lost", "png.md": "lost"}
    built = lost.build(CI="true")
    assert built.code == 0, built.output
    assert lost.cover_of("a/index.html").name in shown
    for name in ("b", "png"):
        assert lost.cover_of(f"{name}/index.html").name not in shown

    tampered.write_bytes(true_bytes)
    second = lost.cli("restore", "--from", online.rstrip("/"), IMAGEGEN_API_KEY="")
    assert states(second) == {"b.md": "restored", "png.md": "not found"}
    assert second.code == 1
    frozen = lost.build(**FROZEN)
    assert frozen.code == 1
    assert "1 of 3 covers are not there:\n  png.md: paid for" in frozen.output

    backup = lost.cli("restore", "--from", str(paid_for / ".cache"))
    assert backup.code == 0, backup.output
    assert states(backup) == {"png.md": "restored"}
    frozen = lost.build("--strict", **FROZEN)
    assert frozen.code == 0, frozen.output
    now = published(lost.built)
    assert shown.items() <= now.items()
    # Beside them the link previews of what was drawn in their places, which may have been shared.
    assert {Path(name).suffix for name in now.keys() - shown.keys()} == {".jpeg"}
    nothing = lost.cli("restore", "--from", online)
    assert nothing.code == 0
    assert "No cover is lost: nothing to restore." in nothing.stderr
    assert (lost.root / "imagegen.lock").read_bytes() == text
    assert server.calls == []


def test_a_folder_gives_them_back_into_git_too_and_only_what_matches(
    lost: Site, paid_for: Path, tmp_path: Path
) -> None:
    server, digests = server_of(lost), digests_of(lost)
    lost.options["store"] = "covers/"
    old = tmp_path / "old-site"
    shutil.copytree(paid_for / "site", old)
    file = old / "assets" / "covers" / f"{digests['a.md'][:32]}.webp"
    *data, last = file.read_bytes()
    file.write_bytes(bytes([*data, last ^ 1]))
    told = lost.cli("restore", "--from", str(old))
    assert told.code == 1
    assert states(told) == {"a.md": "differs", "b.md": "restored", "png.md": "not found"}
    assert {path.stem for path in (lost.root / "covers").iterdir()} == {digests["b.md"]}

    assert lost.cli("restore", "--from", str(paid_for)).code == 0
    assert {path.stem for path in (lost.root / "covers").iterdir()} == {*digests.values()}
    shutil.rmtree(lost.root / ".cache")
    frozen = lost.build("--strict", **FROZEN)
    assert frozen.code == 0, frozen.output
    assert published(lost.built) == published(paid_for / "site")
    assert server.calls == []

    for source in ("no-such-folder", "http://example.com/", "ftp://example.com/"):
        refused = lost.cli("restore", "--from", source)
        assert refused.code == 2
        assert source in said_cleanly(refused, server)
    assert lost.cli("restore").code == 2


def test_a_lost_cover_shows_what_was_made_of_it_and_is_bought_only_by_rebuy(
    lost: Site, paid_for: Path
) -> None:
    server = server_of(lost)
    shutil.copytree(paid_for / ".cache", lost.root / ".cache")
    shutil.rmtree(lost.root / ".cache" / "imagegen" / "originals")
    plan = lost.plan()
    assert {action["action"] for action in plan["actions"]} == {"lost"}
    assert plan["total_micro_usd"] == 0
    built = lost.build(CI="true")
    assert built.code == 0, built.output
    shown = published(paid_for / "site")
    assert lost.cover_of("png/index.html").name in shown
    assert lost.cover_of("a/index.html").name not in shown  # its only bytes were the original's
    for environ in ({}, {"CI": "true"}):
        assert lost.build("--strict", **environ).code == 1
    assert lost.apply("--strict").code == 1
    assert lost.apply("--outdated").code == 0
    assert server.calls == []

    assert lost.apply("--rebuy", "--only", "a.md").code == 0
    assert len(server.paid_calls) == 1
    assert lost.actions() == {"a.md": "reuse", "b.md": "lost", "png.md": "lost"}
    assert digests_of(lost)["a.md"] == server.paid_calls[0].picture_digest
    rebought = lost.plan("--rebuy")
    assert lost.apply("--rebuy").code == 0
    assert server.paid_micro_usd == rebought["total_micro_usd"] * 3 // 2
    assert len(server.paid_calls) == 3
    assert lost.build("--strict", **FROZEN).code == 0
