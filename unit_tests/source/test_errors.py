"""What each real error answer means, and what the user reads. Bodies: as captured (freshbooks-api.md 1.6, 6.1)."""

import json
from typing import Any

import pytest
import requests
from airbyte_cdk.sources.streams.http.error_handlers import ResponseAction
from requests_mock import create_response

from source_freshbooks.components.errors import FreshbooksError, FreshbooksErrorHandler, parsed_body

URL = "https://api.freshbooks.com/accounting/account/aB1cD2/invoices/invoices?search%5Bemail%5D=a%40b.example"


def answer(
    status: int,
    body: Any,
    headers: dict[str, str] | None = None,
    request: requests.PreparedRequest | None = None,
) -> requests.Response:
    """To `request`; by default a POST, which is never asked again."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = request or requests.Request("POST", URL).prepare()
    return create_response(request, status_code=status, content=content, headers=headers or {})


def interpret(status: int, body: Any, **headers: str) -> Any:
    return FreshbooksErrorHandler().interpret_response(answer(status, body, headers))


@pytest.mark.parametrize(
    "body", [{"response": {"result": {"invoices": []}}}, {"projects": [], "meta": {}}, []]
)
def test_a_good_answer_is_parsed_once_and_taken(body: Any) -> None:
    response = answer(200, body)
    resolution = FreshbooksErrorHandler().interpret_response(response)
    assert resolution.response_action == ResponseAction.SUCCESS
    assert parsed_body(response) == body


def test_retry_after_on_a_good_answer_is_no_error() -> None:
    assert interpret(200, {"projects": []}, **{"Retry-After": "59"}).response_action == ResponseAction.SUCCESS


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504])
def test_server_trouble_is_tried_again(status: int) -> None:
    assert interpret(status, b"<html>Bad Gateway</html>").response_action == ResponseAction.RETRY


@pytest.mark.parametrize("body", [b"<html>login</html>", b"", b'{"response": {"result": {"invo'])
def test_a_good_status_with_a_body_that_is_not_json_is_tried_again(body: bytes) -> None:
    assert interpret(200, body).response_action == ResponseAction.RETRY


@pytest.mark.parametrize("body", [b"slow down", {"error": "rate"}])
def test_429_slows_down_whatever_its_body(body: Any) -> None:
    assert interpret(429, body).response_action == ResponseAction.RATE_LIMITED


def test_401_asks_for_a_new_token() -> None:
    body = {
        "error": "unauthenticated",
        "error_description": "This action requires authentication to continue.",
    }
    assert interpret(401, body).response_action == ResponseAction.REFRESH_TOKEN_THEN_RETRY


@pytest.mark.parametrize(
    ("status", "body", "errno", "said"),
    [
        (
            200,
            {"response": {"errors": [{"errno": 12001, "message": "You do not have access to items."}]}},
            12001,
            "You do not have access to items.",
        ),
        (200, {"response": {"errors": {"errno": 1003, "message": "Denied"}}}, 1003, "Denied"),
        (
            404,
            {"response": {"errors": [{"errno": 1012, "message": "Client not found."}]}},
            1012,
            "Client not found.",
        ),
        (
            404,
            {
                "code": 5,
                "message": "Request failed with status_code: 404",
                "details": [{"reason": "1012", "metadata": {"message": "Client not found."}}],
            },
            1012,
            "Client not found.",
        ),
        (
            404,
            {"error": "Requested resource could not be found."},
            None,
            "Requested resource could not be found.",
        ),
        (
            422,
            {"errno": 2001, "error": {"updated_since": "Input should be a valid datetime"}},
            2001,
            "valid datetime",
        ),
        (
            404,
            {"errors": {"message": "Request failed with status code 404", "status": 404}},
            None,
            "status code 404",
        ),
        (404, {"errno": 404, "message": "Not found", "details": []}, 404, "Not found"),
        (400, b"<html>nope</html>", None, "status 400: nope"),
        (400, {"fault": "odd"}, None, '{"fault": "odd"}'),
    ],
)
def test_every_error_shape_is_understood(status: int, body: Any, errno: int | None, said: str) -> None:
    with pytest.raises(FreshbooksError) as caught:
        interpret(status, body)
    assert caught.value.errno == errno
    assert said in str(caught.value.message)
    assert "invoices/invoices" in str(caught.value.message)
    assert "a%40b.example" not in str(caught.value.message)


def test_a_missing_scope_is_named() -> None:
    text = (
        "insufficient_scope: The request requires higher privileges than provided by the access token. "
        "Provided: ['user:profile:read user:expenses:read']. Required: ['user:invoices:read']."
    )
    for body in ({"message": text}, {"response": {"errors": [{"errno": 1003, "message": text}]}}):
        with pytest.raises(FreshbooksError, match="lacks user:invoices:read") as caught:
            interpret(403, body)
        assert "developer portal" in str(caught.value.message)


def test_a_lost_connection_is_tried_again() -> None:
    resolution = FreshbooksErrorHandler().interpret_response(
        requests.exceptions.ConnectionError("secret detail")
    )
    assert resolution.response_action == ResponseAction.RETRY
    assert "secret detail" not in str(resolution.error_message)


def test_a_bad_request_without_a_known_number_is_asked_once_more() -> None:
    request = requests.Request("GET", URL).prepare()

    def ask(body: Any) -> Any:
        return FreshbooksErrorHandler().interpret_response(answer(400, body, request=request))

    known = {"response": {"errors": [{"errno": 1024, "message": "must be a number"}]}}
    with pytest.raises(FreshbooksError, match="must be a number"):
        ask(known)
    assert ask({"message": "try again"}).response_action == ResponseAction.RETRY
    with pytest.raises(FreshbooksError, match="try again"):
        ask({"message": "try again"})


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6IiJ9.abc-_",
        "Bearer abcdef",
        "refresh_token=abc123",
        '"client_secret": "abc123"',
        "0123456789abcdef0123456789abcdef",
        "jane@client.example",
    ],
)
def test_what_looks_like_a_secret_or_an_address_is_not_shown(secret: str) -> None:
    with pytest.raises(FreshbooksError) as caught:
        interpret(422, {"message": f"before {secret} after"})
    text = str(caught.value.message)
    assert "before" in text
    assert "after" in text
    assert secret.split()[-1].strip('"') not in text


def test_an_error_is_cut() -> None:
    with pytest.raises(FreshbooksError) as caught:
        interpret(422, {"message": "long " * 200})
    assert len(str(caught.value.message)) < 450
