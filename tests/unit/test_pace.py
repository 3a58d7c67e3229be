"""How fast requests may go, by a clock of the test."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.pace import WINDOW_S, Pace
from mkdocs_imagegen.providers import RateLimit


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def starts(pace: Pace, clock: Clock, count: int) -> list[float]:
    """Let so many requests go, each as soon as it may, and return when they went."""
    times: list[float] = []
    while len(times) < count:
        wait = pace.start()
        if wait:
            clock.now_s += wait
        else:
            times.append(clock.now_s - 1000.0)
    return times


def test_without_a_limit_nothing_waits() -> None:
    clock = Clock()
    assert starts(Pace(None, clock), clock, 100) == [0.0] * 100


def test_five_a_minute_are_five_in_any_minute() -> None:
    clock = Clock()
    assert starts(Pace(5, clock), clock, 12) == [0.0] * 5 + [60.0] * 5 + [120.0] * 2


@given(st.integers(1, 20), st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_no_window_ever_holds_more_than_the_limit(limit: int, pauses: list[float]) -> None:
    clock = Clock()
    pace = Pace(limit, clock)
    times: list[float] = []
    for pause in pauses:
        clock.now_s += pause
        times += starts(pace, clock, 1)
    for first in times:
        assert sum(first <= other < first + WINDOW_S - 1e-6 for other in times) <= limit


def test_an_answer_says_the_limit() -> None:
    clock = Clock()
    pace = Pace(None, clock)
    pace.learn(RateLimit(requests_per_minute=20))
    assert pace.images_per_minute == 20
    pace.learn(RateLimit(requests_per_minute=50))
    assert pace.images_per_minute == 20


def test_a_limit_that_is_used_up_is_waited_for() -> None:
    clock = Clock()
    pace = Pace(None, clock)
    pace.learn(RateLimit(remaining=0, reset_s=12.0))
    assert starts(pace, clock, 1) == [12.0]


def test_a_refusal_holds_all_back_and_lowers_the_limit_once() -> None:
    clock = Clock()
    pace = Pace(None, clock)
    starts(pace, clock, 6)
    for _ in range(4):  # four workers are refused at once
        pace.start()
    for _ in range(4):
        pace.forget()
        pace.slow_down(10.0)
    assert pace.images_per_minute == 9
    assert starts(pace, clock, 1) == [10.0]


def test_a_request_that_is_refused_alone_says_nothing_of_a_limit() -> None:
    clock = Clock()
    pace = Pace(None, clock)
    for _ in range(3):
        assert pace.start() == 0
        pace.forget()
        pace.slow_down(1.0)
        clock.now_s += 1.0
    assert pace.images_per_minute is None


def test_after_a_quiet_minute_one_more_may_go() -> None:
    clock = Clock()
    pace = Pace(None, clock)
    starts(pace, clock, 3)
    pace.slow_down(1.0)
    assert pace.images_per_minute == 3
    clock.now_s += WINDOW_S
    pace.start()
    assert pace.images_per_minute == 4


def test_a_given_limit_is_never_exceeded_whatever_is_learned() -> None:
    clock = Clock()
    pace = Pace(2, clock)
    pace.learn(RateLimit(requests_per_minute=500))
    assert pace.images_per_minute == 2
