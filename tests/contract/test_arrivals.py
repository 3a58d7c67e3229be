"""What a run had received and could not store: the next one does, books it, and buys nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from mkdocs_imagegen.arrivals import keeper, take_in_all
from mkdocs_imagegen.errors import AnswerError
from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.model import CoverRequest, Failed, Found, Record, RowState, Usage
from mkdocs_imagegen.packaged import price_book
from mkdocs_imagegen.store import Store
from mkdocs_imagegen.store.ledger import LEDGER, Ledger
from mkdocs_imagegen.store.rescue import FOLDER, rescue
from tests.contract.test_execute import Scripted, bought, purchase, webp
from tests.contract.test_ledger import ROW, admit_all, settle

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ACTION = purchase("f")
KEY = ACTION.request_key or ""
HELD = replace(ROW, request_key=KEY)
PICTURE = webp("red")
ADDRESS = b"http://127.0.0.1:1/picture.webp"
USAGE = {
    "input_tokens": 10,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 0},
    "output_tokens": 200,
    "total_tokens": 210,
}


def answer(**more: object) -> bytes:
    encoded = base64.b64encode(PICTURE).decode()
    return json.dumps({"data": [{"b64_json": encoded}], "usage": USAGE, **more}).encode()


def named_picture(**more: object) -> bytes:
    return json.dumps({"data": [{"url": ADDRESS.decode()}], **more}).encode()


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
        b'{"data": [{"url": ""}]}',
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


@pytest.mark.parametrize(
    ("usage", "state", "held_usd"),
    [
        (USAGE, RowState.SETTLED, Decimal("0.00605")),
        (None, RowState.POSSIBLY_BILLED, HELD.bound_usd),
    ],
)
def test_an_address_is_kept_and_named_and_neither_fetched_nor_bought_again(
    usage: object, state: RowState, held_usd: Decimal, store: Store, ledger: Ledger
) -> None:
    ledger.reserve(HELD, admit_all)
    receive(store, named_picture(usage=usage))
    (told,) = take_in_all(store, ledger, price_book())
    assert (told.level, told.article) == ("warning", HELD.article)
    assert "had downloaded" in told.message
    assert "apply --rebuy" in told.hint
    record = store.record(KEY)
    assert record is not None
    assert store.read_original(record) == ADDRESS
    assert [row.state for row in ledger.rows()] == [state]
    assert ledger.month_usd("2026-11") == held_usd
    assert store.spool.kept() == ()


def test_a_run_that_waited_for_one_that_had_only_an_address_buys_nothing(store: Store) -> None:
    receive(store, named_picture())
    provider = Scripted({"f": webp("blue")})
    (outcome,) = bought("f", provider, store)
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, AnswerError)
    assert provider.asked == []


def test_the_newest_purchase_is_the_one_whose_answer_came(store: Store, ledger: Ledger) -> None:
    ledger.hold(ledger.reserve(replace(HELD, article="older.md"), admit_all))
    settle(ledger, ledger.reserve(HELD, admit_all), Decimal("0.007"), proven=True)
    before = list(ledger.rows())
    receive(store, answer())
    (told,) = take_in_all(store, ledger, price_book())
    assert told.article == HELD.article
    record = store.record(KEY)
    assert record is not None
    assert (record.article, record.usd) == (HELD.article, "0.007")
    assert list(ledger.rows()) == before


def rescued(store: Store, picture: bytes = PICTURE, *, received_at: str = "2026-11-22") -> Record:
    """Leave what a run has that could not store what it received."""
    record = Record(
        request_key=KEY,
        digest=digest(picture),
        size_bytes=len(picture),
        article=HELD.article,
        sent={"prompt": "f"},
        endpoint="https://a.example.com",
        received_at=received_at,
        usage=Usage(input_text_tokens=10, output_tokens=200),
        usd="0.00605",
        request_id="req_7",
    )
    rescue(store.cache_dir, record, picture)
    return record


def test_a_rescued_picture_is_stored_with_its_own_record(store: Store, ledger: Ledger) -> None:
    settle(ledger, ledger.reserve(HELD, admit_all), Decimal("0.00605"), proven=True)
    receive(store, answer())
    record = rescued(store)
    before = list(ledger.rows())
    (told,) = take_in_all(store, ledger, price_book())
    assert (told.level, told.article) == ("info", HELD.article)
    assert store.record(KEY) == record
    assert store.read_original(record) == PICTURE
    assert list(ledger.rows()) == before
    assert list((store.cache_dir / FOLDER).iterdir()) == []
    assert store.spool.kept() == ()


def test_a_run_that_was_killed_after_the_rescue_gets_its_bill(store: Store, ledger: Ledger) -> None:
    ledger.reserve(HELD, admit_all)
    rescued(store)
    assert len(list(take_in_all(store, ledger, price_book()))) == 1
    assert [row.state for row in ledger.rows()] == [RowState.SETTLED]
    assert ledger.month_usd("2026-11") == Decimal("0.00605")


def test_a_rescued_picture_is_not_bought_again(store: Store) -> None:
    rescued(store)
    provider = Scripted({"f": webp("blue")})
    (outcome,) = bought("f", provider, store)
    assert isinstance(outcome, Found)
    assert provider.asked == []


def test_what_was_rescued_and_is_no_picture_is_kept_and_named(store: Store, ledger: Ledger) -> None:
    ledger.hold(ledger.reserve(replace(HELD, bound_usd=None), admit_all))
    record = rescued(store, ADDRESS)
    (told,) = take_in_all(store, ledger, price_book())
    assert (told.level, told.article) == ("warning", HELD.article)
    assert store.record(KEY) == record
    assert [row.state for row in ledger.rows()] == [RowState.POSSIBLY_BILLED]
    assert store.spool.kept() == ()


def test_a_later_picture_in_the_store_stays_and_so_does_the_rescued_one(
    store: Store, ledger: Ledger
) -> None:
    later = rescued(store, webp("blue"), received_at="2026-11-23")
    store.put(later, webp("blue"))
    rescued(store, webp("green"))
    assert list(take_in_all(store, ledger, price_book())) == []
    assert store.record(KEY) == later
    receive(store, answer())
    assert len(list(take_in_all(store, ledger, price_book()))) == 1
    assert store.spool.kept() == (KEY,)


def cut_short(picture: Path, _record: Path) -> None:
    picture.write_bytes(PICTURE[:-1])


def another_picture(picture: Path, _record: Path) -> None:
    picture.write_bytes(webp("blue"))


def of_another_request(_picture: Path, record: Path) -> None:
    record.write_text(record.read_text().replace(KEY, "0" * 64))


def no_record(_picture: Path, record: Path) -> None:
    record.write_bytes(b"[" * 100_000)


def far_too_long(picture: Path, _record: Path) -> None:
    with picture.open("r+b") as file:
        file.truncate(64 * 2**20 + 1)


def a_link(picture: Path, _record: Path) -> None:
    outside = picture.parent.parent / "outside"
    picture.replace(outside)
    picture.symlink_to(outside)


def a_linked_folder(picture: Path, _record: Path) -> None:
    outside = picture.parent.with_name("elsewhere")
    picture.parent.replace(outside)
    picture.parent.symlink_to(outside)


@pytest.mark.parametrize(
    "harm",
    [
        cut_short,
        another_picture,
        of_another_request,
        no_record,
        far_too_long,
        a_link,
        a_linked_folder,
    ],
)
def test_what_is_not_what_was_rescued_is_not_taken_in(
    harm: Callable[[Path, Path], None], store: Store, ledger: Ledger
) -> None:
    rescued(store)
    folder = store.cache_dir / FOLDER
    harm(folder / f"{KEY}.picture", folder / f"{KEY}.json")
    assert list(take_in_all(store, ledger, price_book())) == []
    assert store.record(KEY) is None
    assert len(list(folder.iterdir())) == 2
