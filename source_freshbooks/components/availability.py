"""The stream `stream_availability`: what became of each stream of each business that this run asked for.

An empty table does not tell whether there are no rows or no right to read them; this does. The retrievers note their
outcomes, and the source emits the rows when everything else is read (`SourceFreshbooks.read`).
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import orjson
from airbyte_cdk.models import AirbyteStateMessage
from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

from freshbooks_api.streams import AVAILABILITY, STREAMS
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.redaction import redact
from source_freshbooks.components.timestamps import parse_utc

MOST_REJECTED = 50  # rows that are listed for a stream of a business
MOST_TEXT = 200  # characters of a value

_SCOPE_OF = {stream.name: stream.scope_name for stream in STREAMS}

Rejected = dict[str, str | None]


class Status(StrEnum):
    read = "read"  # to its end
    short = "short"  # to its end, but FreshBooks counts rows that it does not send
    not_granted = "not_granted"  # a scope is missing
    gated = "gated"  # the plan does not include it
    refused = "refused"  # the role does not allow it
    not_applicable = (
        "not_applicable"  # the business has no id that the stream needs, or its account no such list
    )


def rejected(key: object, column: str, value: object, why: str) -> Rejected:
    """A row that could not be emitted: its key as far as it is known, and the value of `column` that is at fault."""
    return {
        "key": None if key is None else text_of(key),
        "column": column,
        "value": None if value is None else text_of(value),
        "why": why,
    }


def text_of(value: object) -> str:
    """`value` as text for whoever looks for it, cut, without credentials."""
    if not isinstance(value, str):
        try:
            value = orjson.dumps(redact(value)).decode()
        except (TypeError, RecursionError):
            value = type(value).__name__  # nested too deeply
    return filter_secrets(value)[:MOST_TEXT]


class Outcomes:
    """Takes the outcomes of all retrievers, from any thread.

    `state`: that of the last sync. It remembers the rejected rows of streams that are read incrementally, since their
    lists show only what changed, and when all rows were last read of a list that is read in part as a rule.
    """

    def __init__(self, state: Iterable[AirbyteStateMessage] = ()) -> None:
        self._lock = threading.Lock()
        self._rows: dict[tuple[int, str], dict[str, Any]] = {}
        self._rejected: dict[str, dict[str, list[Rejected]]] = {}
        self._whole: dict[str, dict[str, str]] = {}
        for message in state:
            if message.stream is not None and message.stream.stream_descriptor.name == AVAILABILITY:
                self._rejected = _saved(message.stream.stream_state, "rejected", list)
                self._whole = _saved(message.stream.stream_state, "whole", str)

    def note(
        self,
        ids: Mapping[str, Any],
        stream: str,
        status: Status,
        *,
        error: FreshbooksError | None = None,
        has_rows: bool = False,
        counts: tuple[int, int] | None = None,
        rejected_rows: list[Rejected] | None = None,
        all_rows: bool = True,
        whole_read_at: str | None = None,
    ) -> None:
        """Note what became of a stream of the business `ids`.

        `counts`: rows read and rows counted, where they differ. `all_rows`: every row was shown, not only those that
        changed. `whole_read_at`: of a list that is read in part as a rule, when a read of all rows began, UTC.
        """
        business_id = int(ids["business_id"])
        found = rejected_rows or []
        scopes = (error.scopes or (_SCOPE_OF[stream],)) if error and error.scopes is not None else ()
        with self._lock:
            of_business = self._rejected.setdefault(str(business_id), {})
            earlier = [] if all_rows else [row for row in of_business.get(stream, []) if row not in found]
            of_business[stream] = kept = [*found, *earlier][:MOST_REJECTED]
            whole = self._whole.setdefault(str(business_id), {})
            if whole_read_at and _is_day_later(whole.get(stream), whole_read_at):
                whole[stream] = whole_read_at
            self._rows[business_id, stream] = {
                "business_id": business_id,
                "account_id": ids.get("account_id"),
                "stream_name": stream,
                "status": str(status),
                "missing_scopes": " ".join(scopes) or None,
                "errno": error.errno if error else None,
                "http_status": error.status if error else None,
                "has_rows": has_rows,
                "row_count": counts[0] if counts else None,
                "counted": counts[1] if counts else None,
                "rejected_rows": kept or None,
                "whole_read_at": whole.get(stream),
            }

    def rows(self, observed_at: str) -> list[dict[str, Any]]:
        """The records, in a steady order."""
        with self._lock:
            return [{**row, "observed_at": observed_at} for _, row in sorted(self._rows.items())]

    def state(self, observed_at: str) -> dict[str, Any]:
        with self._lock:
            kept = {
                business: {stream: found for stream, found in streams.items() if found}
                for business, streams in self._rejected.items()
            }
            whole = {business: dict(streams) for business, streams in self._whole.items() if streams}
        return {
            "observed_at": observed_at,
            "rejected": {b: streams for b, streams in kept.items() if streams},
            "whole": whole,
        }


def _saved(state: object, name: str, kind: type) -> dict[str, dict[str, Any]]:
    """By business and stream, what a state says under `name`; what is not of `kind` is left out."""
    saved = getattr(state, name, None)
    if not isinstance(saved, dict):
        return {}
    return {
        business: {stream: found for stream, found in streams.items() if isinstance(found, kind)}
        for business, streams in saved.items()
        if isinstance(streams, dict)
    }


def _is_day_later(before: str | None, now: str) -> bool:
    """Where every read shows all rows, the stamp moves once a day, so that a sync without news changes no row."""
    try:
        return before is None or parse_utc(now) - parse_utc(before) >= timedelta(days=1)
    except ValueError:
        return True


@dataclass
class AvailabilityRetriever(Retriever):
    """Reads nothing: what it would tell is known when all other streams are read."""

    config: Mapping[str, Any]
    name: str

    def read_records(
        self,
        records_schema: Mapping[str, Any],  # noqa: ARG002 - the interface
        stream_slice: StreamSlice | None = None,  # noqa: ARG002
    ) -> Iterator[Mapping[str, Any]]:
        return iter(())
