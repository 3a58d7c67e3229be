"""What a killed run had received: the next one stores and books it, and buys nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from mkdocs_imagegen.arrivals import keeper, take_in_all
from mkdocs_imagegen.engine import price_book
from mkdocs_imagegen.model import CoverRequest, Found, RowState
from mkdocs_imagegen.store import Store
from mkdocs_imagegen.store.ledger import LEDGER, Ledger
from tests.contract.test_execute import Scripted, bought, purchase, webp
from tests.contract.test_ledger import ROW, admit_all

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ACTION = purchase("f")
KEY = ACTION.request_key or ""
HELD = replace(ROW, request_key=KEY)
PICTURE = webp("red")
USAGE = {
    "input_tokens": 10,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 0},
    "output_tokens": 200,
    "total_tokens": 210,
}


def answer(**more: object) -> bytes:
    encoded = base64.b64encode(PICTURE).decode()
    return json.dumps({"data": [{"b64_json": encoded}], "usage": USAGE, **more}).encode()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as opened:
        yield opened


@pytest.fixture
def ledger(store: Store) -> Iterator[Ledger]:
    with closing(Ledger(store.cache_dir / LEDGER, read_only=False)) as opened:
        yield opened


def receive(store: Store, body: bytes) -> None:
    """Leave what a run has that is killed before it reads an answer."""
    request = ACTION.request
    assert isinstance(request, CoverRequest)
    keep = keeper(store, lambda: NOW)
    sent = {"prompt": request.prompt}
    keep(request, sent=sent, endpoint="https://a.example.com", request_id="req_7", body=body)


def test_an_answer_that_came_in_is_stored_and_booked(store: Store, ledger: Ledger) -> None:
    ledger.reserve(HELD, admit_all)
    receive(store, answer())
    (told,) = take_in_all(store, ledger, price_book())
    assert (told.level, told.article) == ("info", HELD.article)
    record = store.record(KEY)
    assert record is not None
    assert store.read_original(record) == PICTURE
    assert (record.article, record.request_id) == (HELD.article, "req_7")
    assert record.received_at == NOW.isoformat(timespec="seconds")
    (row,) = ledger.rows()
    assert (row.state, row.actual_usd) == (RowState.SETTLED, Decimal("0.00605"))
    assert ledger.month_usd("2026-11") == Decimal("0.00605")
    assert store.spool.kept() == ()
    assert list(take_in_all(store, ledger, price_book())) == []


def test_a_bill_that_was_given_up_is_settled_when_its_picture_turns_up(
    store: Store, ledger: Ledger
) -> None:
    ledger.reserve(HELD, admit_all)
    ledger.prepare()
    receive(store, answer())
    assert len(list(take_in_all(store, ledger, price_book()))) == 1
    assert [row.state for row in ledger.rows()] == [RowState.SETTLED]


def test_without_books_the_picture_is_stored_all_the_same(store: Store, ledger: Ledger) -> None:
    (store.cache_dir / LEDGER).write_bytes(b"no database, but long enough " * 99)
    receive(store, answer())
    assert len(list(take_in_all(store, ledger, price_book()))) == 1
    record = store.record(KEY)
    assert record is not None
    assert (record.article, record.usd) == ("", None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b"[" * 100_000,
        b"[]",
        b"{}",
        b'{"data": [{"b64_json": "bm8gcGljdHVyZQ=="}]}',
        b'{"data": [{"url": "http://127.0.0.1:1/picture.webp"}]}',
        b'{"_fields_set": 1, "data": 7, "usage": 7}',
        answer()[:-40],
    ],
)
def test_what_holds_no_picture_is_dropped_and_goes_on_to_count(
    body: bytes, store: Store, ledger: Ledger
) -> None:
    ledger.reserve(HELD, admit_all)
    receive(store, body)
    assert list(take_in_all(store, ledger, price_book())) == []
    assert store.spool.kept() == ()
    assert store.record(KEY) is None
    assert ledger.month_usd("2026-11") == HELD.bound_usd


def test_a_picture_that_came_by_itself_is_taken_in(store: Store, ledger: Ledger) -> None:
    receive(store, PICTURE)
    assert len(list(take_in_all(store, ledger, price_book()))) == 1


def test_half_an_answer_is_dropped(store: Store, ledger: Ledger) -> None:
    receive(store, answer())
    (path,) = store.cache_dir.glob("incoming/*")
    path.write_bytes(path.read_bytes()[:-1])
    assert list(take_in_all(store, ledger, price_book())) == []
    assert not path.exists()


def test_what_a_living_run_is_about_to_read_is_left_to_it(store: Store, ledger: Ledger) -> None:
    receive(store, answer())
    with Store.open(store.cache_dir) as other, other.lock(KEY):
        assert list(take_in_all(store, ledger, price_book())) == []
    assert store.spool.kept() == (KEY,)


def test_a_run_that_waited_for_one_that_died_buys_nothing_that_came_in(store: Store) -> None:
    receive(store, answer())
    provider = Scripted({"f": webp("blue")})
    (outcome,) = bought("f", provider, store)
    assert isinstance(outcome, Found)
    assert provider.asked == []
    record = store.record(KEY)
    assert record is not None
    assert store.read_original(record) == PICTURE
