"""A read of FreshBooks within a run: the source into the raw tables, and what may be published of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import valid_access_token
from freshbooks_hub.core.clock import Clock
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.history import RAW_FILE_GONE, Availability, History, StreamResult
from freshbooks_hub.sync.ingest import Ingestion, ReadFailed
from freshbooks_hub.sync.progress import Reporter
from freshbooks_hub.sync.raw import RawStore
from freshbooks_hub.sync.refresh import RawFacts

# A sync should not have to refresh on its way: the source's own refresh is the rare case.
TOKEN_MARGIN = timedelta(hours=1)


@dataclass(frozen=True)
class Run:
    """What the steps of one run share."""

    home: Home
    history: History
    id: int
    reporter: Reporter
    clock: Clock


@dataclass(frozen=True)
class Read:
    """What a run of the source came to. `left`: streams of which only the table was made.

    `failure`: of some streams, while the others may be published.
    """

    results: list[StreamResult]
    warnings: list[str]
    left: list[str]
    facts: RawFacts
    failure: ReadFailed | None


def read(
    run: Run,
    source: Source | None,
    streams: list[str],
    full_refresh: bool,
    full_reread: frozenset[str],
    later: frozenset[str] = frozenset(),
) -> Read:
    """As `Ingestion.run`; raises HubError, and ReadFailed where nothing of it may be published."""
    home, history = run.home, run.history
    store = ConnectionStore(home.connection)
    valid_access_token(store, TOKEN_MARGIN, run.clock)
    raw = RawStore(home.raw, home.run / "duckdb")
    failure: ReadFailed | None = None
    try:
        history.keep_reads(raw.tables.names())
        ingestion = Ingestion(home, store, raw, source or Source.installed(), run.reporter, run.clock)
        try:
            ingestion.run(streams, full_refresh, full_reread, later)
        except ReadFailed as error:
            failure = error
        finally:
            results = ingestion.results()
            history.streams(run.id, results, ingestion.business_ids, ingestion.warnings)
            Availability(home).keep(raw.outcomes())
        if failure and not _others_may_go_on(results, history, ingestion.business_ids):
            raise failure
        return Read(results, ingestion.warnings, ingestion.left, facts_of(raw, history), failure)
    finally:
        raw.close()


def joined(failures: list[ReadFailed]) -> ReadFailed:
    """One failure that says all of these."""
    message = " ".join(failure.message for failure in failures)
    every = [one for failure in failures for one in failure.failures]
    others = "All other data was synced; what was read before is kept."
    return ReadFailed(f"{message} {others}", every, failures[-1].log)


def facts_of(raw: RawStore, history: History) -> RawFacts:
    """The raw tables as they are, and what changed since the published marts."""
    generation = history.generation()
    known = generation is not None and generation.raw_version != RAW_FILE_GONE
    changed = raw.tables.changed_since(generation.raw_version) if generation and known else None
    return RawFacts(raw.tables.names(), raw.tables.version(), changed)


def _others_may_go_on(results: list[StreamResult], history: History, business_ids: list[int]) -> bool:
    """Whether some stream completed, and each that did not was read to its end before or has no rows at all.

    No rows are no evidence of anything, so the marts conclude nothing from them; a part would look like the whole.
    But where the raw tables are gone, the published marts know more than rows that are not there again yet.
    """
    incomplete = [result for result in results if not result.completed]
    if len(incomplete) == len(results):
        return False
    generation = history.generation()
    lost = generation is not None and generation.raw_version == RAW_FILE_GONE
    partial = [result.stream for result in incomplete if result.total or lost]
    return history.were_read(partial, business_ids)
