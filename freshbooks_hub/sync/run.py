"""One sync, end to end: token, extract and load, transform, publish."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import valid_access_token
from freshbooks_hub.errors import SourceFailed, disk_errors
from freshbooks_hub.history import History, StreamResult
from freshbooks_hub.home import Home
from freshbooks_hub.progress import Reporter, Throttle
from freshbooks_hub.sync import catalog, messages, transform
from freshbooks_hub.sync.extract import RunLog, Source, SourceRun
from freshbooks_hub.sync.load import Loader
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
    """What a sync did; `as_of_date` is that of the published marts."""

    streams: list[StreamResult]
    published: bool
    as_of_date: str
    seconds: float


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
            results, published, as_of_date = _steps(home, options, reporter, source, history, run_id)
        except BaseException as error:
            history.finish(run_id, str(error) or "Stopped by the user.")
            raise
        history.finish(run_id)
    return SyncResult(results, published, as_of_date, time.monotonic() - started)


def _steps(
    home: Home,
    options: SyncOptions,
    reporter: Reporter,
    source: Source | None,
    history: History,
    run_id: int,
) -> tuple[list[StreamResult], bool, str]:
    store = ConnectionStore(home.connection)
    valid_access_token(store, TOKEN_MARGIN)
    raw = RawStore(home.raw, home.run / "duckdb")
    try:
        extraction = _Extraction(home, store, raw, source or Source.installed(), reporter)
        try:
            extraction.run(options)
        finally:
            results = extraction.results()
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
        return results, False, as_of_date
    reporter.phase(f"Building marts as of {as_of_date}")
    new = transform.build(home, project, tables, as_of_date)
    publish(new, home.marts)
    history.published(run_id, as_of_date, raw_version, wanted[2])
    project.work.unlink(missing_ok=True)
    return results, True, as_of_date


class _Extraction:
    """Extract and load: each message of the source to whom it concerns."""

    def __init__(
        self, home: Home, store: ConnectionStore, raw: RawStore, source: Source, reporter: Reporter
    ) -> None:
        self._store = store
        self._raw = raw
        self._reporter = reporter
        config = store.load().config
        self._refresh_token: str = config["credentials"]["refresh_token"]
        log = RunLog(home.logs / f"sync-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.log")
        self._source = SourceRun(source, config, home.run, log)
        self._loader = Loader(raw, home.run)
        self._failures: list[messages.Failure] = []

    def run(self, options: SyncOptions) -> None:
        """Read the chosen streams into the raw tables; raises HubError when one did not complete."""
        try:
            streams = catalog.select(self._source.discover(), options.streams)
            with self._reporter:
                self._read(streams, options.full_refresh)
        finally:
            self._source.log.close()

    def results(self) -> list[StreamResult]:
        """What was committed, stream by stream."""
        return [
            StreamResult(name, s.completed, s.read, s.inserted, s.updated, self._raw.count(s.live), s.seconds)
            for name, s in self._loader.streams.items()
        ]

    def _read(self, streams: list[dict[str, Any]], full_refresh: bool) -> None:
        incremental = []
        for stream in streams:
            replace = full_refresh or not catalog.is_incremental(stream)
            self._loader.start(stream["name"], catalog.stream_table(stream), replace)
            if not replace:
                incremental.append(stream["name"])
        throttle = Throttle(self._reporter)
        states = self._raw.states(incremental)
        try:
            for message in self._source.read(catalog.configured(streams), states):
                if isinstance(message, messages.Record):
                    throttle.rows(message.stream, self._loader.record(message))
                else:
                    self._handle(message)
        finally:
            self._loader.finish()
        self._check()

    def _handle(self, message: messages.Message) -> None:
        match message:
            case messages.State():
                self._loader.state(message)
            case messages.Estimate(stream, rows):
                self._reporter.expected(stream, rows)
            case messages.Status(stream, "COMPLETE"):
                self._loader.completed(stream)
                self._reporter.completed(stream, self._loader.streams[stream].read)
            case messages.Failure():
                self._failures.append(message)
            case messages.NewConfig(config):
                credentials = config["credentials"]
                self._store.rotate(self._refresh_token, credentials)
                self._refresh_token = credentials["refresh_token"]

    def _check(self) -> None:
        log = self._source.log.path
        if self._failures:
            first = self._failures[0]
            where = f"{first.stream}: " if first.stream else ""
            raise SourceFailed(f"{where}{first.message} Details: {log}")
        missing = [name for name, load in self._loader.streams.items() if not load.completed]
        if missing:
            raise SourceFailed(
                f"The source ended before {', '.join(missing)} was complete. Run `freshbooks sync` again; "
                f"what was read is kept. Details: {log}"
            )


def _clean(home: Home) -> None:
    """Remove what a killed sync left behind, and old logs."""
    with disk_errors(home.run):
        shutil.rmtree(home.run)
        home.run.mkdir(mode=0o700)
        for old in sorted(home.logs.glob("sync-*.log"))[:-KEPT_LOGS]:
            old.unlink()
