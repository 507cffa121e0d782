"""The newer journal entries, the reports by business, and the ledger's date filters (3.3, 3.6, 3.10)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from freshbooks_sandbox import Sandbox

from .conftest import ACCOUNT, MAIN, SECOND, Api, caller

UUID = {number: f"{number:08x}-0002-4d2e-8de2-a77e0c34a9a1" for number in (MAIN, SECOND)}
ENTRIES = f"/accounting/businesses/{UUID[MAIN]}/journal_entries"
NEWER = {"x-api-version": "2023-09-25"}
DETAILS = "{acct}/journal_entries/journal_entry_details"
WIDE = {"start_date": "2024-10-01", "end_date": "2026-11-05"}
BOTH = pytest.mark.parametrize("business", [MAIN, SECOND])


def dec(value: dict[str, str]) -> Decimal:
    return Decimal(value["amount"])


def report(api: Api, name: str, business: int = MAIN, **params: str) -> Any:
    (found,) = api.list(
        f"/accounting/businesses/{UUID[business]}/reports/{name}", {**WIDE, **params}
    ).values()
    return found


class TestManualEntries:
    def test_the_version_header_is_required(self, api: Api) -> None:
        assert api.get(ENTRIES).status_code == 404
        assert api.get(ENTRIES, headers={"x-api-version": "2023-02-20"}).status_code == 404
        assert api.get(ENTRIES, headers=NEWER).status_code == 200

    def test_pages_are_cut_to_fifteen_and_the_total_is_told(self, demo: Sandbox, api: Api) -> None:
        found = api.get(ENTRIES, {"page_size": 100}, headers=NEWER).json()
        assert found["page"] == {"page_number": 1, "page_size": 15, "total": 5}
        assert found["page"]["total"] == len(demo.books(MAIN)["journal_entries"])
        second = api.get(ENTRIES, {"page_number": 2, "page_size": 3}, headers=NEWER).json()
        assert second["manualJournalEntries"] == found["manualJournalEntries"][3:]

    def test_details_balance_and_name_ledger_accounts(self, api: Api) -> None:
        accounts = api.get(f"/accounting/businesses/{UUID[MAIN]}/ledger_accounts/accounts").json()["data"]
        known = {row["uuid"] for row in accounts}
        answer = api.get(ENTRIES, headers=NEWER)
        for row in json.loads(answer.text, parse_float=Decimal)["manualJournalEntries"]:
            sides = {"TYPE_DEBIT": Decimal(0), "TYPE_CREDIT": Decimal(0)}
            for detail in row["details"]:
                assert detail["accountId"] in known
                assert not isinstance(detail["amount"]["amount"], str)
                sides[detail["type"]] += detail["amount"]["amount"]
            assert sides["TYPE_DEBIT"] == sides["TYPE_CREDIT"] > 0
            assert set(row["userEnteredDate"]) == {"year", "month", "day"}

    def test_one_is_written_changed_and_deleted(self, fresh: Sandbox, fresh_api: Api) -> None:
        accounts = fresh_api.get(f"/accounting/businesses/{UUID[MAIN]}/ledger_accounts/accounts").json()[
            "data"
        ]
        one, two = [row["uuid"] for row in accounts if row["jesa_id"]][:2]
        amount = {"amount": 12.5, "code": "USD"}
        entry = {
            "name": "Accrual",
            "journalEntryNumber": "ACC-1",
            "userEnteredDate": {"year": 2026, "month": 10, "day": 31},
            "details": [
                {"accountId": one, "amount": amount, "type": "TYPE_DEBIT"},
                {"accountId": two, "amount": amount, "type": "TYPE_CREDIT"},
            ],
        }
        sent = {"manualJournalEntry": entry}
        made = fresh_api.call("POST", ENTRIES, json=sent, headers=NEWER).json()["manualJournalEntry"]
        assert (made["journalEntryNumber"], made["details"]) == ("ACC-1", entry["details"])
        assert [row["debit"] for row in fresh_api.list(DETAILS)["journal_entry_details"]] == [
            *(None, {"amount": "12.50", "code": "USD"})
        ]
        path = f"{ENTRIES}/{made['uuid']}"
        again = {"manualJournalEntry": {**entry, "name": "Accrual of October"}}
        changed = fresh_api.call("PUT", path, json=again, headers=NEWER).json()["manualJournalEntry"]
        assert (changed["uuid"], changed["name"]) == (made["uuid"], "Accrual of October")
        odd = {"manualJournalEntry": {**entry, "journalEntryNumber": "no spaces"}}
        assert fresh_api.call("POST", ENTRIES, json=odd, headers=NEWER).status_code == 400
        assert fresh_api.call("DELETE", path, headers=NEWER).status_code == 200
        assert fresh_api.list(DETAILS)["total"] == 0

    def test_the_demos_own_leave_every_months_end_as_it_was(self, demo: Sandbox) -> None:
        for business in (MAIN, SECOND):
            rows = [
                r for r in demo.books(business)["journal_entries"].values() if r["name"].startswith("Owner")
            ]
            by_month: dict[tuple[str, int], Decimal] = {}
            for row in rows:
                for d in row["details"]:
                    key = (row["user_entered_date"][:7], d["sub_accountid"])
                    moved = Decimal(d["debit"] or 0) - Decimal(d["credit"] or 0)
                    by_month[key] = by_month.get(key, Decimal(0)) + moved
            assert len(rows) == 4
            assert set(by_month.values()) == {Decimal(0)}


class TestReports:
    @BOTH
    def test_the_general_ledger_is_the_details_of_the_period(
        self, demo: Sandbox, api: Api, business: int
    ) -> None:
        dates = {"start_date": "2026-01-01", "end_date": "2026-06-30"}
        code = demo.books(business).currency
        found = report(api, "general_ledger", business, **dates)
        rows = [
            (s["sub_account_name"], t["date"], t["debit"]["amount"], t["credit"]["amount"])
            for account in found["data"]
            for s in account["sub_accounts"]
            for t in s["transactions"]
        ]
        details = [
            (
                d["sub_account"]["account_sub_name"],
                d["user_entered_date"],
                d["debit"]["amount"] if d["debit"] else "0.00",
                d["credit"]["amount"] if d["credit"] else "0.00",
            )
            for d in demo.books(business)["journal_entry_details"].values()
            if d["balance"]["code"] == code
            and dates["start_date"] <= d["user_entered_date"] <= dates["end_date"]
        ]
        assert sorted(rows) == sorted(details) != []
        assert found["summary"]["total_debit"] == found["summary"]["total_credit"]
        for account in found["data"]:
            for side in ("debit", "credit", "net_movement_debit"):
                if side != "net_movement_debit":
                    assert dec(account[side]) == sum(dec(s[side]) for s in account["sub_accounts"])
            net = dec(account["net_movement_debit"]) - dec(account["net_movement_credit"])
            assert net == dec(account["debit"]) - dec(account["credit"])

    def test_the_general_ledger_of_one_account(self, api: Api) -> None:
        first = report(api, "general_ledger")["data"][0]
        only = report(api, "general_ledger", accountid=first["accountid"])
        assert only["data"] == [first]
        assert only["summary"]["total_debit"] == first["debit"]

    @BOTH
    def test_cash_flow_leads_from_one_trial_balance_to_the_next(self, api: Api, business: int) -> None:
        def cash(day: str) -> Decimal:
            rows = report(api, "trial_balance", business, end_date=day)["data"]
            return sum(
                (dec(r["debit"]) - dec(r["credit"]) for r in rows if r["account_number"] == "1000"),
                Decimal(0),
            )

        found = report(api, "cash_flow", business, start_date="2026-01-01", end_date="2026-06-30")
        summary = {name: dec(value) for name, value in found["summary"].items()}
        assert (summary["starting_balance"], summary["ending_balance"]) == (
            cash("2025-12-31"),
            cash("2026-06-30"),
        )
        change = summary["ending_balance"] - summary["starting_balance"]
        assert change == summary["net_cash_change"] == sum(dec(a["total"]) for a in found["activities"])
        assert change == summary["gross_cash_inflow"] + summary["gross_cash_outflow"]
        assert summary["gross_cash_outflow"] < 0 < summary["gross_cash_inflow"]
        assert [a["category"] for a in found["activities"]] == ["operating", "investing", "financing"]

    @BOTH
    def test_the_chart_of_accounts_has_the_older_charts_balances(
        self, demo: Sandbox, api: Api, business: int
    ) -> None:
        root = f"/accounting/businesses/{UUID[business]}/reports/chart_of_accounts"
        rows = api.list(root)["journal_entry_accounts"]
        old = demo.books(business)["journal_entry_accounts"].values()
        assert {r["account_number"]: Decimal(r["balance"]) for r in rows} == {
            a["account_number"]: Decimal(a["balance"]) for a in old
        }
        assert all(r["balance"][-4] == "." and r["currency_code"] is None for r in rows)
        named = api.list(root, {"currency_code": "EUR", "account_type": "income"})["journal_entry_accounts"]
        assert {(r["currency_code"], r["account_type"]) for r in named} == {("EUR", "income")}

    @pytest.mark.parametrize("basis", ["true", "false"])
    def test_both_places_answer_the_same_on_both_bases(self, api: Api, basis: str) -> None:
        params = {**WIDE, "cash_based": basis}
        old = api.list("{acct}/reports/accounting/profitloss_entity", params)["profitloss"]
        new = report(api, "profit_and_loss", cash_based=basis)
        assert {**new, "download_token": ""} == {**old, "download_token": ""}
        tax = report(api, "taxsummary", cash_based=basis)
        assert tax["cash_based"] is (basis == "true")

    def test_invoice_details_go_by_either_date_and_by_lists(self, demo: Sandbox, api: Api) -> None:
        def shown(**params: str) -> set[int]:
            found = api.list("{acct}/reports/accounting/invoice_details", {**period, **params})[
                "invoice_details"
            ]
            return {row["invoiceid"] for client in found["clients"] for row in client["invoices"]}

        period = {"start_date": "2026-03-01", "end_date": "2026-05-31"}
        rows = [
            r
            for r in demo.books(MAIN)["invoices"].values()
            if r["vis_state"] != 1 and r["currency_code"] == "USD"
        ]
        for name, column in (("issue", "create_date"), ("paid", "date_paid")):
            inside = {r["id"] for r in rows if "2026-03-01" <= (r[column] or "") <= "2026-05-31"}
            assert shown(date_type=name) == inside != set()
        client = rows[40]["customerid"]
        assert shown(clientids=str(client)) == {
            r["id"] for r in rows if r["customerid"] == client and "2026-03" <= r["create_date"] < "2026-06"
        }
        assert shown(statusids="paid,draft") < shown()
        wrong = api.get("{acct}/reports/accounting/invoice_details", {"date_type": "dreamt"})
        assert wrong.json()["response"]["errors"][0]["errno"] == 1004

    def test_the_places_can_be_gone_or_take_another_id(self, fresh: Sandbox, fresh_api: Api) -> None:
        older, by_uuid = "{acct}/reports/accounting/balance_sheet", f"/accounting/businesses/{UUID[MAIN]}"
        newer, by_number = (
            f"{by_uuid}/reports/balance_sheet",
            f"/accounting/businesses/{MAIN}/reports/balance_sheet",
        )

        def statuses() -> list[int]:
            return [fresh_api.get(path).status_code for path in (older, newer, by_number)]

        assert statuses() == [200, 200, 404]
        fresh.behaviours.gone_reports = {"balance_sheet"}
        assert statuses() == [404, 200, 404]
        fresh.behaviours.newer_reports = "business"
        assert statuses() == [404, 404, 200]
        fresh.behaviours.newer_reports = "none"
        assert statuses() == [404, 404, 404]

    def test_a_report_may_ignore_its_dates(self, fresh: Sandbox, fresh_api: Api) -> None:
        fresh.behaviours.dateless_reports = {"taxsummary"}
        found = fresh_api.list("{acct}/reports/accounting/taxsummary", WIDE)["taxsummary"]
        assert (found["start_date"], found["end_date"]) == ("2026-11-05", "2026-11-05")

    def test_a_mere_client_sees_none(self, api: Api) -> None:
        uuid = f"{512_340:08x}-0002-4d2e-8de2-a77e0c34a9a1"
        answer = api.get(f"/accounting/businesses/{uuid}/reports/cash_flow").json()
        assert answer["response"]["errors"][0]["errno"] == 1003


class TestScopeOfTheLedger:
    PLACES = (
        f"/accounting/businesses/{UUID[MAIN]}/ledger_accounts/accounts",
        f"/accounting/businesses/{UUID[MAIN]}/reports/trial_balance",
        f"/accounting/businesses/{UUID[MAIN]}/reports/general_ledger",
    )

    def statuses(self, sandbox: Sandbox, *objects: str) -> list[int]:
        api = caller(sandbox, [f"user:{name}:read" for name in objects])
        return [api.get(path).status_code for path in self.PLACES]

    def test_account_is_enough_and_so_is_what_the_product_asks_for(self, fresh: Sandbox) -> None:
        assert self.statuses(fresh, "account") == [200, 200, 200]
        assert self.statuses(fresh, "journal_entries", "reports") == [200, 200, 200]
        assert "user:account:read" in caller(fresh, ["user:profile:read"]).get(self.PLACES[0]).text

    def test_it_can_be_required_or_unknown(self, fresh: Sandbox) -> None:
        fresh.behaviours.account_scope = "required"
        assert self.statuses(fresh, "journal_entries", "reports") == [403, 403, 403]
        fresh.behaviours.account_scope = "unknown"
        assert self.statuses(fresh, "account") == [403, 403, 403]


class TestFiltersOfTheLedger:
    def test_details_of_a_period_and_an_account(self, demo: Sandbox, api: Api) -> None:
        rows = list(demo.books(MAIN)["journal_entry_details"].values())
        dates = [("search[start_date]", "2026-02-01"), ("search[end_date]", "2026-02-28")]
        found = api.every(DETAILS, "journal_entry_details", dates)
        february = {r["detailid"] for r in rows if r["user_entered_date"].startswith("2026-02")}
        assert {r["detailid"] for r in found} == february != set()
        account = found[0]["sub_account"]["sub_accountid"]
        narrowed = api.every(DETAILS, "journal_entry_details", [*dates, ("search[sub_accountid]", account)])
        assert {r["sub_account"]["sub_accountid"] for r in narrowed} == {account}
        wrong = api.get(DETAILS, {"search[start_date]": "February"})
        assert wrong.json()["response"]["errors"][0]["errno"] == 1023

    def test_balances_of_a_period_and_a_currency(self, api: Api) -> None:
        path = f"/accounting/account/{ACCOUNT[MAIN]}/journal_entry_accounts/journal_entry_accounts"
        asked = {
            "search[currency_code]": "CAD",
            "search[start_date]": "2026-01-01",
            "search[end_date]": "2026-06-30",
        }
        found = api.list(path, asked)["journal_entry_accounts"]
        ledger = report(
            api, "general_ledger", start_date="2026-01-01", end_date="2026-06-30", currency_code="CAD"
        )["data"]
        moved = {a["account_number"]: dec(a["debit"]) - dec(a["credit"]) for a in ledger}
        for account in found:
            sign = 1 if account["account_type"] in ("asset", "expense") else -1
            assert Decimal(account["balance"]) == sign * moved.get(account["account_number"], 0)
            assert account["currency_code"] == "CAD"
        assert api.list(path)["journal_entry_accounts"] != found
