"""One sync, end to end: token, extract and load, transform, publish."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from freshbooks_api.streams import STREAMS
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import Clock, utc_now
from freshbooks_hub.core.errors import HubError, disk_errors
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_lock
from freshbooks_hub.marts.findings import Findings, keep_findings
from freshbooks_hub.marts.gaps import Rejected, rejected_json
from freshbooks_hub.marts.open import are_readable
from freshbooks_hub.marts.reconciliation import Difference
from freshbooks_hub.sync import source_process
from freshbooks_hub.sync.assumptions import Assumptions
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.history import History, StreamResult
from freshbooks_hub.sync.outcomes import note_success
from freshbooks_hub.sync.preparation import Preparation
from freshbooks_hub.sync.progress import Recorded, Reporter
from freshbooks_hub.sync.raw import RawStore
from freshbooks_hub.sync.reads import Run, facts_of, joined, read
from freshbooks_hub.sync.refresh import RawFacts, Refreshed, refresh_marts
from freshbooks_hub.sync.sync_groups import SLOW
from freshbooks_hub.sync.verification import verify_if_due
from freshbooks_hub.sync.warehouse.address import Warehouse
from freshbooks_hub.sync.warehouse.extract import businesses_of
from freshbooks_hub.sync.warehouse.extract import extract as extract_marts
from freshbooks_hub.sync.warehouse.load import load

KEPT_LOGS = 20
FIGURES_SHOWN = "Figures are shown; reports and the ledger are still being read"


@dataclass(frozen=True)
class SyncOptions:
    """What to sync: some streams or all, from the saved state or from the beginning, as of which day.

    `full_refresh` swaps every table; the streams `full_reread` are read from the beginning over the stored rows.
    `marts`: whether these follow; without, `build` brings them up to date later.
    """

    streams: list[str] = field(default_factory=list)
    full_refresh: bool = False
    as_of: date | None = None
    full_reread: frozenset[str] = frozenset()
    marts: bool = True


@dataclass(frozen=True)
class SyncResult:
    """What a sync did; `as_of_date` is that of the published marts, empty when there are none.

    `warnings`: what the source could not read whole, and what checks of the marts found that does not hold them back.
    `differences`: figures of the marts that are not what they should equal. `rejected`: what the marts leave out.
    """

    streams: list[StreamResult]
    published: bool
    as_of_date: str
    warnings: list[str]
    differences: list[Difference]
    rejected: list[Rejected] = field(default_factory=list)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self) | {"rejected": rejected_json(self.rejected)}


def sync(
    home: Home,
    options: SyncOptions,
    reporter: Reporter,
    source: Source | None = None,
    clock: Clock = utc_now,
) -> SyncResult:
    """Run one sync and return what it did.

    Raises HubError. Whatever was committed to the raw tables stays and the next sync goes on from there. Marts are
    published only when every test passed. A stream that fails keeps what it has: the marts of the others are
    published all the same, before its failure is raised, unless that would show a part of it as the whole.
    """
    home.ensure()
    with sync_lock(home.root):
        return sync_locked(home, options, reporter, source, clock)


def sync_locked(
    home: Home, options: SyncOptions, reporter: Reporter, source: Source | None, clock: Clock
) -> SyncResult:
    """As `sync`, for a caller that holds the lock. Then, once per version, the account is verified."""
    result = _recorded(home, reporter, clock, lambda run: _steps(run, options, source), options.marts)
    Assumptions(home).were_read({r.stream for r in result.streams if r.completed})
    verify_if_due(home, source, clock)
    return result


def build(home: Home, reporter: Reporter, as_of: date | None = None, clock: Clock = utc_now) -> SyncResult:
    """Rebuild the marts from the data already synced, reading nothing from FreshBooks. Raises HubError."""
    home.ensure()
    if not home.raw.exists():
        raise HubError("There is nothing to build marts from yet. Run `freshbooks sync` first.")

    def steps(run: Run) -> SyncResult:
        raw = RawStore(home.raw, home.run / "duckdb")
        try:
            facts = facts_of(raw, run.history)
        finally:
            raw.close()
        return _built(home, _refresh(run, facts, as_of, verify=True))

    with sync_lock(home.root):
        return _recorded(home, reporter, clock, steps)


def extract(home: Home, warehouse: Warehouse, reporter: Reporter, clock: Clock = utc_now) -> SyncResult:
    """Publish this connection's marts out of the shared warehouse, if they are newer. Raises HubError."""
    home.ensure()
    if not home.raw.exists():
        raise HubError(
            "It is not known yet which businesses are this connection's. Run `freshbooks sync` first."
        )

    def steps(run: Run) -> SyncResult:
        raw = RawStore(home.raw, home.run / "duckdb")
        try:
            version = raw.tables.version()
        finally:
            raw.close()
        return _built(home, _extract(run, warehouse, version))

    with sync_lock(home.root):
        return _recorded(home, reporter, clock, steps)


def _built(home: Home, marts: Refreshed) -> SyncResult:
    """Of marts that were made without reading FreshBooks."""
    found = keep_findings(home)
    return SyncResult(
        [], marts.published, marts.as_of_date, marts.warnings, found.differences, found.rejected
    )


def _recorded(
    home: Home,
    reporter: Reporter,
    clock: Clock,
    steps: Callable[[Run], SyncResult],
    marts: bool = True,
) -> SyncResult:
    """Run `steps` with their progress and outcome on record; the caller holds the lock."""
    started = time.monotonic()
    _clean(home)
    history = History(home.history, clock)
    run_id = history.start()
    recorded = Recorded(reporter, home)
    try:
        result = steps(Run(home, history, run_id, recorded, clock))
    except KeyboardInterrupt:
        history.stopped(run_id)
        raise
    except BaseException as error:
        history.finish(run_id, str(error) or type(error).__name__)
        raise
    finally:
        recorded.close()
    history.finish(run_id)
    note_success(home, {r.stream for r in result.streams if r.completed}, marts, clock())
    return replace(result, seconds=time.monotonic() - started)


def _steps(run: Run, options: SyncOptions, source: Source | None) -> SyncResult:
    """Read and publish. A first sync of everything does so twice, so that figures show while reports are read."""
    warehouse = Warehouse.from_environment()
    first = options.marts and not warehouse and run.history.generation() is None
    later = SLOW if first and _is_everything(options) else frozenset[str]()
    ways = (options.full_refresh, options.full_reread)
    source = source or Source.installed()
    with source_process.imported_once(source.command, needed=first):
        with Preparation(run.home, needed=first) as preparation:
            reads = [read(run, source, options.streams, *ways, later)]
            if preparation.is_running():
                run.reporter.phase("Preparing the marts")
                preparation.wait()
        published = [_publish(run, options, warehouse, reads[0].facts)]
        if left := reads[0].left:
            run.reporter.phase(FIGURES_SHOWN)
            reads.append(read(run, source, left, *ways))
            # The source's account, on which all figures draw, has changed too: but only in what it says of these.
            published.append(_publish(run, options, warehouse, replace(reads[1].facts, changed=set(left))))
    if failures := [one.failure for one in reads if one.failure]:
        raise joined(failures)
    warnings = [text for one in reads for text in one.warnings]
    warnings += [text for marts in published for text in marts.warnings]
    found = keep_findings(run.home) if options.marts else Findings([], [])
    return SyncResult(
        [result for one in reads for result in one.results],
        any(marts.published for marts in published),
        published[-1].as_of_date,
        list(dict.fromkeys(warnings)),
        found.differences,
        found.rejected,
    )


def _is_everything(options: SyncOptions) -> bool:
    return not options.streams or {stream.name for stream in STREAMS} <= set(options.streams)


def _publish(run: Run, options: SyncOptions, warehouse: Warehouse | None, facts: RawFacts) -> Refreshed:
    loaded: list[str] = []
    if warehouse:
        run.reporter.phase(f"Loading into the warehouse at {warehouse.place}")
        loaded = load(run.home, warehouse).warnings()
    if not options.marts:
        marts = _unchanged(run.history)
    elif warehouse:
        marts = _extract(run, warehouse, facts.version)
    else:
        marts = _refresh(run, facts, options.as_of)
    return replace(marts, warnings=[*loaded, *marts.warnings])


def _refresh(run: Run, facts: RawFacts, as_of: date | None, verify: bool = False) -> Refreshed:
    start_date = ConnectionStore(run.home.connection).load().config.get("start_date")
    at = as_of or run.clock()
    now = run.clock()
    return refresh_marts(run.home, run.history, run.id, run.reporter, facts, start_date, at, now, verify)


def _extract(run: Run, warehouse: Warehouse, raw_version: int) -> Refreshed:
    """The marts of this connection's businesses, where the warehouse has newer ones."""
    home, history = run.home, run.history
    generation = history.generation() if are_readable(home.marts) else None
    run.reporter.phase(f"Looking for newer marts in the warehouse at {warehouse.place}")
    found = extract_marts(
        home, warehouse, businesses_of(home.raw), generation.project if generation else None
    )
    if found is None:
        return _unchanged(history)
    history.published(run.id, found.as_of_date, raw_version, found.build)
    return Refreshed(True, found.as_of_date, [])


def _unchanged(history: History) -> Refreshed:
    generation = history.generation()
    return Refreshed(False, generation.as_of_date if generation else "", [])


def _clean(home: Home) -> None:
    """Remove what a killed sync left behind, and old logs."""
    with disk_errors(home.run):
        shutil.rmtree(home.run)
        home.run.mkdir(mode=0o700)
        for old in sorted(home.logs.glob("sync-*.log"))[:-KEPT_LOGS]:
            old.unlink()
