"""Extract and load: each message of the source to whom it concerns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.errors import SourceFailed
from freshbooks_hub.history import StreamResult
from freshbooks_hub.home import Home
from freshbooks_hub.progress import Reporter, Throttle
from freshbooks_hub.sync import catalog, messages
from freshbooks_hub.sync.extract import RunLog, Source, SourceRun
from freshbooks_hub.sync.load import Loader
from freshbooks_hub.sync.raw import RawStore


class Ingestion:
    """One run of the source into the raw tables. Raises HubError."""

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
        self.warnings: list[str] = []

    def run(self, names: list[str], full_refresh: bool) -> None:
        """Read the streams `names` (all, if empty) into the raw tables; raises when one did not complete."""
        try:
            streams = catalog.select(self._source.discover(), names)
            with self._reporter:
                self._read(streams, full_refresh)
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
            case messages.Warned(text) if text not in self.warnings:
                self.warnings.append(text)
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
