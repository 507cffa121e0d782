"""The budget follows what the answers say; no answer leads the token to another address, or fills the memory."""

import gzip
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from requests_mock import Adapter, Mocker

from source_freshbooks.components import http
from source_freshbooks.components.errors import TransientError
from source_freshbooks.components.http import RateBudget, Session, harden

ASKED = "https://api.example/accounting/a"
GZIP = {"Content-Encoding": "gzip"}
BOMB = gzip.compress(bytes(8 * 1024**2))  # a few kB on the wire


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(http.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(http.time, "sleep", clock.sleep)
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


@pytest.fixture
def session() -> Session:
    made = Session(api_budget=RateBudget())
    harden(made)
    return made


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Adapter:
    """What is below our own adapter."""
    adapter = Adapter()

    def send(_: HTTPAdapter, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        return adapter.send(request, **kwargs)

    monkeypatch.setattr(HTTPAdapter, "send", send)
    return adapter


def test_a_redirect_to_another_address_is_told_and_not_followed(
    session: Session, requests_mock: Mocker
) -> None:
    requests_mock.get(ASKED, status_code=302, headers={"Location": "https://evil.example/steal?token=abc"})
    other = requests_mock.get("https://evil.example/steal")
    with pytest.raises(TransientError, match="redirect to another address") as told:
        session.get(ASKED)
    assert not other.called
    assert "token=abc" not in str(told.value.message)


@pytest.mark.parametrize(
    "target",
    ["http://api.example/x", "https://api.example:8443/x", "https://API.example.evil/x", "//evil.example/x"],
    ids=["downgrade", "port", "longer name", "no scheme"],
)
def test_the_scheme_the_host_and_the_port_must_stay(
    session: Session, requests_mock: Mocker, target: str
) -> None:
    requests_mock.get(ASKED, status_code=302, headers={"Location": target})
    with pytest.raises(TransientError):
        session.get(ASKED)


def test_a_redirect_within_the_address_is_followed(session: Session, requests_mock: Mocker) -> None:
    requests_mock.get(ASKED, status_code=302, headers={"Location": "/there"})
    there = requests_mock.get("https://api.example/there", json={})
    assert session.get(ASKED).json() == {}
    assert there.called


def test_an_answer_that_inflates_beyond_the_limit_is_not_read(
    session: Session, wire: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.register_uri("GET", ASKED, content=BOMB, headers=GZIP)
    monkeypatch.setattr(http, "LARGEST_ANSWER", 4 * 1024**2)
    with pytest.raises(TransientError, match=r"answer to /accounting/a is larger than 4 MB"):
        session.get(ASKED)


def test_an_answer_within_the_limit_comes_whole(session: Session, wire: Adapter) -> None:
    wire.register_uri("GET", ASKED, content=BOMB, headers=GZIP)
    assert session.get(ASKED).content == bytes(8 * 1024**2)
