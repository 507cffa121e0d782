"""Extract and load: each message of the source to whom it concerns."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from freshbooks_api.streams import AVAILABILITY, DATED
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import examine, request_window_setting
from freshbooks_hub.core.clock import Clock, utc_now
from freshbooks_hub.core.errors import SourceFailed
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import stream_label, stream_labels
from freshbooks_hub.sync import catalog, messages
from freshbooks_hub.sync.assumptions import Assumptions
from freshbooks_hub.sync.extract import KnownIds, RunLog, Source, SourceRun
from freshbooks_hub.sync.history import StreamResult
from freshbooks_hub.sync.load import Loader, RowsKept
from freshbooks_hub.sync.progress import Reporter, Throttle
from freshbooks_hub.sync.raw import RawStore

# A row for each business: that of one which is read no more stays, as its invoices do, which name it.
PER_BUSINESS = frozenset({"businesses", "systems"})


class ReadFailed(SourceFailed):
    """Some streams did not complete; `failures` says why, as far as the source did. `log`: the file with all of it."""

    def __init__(self, message: str, failures: list[messages.Failure], log: Path) -> None:
        super().__init__(f"{message} Log: {log}")
        self.message, self.failures, self.log = message, failures, log


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
        self._home = home
        self._clock = clock
        self._store = store
        self._raw = raw
        self._reporter = reporter
        config = store.load().config
        self._found = Assumptions(home)
        self._refresh_token: str = config["credentials"]["refresh_token"]
        log = RunLog(home.logs / f"sync-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.log")
        settings = config | self._found.setting() | request_window_setting(home, config)
        self._source = SourceRun(source, settings, home.run, log)
        self._loader = Loader(raw, home.run)
        self._failures: list[messages.Failure] = []
        self._from_beginning: set[str] = set()
        self.business_ids = [int(number) for number in config.get("business_ids") or []]
        self.warnings: list[str] = []
        self.left: list[str] = []

    def run(
        self,
        names: list[str],
        full_refresh: bool,
        full_reread: frozenset[str] = frozenset(),
        later: Collection[str] = (),
    ) -> None:
        """Read the streams `names` (all, if empty) into the raw tables; raises ReadFailed if one is incomplete.

        Whatever is read, the source's own account of what can be read of which business comes along.

        With `full_refresh` every table is swapped for what is read. The streams `full_reread` are read from the
        beginning too, but over the stored rows: none is lost, and those that no list shows are asked for. Of those
        that are read `later` only the tables are made; `left` names them then.
        """
        try:
            discovered = self._source.discover()
            streams = catalog.select(discovered, names)
            if names and AVAILABILITY not in names:
                streams += [s for s in discovered["streams"] if s["name"] == AVAILABILITY]
            self._raw.tables.widen(
                self._source.source.version, map(catalog.stream_table, discovered["streams"])
            )
            for stream in [stream for stream in streams if stream["name"] in later]:
                streams.remove(stream)
                self._raw.prepare(catalog.stream_table(stream), shadow=False)
                self.left.append(stream["name"])
            with self._reporter:
                self._read(streams, full_refresh, full_reread)
        finally:
            self._source.log.close()

    def results(self) -> list[StreamResult]:
        """What was committed, stream by stream; without the source's account of what can be read."""
        return [
            StreamResult(
                name,
                s.completed,
                s.read,
                s.inserted,
                s.updated,
                self._raw.tables.count(s.live),
                s.seconds,
                name in self._from_beginning,
            )
            for name, s in self._loader.streams.items()
            if name != AVAILABILITY
        ]

    def _read(self, streams: list[dict[str, Any]], full_refresh: bool, full_reread: frozenset[str]) -> None:
        known = {state["stream"]["stream_descriptor"]["name"]: state for state in self._raw.states()}
        states = []
        known_ids: KnownIds = {}
        reconciled, reread = self._found.reconciled(), self._found.reread()
        for stream in streams:
            name, table = stream["name"], catalog.stream_table(stream)
            # Stamps that are read in another zone now may be earlier, and a merge keeps the later one.
            swap = full_refresh or name in reread
            swap = swap or not (catalog.is_incremental(stream) or name in PER_BUSINESS)
            if name == AVAILABILITY:  # a row for each stream that was tried now; those of others stay
                swap = False
            is_full_reread = name in full_reread and name in known and not swap
            self._loader.start(name, table, swap, is_full_reread)
            # Of these the open months are read and now and then all: the source tells what left them.
            dated = DATED.get(name) if name in known else None
            asked = is_full_reread or ((dated or name in reconciled) and not swap)
            if asked and (ids := self._raw.known_ids(table, dated)):
                known_ids[name] = ids
            if swap or is_full_reread or name not in known:
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
            case messages.Warned(text) if text not in self.warnings:
                self.warnings.append(text)
            case messages.NewConfig(config):
                credentials = config["credentials"]
                self._store.rotate(self._refresh_token, credentials)
                self._refresh_token = credentials["refresh_token"]

    def _check(self) -> None:
        log = self._source.log.path
        if self._failures:
            examine(self._home, self._store, self._clock)
            raise ReadFailed(_why(self._failures), self._failures, log)
        missing = [
            name for name, load in self._loader.streams.items() if not load.completed and name != AVAILABILITY
        ]
        if missing:
            raise ReadFailed(
                f"The source ended before all of {stream_labels(missing)} was read. What was read is kept: run "
                "`freshbooks sync` again.",
                [],
                log,
            )


def _why(failures: list[messages.Failure]) -> str:
    """Which streams failed and why, streams with the same reason together; without the summary that follows them."""
    of_streams = [failure for failure in failures if failure.stream]
    if not of_streams:
        return failures[0].message
    reasons: dict[str, list[str]] = {}
    for failure in of_streams:
        assert failure.stream is not None
        reasons.setdefault(failure.message, []).append(failure.stream)
    return " ".join(
        f"{stream_label(streams[0]) if len(streams) == 1 else stream_labels(streams)} could not be read: {message}"
        for message, streams in reasons.items()
    )
