"""What an answer means: take it, try again, refresh the token, or stop with a sentence for the user.

The shapes are those of freshbooks-api.md 1.6 and 6.1. A failure is raised here and not returned as FAIL:
the CDK's FAIL writes the whole answer, clients' names and amounts included, into logs and traces.
"""

import json
import re
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ErrorHandler, ErrorResolution, ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from freshbooks_api.errors import PLAN, error_of, missing_scopes, with_code
from freshbooks_api.scopes import ACCOUNT, WITH_OPTIONAL, is_optional
from source_freshbooks.components.decoding import decode
from source_freshbooks.components.redaction import clean, redact

_KNOWN_ERRNOS = PLAN | {409, 500, 2001, 8008, *range(1001, 1200)}
# How often one request is answered so before it fails. A spurious 400 was met by others (freshbooks-api.md 6.2).
_UNREADABLE_TRIES, _BAD_REQUEST_TRIES = 3, 2
# Where a missing scope that is not named is probably user:account:read (freshbooks-api.md 1.5).
_LEDGERS = re.compile(r"/businesses/[^/]+/(ledger_accounts/|reports/(general_ledger|trial_balance)$)")
_SHOWN = 200  # characters of an error that FreshBooks sent

_RETRY_STATUSES = frozenset({408, 409, 500, 502, 503, 504})


class ConfigError(AirbyteTracedException):
    """Only the user can fix it; `message` tells what happened, why, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(internal_message=message, message=message, failure_type=FailureType.config_error)


class TransientError(AirbyteTracedException):
    """The same run may work later. `code`: one of `freshbooks_api.errors`, for programs."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(
            internal_message=with_code(code, message),
            message=message,
            failure_type=FailureType.transient_error,
        )


class FreshbooksError(ConfigError):
    """An answer that no retry will change. `errno` is FreshBooks' own number, if it gave one.

    `scopes`: those that the authorization lacks for it, as far as FreshBooks names them; None if it lacks none.
    """

    def __init__(
        self,
        message: str,
        errno: int | None = None,
        status: int | None = None,
        scopes: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(message)
        self.errno = errno
        self.status = status
        self.scopes = scopes


# What Python raises where an answer has another shape than expected.
ODD_ANSWER = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


def unknown_shape(what: str, error: Exception) -> FreshbooksError:
    """The sentence for one of ODD_ANSWER."""
    return FreshbooksError(
        f"FreshBooks answered {what} in an unknown shape ({type(error).__name__}: {clean(str(error))[:100]}). "
        "Run again; if it stays so, report it with this text."
    )


def parsed_body(response: requests.Response) -> Any:
    """The JSON of a good answer, parsed once, by the error handler."""
    return getattr(response, "freshbooks_body")  # noqa: B009 - an attribute that requests doesn't declare


def is_damaged(response: requests.Response) -> bool:
    """Whether text in the body of a good answer could not be read and is U+FFFD now."""
    return bool(getattr(response, "freshbooks_damaged", False))


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
            body, damaged = decode(response.content)
        except ValueError:
            if status < 400:
                return self._unreadable(response)
            body, damaged = None, False
        error = error_of(body)
        if status < 400 and error is None:
            response.freshbooks_body, response.freshbooks_damaged = body, damaged  # type: ignore[attr-defined]
            return ErrorResolution(response_action=ResponseAction.SUCCESS)
        errno = error.errno if error else None
        if status == 400 and errno not in _KNOWN_ERRNOS and self._asks_once_more(response):
            return _retry("FreshBooks answered with status 400")
        scopes = missing_scopes(response.text)
        if scopes == () and _LEDGERS.search(urlsplit(response.url).path):
            scopes = (ACCOUNT.name,)
        text = (error.message if error else "") or _raw_text(response, body)
        sentence = _sentence(response, errno, text, scopes)
        raise FreshbooksError(sentence, errno, status, scopes)

    @staticmethod
    def _asks_once_more(response: requests.Response) -> bool:
        is_get = response.request is not None and response.request.method == "GET"
        return is_get and _times(response, "400") < _BAD_REQUEST_TRIES

    def _unreadable(self, response: requests.Response) -> ErrorResolution:
        times = _times(response, "unreadable")
        what = f"FreshBooks answered {urlsplit(response.url).path} with a body that cannot be read as JSON"
        if times < min(_UNREADABLE_TRIES, self._max_retries + 1):
            return _retry(what)
        raise TransientError(
            f"{what}, {times} times in a row. What was read before is kept. "
            "Run again later; if it stays so, report it with this text."
        )


def _times(response: requests.Response, kind: str) -> int:
    """How often the request of `response` was answered in this way, this time included."""
    answers: Counter[str] = vars(response.request or response).setdefault("freshbooks_answers", Counter())
    answers[kind] += 1
    return answers[kind]


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


def _raw_text(response: requests.Response, body: Any) -> str:
    """An error of no known shape, as it came: JSON, or the text of a page."""
    if body:
        return json.dumps(redact(body), ensure_ascii=False)
    return re.sub(r"<[^>]*>", " ", response.text[:10_000])


def _sentence(
    response: requests.Response, errno: int | None, text: str, scopes: tuple[str, ...] | None
) -> str:
    path = urlsplit(response.url).path  # the query could hold a value of the user's
    if scopes is not None and is_optional(scopes):
        return (
            f"The FreshBooks authorization lacks {', '.join(scopes)}, which is not asked for unless you say so, so "
            f"{path} cannot be read. Enable it on your app in the FreshBooks developer portal, then authorize again "
            f"asking for it: {WITH_OPTIONAL}, or a consent of your own with this scope added."
        )
    if scopes is not None:
        return (
            f"The FreshBooks authorization lacks {', '.join(scopes) or 'a further scope'}: it was not approved, "
            f"so {path} cannot be read. "
            "Enable it on your app in the FreshBooks developer portal, then authorize this connection again."
        )
    number = f", error {errno}" if errno else ""
    said = f": {shown}" if (shown := clean(text)[:_SHOWN].strip()) else ""
    if response.status_code in (401, 403) or errno == 1003:
        remedy = "Ask the owner of the business for an administrator's role, or check that its plan has this."
    elif response.status_code == 404:
        remedy = (
            "Check that this user still has access to the business, then authorize this connection again."
        )
    else:
        remedy = "If it stays so, check the business's plan and role, or report it with this text."
    return f"FreshBooks refused {path} (status {response.status_code}{number}{said}). {remedy}"
