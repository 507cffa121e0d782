"""Large facts kept between builds equal a full rebuild, after edits, deletions and late rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from unit_tests.dbt import postgres
from unit_tests.dbt.books import all_rows
from unit_tests.dbt.builds import TODAY, WORK, Dbt, part_of_project
from unit_tests.dbt.ledger import ONE, TWO, invoice, line, money
from unit_tests.dbt.raw_tables import Row, Rows

pytestmark = pytest.mark.long

FIRST, BEFORE_SECOND, SECOND, THIRD = (
    f"2026-06-{time}:00:00" for time in ("28 12", "29 11", "29 12", "30 12")
)
# Stream: its key within a business, its cursor, and an edit that shows.
FACTS: dict[str, tuple[str, str, Row]] = {
    "invoices": ("invoiceid", "updated_at_utc", {"po_number": "P-1"}),
    "payments": ("id", "updated_at_utc", {"note": "corrected"}),
    "expenses": ("expenseid", "updated_at_utc", {"amount": money("3.21")}),
    "time_entries": ("id", "observed_at", {"duration": 60}),
    "journal_entry_details": ("detailid", "_airbyte_extracted_at", {"name": "Corrected"}),
}
VARIABLES = TODAY | {"freshbooks_incremental": True}
MODELS = ["int_invoice_lines", *(f"stg_freshbooks__{stream}" for stream in FACTS)]


def read(stream: str, record: Row, at: str) -> Row:
    key = FACTS[stream][0]
    return {
        **record,
        "_airbyte_extracted_at": at,
        "_airbyte_raw_id": f"{record['business_id']} {record[key]} {at}",
    }


def changed(stream: str, record: Row, at: str, **more: Any) -> Row:
    return read(stream, {**record, FACTS[stream][1]: at, **more}, at)


def first() -> Rows:
    return {stream: [read(stream, row, FIRST) for row in all_rows()[stream]] for stream in FACTS}


def second() -> Rows:
    """An edit, a deletion, a new row and a row that is gone, in each; and what only invoices know."""
    tables: Rows = {}
    for stream, (key, cursor, edit) in FACTS.items():
        edited, deleted, *kept, gone = first()[stream] * (2 if stream == "journal_entry_details" else 1)
        late = {**gone, key: 990, cursor: "2025-01-01 00:00:00"}  # read now, though changed long ago
        older = (
            {**kept[0], **edit, cursor: "2025-01-01 00:00:00"} if kept else late
        )  # an old version comes late
        tables[stream] = [
            *kept,
            changed(stream, edited, SECOND, **edit),
            changed(stream, deleted, SECOND, is_deleted=True),
            read(stream, late, SECOND),
            read(stream, older, SECOND),
        ]
    shorter = invoice(ONE, 4, 5, "20.00", "2026-07-10", code="CAD", lines=[line("20.00", "CAD")])
    emptied = invoice(ONE, 11, 5, "0.00", "2026-05-31", lines=[])
    return after(tables, changed("invoices", shorter, SECOND), changed("invoices", emptied, SECOND))


def third() -> Rows:
    """A deletion taken back, a line more; and of another connection, loaded later, an edit read before the second's."""
    restored = invoice(ONE, 2, 5, "50.00", "2026-06-29", lines=[line("20.00"), line("30.00", lineid=2)])
    longer = invoice(TWO, 1, 5, "9.00", "2026-06-01", lines=[line("7.00"), line("2.00", lineid=2)])
    other = invoice(TWO, 2, 6, "3.00", "2026-06-01", lines=[line("3.00")])
    return after(
        second(),
        *(changed("invoices", row, THIRD) for row in (restored, longer)),
        changed("invoices", other, BEFORE_SECOND),
    )


def after(tables: Rows, *invoices: Row) -> Rows:
    """As a loader that keeps one row per key leaves them."""
    keys = {(row["business_id"], row["invoiceid"]) for row in invoices}
    kept = [row for row in tables["invoices"] if (row["business_id"], row["invoiceid"]) not in keys]
    return {**tables, "invoices": kept + list(invoices)}


Contents = dict[str, list[tuple[Any, ...]]]
Build = Callable[..., Contents]


def sorted_rows(execute: Callable[[str], list[tuple[Any, ...]]]) -> Contents:
    return {model: sorted(execute(f"select * from {model}"), key=repr) for model in MODELS}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return part_of_project(tmp_path_factory.mktemp("part"), *MODELS)


@pytest.fixture
def on_duckdb(dbt: Dbt, tmp_path: Path, project: Path) -> Build:
    """`build(tables, *arguments)`: the facts after one more build over what the builds before left."""

    def build(tables: Rows, *arguments: str) -> Contents:
        built = dbt.run(tmp_path, tables, "run", *arguments, variables=VARIABLES, project=project)
        assert built.succeeded, built.output
        with duckdb.connect(str(tmp_path / f"{WORK}.duckdb"), read_only=True) as connection:
            return sorted_rows(lambda sql: connection.execute(sql).fetchall())

    return build


@pytest.fixture
def on_postgres(dbt: Dbt, tmp_path: Path, project: Path, server: postgres.Server) -> Build:
    def build(tables: Rows, *arguments: str) -> Contents:
        postgres.write_raw(server, tables)
        variables = VARIABLES | {"freshbooks_streams": list(tables)}
        built = dbt.call(
            tmp_path,
            server.environment(),
            *("run", *arguments),
            variables=variables,
            target="postgres",
            project=project,
        )
        assert built.succeeded, built.output
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("set search_path to freshbooks_work")

            def rows(sql: str) -> list[tuple[Any, ...]]:
                cursor.execute(sql)
                return list(cursor.fetchall())

            return sorted_rows(rows)

    return build


@pytest.mark.parametrize("engine", ["on_duckdb", pytest.param("on_postgres", marks=pytest.mark.long)])
def test_incremental_facts_equal_a_full_rebuild(engine: str, request: pytest.FixtureRequest) -> None:
    build: Build = request.getfixturevalue(engine)
    one, two, three = [build(tables) for tables in (first(), second(), third())]
    assert all(one[model] != two[model] for model in MODELS), "the second sync changed nothing"
    assert two["int_invoice_lines"] != three["int_invoice_lines"]
    assert build(third(), "--full-refresh") == three


def test_a_kept_row_is_not_read_again(on_duckdb: Build, tmp_path: Path) -> None:
    """What no sync touched stays as it was built: else the switch would save nothing."""
    on_duckdb(first())
    on_duckdb(second())
    with duckdb.connect(str(tmp_path / f"{WORK}.duckdb")) as connection:
        connection.execute("update stg_freshbooks__payments set note = 'kept' where payment_id = 20")
    payments = on_duckdb(third())["stg_freshbooks__payments"]
    assert len([row for row in payments if "kept" in row]) == 1
