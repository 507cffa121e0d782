"""Single-use refresh tokens against a token endpoint that answers as FreshBooks does (freshbooks-api.md 1.4)."""

import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import requests
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from requests_mock import Mocker

from source_freshbooks.components.auth import FreshbooksAuthenticator

TOKEN_URL = "https://api.example/auth/oauth/token"


@pytest.fixture
def endpoint(requests_mock: Mocker) -> Mocker:
    """Gives a new pair for each request."""
    numbers = count(1)

    def tokens(*_: object) -> dict[str, Any]:
        pair = {
            name: f"{name} {number}"
            for number in [next(numbers)]
            for name in ("access_token", "refresh_token")
        }
        return {**pair, "token_type": "bearer", "expires_in": 43200, "created_at": int(time.time())}

    requests_mock.post(TOKEN_URL, json=tokens)
    return requests_mock


def authenticator(**credentials: Any) -> FreshbooksAuthenticator:
    given = {
        name: f"given {name}" for name in ("client_id", "client_secret", "refresh_token", "access_token")
    }
    given |= {"token_expiry_date": "2020-01-01T00:00:00Z", **credentials}
    return FreshbooksAuthenticator({"credentials": given}, TOKEN_URL)


@pytest.mark.parametrize("kind", ["refused", "lost"])
def test_a_grant_that_failed_is_never_posted_again(endpoint: Mocker, kind: str) -> None:
    spent = authenticator()
    if kind == "refused":
        endpoint.post(TOKEN_URL, status_code=401, json={"error": "invalid_grant"})
    else:
        endpoint.post(TOKEN_URL, exc=requests.exceptions.ConnectionError("Connection aborted."))
    said = set()
    for ask in (spent.get_auth_header, spent.refresh_and_set_access_token, spent.get_auth_header):
        with pytest.raises(AirbyteTracedException) as refused:
            ask()
        said.add(refused.value.message)
    assert endpoint.call_count == 1
    [sentence] = said
    assert ("refused the refresh token" if kind == "refused" else "may be lost") in str(sentence)


def test_a_wrong_secret_is_told_apart_from_a_lost_answer(endpoint: Mocker) -> None:
    endpoint.post(TOKEN_URL, status_code=401, json={"error": "invalid_client"})
    with pytest.raises(AirbyteTracedException, match="Client ID") as refused:
        authenticator(client_secret="not-the-secret-at-all").get_auth_header()
    assert endpoint.call_count == 1
    assert "may be lost" not in str(refused.value.message)


def test_a_request_carries_the_token_and_a_missing_one_is_fetched(endpoint: Mocker) -> None:
    without = authenticator(access_token="", token_expiry_date=None)
    request = requests.Request("GET", "https://api.example", auth=without).prepare()
    assert request.headers["Authorization"] == without.get_auth_header()["Authorization"] != "Bearer "
    assert endpoint.call_count == 1


def test_many_threads_refresh_once(endpoint: Mocker) -> None:
    shared = authenticator()
    headers: list[str] = []

    def ask() -> None:
        headers.append(shared.get_auth_header()["Authorization"])

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert endpoint.call_count == 1
    assert len(headers) == 6
    assert len(set(headers)) == 1


def test_after_a_401_the_token_is_renewed_whatever_its_expiry_says(endpoint: Mocker) -> None:
    later = (datetime.now(UTC) + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
    fresh = authenticator(token_expiry_date=later)
    before = fresh.get_auth_header()
    assert endpoint.call_count == 0
    fresh.refresh_and_set_access_token()
    assert endpoint.call_count == 1
    assert fresh.get_auth_header() != before


@pytest.mark.parametrize(
    ("expiry", "refreshes"),
    [
        (timedelta(hours=2), 0),
        (timedelta(seconds=5), 1),
        (-timedelta(seconds=5), 1),
    ],
)
def test_a_token_is_renewed_shortly_before_it_ends(
    endpoint: Mocker, expiry: timedelta, refreshes: int
) -> None:
    text = (datetime.now(UTC) + expiry).strftime("%Y-%m-%dT%H:%M:%SZ")
    authenticator(token_expiry_date=text).get_auth_header()
    assert endpoint.call_count == refreshes


@pytest.mark.parametrize(("expiry", "refreshes"), [(None, 0), ("soon", 0), ("2020-01-01T00:00:00", 1)])
def test_an_expiry_that_says_nothing_lets_freshbooks_say_401(
    endpoint: Mocker, expiry: str | None, refreshes: int
) -> None:
    authenticator(token_expiry_date=expiry).get_auth_header()
    assert endpoint.call_count == refreshes
