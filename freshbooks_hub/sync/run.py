"""One sync, end to end: token, extract and load, transform, publish."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import valid_access_token
from freshbooks_hub.errors import disk_errors
from freshbooks_hub.history import History, StreamResult
from freshbooks_hub.home import Home
from freshbooks_hub.progress import Reporter
from freshbooks_hub.reconciliation import Difference, differences
from freshbooks_hub.sync import transform
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.ingest import Ingestion
from freshbooks_hub.sync.lock import sync_lock
from freshbooks_hub.sync.publish import publish
from freshbooks_hub.sync.raw import RawStore

# A sync should not have to refresh on its way: the source's own refresh is the rare case.
TOKEN_MARGIN = timedelta(hours=1)
KEPT_LOGS = 20


@dataclass(frozen=True)
class SyncOptions:
    """What to sync: some streams or all, from the saved state or from the beginning, as of which day."""

    streams: list[str] = field(default_factory=list)
    full_refresh: bool = False
    as_of: date | None = None


@dataclass(frozen=True)
class SyncResult:
    """What a sync did; `as_of_date` is that of the published marts.

    `warnings`: what the source left out or could not read whole. `differences`: figures of the marts that are
    not FreshBooks' own.
    """

    streams: list[StreamResult]
    published: bool
    as_of_date: str
    warnings: list[str]
    differences: list[Difference]
    seconds: float = 0.0


def sync(home: Home, options: SyncOptions, reporter: Reporter, source: Source | None = None) -> SyncResult:
    """Run one sync and return what it did.

    Raises HubError. Whatever was committed to the raw tables stays and the next sync goes on from there;
    marts are published only when every stream completed and every test passed.
    """
    started = time.monotonic()
    home.ensure()
    with sync_lock(home.root):
        _clean(home)
        history = History(home.history)
        run_id = history.start()
        try:
            result = _steps(home, options, reporter, source, history, run_id)
        except BaseException as error:
            history.finish(run_id, str(error) or "Stopped by the user.")
            raise
        history.finish(run_id)
    return replace(result, seconds=time.monotonic() - started)


def _steps(
    home: Home,
    options: SyncOptions,
    reporter: Reporter,
    source: Source | None,
    history: History,
    run_id: int,
) -> SyncResult:
    store = ConnectionStore(home.connection)
    valid_access_token(store, TOKEN_MARGIN)
    raw = RawStore(home.raw, home.run / "duckdb")
    try:
        ingestion = Ingestion(home, store, raw, source or Source.installed(), reporter)
        try:
            ingestion.run(options.streams, options.full_refresh)
        finally:
            results = ingestion.results()
            history.streams(run_id, results)
        tables, raw_version = raw.tables(), raw.version()
    finally:
        raw.close()
    zone = transform.business_zone(home.raw)
    as_of_date = (options.as_of or datetime.now(zone).date()).isoformat()
    project = transform.Project.of(home)
    wanted = (as_of_date, raw_version, project.fingerprint())
    current = history.generation()
    if (
        current
        and home.marts.exists()
        and wanted == (current.as_of_date, current.raw_version, current.project)
    ):
        reporter.phase("Nothing changed: marts left as they were.")
        return SyncResult(results, False, as_of_date, ingestion.warnings, differences(home.marts))
    reporter.phase(f"Building marts as of {as_of_date}")
    start_date = store.load().config.get("start_date")
    new = transform.build(home, project, tables, as_of_date, start_date)
    publish(new, home.marts)
    history.published(run_id, as_of_date, raw_version, wanted[2])
    project.work.unlink(missing_ok=True)
    return SyncResult(results, True, as_of_date, ingestion.warnings, differences(home.marts))


def _clean(home: Home) -> None:
    """Remove what a killed sync left behind, and old logs."""
    with disk_errors(home.run):
        shutil.rmtree(home.run)
        home.run.mkdir(mode=0o700)
        for old in sorted(home.logs.glob("sync-*.log"))[:-KEPT_LOGS]:
            old.unlink()
