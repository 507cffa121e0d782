"""Invoice lines kept between builds equal a full rebuild, after edits, deletions and late rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from unit_tests.dbt.builds import TODAY, Dbt, part_of_project
from unit_tests.dbt.ledger import ONE, TWO, invoice, line, rows
from unit_tests.dbt.raw_tables import Row, Rows

FIRST, SECOND, THIRD = (f"2026-06-{day} 12:00:00" for day in (28, 29, 30))


def read(record: Row, at: str) -> Row:
    return {**record, "_airbyte_extracted_at": at, "_airbyte_raw_id": f"{record['invoiceid']} {at}"}


def edited(record: Row, at: str) -> Row:
    return read({**record, "updated_at_utc": at}, at)


def syncs() -> list[Rows]:
    """The raw tables after each of three syncs, as a loader that keeps one row per key leaves them."""
    tables = rows()
    tables["invoices"] = [read(row, FIRST) for row in tables["invoices"]]
    shorter = invoice(ONE, 4, 5, "20.00", "2026-07-10", code="CAD", lines=[line("20.00", "CAD")])
    late = invoice(TWO, 3, 5, "5.00", "2026-02-01", updated_at_utc="2025-01-01 00:00:00")
    longer = invoice(ONE, 2, 5, "80.00", "2026-06-29", lines=[line("50.00"), line("30.00", lineid=2)])
    second = after(
        tables,
        [
            edited(shorter, SECOND),  # a line less
            edited(invoice(ONE, 11, 5, "0.00", "2026-05-31", lines=[]), SECOND),  # emptied
            edited(invoice(ONE, 1, 5, "100.00", "2026-06-30", vis_state=1), SECOND),  # deleted
            read(late, SECOND),  # read now, though FreshBooks changed it long ago
        ],
    )
    restored = edited(invoice(ONE, 1, 5, "100.00", "2026-06-30"), THIRD)
    return [tables, second, after(second, [restored, edited(longer, THIRD)])]


def after(tables: Rows, changed: list[Row]) -> Rows:
    keys = {(row["business_id"], row["invoiceid"]) for row in changed}
    kept = [row for row in tables["invoices"] if (row["business_id"], row["invoiceid"]) not in keys]
    return {**tables, "invoices": kept + changed}


def lines(folder: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "work.duckdb"), read_only=True) as connection:
        return sorted(connection.execute("select * from int_invoice_lines").fetchall(), key=repr)


def test_incremental_lines_equal_a_full_rebuild(dbt: Dbt, tmp_path: Path) -> None:
    part_of_project(tmp_path, "stg_freshbooks__invoices", "int_invoice_lines")
    kept = [build(dbt, tmp_path, tables) for tables in syncs()]
    assert kept[0] != kept[1] != kept[2], "the syncs changed nothing"
    assert build(dbt, tmp_path, syncs()[-1], "--full-refresh") == kept[-1]


def build(dbt: Dbt, folder: Path, tables: Rows, *arguments: str) -> list[tuple[Any, ...]]:
    """The lines after one more build over the same work file."""
    variables = TODAY | {"freshbooks_incremental": True}
    built = dbt.run(folder, tables, "run", *arguments, variables=variables, project=folder / "project")
    assert built.succeeded, built.output
    return lines(folder)
