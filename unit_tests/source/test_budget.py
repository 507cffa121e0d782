"""The budget follows what the answers say, and lets no thread past it."""

import pytest
import requests

from source_freshbooks.components import budget
from source_freshbooks.components.budget import RateBudget


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(budget.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(budget.time, "sleep", clock.sleep)
    return clock


def answer(status: int = 200, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update({key.replace("_", "-"): value for key, value in headers.items()})
    return response


def test_no_more_than_the_limit_in_any_minute(clock: Clock) -> None:
    rate = RateBudget(limit=10)
    times = []
    for _ in range(35):
        rate.acquire_call(None)
        times.append(clock.now)
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[10:], strict=False))


def test_429_makes_everyone_wait_as_long_as_it_says(clock: Clock) -> None:
    rate = RateBudget()
    rate.update_from_response(None, answer(429, Retry_After="17"))
    rate.acquire_call(None)
    assert clock.now == 1017.0


def test_retry_after_on_a_good_answer_makes_nobody_wait(clock: Clock) -> None:
    rate = RateBudget()
    rate.update_from_response(None, answer(200, Retry_After="59", X_RateLimit_Remaining="400"))
    rate.acquire_call(None)
    assert clock.now == 1000.0


def test_a_window_that_others_have_used_up_is_respected(clock: Clock) -> None:
    rate = RateBudget()
    rate.update_from_response(
        None, answer(200, Retry_After="30", X_RateLimit_Remaining="3", X_RateLimit_Limit="600")
    )
    rate.acquire_call(None)
    assert clock.now == 1030.0


@pytest.mark.parametrize("value", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_headers_that_are_no_numbers_are_ignored(clock: Clock, value: str) -> None:
    rate = RateBudget()
    rate.update_from_response(None, answer(200, X_RateLimit_Remaining=value, X_RateLimit_Limit=value))
    rate.acquire_call(None)
    assert clock.now == 1000.0
