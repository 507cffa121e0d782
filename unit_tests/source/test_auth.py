"""Single-use refresh tokens against a token endpoint that answers as FreshBooks does (freshbooks-api.md 1.4)."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from requests_mock import Mocker

from freshbooks_api.errors import RATE_LIMITED, code_of
from source_freshbooks.components.auth import TIMEOUT, FreshbooksAuthenticator
from source_freshbooks.components.errors import ConfigError, TransientError

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
        (timedelta(minutes=11), 0),
        (timedelta(minutes=9), 1),
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


def refused(endpoint: Mocker, **answer: Any) -> AirbyteTracedException:
    endpoint.post(TOKEN_URL, **answer)
    with pytest.raises(AirbyteTracedException) as error:
        authenticator().get_auth_header()
    assert endpoint.call_count == 1
    return error.value


def test_the_grant_is_posted_as_a_form_and_no_redirect_is_followed(endpoint: Mocker) -> None:
    authenticator().get_auth_header()
    authenticator(redirect_uri="https://me.example/callback").get_auth_header()
    plain, with_uri = endpoint.request_history
    form = {name: [f"given {name}"] for name in ("client_id", "client_secret", "refresh_token")}
    assert parse_qs(plain.text) == form | {"grant_type": ["refresh_token"]}
    assert parse_qs(with_uri.text) == parse_qs(plain.text) | {"redirect_uri": ["https://me.example/callback"]}
    assert {call.timeout for call in (plain, with_uri)} == {TIMEOUT}
    assert not plain.allow_redirects


def test_the_new_pair_is_on_its_way_to_the_platform_before_it_is_used(
    endpoint: Mocker, capsys: pytest.CaptureFixture[str]
) -> None:
    header = authenticator().get_auth_header()
    [line] = capsys.readouterr().out.splitlines()
    control = json.loads(line)["control"]
    stored = control["connectorConfig"]["config"]["credentials"]
    assert header == {"Authorization": "Bearer access_token 1"}
    assert (stored["access_token"], stored["refresh_token"]) == ("access_token 1", "refresh_token 1")
    assert stored["client_secret"] == "given client_secret"
    until = datetime.fromisoformat(stored["token_expiry_date"]) - datetime.now(UTC)
    assert timedelta(hours=11, minutes=59) < until <= timedelta(hours=12)


def test_an_answer_without_a_refresh_token_keeps_the_one_there_is(
    endpoint: Mocker, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.post(TOKEN_URL, json={"access_token": "another token"})
    authenticator().get_auth_header()
    stored = json.loads(capsys.readouterr().out)["control"]["connectorConfig"]["config"]["credentials"]
    assert (stored["access_token"], stored["refresh_token"]) == ("another token", "given refresh_token")
    assert stored["token_expiry_date"] is None  # unknown, and not that of the token before


def test_credentials_are_known_as_secrets_as_soon_as_they_come(endpoint: Mocker) -> None:
    endpoint.post(TOKEN_URL, json={"access_token": "seen nowhere else", "refresh_token": "nor is this"})
    authenticator().get_auth_header()
    assert filter_secrets("seen nowhere else, nor is this") == "****, ****"


def test_a_connection_that_may_not_refresh_says_why_at_each_need(endpoint: Mocker) -> None:
    borrowed = authenticator()
    borrowed.never_refresh("The hub refreshes this connection.")
    for ask in (borrowed.get_auth_header, borrowed.refresh_and_set_access_token):
        with pytest.raises(ConfigError, match="The hub refreshes this connection"):
            ask()
    assert endpoint.call_count == 0


LONG_CODE = "a code " * 9
NOTHING_CHANGED = "Nothing was changed; check the network and run again."
MAYBE_LOST = (
    "FreshBooks did not give a usable answer to the token refresh ({}), so the new refresh token may be lost. "
    "Run again; if the token is then refused, authorize this connection again in FreshBooks."
)
NO_CONNECTION = f"FreshBooks could not be reached for a new access token (no connection). {NOTHING_CHANGED}"


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (requests.exceptions.ConnectTimeout(), NO_CONNECTION),
        (requests.exceptions.ConnectionError("NewConnectionError(refused)"), NO_CONNECTION),
        (requests.exceptions.ConnectionError("NameResolutionError(no such host)"), NO_CONNECTION),
        (requests.exceptions.ConnectionError("Connection aborted."), MAYBE_LOST.format("no answer")),
        (requests.exceptions.ReadTimeout(), MAYBE_LOST.format("no answer")),
        (requests.exceptions.ChunkedEncodingError(), MAYBE_LOST.format("no answer")),
    ],
)
def test_a_request_that_never_arrived_is_told_apart_from_an_answer_that_was_lost(
    endpoint: Mocker, failure: Exception, sentence: str
) -> None:
    error = refused(endpoint, exc=failure)
    assert isinstance(error, TransientError)
    assert error.failure_type is FailureType.transient_error
    assert error.message == sentence


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"status_code": 503, "text": "<html>"}, MAYBE_LOST.format("status 503")),
        ({"status_code": 200, "text": "<html>"}, MAYBE_LOST.format("status 200")),
        ({"status_code": 200, "json": {}}, MAYBE_LOST.format("status 200")),
        ({"status_code": 200, "json": ["access_token"]}, MAYBE_LOST.format("status 200")),
        ({"status_code": 302, "headers": {"Location": "https://other.example"}}, MAYBE_LOST.format("status 302")),
        ({"status_code": 401, "json": {"message": "no"}}, MAYBE_LOST.format("status 401")),
        ({"status_code": 500, "json": {"error": "invalid_grant"}}, MAYBE_LOST.format("status 500")),
        (
            {"status_code": 429, "json": {"error": "slow_down"}},
            f"FreshBooks asked to slow down before giving a new access token. {NOTHING_CHANGED}",
        ),
    ],
)  # fmt: skip
def test_an_answer_without_tokens_may_work_at_the_next_run(
    endpoint: Mocker, answer: dict[str, Any], sentence: str
) -> None:
    error = refused(endpoint, **answer)
    assert isinstance(error, TransientError)
    assert error.message == sentence
    assert code_of(error.internal_message) == (RATE_LIMITED if answer["status_code"] == 429 else None)


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("invalid_client", "FreshBooks does not know this Client ID with this Client Secret."),
        ("invalid_grant", "FreshBooks refused the refresh token: it was used before"),
        ("unauthorized_client", "FreshBooks does not let this app sign in."),
        (
            LONG_CODE,
            f"FreshBooks refused to refresh the authorization ({LONG_CODE[:60]}). Authorize this",
        ),
    ],
)
def test_a_refusal_is_for_the_user_to_fix(endpoint: Mocker, status: int, code: str, sentence: str) -> None:
    error = refused(endpoint, status_code=status, json={"error": code})
    assert isinstance(error, ConfigError)
    assert error.failure_type is FailureType.config_error
    assert str(error.message).startswith(sentence)
