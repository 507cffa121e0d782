"""Reading the published marts for a page, in one short read-only connection; and what its figures lack."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from freshbooks_hub.core.labels import plural, stream_label
from freshbooks_hub.marts.gaps import Gap, Rejected, find_gaps, find_rejected, missing
from freshbooks_hub.marts.open import Answers, kept_marts

Row = dict[str, Any]
MOST = 500
BATCH = 1000  # rows


class Marts:
    """Rows of one open marts file, as dictionaries. `answers`: what is kept as long as this file is published."""

    def __init__(self, db: duckdb.DuckDBPyConnection, answers: Answers | None = None) -> None:
        self._db = db
        self._answers = {} if answers is None else answers

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """The rows of a SELECT; none when a mart is not there, because its streams are not synced."""
        try:
            cursor = self._db.execute(statement, values)
        except duckdb.CatalogException:
            return []
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def kept_rows(self, statement: str, *values: Any) -> list[Row]:
        """As `rows`, asked once of each publication: for short answers that many pages need. Not to be changed."""
        if (statement, values) not in self._answers:
            self._answers[statement, values] = self.rows(statement, *values)
        found: list[Row] = self._answers[statement, values]
        return found

    def has(self, mart: str) -> bool:
        """Whether the mart exists: it does not before its streams are synced."""
        return bool(self.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", mart))

    def columns(self, mart: str) -> list[str]:
        """The columns of a mart, by a name that is ours; none when it is not there."""
        try:
            return [one[0] for one in self._db.execute(f"SELECT * FROM {mart} LIMIT 0").description or []]  # noqa: S608
        except duckdb.CatalogException:
            return []

    def stream(self, statement: str, *values: Any) -> Iterator[Row]:
        """The same in batches, for answers too large for memory."""
        try:
            cursor = self._db.execute(statement, values)
        except duckdb.CatalogException:
            return
        names = [column[0] for column in cursor.description or []]
        while batch := cursor.fetchmany(BATCH):
            for row in batch:
                yield dict(zip(names, row, strict=True))

    def gaps(self, business_id: int | None = None, marts: Collection[str] | None = None) -> list[Gap]:
        """As `find_gaps`."""
        return find_gaps(self._db, marts, business_id)

    def rejected(
        self, business_id: int | None = None, marts: Collection[str] | None = None
    ) -> list[Rejected]:
        """As `find_rejected`."""
        return find_rejected(self._db, marts, business_id)


@contextmanager
def opened(path: Path) -> Iterator[Marts | None]:
    """The marts at `path`, complete and unchanging while open; None before the first build. Raises MartsDamaged."""
    if not path.exists():
        yield None
        return
    with kept_marts(path) as (db, answers):
        yield Marts(db, answers)


@dataclass(frozen=True)
class PageGaps:
    """`sentences` for the banner; `missing`: streams of the page's business that are not available."""

    sentences: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Stream:
    """Rejected rows of one stream: how many no figure counts, how many lack a value, and the values of some."""

    name: str
    rows: int
    incomplete: int
    listed: list[Row]


def page_gaps(marts: Marts | None, business: Row | None, *drawn_on: str) -> PageGaps:
    """Gaps that affect a page about this business which uses these marts."""
    if marts is None or business is None:
        return PageGaps()
    gaps = marts.gaps(business["business_id"], drawn_on)
    sentences = [str(gap) for gap in gaps]
    sentences += _rejected(marts.rejected(business["business_id"], drawn_on))
    return PageGaps(tuple(sentences), frozenset(stream for _, stream in missing(gaps)))


def all_gaps(marts: Marts | None) -> list[Gap]:
    """Every gap of every business."""
    return marts.gaps() if marts else []


def rejected_streams(marts: Marts | None) -> list[Stream]:
    """Rejected rows by stream, for the Status page. At most MOST values of each are listed."""
    if marts is None:
        return []
    listed: dict[str, list[Row]] = {}
    for row in marts.rows(
        "SELECT stream_name, business_name, business_id, row_key, column_name, value_text, reason, is_row_published "
        "FROM fb_rejected_rows QUALIFY row_number() OVER (PARTITION BY stream_name "
        "ORDER BY is_row_published, business_id, row_key, column_name, value_number) <= ? "
        "ORDER BY stream_name, is_row_published, business_id, row_key, column_name, value_number",
        MOST,
    ):
        listed.setdefault(row["stream_name"], []).append(row)
    rejected = marts.rejected()
    return [
        Stream(
            stream_label(stream),
            sum(one.rows for one in rejected if one.stream == stream),
            sum(one.incomplete for one in rejected if one.stream == stream),
            rows,
        )
        for stream, rows in listed.items()
    ]


def _rejected(rejected: Iterable[Rejected]) -> list[str]:
    rows: dict[str, int] = {}
    for one in rejected:
        rows[one.stream] = rows.get(one.stream, 0) + one.rows
    return [
        f"{stream_label(stream)}: {plural(number, 'row')} could not be read, so no figure here counts "
        f"{'it' if number == 1 else 'them'}."
        for stream, number in rows.items()
        if number
    ]
