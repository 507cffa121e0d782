"""GET over one pool of connections: the limit of requests, the retries, and what an answer may not do.

The budget is one for all streams of a connection, and for whoever shares its `RequestWindow` (freshbooks-api.md 6.3).
No answer may lead the token to another address, or fill the memory.
"""

import logging
import random
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from airbyte_cdk.sources.streams.call_rate import AbstractCallRatePolicy, APIBudget, LimiterSession
from airbyte_cdk.sources.streams.http import HttpClient
from airbyte_cdk.sources.streams.http.error_handlers import BackoffStrategy
from airbyte_cdk.sources.streams.http.exceptions import BaseBackoffException
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from requests.adapters import HTTPAdapter

from freshbooks_api.errors import RATE_LIMITED
from freshbooks_api.request_window import LIMIT, LONGEST_WAIT, RequestWindow
from source_freshbooks import cdk_patches
from source_freshbooks.components.errors import FreshbooksErrorHandler, TransientError, parsed_body

TIMEOUT = (10, 60)  # seconds to connect, seconds between bytes
LARGEST_ANSWER = 256 * 1024 * 1024  # bytes after decompression; a page of 100 invoices has about 400 kB
_HEADERS = {"User-Agent": "source-freshbooks"}

logger = logging.getLogger("airbyte.freshbooks")


class Client:
    """GET on behalf of one stream."""

    def __init__(
        self, name: str, api_url: str, session: requests.Session, auth: requests.auth.AuthBase, retries: int
    ) -> None:
        self._api_url = api_url
        self._http = HttpClient(
            name=name,
            logger=logger,
            session=session,
            error_handler=FreshbooksErrorHandler(retries),
            backoff_strategy=Backoff(),
            authenticator=auth,
        )

    def get(
        self, path: str, params: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> tuple[Any, requests.Response]:
        """The parsed answer and the response. Raises AirbyteTracedException with a sentence for the user."""
        try:
            _, response = self._http.send_request(
                "GET",
                f"{self._api_url}{path}",
                request_kwargs={"timeout": TIMEOUT},
                headers={**_HEADERS, **(headers or {})},
                params=params,
            )
        except AirbyteTracedException as error:
            cause = cdk_patches.cause_of(error)
            if isinstance(cause, BaseBackoffException):  # the retries are used up
                answer = cause.response
                limited = isinstance(answer, requests.Response) and answer.status_code == 429
                raise TransientError(
                    f"{cause}, at {self._api_url}, several times in a row. "
                    "Check the network and FreshBooks' status page, then run again: nothing is lost.",
                    RATE_LIMITED if limited else None,
                ) from None
            raise
        return parsed_body(response), response


class RateBudget(APIBudget):
    """`path`: the file of a `RequestWindow` that others have too."""

    def __init__(self, limit: int = LIMIT, path: str | None = None) -> None:
        super().__init__(policies=[])
        self._window = RequestWindow(limit, path)

    def acquire_call(self, request: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002
        """Wait until a request may be sent."""
        at = self._window.take()
        while (wait := at - time.monotonic()) > 0:
            time.sleep(wait)
            at = max(at, self._window.resume_at())

    def update_from_response(self, request: Any, response: Any) -> None:  # noqa: ARG002
        """Learn from an answer."""
        if isinstance(response, requests.Response):
            self._window.learn(response.status_code, response.headers)

    def get_matching_policy(self, request: Any) -> AbstractCallRatePolicy | None:  # noqa: ARG002
        return None


class Backoff(BackoffStrategy):
    """`Retry-After` where FreshBooks asks to wait (429, 503), else 1, 2, 4 … seconds with jitter."""

    def backoff_time(
        self, response_or_exception: requests.Response | requests.RequestException | None, attempt_count: int
    ) -> float | None:
        # FreshBooks sends Retry-After on every answer, good ones included (freshbooks-api.md 6.3).
        if isinstance(response_or_exception, requests.Response) and response_or_exception.status_code in (
            429,
            503,
        ):
            try:
                return min(float(response_or_exception.headers["Retry-After"]), LONGEST_WAIT)
            except (KeyError, ValueError):
                pass
        return min(2.0 ** (attempt_count - 1), 30.0) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter


class Session(LimiterSession):
    """Follows a redirect only within the scheme, host and port of the request."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        if target is not None:
            asked, given = urlsplit(resp.url), urlsplit(requests.compat.urljoin(resp.url, target))
            if (asked.scheme, asked.netloc) != (given.scheme, given.netloc):
                raise TransientError(
                    f"FreshBooks answered {asked.path} with a redirect to another address "
                    f"({given.scheme}://{given.hostname}), which is not followed. Check the network for a proxy or a "
                    "sign-in page, then run again."
                )
        return target


class _Adapter(HTTPAdapter):
    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **kwargs)
        pieces, size = [], 0
        for piece in response.iter_content(requests.models.CONTENT_CHUNK_SIZE):
            size += len(piece)
            if size > LARGEST_ANSWER:
                response.close()
                raise TransientError(
                    f"FreshBooks' answer to {urlsplit(request.url).path!s} is larger than "
                    f"{LARGEST_ANSWER // 1024**2} MB and was not read. Run again; if it stays so, report it with "
                    "this text."
                )
            pieces.append(piece)
        cdk_patches.set_body(response, b"".join(pieces))
        return response


def harden(session: requests.Session, pool_maxsize: int = 1) -> None:
    """Let `session` read no answer that is larger than LARGEST_ANSWER."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_maxsize=pool_maxsize))
