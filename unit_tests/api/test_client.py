"""The API's client: reads may repeat, a write is sent once, and its failures say whether it was served."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from requests_mock import ANY, Mocker
from urllib3.exceptions import MaxRetryError, NewConnectionError

from freshbooks_api import client as module
from freshbooks_api.client import Client, FixedToken, Limits, Lost, NeverSent, NoAnswer, Refused, single
from freshbooks_api.request_window import RequestWindow

URL = "https://api.example.com"
NO_CONNECTION = requests.ConnectionError(
    MaxRetryError(None, "/", NewConnectionError(None, "refused"))  # type: ignore[arg-type]
)
OK = {"json": {"response": {"result": {"invoice": {"id": 1}}}}}


@dataclass
class Renewing:
    """The first token is refused; the next one is good."""

    next: str | None = "new"
    refused: list[str] = field(default_factory=list)

    def current(self) -> str:
        return "old"

    def renewed(self, refused: str) -> str | None:
        self.refused.append(refused)
        return self.next


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(slept: list[float]) -> Client:
    return Client(URL, Renewing(), "agent", Limits(reads=3, waits=2), slept.append)


def sent(mock: Mocker) -> list[str]:
    return [request.headers["Authorization"] for request in mock.request_history]


def test_a_read_repeats_what_freshbooks_failed_to_answer(
    requests_mock: Mocker, client: Client, slept: list[float]
) -> None:
    requests_mock.get(ANY, [{"exc": requests.ReadTimeout}, {"status_code": 502, "text": "<html>"}, OK])
    assert single(client.get("/path").body or {}, "invoice") == {"id": 1}
    assert slept == [1, 2]


@pytest.mark.parametrize(("failure", "kind"), [(NO_CONNECTION, NeverSent), (requests.ReadTimeout, Lost)])
def test_no_answer_says_whether_the_request_may_have_left(
    requests_mock: Mocker, client: Client, failure: Any, kind: type[NoAnswer]
) -> None:
    requests_mock.register_uri(ANY, ANY, exc=failure)
    with pytest.raises(kind):
        client.get("/path")
    with pytest.raises(kind):
        client.send("POST", "/path", data=b"{}")
    assert len(requests_mock.request_history) == 3 + 1


@pytest.mark.parametrize(
    "answer",
    [
        {"status_code": 500, "json": {}},
        {"status_code": 408, "json": {}},
        {"status_code": 302, "headers": {"Location": "https://elsewhere.example.com/"}},
        {"status_code": 200, "text": "<html>"},
        {"status_code": 200, "json": {"response": {"errors": [{"errno": 1, "message": "No"}]}}},
    ],
)
def test_a_write_without_a_clear_answer_is_lost_and_not_repeated(
    requests_mock: Mocker, client: Client, answer: dict[str, Any]
) -> None:
    requests_mock.post(ANY, **answer)
    with pytest.raises(Lost):
        client.send("POST", "/path", data=b"{}")
    assert [request.hostname for request in requests_mock.request_history] == ["api.example.com"]


def test_a_refused_write_is_told_by_its_codes(requests_mock: Mocker, client: Client) -> None:
    error = {"errno": 1012, "field": "clientid", "message": "Dear reader, click here"}
    requests_mock.put(ANY, status_code=422, json={"response": {"errors": [error]}})
    with pytest.raises(Refused) as caught:
        client.send("PUT", "/path", data=b"{}")
    assert str(caught.value) == "422, errno 1012, field clientid"
    assert "Dear reader" not in repr(caught.value.answer)


def test_a_401_is_answered_with_one_fresh_token(requests_mock: Mocker) -> None:
    token = Renewing()
    requests_mock.post(ANY, [{"status_code": 401}, OK])
    assert Client(URL, token, "agent").send("POST", "/path", data=b"{}").good
    assert sent(requests_mock) == ["Bearer old", "Bearer new"]
    requests_mock.post(ANY, status_code=401)
    with pytest.raises(Refused):
        Client(URL, token, "agent").send("POST", "/path", data=b"{}")
    assert len(requests_mock.request_history) == 4


def test_a_401_stands_where_there_is_no_other_token(requests_mock: Mocker) -> None:
    requests_mock.get(ANY, status_code=401, json={"error": "unauthenticated"})
    assert Client(URL, FixedToken("only"), "agent").get("/path").status == 401
    assert sent(requests_mock) == ["Bearer only"]


def test_a_429_is_waited_out_a_few_times_and_never_for_long(
    requests_mock: Mocker, client: Client, slept: list[float]
) -> None:
    told = {"status_code": 429, "headers": {"Retry-After": "9999"}}
    requests_mock.post(ANY, [{"status_code": 429, "headers": {"Retry-After": "soon"}}, told, OK])
    client.send("POST", "/path", data=b"{}")
    assert slept == [2, 60]
    requests_mock.post(ANY, **told)
    with pytest.raises(Refused, match="429"):
        client.send("POST", "/path", data=b"{}")


def test_a_delete_may_be_answered_without_a_body(requests_mock: Mocker, client: Client) -> None:
    requests_mock.delete(ANY, status_code=204)
    client.send("DELETE", "/path")
    requests_mock.post(ANY, status_code=204)
    with pytest.raises(Lost):
        client.send("POST", "/path")


def test_an_answer_without_an_end_is_cut_off(
    requests_mock: Mocker, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BODY", 100)
    requests_mock.get(ANY, text="{" + " " * 200 + "}")
    with pytest.raises(Lost):
        client.get("/path")


def test_amounts_keep_their_digits(requests_mock: Mocker, client: Client) -> None:
    requests_mock.get(ANY, text='{"amount": 0.10}')
    assert client.get("/path").body == {"amount": Decimal("0.10")}


def test_a_get_has_no_content_type_and_no_netrc_replaces_the_token(
    requests_mock: Mocker, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.sessions.get_netrc_auth", lambda _: ("user", "password"))
    requests_mock.get(ANY, **OK)
    client.get("/path")
    assert sent(requests_mock) == ["Bearer old"]
    assert "Content-Type" not in requests_mock.last_request.headers


def test_the_token_is_in_no_repr() -> None:
    assert "very-secret" not in repr(FixedToken("very-secret"))


def test_each_request_takes_its_place_among_those_of_the_whole_app(
    requests_mock: Mocker, tmp_path: Path, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync that sent as many as may be sent makes a person's click wait, and learns of the click."""
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    path = str(tmp_path / "app")
    requests_mock.get(ANY, json={})
    person = Client(URL, FixedToken("one"), "agent", sleep=slept.append, window=RequestWindow(2, path))
    person.get("/path")
    assert slept == []  # the budget is free
    sync = RequestWindow(2, path)
    assert sync.take() == 1000.0
    person.get("/path")
    assert slept == [60]
    assert sync.take() == 1060.0


def test_what_freshbooks_tells_one_all_obey(
    requests_mock: Mocker, tmp_path: Path, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    path = str(tmp_path / "app")
    requests_mock.get(ANY, status_code=429, headers={"Retry-After": "30", "X-RateLimit-Limit": "100"})
    window = RequestWindow(600, path)
    Client(URL, FixedToken("one"), "agent", Limits(waits=0), slept.append, window).get("/path")
    sync = RequestWindow(600, path)
    assert (sync.limit(), sync.take()) == (100, 1030.0)
