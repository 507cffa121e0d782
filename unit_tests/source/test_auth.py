"""Single-use refresh tokens against a token endpoint that answers as FreshBooks does (freshbooks-api.md 1.4)."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of
from source_freshbooks.components.auth import FreshbooksAuthenticator


@pytest.fixture(scope="module")
def books() -> Iterator[Sandbox]:
    with Sandbox(seed="empty", rate_limit=None) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(books: Sandbox) -> Sandbox:
    books.requests.clear()
    books.faults.clear()
    return books


def authenticator(sandbox: Sandbox, **credentials: Any) -> FreshbooksAuthenticator:
    config = config_of(sandbox)
    config["credentials"] |= {"token_expiry_date": "2020-01-01T00:00:00Z", **credentials}
    return FreshbooksAuthenticator(config, f"{sandbox.url}/auth/oauth/token")


def posts(sandbox: Sandbox) -> list[int]:
    return [request.status for request in sandbox.requests.matching("/auth/oauth/token", "POST")]


@pytest.mark.parametrize("kind", ["refused", "lost"])
def test_a_grant_that_failed_is_never_posted_again(sandbox: Sandbox, kind: str) -> None:
    spent = authenticator(sandbox)
    if kind == "refused":
        sandbox.grant()  # another authorization of the same app and user kills this one
    else:
        sandbox.faults.add(kind="drop_after", path="/auth/oauth/token", times=None)
    said = set()
    for ask in (spent.get_auth_header, spent.refresh_and_set_access_token, spent.get_auth_header):
        with pytest.raises(AirbyteTracedException) as refused:
            ask()
        said.add(refused.value.message)
    assert len(posts(sandbox)) == 1
    [sentence] = said
    assert ("refused the refresh token" if kind == "refused" else "may be lost") in str(sentence)


def test_a_wrong_secret_is_told_apart_from_a_lost_answer(sandbox: Sandbox) -> None:
    with pytest.raises(AirbyteTracedException, match="Client ID") as refused:
        authenticator(sandbox, client_secret="not-the-secret-at-all").get_auth_header()
    assert posts(sandbox) == [401]
    assert "may be lost" not in str(refused.value.message)


def test_a_request_carries_the_token_and_a_missing_one_is_fetched(sandbox: Sandbox) -> None:
    without = authenticator(sandbox, access_token="", token_expiry_date=None)
    request = requests.Request("GET", sandbox.url, auth=without).prepare()
    assert request.headers["Authorization"] == without.get_auth_header()["Authorization"] != "Bearer "
    assert posts(sandbox) == [200]


def test_many_threads_refresh_once(sandbox: Sandbox) -> None:
    shared = authenticator(sandbox)
    headers: list[str] = []

    def ask() -> None:
        headers.append(shared.get_auth_header()["Authorization"])

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert posts(sandbox) == [200]
    assert len(headers) == 6
    assert len(set(headers)) == 1


def test_after_a_401_the_token_is_renewed_whatever_its_expiry_says(sandbox: Sandbox) -> None:
    later = (datetime.now(UTC) + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
    fresh = authenticator(sandbox, token_expiry_date=later)
    before = fresh.get_auth_header()
    assert posts(sandbox) == []
    fresh.refresh_and_set_access_token()
    assert posts(sandbox) == [200]
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
    sandbox: Sandbox, expiry: timedelta, refreshes: int
) -> None:
    text = (datetime.now(UTC) + expiry).strftime("%Y-%m-%dT%H:%M:%SZ")
    authenticator(sandbox, token_expiry_date=text).get_auth_header()
    assert len(posts(sandbox)) == refreshes


@pytest.mark.parametrize(("expiry", "refreshes"), [(None, 0), ("soon", 0), ("2020-01-01T00:00:00", 1)])
def test_an_expiry_that_says_nothing_lets_freshbooks_say_401(
    sandbox: Sandbox, expiry: str | None, refreshes: int
) -> None:
    authenticator(sandbox, token_expiry_date=expiry).get_auth_header()
    assert len(posts(sandbox)) == refreshes
