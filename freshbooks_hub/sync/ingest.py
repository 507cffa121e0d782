"""Extract and load: each message of the source to whom it concerns."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from freshbooks_hub.clock import Clock, utc_now
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import examine
from freshbooks_hub.errors import SourceFailed
from freshbooks_hub.history import StreamResult, Warned
from freshbooks_hub.home import Home
from freshbooks_hub.progress import Reporter, Throttle
from freshbooks_hub.sync import catalog, messages
from freshbooks_hub.sync.extract import KnownIds, RunLog, Source, SourceRun
from freshbooks_hub.sync.load import Loader, RowsKept
from freshbooks_hub.sync.raw import RawStore

# A row for each business: that of one which is read no more stays, as its invoices do, which name it.
PER_BUSINESS = frozenset({"businesses", "systems"})


class ReadFailed(SourceFailed):
    """Some streams did not complete; `failures` says why, as far as the source did."""

    def __init__(self, message: str, failures: list[messages.Failure]) -> None:
        super().__init__(message)
        self.failures = failures


class Ingestion:
    """One run of the source into the raw tables. Raises HubError."""

    def __init__(
        self,
        home: Home,
        store: ConnectionStore,
        raw: RawStore,
        source: Source,
        reporter: Reporter,
        clock: Clock = utc_now,
    ) -> None:
        self._clock = clock
        self._store = store
        self._raw = raw
        self._reporter = reporter
        config = store.load().config
        self._refresh_token: str = config["credentials"]["refresh_token"]
        log = RunLog(home.logs / f"sync-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.log")
        self._source = SourceRun(source, config, home.run, log)
        self._loader = Loader(raw, home.run)
        self._failures: list[messages.Failure] = []
        self._from_beginning: set[str] = set()
        self.business_ids = [int(number) for number in config.get("business_ids") or []]
        self.warnings: list[Warned] = []

    def run(self, names: list[str], full_refresh: bool, whole: frozenset[str] = frozenset()) -> None:
        """Read the streams `names` (all, if empty) into the raw tables; raises ReadFailed if one is incomplete.

        With `full_refresh` every table is swapped for what is read. The streams `whole` are read from the
        beginning too, but over the stored rows: none is lost, and those that no list shows are asked for.
        """
        try:
            streams = catalog.select(self._source.discover(), names)
            with self._reporter:
                self._read(streams, full_refresh, whole)
        finally:
            self._source.log.close()

    def results(self) -> list[StreamResult]:
        """What was committed, stream by stream."""
        return [
            StreamResult(
                name,
                s.completed,
                s.read,
                s.inserted,
                s.updated,
                self._raw.count(s.live),
                s.seconds,
                name in self._from_beginning,
            )
            for name, s in self._loader.streams.items()
        ]

    def _read(self, streams: list[dict[str, Any]], full_refresh: bool, whole: frozenset[str]) -> None:
        known = {state["stream"]["stream_descriptor"]["name"]: state for state in self._raw.states()}
        states = []
        known_ids: KnownIds = {}
        for stream in streams:
            name, table = stream["name"], catalog.stream_table(stream)
            swap = full_refresh or not (catalog.is_incremental(stream) or name in PER_BUSINESS)
            heals = name in whole and name in known and not swap
            self._loader.start(name, table, swap, heals)
            if heals and (ids := self._raw.known_ids(table)):
                known_ids[name] = ids
            if swap or heals or name not in known:
                self._from_beginning.add(name)
            else:
                states.append(known[name])
        throttle = Throttle(self._reporter)
        try:
            for message in self._source.read(catalog.configured(streams), states, known_ids):
                if isinstance(message, messages.Records):
                    throttle.rows(message.stream, self._loader.records(message))
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
                try:
                    self._loader.completed(stream)
                except RowsKept as error:
                    self._failures.append(messages.Failure(stream, str(error), None, needs_person=True))
                    return
                self._reporter.completed(stream, self._loader.streams[stream].read)
            case messages.Failure():
                self._failures.append(message)
            case messages.Warned(text) if text not in {warning.message for warning in self.warnings}:
                self.warnings.append(Warned(self._named(text), text))
            case messages.NewConfig(config):
                credentials = config["credentials"]
                self._store.rotate(self._refresh_token, credentials)
                self._refresh_token = credentials["refresh_token"]

    def _named(self, text: str) -> str:
        """The stream that a warning begins with; "" when it is about none of this run."""
        first = re.match(r"\w+", text)
        return first[0] if first and first[0] in self._loader.streams else ""

    def _check(self) -> None:
        log = self._source.log.path
        if self._failures:
            examine(self._store, self._clock)
            first = self._failures[0]
            where = f"{first.stream}: " if first.stream else ""
            raise ReadFailed(f"{where}{first.message} Details: {log}", self._failures)
        missing = [name for name, load in self._loader.streams.items() if not load.completed]
        if missing:
            raise ReadFailed(
                f"The source ended before {', '.join(missing)} was complete. Run `freshbooks sync` again; "
                f"what was read is kept. Details: {log}",
                [],
            )
