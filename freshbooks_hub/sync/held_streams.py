"""Streams that a build does without: those of which most rows became unreadable, as after a change of FreshBooks' API.

The check `<stream>_is_readable` finds them. They hold up nothing: the build is repeated with their staging tables of
the published marts, or without a stream where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import duckdb

from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import stream_label
from freshbooks_hub.sync.alarms import Alarms
from freshbooks_hub.sync.dbt_findings import StreamsUnreadable

ALARM = "format:"
Built = TypeVar("Built")


@dataclass(frozen=True)
class Held:
    """Streams that a build does not take from the raw tables.

    `earlier`: their staging tables are those of `kept`, the work file of the published marts. `without`: there is
    none, so the build does without them.
    """

    kept: Path | None = None
    earlier: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def arguments(self) -> list[str]:
        """dbt's arguments: the earlier tables are not built, checks of them alone not run, others with them are."""
        names = [staging(stream) for stream in sorted(self.earlier)]
        return ["--exclude", *names, "--indirect-selection", "cautious"] if names else []

    def carry_over(self, work: Path) -> None:
        """Copy the earlier staging tables into the work file of a new build."""
        if not self.earlier:
            return
        with duckdb.connect(work) as db:
            db.execute(f"ATTACH '{self.kept}' AS kept (READ_ONLY)")
            for stream in sorted(self.earlier):
                table = staging(stream)
                db.execute(f'CREATE OR REPLACE TABLE main."{table}" AS FROM kept.main."{table}"')


def staging(stream: str) -> str:
    """The staging model of a stream."""
    return f"stg_freshbooks__{stream}"


def build_around(attempt: Callable[[Held], Built], work: Path, kept: Path | None) -> tuple[Built, Held]:
    """`attempt` a build, and again around each stream that it finds unreadable. Raises TransformFailed.

    `work`: the work file of an attempt. `kept`: that of the published marts, None where it is lost.
    """
    held = Held(kept)
    while True:
        try:
            return attempt(held), held
        except StreamsUnreadable as error:
            new = error.streams - held.earlier - held.without
            if not new:
                raise
            earlier = {stream for stream in new if kept and _fits(kept, work, staging(stream))}
            held = Held(kept, held.earlier | earlier, held.without | (new - earlier))


def note(home: Home, held: Held, tested: set[str] | None, now: datetime) -> list[str]:
    """Raise one alarm for each stream held, and clear those of streams that were `tested` (None: all) and are well.

    Returns the messages.
    """
    alarms, messages = Alarms(home), []
    for stream in sorted(held.earlier | held.without):
        message = _message(stream, stream in held.earlier)
        alarms.raise_(ALARM + stream, message, now)
        messages.append(message)
    open_streams = {a.kind.removeprefix(ALARM) for a in alarms.open() if a.kind.startswith(ALARM)}
    well = open_streams - held.earlier - held.without
    alarms.clear(*(ALARM + stream for stream in well if tested is None or stream in tested), now=now)
    return messages


def _message(stream: str, earlier: bool) -> str:
    stays = (
        "The earlier ones stay published"
        if earlier
        else "There are no earlier ones, so the marts are built without them"
    )
    return (
        f"{stream_label(stream)}: most records came in a form that this version cannot read, so FreshBooks has "
        f"probably changed its API. {stays}; everything else is up to date. Update source-freshbooks; if you have "
        "the newest version, report this."
    )


def _fits(kept: Path, work: Path, table: str) -> bool:
    """Whether the earlier staging table holds rows, in the columns that this version of the project makes."""
    earlier = _columns(kept, table)
    return bool(earlier) and earlier == _columns(work, table) and _rows(kept, table) > 0


def _columns(file: Path, table: str) -> list[tuple[str, str]]:
    query = (
        "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = ? "
        "ORDER BY column_index"
    )
    try:
        with duckdb.connect(file, read_only=True) as db:
            return db.execute(query, [table]).fetchall()
    except duckdb.Error:
        return []


def _rows(file: Path, table: str) -> int:
    with duckdb.connect(file, read_only=True) as db:
        row = db.execute(f'SELECT count(*) FROM main."{table}"').fetchone()  # noqa: S608 - our own name
    return int(row[0]) if row else 0
