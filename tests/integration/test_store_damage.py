"""A store that was cut, lost or tampered with: told, not published, not bought again unasked."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.bills import apply_as_planned, said_cleanly, server_of
from tests.imageserver import ImageServer, Picture
from tests.sites import Site

OPTIONS = {"price_as": "openai", "size": "1024x1024", "quality": "low"}


def write_articles(site: Site) -> None:
    site.article("a.md", cover_prompt="A red fox in fresh snow")
    site.article("b.md", cover_prompt="A paper lighthouse")


@pytest.fixture(scope="module")
def paid_for(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a site whose two covers were bought: copy it, never build in it."""
    with ImageServer() as server:
        site = Site(tmp_path_factory.mktemp("paid") / "site", server, options=dict(OPTIONS))
        write_articles(site)
        server.script(Picture("png"), Picture("png"))
        assert apply_as_planned(site) == 2
        yield site.root


@pytest.fixture
def bought(paid_for: Path, image_server: ImageServer, tmp_path: Path) -> Site:
    shutil.copytree(paid_for, tmp_path / "site")
    return Site(tmp_path / "site", image_server, options=dict(OPTIONS))


def store_of(site: Site) -> Path:
    return site.root / ".cache" / "imagegen"


def original_of(site: Site, src_uri: str) -> Path:
    """Return the value file of the picture that was bought for an article."""
    with closing(sqlite3.connect(store_of(site) / "originals" / "cache.db")) as db:
        rows = db.execute("SELECT value FROM Cache WHERE key LIKE 'record:%'").fetchall()
        records = [json.loads(value) for (value,) in rows]
        (digest,) = [record["digest"] for record in records if record["article"] == src_uri]
        key = (f"original:{digest}",)
        (filename,) = db.execute("SELECT filename FROM Cache WHERE key = ?", key).fetchone()
    return store_of(site) / "originals" / str(filename)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def scribble(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:500] + bytes(len(data) - 500))


@pytest.mark.parametrize(
    ("damage", "renditions"),
    [(cut, "kept"), (empty, "lost"), (Path.unlink, "kept"), (Path.unlink, "lost")],
    ids=["cut", "empty", "gone", "gone with its rendition"],
)
def test_a_damaged_original_is_told_and_bought_again_only_when_told(
    damage: Callable[[Path], None], renditions: str, bought: Site
) -> None:
    server = server_of(bought)
    damage(original_of(bought, "a.md"))
    if renditions == "lost":
        shutil.rmtree(store_of(bought) / "renditions")
    plan = bought.plan()
    state = "lost" if damage is Path.unlink else "blocked"
    assert {x["article"]: x["action"] for x in plan["actions"]}["a.md"] == state
    (told,) = plan["diagnostics"]
    assert (told["level"], told["article"]) == ("warning", "a.md")
    assert "was paid for" in told["message"]
    assert "--rebuy" in told["hint"]

    built = bought.build(CI="true")  # CI with a key: the place where missing covers are bought
    assert built.code == 0
    assert "a.md" in said_cleanly(built, server)
    drawn, whole = (bought.cover_of(f"{name}/index.html").read_bytes() for name in ("a", "b"))
    assert drawn[:4] == whole[:4] == b"RIFF"
    assert len(drawn) > 1000
    assert server.calls == []

    if renditions == "kept":
        frozen = bought.build(IMAGEGEN_MODE="frozen")
        assert frozen.code == 1
        assert "a.md" in frozen.output
        assert server.calls == []
    else:
        healed = bought.apply("--rebuy")
        assert healed.code == 0, healed.output
        assert len(server.paid_calls) == 1
        assert bought.actions() == {"a.md": "reuse", "b.md": "reuse"}


def test_bytes_of_the_right_length_but_not_those_that_were_paid_for_are_not_published(
    bought: Site,
) -> None:
    server = server_of(bought)
    scribble(original_of(bought, "a.md"))
    shutil.rmtree(store_of(bought) / "renditions")
    assert bought.actions() == {"a.md": "blocked", "b.md": "render"}
    built = bought.build(CI="true")
    assert built.code == 0
    assert "not those that were paid for" in said_cleanly(built, server)
    assert bought.cover_of("a/index.html").read_bytes()[:4] == b"RIFF"
    assert server.calls == []


def test_rebuy_finds_damage_of_the_right_length_though_the_rendition_is_there(bought: Site) -> None:
    server = server_of(bought)
    scribble(original_of(bought, "a.md"))
    healed = bought.apply("--rebuy")
    assert healed.code == 0, healed.output
    assert len(server.paid_calls) == 1
    assert bought.actions() == {"a.md": "reuse", "b.md": "reuse"}
    assert bought.apply("--rebuy").code == 0
    assert len(server.paid_calls) == 1


@pytest.mark.parametrize("junk", [b"", b"not a database, but long enough " * 200])
def test_a_store_without_a_sound_index_stops_the_run(junk: bytes, bought: Site) -> None:
    server = server_of(bought)
    index = store_of(bought) / "originals" / "cache.db"
    for log in index.parent.glob("cache.db-*"):
        log.unlink()
    index.write_bytes(junk)
    for run in (bought.apply(), bought.build(CI="true")):
        assert run.code == 1
        said = said_cleanly(run, server)
        assert said.count("index cache.db is") == 1, said
        assert "from a backup" in said
    assert index.read_bytes() == junk
    assert server.calls == []


def test_lost_renditions_are_made_again_for_nothing(bought: Site) -> None:
    server = server_of(bought)
    assert bought.build("--strict").code == 0
    before = bought.cover_of("a/index.html")
    shutil.rmtree(store_of(bought) / "renditions")
    assert bought.actions() == {"a.md": "render", "b.md": "render"}
    built = bought.build("--strict", CI="true")
    assert built.code == 0, built.output
    assert bought.cover_of("a/index.html") == before  # the same bytes, so the same name
    assert bought.actions() == {"a.md": "reuse", "b.md": "reuse"}

    bought.options["webp_quality"] = 20
    assert bought.actions() == {"a.md": "render", "b.md": "render"}
    assert bought.apply().code == 0
    assert server.calls == []


class Exploit:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self._mark,)


POISONS = {
    "pickled value": "UPDATE Cache SET mode = 4, filename = NULL, value = :pickle",
    "file outside": "UPDATE Cache SET mode = 2, filename = :outside, value = NULL",
    "pickled key": "UPDATE Cache SET key = :pickle, raw = 0",
}
ONE_ROW = "WHERE rowid = (SELECT MIN(rowid) FROM Cache WHERE key LIKE :kind)"


@pytest.mark.parametrize("kind", ["record", "original", "facts", "picture"])
def test_poisoned_rows_run_no_code_touch_nothing_and_are_not_published(
    kind: str, bought: Site, tmp_path: Path
) -> None:
    server = server_of(bought)
    folder = "originals" if kind in ("record", "original") else "renditions"
    secret = tmp_path / "secret.txt"
    secret.write_text("not for the site")
    mark = tmp_path / "ran"
    pickled = pickle.dumps(Exploit(mark))
    whole = tmp_path / "whole"
    shutil.copytree(store_of(bought), whole)
    for name, poison in POISONS.items():
        shutil.rmtree(store_of(bought))
        shutil.copytree(whole, store_of(bought))
        with closing(sqlite3.connect(store_of(bought) / folder / "cache.db")) as db, db:
            values = {"pickle": pickled, "outside": "../../../../secret.txt", "kind": f"{kind}:%"}
            assert db.execute(f"{poison} {ONE_ROW}", values).rowcount == 1
        built = bought.build()
        said_cleanly(built, server)
        assert built.code == 0, name
        assert not mark.exists(), name
        assert secret.read_text() == "not for the site"
        for path in bought.built.rglob("assets/covers/*"):
            starts = {".webp": b"RIFF", ".jpeg": b"\xff\xd8\xff", ".css": b"/*", ".json": b"{"}
            assert path.read_bytes().startswith(starts[path.suffix]), name
        assert bought.cover_of("a/index.html").is_file(), name
    assert server.calls == []
    said_cleanly(bought.apply("--rebuy"), server)
    assert not mark.exists()
    assert secret.read_text() == "not for the site"


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """Take away the permission to write below a folder."""
    paths = (folder, *folder.rglob("*"))
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield
    finally:
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)


def obeying_permissions(site: Site, *args: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the site's folder; where this is root, without root's power over files."""
    server = server_of(site)
    keys = {"IMAGEGEN_BASE_URL": server.base_url, "IMAGEGEN_API_KEY": server.api_key}
    weak = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    site.configure()
    return subprocess.run(
        [*weak, sys.executable, *args],
        cwd=site.root,
        env={**os.environ, **keys},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(
    os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write everywhere"
)
def test_a_read_only_cache_still_serves(bought: Site) -> None:
    server = server_of(bought)
    assert bought.build("--strict").code == 0
    published = {bought.cover_of(f"{name}/index.html").name for name in ("a", "b")}
    bought.article("c.md", cover_prompt="Not bought yet")
    with unwritable(store_of(bought)):
        run = obeying_permissions(bought, "-m", "mkdocs", "build", "--strict")
        assert run.returncode == 0, run.stderr
        again = {bought.cover_of(f"{name}/index.html").name for name in ("a", "b")}
        assert again == published
        assert bought.cover_of("c/index.html").is_file()  # drawn

        refused = obeying_permissions(bought, "-m", "mkdocs_imagegen", "apply", "--yes")
        assert refused.returncode == 1
        assert "read-only" in refused.stderr
        assert "Traceback" not in refused.stderr

        bought.options["mode"] = "generate"
        planned = obeying_permissions(bought, "-m", "mkdocs_imagegen", "plan", "--format", "json")
        plan = json.loads(planned.stdout)
        assert not plan["will_buy"]
        assert "read-only" in plan["will_buy_reason"]
        refused = obeying_permissions(bought, "-m", "mkdocs", "build")
        assert refused.returncode == 1
        assert "read-only" in refused.stderr
        assert server.calls == []
