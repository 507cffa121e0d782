"""Behaviours by which the sandbox is what the probes of freshbooks-api.md 9.2 look for, one class a probe."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from freshbooks_sandbox import Sandbox

from .conftest import MAIN, Api, caller

CLIENTS, INVOICES, PAYMENTS = "{acct}/users/clients", "{acct}/invoices/invoices", "{acct}/payments/payments"
BILLS, VENDORS = "{acct}/bills/bills", "{acct}/bill_vendors/bill_vendors"
PROJECTS, TIME = "/projects/business/439000/projects", "/timetracking/business/439000/time_entries"
LINE = {"name": "Work", "qty": 1, "unit_cost": "100.00"}


@pytest.fixture
def client(fresh: Sandbox) -> int:
    return int(next(iter(fresh.books(MAIN)["clients"])))


@pytest.fixture
def invoice(fresh: Sandbox, client: int) -> int:
    made = fresh.create(
        "invoices", MAIN, customerid=client, create_date="2026-11-05", due_offset_days=30, lines=[LINE]
    )
    return int(made["id"])


def one(api: Api, path: str, **params: Any) -> dict[str, Any]:
    (row,) = api.list(path, params).values()
    return row


class TestP2ZonesOfStamps:
    def test_eastern_ones_can_be_utc_and_utc_ones_eastern(
        self, fresh: Sandbox, fresh_api: Api, client: int
    ) -> None:
        fresh.create("bill_vendors", MAIN, vendor_name="Solisco")
        fresh.create("projects", MAIN, title="P", client_id=client)

        def stamps() -> list[str]:
            row, vendor = fresh_api.list(CLIENTS)["clients"][0], fresh_api.list(VENDORS)["bill_vendors"][0]
            project = fresh_api.get(PROJECTS).json()["projects"][0]
            return [row["updated"], row["signup_date"], vendor["updated_at"], project["updated_at"]]

        east, utc = "2026-11-05 10:30:00", "2026-11-05 15:30:00"
        assert stamps() == [east, utc, utc, "2026-11-05T15:30:00"]
        fresh.behaviours.stamp_zones = {"clients": "utc", "bill_vendors": "eastern", "projects": "eastern"}
        assert stamps() == [utc, utc, east, "2026-11-05T10:30:00"]
        fresh.behaviours.stamp_zones = {"clients.signup_date": "eastern"}
        assert stamps() == [east, east, utc, "2026-11-05T15:30:00"]
        assert fresh.books(MAIN)["clients"][client]["updated"] == east  # the books are as they were


class TestP3Filters:
    @pytest.mark.parametrize(
        ("path", "name", "key", "value"),
        [
            (CLIENTS, "clients.updated_min", "search[updated_min]", "2999-01-01"),
            (CLIENTS, "clients.vis_state", "search[vis_state]", "1"),
            (
                "{acct}/journal_entries/journal_entry_details",
                "journal_entry_details.start_date",
                "search[start_date]",
                "2999-01-01",
            ),
        ],
    )
    def test_one_of_accounting_may_do_nothing(
        self, fresh: Sandbox, fresh_api: Api, client: int, path: str, name: str, key: str, value: str
    ) -> None:
        fresh.create("invoices", MAIN, customerid=client, create_date="2026-11-05", status=2, lines=[LINE])
        every = fresh_api.list(path)["total"]
        assert (fresh_api.list(path, {key: value})["total"], every > 0) == (0, True)
        fresh.behaviours.ignored_filters = {name}
        assert fresh_api.list(path, {key: value})["total"] == every

    def test_those_of_projects_and_time_too(self, fresh: Sandbox, fresh_api: Api, client: int) -> None:
        fresh.create("projects", MAIN, title="P", client_id=client)
        fields = {"is_logged": True, "started_at": "2026-11-05T10:00:00Z", "duration": 60}
        fresh_api.post(TIME, time_entry=fields)
        late = {"updated_since": "2999-01-01T00:00:00Z"}

        def totals() -> list[int]:
            return [fresh_api.get(path, late).json()["meta"]["total"] for path in (PROJECTS, TIME)]

        assert totals() == [0, 0]
        fresh.behaviours.ignored_filters = {"projects.updated_since", "time_entries.updated_since"}
        assert totals() == [1, 1]

    def test_the_day_may_begin_at_midnight_utc(self, fresh: Sandbox, fresh_api: Api, client: int) -> None:
        fresh.clock.set(datetime(2026, 11, 6, 3, tzinfo=UTC))  # still the 5th in New York
        fresh.edit("clients", MAIN, client, organization="Late")
        asked = {"search[updated_min]": "2026-11-06"}
        assert fresh_api.list(CLIENTS, asked)["total"] == 0
        fresh.behaviours.filter_days = "utc"
        assert fresh_api.list(CLIENTS, asked)["total"] == 1

    def test_updated_min_may_look_at_another_stamp(self, fresh: Sandbox, invoice: int) -> None:
        fresh.clock.advance(days=2)
        fresh.edit("invoices", MAIN, invoice, notes="changed")
        fresh_api = caller(fresh)
        asked = {"search[updated_min]": "2026-11-06"}
        assert fresh_api.list(INVOICES, asked)["total"] == 1
        fresh.behaviours.filter_stamps = {"invoices": "created_at"}
        assert fresh_api.list(INVOICES, asked)["total"] == 0


class TestP4WhatMovesAnInvoice:
    def test_a_payment_may_leave_its_stamp(self, fresh: Sandbox, invoice: int) -> None:
        row = fresh.books(MAIN)["invoices"][invoice]
        before = row["updated"]
        fresh.clock.advance(hours=1)
        fresh.behaviours.payments_move_invoices = False
        fields = {"invoiceid": invoice, "date": "2026-11-05"}
        fresh.create("payments", MAIN, amount="10", **fields)
        assert (row["updated"], row["outstanding"]["amount"]) == (before, "90.00")
        fresh.behaviours.payments_move_invoices = True
        fresh.create("payments", MAIN, amount="10", **fields)
        assert row["updated"] > before

    def test_a_change_of_lines_may_leave_it_too(self, fresh: Sandbox, fresh_api: Api, invoice: int) -> None:
        row = fresh.books(MAIN)["invoices"][invoice]
        before = row["updated"]
        fresh.clock.advance(hours=1)
        fresh.behaviours.line_edits_move_invoices = False
        fresh_api.put(f"{INVOICES}/{invoice}", invoice={"lines": [{**LINE, "lineid": 1, "unit_cost": "120"}]})
        assert (row["updated"], row["amount"]["amount"]) == (before, "120.00")
        assert row["lines"][0]["updated"] > before
        fresh_api.put(f"{INVOICES}/{invoice}", invoice={"notes": "x"})
        assert row["updated"] > before


class TestP5TheBillingLink:
    @pytest.mark.parametrize(
        ("shape", "shown", "objects_count", "numbers_count"),
        [
            ("as_sent", [{"id": 1_640_001}, 1_640_002], True, True),
            ("objects", [{"id": 1_640_001}, {"id": 1_640_002}], True, False),
            ("numbers", [1_640_001, 1_640_002], False, True),
            ("none", [], False, False),
        ],
    )
    def test_its_shape_and_what_it_flips(
        self,
        fresh: Sandbox,
        fresh_api: Api,
        client: int,
        shape: str,
        shown: list[Any],
        objects_count: bool,
        numbers_count: bool,
    ) -> None:
        fresh.behaviours.link_time_entries = True
        fresh.behaviours.time_link = shape
        fields = {"is_logged": True, "started_at": "2026-11-05T10:00:00Z", "duration": 60}
        first, second = (fresh_api.post(TIME, time_entry=fields).json()["time_entry"]["id"] for _ in range(2))
        assert (first, second) == (1_640_001, 1_640_002)
        line = {**LINE, "modern_time_entries": [{"id": first}, second]}
        made = fresh_api.made(
            INVOICES, invoice={"customerid": client, "create_date": "2026-11-05", "lines": [line]}
        )
        read = one(fresh_api, f"{INVOICES}/{made['id']}", **{"include[]": "lines"})
        assert read["lines"][0]["modern_time_entries"] == shown
        entries = fresh.books(MAIN)["time_entries"]
        assert [entries[first]["billed"], entries[second]["billed"]] == [objects_count, numbers_count]


class TestP7BillPay:
    def test_the_lists_are_empty_while_accounts_payable_is_not(self, fresh: Sandbox, fresh_api: Api) -> None:
        vendor = fresh.create("bill_vendors", MAIN, vendor_name="Solisco")["vendorid"]
        line = {"categoryid": 301_001, "quantity": 1, "unit_cost": "100"}
        bill = fresh.create("bills", MAIN, vendorid=vendor, issue_date="2026-11-05", lines=[line])
        fresh.create("bill_payments", MAIN, billid=bill["id"], amount="40", paid_date="2026-11-05")
        fresh.behaviours.bill_pay = True
        for path in (BILLS, VENDORS, "{acct}/bill_payments/bill_payments"):
            assert fresh_api.list(path)["total"] == 0
        assert fresh_api.get(f"{BILLS}/{bill['id']}").status_code == 404
        sheet = one(fresh_api, "{acct}/reports/accounting/balance_sheet")
        payable = next(
            account["balances"][0]["balance"]["amount"]
            for block in sheet["data"]
            for account in block["accounts"]
            if account["account_name"] == "Accounts Payable"
        )
        assert payable == "60.00"


class TestP8Deletion:
    def test_archived_rows_of_any_list_may_be_left_out(
        self, fresh: Sandbox, fresh_api: Api, invoice: int
    ) -> None:
        fresh.archive("invoices", MAIN, invoice)
        assert fresh_api.list(INVOICES)["total"] == 1
        fresh.behaviours.archived_hidden = {"invoices"}
        assert fresh_api.list(INVOICES)["total"] == 0
        assert fresh_api.list(INVOICES, {"search[vis_state]": 2})["total"] == 1

    def test_deleted_projects_may_be_in_no_list(self, fresh: Sandbox, fresh_api: Api, client: int) -> None:
        project = fresh.create("projects", MAIN, title="P", client_id=client)["id"]
        fresh.delete("projects", MAIN, project)
        assert fresh_api.get(PROJECTS, {"active": "false"}).json()["meta"]["total"] == 1
        fresh.behaviours.deleted_projects_listed = False
        assert fresh_api.get(PROJECTS, {"active": "false"}).json()["meta"]["total"] == 0


class TestP10Arithmetic:
    LINES = [  # noqa: RUF012
        {"name": name, "unit_cost": "0.55", "taxName1": "GST", "taxAmount1": "5"} for name in ("A", "B")
    ]

    def test_tax_may_be_rounded_line_by_line(self, fresh: Sandbox, fresh_api: Api, client: int) -> None:
        fields = {"customerid": client, "create_date": "2026-11-05", "lines": self.LINES}
        by_document = fresh.create("invoices", MAIN, **fields)
        assert by_document["amount"]["amount"] == "1.16"  # 5 % of 1.10 is 0.055, rounded up once
        fresh.behaviours.tax_rounding = "line"
        by_line = fresh.create("invoices", MAIN, **{**fields, "status": 2})
        assert by_line["amount"]["amount"] == "1.16"  # 0.0275 twice, each 0.03
        third = fresh.create("invoices", MAIN, **{**fields, "lines": [*self.LINES, self.LINES[0]]})
        assert third["amount"]["amount"] == "1.74"  # 3 * 0.03, where the document's 0.0825 makes 1.73
        fresh.behaviours.tax_rounding = "document"
        assert fresh.reprice(MAIN) == 1
        assert third["amount"]["amount"] == "1.73"

    def test_the_books_still_tie_when_it_is_by_line(
        self, fresh: Sandbox, fresh_api: Api, client: int
    ) -> None:
        fresh.behaviours.tax_rounding = "line"
        lines = [*self.LINES, self.LINES[0]]
        made = fresh.create(
            "invoices", MAIN, customerid=client, create_date="2026-11-05", status=2, lines=lines
        )
        rows = one(fresh_api, "{acct}/reports/accounting/trial_balance")["data"]
        owed = next(r["debit"]["amount"] for r in rows if r["account_sub_name"] == "Accounts Receivable")
        assert owed == made["amount"]["amount"] == "1.74"
        assert sum(Decimal(r["debit"]["amount"]) - Decimal(r["credit"]["amount"]) for r in rows) == 0

    def test_a_currency_may_have_no_decimals_or_three(
        self, fresh: Sandbox, fresh_api: Api, client: int
    ) -> None:
        fresh.behaviours.currency_decimals = {"JPY": 0, "KWD": 3}
        shown = []
        for code, price in (("JPY", "1200"), ("JPY", "1200.50"), ("KWD", "12.34"), ("USD", "12")):
            line = {"name": "A", "unit_cost": {"amount": price, "code": code}}
            fields = {"customerid": client, "create_date": "2026-11-05", "currency_code": code}
            made = fresh_api.made(INVOICES, invoice={**fields, "lines": [line]})
            shown.append(made["amount"]["amount"])
        assert shown == ["1200", "1200.50", "12.340", "12.00"]


class TestTroublesOfAnInvoice:
    @pytest.mark.parametrize(
        ("trouble", "status", "key"),
        [
            ("disputed", 0, "dispute_status"),
            ("resolved", 2, "dispute_status"),
            ("declined", 2, "last_order_status"),
            ("pending", 2, "last_order_status"),
            ("retry", 6, "autobill_status"),
            ("failed", 7, "autobill_status"),
        ],
    )
    def test_each_shows_in_its_words(
        self, fresh: Sandbox, fresh_api: Api, invoice: int, trouble: str, status: int, key: str
    ) -> None:
        fresh.clock.advance(hours=1)
        fresh.befall(MAIN, invoice, trouble)
        row = one(fresh_api, f"{INVOICES}/{invoice}")
        assert (row["v3_status"], row["status"], row[key]) == (trouble, status, trouble)
        assert row["updated"] == "2026-11-05 11:30:00"
        fields = {"invoiceid": invoice, "date": "2026-11-05"}
        fresh_api.made(PAYMENTS, payment={**fields, "amount": "40"})
        assert one(fresh_api, f"{INVOICES}/{invoice}")["v3_status"] == trouble
        fresh_api.made(PAYMENTS, payment={**fields, "amount": "60"})
        assert one(fresh_api, f"{INVOICES}/{invoice}")["v3_status"] == "paid"

    def test_another_one_is_unknown(self, fresh: Sandbox, invoice: int) -> None:
        with pytest.raises(KeyError):
            fresh.befall(MAIN, invoice, "lost at sea")
