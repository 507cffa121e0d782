"""What an answer means: take it, try again, refresh the token, or stop with a sentence for the user.

The shapes are those of freshbooks-api.md 1.6 and 6.1. A failure is raised here and not returned as FAIL:
the CDK's FAIL writes the whole answer, clients' names and amounts included, into logs and traces.
"""

import re
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ErrorHandler, ErrorResolution, ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

_RETRY_STATUSES = frozenset({408, 409, 500, 502, 503, 504})
_REQUIRED_SCOPES = re.compile(r"Required: \[([^\]]*)\]")


class ConfigError(AirbyteTracedException):
    """Only the user can mend it; `message` tells what happened, why, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(internal_message=message, message=message, failure_type=FailureType.config_error)


class TransientError(AirbyteTracedException):
    """The same run may work later."""

    def __init__(self, message: str) -> None:
        super().__init__(internal_message=message, message=message, failure_type=FailureType.transient_error)


class FreshbooksError(ConfigError):
    """An answer that no retry will change. `errno` is FreshBooks' own number, if it gave one."""

    def __init__(self, message: str, errno: int | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.errno = errno
        self.status = status


# What Python raises where an answer is not what the code takes it for.
ODD_ANSWER = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


def unknown_shape(what: str, error: Exception) -> FreshbooksError:
    """The sentence for one of ODD_ANSWER."""
    return FreshbooksError(
        f"FreshBooks answered {what} in an unknown shape ({type(error).__name__}: {str(error)[:100]}). "
        "Run again; if it stays so, report it with this text."
    )


def parsed_body(response: requests.Response) -> Any:
    """The JSON of a good answer, parsed once, by the error handler."""
    return getattr(response, "freshbooks_body")  # noqa: B009 - an attribute that requests doesn't declare


class FreshbooksErrorHandler(ErrorHandler):
    def __init__(self, max_retries: int = 5) -> None:
        self._max_retries = max_retries

    @property
    def max_retries(self) -> int:
        return self._max_retries

    @property
    def max_time(self) -> int:
        return 600

    def interpret_response(
        self, response_or_exception: requests.Response | Exception | None
    ) -> ErrorResolution:
        if not isinstance(response_or_exception, requests.Response):
            return _retry(f"FreshBooks could not be reached ({_reason(response_or_exception)})")
        response = response_or_exception
        status = response.status_code
        if status == 401:
            return ErrorResolution(
                response_action=ResponseAction.REFRESH_TOKEN_THEN_RETRY,
                failure_type=FailureType.config_error,
                error_message="FreshBooks refused the access token",
            )
        if status == 429:
            return ErrorResolution(
                response_action=ResponseAction.RATE_LIMITED,
                failure_type=FailureType.transient_error,
                error_message="FreshBooks asked to slow down",
            )
        if status in _RETRY_STATUSES:
            return _retry(f"FreshBooks answered with status {status}")
        try:
            body = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            if status < 400:
                return _retry(f"FreshBooks answered status {status} with a body that is not JSON")
            body = None
        errno, text = _error(body)
        if status < 400 and text is None:
            response.freshbooks_body = body  # type: ignore[attr-defined]
            return ErrorResolution(response_action=ResponseAction.SUCCESS)
        raise FreshbooksError(_sentence(response, errno, text), errno, status)


def _retry(what: str) -> ErrorResolution:
    return ErrorResolution(
        response_action=ResponseAction.RETRY, failure_type=FailureType.transient_error, error_message=what
    )


def _reason(error: Exception | None) -> str:
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "connection failed or was cut"
    return type(error).__name__


def _error(body: Any) -> tuple[int | None, str | None]:
    """FreshBooks' error number and text; (None, None) for a good answer."""
    if not isinstance(body, dict):
        return None, None
    inner = body.get("response")
    if isinstance(inner, dict) and inner.get("errors"):
        errors = inner["errors"]
        first = errors[0] if isinstance(errors, list) else errors
        if isinstance(first, dict):
            return _int(first.get("errno")), str(first.get("message"))
        return None, str(first)
    details = body.get("details")
    if isinstance(details, list) and details and isinstance(details[0], dict) and "reason" in details[0]:
        metadata = details[0].get("metadata")
        told = metadata.get("message") if isinstance(metadata, dict) else None
        return _int(details[0]["reason"]), str(told or body.get("message"))
    if isinstance(body.get("errors"), dict):  # ledger family
        return None, str(body["errors"].get("message"))
    if "error" in body:
        return _int(body.get("errno")), str(body.get("error_description") or body["error"])
    if "message" in body and set(body) <= {"message", "code", "errno", "details"}:
        return _int(body.get("errno")), str(body["message"])
    return None, None


def _int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _sentence(response: requests.Response, errno: int | None, text: str | None) -> str:
    path = urlsplit(response.url).path  # the query could hold a value of the user's
    raw = response.text.replace("\\u0027", "'")
    if "insufficient_scope" in raw:  # in which part of the body depends on the family
        found = _REQUIRED_SCOPES.search(raw)
        scopes = found.group(1).replace("'", "") if found else "a further scope"
        return (
            f"The FreshBooks authorization lacks {scopes}, which {path} needs. "
            "Enable it on your app in the FreshBooks developer portal, then authorize this connection again."
        )
    number = f", error {errno}" if errno else ""
    said = f": {text[:200]}" if text else ""
    if response.status_code in (401, 403) or errno == 1003:
        remedy = "Ask the owner of the business for an administrator's role, or check that its plan has this."
    elif response.status_code == 404:
        remedy = "Check that the business still exists, then authorize this connection again."
    else:
        remedy = "If it stays so, check the business's plan and role, or report it with this text."
    return f"FreshBooks refused {path} (status {response.status_code}{number}{said}). {remedy}"
