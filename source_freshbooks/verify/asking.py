"""Sends the questions to one business: GETs through the connection's own budget, counted, each asked once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_freshbooks.components.connection import Connection
from source_freshbooks.components.deletions import VISIBILITY
from source_freshbooks.components.endpoints import FAMILIES, Page
from source_freshbooks.components.errors import ODD_ANSWER, FreshbooksError
from source_freshbooks.components.paging import PER_PAGE
from source_freshbooks.components.timestamps import ZONES, server_time, to_utc

MOST = 64  # requests a business
FAILURES = 5  # until FreshBooks is taken to be down, and nothing more is asked
Row = Mapping[str, Any]


@dataclass(frozen=True)
class ListStream:
    """A stream that is a list, with the parameters of the manifest that matter here (`ListRetriever`)."""

    name: str
    family: str
    route: str
    rows: list[str]
    key: str
    include: list[str] = field(default_factory=list)
    since: str | None = None
    day: bool = False
    updated: str | None = None
    zone: str = "eastern"
    visibility: str = "none"


@dataclass(frozen=True)
class ReportStream:
    """A stream that is a report, likewise (`ReportRetriever`)."""

    name: str
    report: str
    rows: str
    end: str = "end_date"
    as_of: bool = False
    params: dict[str, Any] = field(default_factory=dict)
    bases: list[str] = field(default_factory=list)


class NotAnswered(Exception):
    """FreshBooks refused the question, failed, or answered in another shape; `refused` is its refusal, if it is one."""

    def __init__(self, refused: FreshbooksError | None = None) -> None:
        super().__init__("not answered")
        self.refused = refused


class Asker:
    """Asks about one business; `ids` are those of the `businesses` stream.

    headers: of each good answer, by the part of the API (the first word of the path), in the order that they came.
    """

    def __init__(self, connection: Connection, ids: Mapping[str, Any]) -> None:
        self.ids = ids
        self.requests = 0
        self.now = datetime.now(UTC)
        self.headers: list[tuple[str, Mapping[str, str]]] = []
        self._client = connection.client("verify", retries=1)
        self._answers: dict[str, Any] = {}
        self._failures = 0

    def body(self, path: str, params: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Any:
        """The JSON of an answer; raises NotAnswered."""
        return self._once(f"{path} {sorted(params.items())!r}", lambda: self._get(path, params, headers))

    def page(self, stream: ListStream, **params: Any) -> Page:
        """A page of the list with these parameters alone; raises NotAnswered."""
        family = FAMILIES.get(stream.family)
        if family is None or not all(self.ids.get(name) for name in family.needs):
            raise NotAnswered
        body = self.body(family.path(self.ids, stream.route), {"page": 1, "per_page": PER_PAGE, **params})
        try:
            return family.page(body, stream.rows)
        except ODD_ANSWER:
            raise NotAnswered from None

    def first(self, stream: ListStream, **params: Any) -> Page:
        """The first page as a sync asks for it: with the includes, of the first pass where that is not `vis_state`."""
        asked: dict[str, Any] = {"include[]": stream.include} if stream.include else {}
        if stream.visibility != "vis_state":
            asked |= VISIBILITY[stream.visibility].passes[0]
        return self.page(stream, **asked, **params)

    def _once(self, key: str, ask: Callable[[], Any]) -> Any:
        if key not in self._answers:
            try:
                self._answers[key] = ask()
            except NotAnswered as error:
                self._answers[key] = error
        answer = self._answers[key]
        if isinstance(answer, NotAnswered):
            raise answer
        return answer

    def _get(self, path: str, params: Mapping[str, Any], headers: Mapping[str, str] | None) -> Any:
        if self.requests >= MOST or self._failures >= FAILURES:
            raise NotAnswered
        self.requests += 1
        try:
            body, response = self._client.get(path, params, headers or None)
        except FreshbooksError as error:
            raise NotAnswered(error) from None
        except (AirbyteTracedException, requests.RequestException):
            self._failures += 1
            raise NotAnswered from None
        self.now = server_time(response)
        if not headers:  # which may name a version of their own
            self.headers.append((path.split("/")[1], response.headers))
        return body


def rows_of(page: Page) -> list[Row]:
    """The rows that are objects."""
    return [row for row in page.rows if isinstance(row, dict)]


def moment(value: Any, zone: str) -> datetime | None:
    """A stamp as an instant; None if it is none."""
    text = to_utc(value, zone if zone in ZONES else "eastern")
    return datetime.fromisoformat(text) if text else None
