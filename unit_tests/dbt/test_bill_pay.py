"""What is owed to suppliers, where FreshBooks lists no bills: kept in Bill Pay, and said to be incomplete.

The cases are the unit test of `int_bill_pay`; here is what the marts make of two of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from unit_tests.dbt.books import all_rows, availability
from unit_tests.dbt.builds import Dbt
from unit_tests.dbt.raw_tables import Row, Rows

pytestmark = pytest.mark.long

MODELS = ("run", "--select", "+fb_gaps", "+cash_monthly")
REASON = "Not complete: payments of bills that are kept in Bill Pay."


def without_bills() -> Rows:
    """Of bills and vendors deleted ones alone; Accounts Payable on the newest balance sheet of business 1 in USD."""
    tables = all_rows() | {"bill_payments": []}
    for stream in ("bills", "bill_vendors"):
        tables[stream] = [{**row, "is_deleted": True} for row in tables[stream]]
    for report in tables["report_balance_sheet"]:
        if report["business_id"] == 1 and report["currency_code"] == "USD":
            balances = [{"balance": {"amount": "120.00", "code": "USD"}, "date": report["end_date"]}]
            named = {"account_name": "Accounts Payable", "account_number": "2000", "balances": balances}
            section: Row = {"account_type": "liability", "category": "current", "balances": balances}
            report["data"] = [*report["data"], {**section, "accounts": [{**named, "sub_accounts": []}]}]
    return tables | {"stream_availability": availability(tables)}


def test_payables_without_bills_are_said_to_be_incomplete(dbt: Dbt, tmp_path: Path) -> None:
    built = dbt.run(tmp_path, without_bills(), *MODELS)
    assert built.succeeded, built.output
    [gap] = [gap for gap in built.dicts("fb_gaps") if gap["gap_code"] == "bill_pay"]
    assert (gap["business_id"], gap["stream_name"]) == (1, "bills")
    assert gap["reason"].startswith("Bills kept in Bill Pay cannot be read")
    assert gap["effect"] == "What you owe is incomplete, and so are money out, net cash and sales tax paid."
    affected = "bills, ap_aging, bill_payments, cash_monthly, cash_forecast, sales_tax, sales_tax_lines"
    assert gap["affected_marts"] == affected
    reasons = {(row["business_id"], row["gap_reason"]) for row in built.dicts("cash_monthly")}
    assert reasons == {(1, REASON), (2, None)}
