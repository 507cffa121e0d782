"""What lists and reports have in common: they are read business by business, and a permission may be missing."""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

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

from source_freshbooks import cdk_patches
from source_freshbooks.components.availability import Status
from source_freshbooks.components.connection import connection_of
from source_freshbooks.components.errors import ODD_ANSWER, ConfigError, FreshbooksError, unknown_shape
from source_freshbooks.components.normalization import RecordShaper
from source_freshbooks.components.permissions import refusal, skip_or_raise
from source_freshbooks.components.timestamps import BEGINNING
from source_freshbooks.output import Changes, batch

logger = logging.getLogger("airbyte.freshbooks")

UNREADABLE_REASON = (
    "unreadable_reason"  # extra field of a slice: why a business that was read before cannot be read now
)

Records = Iterable[Mapping[str, Any] | AirbyteMessage]
Pages = Iterator[list[dict[str, Any]] | AirbyteMessage]


@dataclass
class PerBusinessRetriever(Retriever):
    """Reads a stream business by business: the client, the cursor, missing permissions, the progress.

    `optional`: not every account has such a list or report (404).
    """

    config: Mapping[str, Any]
    name: str
    family: str
    cursor_field: str
    primary_key: list[str] = field(default_factory=list)  # given by the CDK, as is the cursor
    cursor: Cursor | None = None
    optional: bool = False

    def __post_init__(self) -> None:
        self.connection = connection_of(self.config)
        self.client = self.connection.client(self.name)
        self._expected = 0
        self._lock = threading.Lock()
        # Applied here and not by the CDK's cursor, so that a state shows whether a business ever gave a row.
        self._start = str(self.config.get("start_date") or BEGINNING)
        self._cursors: dict[int, str] = {}
        self._held: set[int] = set()
        self._outcomes: dict[int, dict[str, Any]] = {}
        self._deferred = DeferredCursor(self.cursor_field)
        if self.cursor is not None:
            self._move_cursor = cdk_patches.replace_observe(self.cursor, self._deferred.observe)

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Records:
        assert stream_slice is not None
        ids = {"business_id": stream_slice.partition["business_id"], **stream_slice.extra_fields}
        business_id = ids["business_id"]
        if ids.get(UNREADABLE_REASON):
            raise ConfigError(str(ids[UNREADABLE_REASON]))
        cursor = stream_slice.cursor_slice.get("start_time", BEGINNING)
        self._cursors[business_id] = cursor
        since = max(cursor, self._start)
        read = has_rows = False
        refused: FreshbooksError | None = None
        try:
            for page in self.read_business(ids, since, RecordShaper(self.name, records_schema)):
                if isinstance(page, AirbyteMessage):
                    yield page
                else:
                    read, has_rows = True, has_rows or bool(page)
                    yield from page
        except FreshbooksError as error:
            before = self.connection.previously_read
            skip_or_raise(error, self.name, business_id, before, read, self.optional)
            refused = error
        except ODD_ANSWER as error:
            logger.debug("an answer of unknown shape", exc_info=True)
            raise unknown_shape(f"{self.name} of business {business_id}", error) from None
        latest = self._deferred.pop(business_id)
        if latest is not None and business_id not in self._held:
            self._move_cursor(latest)
        outcomes = self.connection.outcomes
        if refused is not None:
            outcomes.note(ids, self.name, refusal(refused), error=refused)
        else:
            has_rows = has_rows or (self.name, business_id) in self.connection.previously_read
            outcome = self._outcomes.pop(business_id, {"status": Status.read})
            outcomes.note(ids, self.name, has_rows=has_rows, **outcome)

    @property
    def start(self) -> str:
        """Nothing older than this moment is read."""
        return self._start

    def cursor_of(self, business_id: int) -> str:
        """Where the cursor of this business stood, less the lookback; BEGINNING without a state."""
        return self._cursors.get(business_id, BEGINNING)

    def set_outcome(self, business_id: int, **outcome: Any) -> None:
        """What to note when the business was read to its end; without this it is `read`."""
        self._outcomes[business_id] = outcome

    def hold_cursor(self, business_id: int) -> None:
        """Leave the cursor of this business where it is: the next sync reads from the same place again."""
        self._held.add(business_id)

    def read_business(self, ids: Mapping[str, Any], since: str | None, shaper: RecordShaper) -> Pages:
        """What is emitted for one business, by page; `since` is the start of the cursor's window, UTC."""
        raise NotImplementedError

    def serialize(self, records: list[dict[str, Any]], changes: Changes) -> list[dict[str, Any]]:
        """`records` of a page as they are emitted: one by one, or as one batch, which has their `changes` too."""
        if records and self.connection.batches:
            return [batch(self.name, records, self.cursor_field, changes)]
        return records

    def expect(self, rows: int) -> AirbyteMessage:
        """Tell how many rows the stream will have in all, as far as known: the progress of the sync."""
        with self._lock:
            self._expected += rows
            expected = self._expected
        estimate = AirbyteEstimateTraceMessage(
            name=self.name, type=EstimateType.STREAM, row_estimate=expected
        )
        return trace(TraceType.ESTIMATE, estimate=estimate)


def trace(kind: TraceType, **content: Any) -> AirbyteMessage:
    now = datetime.now(UTC).timestamp() * 1000
    return AirbyteMessage(type=Type.TRACE, trace=AirbyteTraceMessage(type=kind, emitted_at=now, **content))


class DeferredCursor:
    """The emitted record with the highest cursor, per business.

    It is handed to the CDK's cursor only after the business was read completely: rows that are missing from the middle
    of a list would be behind the cursor for good. To parse every stamp would also cost a sixth of a sync. Stamps are
    written alike, so their texts compare as they do. A business is read by one thread.
    """

    def __init__(self, cursor_field: str) -> None:
        self._cursor_field = cursor_field
        self._stamps: dict[Any, str] = {}
        self._records: dict[Any, Record] = {}

    def observe(self, record: Record) -> None:
        assert record.associated_slice is not None
        business = record.associated_slice.partition["business_id"]
        if record.data[self._cursor_field] > self._stamps.get(business, ""):
            self._stamps[business] = record.data[self._cursor_field]
            self._records[business] = record

    def pop(self, business_id: int) -> Record | None:
        return self._records.pop(business_id, None)
