"""Bills, other income, profiles, staff, retainers and the ledger as the API shows them (3.3-3.6, 3.11)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from freshbooks_sandbox import Sandbox

from .conftest import ACCOUNT, GUEST, MAIN, SECOND, Api, caller

BILLS, VENDORS = "{acct}/bills/bills", "{acct}/bill_vendors/bill_vendors"
BILL_PAYMENTS = "{acct}/bill_payments/bill_payments"
INCOME, PROFILES = "{acct}/other_incomes/other_incomes", "{acct}/invoice_profiles/invoice_profiles"
STAFF, RETAINERS = "{acct}/users/staffs", "/comments/business/439000/retainers"
JOURNAL, DETAILS = "{acct}/journal_entries/journal_entries", "{acct}/journal_entries/journal_entry_details"
ACCOUNTS = "{acct}/journal_entry_accounts/journal_entry_accounts"
LISTS = [
    ("bills", BILLS, "bills"),
    ("bill_vendors", VENDORS, "bill_vendors"),
    ("bill_payments", BILL_PAYMENTS, "bill_payments"),
    ("other_income", INCOME, "other_income"),  # not the path's name
    ("invoice_profiles", PROFILES, "invoice_profiles"),
    ("staff", STAFF, "staff"),
]


def dec(value: Any) -> Decimal:
    return Decimal(value["amount"])


def errno(answer: Any) -> tuple[int, int]:
    return answer.status_code, answer.json()["response"]["errors"][0]["errno"]


@pytest.fixture
def bill(fresh: Sandbox) -> dict[str, Any]:
    """100.00 of advertising and 13 % tax, due on 2026-12-05."""
    vendor = fresh.create("bill_vendors", MAIN, vendor_name="Solisco")
    line = {"categoryid": 301_001, "quantity": 4, "unit_cost": "25", "tax_name1": "HST", "tax_percent1": 13}
    fields = {"vendorid": vendor["vendorid"], "issue_date": "2026-11-05", "due_offset_days": 30}
    return fresh.create("bills", MAIN, **fields, lines=[line])


class TestLists:
    @pytest.mark.parametrize(("table", "path", "key"), LISTS)
    def test_all_active_and_archived_rows_come_and_deleted_ones_when_asked(
        self, demo: Sandbox, api: Api, table: str, path: str, key: str
    ) -> None:
        rows = demo.books(MAIN)[table].values()
        of = {state: [r for r in rows if r["vis_state"] == state] for state in (0, 1, 2)}
        assert len(api.every(path, key)) == len(of[0]) + len(of[2])
        assert len(api.every(path, key, [("search[vis_state]", 1)])) == len(of[1])
        assert len(api.every(path, key, [("search[vis_state]", 2)])) == len(of[2])

    @pytest.mark.parametrize("table", ["bills", "bill_vendors", "other_income", "invoice_profiles"])
    def test_the_demo_has_rows_in_every_state(self, demo: Sandbox, table: str) -> None:
        assert {r["vis_state"] for r in demo.books(MAIN)[table].values()} == {0, 1, 2}

    def test_native_ids_repeat_between_the_accounts(self, demo: Sandbox) -> None:
        for table, _, _ in LISTS:
            assert set(demo.books(SECOND)[table]) & set(demo.books(MAIN)[table]), table

    @pytest.mark.parametrize(
        ("resource", "path", "number"),
        [
            ("bills", BILLS, 41001),
            ("bill_vendors", VENDORS, 31001),
            ("bill_payments", BILL_PAYMENTS, 41101),
            ("other_income", INCOME, 1003),
        ],
    )
    def test_a_plan_without_it_answers_200_with_an_errno(
        self, fresh: Sandbox, fresh_api: Api, resource: str, path: str, number: int
    ) -> None:
        fresh.behaviours.gated = {resource}
        assert errno(fresh_api.get(path)) == (200, number)

    @pytest.mark.parametrize(
        ("path", "scope"),
        [
            (BILLS, "bills"),
            (VENDORS, "bill_vendors"),
            (BILL_PAYMENTS, "bill_payments"),
            (INCOME, "other_income"),
            (PROFILES, "invoices"),
            (STAFF, "teams"),
            (RETAINERS, "retainers"),
            (ACCOUNTS, "journal_entries"),
            (DETAILS, "journal_entries"),
            (
                f"/accounting/businesses/{MAIN:08x}-0002-4d2e-8de2-a77e0c34a9a1/ledger_accounts/accounts",
                "account",
            ),
            ("{acct}/reports/accounting/balance_sheet", "reports"),
        ],
    )
    def test_each_needs_its_scope(self, fresh: Sandbox, path: str, scope: str) -> None:
        refused = caller(fresh, ["user:profile:read"]).get(path)
        assert refused.status_code == 403
        assert f"Required: ['user:{scope}:read']" in refused.text
        assert caller(fresh, [f"user:{scope}:read"]).get(path).status_code == 200

    def test_a_mere_client_sees_a_total_or_an_error(self, api: Api) -> None:
        prefix = f"/accounting/account/{ACCOUNT[GUEST]}"
        assert api.list(f"{prefix}/bills/bills")["bills"] == []
        assert errno(api.get(f"{prefix}/reports/accounting/balance_sheet")) == (200, 1003)


class TestFilters:
    def every(self, api: Api, path: str, key: str, name: str, value: Any) -> list[dict[str, Any]]:
        return api.every(path, key, [(f"search[{name}]", value)])

    def test_bills_know_four(self, api: Api) -> None:
        rows = api.every(BILLS, "bills")
        for status in ("unpaid", "partial", "paid", "overdue"):
            found = self.every(api, BILLS, "bills", "statuses][", status)
            assert found == [r for r in rows if r["status"] == status] != []
        vendor = rows[0]["vendorid"]
        assert {r["vendorid"] for r in self.every(api, BILLS, "bills", "vendorid", vendor)} == {vendor}
        codes = {r["currency_code"] for r in self.every(api, BILLS, "bills", "currency_code", "CAD")}
        assert codes == {"CAD"}
        assert len(self.every(api, BILLS, "bills", "ids][", rows[3]["id"])) == 1

    @pytest.mark.parametrize(
        ("path", "key", "name"),
        [
            (BILLS, "bills", "vendor_id"),
            (BILLS, "bills", "status"),
            (BILLS, "bills", "issue_date_min"),
            (BILL_PAYMENTS, "bill_payments", "billid"),
            (VENDORS, "bill_vendors", "vendor_name"),
            (INCOME, "other_income", "source"),
            (PROFILES, "invoice_profiles", "updated_min"),
            (STAFF, "staff", "updated_min"),
            (ACCOUNTS, "journal_entry_accounts", "account_type"),
            (DETAILS, "journal_entry_details", "user_entered_date_min"),
        ],
    )
    def test_others_are_silently_ignored(self, api: Api, path: str, key: str, name: str) -> None:
        assert api.list(path, {f"search[{name}]": "2099-01-01"})["total"] == api.list(path)["total"] > 0

    def test_other_income_and_profiles(self, api: Api) -> None:
        rows = self.every(api, INCOME, "other_income", "category_name", "rentals")
        assert {r["category_name"] for r in rows} == {"rentals"}
        first = api.list(PROFILES)["invoice_profiles"][0]
        found = self.every(api, PROFILES, "invoice_profiles", "clientid", first["customerid"])
        assert [r["profileid"] for r in found] == [first["profileid"]]


class TestBills:
    def test_totals_follow_from_the_lines_and_the_due_date_from_the_offset(
        self, bill: dict[str, Any]
    ) -> None:
        figures = [bill[k]["amount"] for k in ("amount", "tax_amount", "total_amount", "outstanding")]
        assert figures == ["100.00", "13.00", "113.00", "113.00"]
        assert (bill["due_date"], bill["lines"][0]["quantity"]) == ("2026-12-05", "4")

    def test_payments_move_status_and_stamp(
        self, fresh: Sandbox, fresh_api: Api, bill: dict[str, Any]
    ) -> None:
        fresh.clock.advance(hours=1)
        fields = {"billid": bill["id"], "paid_date": "2026-11-06"}
        part = fresh_api.made(
            BILL_PAYMENTS, bill_payment={**fields, "amount": {"amount": "13", "code": "USD"}}
        )
        seen = fresh_api.list(f"{BILLS}/{bill['id']}")["bill"]
        assert (seen["status"], seen["outstanding"]["amount"]) == ("partial", "100.00")
        assert seen["updated_at"] == "2026-11-05 16:30:00"  # UTC, unlike its neighbours
        assert [p["id"] for p in seen["bill_payments"]] == [part["id"]]
        fresh_api.made(BILL_PAYMENTS, bill_payment={**fields, "amount": "100"})
        assert fresh_api.list(f"{BILLS}/{bill['id']}")["bill"]["status"] == "paid"
        fresh.delete("bill_payments", MAIN, part["id"])
        assert fresh_api.list(f"{BILLS}/{bill['id']}")["bill"]["outstanding"]["amount"] == "13.00"

    def test_overdue_is_computed_when_read(self, fresh: Sandbox, bill: dict[str, Any]) -> None:
        fresh.clock.set(datetime(2026, 12, 6, 12, tzinfo=UTC))
        api = caller(fresh)
        assert api.list(BILLS)["bills"][0]["status"] == "overdue"
        assert bill["status"] == "unpaid"
        balance = [{"amount": {"amount": "113.00", "code": "USD"}}]
        vendor = api.list(VENDORS)["bill_vendors"][0]
        assert vendor["outstanding_balance"] == vendor["overdue_balance"] == balance
        assert api.list(BILLS)["bills"][0]["vendor"] == vendor

    def test_every_seeded_bill_ties(self, demo: Sandbox) -> None:
        for business in (MAIN, SECOND):
            books = demo.books(business)
            for row in books["bills"].values():
                paid = [p for p in books["bill_payments"].values() if p["billid"] == row["id"]]
                paid_sum = sum((dec(p["amount"]) for p in paid if p["vis_state"] == 0), Decimal(0))
                taxes = [ln[f"tax_amount{s}"] for ln in row["lines"] for s in "12" if ln[f"tax_amount{s}"]]
                assert dec(row["tax_amount"]) == sum(map(dec, taxes), Decimal(0))
                assert dec(row["total_amount"]) == dec(row["amount"]) + dec(row["tax_amount"])
                assert dec(row["amount"]) == sum(dec(ln["amount"]) for ln in row["lines"])
                assert dec(row["outstanding"]) == dec(row["total_amount"]) - paid_sum >= 0
                assert dec(row["paid"]) == paid_sum


class TestOtherIncome:
    def test_a_put_needs_the_whole_record(self, fresh: Sandbox, fresh_api: Api) -> None:
        whole = {"amount": "113", "date": "2026-11-01", "source": "Etsy", "category_name": "online_sales"}
        row = fresh_api.made(INCOME, other_income={**whole, "taxes": [{"name": "HST", "amount": "13"}]})
        path = f"{INCOME}/{row['incomeid']}"
        assert errno(fresh_api.put(path, other_income={"note": "x"})) == (422, 1001)
        fresh.clock.advance(hours=2)
        changed = fresh_api.put(path, other_income={**whole, "note": "x"}).json()["response"]["result"]
        assert changed["other_income"]["updated_at"] == "2026-11-05 12:30:00"  # Eastern
        assert fresh_api.call("DELETE", path).status_code == 200
        assert fresh_api.list(INCOME)["total"] == 0
        fresh.undelete("other_income", MAIN, row["incomeid"])
        assert fresh_api.list(INCOME)["total"] == 1

    def test_the_category_is_one_of_five(self, fresh_api: Api) -> None:
        fields = {"amount": "1", "date": "2026-11-01", "source": "x", "category_name": "lottery"}
        assert errno(fresh_api.post(INCOME, other_income=fields)) == (422, 1004)


class TestProfilesStaffRetainers:
    def test_lines_of_a_profile_come_with_the_include(self, api: Api) -> None:
        assert "lines" not in api.list(PROFILES)["invoice_profiles"][0]
        rows = api.every(PROFILES, "invoice_profiles", [("include[]", "lines")])
        assert {line["profileid"] for row in rows for line in row["lines"]} == {r["profileid"] for r in rows}
        assert {r["frequency"] for r in rows} >= {"m", "2w"}

    def test_staff_leaks_a_token_and_covers_all_expenses(self, demo: Sandbox, api: Api) -> None:
        rows = api.every(STAFF, "staff")
        assert all(len(r["api_token"]) == 40 for r in rows)
        assert rows[-1]["userid"] == 1
        for business in (MAIN, SECOND):
            books = demo.books(business)
            assert {e["staffid"] for e in books["expenses"].values()} <= set(books["staff"])

    def test_retainers_have_no_meta_and_end_by_active(self, fresh: Sandbox, fresh_api: Api) -> None:
        client = next(iter(fresh.books(MAIN)["clients"]))
        row = fresh.create("retainers", MAIN, client_user_id=client, fee="600.00")
        answer = fresh_api.get(RETAINERS).json()
        assert list(answer) == ["retainers"]
        assert answer["retainers"][0]["created_at"] == "2026-11-05T15:30:00"
        path = f"/comments/business/439000/retainer/{row['id']}"
        ended = fresh_api.put(path, retainer={"active": False}).json()["retainer"]
        assert (ended["active"], ended["fee"]) == (False, "600.00")
        fresh.undelete("retainers", MAIN, row["id"])
        assert fresh_api.get(path).json()["retainer"]["active"]

    def test_group_members_map_identities_to_people(self, api: Api) -> None:
        group = api.get("/auth/api/v1/users/business/439000").json()["response"]["business_group"]
        assert {m["identity_id"] for m in group["members"]} >= {2_192_788}


class TestLedger:
    def test_accounts_all_stand_on_page_one(self, api: Api) -> None:
        found = api.list(ACCOUNTS)
        assert found["per_page"] == found["total"] == len(found["journal_entry_accounts"]) == 15
        kinds = {a["account_type"] for a in found["journal_entry_accounts"]}
        assert kinds == {"asset", "liability", "equity", "income", "expense"}

    def test_the_flat_chart_joins_to_the_older_one(self, demo: Sandbox, api: Api) -> None:
        root = f"/accounting/businesses/{demo.books(MAIN).uuid}/ledger_accounts/accounts"
        rows = api.get(root).json()["data"]
        old = api.list(ACCOUNTS)["journal_entry_accounts"]
        assert {r["jea_id"] for r in rows if r["jea_id"]} == {a["accountid"] for a in old}
        subs = {s["sub_accountid"] for a in old for s in a["sub_accounts"]}
        assert {r["jesa_id"] for r in rows if r["jesa_id"]} == subs
        by_uuid = {r["uuid"]: r for r in rows}
        assert all(
            r["uuid"] in by_uuid[r["parent_account"]]["sub_accounts"] for r in rows if r["parent_account"]
        )
        assert any("system_account_name" not in r for r in rows)
        assert api.get(f"{root}/{rows[0]['uuid']}").json()["data"] == rows[0]

    def test_unknown_ones_answer_in_their_own_shape(self, api: Api) -> None:
        answer = api.get("/accounting/businesses/none/ledger_accounts/accounts")
        assert (answer.status_code, answer.json()["errors"]["status"]) == (404, 404)

    def test_types_and_sub_types(self, api: Api) -> None:
        root = "/accounting/ledger_accounts"
        names = [kind["name"] for kind in api.get(f"{root}/types").json()["data"]]
        assert names == ["asset", "equity", "expense", "income", "liability"]
        assert len(api.get(f"{root}/sub_types").json()["data"]) == 10
        one = {"id": 1, "type": "asset", "name": "Cash & Bank", "base_number": "1000"}
        assert api.get(f"{root}/sub_types/1").json()["data"] == one

    def test_details_are_paged(self, api: Api) -> None:
        ids = [r["detailid"] for r in api.every(DETAILS, "journal_entry_details")]
        assert len(ids) == len(set(ids)) == api.list(DETAILS)["total"] > 1000

    def test_documents_post_and_a_deleted_one_takes_its_postings_away(
        self, fresh: Sandbox, fresh_api: Api, bill: dict[str, Any]
    ) -> None:
        rows = fresh_api.list(DETAILS)["journal_entry_details"]
        sides = {r["sub_account"]["account_sub_name"]: (r["debit"], r["credit"]) for r in rows}
        usd = {text: {"amount": text, "code": "USD"} for text in ("100.00", "13.00", "113.00")}
        assert sides == {
            "Accounts Payable": (None, usd["113.00"]),
            "HST": (usd["13.00"], None),
            "Advertising": (usd["100.00"], None),
        }
        fresh.delete("bills", MAIN, bill["id"])
        assert fresh_api.list(DETAILS)["total"] == 0
        fresh.undelete("bills", MAIN, bill["id"])
        assert {r["detailid"] for r in fresh_api.list(DETAILS)["journal_entry_details"]} == {
            r["detailid"] for r in rows
        }

    def test_a_manual_entry_must_balance_and_is_never_listed(self, fresh: Sandbox, fresh_api: Api) -> None:
        subs = [s for a in fresh_api.list(ACCOUNTS)["journal_entry_accounts"] for s in a["sub_accounts"]]
        one, two = subs[0]["sub_accountid"], subs[1]["sub_accountid"]
        details = [{"sub_accountid": one, "debit": 200}, {"sub_accountid": two, "credit": "200"}]
        fields = {"name": "Test", "date": "2026-11-05", "details": details}
        entry = fresh_api.made(JOURNAL, journal_entry=fields)
        assert [d["debit"] for d in entry["details"]] == ["200.00", None]  # plain text here
        assert fresh_api.list(DETAILS)["total"] == 2
        assert errno(fresh_api.post(JOURNAL, journal_entry={**fields, "details": details[:1]})) == (422, 1004)
        assert fresh_api.get(JOURNAL).status_code == 404

    @pytest.mark.parametrize("table", ["journal_entry_details", "journal_entry_accounts", "ledger_accounts"])
    def test_derived_rows_refuse_to_be_edited(self, demo: Sandbox, table: str) -> None:
        key = next(iter(demo.books(MAIN)[table]))
        for change in (demo.delete, demo.archive):
            with pytest.raises(TypeError):
                change(table, MAIN, key)
        with pytest.raises(TypeError, match="follow from other records"):
            demo.edit(table, MAIN, key)
