"""What the published marts lack: streams that could not be read (`fb_gaps`) and rows set aside (`fb_rejected_rows`).

Marts of an earlier version have neither; they are read as if nothing were missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from freshbooks_hub.core.labels import plural, stream_label

if TYPE_CHECKING:
    import duckdb

WHERE_REJECTED = 'freshbooks query "from fb_rejected_rows"'
# The stream was read, but FreshBooks does not send all of its rows: those it sends count.
SHORT = "short"
BILL_PAY = "bill_pay"
INCOMPLETE = frozenset({SHORT, BILL_PAY})
# Keys are unique, so rows without one differ in what is missing.
_ROWS = (
    "count(DISTINCT row_key) FILTER (NOT is_row_published) "
    "+ count(*) FILTER (NOT is_row_published AND row_key IS NULL AND why = 'missing_key')"
)
# Words that FreshBooks does not document are kept as they are.
_VALUES = "count(DISTINCT row_key) FILTER (is_row_published AND why <> 'unknown_word')"


@dataclass(frozen=True)
class Gap:
    """One stream of one business that is not available, or not complete (`code` is one of INCOMPLETE).

    `reason`, `effect` and `remedy` are sentences; `marts` are those that hold less for it.
    """

    business_id: int
    business_name: str | None
    stream: str
    code: str
    reason: str
    effect: str
    remedy: str
    marts: frozenset[str]

    @property
    def label(self) -> str:
        """The stream by the name that FreshBooks' pages give it."""
        return stream_label(self.stream)

    def __str__(self) -> str:
        return f"{self.label}: {self.reason[:1].lower()}{self.reason[1:]} {self.effect}"


@dataclass(frozen=True)
class Rejected:
    """Of one stream of one business: `rows` that no figure counts, and published rows that lack a value."""

    business_id: int | None
    stream: str
    rows: int
    incomplete: int
    marts: frozenset[str]


def find_gaps(
    db: duckdb.DuckDBPyConnection, marts: Collection[str] | None = None, business_id: int | None = None
) -> list[Gap]:
    """Gaps of `marts` (None: all), of one business or of all. `db` looks up names in schema marts."""
    rows = _rows(
        db,
        "SELECT business_id, business_name, stream_name, gap_code, reason, effect, remedy, affected_marts "
        "FROM fb_gaps WHERE business_id = coalesce(?, business_id) ORDER BY stream_name, business_id",
        business_id,
    )
    found = [
        Gap(business, name, stream, code, reason, effect, remedy, _names(listed))
        for business, name, stream, code, reason, effect, remedy, listed in rows
    ]
    return [gap for gap in found if marts is None or gap.marts & set(marts)]


def find_rejected(
    db: duckdb.DuckDBPyConnection, marts: Collection[str] | None = None, business_id: int | None = None
) -> list[Rejected]:
    """As `find_gaps`; a row that does not name its business counts for every business."""
    rows = _rows(
        db,
        f"SELECT business_id, stream_name, {_ROWS} AS rejected, {_VALUES} AS incomplete, affected_marts "  # noqa: S608
        "FROM fb_rejected_rows WHERE ? IS NULL OR coalesce(business_id, ?) = ? "
        "GROUP BY business_id, stream_name, affected_marts HAVING rejected + incomplete > 0 "
        "ORDER BY stream_name, business_id",
        business_id,
        business_id,
        business_id,
    )
    found = [
        Rejected(business, stream, number, incomplete, _names(listed))
        for business, stream, number, incomplete, listed in rows
    ]
    return [one for one in found if marts is None or one.marts & set(marts)]


def missing(gaps: Iterable[Gap]) -> frozenset[tuple[int, str]]:
    """(business, stream) of what is not available at all."""
    return frozenset((gap.business_id, gap.stream) for gap in gaps if gap.code not in INCOMPLETE)


def set_aside(rejected: Collection[Rejected]) -> str:
    """A sentence or two with the number of rows by stream, and where they are listed; empty without any."""
    rows, incomplete = sum(one.rows for one in rejected), sum(one.incomplete for one in rejected)
    parts = []
    if rows:
        by_stream: dict[str, int] = {}
        for one in rejected:
            by_stream[one.stream] = by_stream.get(one.stream, 0) + one.rows
        counts = ", ".join(
            f"{stream_label(stream)} {number:,}" for stream, number in by_stream.items() if number
        )
        parts.append(
            f"{plural(rows, 'row was', 'rows were')} set aside, so no figure counts "
            f"{'it' if rows == 1 else 'them'} ({counts})."
        )
    if incomplete:
        parts.append(f"{plural(incomplete, 'row lacks', 'rows lack')} a value that could not be used.")
    return " ".join([*parts, f"See them: {WHERE_REJECTED}"]) if parts else ""


def rejected_json(rejected: Iterable[Rejected]) -> list[dict[str, Any]]:
    """For `freshbooks sync --json` and `freshbooks status --json`."""
    return [
        {"business_id": one.business_id, "stream": one.stream, "rows": one.rows, "incomplete": one.incomplete}
        for one in rejected
    ]


def _rows(db: duckdb.DuckDBPyConnection, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    import duckdb

    try:
        return db.execute(statement, values).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):  # marts of an earlier version
        return []


def _names(text: str | None) -> frozenset[str]:
    return frozenset((text or "").split(", ")) - {""}
