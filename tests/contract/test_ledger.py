"""The ledger: what it keeps, what it counts, whom it refuses. Real files, threads and processes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mkdocs_imagegen.errors import OverBudgetError, StoreError
from mkdocs_imagegen.model import LedgerRow, RowState, Size, Usage
from mkdocs_imagegen.plan.walls import Account
from mkdocs_imagegen.store.ledger import FORMAT, LEDGER, Ledger

MONTH = "2026-11"
ROW = LedgerRow(
    at="2026-11-22T09:30:00+00:00",
    site="A site",
    article="blog/a.md",
    section="Blog",
    authors="Ada",
    job="",
    request_key="0" * 64,
    model="gpt-image-2",
    size=Size(1536, 1024),
    quality="low",
    endpoint="https://api.example.com",
    bound_usd=Decimal("0.02"),
    estimated_usd=Decimal("0.0125"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / LEDGER


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with closing(Ledger(path, read_only=False)) as opened:
        yield opened


def admit_all(held_usd: Decimal) -> None:
    """Refuse nothing."""


def settle(
    ledger: Ledger, number: int, usd: Decimal | None, *, proven: bool, usage: Usage | None = None
) -> None:
    ledger.settle(
        number,
        usage=usage,
        actual_usd=usd,
        proven=proven,
        request_id="req_1",
        endpoint="https://other.example.com",
    )


def test_a_reserved_row_holds_the_most_it_can_cost(ledger: Ledger) -> None:
    ledger.reserve(ROW, admit_all)
    assert list(ledger.rows()) == [ROW]
    assert ledger.month_usd(MONTH) == ROW.bound_usd


def test_a_settled_row_holds_what_it_cost(ledger: Ledger) -> None:
    usage = Usage(10, None, 200)
    number = ledger.reserve(ROW, admit_all)
    settle(ledger, number, Decimal("0.0060500"), proven=True, usage=usage)
    assert list(ledger.rows()) == [
        replace(
            ROW,
            state=RowState.SETTLED,
            actual_usd=Decimal("0.00605"),
            usage=usage,
            request_id="req_1",
            endpoint="https://other.example.com",
        )
    ]
    assert ledger.month_usd(MONTH) == Decimal("0.00605")


def test_a_row_that_is_settled_as_planned_holds_its_bound(ledger: Ledger) -> None:
    settle(ledger, ledger.reserve(ROW, admit_all), ROW.estimated_usd, proven=False)
    (row,) = ledger.rows()
    assert (row.state, row.actual_usd) == (RowState.SETTLED, ROW.estimated_usd)
    assert ledger.month_usd(MONTH) == ROW.bound_usd


def test_an_unpriced_row_holds_nothing(ledger: Ledger) -> None:
    unpriced = replace(ROW, bound_usd=None, estimated_usd=None)
    settle(ledger, ledger.reserve(unpriced, admit_all), None, proven=False)
    (row,) = ledger.rows()
    assert (row.bound_usd, row.estimated_usd, row.actual_usd) == (None, None, None)
    assert ledger.month_usd(MONTH) == 0


def test_what_was_released_holds_nothing_and_what_was_possibly_billed_its_bound(
    ledger: Ledger,
) -> None:
    ledger.release(ledger.reserve(ROW, admit_all), request_id="req_1")
    assert ledger.month_usd(MONTH) == 0
    ledger.hold(ledger.reserve(replace(ROW, at="2026-11-23"), admit_all), request_id="req_2")
    assert ledger.month_usd(MONTH) == ROW.bound_usd
    assert [(row.state, row.request_id, row.endpoint) for row in ledger.rows()] == [
        (RowState.RELEASED, "req_1", ROW.endpoint),
        (RowState.POSSIBLY_BILLED, "req_2", ROW.endpoint),
    ]


def test_a_row_ends_once(ledger: Ledger) -> None:
    number = ledger.reserve(ROW, admit_all)
    ledger.hold(number)
    for end in (ledger.release, ledger.hold):
        with pytest.raises(StoreError, match="no open row"):
            end(number)
    with pytest.raises(StoreError, match="no open row 99"):
        settle(ledger, 99, None, proven=False)
    assert ledger.month_usd(MONTH) == ROW.bound_usd


def test_a_refused_row_is_not_entered(ledger: Ledger) -> None:
    ledger.reserve(ROW, admit_all)
    seen: list[Decimal] = []

    def refuse(held_usd: Decimal) -> None:
        seen.append(held_usd)
        raise OverBudgetError("no")

    with pytest.raises(OverBudgetError):
        ledger.reserve(ROW, refuse)
    assert seen == [ROW.bound_usd]
    assert len(list(ledger.rows())) == 1
    ledger.reserve(ROW, admit_all)  # nothing is left locked


def test_months_are_apart(ledger: Ledger) -> None:
    seen: list[Decimal] = []
    for at in ("2026-10-31T23:59:59+00:00", "2026-11-01T00:00:00+00:00", "2026-11-30T23:59:59Z"):
        ledger.reserve(replace(ROW, at=at), seen.append)
    assert seen == [0, 0, Decimal("0.02")]
    months = ("2026-09", "2026-10", "2026-11", "2026-12")
    assert [ledger.month_usd(month) for month in months] == [
        Decimal(usd) for usd in ("0", "0.02", "0.04", "0")
    ]


def test_rows_come_in_the_order_of_time_from_a_day_on(ledger: Ledger) -> None:
    for at in ("2026-11-03", "2026-11-01", "2026-11-02T10:00:00+00:00", "2026-11-02"):
        ledger.reserve(replace(ROW, at=at), admit_all)
    assert [row.at for row in ledger.rows("2026-11-02")] == [
        "2026-11-02",
        "2026-11-02T10:00:00+00:00",
        "2026-11-03",
    ]


def test_a_fraction_of_a_micro_dollar_counts_as_a_whole_one_and_is_shown_exactly(
    ledger: Ledger,
) -> None:
    usd = Decimal("0.0000001")
    settle(ledger, ledger.reserve(replace(ROW, bound_usd=usd), admit_all), usd, proven=True)
    (row,) = ledger.rows()
    assert (row.bound_usd, row.actual_usd) == (usd, usd)
    assert ledger.month_usd(MONTH) == Decimal("0.000001")


@pytest.mark.parametrize("count", [2**63, 10**30, -(10**30)])
def test_a_count_or_bill_beyond_all_measure_is_no_trouble(count: int, ledger: Ledger) -> None:
    number = ledger.reserve(ROW, admit_all)
    usage = Usage(count, 1, -4)
    settle(ledger, number, Decimal(abs(count)), proven=True, usage=usage)
    ledger.reserve(ROW, admit_all)
    row, _ = ledger.rows()
    assert row.usage == Usage(None, 1, -4)
    assert row.actual_usd == abs(count)
    assert ledger.month_usd(MONTH) > 10**8


def test_texts_that_are_no_utf8_are_written_all_the_same(ledger: Ledger) -> None:
    ledger.reserve(replace(ROW, authors="Ada \ud83d", article="a'; DROP TABLE x\x00"), admit_all)
    (row,) = ledger.rows()
    assert row.authors == "Ada ?"
    assert row.article == "a'; DROP TABLE x\x00"


def test_reading_makes_no_file(path: Path, ledger: Ledger) -> None:
    assert ledger.month_usd(MONTH) == 0
    assert list(ledger.rows()) == []
    assert not path.exists()
    ledger.prepare()
    assert path.exists()
    assert ledger.month_usd(MONTH) == 0
    assert list(ledger.rows()) == []


def test_an_empty_file_is_an_empty_ledger(path: Path, ledger: Ledger) -> None:
    path.touch()
    assert ledger.month_usd(MONTH) == 0
    assert list(ledger.rows()) == []
    ledger.reserve(ROW, admit_all)
    assert ledger.month_usd(MONTH) == ROW.bound_usd


def test_a_read_only_ledger_is_read_and_refuses_to_write(path: Path, ledger: Ledger) -> None:
    number = ledger.reserve(ROW, admit_all)
    before = path.read_bytes()
    with closing(Ledger(path, read_only=True)) as reader:
        assert list(reader.rows()) == [ROW]
        assert reader.month_usd(MONTH) == ROW.bound_usd
        for write in (
            reader.prepare,
            lambda: reader.reserve(ROW, admit_all),
            lambda: reader.release(number),
        ):
            with pytest.raises(StoreError, match="read-only"):
                write()
    assert path.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_found_when_it_is_prepared(path: Path) -> None:
    with closing(Ledger(path, read_only=False)) as ledger:
        ledger.reserve(ROW, admit_all)
    path.chmod(0o400)
    with closing(Ledger(path, read_only=False)) as ledger:
        with pytest.raises(StoreError, match="permission denied"):
            ledger.prepare()
        assert list(ledger.rows()) == [ROW]


@pytest.mark.parametrize("ending", ["", "-journal", "-wal", "-shm"])
@pytest.mark.parametrize("what", ["link", "dangling link", "folder", "pipe"])
def test_a_link_is_neither_read_nor_written(what: str, ending: str, path: Path) -> None:
    victim = path.parent / "victim"
    if what == "link":
        victim.write_bytes(b"mine")
    place = path.with_name(path.name + ending)
    match what:
        case "folder":
            place.mkdir()
        case "pipe":
            os.mkfifo(place)
        case _:
            place.symlink_to(victim)
    with closing(Ledger(path, read_only=False)) as ledger:
        for use in (ledger.prepare, lambda: ledger.month_usd(MONTH), lambda: list(ledger.rows())):
            with pytest.raises(StoreError, match="a link or no plain file") as raised:
                use()
            assert raised.value.hint
    assert victim.exists() == (what == "link")


@pytest.mark.parametrize(
    "data",
    [b"garbage" * 1_000, b"SQLite format 3\x00" + bytes(4_080)],
    ids=["garbage", "a head alone"],
)
def test_a_damaged_file_is_told_with_a_mend_that_loses_nothing(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    with closing(Ledger(path, read_only=False)) as ledger:
        for use in (ledger.prepare, lambda: ledger.month_usd(MONTH), lambda: list(ledger.rows())):
            with pytest.raises(StoreError, match=LEDGER) as raised:
                use()
            assert "cache.db" not in str(raised.value)
            assert "move it to another folder" in raised.value.hint
        assert path.read_bytes() == data
        path.rename(path.with_suffix(".damaged"))
        ledger.reserve(ROW, admit_all)
        assert ledger.month_usd(MONTH) == ROW.bound_usd


@pytest.mark.parametrize("left_bytes", [99, 4_096, 10_000, 20_480])
def test_a_ledger_that_was_cut_short_is_no_shorter_ledger(left_bytes: int, path: Path) -> None:
    with closing(Ledger(path, read_only=False)) as ledger:
        for _ in range(50):
            ledger.reserve(ROW, admit_all)
    path.write_bytes(path.read_bytes()[:left_bytes])
    with closing(Ledger(path, read_only=False)) as ledger:
        for use in (ledger.prepare, lambda: ledger.month_usd(MONTH), lambda: list(ledger.rows())):
            with pytest.raises(StoreError, match="damaged") as raised:
                use()
            assert raised.value.hint


def test_damage_in_the_middle_is_told(path: Path) -> None:
    with closing(Ledger(path, read_only=False)) as ledger:
        for _ in range(50):
            ledger.reserve(ROW, admit_all)
    data = bytearray(path.read_bytes())
    data[4096 * 2 :] = b"\xff" * (len(data) - 4096 * 2)
    path.write_bytes(data)
    with closing(Ledger(path, read_only=False)) as ledger:
        with pytest.raises(StoreError) as raised:
            list(ledger.rows())
        assert raised.value.hint


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_later_format_is_left_alone(path: Path, ledger: Ledger) -> None:
    ledger.reserve(ROW, admit_all)
    change(path, f"PRAGMA user_version = {FORMAT + 1}", "CREATE TABLE later (x)")
    for use in (ledger.prepare, lambda: ledger.month_usd(MONTH)):
        with pytest.raises(StoreError, match="later version") as raised:
            use()
        assert "upgrade" in raised.value.hint


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON request BEGIN DELETE FROM request; END",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TABLE other (x)",
        "DROP INDEX request_at",
        "ALTER TABLE request ADD COLUMN more TEXT",
        "PRAGMA application_id = 7",
    ],
)
def test_what_this_plugin_never_writes_is_refused(
    statement: str, path: Path, ledger: Ledger
) -> None:
    ledger.reserve(ROW, admit_all)
    change(path, statement)
    for use in (ledger.prepare, lambda: ledger.month_usd(MONTH), lambda: list(ledger.rows())):
        with pytest.raises(StoreError, match="never writes"):
            use()


def test_another_programs_database_is_left_alone(path: Path, ledger: Ledger) -> None:
    change(path, "CREATE TABLE notes (text)", "PRAGMA user_version = 12")
    with pytest.raises(StoreError, match="never writes"):
        ledger.prepare()


@pytest.mark.parametrize(
    "values",
    [
        "size = 'huge'",
        "bound_usd = 'much'",
        "bound_usd = 'NaN'",
        "actual_usd = x'00'",
        "article = x'00ff'",
    ],
)
def test_a_row_that_cannot_be_read_is_left_out_and_still_holds_what_it_holds(
    values: str, path: Path, ledger: Ledger
) -> None:
    for _ in range(2):
        ledger.reserve(ROW, admit_all)
    change(path, f"UPDATE request SET {values} WHERE id = 1")
    assert list(ledger.rows()) == [ROW]
    assert ledger.month_usd(MONTH) == Decimal("0.04")


@pytest.mark.parametrize("held", ["-5", "'lots'", "1.5", "x'00'"])
def test_an_odd_amount_never_makes_room(held: str, path: Path, ledger: Ledger) -> None:
    for _ in range(2):
        ledger.reserve(ROW, admit_all)
    change(
        path,
        "PRAGMA ignore_check_constraints = ON",
        f"UPDATE request SET held_micro_usd = {held} WHERE id = 1",
    )
    assert ledger.month_usd(MONTH) == ROW.bound_usd


def test_text_that_is_no_utf8_spoils_no_other_row(path: Path, ledger: Ledger) -> None:
    for _ in range(2):
        ledger.reserve(ROW, admit_all)
    change(path, "UPDATE request SET section = CAST(x'ff41' AS TEXT) WHERE id = 1")
    assert [row.section for row in ledger.rows()] == ["\ufffdA", "Blog"]


def wall(most_usd: Decimal, bound_usd: Decimal) -> Callable[[Decimal], None]:
    def admit(held_usd: Decimal) -> None:
        if held_usd + bound_usd > most_usd:
            raise OverBudgetError("full")

    return admit


def test_threads_and_ledgers_share_one_wall(path: Path) -> None:
    """Each of 16 threads tries three times; the wall has room for 20 of 48."""
    bound_usd = Decimal("0.02")
    admit = wall(bound_usd * 20, bound_usd)

    def buy(ledger: Ledger) -> int:
        entered = 0
        for _ in range(3):
            try:
                ledger.reserve(ROW, admit)
            except OverBudgetError:
                continue
            entered += 1
        return entered

    first, second = (Ledger(path, read_only=False) for _ in range(2))
    with closing(first), closing(second), ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(buy, [first, second] * 8)) == 20
        assert first.month_usd(MONTH) == second.month_usd(MONTH) == bound_usd * 20


CHILD = """
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from mkdocs_imagegen.errors import OverBudgetError
from mkdocs_imagegen.store.ledger import Ledger
from tests.contract.test_ledger import ROW, wall

ledger = Ledger(Path(sys.argv[1]), read_only=False)
sys.stdin.readline()
for n in range(20):
    try:
        number = ledger.reserve(ROW, wall(Decimal("0.50"), Decimal("0.02")))
    except OverBudgetError:
        continue
    if n % 3 == 0:
        ledger.release(number)
print("done", flush=True)
sys.stdin.readline()
"""


def test_processes_share_one_wall_and_what_the_killed_held_stays(path: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path)],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(3)
    ]
    for child in children:  # 60 requests, a third given back: more than 25 want in
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "done\n"
        child.kill()
        child.communicate()
    with closing(Ledger(path, read_only=False)) as ledger:
        assert ledger.month_usd(MONTH) == Decimal("0.50")
        assert sum(row.state is RowState.RESERVED for row in ledger.rows()) == 25


HALF_WRITTEN = """
import os, signal, sqlite3, sys

database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA cache_size = 1")
database.execute("BEGIN IMMEDIATE")
for _ in range(3):  # more than the cache holds, so that some of it is in the file
    database.execute("UPDATE request SET section = section || hex(randomblob(2000))")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("read_only", [True, False])
def test_a_write_that_a_kill_cut_short_never_happened(
    read_only: bool, path: Path, ledger: Ledger
) -> None:
    rows = [replace(ROW, article=f"{n}.md") for n in range(20)]
    for row in rows:
        ledger.reserve(row, admit_all)
    ledger.close()
    killed = subprocess.run([sys.executable, "-c", HALF_WRITTEN, str(path)], check=False)
    assert killed.returncode < 0
    journal = path.with_name(f"{LEDGER}-journal")
    assert journal.stat().st_size
    with closing(Ledger(path, read_only=read_only)) as opened:
        assert list(opened.rows()) == rows
        assert opened.month_usd(MONTH) == 20 * (ROW.bound_usd or Decimal(0))
    assert journal.exists() is read_only
    ledger.prepare()
    assert len(list(ledger.rows())) == 20


OWNER = """
import sys
from pathlib import Path
from mkdocs_imagegen.store import Store
from mkdocs_imagegen.store.ledger import LEDGER, Ledger
from tests.contract.test_ledger import ROW, admit_all

store = Store.open(Path(sys.argv[1]))
ledger = Ledger(store.cache_dir / LEDGER, read_only=False)
with store.lock(ROW.request_key):
    ledger.reserve(ROW, admit_all)
    print("reserved", flush=True)
    sys.stdin.readline()
"""


def test_what_a_dead_run_had_under_way_is_possibly_billed_and_a_living_ones_is_not(
    tmp_path: Path,
) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "reserved\n"
    billed = replace(ROW, state=RowState.POSSIBLY_BILLED)
    with (
        closing(Ledger(tmp_path / LEDGER, read_only=False)) as ledger,
        closing(Ledger(tmp_path / LEDGER, read_only=True)) as reader,
    ):
        ledger.prepare()
        assert list(reader.rows(look_at_owners=True)) == [ROW]
        owner.kill()
        owner.communicate(timeout=60)
        assert list(reader.rows(look_at_owners=True)) == [billed]
        assert list(ledger.rows()) == [ROW]
        ledger.prepare()
        assert list(ledger.rows()) == [billed]
        assert ledger.month_usd(MONTH) == ROW.bound_usd
        with pytest.raises(StoreError, match="no open row"):
            ledger.release(1)


def test_a_poisoned_request_key_makes_no_path(path: Path, ledger: Ledger) -> None:
    ledger.reserve(replace(ROW, request_key="../../outside"), admit_all)
    assert [row.state for row in ledger.rows(look_at_owners=True)] == [RowState.POSSIBLY_BILLED]
    ledger.prepare()
    assert [row.state for row in ledger.rows()] == [RowState.POSSIBLY_BILLED]
    assert [found.name for found in path.parent.rglob("*.lock")] == []


def test_a_bill_that_nobody_knew_can_still_be_learned(ledger: Ledger) -> None:
    ledger.release(ledger.reserve(ROW, admit_all))
    assert ledger.reopen(ROW.request_key) is None
    ledger.reserve(ROW, admit_all)
    ledger.prepare()
    number, row = ledger.reopen(ROW.request_key) or (0, None)
    assert row is not None
    assert row.article == ROW.article
    settle(ledger, number, Decimal("0.01"), proven=True)
    assert ledger.month_usd(MONTH) == Decimal("0.01")


def test_a_bill_that_is_known_stays_and_so_do_older_ones(ledger: Ledger) -> None:
    ledger.hold(ledger.reserve(replace(ROW, article="older.md"), admit_all))
    newest = ledger.reserve(ROW, admit_all)
    settle(ledger, newest, Decimal("0.01"), proven=True)
    ledger.release(ledger.reserve(replace(ROW, article="never billed.md"), admit_all))
    before = list(ledger.rows())
    number, row = ledger.reopen(ROW.request_key) or (0, None)
    assert row is not None
    assert (number, row.article, row.state) == (newest, ROW.article, RowState.SETTLED)
    assert row.actual_usd == Decimal("0.01")
    assert list(ledger.rows()) == before


@settings(max_examples=60)
@given(random=st.randoms(use_true_random=True))
def test_the_ledger_and_the_account_on_paper_agree(random: Random) -> None:
    """Two processes end their requests in any order, and one may die with some under way."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / LEDGER
        ledgers = [Ledger(path, read_only=False) for _ in range(2)]
        under_way: list[list[tuple[int, Decimal]]] = [[], []]
        paper = Account()
        for _ in range(random.randint(1, 25)):
            which = random.randrange(2)
            ledger, open_rows = ledgers[which], under_way[which]
            match random.choice(("reserve", "reserve", "settle", "planned", "release", "hold")):
                case "reserve":
                    bound_usd = Decimal(random.randint(0, 10**6)).scaleb(-6)
                    seen: list[Decimal] = []
                    number = ledger.reserve(replace(ROW, bound_usd=bound_usd), seen.append)
                    assert seen == [paper.usd]
                    paper = paper.reserve(bound_usd)
                    open_rows.append((number, bound_usd))
                case end if open_rows:
                    number, bound_usd = open_rows.pop(random.randrange(len(open_rows)))
                    paper = ended(ledger, number, bound_usd, end, paper, random)
                case _:
                    ledger.close()  # a process that dies, and another in its place
                    open_rows.clear()
            assert [one.month_usd(MONTH) for one in ledgers] == [paper.usd] * 2
        for ledger in ledgers:
            ledger.close()


def ended(
    ledger: Ledger, number: int, bound_usd: Decimal, end: str, paper: Account, random: Random
) -> Account:
    match end:
        case "settle":
            usd = Decimal(random.randint(0, 10**6)).scaleb(-6)
            settle(ledger, number, usd, proven=True)
            return paper.settle(bound_usd, usd)
        case "planned":
            settle(ledger, number, bound_usd / 2, proven=False)
            return paper
        case "release":
            ledger.release(number)
            return paper.release(bound_usd)
        case _:
            ledger.hold(number)
            return paper
