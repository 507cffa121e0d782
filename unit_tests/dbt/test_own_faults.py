"""What stops a build, by the name of a check: rows that a model loses or doubles; an unreadable stream."""

from __future__ import annotations

import re

import pytest
import yaml

from unit_tests.dbt.books import all_rows
from unit_tests.dbt.builds import BUILD, PROJECT, Build, Dbt

pytestmark = pytest.mark.long

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


@pytest.fixture(scope="module")
def faulty(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The faults, and a stream whose rows became unreadable: 20 of them, and more than 5 %."""
    models = {}
    for model, (text, fault, _) in FAULTS.items():
        sound = (PROJECT / "models" / "marts" / f"{model}.sql").read_text()
        assert sound.count(text) == 1
        models[model] = sound.replace(text, f"{text} {fault}")
    staged = (PROJECT / "models" / "staging" / "stg_freshbooks__items.sql").read_text()
    models["stg_freshbooks__items"] = f"{staged} cross join (select 1 as one union all select 2) as twice"
    tables = all_rows()
    for number in range(20):
        tables["estimates"].append({**tables["estimates"][0], "estimateid": 500 + number, "amount": [number]})
    # The tests that name a fault read these models alone.
    read = (*FAULTS, "ap_aging", "expense_categories", "invoices", "int_stream_availability")
    arguments = (*BUILD, "--select", *(f"+{model}" for model in read), "--indirect-selection", "buildable")
    return dbt.run(tmp_path_factory.mktemp("faulty"), tables, *arguments, models=models)


def test_a_lost_or_doubled_row_of_a_mart_stops_the_build_and_is_named(faulty: Build) -> None:
    assert not faulty.succeeded
    assert faulty.failed >= set().union(*(tests for _, _, tests in FAULTS.values())), faulty.output


def test_a_stream_that_cannot_be_read_is_no_odd_row(faulty: Build) -> None:
    """The API has changed, and the check's name says in which stream."""
    assert [name for name in faulty.failed if name.endswith("_is_readable")] == ["estimates_is_readable"]


def test_a_doubled_row_of_a_staging_model_is_named(faulty: Build) -> None:
    named = {name for name in faulty.failed if name.startswith("stg_")}
    assert named == {"stg_items_key_is_unique"}


def test_every_model_checks_that_its_key_is_unique() -> None:
    """Those of the staging models are checked together: macros/staging_keys.sql."""
    without = set()
    for path in (PROJECT / "models").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            checks = [
                check
                for test in model.get("data_tests", [])
                for check in test["checks"]["arguments"]["checks"]
            ]
            if not any("unique_combination_of_columns" in check for check in checks):
                without.add(model["name"])
    listed = {path.stem for path in (PROJECT / "models" / "staging").glob("*.sql")}
    text = (PROJECT / "macros" / "staging_keys.sql").read_text()
    assert {
        f"stg_freshbooks__{stream}" for stream in re.findall(r"^ {8}'(\w+)':", text, re.MULTILINE)
    } == listed
    assert without == listed
