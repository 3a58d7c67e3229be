"""The walls on paper: what fits, and that no order of events is billed more than they allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mkdocs_imagegen.plan.walls import Account, Wall, first_wall, refusal
from mkdocs_imagegen.settings import Budget

CENT = Decimal("0.01")
USD = Decimal(1)


@pytest.mark.parametrize(
    ("budget", "build", "month_usd", "bound_usd", "images", "wall"),
    [
        (Budget(), Account(), USD, None, 1, None),
        (Budget(), Account(24, USD), USD, USD, 1, None),
        (Budget(), Account(25, USD), USD, USD, 1, Wall.MAX_IMAGES),
        (Budget(max_images=3), Account(1), USD, USD, 2, None),
        (Budget(max_images=3), Account(1), USD, USD, 3, Wall.MAX_IMAGES),
        (Budget(max_images=0), Account(), USD, None, 1, Wall.MAX_IMAGES),
        (Budget(USD), Account(1, USD - CENT), USD, CENT, 1, None),
        (Budget(USD), Account(1, USD - CENT), USD, CENT * 2, 1, Wall.PER_BUILD),
        (Budget(USD), Account(), USD, None, 1, Wall.PER_BUILD),
        (Budget(Decimal(0)), Account(), USD, Decimal(0), 1, None),
        (Budget(Decimal(0)), Account(), USD, CENT, 1, Wall.PER_BUILD),
        (Budget(None, 25, USD), Account(9, USD * 9), USD - CENT, CENT, 1, None),
        (Budget(None, 25, USD), Account(), USD, CENT, 1, Wall.PER_MONTH),
        (Budget(None, 25, USD), Account(), Decimal(0), None, 1, Wall.PER_MONTH),
        (Budget(CENT, 0, CENT), Account(), USD, USD, 1, Wall.MAX_IMAGES),
        (Budget(CENT, 25, CENT), Account(), USD, USD, 1, Wall.PER_BUILD),
    ],
)
def test_what_is_at_a_wall_fits_and_what_is_beyond_it_does_not(
    budget: Budget,
    build: Account,
    month_usd: Decimal,
    bound_usd: Decimal | None,
    images: int,
    wall: Wall | None,
) -> None:
    found = first_wall(budget, build=build, month_usd=month_usd, bound_usd=bound_usd, images=images)
    assert found == wall


@pytest.mark.parametrize(
    ("budget", "bound_usd", "why"),
    [
        (Budget(), CENT, ""),
        (Budget(max_images=1), CENT, "`budget: max_images` is reached"),
        (Budget(USD), None, "its price is not known, and `budget: per_build` needs one"),
        (Budget(per_month_usd=USD), None, "its price is not known, and `budget: per_month` needs"),
        (Budget(CENT), CENT, "`budget: per_build` is reached: the endpoint charged more than was"),
        (
            Budget(per_month_usd=USD * 5),
            CENT,
            "`budget: per_month` is reached: $4.9950 of the $5.0000 for 2026-11 are spent or set "
            "aside, and one more picture may cost $0.0100",
        ),
    ],
)
def test_a_refusal_names_its_wall(budget: Budget, bound_usd: Decimal | None, why: str) -> None:
    told = refusal(
        budget,
        build=Account(1, CENT),
        month="2026-11",
        month_usd=Decimal("4.995"),
        bound_usd=bound_usd,
    )
    assert told.startswith(why)
    assert bool(told) == bool(why)


def test_each_step_of_an_account_is_a_new_one() -> None:
    empty = Account()
    reserved = empty.reserve(CENT * 3).reserve(None)
    assert (empty, reserved) == (Account(), Account(2, CENT * 3))
    assert reserved.settle(CENT * 3, CENT) == Account(2, CENT)
    assert reserved.release(None) == Account(1, CENT * 3)
    assert reserved.release(CENT * 3) == Account(1)


# Schedules: two runs of eight workers on one store, each event in an order drawn at random.

WORKERS = 8
ENDINGS = {
    # billed, and what the worker learns
    "counted": (True, "settle"),
    "no usage": (True, "settle unproven"),
    "refused": (False, "release"),
    "timeout, billed": (True, "hold"),
    "timeout, not billed": (False, "hold"),
    "crash, billed": (True, "crash"),
    "crash, not billed": (False, "crash"),
    "crash before it is sent": (False, "crash at once"),
}


@dataclass(frozen=True, slots=True)
class Job:
    """One request: what it can cost, what the server charges, and how it ends."""

    bound_usd: Decimal
    charged_usd: Decimal
    ending: str


@dataclass(slots=True)
class Process:
    """One run, with an account of its own."""

    account: Account = field(default_factory=Account)
    billed_usd: Decimal = Decimal(0)
    pictures: int = 0
    ended: bool = False


@dataclass(slots=True)
class World:
    """A store that two runs share, and the server that they buy from."""

    budget: Budget
    month: Account = field(default_factory=Account)
    """What the ledger holds: the same steps, by all processes."""
    processes: tuple[Process, Process] = field(default_factory=lambda: (Process(), Process()))

    @property
    def billed_usd(self) -> Decimal:
        return sum((process.billed_usd for process in self.processes), Decimal(0))

    def check(self) -> None:
        """Hold what the server billed so far against every wall."""
        budget = self.budget
        assert self.billed_usd <= self.month.usd
        if budget.per_month_usd is not None:
            assert self.billed_usd <= budget.per_month_usd
        for process in self.processes:
            assert process.pictures <= budget.max_images
            if budget.per_build_usd is not None:
                assert process.billed_usd <= budget.per_build_usd

    def work(self, process: Process, jobs: list[Job]) -> Iterator[None]:
        """Buy one job after the other; others may do anything at each `yield`."""
        for job in jobs:
            if process.ended or not self._reserve(process, job):
                return
            billed, learned = ENDINGS[job.ending]
            yield  # on its way
            if process.ended and not billed:
                return
            if learned == "crash at once":
                process.ended = True
                return
            if billed:
                process.billed_usd += job.charged_usd
                process.pictures += 1
            yield  # on its way back
            if process.ended:
                return  # a dead process learns nothing: its rows stay as they are
            if learned == "crash":
                process.ended = True
                return
            self._learn(process, job, learned)
            yield

    def _reserve(self, process: Process, job: Job) -> bool:
        why = refusal(
            self.budget,
            build=process.account,
            month="2026-11",
            month_usd=self.month.usd,
            bound_usd=job.bound_usd,
        )
        if not why:
            process.account = process.account.reserve(job.bound_usd)
            self.month = self.month.reserve(job.bound_usd)
        return not why

    def _learn(self, process: Process, job: Job, learned: str) -> None:
        bound_usd = job.bound_usd
        if learned == "settle":
            process.account = process.account.settle(bound_usd, job.charged_usd)
            self.month = self.month.settle(bound_usd, job.charged_usd)
        elif learned == "release":
            process.account = process.account.release(bound_usd)
            self.month = self.month.release(bound_usd)


def some_usd(random: Random, most: int) -> Decimal:
    return Decimal(random.randint(0, most)).scaleb(-6)


def some_job(random: Random, endings: list[str]) -> Job:
    bound_usd = some_usd(random, 50_000)
    charged_usd = random.choice((bound_usd, bound_usd * random.randint(0, 100) / 100))
    return Job(bound_usd, charged_usd, random.choice(endings))


def some_budget(random: Random) -> Budget:
    return Budget(
        random.choice((None, some_usd(random, 800_000))),
        random.choice((1_000, random.randint(0, 40))),
        random.choice((None, some_usd(random, 1_500_000))),
    )


def run(random: Random, budget: Budget, endings: list[str]) -> World:
    """Let 8 workers of 2 processes buy in an order drawn at random, checked at each event."""
    world = World(budget)
    workers = [
        world.work(process, [some_job(random, endings) for _ in range(random.randint(0, 6))])
        for process in world.processes
        for _ in range(WORKERS)
    ]
    while workers:
        worker = random.choice(workers)
        if next(worker, worker) is worker:
            workers.remove(worker)
        world.check()
    return world


@settings(max_examples=2_000)
@given(random=st.randoms(use_true_random=True))
def test_no_schedule_of_two_runs_is_billed_more_than_a_wall(random: Random) -> None:
    endings = random.sample(sorted(ENDINGS), random.randint(1, len(ENDINGS)))
    run(random, some_budget(random), endings)


@settings(max_examples=300)
@given(random=st.randoms(use_true_random=True))
def test_where_every_bill_is_known_exactly_what_was_billed_is_held(random: Random) -> None:
    world = run(random, some_budget(random), ["counted", "refused"])
    assert world.month.usd == world.billed_usd
    for process in world.processes:
        assert process.account == Account(process.pictures, process.billed_usd)


@settings(max_examples=300)
@given(random=st.randoms(use_true_random=True))
def test_walls_that_are_far_away_refuse_nothing(random: Random) -> None:
    far = Budget(Decimal(1_000), 1_000, Decimal(1_000))
    state = random.getstate()
    walled = run(random, far, ["counted", "refused", "no usage"])
    random.setstate(state)
    free = run(
        random,
        replace(far, per_build_usd=None, per_month_usd=None),
        ["counted", "refused", "no usage"],
    )
    assert walled.billed_usd == free.billed_usd
