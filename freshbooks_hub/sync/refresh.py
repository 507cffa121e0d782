"""The marts after a load: built where something changed, and published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from freshbooks_hub.core.clock import named_zone
from freshbooks_hub.core.errors import TransformFailed, disk_errors
from freshbooks_hub.core.files import replace_durably
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import stream_labels
from freshbooks_hub.marts.open import are_readable
from freshbooks_hub.sync import transform
from freshbooks_hub.sync.batch_sql import quoted
from freshbooks_hub.sync.held_streams import Held, build_around, note
from freshbooks_hub.sync.history import Generation, History
from freshbooks_hub.sync.progress import Reporter


@dataclass(frozen=True)
class RawFacts:
    """The raw tables after a read: their names, their version, and which changed since the published marts.

    `changed` is None when that is not known.
    """

    tables: list[str]
    version: int
    changed: set[str] | None


@dataclass(frozen=True)
class Refreshed:
    """Whether marts were published, their as-of day, and what checks found that does not hold them back."""

    published: bool
    as_of_date: str
    warnings: list[str]


def refresh_marts(
    home: Home,
    history: History,
    run_id: int,
    reporter: Reporter,
    raw: RawFacts,
    start_date: str | None,
    at: date | datetime,
    now: datetime,
    verify: bool = False,
) -> Refreshed:
    """Bring the published marts up to date with the raw tables. Marts that cannot be read count as none.

    `at`: that day, or an instant of which the day at the business counts; `now`: when this is done. `verify`: read
    every value of the published marts to find out whether they can be; without, only a file that cannot be opened is
    noticed. Raises TransformFailed or HomeError.
    """
    zone, notes = business_zone(home.raw)
    day = at.astimezone(zone).date() if isinstance(at, datetime) else at
    as_of_date = day.isoformat()
    project = transform.Project.of(home)
    fingerprint = project.fingerprint(raw.tables, start_date)
    current = history.generation() if are_readable(home.marts, whole=verify) else None
    same_basis = current is not None and (current.as_of_date, current.project) == (as_of_date, fingerprint)
    if current and same_basis and current.raw_version == raw.version:
        reporter.phase("Nothing changed, so the marts are left as they are.")
        return Refreshed(False, as_of_date, [])
    kept = _kept_work(home, current) if current else None
    changed = raw.changed if same_basis and kept else None

    def attempt(held: Held) -> transform.Built:
        basis = (home, project, raw.tables, as_of_date, start_date, raw.version)
        if changed and kept:
            return transform.rebuild(*basis, kept, changed, held=held)
        return transform.build(*basis, held=held)

    what = f"what depends on {stream_labels(sorted(changed))}" if changed else "marts"
    reporter.phase(f"Building {what}, as of {as_of_date}")
    built, held = build_around(attempt, project.work, kept)
    publish(built.marts, home.marts)
    generation = history.published(run_id, as_of_date, raw.version, fingerprint)
    _keep_work(home, project, generation)
    messages = note(home, held, changed or None, now)
    return Refreshed(True, as_of_date, [*notes, *messages, *built.warnings])


def business_zone(raw: Path) -> tuple[ZoneInfo, list[str]]:
    """The time zone of the first business in the raw tables, else UTC; and a sentence where its name is none."""
    with duckdb.connect(raw, read_only=True) as db:
        try:
            row = db.execute(
                "SELECT business_id, timezone FROM freshbooks.businesses WHERE timezone IS NOT NULL "
                "ORDER BY business_id LIMIT 1"
            ).fetchone()
        except (duckdb.CatalogException, duckdb.BinderException):
            row = None
    if row is None:
        return ZoneInfo("UTC"), []
    business, name = row
    zone = named_zone(name)
    if zone is not None:
        return zone, []
    said = " ".join(str(name).split())[:60]
    note = (
        f"FreshBooks gives business {business} the time zone {said!r}, which does not exist, so its days are counted "
        "in UTC. Choose its time zone again in FreshBooks' settings."
    )
    return ZoneInfo("UTC"), [note]


def publish(new: Path, target: Path) -> None:
    """Rename the built file `new` over `target`; readers have the old or the new marts, whole.

    Its marts get a view in schema `main` each, so that a reader finds them without a prefix too. A write-ahead log
    beside the file would be left behind by the rename and its rows lost, so it is folded in first. Raises
    TransformFailed or HomeError; `target` is untouched then.
    """
    try:
        with duckdb.connect(new) as db:
            _name_without_prefix(db)
            db.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise TransformFailed(
            f"The new marts could not be finished: {error} The earlier marts are unchanged."
        ) from error
    if new.with_name(f"{new.name}.wal").exists():
        raise TransformFailed("The new marts still have unwritten rows. The earlier marts are unchanged.")
    with disk_errors(target.parent):
        new.chmod(0o600)
        replace_durably(new, target)


def _name_without_prefix(db: duckdb.DuckDBPyConnection) -> None:
    """Views over the marts that are there now: one of an earlier build refuses a table whose columns changed."""
    views = db.execute(
        "SELECT view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'"
    ).fetchall()
    for (view,) in views:
        db.execute(f"DROP VIEW main.{quoted(view)}")
    for (table,) in db.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts'"
    ).fetchall():
        db.execute(f"CREATE VIEW main.{quoted(table)} AS SELECT * FROM marts.{quoted(table)}")  # noqa: S608 - names of ours


def _work(home: Home, generation: int) -> Path:
    """Staging and intermediate models of the marts of this generation."""
    return home.dbt / f"work-of-{generation}.duckdb"


def _kept_work(home: Home, generation: Generation) -> Path | None:
    path = _work(home, generation.id)
    return path if path.exists() and not path.with_name(f"{path.name}.wal").exists() else None


def _keep_work(home: Home, project: transform.Project, generation: int) -> None:
    """Keep the work file for the next build. It is named for its marts: a killed sync mixes nothing up."""
    with disk_errors(home.dbt):
        for old in home.dbt.glob("work-*.duckdb*"):
            old.unlink()
        if project.work.exists() and not project.work.with_name(f"{project.work.name}.wal").exists():
            project.work.replace(_work(home, generation))
