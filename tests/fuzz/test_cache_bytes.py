"""Whatever happens to one file of the store, the books or the lockfile: nothing is bought again."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.engine import Engine
from mkdocs_imagegen.errors import ImagegenError
from mkdocs_imagegen.keys import request_key
from mkdocs_imagegen.locking import LockfilePlace
from mkdocs_imagegen.model import ArticleSource, CoverRequest, Orders, Size
from mkdocs_imagegen.settings import Endpoint, Settings
from mkdocs_imagegen.store.spool import Received
from tests.fuzz.profiles import examples
from tests.imageserver import ImageServer

PATIENCE_S = 30.0
FILES = (
    *("originals/cache.db", "originals/*/*/*.val", "renditions/cache.db", "renditions/*/*/*.val"),
    *("ledger.sqlite3", "incoming/*.answer", "../imagegen.lock", "../covers/*.json"),
    *("../covers/*.webp", "changed", "locks/*.lock"),
)


@dataclass(frozen=True, slots=True)
class Bought:
    """A site in a folder, whose covers are paid for."""

    folder: Path
    server: ImageServer

    def engine(self, folder: Path) -> Engine:
        return Engine(
            Settings(quality="low", size=Size(1024, 640)),
            cache_dir=folder / "cache",
            covers_dir=folder / "covers",
            lockfile=LockfilePlace(folder / "imagegen.lock"),
            endpoint=Endpoint(self.server.base_url, self.server.api_key, "IMAGEGEN_API_KEY"),
        )


def orders_of(engine: Engine) -> Orders:
    subjects = ("a red fox", "a lighthouse")
    sources = [
        ArticleSource(f"{number}.md", subject, {"cover_prompt": subject})
        for number, subject in enumerate(subjects)
    ]
    return engine.order(sources, lambda _uris: {})


def build(engine: Engine) -> None:
    """Do what a build does that may buy, and look into the books."""
    orders = orders_of(engine)
    plan = engine.plan(orders)
    approved = engine.approve(plan, strict=False)
    list(engine.buy(approved, orders))
    engine.lock(orders)
    engine.publish(engine.plan(orders))
    list(engine.ledger.rows(look_at_owners=True))
    engine.ledger.prepare()


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bought]:
    with ImageServer() as server:
        made = Bought(tmp_path_factory.mktemp("bought"), server)
        with closing(made.engine(made.folder)) as engine:
            build(engine)
            # What a killed run had received, of a third request.
            other = CoverRequest("generate", "gpt-image-2", "another", Size(64, 64), "low")
            body = b'{"data": [{"b64_json": "AAAA"}], "usage": null}'
            engine.store.spool.keep(
                request_key(other), Received({}, "http://127.0.0.1", "req_1", "2026", body)
            )
        assert len(server.paid_calls) == 2
        server.reset()
        yield made


def flipped(data: bytes, at: int, length: int, _more: bytes) -> bytes:
    return data[:at] + bytes(byte ^ 0x55 for byte in data[at : at + length]) + data[at + length :]


def cut(data: bytes, at: int, _length: int, _more: bytes) -> bytes:
    return data[:at]


def spliced(data: bytes, at: int, length: int, more: bytes) -> bytes:
    return data[:at] + more + data[at + length :]


def doubled(data: bytes, at: int, length: int, _more: bytes) -> bytes:
    return data[: at + length] + data[at:]


@examples(60)
@given(
    pattern=st.sampled_from(FILES),
    change=st.sampled_from((flipped, cut, spliced, doubled)),
    place=st.floats(0, 1),
    length=st.integers(0, 400),
    more=st.binary(max_size=200) | st.sampled_from((b"\n<<<<<<< ours\n", b'{"version": 99}\n')),
)
def test_one_changed_file_costs_nothing_and_raises_only_errors_of_ours(
    pattern: str,
    change: Callable[[bytes, int, int, bytes], bytes],
    place: float,
    length: int,
    more: bytes,
    bought: Bought,
) -> None:
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "site"
        shutil.copytree(bought.folder, folder)
        for path in sorted((folder / "cache").glob(pattern))[:1]:
            data = path.read_bytes()
            path.write_bytes(change(data, int(place * len(data)), length, more))
        for _ in range(2):  # the second build meets what the first one made of it
            with suppress(ImagegenError), closing(bought.engine(folder)) as engine:
                build(engine)
    assert bought.server.calls == []
    assert time.monotonic() - began_s < PATIENCE_S
