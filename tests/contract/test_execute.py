"""Buying what is approved, with scripted providers over a real store and a real ledger."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from mkdocs_imagegen.errors import (
    ModelError,
    NetworkError,
    PictureRefusedError,
    ProviderError,
    RateError,
    ResponseTimeoutError,
    SafetyError,
    StoreError,
    UpstreamError,
)
from mkdocs_imagegen.execute import Attribution, Manners, execute
from mkdocs_imagegen.keys import digest, request_key
from mkdocs_imagegen.model import (
    Action,
    ActionKind,
    ArticleSource,
    Bought,
    Cover,
    CoverRequest,
    Failed,
    Found,
    LedgerRow,
    Outcome,
    Plan,
    Price,
    Priced,
    Record,
    RowState,
    Size,
    Skipped,
    Unpriced,
    Usage,
)
from mkdocs_imagegen.packaged import price_book
from mkdocs_imagegen.plan import ApprovedPlan, Retries
from mkdocs_imagegen.providers import Answer
from mkdocs_imagegen.settings import Budget
from mkdocs_imagegen.store import Store
from mkdocs_imagegen.store.ledger import LEDGER, Ledger

MONTH = "2026-11"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BOUND_USD = Decimal("0.02")
PLANNED_USD = Decimal("0.0125")
COUNTED = Usage(input_text_tokens=10, output_tokens=200)
COUNTED_USD = Decimal("0.00605")
"""10 text tokens at 5 micro-dollars, 200 of a picture at 30."""
SIZE = Size(64, 48)


ONCE = Manners(Retries(most=0))


def webp(colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (SIZE.width_px, SIZE.height_px), colour).save(out, "WEBP")
    return out.getvalue()


class Scripted:
    """Answers each request with what its prompt is mapped to; counts what was asked for."""

    host = "http://127.0.0.1"

    def __init__(
        self,
        answers: Mapping[str, bytes | BaseException | list[bytes | BaseException]],
        *,
        usage: Usage | None = None,
    ) -> None:
        """Take what each prompt gets: always the same, or one of a list after the other."""
        self._answers = answers
        self._usage = usage
        self._lock = threading.Lock()
        self.asked: list[str] = []

    def abort(self) -> None:
        """Nothing here waits."""

    def generate(self, request: CoverRequest) -> Answer:
        with self._lock:
            self.asked.append(request.prompt)
            answer = self._answers[request.prompt]
            if isinstance(answer, list):
                answer = answer.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        sent = {"prompt": request.prompt}
        return Answer(answer, sent, self.host, self._usage, request_id=f"req_{request.prompt}")


PRICE = Priced(Decimal("0.01"), Decimal("0.0025"), bound_usd=BOUND_USD)


def purchase(name: str, price: Price = PRICE) -> Action:
    request = CoverRequest("generate", "gpt-image-2", name, SIZE, "low")
    article = ArticleSource(f"{name}.md", name, {"authors": ["Ada", "Grace"]}, "Guides")
    cover = Cover(article, name, request.model, SIZE, "low", "cover.j2")
    return Action(ActionKind.GENERATE, cover, "new", price, request, request_key(request))


def ledger_of(store: Store) -> Ledger:
    return Ledger(store.cache_dir / LEDGER, read_only=False)


def bought(
    names: str,
    provider: Scripted,
    store: Store,
    *,
    concurrency: int = 1,
    budget: Budget | None = None,
    price: Price = PRICE,
    ledger: Ledger | None = None,
    now: datetime = NOW,
    manners: Manners = ONCE,
) -> list[Outcome]:
    plan = Plan(tuple(purchase(name, price) for name in names))
    outcomes = execute(
        ApprovedPlan(plan, budget or Budget()),
        provider,
        store,
        ledger or ledger_of(store),
        price_book(),
        concurrency=concurrency,
        attribution=Attribution("A site", "run-7"),
        manners=manners,
        now=lambda: now,
    )
    return sorted(outcomes, key=lambda outcome: outcome.action.article)


def books(store: Store) -> list[LedgerRow]:
    """What the ledger says, read anew, in order of articles."""
    return sorted(ledger_of(store).rows(), key=lambda row: row.article)


def held_usd(store: Store) -> Decimal:
    return ledger_of(store).month_usd(MONTH)


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
        def record(self, request_key: str, digest: str = "") -> Record | None:
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
    assert record.usd == "0.0125"
    assert outcome.size == SIZE


def test_the_number_of_pictures_is_a_wall_before_each_request(store: Store) -> None:
    provider = Scripted({name: webp("red") for name in "abc"})
    outcomes = bought("abc", provider, store, budget=Budget(max_images=2))
    assert [type(outcome) for outcome in outcomes] == [Bought, Bought, Skipped]
    assert len(provider.asked) == 2


def test_a_row_says_for_whom_what_was_bought_and_what_it_cost(store: Store) -> None:
    (outcome,) = bought("a", Scripted({"a": webp("red")}, usage=COUNTED), store)
    assert isinstance(outcome, Bought)
    assert outcome.record.usd == "0.00605"
    assert books(store) == [
        LedgerRow(
            at="2026-11-22T09:30:00+00:00",
            site="A site",
            article="a.md",
            section="Guides",
            authors="Ada, Grace",
            job="run-7",
            request_key=outcome.record.request_key,
            model="gpt-image-2",
            size=SIZE,
            quality="low",
            endpoint="http://127.0.0.1",
            bound_usd=BOUND_USD,
            estimated_usd=PLANNED_USD,
            state=RowState.SETTLED,
            actual_usd=COUNTED_USD,
            usage=COUNTED,
            request_id="req_a",
        )
    ]
    assert held_usd(store) == COUNTED_USD


def test_the_month_is_that_of_utc(store: Store) -> None:
    east = datetime(2026, 12, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    bought("a", Scripted({"a": webp("red")}, usage=COUNTED), store, now=east)
    assert held_usd(store) == COUNTED_USD


@pytest.mark.parametrize("usage", [None, Usage(), Usage(0, 0, 0), Usage(10, 0, None)])
def test_what_no_usage_proves_costs_as_planned_and_holds_the_most_it_can_cost(
    usage: Usage | None, store: Store
) -> None:
    (outcome,) = bought("a", Scripted({"a": webp("red")}, usage=usage), store)
    assert isinstance(outcome, Bought)
    (row,) = books(store)
    assert (row.state, row.actual_usd) == (RowState.SETTLED, PLANNED_USD)
    assert outcome.record.usd == "0.0125"
    assert held_usd(store) == BOUND_USD


def test_an_unpriced_picture_is_in_the_books_and_holds_nothing(store: Store) -> None:
    provider = Scripted({"a": webp("red")}, usage=COUNTED)
    (outcome,) = bought("a", provider, store, price=Unpriced("nobody knows"))
    assert isinstance(outcome, Bought)
    assert outcome.record.usd is None
    (row,) = books(store)
    assert (row.state, row.bound_usd, row.estimated_usd) == (RowState.SETTLED, None, None)
    assert (row.actual_usd, row.usage) == (None, COUNTED)
    assert held_usd(store) == 0


NOT_BILLED = (NetworkError, RateError, SafetyError, UpstreamError, ModelError)
MAYBE_BILLED = (ResponseTimeoutError, PictureRefusedError)


@pytest.mark.parametrize("kind", NOT_BILLED)
def test_what_was_certainly_not_billed_is_given_back(
    kind: type[ProviderError], store: Store
) -> None:
    (outcome,) = bought("a", Scripted({"a": kind("no", request_id="req_1")}), store)
    assert isinstance(outcome, Failed)
    (row,) = books(store)
    assert (row.state, row.request_id) == (RowState.RELEASED, "req_1")
    assert row.endpoint == "http://127.0.0.1"
    assert held_usd(store) == 0


@pytest.mark.parametrize("kind", [*MAYBE_BILLED, RuntimeError, SystemExit])
def test_what_was_possibly_billed_holds_the_most_it_can_cost(
    kind: type[BaseException], store: Store
) -> None:
    provider = Scripted({"a": kind("no")})
    if issubclass(kind, Exception):
        (outcome,) = bought("a", provider, store)
        assert isinstance(outcome, Failed)
    else:
        with pytest.raises(kind):
            bought("a", provider, store)
    (row,) = books(store)
    assert (row.state, row.actual_usd) == (RowState.POSSIBLY_BILLED, None)
    assert held_usd(store) == BOUND_USD


@pytest.mark.parametrize(
    ("usage", "state", "usd"),
    [
        (None, RowState.POSSIBLY_BILLED, BOUND_USD),
        (COUNTED, RowState.SETTLED, COUNTED_USD),
    ],
)
def test_an_answer_without_a_picture_is_held_unless_its_usage_says_what_it_cost(
    usage: Usage | None, state: RowState, usd: Decimal, store: Store
) -> None:
    (outcome,) = bought("a", Scripted({"a": b"no picture"}, usage=usage), store)
    assert isinstance(outcome, Failed)
    (row,) = books(store)
    assert (row.state, row.request_id) == (state, "req_a")
    assert held_usd(store) == usd


def test_what_another_run_bought_takes_nothing_from_the_walls(store: Store) -> None:
    bought("a", Scripted({"a": webp("red")}, usage=COUNTED), store)
    provider = Scripted({})
    (outcome,) = bought("a", provider, store, budget=Budget(max_images=0))
    assert isinstance(outcome, Found)
    assert len(books(store)) == 1


def test_the_month_is_a_wall_before_each_request(store: Store) -> None:
    """It stands when others buy between the plan's approval and its last request."""
    provider = Scripted({name: webp("red") for name in "abcd"}, usage=COUNTED)
    wall = Budget(per_month_usd=COUNTED_USD + BOUND_USD)
    outcomes = bought("abcd", provider, store, budget=wall)
    assert [type(outcome) for outcome in outcomes] == [Bought, Bought, Skipped, Skipped]
    assert isinstance(outcomes[2], Skipped)
    assert outcomes[2].why == (
        "`budget: per_month` is reached: $0.0121 of the $0.0261 for 2026-11 are spent or set "
        "aside, and one more picture may cost $0.0200"
    )
    assert len(provider.asked) == len(books(store)) == 2
    assert bought("c", provider, store, budget=wall) != []
    assert provider.asked == ["a", "b"]

    next_month = datetime(2026, 12, 1, tzinfo=UTC)
    (outcome,) = bought("c", provider, store, budget=wall, now=next_month)
    assert isinstance(outcome, Bought)


def test_what_was_given_back_can_be_spent_again(store: Store) -> None:
    provider = Scripted(
        {"a": UpstreamError("no"), "b": RateError("no"), "c": webp("red"), "d": webp("blue")}
    )
    budget = Budget(BOUND_USD, 1, BOUND_USD)
    outcomes = bought("abcd", provider, store, budget=budget)
    assert [type(outcome) for outcome in outcomes] == [Failed, Failed, Bought, Skipped]


def test_a_ledger_that_cannot_be_written_is_found_before_anything_is_paid_for(
    store: Store,
) -> None:
    (store.cache_dir / LEDGER).write_bytes(b"no database at all" * 1000)
    provider = Scripted({"a": webp("red")})
    with pytest.raises(StoreError, match=LEDGER):
        bought("a", provider, store)
    assert provider.asked == []


class Lost(Scripted):
    """Sells pictures while somebody makes the ledger unwritable."""

    def __init__(self, answers: dict[str, bytes | BaseException], path: Path) -> None:
        super().__init__(answers)
        self._path = path

    def generate(self, request: CoverRequest) -> Answer:
        answer = super().generate(request)
        with sqlite3.connect(self._path) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        return answer


def test_a_picture_whose_bill_cannot_be_booked_is_kept_told_and_counts_in_full(
    store: Store,
) -> None:
    provider = Lost({"a": webp("red"), "b": webp("blue")}, store.cache_dir / LEDGER)
    got, unbooked, skipped = bought("ab", provider, store)
    assert isinstance(got, Bought)
    assert store.read_original(got.record) == webp("red")
    assert isinstance(unbooked, Failed)
    assert unbooked.action == got.action
    assert "goes on to count the most" in unbooked.error.message
    assert isinstance(skipped, Skipped)
    assert provider.asked == ["a"]

    with sqlite3.connect(store.cache_dir / LEDGER) as connection:
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    (row,) = books(store)
    assert row.state is RowState.RESERVED
    assert held_usd(store) == BOUND_USD


def test_a_picture_that_the_store_cannot_keep_is_booked_as_paid(tmp_path: Path) -> None:
    with Unwritable.open(tmp_path / "cache") as store:
        bought("a", Scripted({"a": webp("red")}, usage=COUNTED), store)
        (row,) = books(store)
    assert (row.state, row.actual_usd) == (RowState.SETTLED, COUNTED_USD)


def test_what_surely_cost_nothing_is_sent_again_after_longer_and_longer_waits(store: Store) -> None:
    waits: list[float] = []
    provider = Scripted({"a": [UpstreamError("down"), UpstreamError("down"), webp("red")]})
    manners = Manners(Retries(most=2), sleep=waits.append, jitter=lambda: 1.0)
    (outcome,) = bought("a", provider, store, manners=manners)
    assert isinstance(outcome, Bought)
    assert provider.asked == ["a", "a", "a"]
    assert waits == [1.0, 2.0]
    states = [row.state for row in books(store)]
    assert states == [RowState.RELEASED, RowState.RELEASED, RowState.SETTLED]


def test_the_last_failure_is_told_and_others_go_on(store: Store) -> None:
    provider = Scripted({"a": UpstreamError("down"), "b": webp("red")})
    manners = Manners(Retries(most=2), sleep=lambda _s: None)
    failed, good = bought("ab", provider, store, manners=manners)
    assert isinstance(failed, Failed)
    assert failed.error.message == "down"
    assert isinstance(good, Bought)
    assert provider.asked == ["a", "a", "a", "b"]


@pytest.mark.parametrize(("timeouts", "asked", "held"), [(False, 1, 1), (True, 2, 2)])
def test_what_may_have_been_billed_is_sent_again_once_and_only_where_that_is_wanted(
    store: Store, timeouts: bool, asked: int, held: int
) -> None:
    provider = Scripted({"a": ResponseTimeoutError("no answer")})
    manners = Manners(Retries(most=5, timeouts=timeouts), sleep=lambda _s: None)
    (outcome,) = bought("a", provider, store, manners=manners)
    assert isinstance(outcome, Failed)
    assert len(provider.asked) == asked
    assert [row.state for row in books(store)] == [RowState.POSSIBLY_BILLED] * held
    assert held_usd(store) == BOUND_USD * held


def test_a_second_try_that_breaks_a_wall_is_not_made(store: Store) -> None:
    provider = Scripted({"a": ResponseTimeoutError("no answer"), "b": webp("red")})
    manners = Manners(Retries(timeouts=True), sleep=lambda _s: None)
    budget = Budget(per_build_usd=BOUND_USD)
    failed, skipped = bought("ab", provider, store, manners=manners, budget=budget)
    assert isinstance(failed, Failed)
    assert failed.error.message == "no answer"
    assert isinstance(skipped, Skipped)
    assert provider.asked == ["a"]


def test_a_wait_that_is_too_long_stops_the_run(store: Store) -> None:
    provider = Scripted({"a": RateError("too many", retry_after_s=3600.0), "b": webp("red")})
    waits: list[float] = []
    failed, skipped = bought("ab", provider, store, manners=Manners(sleep=waits.append))
    assert isinstance(failed, Failed)
    assert isinstance(skipped, Skipped)
    assert skipped.why == "the endpoint asks to wait for 3,600 seconds"
    assert provider.asked == ["a"]
    assert waits == []


def test_an_endpoint_that_no_try_reaches_is_asked_for_no_other_cover(store: Store) -> None:
    provider = Scripted({"a": NetworkError("not reached"), "b": webp("red")})
    failed, skipped = bought(
        "ab", provider, store, manners=Manners(Retries(most=1), sleep=lambda _s: None)
    )
    assert isinstance(failed, Failed)
    assert isinstance(skipped, Skipped)
    assert provider.asked == ["a", "a"]


def test_each_wait_is_told(store: Store) -> None:
    told: list[str] = []
    provider = Scripted({"a": [RateError("too many requests"), webp("red")]})
    manners = Manners(notice=told.append, sleep=lambda _s: None, jitter=lambda: 0.0)
    bought("a", provider, store, manners=manners)
    assert told[0] == "a.md: too many requests; sent again in 0.5 s"


class Stuck(Scripted):
    """Answers what it knows; any other request hangs until it is aborted."""

    def __init__(self, answers: Mapping[str, bytes | BaseException]) -> None:
        super().__init__(answers)
        self.hanging = threading.Semaphore(0)
        self._answers_known = answers.keys()
        self._aborted = threading.Event()

    def abort(self) -> None:
        self._aborted.set()

    def generate(self, request: CoverRequest) -> Answer:
        if request.prompt in self._answers_known:
            return super().generate(request)
        self.asked.append(request.prompt)
        self.hanging.release()
        assert self._aborted.wait(30)
        raise ResponseTimeoutError("broken off")


def test_a_run_that_is_stopped_breaks_off_what_does_not_end_and_books_it(store: Store) -> None:
    provider = Stuck({"a": webp("red")})
    outcomes = execute(
        ApprovedPlan(Plan(tuple(purchase(name) for name in "abcd")), Budget()),
        provider,
        store,
        ledger_of(store),
        price_book(),
        concurrency=2,
        attribution=Attribution(),
        grace_s=0.05,
        now=lambda: NOW,
    )
    assert isinstance(next(outcomes), Bought)
    for _ in range(2):
        assert provider.hanging.acquire(timeout=30)
    outcomes.close()
    states = {row.article: row.state for row in books(store)}
    assert states.pop("a.md") is RowState.SETTLED
    assert list(states.values()) == [RowState.POSSIBLY_BILLED] * 2
    assert sorted(provider.asked) == ["a", "b", "c"]
