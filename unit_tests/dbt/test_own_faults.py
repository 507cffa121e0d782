"""A fault of our own still stops a build, by the name of a test: rows that a model loses or doubles."""

from __future__ import annotations

import shutil
from pathlib import Path

from unit_tests.dbt.books import all_rows
from unit_tests.dbt.builds import PROJECT, Dbt

# Model: its text, the fault in its place, and the tests that must name it.
FAULTS = {
    "payments": (
        "where not payments.is_deleted",
        "and payments.payment_id <> 1",
        {"payments_tie_to_staging_per_currency"},
    ),
    "invoice_lines": (
        "where not invoices.is_deleted",
        "and (invoices.invoice_id <> 4 or invoice_lines.line_number = 1)",
        {"invoice_lines_tie_to_invoices_per_currency"},
    ),
    "expenses": (
        "left join businesses\n    on expenses.business_id = businesses.business_id",
        "or expenses.expense_id = 1",
        {"expenses_key_is_unique", "expenses_tie_to_expense_categories_per_currency"},
    ),
    "bills": (
        "where not bills.is_deleted",
        "and bills.bill_id <> 1",
        {"ap_aging_ties_to_open_bills_per_currency"},
    ),
}


def test_a_lost_or_doubled_row_of_a_mart_stops_the_build_and_is_named(dbt: Dbt, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    for model, (text, fault, _) in FAULTS.items():
        path = project / "models" / "marts" / f"{model}.sql"
        sound = path.read_text()
        assert sound.count(text) == 1
        path.write_text(sound.replace(text, f"{text} {fault}"))
    # The tests that name a fault read these models alone.
    selected = (
        "--select",
        *(f"+{model}" for model in (*FAULTS, "ap_aging", "expense_categories", "invoices")),
    )
    arguments = (
        "build",
        *selected,
        "--exclude-resource-type",
        "unit_test",
        "--indirect-selection",
        "buildable",
    )
    built = dbt.run(tmp_path, all_rows(), *arguments, project=project)
    assert not built.succeeded
    failed = {name for name, status in built.statuses.items() if status == "fail"}
    assert failed >= set().union(*(tests for _, _, tests in FAULTS.values())), built.output
