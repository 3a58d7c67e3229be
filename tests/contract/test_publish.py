"""Files of covers from a real store, also from one that can't be written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mkdocs_imagegen import keys, publish
from mkdocs_imagegen.model import (
    EMPTY_LOCKFILE,
    Action,
    ActionKind,
    ArticleSource,
    Cover,
    CoverRequest,
    OriginalThere,
    Record,
    Size,
)
from mkdocs_imagegen.settings import Settings
from mkdocs_imagegen.store import Store
from tests.contract.test_execute import SIZE, webp

REQUEST = CoverRequest("generate", "gpt-image-2", "a fox", SIZE, "low")
KEY = keys.request_key(REQUEST)
COVER = Cover(
    ArticleSource("a.md", "A fox", {}), "a fox", "gpt-image-2", Size(480, 320), "low", "cover.j2"
)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
ACTIONS = [Action(ActionKind.REUSE, COVER, "unchanged", request=REQUEST, request_key=KEY)]


def keep(store: Store, picture: bytes) -> None:
    record = Record(KEY, keys.digest(picture), len(picture), "a.md", {}, "http://x", "2026-11-22")
    store.put(record, picture)


def opened(folder: Path, *, read_only: bool) -> Store:
    if not read_only:
        return Store.open(folder)
    return Store(folder, read_only=True)


@pytest.mark.parametrize("read_only", [False, True])
def test_webp_as_it_came_is_published_untouched(tmp_path: Path, *, read_only: bool) -> None:
    picture = webp("red")
    with Store.open(tmp_path / "cache") as store:
        keep(store, picture)
    with opened(tmp_path / "cache", read_only=read_only) as store:
        published = publish.publish(ACTIONS, EMPTY_LOCKFILE, store, Settings(), NOW)
        file = published.main["a.md"]
        assert [told.level for told in published.diagnostics] == ["info"]
        assert not file.drawn
        assert file.path.read_bytes() == picture
        assert file.rendition.size == SIZE
        assert keys.digest(picture).startswith(Path(file.asset_uri).stem)


@pytest.mark.parametrize("read_only", [False, True])
def test_what_was_not_bought_is_drawn_in_the_size_asked_for(
    tmp_path: Path, *, read_only: bool
) -> None:
    Store.open(tmp_path / "cache").close()
    with opened(tmp_path / "cache", read_only=read_only) as store:
        file = publish.publish(ACTIONS, EMPTY_LOCKFILE, store, Settings(), NOW).main["a.md"]
        assert file.drawn
        assert file.rendition.size == COVER.size
        assert keys.digest(file.path.read_bytes()) == file.rendition.digest
        again = publish.publish(ACTIONS, EMPTY_LOCKFILE, store, Settings(), NOW).main["a.md"]
        assert again == file  # and not drawn again
    assert file.path.exists() != read_only  # what the store could not keep is gone with it


def test_a_look_tells_whether_a_rendition_is_missing(tmp_path: Path) -> None:
    picture = webp("red")
    with Store.open(tmp_path / "cache") as store:
        assert publish.look({KEY: ()}, store, Settings()) == {}
        keep(store, picture)
        there = OriginalThere(keys.digest(picture), rendered=False)
        assert publish.look({KEY: ()}, store, Settings()) == {KEY: there}
        publish.publish(ACTIONS, EMPTY_LOCKFILE, store, Settings(), NOW)
        there = OriginalThere(keys.digest(picture), rendered=True)
        assert publish.look({KEY: ()}, store, Settings()) == {KEY: there}
        assert publish.look({KEY: ()}, store, Settings(), deep=True) == {KEY: there}
