"""Each report against the books, recomputed here in plain Decimal, per business and currency.

The readings are those of `freshbooks_sandbox.reports`. Only stored rows and answers are used, none of the
sandbox's own arithmetic.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from freshbooks_sandbox import Sandbox

from .conftest import ACCOUNT, MAIN, SECOND, Api, caller
from .test_books_tie import dec, half_up

Row = dict[str, Any]
PERIODS = [("2024-10-01", "2026-11-05"), ("2026-03-10", "2026-08-20")]
CASES = pytest.mark.parametrize(
    ("business", "code"), [(MAIN, "USD"), (MAIN, "CAD"), (MAIN, "EUR"), (SECOND, "CAD"), (SECOND, "USD")]
)
OVER = pytest.mark.parametrize("period", PERIODS)
ZERO = Decimal(0)


def report(api: Api, name: str, business: int, code: str, period: tuple[str, str], **more: Any) -> Row:
    params = {"currency_code": code, "start_date": period[0], "end_date": period[1], **more}
    path = f"/accounting/account/{ACCOUNT[business]}/reports/accounting/{name}"
    (found,) = api.list(path, params).values()
    return found


def total(rows: Iterable[Any]) -> Decimal:
    return sum(map(dec, rows), ZERO)


class Oracle:
    """The documents of one business and currency that count."""

    def __init__(self, demo: Sandbox, business: int, code: str) -> None:
        books = demo.books(business)
        self.books, self.code = books, code

        def live(table: str, key: str = "amount") -> list[Row]:
            return [r for r in books[table].values() if r["vis_state"] != 1 and r[key]["code"] == code]

        self.invoices = [r for r in live("invoices") if r["v3_status"] != "draft"]
        gone = {r["id"] for r in books["invoices"].values() if r["vis_state"] == 1}
        self.payments = [r for r in live("payments") if r["invoiceid"] not in gone]
        self.credits, self.expenses = live("credit_notes"), live("expenses")
        self.income, self.bills = live("other_income"), live("bills", "total_amount")
        kept = {r["id"] for r in self.bills}
        self.bill_payments = [r for r in live("bill_payments") if r["billid"] in kept]

    def goodwill(self) -> list[Row]:
        return [r for r in self.credits if r["credit_type"] == "goodwill"]

    @staticmethod
    def invoice_net(row: Row) -> Decimal:
        return total(line["amount"] for line in row["lines"]) + dec(row["discount_total"])

    @staticmethod
    def income_net(row: Row) -> Decimal:
        rate = sum((Decimal(tax["amount"]) for tax in row["taxes"]), ZERO)
        return half_up(dec(row["amount"]) / (1 + rate / 100))

    @staticmethod
    def expense_tax(row: Row) -> Decimal:
        return total(row[f"taxAmount{s}"] for s in "12" if row[f"taxName{s}"])

    def expense_net(self, row: Row) -> Decimal:
        return dec(row["amount"]) - self.expense_tax(row)

    def costs(self, period: tuple[str, str]) -> tuple[Decimal, Decimal]:
        """(cost of goods sold, other) of expenses and bill lines, net of tax."""
        tree, found = self.books["expense_categories"], {True: ZERO, False: ZERO}
        for row in within(self.expenses, "date", period):
            found[tree[row["categoryid"]]["is_cogs"]] += self.expense_net(row)
        for row in within(self.bills, "issue_date", period):
            for line in row["lines"]:
                found[tree[line["categoryid"]]["is_cogs"]] += dec(line["amount"])
        return found[True], found[False]


def within(rows: Iterable[Row], key: str, period: tuple[str, str]) -> list[Row]:
    return [row for row in rows if period[0] <= row[key] <= period[1]]


@CASES
@OVER
def test_profit_and_loss(demo: Sandbox, api: Api, business: int, code: str, period: tuple[str, str]) -> None:
    oracle, found = Oracle(demo, business, code), report(api, "profitloss_entity", business, code, period)
    sales = {
        "Invoice": sum(map(oracle.invoice_net, within(oracle.invoices, "create_date", period)), ZERO),
        "Credit": -total(r["amount"] for r in within(oracle.goodwill(), "create_date", period)),
        "Other Income": sum(map(oracle.income_net, within(oracle.income, "date", period)), ZERO),
    }
    shown = {row["description"]: dec(row["total"]) for row in found["income"][0]["children"]}
    assert shown == {name: value for name, value in sales.items() if name in shown}
    assert all(value == 0 for name, value in sales.items() if name not in shown)
    cogs, other = oracle.costs(period)
    assert dec(found["income"][1]["total"]) == -cogs
    assert dec(found["total_income"]["total"]) == sum(sales.values()) - cogs
    assert dec(found["total_expenses"]["total"]) == other
    assert dec(found["net_profit"]["total"]) == sum(sales.values()) - cogs - other


@CASES
def test_the_periods_of_profit_and_loss_add_up(demo: Sandbox, api: Api, business: int, code: str) -> None:
    whole = report(api, "profitloss_entity", business, code, PERIODS[0])
    for resolution in "mqy":
        found = report(api, "profitloss_entity", business, code, PERIODS[0], resolution=resolution)
        for name in ("net_profit", "total_income", "total_expenses"):
            assert found[name]["total"] == whole[name]["total"]
            assert total(found[name]["data"]) == dec(found[name]["total"])
        stack = [*found["income"], *found["expenses"]]
        while stack:
            row = stack.pop()
            assert total(row["data"]) == dec(row["total"])
            assert not row["children"] or total(c["total"] for c in row["children"]) == dec(row["total"])
            stack += row["children"]


@CASES
def test_cash_based_income_is_what_payments_bring_in(
    demo: Sandbox, api: Api, business: int, code: str
) -> None:
    """Over all time: every invoice in proportion to what was paid on it other than by goodwill."""
    oracle = Oracle(demo, business, code)
    found = report(api, "profitloss_entity", business, code, PERIODS[0], cash_based="true")
    goodwill = {r["id"] for r in oracle.goodwill()}
    paid: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for row in oracle.payments:
        if row["creditid"] not in goodwill:
            paid[row["invoiceid"]] += dec(row["amount"])
    invoiced = [
        half_up(oracle.invoice_net(r) * (paid[r["id"]] / dec(r["amount"])))
        for r in oracle.invoices
        if dec(r["amount"])
    ]
    shown = {row["description"]: dec(row["total"]) for row in found["income"][0]["children"]}
    assert shown["Invoice"] == sum(invoiced)
    assert "Credit" not in shown
    assert shown.get("Other Income", ZERO) == sum(map(oracle.income_net, oracle.income), ZERO)


@CASES
@OVER
def test_tax_summary(demo: Sandbox, api: Api, business: int, code: str, period: tuple[str, str]) -> None:
    oracle, found = Oracle(demo, business, code), report(api, "taxsummary", business, code, period)
    invoices = within(oracle.invoices, "create_date", period)
    collected = sum((dec(r["amount"]) - oracle.invoice_net(r) for r in invoices), ZERO)
    collected += sum(
        (dec(r["amount"]) - oracle.income_net(r) for r in within(oracle.income, "date", period)), ZERO
    )
    paid = sum(map(oracle.expense_tax, within(oracle.expenses, "date", period)), ZERO)
    paid += total(r["tax_amount"] for r in within(oracle.bills, "issue_date", period))
    assert total(t["tax_collected"] for t in found["taxes"]) == collected
    assert total(t["tax_paid"] for t in found["taxes"]) == paid
    assert total(t["net_tax"] for t in found["taxes"]) == collected - paid
    assert dec(found["total_invoiced"]) == total(r["amount"] for r in invoices)


@CASES
def test_taxable_amounts_are_discounted_and_untaxed(
    demo: Sandbox, api: Api, business: int, code: str
) -> None:
    oracle, found = Oracle(demo, business, code), report(api, "taxsummary", business, code, PERIODS[0])
    bases: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in oracle.invoices:
        keep, own = 1 - Decimal(row["discount_value"]) / 100, defaultdict(lambda: ZERO)
        for line in row["lines"]:
            for slot in "12":
                if line[f"taxName{slot}"]:
                    own[line[f"taxName{slot}"]] += dec(line["amount"]) * keep
        for name, value in own.items():
            bases[name] += half_up(value)
    for row in oracle.income:
        for tax in row["taxes"]:
            bases[tax["name"]] += oracle.income_net(row)
    shown = {t["tax_name"]: dec(t["taxable_amount_collected"]) for t in found["taxes"]}
    assert {name: value for name, value in shown.items() if value} == bases


@CASES
@pytest.mark.parametrize("day", ["2026-11-05", "2026-06-30", "2025-03-31"])
def test_accounts_aging(demo: Sandbox, api: Api, business: int, code: str, day: str) -> None:
    oracle, found = Oracle(demo, business, code), report(api, "accounts_aging", business, code, ("", day))
    wanted: dict[tuple[int, str], Decimal] = defaultdict(lambda: ZERO)
    for row in oracle.invoices:
        if row["create_date"] <= day:
            paid = total(
                p["amount"] for p in oracle.payments if p["invoiceid"] == row["id"] and p["date"] <= day
            )
            late = (date.fromisoformat(day) - date.fromisoformat(row["due_date"])).days
            name = "0-30" if late <= 30 else "31-60" if late <= 60 else "61-90" if late <= 90 else "91+"
            wanted[row["customerid"], name] += dec(row["amount"]) - paid
    names = ("0-30", "31-60", "61-90", "91+")
    shown = {(a["userid"], name): dec(a[name]) for a in found["accounts"] for name in names}
    assert {k: v for k, v in shown.items() if v} == {k: v for k, v in wanted.items() if v}
    assert all(dec(a["total"]) == sum(dec(a[name]) for name in names) for a in found["accounts"])
    assert dec(found["totals"]["total"]) == sum(wanted.values())


@CASES
def test_aging_today_is_the_outstanding_of_the_invoices_per_client(
    demo: Sandbox, api: Api, business: int, code: str
) -> None:
    found = report(api, "accounts_aging", business, code, ("", "2026-11-05"))
    owed: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for row in Oracle(demo, business, code).invoices:
        owed[row["customerid"]] += dec(row["outstanding"])
    assert {a["userid"]: dec(a["total"]) for a in found["accounts"]} == {k: v for k, v in owed.items() if v}


@CASES
@OVER
def test_payments_collected_and_revenue_by_client(
    demo: Sandbox, api: Api, business: int, code: str, period: tuple[str, str]
) -> None:
    oracle, found = Oracle(demo, business, code), report(api, "payments_collected", business, code, period)
    payments = within(oracle.payments, "date", period)
    credits = within(oracle.credits, "create_date", period)
    cash = total(p["amount"] for p in payments if not p["from_credit"])
    assert [dec(t) for t in found["totals"]] == [cash + total(c["amount"] for c in credits)]
    shown = found["payments"]
    assert len(shown) == len(payments) + len(credits)
    assert total(r["amount"] for r in shown if r["invoiceid"] and not r["from_credit"]) == cash
    used = total(p["amount"] for p in payments if p["from_credit"])
    assert total(r["amount"] for r in shown if r["from_credit"]) == used
    assert all(r["method"] == "Credit" for r in shown if r["from_credit"])
    revenue = report(api, "revenue_by_client", business, code, period, sales_type="collected")
    assert [revenue["total_sales"]] == found["totals"]
    assert total(c["total"] for c in revenue["clients"]) == dec(revenue["total_sales"])
    billed = report(api, "revenue_by_client", business, code, period, sales_type="billed")
    issued = within(oracle.invoices, "create_date", period)
    assert total(billed["total_sales_data"]) == total(r["amount"] for r in issued)


@CASES
@OVER
def test_expense_details(demo: Sandbox, api: Api, business: int, code: str, period: tuple[str, str]) -> None:
    oracle, found = Oracle(demo, business, code), report(api, "expense_details", business, code, period)
    rows = within(oracle.expenses, "date", period)
    assert {r["expenseid"] for g in found["data"] for r in g["expenses"]} == {r["id"] for r in rows}
    assert total(g["total"] for g in found["data"]) == total(r["amount"] for r in rows)
    for group in found["data"]:
        assert dec(group["total"]) == total(r["amount"] for r in group["expenses"])


@CASES
@OVER
def test_item_sales_and_invoice_details_meet_profit_and_loss(
    demo: Sandbox, api: Api, business: int, code: str, period: tuple[str, str]
) -> None:
    profit = report(api, "profitloss_entity", business, code, period)
    invoiced = next(dec(r["total"]) for r in profit["income"][0]["children"] if r["description"] == "Invoice")
    items = report(api, "item_sales", business, code, period)
    assert dec(items["total"]) + dec(items["total_discount"]) == invoiced
    lines = [row for item in items["items"] for row in item["invoices"]]
    assert total(r["amount"] for r in lines) == dec(items["total"])
    assert sum(Decimal(r["qty"]) for r in lines) == Decimal(items["total_qty"])
    details = report(api, "invoice_details", business, code, period)
    rows = [r for c in details["clients"] for r in c["invoices"]]
    sent = [r for r in rows if r["v3_status"] != "draft"]
    assert total(r["subtotal"] for r in sent) + total(r["discount_total"] for r in sent) == invoiced
    for row in rows:
        parts = dec(row["subtotal"]) + dec(row["discount_total"]) + dec(row["tax"])
        assert parts == dec(row["total"]) == dec(row["paid"]) + dec(row["outstanding"])
        assert total(t["tax_total"] for t in row["tax_summaries"]) == dec(row["tax"])
    assert dec(details["summary"]["total"]) == total(r["total"] for r in rows)


class TestDoubleEntry:
    @pytest.mark.parametrize("business", [MAIN, SECOND])
    def test_every_entry_balances_in_one_currency(self, demo: Sandbox, business: int) -> None:
        sums: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
        for row in demo.books(business)["journal_entry_details"].values():
            assert (row["debit"] is None) != (row["credit"] is None)
            side = row["debit"] or row["credit"]
            sums[row["entry"]["entryid"]][side["code"]] += dec(side) * (1 if row["debit"] else -1)
        assert all(list(found.values()) == [0] for found in sums.values())

    @CASES
    @OVER
    def test_trial_balance_is_the_postings_and_balances(
        self, demo: Sandbox, api: Api, business: int, code: str, period: tuple[str, str]
    ) -> None:
        found = report(api, "trial_balance", business, code, period)["data"]
        assert total(r["debit"] for r in found) == total(r["credit"] for r in found) > 0
        shown = {r["sub_accountid"]: dec(r["debit"]) - dec(r["credit"]) for r in found}
        wanted: dict[int, Decimal] = defaultdict(lambda: ZERO)
        (retained,) = [
            s["sub_accountid"]
            for a in demo.books(business)["journal_entry_accounts"].values()
            for s in a["sub_accounts"]
            if s["account_sub_name"] == "Retained Earnings"
        ]
        for row in demo.books(business)["journal_entry_details"].values():
            side = row["debit"] or row["credit"]
            if side["code"] != code or row["user_entered_date"] > period[1]:
                continue
            result = row["account"]["account_type"] in ("income", "expense")
            before = result and row["user_entered_date"] < period[0]
            key = retained if before else row["sub_account"]["sub_accountid"]
            wanted[key] += dec(side) * (1 if row["debit"] else -1)
        assert shown == {key: value for key, value in wanted.items() if value}

    @CASES
    @OVER
    def test_its_result_accounts_are_the_profit(
        self, api: Api, business: int, code: str, period: tuple[str, str]
    ) -> None:
        rows = report(api, "trial_balance", business, code, period)["data"]
        result = [r for r in rows if r["account_number"] >= "4000"]
        profit = report(api, "profitloss_entity", business, code, period)["net_profit"]["total"]
        assert total(r["credit"] for r in result) - total(r["debit"] for r in result) == dec(profit)

    @CASES
    def test_the_balance_sheet_balances_and_holds_what_is_owed(
        self, demo: Sandbox, api: Api, business: int, code: str
    ) -> None:
        oracle, days = Oracle(demo, business, code), ["2025-06-30", "2026-11-05"]
        found = report(api, "balance_sheet", business, code, ("", ""), **{"dates[]": days})
        assert found["dates"] == days
        assert found["assets_total"] == found["liabilities_and_equity_total"]
        blocks = {(b["account_type"], b["category"]): b for b in found["data"]}
        subs = {
            s["sub_account_name"]: dec(s["balances"][-1]["balance"])
            for b in found["data"]
            for a in b["accounts"]
            for s in a["sub_accounts"]
        }
        assert subs.get("Accounts Receivable", ZERO) == total(r["outstanding"] for r in oracle.invoices)
        assert subs.get("Accounts Payable", ZERO) == total(r["outstanding"] for r in oracle.bills)
        used = total(p["amount"] for p in oracle.payments if p["from_credit"])
        assert subs.get("Customer Deposits", ZERO) == used - total(c["amount"] for c in oracle.credits)
        assets = [
            dec(blocks["asset", term]["balances"][-1]["balance"]) for term in ("current", "non_current")
        ]
        assert sum(assets) == dec(found["assets_total"][-1]["balance"])

    @CASES
    def test_cash_is_what_came_in_less_what_went_out(
        self, demo: Sandbox, api: Api, business: int, code: str
    ) -> None:
        oracle = Oracle(demo, business, code)
        rows = report(api, "trial_balance", business, code, PERIODS[0])["data"]
        cash = next(dec(r["debit"]) - dec(r["credit"]) for r in rows if r["account_number"] == "1000")
        came = total(p["amount"] for p in oracle.payments if not p["from_credit"])
        came += total(c["amount"] for c in oracle.credits if c["credit_type"] != "goodwill")
        came += total(r["amount"] for r in oracle.income)
        went = total(r["amount"] for r in oracle.expenses) + total(r["amount"] for r in oracle.bill_payments)
        (petty,) = {
            d["sub_account"]["sub_accountid"]
            for d in oracle.books["journal_entry_details"].values()
            if d["account"]["account_number"] == "1000"
        }
        manual = [d for e in oracle.books["journal_entries"].values() for d in e["details"]]
        manual = [d for d in manual if d["sub_accountid"] == petty and d["currency_code"] == code]
        own = sum((Decimal(d["debit"] or 0) - Decimal(d["credit"] or 0) for d in manual), ZERO)
        assert cash == came + own - went

    @pytest.mark.parametrize("business", [MAIN, SECOND])
    def test_account_balances_are_the_base_currencys_postings(self, demo: Sandbox, business: int) -> None:
        books = demo.books(business)
        sums: dict[int, Decimal] = defaultdict(lambda: ZERO)
        for row in books["journal_entry_details"].values():
            if row["balance"]["code"] == books.currency:
                sums[row["sub_account"]["sub_accountid"]] += dec(row["balance"])
        for account in books["journal_entry_accounts"].values():
            for sub in account["sub_accounts"]:
                assert Decimal(sub["balance"]) == sums[sub["sub_accountid"]]
            assert Decimal(account["balance"]) == sum(Decimal(s["balance"]) for s in account["sub_accounts"])


class TestTheBooksMoveAndTheReportsFollow:
    def test_a_life_in_five_steps(self, fresh: Sandbox) -> None:
        client = next(iter(fresh.books(MAIN)["clients"]))
        line = {"name": "Work", "unit_cost": "100", "taxName1": "HST", "taxAmount1": "13"}
        api, period = caller(fresh), ("2026-11-01", "2026-11-30")

        def figures() -> tuple[str, str, str, str]:
            profit = report(api, "profitloss_entity", MAIN, "USD", period)["net_profit"]["total"]
            aging = report(api, "accounts_aging", MAIN, "USD", period)["totals"]["total"]
            collected = report(api, "payments_collected", MAIN, "USD", period)["totals"][0]
            sheet = report(api, "balance_sheet", MAIN, "USD", period)
            assert sheet["assets_total"] == sheet["liabilities_and_equity_total"]
            assets = sheet["assets_total"][0]["balance"]
            return tuple(value["amount"] for value in (profit, aging, collected, assets))  # type: ignore[return-value]

        row = fresh.create("invoices", MAIN, customerid=client, create_date="2026-11-05", lines=[line])
        assert figures() == ("0.00", "0.00", "0.00", "0.00")  # a draft
        api.put(f"{{acct}}/invoices/invoices/{row['id']}", invoice={"action_mark_as_sent": True})
        assert figures() == ("100.00", "113.00", "0.00", "113.00")
        payment = fresh.create(
            "payments", MAIN, invoiceid=row["id"], amount="120", date="2026-11-05", type="Cash"
        )
        assert figures() == ("100.00", "0.00", "120.00", "113.00")  # 7.00 are the client's deposit
        fresh.delete("payments", MAIN, payment["id"])
        assert figures() == ("100.00", "113.00", "7.00", "113.00")
        fresh.delete("invoices", MAIN, row["id"])
        assert figures() == ("0.00", "0.00", "7.00", "0.00")

    @pytest.mark.parametrize(
        ("late", "bucket"),
        [
            (-5, "0-30"),
            (0, "0-30"),
            (1, "0-30"),
            (30, "0-30"),
            (31, "31-60"),
            (60, "31-60"),
            (61, "61-90"),
            (90, "61-90"),
            (91, "91+"),
        ],
    )
    def test_bucket_edges(self, fresh: Sandbox, late: int, bucket: str) -> None:
        client = next(iter(fresh.books(MAIN)["clients"]))
        line = {"name": "Work", "unit_cost": "100"}
        fields = {"customerid": client, "create_date": "2026-08-06", "due_offset_days": 91 - late}
        row = fresh.create("invoices", MAIN, **fields, lines=[line])
        api = caller(fresh)
        api.put(f"{{acct}}/invoices/invoices/{row['id']}", invoice={"action_mark_as_sent": True})
        found = report(api, "accounts_aging", MAIN, "USD", ("", "2026-11-05"))
        assert found["totals"][bucket] == found["totals"]["total"] == {"amount": "100.00", "code": "USD"}
