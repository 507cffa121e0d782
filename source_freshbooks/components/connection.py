"""One authorization of one FreshBooks user: what all streams of a source share, and who the user is."""

import logging
import threading
from collections.abc import Callable, Hashable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Annotated, Any, TypeVar, cast

import orjson
import requests
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from msgspec import Meta, Struct, ValidationError, convert

from freshbooks_api.client import api_url, read_environment
from source_freshbooks.components.assumptions import Assumptions
from source_freshbooks.components.auth import FreshbooksAuthenticator
from source_freshbooks.components.availability import Outcomes
from source_freshbooks.components.deletions import KnownIds
from source_freshbooks.components.errors import ODD_ANSWER, unknown_shape
from source_freshbooks.components.http import Client, RateBudget, Session, harden
from source_freshbooks.components.normalization import GREATEST, LEAST
from source_freshbooks.components.permissions import PreviouslyRead
from source_freshbooks.components.redaction import clean
from source_freshbooks.components.timestamps import BEGINNING, format_utc, server_time

IDENTITY = "/auth/api/v1/users/me"
PAGES_IN_FLIGHT = 10

logger = logging.getLogger("airbyte.freshbooks")

T = TypeVar("T")


class Connection:
    """One authorization of one FreshBooks user.

    previously_read: what gave rows before, by the saved state. batches: records are emitted by the page, as lines.
    outcomes: what became of each stream. report_places: which of a report's places answered (report_paths.py), by
    business and first place. observed_at: the server's clock when the identity was asked for.
    """

    def __init__(self, config: MutableMapping[str, Any]) -> None:
        self.config = config
        self.api_url = api_url()
        self.authenticator = FreshbooksAuthenticator(config, f"{self.api_url}/auth/oauth/token")
        self.budget = RateBudget(path=config.get("request_window"))
        self.previously_read = PreviouslyRead([], BEGINNING)
        self.known_ids = KnownIds()
        self.outcomes = Outcomes()
        self.observed_at = BEGINNING
        self.report_places: dict[tuple[int, str], int] = {}
        self.batches = False
        self._identity_lock = threading.Lock()
        self._cache_lock = threading.Lock()
        self._cache: dict[Hashable, Any] = {}
        self._identity_failure: AirbyteTracedException | None = None

    def client(self, name: str, retries: int = 5) -> Client:
        return Client(name, self.api_url, self.session, self.authenticator, retries)

    @cached_property
    def session(self) -> requests.Session:
        """One pool of connections for all streams, which share their handshakes."""
        session = Session(api_budget=self.budget)
        # Page workers, and beside them the threads that read first pages.
        harden(session, pool_maxsize=2 * self.pages_in_flight)
        read_environment(session, self.api_url)
        return session

    def close(self) -> None:
        """Let go of the sockets that are kept for further requests; these would open new ones."""
        if "session" in self.__dict__:
            self.session.close()

    @cached_property
    def assumptions(self) -> Assumptions:
        """What was found out about the account; ConfigError if the setting cannot be read."""
        return Assumptions(self.config.get("assumptions"))

    @cached_property
    def page_workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.pages_in_flight, thread_name_prefix="page")

    @property
    def pages_in_flight(self) -> int:
        return int(self.config.get("num_workers", PAGES_IN_FLIGHT))

    def cached(self, key: Hashable, find: Callable[[], T]) -> T:
        """The result of `find`, which is called once per source; the others wait for it."""
        with self._cache_lock:
            if key not in self._cache:
                self._cache[key] = find()
            return cast(T, self._cache[key])

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
        # Few retries, so that `check` reports soon that the network is down.
        body, response = self.client("identity", retries=2).get(IDENTITY, {})
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


# What the rest of the source relies on in the answer of IDENTITY (freshbooks-api.md 2).


class _Business(Struct):
    id: Annotated[int, Meta(ge=LEAST, le=GREATEST)]
    account_id: str | int | None = None
    business_uuid: str | None = None


class _Membership(Struct):
    business: _Business | None = None
    role: str | None = None


class _Role(Struct):
    accountid: str | int | None = None


class _Identity(Struct):
    business_memberships: list[Any] | None = None
    roles: list[Any] | None = None


class _Answer(Struct):
    response: _Identity


def identity_of(body: Any) -> dict[str, Any]:
    """The `response` of the answer; FreshbooksError if it has another shape.

    A membership or role that cannot be read is set aside, as long as there is one that can.
    """
    try:
        orjson.dumps(body)  # what is nested too deeply could not be emitted as a row
        convert(body, _Answer, strict=False)
        identity = cast(dict[str, Any], body["response"])
        for key, shape in (("business_memberships", _Membership), ("roles", _Role)):
            identity[key] = _readable(identity.get(key) or [], shape)
    except (*ODD_ANSWER, ValidationError) as error:
        raise unknown_shape(IDENTITY, error) from None
    return identity


def _readable(rows: list[Any], shape: type[Struct]) -> list[Any]:
    readable = []
    for row in rows:
        try:
            convert(row, shape, strict=False)
        except ValidationError as error:
            if len(rows) == 1:
                raise
            logger.warning(
                "%s: one of the %s cannot be read: %s", IDENTITY, shape.__name__, clean(str(error))
            )
        else:
            readable.append(row)
    return readable
