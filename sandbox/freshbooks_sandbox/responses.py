"""JSON answers, and the error answers of each API family (freshbooks-api.md 1.2, 1.6, 6.1)."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

UNAUTHENTICATED = {
    "error": "unauthenticated",
    "error_description": "This action requires authentication to continue.",
}
NOT_FOUND = {"error": "Requested resource could not be found."}
_GRPC_CODE = {400: 3, 401: 16, 402: 9, 403: 7, 404: 5, 409: 10, 422: 3, 429: 8}


class Answer(Response):
    """A JSON answer; `media_type` differs by family and nobody should depend on it (1.2)."""

    media_type = "application/json"

    def __init__(self, content: Any, status: int = 200, media_type: str | None = None) -> None:
        super().__init__(orjson.dumps(content), status, media_type=media_type)


def result(content: Any, status: int = 200) -> Answer:
    """The accounting envelope."""
    return Answer({"response": {"result": content}}, status)


def vnd(content: Any, status: int = 200) -> Answer:
    """Projects, time tracking, comments and payments answer this content type."""
    return Answer(content, status, "application/vnd.api+json")


class ApiError(Exception):
    """Ends a request with an error answer; `new_body` is the shape under X-API-VERSION, if another."""

    def __init__(self, status: int, body: Any, new_body: Any = None) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body, self.new_body = status, body, new_body

    def answer(self, *, new_shape: bool) -> Answer:
        body = self.new_body if new_shape and self.new_body is not None else self.body
        return Answer(body, self.status)


def accounting(
    status: int,
    errno: int,
    message: str,
    field: str | None = None,
    obj: str | None = None,
    value: str | None = None,
) -> ApiError:
    error = {"errno": errno, "field": field, "message": message, "object": obj, "value": value}
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": str(errno),
        "domain": "accounting.api.freshbooks.com",
        "metadata": {"object": obj or "", "message": message, "value": value or "", "field": field or ""},
    }
    new = {
        "code": _GRPC_CODE.get(status, 2),
        "message": f"Request failed with status_code: {status}",
        "details": [info],
    }
    return ApiError(status, {"response": {"errors": [error]}}, None if status == 200 else new)


def required(field: str, obj: str) -> ApiError:
    return accounting(422, 1001, f"'{field}' is a required field.", field, obj)


def not_found(obj: str, field: str, value: Any) -> ApiError:
    title = obj.replace("_", " ").capitalize()
    return accounting(404, 1012, f"{title} not found.", field, obj, str(value))


def invalid(field: str, message: str, status: int = 422) -> ApiError:
    """The validation error of projects, time tracking and comments."""
    return ApiError(status, {"errno": 2001, "error": {field: message}})


def unprocessable(*details: str) -> ApiError:
    """The validation error of the events family."""
    message = "The request was well-formed but was unable to be followed due to semantic errors."
    return ApiError(422, {"errno": 422, "message": message, "details": list(details)})


def family_not_found(family: str) -> ApiError:
    """The bare 404 of an unknown account, business or path."""
    if family == "accounting":
        return accounting(404, 1012, "Requested resource could not be found.")
    if family == "ledger":
        reason = {"reason": "Not found.", "metadata": {"message": "Not found.", "field": None}}
        message = "Request failed with status code 404"
        return ApiError(404, {"errors": {"message": message, "status": 404, "details": [reason]}})
    if family == "events":
        return ApiError(404, {"errno": 404, "message": "Requested resource could not be found."})
    return ApiError(404, NOT_FOUND)


def unauthenticated(family: str) -> ApiError:
    message = (
        "The server could not verify that you are authorized to access the URL requested. You either "
        "supplied the wrong credentials (e.g. a bad password), or your browser doesn't understand how to "
        "supply the credentials required."
    )
    new = accounting(401, 1003, message).new_body if family == "accounting" else None
    return ApiError(401, UNAUTHENTICATED, new)


def insufficient_scope(family: str, provided: str, needed: str) -> ApiError:
    message = (
        "insufficient_scope: The request requires higher privileges than provided by the access token. "
        f"Provided: ['{provided}']. Required: ['{needed}']."
    )
    if family == "accounting":
        return accounting(403, 1003, message)
    return ApiError(403, {"message": message})


def permission_denied(family: str) -> ApiError:
    if family == "accounting":
        return accounting(403, 1003, "Permission Denied")
    return ApiError(403, {"message": "Permission Denied"})
