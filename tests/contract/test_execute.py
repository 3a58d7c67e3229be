"""Buying what is approved, with scripted providers over a real store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from mkdocs_imagegen.engine import price_book
from mkdocs_imagegen.errors import ModelError, StoreError
from mkdocs_imagegen.execute import execute
from mkdocs_imagegen.keys import digest, request_key
from mkdocs_imagegen.model import (
    Action,
    ActionKind,
    ArticleSource,
    Bought,
    Cover,
    CoverRequest,
    Failed,
    Outcome,
    Plan,
    Priced,
    Record,
    Size,
    Skipped,
)
from mkdocs_imagegen.plan import ApprovedPlan
from mkdocs_imagegen.providers import Answer
from mkdocs_imagegen.settings import Budget
from mkdocs_imagegen.store import Store

SIZE = Size(64, 48)


def webp(colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (SIZE.width_px, SIZE.height_px), colour).save(out, "WEBP")
    return out.getvalue()


class Scripted:
    """Answers each request with what its prompt is mapped to; counts what was asked for."""

    def __init__(self, answers: dict[str, bytes | Exception]) -> None:
        self._answers = answers
        self._lock = threading.Lock()
        self.asked: list[str] = []

    def generate(self, request: CoverRequest) -> Answer:
        with self._lock:
            self.asked.append(request.prompt)
        answer = self._answers[request.prompt]
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, {"prompt": request.prompt}, "http://127.0.0.1")


def purchase(name: str) -> Action:
    request = CoverRequest("generate", "gpt-image-2", name, SIZE, "low")
    cover = Cover(
        ArticleSource(f"{name}.md", name, {}), name, request.model, SIZE, "low", "cover.j2"
    )
    price = Priced(Decimal("0.01"), bound_usd=Decimal("0.02"))
    return Action(ActionKind.GENERATE, cover, "new", price, request, request_key(request))


def bought(
    names: str,
    provider: Scripted,
    store: Store,
    *,
    concurrency: int = 1,
    budget: Budget | None = None,
) -> list[Outcome]:
    approved = ApprovedPlan(Plan(tuple(map(purchase, names))), budget or Budget())
    outcomes = execute(approved, provider, store, price_book(), concurrency=concurrency)
    return sorted(outcomes, key=lambda outcome: outcome.action.article)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "cache") as opened:
        yield opened


def test_what_an_unexpected_error_interrupts_is_told_with_all_that_was_bought(store: Store) -> None:
    provider = Scripted({"a": webp("red"), "b": RuntimeError("odd"), "c": webp("blue")})
    first, second, third = bought("abc", provider, store)
    assert isinstance(first, Bought)
    assert isinstance(second, Failed)
    assert "unexpected RuntimeError" in second.error.message
    assert "odd" not in str(second.error)  # it might quote a key
    assert isinstance(third, Skipped)
    assert provider.asked == ["a", "b"]


def test_an_error_that_all_further_requests_would_meet_stops_the_run(store: Store) -> None:
    provider = Scripted({"a": ModelError("no such model"), "b": webp("red")})
    failed, skipped = bought("ab", provider, store)
    assert isinstance(failed, Failed)
    assert isinstance(skipped, Skipped)
    assert skipped.why == "no such model"
    assert provider.asked == ["a"]


def test_bytes_that_are_no_picture_are_kept_and_stop_the_run(store: Store) -> None:
    provider = Scripted({"a": b"https://cdn.example.com/a.png", "b": webp("red")})
    failed, skipped = bought("ab", provider, store)
    assert isinstance(failed, Failed)
    assert "the address of a picture" in failed.error.message
    assert isinstance(skipped, Skipped)
    record = store.record(purchase("a").request_key or "")
    assert record is not None
    assert store.read_original(record) == b"https://cdn.example.com/a.png"


def test_a_store_that_cannot_be_written_is_found_before_anything_is_paid_for(
    tmp_path: Path,
) -> None:
    with Store.open(tmp_path / "cache") as store:
        (tmp_path / "cache" / "locks" / "open.lock").mkdir()  # nobody can lock a folder
        provider = Scripted({"a": webp("red")})
        with pytest.raises(StoreError):
            bought("a", provider, store)
        assert provider.asked == []


class Unwritable(Store):
    """A store whose disk fills between the trial and the picture."""

    def put(self, record: Record, picture: bytes) -> None:
        raise StoreError("the disk is full")


def test_a_picture_that_the_store_cannot_keep_is_saved_beside_it(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    provider = Scripted({"a": webp("red"), "b": webp("blue")})
    with Unwritable.open(cache) as store:
        failed, skipped = bought("ab", provider, store)
    assert isinstance(failed, Failed)
    assert isinstance(skipped, Skipped)
    (saved,) = (cache / "rescued").glob("*.picture")
    assert str(saved) in failed.error.message
    assert saved.read_bytes() == webp("red")
    assert saved.with_suffix(".json").is_file()


def test_an_unreadable_store_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    class Unreadable(Store):
        def record(self, request_key: str) -> Record | None:
            raise StoreError("the index can't be read")

    provider = Scripted({"a": webp("red")})
    with Unreadable.open(tmp_path / "cache") as store:
        (failed,) = bought("a", provider, store)
    assert isinstance(failed, Failed)
    assert provider.asked == []


def test_a_record_holds_what_was_sent_and_what_came(store: Store) -> None:
    (outcome,) = bought("a", Scripted({"a": webp("red")}), store)
    assert isinstance(outcome, Bought)
    record = store.record(outcome.action.request_key or "")
    assert record == outcome.record
    assert record is not None
    assert record.digest == digest(webp("red"))
    assert record.usd == "0.01"
    assert outcome.size == SIZE


def test_the_number_of_pictures_is_a_wall_before_each_request(store: Store) -> None:
    provider = Scripted({name: webp("red") for name in "abc"})
    outcomes = bought("abc", provider, store, budget=Budget(max_images=2))
    assert [type(outcome) for outcome in outcomes] == [Bought, Bought, Skipped]
    assert len(provider.asked) == 2
