"""Error answers of every family of FreshBooks (freshbooks-api.md 1.6, 6.1), and answers that are not FreshBooks'."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from requests_mock import ANY, Mocker

from freshbooks_hub.connection.api import Api, ApiRefused, ApiUnreachable

SCOPE = (
    "insufficient_scope: The request requires higher privileges than provided by the access token. "
    "Provided: ['user:profile:read']. Required: ['user:retainers:read']."
)
NEWER = {"reason": "1012", "metadata": {"message": "Client not found."}}
NOT_FOUND = {"message": "Request failed with status code 404", "status": 404, "details": []}


def answers(mock: Mocker, *given: tuple[int, Any]) -> None:
    """FreshBooks gives these answers in turn."""
    mock.get(
        ANY,
        [
            {
                "status_code": status,
                "content": body if isinstance(body, bytes) else json.dumps(body).encode(),
                "headers": {"Retry-After": "30"},
            }
            for status, body in given
        ],
    )


@pytest.mark.parametrize(
    ("status", "body", "errno", "said"),
    [
        (404, {"response": {"errors": [{"errno": 1012, "message": "Client not found."}]}}, 1012, "not found"),
        (200, {"response": {"errors": [{"errno": 12001, "message": "No access."}]}}, 12001, "No access"),
        (200, {"response": {"errors": {"errno": 1003, "message": "Denied."}}}, 1003, "Denied"),
        (404, {"code": 5, "message": "status_code: 404", "details": [NEWER]}, 1012, "Client not found"),
        (404, {"errors": NOT_FOUND}, None, "404"),
        (404, {"error": "Requested resource could not be found."}, None, "could not be found"),
        (401, {"error": "unauthenticated", "error_description": "Log in."}, None, "Log in"),
        (403, {"message": "Permission Denied"}, None, "Permission Denied"),
        (422, {"errno": 2001, "error": {"title": "field required"}}, 2001, "field required"),
        (403, {}, None, "no reason given"),
    ],
)
def test_a_refusal_is_read_in_every_shape(
    requests_mock: Mocker, status: int, body: Any, errno: int | None, said: str
) -> None:
    answers(requests_mock, (status, body))
    with pytest.raises(ApiRefused, match=said) as caught:
        Api("token").get("/path")
    assert (caught.value.status, caught.value.errno) == (status, errno)


@pytest.mark.parametrize(
    "body", [{"message": SCOPE}, {"response": {"errors": [{"errno": 1003, "message": SCOPE}]}}]
)
def test_the_scope_that_an_answer_requires_is_named(requests_mock: Mocker, body: Any) -> None:
    answers(requests_mock, (403, body))
    with pytest.raises(ApiRefused, match="lacks user:retainers:read") as caught:
        Api("token").get("/path")
    assert caught.value.scopes == ("user:retainers:read",)


@pytest.mark.parametrize("answer", [(500, b"<html>"), (200, b"<html>"), (403, b""), (200, b"[]")])
def test_what_is_not_freshbooks_own_answer_is_no_refusal(
    requests_mock: Mocker, answer: tuple[int, bytes]
) -> None:
    answers(requests_mock, answer)
    with pytest.raises(ApiUnreachable, match="Try again"):
        Api("token").get("/path")


def test_slowing_down_is_obeyed_once(monkeypatch: pytest.MonkeyPatch, requests_mock: Mocker) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    answers(requests_mock, (429, b""), (200, {"response": {"id": 1}}))
    assert Api("token").get("/path") == {"response": {"id": 1}}
    assert slept == [30.0]
    # A GET without a body carries no Content-Type (freshbooks-api.md 1.2).
    first, _ = requests_mock.request_history
    assert "Content-Type" not in first.headers
    assert not first.allow_redirects


def test_the_token_is_in_no_repr() -> None:
    assert "very-secret" not in repr(Api("very-secret"))
