"""What reading a business has in common, lists and reports alike."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from airbyte_cdk.models import (
    AirbyteEstimateTraceMessage,
    AirbyteMessage,
    AirbyteTraceMessage,
    EstimateType,
    TraceType,
    Type,
)
from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.types import Record, StreamSlice

from source_freshbooks.components.access import skip_or_raise
from source_freshbooks.components.batches import batch
from source_freshbooks.components.connection import connection_of
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.records import RecordShaper
from source_freshbooks.components.timestamps import format_utc

Records = Iterable[Mapping[str, Any] | AirbyteMessage]
Pages = Iterator[list[dict[str, Any]] | AirbyteMessage]


@dataclass
class BusinessRetriever(Retriever):
    """What reading a business has in common: the client, the cursor, the gate, the progress."""

    config: Mapping[str, Any]
    name: str
    family: str
    cursor_field: str
    primary_key: list[str] = field(default_factory=list)  # given by the CDK, as is the cursor
    cursor: Cursor | None = None

    def __post_init__(self) -> None:
        self.connection = connection_of(self.config)
        self.client = self.connection.client(self.name)
        self._expected = 0
        self._lock = threading.Lock()
        if self.cursor is not None:
            setattr(self.cursor, "observe", _only_advances(self.cursor.observe, self.cursor_field))  # noqa: B010

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Records:
        assert stream_slice is not None
        ids = {"business_id": stream_slice.partition["business_id"], **stream_slice.extra_fields}
        since = stream_slice.cursor_slice.get("start_time")
        try:
            for page in self.read_business(ids, since, RecordShaper(self.name, records_schema)):
                yield from (page,) if isinstance(page, AirbyteMessage) else page
        except FreshbooksError as error:
            skip_or_raise(error, self.name, ids["business_id"], self.connection.worked)

    def read_business(self, ids: Mapping[str, Any], since: str | None, shaper: RecordShaper) -> Pages:
        """What leaves for one business, by page; `since` is the start of the cursor's window, UTC."""
        raise NotImplementedError

    def leaving(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """`records` of a page as they leave: one by one, or as one batch."""
        if records and self.connection.batches:
            return [batch(self.name, records, self.cursor_field)]
        return records

    @staticmethod
    def observed(response: requests.Response) -> str:
        """`observed_at` of what this answer says: the server's clock, free of our clock's faults."""
        return format_utc(server_time(response) - timedelta(seconds=1))

    def expect(self, rows: int) -> AirbyteMessage:
        """Tell how many rows the stream will have in all, as far as known: the progress of the sync."""
        with self._lock:
            self._expected += rows
            expected = self._expected
        estimate = AirbyteEstimateTraceMessage(
            name=self.name, type=EstimateType.STREAM, row_estimate=expected
        )
        return trace(TraceType.ESTIMATE, estimate=estimate)


def server_time(response: requests.Response) -> datetime:
    """The time of an answer by the server's clock, UTC; by ours if it does not tell."""
    try:
        return parsedate_to_datetime(response.headers["Date"])
    except (KeyError, TypeError, ValueError):
        return datetime.now(UTC)


def trace(kind: TraceType, **content: Any) -> AirbyteMessage:
    now = datetime.now(UTC).timestamp() * 1000
    return AirbyteMessage(type=Type.TRACE, trace=AirbyteTraceMessage(type=kind, emitted_at=now, **content))


def _only_advances(observe: Callable[[Record], None], cursor_field: str) -> Callable[[Record], None]:
    """`observe` for the records that move the cursor: parsing every stamp took a sixth of a sync.

    Stamps are written alike, so their texts compare as they do. A business is read by one thread.
    """
    latest: dict[Any, str] = {}

    def advance(record: Record) -> None:
        assert record.associated_slice is not None
        business = record.associated_slice.partition["business_id"]
        if record.data[cursor_field] > latest.get(business, ""):
            latest[business] = record.data[cursor_field]
            observe(record)

    return advance
