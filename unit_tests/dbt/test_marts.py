"""The marts over hand-made raw tables, against figures computed here in Decimal from the same ledger."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
import shutil
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from unit_tests.dbt.books import all_rows, entry
from unit_tests.dbt.builds import BUILD, FILES, MARTS, TODAY, WORK, Build, Dbt, duckdb_files
from unit_tests.dbt.ledger import AS_OF_DATE, ONE, expense, invoice, rows
from unit_tests.dbt.raw_tables import Row

ZERO = Decimal(0)


@pytest.fixture(scope="module")
def broken_build(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Errors planted in several streams, and some streams missing."""
    tables = copy.deepcopy(rows())
    # Arithmetic: one cent too much on an invoice, and a payment that its invoice does not know.
    tables["invoices"].append(invoice(ONE, 900, 8, "100.01", "2026-08-01", lines=[]))
    tables["invoices"].append(invoice(ONE, 901, 8, "50.00", "2026-08-01", paid="10.00"))
    # Unreadable: text in a number, a null key, bad JSON, an impossible date, money that is no object.
    tables["expenses"].append(expense(ONE, 900, 11, "12,50", "2026-05-01"))
    tables["expenses"].append({**expense(ONE, 901, 11, "1.00", "2026-05-01"), "expenseid": None})
    tables["expenses"].append({**expense(ONE, 902, 11, "1.00", "2026-05-01"), "amount": '{"amount": '})
    tables["expenses"].append(expense(ONE, 903, 11, "1.00", "2020-11-219"))
    tables["expenses"].append({**expense(ONE, 904, 11, "1.00", "2026-05-01"), "taxAmount1": [13]})
    # A day that is none stands in a text here: no loader can have refused it.
    tables["time_entries"].append(entry(ONE, 900, "1", local_started_at="2026-06-31T22:30:00"))
    tables["time_entries"].append(entry(ONE, 901, "1", local_started_at="2024-02-29T22:30:00"))
    tables["time_entries"].append(entry(ONE, 902, "1", local_started_at=None))
    for stream in ("businesses", "expense_categories", "estimates"):
        del tables[stream]
    return dbt.run(
        tmp_path_factory.mktemp("broken"),
        tables,
        *BUILD,
        text_columns={"expenses": ["amount", "date"]},
    )


# -- what the marts must say, from the ledger -------------------------------------------------------------


def amount(value: Row | None) -> Decimal:
    return Decimal(value["amount"]) if value else ZERO


def newest(records: list[Row], key: str) -> list[Row]:
    found: dict[tuple[Any, ...], Row] = {}
    for record in sorted(records, key=lambda r: r["updated_at_utc"]):
        found[record["business_id"], record[key]] = record
    return list(found.values())


def expected_balances() -> dict[tuple[int, int, str], dict[str, Any]]:
    """(business, client, currency) -> figures of outstanding_balances."""
    as_of = dt.date.fromisoformat(AS_OF_DATE)
    found: dict[tuple[int, int, str], dict[str, Any]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for record in newest(all_rows()["invoices"], "invoiceid"):
        figures_key = (record["business_id"], record["customerid"], record["currency_code"])
        owed = amount(record["amount"]) - amount(record["paid"])
        late = (as_of - dt.date.fromisoformat(record["due_date"])).days
        if record["is_deleted"] or owed == 0:
            continue
        figures = found[figures_key]
        if record["v3_status"] == "draft":
            figures["draft_amount"] += owed
            figures["draft_count"] += 1
        elif owed < 0:
            figures["overpaid_amount"] -= owed
        else:
            bounds = [
                (90, "overdue_91_plus"),
                (60, "overdue_61_90"),
                (30, "overdue_31_60"),
                (0, "overdue_1_30"),
            ]
            bucket = next((name for bound, name in bounds if late > bound), "current")
            figures["outstanding_amount"] += owed
            figures[f"{bucket}_amount"] += owed
            figures["open_invoice_count"] += 1
            figures["overdue_amount"] += owed if late > 0 else ZERO
            figures["oldest_due_date"] = min(figures.get("oldest_due_date", "9999"), record["due_date"])
    for record in all_rows()["credit_notes"]:
        if not record["is_deleted"] and record["display_status"] != "draft":
            key = (record["business_id"], record["clientid"], record["currency_code"])
            found[key]["unapplied_credit_amount"] += amount(record["amount"]) - amount(record["paid"])
    return found


def expected_expenses() -> dict[tuple[Any, ...], tuple[Decimal, ...]]:
    """(business, category, month, currency) -> total, tax, billable, count."""
    found: dict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [ZERO] * 4)
    for record in rows()["expenses"]:
        if record["is_deleted"]:
            continue
        month = dt.date.fromisoformat(record["date"]).replace(day=1)
        figures = found[record["business_id"], record["categoryid"] or None, month, record["amount"]["code"]]
        figures[0] += amount(record["amount"])
        figures[1] += amount(record.get("taxAmount1")) + amount(record.get("taxAmount2"))
        figures[2] += amount(record["amount"]) if record["billable"] else ZERO
        figures[3] += 1
    return {key: tuple(figures) for key, figures in found.items()}


# -- the good build ---------------------------------------------------------------------------------------


def test_outstanding_balances_equal_the_ledger(build: Build) -> None:
    found = {
        (r["business_id"], r["client_id"], r["currency_code"]): r for r in build.dicts("outstanding_balances")
    }
    expected = expected_balances()
    assert found.keys() == expected.keys()
    for key, figures in expected.items():
        row = found[key]
        due = figures.pop("oldest_due_date", None)
        assert (row["oldest_due_date"] and row["oldest_due_date"].isoformat()) == due, key
        amounts = {n: v or 0 for n, v in row.items() if n.endswith(("_amount", "_count"))}
        assert amounts == {**dict.fromkeys(amounts, 0), **figures}, key
        assert row["as_of_date"].isoformat() == AS_OF_DATE


def test_clients_of_every_status_are_shown(build: Build) -> None:
    found = {
        (r["business_id"], r["client_id"]): (r["client_name"], r["client_status"])
        for r in build.dicts("outstanding_balances")
        if r["currency_code"] == "USD"
    }
    assert found[1, 6] == ("Client 6", "archived")
    assert found[1, 7] == ("Client 7", "deleted")
    assert found[1, 404] == ("Invoiced 404", None)
    assert found[2, 5] == ("Ann", "active")


def test_expense_categories_equal_the_ledger(build: Build) -> None:
    found = {
        (r["business_id"], r["category_id"], r["month_start_date"], r["currency_code"]): (
            r["total_amount"],
            r["tax_amount"],
            r["billable_amount"],
            r["expense_count"],
        )
        for r in build.dicts("expense_categories")
    }
    assert found == expected_expenses()


def test_expenses_name_the_person(build: Build) -> None:
    found = {
        (r["business_id"], r["expense_id"]): (r["staff_id"], r["staff_name"]) for r in build.dicts("expenses")
    }
    names = {(s["business_id"], s["userid"]): s["fname"] for s in all_rows()["staff"]}
    assert found == {
        (e["business_id"], e["expenseid"]): (
            e.get("staffid"),
            names.get((e["business_id"], e.get("staffid"))),
        )
        for e in all_rows()["expenses"]
        if not e["is_deleted"]
    }
    assert {"Gordon", None} == {name for _, name in found.values()}


def test_payments_name_the_credit_that_took_the_rest(build: Build) -> None:
    found = {
        (r["payment_id"], r["overpayment_credit_id"], r["overpayment_credit_number"])
        for r in build.dicts("payments")
        if r["overpayment_credit_id"]
    }
    assert found == {(22, 2, "C-2")}


def test_category_paths_stay_inside_their_business(build: Build) -> None:
    found = {
        (r["business_id"], r["category_id"]): r["category_path"] for r in build.dicts("expense_categories")
    }
    assert found == {
        (1, 11): "Travel > Airfare",
        (1, 12): "Materials",
        (1, None): "Uncategorised",
        (2, 11): "Office > Paper",
    }


def test_contacts_are_people_and_not_merged_across_businesses(build: Build) -> None:
    found = {
        (r["business_id"], r["contact_key"]): (r["client_id"], r["full_name"], r["status"], r["client_count"])
        for r in build.dicts("crm_contacts")
    }
    assert found == {
        # Two who share an address are two people.
        (1, "ann@example.com, ann lee"): (5, "Ann Lee", "active", 1),
        (1, "ann@example.com, ann old"): (6, "Ann Old", "archived", 1),
        (1, "bob@example.com"): (5, "Bob Ray", "active", 2),  # secondary of 5, primary of deleted 7
        (1, "client 5, number 2"): (5, "Nameless", "active", 1),
        (1, "client 8, primary"): (8, None, "active", 1),
        (1, "client 9, primary"): (9, None, "active", 1),
        (1, "client 10, primary"): (10, None, "active", 1),
        (2, "ann@example.com"): (5, "Ann", "active", 1),
    }


def test_contact_activity_leaves_out_drafts_credits_and_deleted_invoices(build: Build) -> None:
    (ann,) = (r for r in build.dicts("crm_contacts") if (r["business_id"], r["full_name"]) == (1, "Ann Lee"))
    assert ann["first_activity_date"] == dt.date(2025, 12, 1)  # an estimate
    # Not 2026-06-25 (a credit applied) and not 2026-06-28 (payment of a deleted invoice).
    assert ann["last_payment_date"] == ann["last_activity_date"] == dt.date(2026, 6, 11)
    assert ann["last_invoice_date"] == dt.date(2026, 1, 15)
    assert ann["invoice_count"] == 7


def test_the_file_is_readable_by_older_duckdb_and_carries_its_docs(build: Build) -> None:
    assert not (build.folder / "marts.duckdb.wal").exists()
    ((tags,),) = build.query("select tags from duckdb_databases() where database_name = 'published'")
    assert tags["storage_version"].startswith("v1.2.0")
    undocumented = build.query(
        "select table_name, column_name from duckdb_columns() where schema_name = 'marts' and comment is null"
    )
    assert undocumented == []
    tables = build.query(
        "select table_name from duckdb_tables() where schema_name = 'marts' and comment is not null"
    )
    assert sorted(name for (name,) in tables) == sorted(MARTS)
    assert build.query("select distinct schema_name from duckdb_tables()") == [("marts",)]


@pytest.mark.long
def test_docs_are_generated_with_every_mart(dbt: Dbt, build: Build, tmp_path: Path) -> None:
    for name in FILES.values():
        shutil.copy(build.folder / f"{name}.duckdb", tmp_path)
    (tmp_path / "target").mkdir()  # dbt makes it only where it parses
    done = dbt.call(tmp_path, duckdb_files(tmp_path), "docs", "generate", "--no-compile", variables=TODAY)
    assert done.succeeded, done.output
    catalog = json.loads((tmp_path / "target" / "catalog.json").read_text())
    shown = {node["metadata"]["name"] for node in catalog["nodes"].values() if node["columns"]}
    assert shown >= set(MARTS)


def test_freshness_says_what_the_build_was_told(build: Build) -> None:
    told = build.query("select distinct connector_version, generation from published.marts.fb_freshness")
    assert told == [("1.2.3", "7")]


def test_what_the_environment_tells_a_build_shapes_no_parsed_project(
    dbt: Dbt, build: Build, tmp_path: Path
) -> None:
    """So it may change without parsing again: `dbt.call` compiles what was parsed without it."""
    (tmp_path / "target").mkdir()
    for name in FILES.values():
        shutil.copy(build.folder / f"{name}.duckdb", tmp_path)
    told = {
        "AS_OF_DATE": "2026-07-14",
        "STREAMS": ["invoices"],
        "START_DATE": "2026-03-01",
        "GENERATION": "8",
    }
    done = dbt.call(
        tmp_path,
        {**duckdb_files(tmp_path), **{f"FRESHBOOKS_DBT_{name}": json.dumps(v) for name, v in told.items()}},
        *("compile", "--select", "fb_freshness", "stg_freshbooks__invoices", "stg_freshbooks__clients"),
        *("int_invoices",),
        variables={"freshbooks_publish": True},
    )
    assert done.succeeded, done.output
    found = {path.stem: path.read_text() for path in (tmp_path / "target" / "compiled").rglob("*.sql")}
    assert re.search(r"cast\('8' as \w+\) as generation", found["fb_freshness"], re.IGNORECASE)
    assert "cast('2026-07-14' as date) as as_of_date" in found["fb_freshness"]
    assert '"freshbooks"."invoices"' in found["stg_freshbooks__invoices"]
    assert '"freshbooks"."clients"' not in found["stg_freshbooks__clients"]
    assert "2026-03-01" in found["int_invoices"]


# -- the broken build -------------------------------------------------------------------------------------


@pytest.mark.long
def test_planted_errors_stop_nothing(broken_build: Build) -> None:
    assert broken_build.succeeded, broken_build.output


@pytest.mark.long
def test_planted_errors_of_arithmetic_are_differences_with_their_rows(broken_build: Build) -> None:
    wrong = {
        r["check_name"]: r["wrong_rows"] for r in broken_build.dicts("fb_reconciliation") if not r["is_ok"]
    }
    assert wrong == {
        "invoice amount is lines less discount plus tax": "invoice 900: 0.00 against 100.01",
        "invoice paid is payments plus credits applied": "invoice 901: 0.00 against 10.00",
    }


@pytest.mark.long
def test_rows_that_cannot_be_read_are_set_aside_and_listed(broken_build: Build) -> None:
    listed = {
        (r["stream_name"], r["row_key"], r["column_name"], r["value_text"], r["is_row_published"])
        for r in broken_build.dicts("fb_rejected_rows")
    }
    assert listed == {
        ("expenses", "900", "amount", "12,50", False),
        ("expenses", None, "expenseid", None, False),
        ("expenses", "902", "amount", "{...}", False),
        ("expenses", "903", "date", "2020-11-219", False),
        ("expenses", "904", "taxamount1", "[13]", False),
        ("time_entries", "900", "local_started_at", "2026-06-31T22:30:00", True),
    }
    published = {r["expense_id"] for r in broken_build.dicts("expenses")}
    assert published == {r["expenseid"] for r in rows()["expenses"] if not r["is_deleted"]}


def test_missing_streams_are_typed_empty_relations(broken_build: Build) -> None:
    with duckdb.connect(str(broken_build.folder / f"{WORK}.duckdb"), read_only=True) as connection:
        for model in ("businesses", "expense_categories", "estimates"):
            (count,) = connection.execute(f"select count(*) from stg_freshbooks__{model}").fetchone() or (
                None,
            )
            assert count == 0, model
        types = dict(
            connection.execute(
                "select column_name, data_type from duckdb_columns()"
                " where table_name = 'stg_freshbooks__businesses'"
            ).fetchall()
        )
        assert (types["business_id"], types["is_deleted"], types["business_name"]) == (
            "BIGINT",
            "BOOLEAN",
            "VARCHAR",
        )


def test_without_credit_notes_unapplied_credit_is_what_the_client_says(broken_build: Build) -> None:
    with duckdb.connect(str(broken_build.folder / f"{WORK}.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select client_id, currency_code, unapplied_credit_amount from int_client_credits order by 2"
        ).fetchall()
    assert found == [(9, "EUR", Decimal("4.50")), (9, "USD", Decimal("25.00"))]


def test_a_build_for_what_is_no_day_says_what_to_pass(dbt: Dbt, tmp_path: Path) -> None:
    arguments = ("compile", "--no-introspect", "--select", "int_bills")
    done = dbt.run(tmp_path, rows(), *arguments, variables={**TODAY, "as_of_date": "today"})
    assert not done.succeeded
    assert "as_of_date is not a date (got 'today')" in done.output
    assert "--vars '{as_of_date: 2026-06-30}'" in done.output
