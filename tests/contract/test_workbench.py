"""Pictures at work: how many pixels at once, what a failure leaves behind, what is made once."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from mkdocs_imagegen import keys
from mkdocs_imagegen.derived import Developed, develop
from mkdocs_imagegen.errors import PictureError
from mkdocs_imagegen.model import Record, Size
from mkdocs_imagegen.settings import Settings, SiteFacts
from mkdocs_imagegen.sources import Paid
from mkdocs_imagegen.store import Store
from mkdocs_imagegen.workbench import Opened, PixelGate, on_all_cores

SIZE = Size(1536, 1024)
SETTINGS = Settings(site=SiteFacts(name="Notes", url="https://example.com/"))
KEY = "ab" * 32


def png(colour: str = "red", size: Size = SIZE) -> bytes:
    out = BytesIO()
    Image.new("RGB", (size.width_px, size.height_px), colour).save(out, "PNG")
    return out.getvalue()


def kept(store: Store, picture: bytes) -> Record:
    at = datetime(2026, 11, 22, tzinfo=UTC).isoformat()
    record = Record(KEY, keys.digest(picture), len(picture), "a.md", {"size": str(SIZE)}, "", at)
    store.put(record, picture)
    return record


def test_no_more_pixels_are_inside_than_there_is_room_for() -> None:
    gate, lock = PixelGate(100), threading.Lock()
    inside, most = Counter[str](), 0
    together = threading.Barrier(2, timeout=30)

    def work(size_px: int) -> None:
        nonlocal most
        with gate.room(size_px):
            with lock:
                inside["px"] += min(size_px, 100)
                most = max(most, inside["px"])
            if size_px == 50:
                together.wait()  # two of these are in at the same time, or this breaks
            with lock:
                inside["px"] -= min(size_px, 100)

    threads = [
        threading.Thread(target=work, args=(size_px,)) for size_px in (60, 50, 70, 50, 1_000, 30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    assert most == 100  # one larger than all the room was in there alone


def test_a_picture_that_cannot_be_decoded_leaves_its_room() -> None:
    gate = PixelGate(SIZE.width_px * SIZE.height_px)
    broken = png()[:3000]
    with Opened(lambda: broken, gate=gate) as opened:
        for _ in range(2):
            with pytest.raises(PictureError):
                _ = opened.picture
        with Opened(png, gate=gate) as whole:
            assert whole.picture.size == SIZE


def test_what_has_not_begun_is_not_begun_once_one_raises() -> None:
    begun: list[int] = []

    def work(n: int) -> None:
        begun.append(n)
        raise ValueError(n)

    with pytest.raises(ValueError, match="0"):
        on_all_cores(work, range(10_000))
    assert len(begun) < 10_000


class Counting(Store):
    """A store that counts how often originals are read."""

    reads = 0

    def read_original(self, record: Record) -> bytes:
        self.reads += 1
        return super().read_original(record)


def test_articles_that_share_a_picture_read_it_once_and_each_has_its_own_crop(
    tmp_path: Path,
) -> None:
    with Counting.open(tmp_path / "cache") as store:
        assert isinstance(store, Counting)
        record = kept(store, png())
        focuses = [None, (0.1, 0.1), (0.9, 0.9), None]
        sources = [Paid(record, store, SETTINGS, known=True, focus=focus) for focus in focuses]
        made = [each for each in develop(sources, store, SETTINGS) if isinstance(each, Developed)]
        assert store.reads == 1
        assert all(each.made for each in made)
        assert len({each.files.main.rendition.digest for each in made}) == 1
        assert made[0].files == made[3].files
        assert [len(each.files.all) for each in made] == [5, 5, 5, 5]
        again = [each for each in develop(sources, store, SETTINGS) if isinstance(each, Developed)]
        assert [each.files for each in again] == [each.files for each in made]
        assert not any(each.made for each in again)
        assert store.reads == 1
