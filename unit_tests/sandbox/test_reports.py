"""How reports are asked for and what they look like (freshbooks-api.md 3.10)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from freshbooks_sandbox import Sandbox
from freshbooks_sandbox.reports import REPORTS

from .conftest import MAIN, Api, caller

ROOT = "{acct}/reports/accounting"
WIDE = {"start_date": "2024-10-01", "end_date": "2026-11-05", "sales_type": "collected"}


def report(api: Api, name: str, params: Any = None) -> dict[str, Any]:
    (found,) = api.list(f"{ROOT}/{name}", WIDE if params is None else params).values()
    return found


def claims(found: dict[str, Any]) -> dict[str, str]:
    middle = found["download_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))


class TestAsking:
    @pytest.mark.parametrize("name", sorted(REPORTS))
    def test_flat_dates_count_and_search_dates_silently_mean_today(self, api: Api, name: str) -> None:
        searched = {f"search[{key}]": value for key, value in WIDE.items()} | {"sales_type": "collected"}
        assert claims(report(api, name))["start_date"] == "2024-10-01"
        asked = claims(report(api, name, searched))
        assert (asked["start_date"], asked["end_date"]) == ("2026-11-05", "2026-11-05")

    @pytest.mark.parametrize("name", sorted(REPORTS))
    def test_they_are_never_paged(self, api: Api, name: str) -> None:
        assert report(api, name, {**WIDE, "page": 7, "per_page": 1}) == report(api, name)

    @pytest.mark.parametrize("name", sorted(REPORTS))
    def test_each_shows_one_currency_the_base_one_unless_told(self, api: Api, name: str) -> None:
        def codes(value: Any) -> set[str]:
            if isinstance(value, dict):
                own = {value["code"]} if set(value) == {"amount", "code"} else set()
                return own.union(*map(codes, value.values()))
            return set().union(*map(codes, value)) if isinstance(value, list) else set()

        assert codes(report(api, name, {**WIDE, "currency_code": "CAD"})) - {"%"} == {"CAD"}
        everything = {"USD", "CAD", "EUR"} if name == "payments_collected" else {"USD"}
        assert codes(report(api, name)) - {"%"} == everything

    @pytest.mark.parametrize(
        ("name", "params", "errno"),
        [
            ("revenue_by_client", {}, 1004),
            ("revenue_by_client", {"sales_type": "dreamt"}, 1004),
            ("profitloss_entity", {"start_date": "yesterday"}, 1033),
            ("profitloss_entity", {"start_date": "2026-02-01", "end_date": "2026-01-31"}, 1007),
            ("profitloss_entity", {"resolution": "w"}, 1004),
            ("balance_sheet", {"dates[]": "2026-13-01"}, 1033),
        ],
    )
    def test_what_is_wrong_is_told(self, api: Api, name: str, params: dict[str, str], errno: int) -> None:
        error = api.get(f"{ROOT}/{name}", params).json()["response"]["errors"][0]
        assert error["errno"] == errno
        if name == "revenue_by_client" and not params:
            assert error["message"] == "Invalid value '' for field 'sales_type'."

    def test_a_report_may_be_gated(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.behaviours.gated = {"balance_sheet"}
        assert fresh_api.get(f"{ROOT}/balance_sheet").json()["response"]["errors"][0]["errno"] == 1003

    def test_the_result_key_of_profit_and_loss_is_another(self, api: Api) -> None:
        assert list(api.list(f"{ROOT}/profitloss_entity")) == ["profitloss"]


class TestShapes:
    def test_profit_and_loss_by_quarter(self, api: Api) -> None:
        dates = {"start_date": "2026-02-15", "end_date": "2026-09-30", "resolution": "q"}
        found = report(api, "profitloss_entity", dates)
        assert found["labels"] == ["2026-01-01", "2026-04-01", "2026-07-01"]
        assert found["dates"][0] == {"start_date": "2026-01-01", "end_date": "2026-03-31"}
        assert (found["resolution"], found["cash_based"]) == ("3m", False)
        assert found["gross_margin"]["total"]["code"] == "%"
        assert found["gross_margin"]["entry_type"] == "none"
        sales, cogs = found["income"]
        assert (sales["description"], sales["entry_type"]) == ("Sales", "credit")
        assert {row["description"] for row in sales["children"]} <= {"Invoice", "Credit", "Other Income"}
        assert cogs["description"] == "Cost of Goods Sold"
        assert len(sales["data"]) == 3

    def test_its_expenses_are_a_tree_of_three_levels(self, api: Api) -> None:
        found = report(api, "profitloss_entity")["expenses"]
        office = next(row for row in found if row["description"] == "Office Expenses & Postage")
        assert {row["description"] for row in office["children"]} >= {"Software", "Office Supplies"}
        leaves = {leaf["description"] for row in office["children"] for leaf in row["children"]}
        assert leaves == {"Bills", "Expenses"}
        alone = next(row for row in found if row["description"] == "Advertising")
        assert [row["description"] for row in alone["children"]] == ["Advertising (general)"]

    def test_profit_and_loss_without_a_resolution_has_one_column(self, api: Api) -> None:
        found = report(api, "profitloss_entity")
        assert (found["resolution"], found["labels"]) == (None, ["2024-10-01"])

    def test_expense_details_come_with_maps(self, api: Api) -> None:
        found = report(api, "expense_details")
        assert found["clients"]["0"]["userid"] is None
        rows = [row for group in found["data"] for row in group["expenses"]]
        assert {row["clientid"] for row in rows} == set(found["clients"])
        assert {row["authorid"] for row in rows} == set(found["authors"])
        assert {row["vendorid"] for row in rows if row["vendor"]} == set(found["vendors"])
        assert {row["categoryid"] for row in rows} <= set(found["categories"])
        assert {group["groupid"] for group in found["data"]} <= set(found["categories"])
        assert all(isinstance(row["expenseid"], int) for row in rows)

    def test_invoice_details_hold_drafts_and_no_deleted_ones(self, demo: Sandbox, api: Api) -> None:
        found = report(api, "invoice_details", {**WIDE, "currency_code": "USD"})
        shown = {r["invoiceid"]: r for client in found["clients"] for r in client["invoices"]}
        rows = demo.books(MAIN)["invoices"].values()
        assert set(shown) == {r["id"] for r in rows if r["vis_state"] != 1 and r["currency_code"] == "USD"}
        assert {r["v3_status"] for r in shown.values()} >= {"draft", "overdue", "paid"}

    def test_the_sheets_own_invoice(self, fresh: Sandbox, fresh_api: Api) -> None:
        client = next(iter(fresh.books(MAIN)["clients"]))
        taxes = {"taxName1": "TPS", "taxAmount1": "5", "taxName2": "TVQ", "taxAmount2": "9.975"}
        lines = [
            {"name": "Calendar", "unit_cost": "555.55", **taxes},
            {"name": "Pencil", "unit_cost": "7.98", **taxes},
        ]
        fields = {"customerid": client, "create_date": "2026-11-05", "discount_value": 15, "lines": lines}
        fresh.create("invoices", MAIN, **fields)
        row = report(fresh_api, "invoice_details")["clients"][0]["invoices"][0]
        assert [row[k]["amount"] for k in ("subtotal", "discount_total", "tax", "total")] == [
            *("563.53", "-84.53", "71.73", "550.73")
        ]
        first = row["lines"][0]
        assert [first[k]["amount"] for k in ("tax_amount1", "tax_amount2", "total")] == [
            "23.61",
            "47.10",
            "626.26",
        ]

    def test_revenue_by_client_goes_by_month(self, api: Api) -> None:
        found = report(api, "revenue_by_client", {**WIDE, "start_date": "2026-09-10"})
        assert found["labels"] == ["2026-09-01", "2026-10-01", "2026-11-01"]
        assert len(found["clients"][0]["data"]) == 3


class TestPlantedErrors:
    @pytest.mark.parametrize("name", sorted(REPORTS))
    def test_a_skew_moves_the_report_and_not_the_books(self, demo: Sandbox, api: Api, name: str) -> None:
        true, details = report(api, name), api.list("{acct}/journal_entries/journal_entry_details")
        demo.behaviours.report_skew = {name: "0.05"}
        try:
            wrong = report(api, name)
            assert api.list("{acct}/journal_entries/journal_entry_details") == details
        finally:
            demo.behaviours.report_skew = {}
        assert wrong != true
        assert report(api, name) == true

    def test_an_empty_report_has_only_totals_to_be_wrong(self, fresh: Sandbox) -> None:
        fresh.behaviours.report_skew = {"accounts_aging": "0.05"}
        found = report(caller(fresh), "accounts_aging")
        assert (found["accounts"], found["totals"]["total"]["amount"]) == ([], "0.05")
