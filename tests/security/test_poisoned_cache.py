"""A cache that someone else wrote: nothing of it runs, is deleted or published."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as run
from hypothesis import strategies as st
from PIL import Image

from mkdocs_imagegen import keys, publish
from mkdocs_imagegen.errors import ImagegenError, StoreError
from mkdocs_imagegen.model import (
    Action,
    ActionKind,
    Approved,
    ArticleSource,
    Cover,
    CoverRequest,
    Entry,
    Lockfile,
    Record,
    Rendition,
    Size,
)
from mkdocs_imagegen.outputs import main_key
from mkdocs_imagegen.settings import Settings
from mkdocs_imagegen.store import Store, seal

SIZE = Size(64, 48)
REQUEST = CoverRequest("generate", "gpt-image-2", "a fox", SIZE, "low")
KEY = keys.request_key(REQUEST)
COVER = Cover(ArticleSource("a.md", "A fox", {}), "a fox", "gpt-image-2", SIZE, "low", "cover.j2")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SETTINGS = Settings()
ACTION = Action(ActionKind.REUSE, COVER, "unchanged", request=REQUEST, request_key=KEY)


def picture(form: str, colour: str = "red") -> bytes:
    out = BytesIO()
    Image.new("RGB", (SIZE.width_px, SIZE.height_px), colour).save(out, form)
    return out.getvalue()


EVIL = picture("WEBP", "black")


@dataclass(frozen=True, slots=True)
class Bought:
    """A cache with one paid original, and the lockfile that names it."""

    folder: Path
    original: bytes

    @property
    def record(self) -> Record:
        data = self.original
        sent = {"size": str(SIZE)}
        return Record(KEY, keys.digest(data), len(data), "a.md", sent, "http://x", "2026-11-22")

    @property
    def lockfile(self) -> Lockfile:
        approved = Approved(
            KEY, self.record.digest, len(self.original), "gpt-image-2", SIZE, "low", "2026-11-22"
        )
        return Lockfile(entries=(Entry("a.md", approved=approved),))

    @property
    def key(self) -> str:
        return main_key(self.record.digest, SIZE, SETTINGS)

    def published(self) -> tuple[bytes, bool]:
        """Return the bytes that a build copies to the site, and whether they are a drawing."""
        with Store.open(self.folder) as store:
            found = publish.publish([ACTION], self.lockfile, store, SETTINGS, NOW)
            file = found.main["a.md"]
            data = file.path.read_bytes()
            assert keys.digest(data) == file.rendition.digest
            assert data != EVIL
            return data, file.drawn

    def sql(self, shelf: str, statement: str, *values: object) -> int:
        with closing(sqlite3.connect(self.folder / shelf / "cache.db")) as db, db:
            return db.execute(statement, values).rowcount


@pytest.fixture(params=["PNG", "WEBP"])
def bought(request: pytest.FixtureRequest, tmp_path: Path) -> Bought:
    found = Bought(tmp_path / "cache", picture(request.param))
    with Store.open(found.folder) as store:
        store.put(found.record, found.original)
    return found


@contextmanager
def another_machine(secret: str) -> Iterator[None]:
    """Run as one that knows the cache, but not the key that lies outside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(seal.SECRET, secret)
        seal._key.cache_clear()
        yield
    seal._key.cache_clear()


def slip_in(bought: Bought, key: str) -> None:
    """Put another picture in the place of a rendition, with facts and digests that agree."""
    with another_machine("of the attacker"), Store.open(bought.folder) as store:
        evil = Rendition(keys.digest(EVIL), SIZE, "webp", len(EVIL))
        store.put_rendition(key, evil, EVIL)


def test_a_rendition_of_another_machine_is_made_again_from_the_checked_original(
    bought: Bought,
) -> None:
    honest = bought.published()
    slip_in(bought, bought.key)
    assert bought.published() == honest
    assert bought.published() == honest  # and then kept


def test_machines_with_one_secret_trust_each_other(bought: Bought) -> None:
    with another_machine("of the team"):
        bought.published()
        bought.sql("originals", "DELETE FROM Cache WHERE key LIKE 'original:%'")
        drawn = bought.published()[1]
        assert drawn == bought.original.startswith(b"RIFF")  # its only copy was the original
    assert bought.published()[1]


@pytest.mark.parametrize("bought", ["PNG"], indirect=True)
def test_a_rendition_with_other_bytes_is_made_again(bought: Bought) -> None:
    honest = bought.published()
    with Store.open(bought.folder) as store:
        found = store.find_rendition(bought.key)
        assert found is not None
        path = found[1]
    path.write_bytes(EVIL[:1].ljust(len(path.read_bytes()), b"x"))
    assert bought.published() == honest


def test_no_row_stands_in_for_an_original(bought: Bought) -> None:
    bought.published()
    same_length = EVIL.ljust(len(bought.original), b"\0")[: len(bought.original)]
    with closing(sqlite3.connect(bought.folder / "originals" / "cache.db")) as db:
        (name,) = db.execute("SELECT filename FROM Cache WHERE filename NOT NULL").fetchone()
    fake = bought.folder / "renditions" / str(name)
    fake.parent.mkdir(parents=True, exist_ok=True)
    fake.write_bytes(same_length)
    columns = "store_time, access_count, access_time, size, mode, filename, raw, key"
    statement = f"INSERT INTO Cache ({columns}) VALUES (0, 0, 0, 0, 2, ?, 1, ?)"
    bought.sql("renditions", statement, name, f"picture:{bought.record.digest}")
    data, _ = bought.published()
    assert data != same_length
    (bought.folder / "originals" / str(name)).write_bytes(same_length)
    data, _ = bought.published()
    assert data != same_length


def test_a_drawing_of_another_machine_is_drawn_again(bought: Bought) -> None:
    bought.sql("originals", "DELETE FROM Cache")
    drawing, drawn = bought.published()
    assert drawn
    with closing(sqlite3.connect(bought.folder / "renditions" / "cache.db")) as db:
        (row,) = db.execute("SELECT key FROM Cache WHERE key LIKE 'facts:%'").fetchone()
    slip_in(bought, row.removeprefix("facts:"))
    assert bought.published() == (drawing, True)


def test_what_is_left_of_a_lost_original_must_be_this_machines_too(bought: Bought) -> None:
    slip_in(bought, bought.key)
    bought.sql("originals", "DELETE FROM Cache")
    assert bought.published()[1]


def test_a_record_of_another_picture_is_not_believed(bought: Bought) -> None:
    other = replace(bought.record, digest=keys.digest(EVIL), size_bytes=len(EVIL))
    with Store.open(bought.folder) as store:
        store.put(other, EVIL)
    data, drawn = bought.published()
    assert not drawn
    assert data == bought.original or bought.original.startswith(b"\x89PNG")


LINKED = [
    *("changed", "locks", "originals", "rescued", "ledger.db", "ledger.db-wal", "endpoints.json"),
    *("originals/cache.db", "originals/cache.db-wal", "originals/cache.db-journal"),
    *("renditions/cache.db-wal", "renditions/cache.db-shm", f"locks/{KEY}.lock", "locks/open.lock"),
    f"rescued/{KEY}.picture",
]


@pytest.mark.parametrize("name", LINKED)
def test_a_link_in_the_cache_is_refused_and_what_it_points_at_stays(
    name: str, bought: Bought, tmp_path: Path
) -> None:
    bought.published()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link = bought.folder / name
    if link.is_dir():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(victim)
    with pytest.raises(StoreError, match="link"):
        bought.published()
    assert victim.read_text() == "precious"


def test_a_rescue_follows_no_link(bought: Bought, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    with Store.open(bought.folder) as store:
        rescued = bought.folder / "rescued"
        rescued.mkdir()
        (rescued / f"{KEY}.picture").symlink_to(victim)
        other = replace(bought.record, digest=keys.digest(EVIL), size_bytes=len(EVIL))
        store.rescue(other, EVIL)
    assert victim.read_text() == "precious"
    assert (rescued / f"{KEY}.picture").read_bytes() == EVIL


VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.binary(max_size=40),
    st.sampled_from(["../../victim", "/etc/passwd", "ab/cd/../../../victim", "ab/cd/" + "e" * 28]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["digest", "size", "format", "size_bytes", "seal", "width_px"]),
                inner,
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)


@run(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shelf=st.sampled_from(["originals", "renditions"]),
    column=st.sampled_from(["raw", "mode", "filename", "value", "size", "store_time"]),
    value=VALUES,
)
def test_no_row_brings_any_error_but_ours(
    shelf: str, column: str, value: object, bought: Bought, tmp_path: Path
) -> None:
    bought.published()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    whole = tmp_path / "whole"
    if not whole.exists():
        shutil.copytree(bought.folder, whole)
    with suppress(sqlite3.Error):  # SQLite itself may refuse such a value
        bought.sql(shelf, f"UPDATE Cache SET {column} = ?", value)
    with suppress(ImagegenError):
        bought.published()
    with suppress(ImagegenError), Store.open(bought.folder) as store:
        list(store.records())
        store.put(bought.record, bought.original)
    assert victim.read_text() == "precious"
    shutil.rmtree(bought.folder)
    shutil.copytree(whole, bought.folder)


def test_the_key_of_the_seals_is_for_its_owner_alone() -> None:
    seal._key.cache_clear()
    assert seal.is_sealed("a", "b", seal.seal("a", "b"))
    assert not seal.is_sealed("a", "c", seal.seal("a", "b"))
    (path,) = Path(os.environ["XDG_STATE_HOME"]).rglob("*.key")
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kept", [False, True])
def test_metadata_is_published_only_where_it_is_asked_for(kept: bool, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "the prompt"
    out = BytesIO()
    Image.new("RGB", (SIZE.width_px, SIZE.height_px)).save(out, "WEBP", exif=exif)
    bought = Bought(tmp_path / "cache", out.getvalue())
    with Store.open(bought.folder) as store:
        store.put(bought.record, bought.original)
        for keep in (kept, not kept, kept):
            settings = replace(SETTINGS, keep_metadata=keep)
            found = publish.publish([ACTION], bought.lockfile, store, settings, NOW).main["a.md"]
            assert found.path is not None
            data = found.path.read_bytes()
            assert (b"the prompt" in data) == keep
            assert (data == bought.original) == keep
