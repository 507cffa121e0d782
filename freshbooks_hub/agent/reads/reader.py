"""One short-lived, read-only connection to the published marts, and the context of an answer."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from freshbooks_hub.agent.reads.models import Business, Context, ReadRefused
from freshbooks_hub.agent.text import clean, macro, nearest
from freshbooks_hub.core.errors import QueryFailed
from freshbooks_hub.core.labels import plural, stream_label
from freshbooks_hub.marts.gaps import INCOMPLETE, Gap, Rejected, find_gaps, find_rejected, missing
from freshbooks_hub.marts.open import MartsDamaged, open_marts
from freshbooks_hub.marts.reconciliation import by_kind, find_differences
from freshbooks_hub.marts.rows import money_writer
from freshbooks_hub.sync.history import History

Row = dict[str, Any]
# The projects that are meant; three times the same value.
NAMED = "(? IS NULL OR project_id = try_cast(? AS BIGINT) OR contains(folded(project_name), folded(?)))"
_MOST_GAPS = 12
_LONGEST = 400


class MartsReader:
    """The marts of one moment; made by `read_marts`."""

    def __init__(self, db: duckdb.DuckDBPyConnection, marts: Path) -> None:
        self._db = db
        self._marts = marts
        self._published = marts.stat().st_mtime

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """The rows of a query of ours; `values` fill its question marks. Money has the decimals of its currency."""
        cursor = self._db.execute(sql, list(values))
        described = cursor.description or []
        written = money_writer(described)
        names = [column[0] for column in described]
        return [dict(zip(names, written(row), strict=True)) for row in cursor.fetchall()]

    def businesses(self, business_id: int | None) -> list[Business]:
        """All of them, or the one that was asked for; raises ReadRefused when there is no such business."""
        # If the list of businesses cannot be read, the rows show which there are.
        known = self.rows(
            "SELECT business_id, max(business_name) AS business_name FROM ("
            "SELECT business_id, business_name FROM businesses UNION ALL "
            "SELECT business_id, NULL FROM fb_freshness WHERE row_count > 0 AND business_id IS NOT NULL) "
            "GROUP BY business_id ORDER BY business_id"
        )
        picked = [row for row in known if business_id in (None, row["business_id"])]
        if known and not picked:
            ids = ", ".join(str(row["business_id"]) for row in known)
            raise ReadRefused("no_such_business", f"There is no business {business_id} here, only {ids}.")
        return [Business(**row) for row in picked]

    def currency(self, code: str | None, business_id: int | None) -> str | None:
        """The currency code as the books write it; raises ReadRefused, listing those in use, if not among them."""
        if code is None:
            return None
        held = self.rows(
            "SELECT DISTINCT currency_code FROM (SELECT business_id, currency_code FROM invoices UNION ALL "
            "SELECT business_id, currency_code FROM expenses UNION ALL "
            "SELECT business_id, currency_code FROM outstanding_balances UNION ALL "
            "SELECT business_id, base_currency_code FROM businesses) WHERE currency_code IS NOT NULL "
            "AND business_id = coalesce(?, business_id) ORDER BY currency_code",
            business_id,
        )
        codes = [str(row["currency_code"]) for row in held]
        if code.strip().upper() not in codes:
            known = ", ".join(clean(each, 3) for each in codes) or "none yet"
            raise ReadRefused(
                "no_such_currency", f"The books hold no amounts in this currency. They hold: {known}."
            )
        return code.strip().upper()

    def similar(self, mart: str, column: str, text: str | None, business_id: int | None) -> list[str]:
        """The names in one of our columns that look most like `text`, for when none matches."""
        if text is None:
            return []
        names = self.rows(
            f"SELECT DISTINCT {column} AS name FROM {mart} "  # noqa: S608 - names of ours
            f"WHERE {column} IS NOT NULL AND business_id = coalesce(?, business_id) ORDER BY 1",
            business_id,
        )
        return nearest(text, (str(row["name"]) for row in names))

    def gaps(self, business_id: int | None, *marts: str) -> list[str]:
        """What could not be read and touches these marts, a sentence each."""
        businesses = {row["business_id"] for row in self.rows("SELECT business_id FROM fb_freshness")} - {
            None
        }
        alone = business_id is not None or len(businesses) < 2
        return gap_sentences(
            find_gaps(self._db, marts, business_id), find_rejected(self._db, marts, business_id), alone
        )

    def context(
        self, business_id: int | None = None, marts: Collection[str] | None = None, *, apart: bool = True
    ) -> Context:
        """As of when and for which businesses an answer is; `apart`: the answer keeps them apart itself.

        `marts`: those that it draws on, whose gaps it carries; None: what is missing in all of them, in short.
        """
        [day] = self.rows("SELECT max(as_of_date) AS as_of_date FROM fb_freshness")
        businesses = self.businesses(business_id)
        notes = []
        if len(businesses) > 1:
            notes.append(
                "Several businesses: each row and total is of one of them."
                if apart
                else "Several businesses: group by business_id or filter to one, else the result mixes them."
            )
        run = _last_run(self._marts.with_name("hub.sqlite"))
        if run.get("status") in ("failed", "interrupted"):
            notes.append("The newest sync failed, so these figures are older: `freshbooks status` says why.")
        found = find_differences(self._db)
        for what, of_kind in by_kind(found):
            checks = ", ".join(sorted({difference.check_name for difference in of_kind})[:5])
            notes.append(
                f"Attention: {what} ({checks}). "
                "See mart fb_reconciliation, where not is_ok, before you rely on them."
            )
        return Context(
            as_of_date=day["as_of_date"],
            published_at=datetime.fromtimestamp(int(self._published), UTC),
            last_sync_at=run["finished_at"] if run.get("status") == "succeeded" else None,
            businesses=businesses,
            notes=notes,
            gaps=self._all_gaps() if marts is None else self.gaps(business_id, *marts),
            missing=missing(find_gaps(self._db, marts, business_id)),
        )

    def _all_gaps(self) -> list[str]:
        found = find_gaps(self._db)
        said = []
        for what, gaps in (
            ("Not available", [gap for gap in found if gap.code not in INCOMPLETE]),
            ("Not complete", [gap for gap in found if gap.code in INCOMPLETE]),
        ):
            if gaps:
                streams = ", ".join(dict.fromkeys(stream_label(gap.stream) for gap in gaps))
                said.append(
                    f"{what}, at least for one business: {streams}. Mart fb_gaps says what each costs."
                )
        return said

    def page(
        self, sql: str, values: Sequence[Any], cursor: str | None, limit: int
    ) -> tuple[list[Row], bool, str | None]:
        """Rows of `sql` (which has a total order) from `cursor` on: rows, has_more, next_cursor."""
        question = f"{sql}{list(values)}{self._published}"
        mark = hashlib.sha256(question.encode()).hexdigest()[:12]
        start = _opened(cursor, mark)
        rows = self.rows(f"{sql} LIMIT ? OFFSET ?", *values, limit + 1, start)
        more = len(rows) > limit
        return rows[:limit], more, _cursor(start + limit, mark) if more else None


@contextmanager
def read_marts(marts: Path) -> Iterator[MartsReader]:
    """Look into `marts`; bare names are those of schema marts. Raises QueryFailed."""
    try:
        with open_marts(marts) as db:
            db.execute(macro())
            yield MartsReader(db, marts)
    except duckdb.CatalogException as error:
        raise QueryFailed(
            "The marts are of an earlier version. Run `freshbooks sync`, then ask again."
        ) from error
    except (MartsDamaged, duckdb.Error) as error:
        raise QueryFailed("The marts could not be read. Run `freshbooks sync`, then ask again.") from error


def _last_run(history: Path) -> Row:
    """The newest sync: after a successful one, what it found unchanged is as fresh as its end."""
    return (History(history).last_run() if history.exists() else None) or {}


def _cursor(start: int, mark: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([start, mark]).encode()).decode().rstrip("=")


def _opened(cursor: str | None, mark: str) -> int:
    if cursor is None:
        return 0
    try:
        start, found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError):
        start, found = None, None
    if found != mark or not isinstance(start, int):
        raise ReadRefused(
            "unknown_cursor",
            "This cursor is not of this question, or the books were synced since. Ask again without one.",
        )
    return start


def business_of(source: MartsReader, project: str | None, business_id: int | None) -> int | None:
    """The business of the projects that are meant, if they are all of one; else what was asked for."""
    if project is None or business_id is not None:
        return business_id
    rows = source.rows(
        f"SELECT DISTINCT business_id FROM projects WHERE {NAMED} LIMIT 2",  # noqa: S608 - names of ours
        *[project] * 3,
    )
    return int(rows[0]["business_id"]) if len(rows) == 1 else None


def gap_sentences(gaps: Iterable[Gap], rejected: Iterable[Rejected], alone: bool) -> list[str]:
    """A sentence or two for each gap and each stream with rejected rows; `alone`: all are of the one business."""
    businesses: dict[str, list[int]] = {}
    for gap in gaps:
        businesses.setdefault(clean(str(gap), _LONGEST), []).append(gap.business_id)
    sentences = [text if alone else f"{_of(ids)}{text}" for text, ids in businesses.items()]
    rows: dict[str, int] = {}
    for one in rejected:
        rows[one.stream] = rows.get(one.stream, 0) + one.rows
    sentences += [
        f"{stream_label(stream)}: {plural(number, 'row')} could not be read, so no figure "
        f"counts {'it' if number == 1 else 'them'} (mart fb_rejected_rows)."
        for stream, number in rows.items()
        if number
    ]
    if len(sentences) > _MOST_GAPS:
        more = len(sentences) - _MOST_GAPS + 1
        sentences = [*sentences[: _MOST_GAPS - 1], f"{more} more: see marts fb_gaps and fb_rejected_rows."]
    return sentences


def _of(ids: list[int]) -> str:
    return f"{'Business' if len(ids) == 1 else 'Businesses'} {', '.join(map(str, ids))}: "
