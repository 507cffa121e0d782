"""All questions to all businesses of a connection, and the document that comes of it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from freshbooks_api.verified import LAYOUT, Fact, Result
from source_freshbooks.components.assumptions import Changes
from source_freshbooks.components.connection import Connection, connection_of
from source_freshbooks.components.errors import ODD_ANSWER
from source_freshbooks.components.partitions import selected_businesses
from source_freshbooks.components.timestamps import format_utc
from source_freshbooks.source import SourceFreshbooks
from source_freshbooks.verify import access, lists, pace, records
from source_freshbooks.verify.asking import Asker, ListStream, ReportStream

# Nothing can be learned from these: one row, or no numbers of pages (freshbooks-api.md 3.2).
UNASKED = frozenset({"systems", "service_rates", "team_member_rates"})
_OF_LISTS = ("family", "route", "include", "since", "day", "updated", "zone", "visibility")
_OF_REPORTS = ("report", "rows", "end", "as_of", "params", "bases")
Probe = Callable[[Asker, dict[str, ListStream], Changes], Iterator[Fact]]
# In this order: zones before the questions that compare stamps, and what matters least when requests run out last.
PROBES: tuple[tuple[str, Probe], ...] = (
    ("P1", lists.page_sizes),
    ("P2", lists.zones),
    ("P4", records.movements),
    ("P5", records.time_links),
    ("P5", records.expense_links),
    ("P6", access.permissions),
    ("P7", access.payables),
    ("P8", lists.visibility),
    ("P10", records.arithmetic),
    ("P3", lists.filters),
    ("P9", access.ledger_filter),
)


def verify(source: SourceFreshbooks) -> dict[str, Any]:
    """Ask everything of every business; the document for the setting `assumptions`.

    A question that fails is no data. Raises AirbyteTracedException where not even the identity can be read.
    """
    streams, reports = streams_of(source)
    connection = connection_of(source.settings)
    try:
        businesses = {
            str(ids["business_id"]): _business(connection, ids, streams, reports)
            for ids in selected_businesses(connection)
        }
    finally:
        connection.close()
    return {
        "layout": LAYOUT,
        "version": metadata.version("source-freshbooks"),
        "checked_at": format_utc(datetime.now(UTC)),
        "businesses": businesses,
    }


def _business(
    connection: Connection, ids: dict[str, Any], streams: dict[str, ListStream], reports: list[ReportStream]
) -> dict[str, Any]:
    ask, changes = Asker(connection, ids), Changes()
    facts: list[Fact] = []
    for number, probe in PROBES:
        facts += _safely(number, probe(ask, streams, changes))
    facts += _safely("P9", access.reports(ask, reports, changes))
    facts += _safely("P6", access.optional(ask))
    facts += _safely("P9", access.two_paths(ask, reports))
    facts += _safely("P11", pace.headers(ask))
    return {
        "requests": ask.requests,
        "facts": [fact.as_json() for fact in facts],
        "adapt": changes.as_json(),
    }


def _safely(number: str, facts: Iterator[Fact]) -> Iterator[Fact]:
    """What a question gives until an answer has a shape that nobody knew."""
    try:
        yield from facts
    except ODD_ANSWER:
        yield Fact(number, "The answers have the known shape", Result.no_data, "", "an unknown shape")


def streams_of(source: SourceFreshbooks) -> tuple[dict[str, ListStream], list[ReportStream]]:
    """Lists and reports, from the manifest."""
    lists_, reports = {}, []
    for stream in source.resolved_manifest["streams"]:
        given = stream["$parameters"]
        if given.get("optional"):
            continue  # `access.optional` asks for these
        if "report" in given:
            known = {name: given[name] for name in _OF_REPORTS if name in given}
            reports.append(ReportStream(stream["name"], **known))
        elif "route" in given and stream["name"] not in UNASKED:
            known = {name: given[name] for name in _OF_LISTS if name in given}
            rows = given["rows"] if isinstance(given["rows"], list) else [given["rows"]]
            key = stream["primary_key"][-1]
            lists_[stream["name"]] = ListStream(name=stream["name"], rows=rows, key=key, **known)
    return lists_, reports
