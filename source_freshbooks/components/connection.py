"""What all streams of one source share: address, tokens, page workers and who the user is."""

import logging
import os
import random
import threading
from collections.abc import Callable, Hashable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, TypeVar, cast

import requests
from airbyte_cdk.sources.streams.http import HttpClient
from airbyte_cdk.sources.streams.http.error_handlers import BackoffStrategy
from airbyte_cdk.sources.streams.http.exceptions import BaseBackoffException
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from freshbooks_api.failures import RATE_LIMITED
from source_freshbooks.components.access import Worked
from source_freshbooks.components.auth import FreshbooksAuthenticator
from source_freshbooks.components.availability import Outcomes
from source_freshbooks.components.budget import RateBudget
from source_freshbooks.components.errors import FreshbooksErrorHandler, TransientError, parsed_body
from source_freshbooks.components.identity import PATH, identity_of
from source_freshbooks.components.reconcile import KnownIds
from source_freshbooks.components.timestamps import BEGINNING, format_utc, server_time
from source_freshbooks.components.transport import Session, harden

API_URL = "https://api.freshbooks.com"
TIMEOUT = (10, 60)  # seconds to connect, seconds between bytes
PAGES_IN_FLIGHT = 10
_HEADERS = {"User-Agent": "source-freshbooks"}

logger = logging.getLogger("airbyte.freshbooks")

T = TypeVar("T")


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
                return min(float(response_or_exception.headers["Retry-After"]), 120.0)
            except (KeyError, ValueError):
                pass
        return min(2.0 ** (attempt_count - 1), 30.0) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter


class Client:
    """GET on behalf of one stream."""

    def __init__(self, name: str, connection: "Connection", retries: int) -> None:
        self._api_url = connection.api_url
        self._http = HttpClient(
            name=name,
            logger=logger,
            session=connection.session,
            error_handler=FreshbooksErrorHandler(retries),
            backoff_strategy=Backoff(),
            authenticator=connection.authenticator,
        )

    def get(self, path: str, params: Mapping[str, Any]) -> tuple[Any, requests.Response]:
        """The parsed answer and the response. Raises AirbyteTracedException with a sentence for the user."""
        try:
            _, response = self._http.send_request(
                "GET",
                f"{self._api_url}{path}",
                request_kwargs={"timeout": TIMEOUT},
                headers=_HEADERS,
                params=params,
            )
        except AirbyteTracedException as error:
            if isinstance(error._exception, BaseBackoffException):  # the retries are used up
                answer = error._exception.response
                limited = isinstance(answer, requests.Response) and answer.status_code == 429
                raise TransientError(
                    f"{error._exception}, at {self._api_url}, several times in a row. "
                    "Check the network and FreshBooks' status page, then run again: nothing is lost.",
                    RATE_LIMITED if limited else None,
                ) from None
            raise
        return parsed_body(response), response


class Connection:
    """One authorization of one FreshBooks user.

    worked: what gave rows before, by the saved state. batches: records leave by the page, as lines.
    outcomes: what became of each stream. observed_at: the server's clock when the identity was asked for.
    """

    def __init__(self, config: MutableMapping[str, Any]) -> None:
        self.config = config
        self.api_url = os.environ.get("FRESHBOOKS_API_URL", API_URL).rstrip("/")
        self.authenticator = FreshbooksAuthenticator(config, f"{self.api_url}/auth/oauth/token")
        self.budget = RateBudget()
        self.worked = Worked([], BEGINNING)
        self.known_ids = KnownIds()
        self.outcomes = Outcomes()
        self.observed_at = BEGINNING
        self.batches = False
        self._identity_lock = threading.Lock()
        self._once_lock = threading.Lock()
        self._found: dict[Hashable, Any] = {}
        self._identity_failure: AirbyteTracedException | None = None

    def client(self, name: str, retries: int = 5) -> Client:
        return Client(name, self, retries)

    @cached_property
    def session(self) -> requests.Session:
        """One pool of connections for all streams, which share their handshakes.

        What the environment says of proxies and certificates is read once, not for each request.
        """
        session = Session(api_budget=self.budget)
        # Page workers, and beside them the threads that read first pages.
        harden(session, pool_maxsize=2 * self.pages_in_flight)
        environment = session.merge_environment_settings(self.api_url, {}, None, None, None)
        session.proxies, session.verify = environment["proxies"], environment["verify"]
        session.trust_env = False
        return session

    @cached_property
    def page_workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.pages_in_flight, thread_name_prefix="page")

    @property
    def pages_in_flight(self) -> int:
        return int(self.config.get("num_workers", PAGES_IN_FLIGHT))

    def once(self, key: Hashable, find: Callable[[], T]) -> T:
        """The result of `find`, asked once per source whoever needs it."""
        with self._once_lock:
            if key not in self._found:
                self._found[key] = find()
            return cast(T, self._found[key])

    def identity(self) -> dict[str, Any]:
        """The `response` of /auth/api/v1/users/me (freshbooks-api.md 2), asked or failed once per source."""
        with self._identity_lock:
            if self._identity_failure:
                raise self._identity_failure
            try:
                return self._identity
            except AirbyteTracedException as failure:
                self._identity_failure = failure
                raise

    @cached_property
    def _identity(self) -> dict[str, Any]:
        # Few retries: the first call of `check` tells soon that the network is down.
        body, response = self.client("identity", retries=2).get(PATH, {})
        self.observed_at = format_utc(server_time(response))
        return identity_of(body)


_connections: dict[int, Connection] = {}
_connections_lock = threading.Lock()


def connection_of(config: Mapping[str, Any]) -> Connection:
    """The one Connection of a source: the CDK hands the same config object to all of its components."""
    with _connections_lock:
        found = _connections.get(id(config))
        if found is None:  # the Connection holds the config, so its id cannot be given to another
            found = _connections[id(config)] = Connection(cast(MutableMapping[str, Any], config))
        return found
