"""What becomes of each row of a list: a record, nothing (an older one, or one that came before), or a rejected row.

A row without its key could not be told from another, so it is set aside and listed in `stream_availability`; every
other row is emitted.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import orjson
import requests

from source_freshbooks.components.availability import MOST_REJECTED, Rejected, rejected
from source_freshbooks.components.decoding import holds_replacement
from source_freshbooks.components.deletions import Flags, Params, Visibility
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.normalization import Change, RecordShaper, null_unwritable
from source_freshbooks.components.timestamps import (
    CLOCK_TOLERANCE,
    format_utc,
    observed_at,
    server_time,
    to_utc,
)
from source_freshbooks.output import Changes

logger = logging.getLogger("airbyte.freshbooks")

# A record, and its `meta.changes`.
Shaped = tuple[dict[str, Any], list[Change]]

# So many rows of one read, and this share of them, are no odd rows: the API has changed.
MOST, MOST_SHARE = 20, 0.05
_NAMED = 20  # keys in a warning


class OddRows:
    """Rows of one read that cannot become a record, and text that cannot be read.

    `rejected`: the first of the rows that were set aside. `damaged`: keys of the records whose text was replaced.
    """

    def __init__(self) -> None:
        self.rejected: list[Rejected] = []
        self.damaged: set[Any] = set()
        self._met: set[int] = set()
        self._of_list: Counter[bytes] = Counter()

    def begin(self) -> None:
        """A list is read from its beginning. Rows that an earlier look at it had, or another list, are known."""
        self._of_list.clear()

    def reject(self, row: object, key: object, column: str, value: object, why: str) -> None:
        """Set `row` aside; `column` and its `value` are at fault."""
        try:
            text = orjson.dumps(row)
        except TypeError:  # nested too deeply
            text = b""
        self._of_list[text] += 1
        met = hash((text, self._of_list[text]))
        if met not in self._met and len(self.rejected) < MOST_REJECTED:
            self.rejected.append(rejected(key, column, value, why))
        self._met.add(met)

    def report(self, label: str, rows: int) -> None:
        """Warn of what was odd among `rows`; FreshbooksError if so much cannot be read that the API has changed."""
        if self.damaged:
            logger.warning(
                "%s: FreshBooks sent bytes that are not text in the rows with the keys %s; they are U+FFFD in the "
                "records. Correct these texts in FreshBooks.",
                label,
                ", ".join(sorted(map(str, self.damaged))[:_NAMED])
                + (", …" if len(self.damaged) > _NAMED else ""),
            )
        count = len(self._met)
        if not count:
            return
        fault = f"{self.rejected[0]['column']}: {self.rejected[0]['why']}"
        if count >= MOST and count > MOST_SHARE * rows:
            raise FreshbooksError(
                f"{count} of {rows} rows of {label} cannot be read ({fault}), so FreshBooks has changed its API. "
                "The rows that were read before are kept; update the connector, or report this with this text."
            )
        logger.warning(
            "%s: %s without a readable key (%s); set aside, every other row is read.",
            label,
            "1 row" if count == 1 else f"{count} rows",
            fault,
        )


class ListStream(Protocol):
    """What the rows of a stream are read by; the parameters are explained at `ListRetriever`."""

    family: str
    cursor_field: str
    updated: str | None
    every_row: bool

    @property
    def key(self) -> str: ...

    def serialize(self, records: list[dict[str, Any]], changes: Changes) -> list[dict[str, Any]]: ...


class RowReader:
    """The rows of one read of one business; pages may come from several threads.

    `zone`: of the update stamp. `seen`: the flags of the emitted rows, by key; kept if `remembers`, for rows that may
    come in several lists. `odd`: the rows that could not be emitted. `observed`: the server's clock when it began.
    """

    def __init__(
        self,
        stream: ListStream,
        ids: Mapping[str, Any],
        since: str | None,
        shaper: RecordShaper,
        visibility: Visibility,
        remembers: bool,
        zone: str,
    ) -> None:
        self.seen: dict[Any, Flags] = {}
        self.odd = OddRows()
        self.observed = ""
        self._stream = stream
        self._key = stream.key
        self._ids = ids
        self._since = since
        self._shaper = shaper
        self._flags = visibility.flags
        self._remembers = remembers
        self._zone = zone
        self._latest = ""
        self._lock = threading.Lock()

    def begin(self, response: requests.Response) -> None:
        """The first answer of the read came."""
        self.observed = observed_at(response)
        self._latest = format_utc(server_time(response) + CLOCK_TOLERANCE)

    def serialize_page(
        self, rows: Iterable[Any], asked: Params, damaged: bool = False
    ) -> list[dict[str, Any]]:
        """What is emitted for `rows` of the list with the parameters `asked`.

        To be called where a page was fetched: rows that wait in a queue cost memory, and to interleave threads inside a
        page is slower.
        """
        with self._lock:
            shaped = [found for row in rows if (found := self.record(row, asked)) is not None]
            if damaged:
                self.odd.damaged |= {r[self._key] for r, _ in shaped if holds_replacement(r)}
            return self.serialize(shaped)

    def serialize(self, shaped: list[Shaped]) -> list[dict[str, Any]]:
        records = [record for record, _ in shaped]
        changes = {place: found for place, (_, found) in enumerate(shaped) if found}
        try:
            return self._stream.serialize(records, changes)
        except TypeError:  # JSON cannot hold one of the values
            changes |= {
                place: [*changes.get(place, []), *found]
                for place, record in enumerate(records)
                if (found := null_unwritable(record))
            }
            return self._stream.serialize(records, changes)

    def tombstone(self, id_: Any) -> dict[str, Any]:
        """What says that the row is deleted for good."""
        return {**self._stamp({self._key: id_}, self.observed), "is_deleted": True, "is_archived": False}

    def record(self, row: Any, asked: Params) -> Shaped | None:
        """The record and what became null in it.

        None if it is older than the cursor, was emitted by an earlier pass, or cannot be told from other rows.
        """
        stream = self._stream
        if type(row) is not dict:
            self.odd.reject(row, None, self._key, row, "not_an_object")
            return None
        cursor = self.observed
        if stream.updated:
            stamp = to_utc(row.get(stream.updated), self._zone)
            if stamp is not None and stamp <= self._latest:
                cursor = stamp
                if self._since and stamp < self._since and not stream.every_row:
                    return None
        flags = self._flags(row, asked)
        given = row.get(self._key)
        record = self._stamp(self._shaper.shape(row), cursor)
        key = record.get(self._key)
        if key in (None, "") and stream.family == "accounting":
            key = record[self._key] = record.get("id")  # the key is there too (freshbooks-api.md 3.6)
        if key in (None, ""):
            why = "key_missing" if given in (None, "") else "key_unreadable"
            self.odd.reject(row, given, self._key, given, why)
            return None
        if (self._remembers or not flags.stated) and not self._is_new(key, flags):
            return None
        record["is_deleted"], record["is_archived"], _ = flags
        return record, self._shaper.changes

    def _is_new(self, id_: Any, flags: Flags) -> bool:
        """Whether no earlier pass showed this row, or it was deleted or archived since then and itself says so.

        A row that does not say so, and comes in every pass, is one whose filter was ignored: it keeps its first flags.
        """
        before = self.seen.get(id_)
        if before is not None and (before == flags or not flags.stated):
            return False
        self.seen[id_] = flags
        return True

    def _stamp(self, record: dict[str, Any], cursor: str) -> dict[str, Any]:
        record["account_id"] = self._ids["account_id"]
        record["business_id"] = self._ids["business_id"]
        record[self._stream.cursor_field] = cursor
        return record
