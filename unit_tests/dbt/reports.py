"""FreshBooks' own reports for hand-made books, computed in Decimal (freshbooks-api.md 3.10)."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from unit_tests.dbt.raw_tables import Row, Rows
from unit_tests.dbt.statements import CASH, OPERATING, SALES, Ledger, entry

ZERO = Decimal(0)
AS_OF = "2026-06-30"
MONTHS = [(f"2026-{m:02}-01", f"2026-{m:02}-{calendar.monthrange(2026, m)[1]}") for m in range(1, 7)]
CURRENCIES = ("CAD", "EUR", "USD")
NAMED = ("aaa111", 1), ("bbb222", 2)
OBSERVED = {"observed_at": "2026-06-30 11:30:00", "is_deleted": False, "is_archived": False}


def decimal(value: Row | None) -> Decimal:
    return Decimal(str(value["amount"])) if value else ZERO


def money(value: Decimal, code: str) -> Row:
    return {"amount": f"{value:.2f}", "code": code}


def current(records: list[Row], key: str) -> list[Row]:
    """Newest version of each row that is not deleted."""
    found: dict[tuple[Any, ...], Row] = {}
    for record in sorted(records, key=lambda r: r.get("updated_at_utc", "")):
        found[record["business_id"], record[key]] = record
    return [row for row in found.values() if not row["is_deleted"]]


def reports(tables: Rows) -> Rows:
    """Also fills the clients' `outstanding_balance`, and enters the profit of each month into the ledger."""
    sent = [r for r in current(tables["invoices"], "invoiceid") if r["v3_status"] != "draft"]
    _fill_balances(tables["clients"], sent)
    found: Rows = defaultdict(list)
    heads = [
        {"account_id": account, "business_id": business, "currency_code": code, **OBSERVED}
        for account, business in NAMED
        for code in CURRENCIES
    ]
    for head in heads:
        business, code = head["business_id"], head["currency_code"]
        mine = [r for r in sent if r["business_id"] == business and r["currency_code"] == code]
        found["report_accounts_aging"].append({**head, "end_date": AS_OF, **_aging(mine, code)})
        for first, last in MONTHS:
            for name, body in _monthly(tables, business, code, first, last):
                found[name].append({**head, "start_date": first, "end_date": last, **body})
    _post_profit(tables, found["report_profit_and_loss"])
    for head in heads:
        ledger = Ledger(tables, head["business_id"], head["currency_code"])
        found["report_balance_sheet"].append({**head, "end_date": AS_OF, **ledger.balance_sheet(AS_OF)})
        for first, last in MONTHS:
            period = {**head, "start_date": first, "end_date": last}
            found["report_general_ledger"].append({**period, **ledger.report(first, last)})
            found["report_trial_balance"].append({**period, **ledger.trial_balance(first, last)})
    return dict(found)


def _post_profit(tables: Rows, profits: list[Row]) -> None:
    """Enter what each month's profit and loss says into the ledger, against cash."""
    for number, row in enumerate(profits):
        income, spent = decimal(row["total_income"]["total"]), decimal(row["total_expenses"]["total"])
        sides = (SALES, -income), (OPERATING, spent), (CASH, income - spent)
        kept = [side for side in sides if side[1]]
        entered = entry(row, 1000 + 10 * number, row["end_date"], row["currency_code"], *kept)
        tables["journal_entry_details"] += entered


def _fill_balances(clients: list[Row], sent: list[Row]) -> None:
    owed: dict[tuple[int, int], dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for row in sent:
        owed[row["business_id"], row["customerid"]][row["currency_code"]] += decimal(row["outstanding"])
    for row in clients:
        balances = owed[row["business_id"], row["userid"]].items()
        row["outstanding_balance"] = [{"amount": money(value, code)} for code, value in balances if value]


def _aging(sent: list[Row], code: str) -> Row:
    owed: dict[int, dict[str, Decimal]] = defaultdict(
        lambda: dict.fromkeys(("0-30", "31-60", "61-90", "91+"), ZERO)
    )
    for row in sent:
        rest = decimal(row["outstanding"])
        late = (dt.date.fromisoformat(AS_OF) - dt.date.fromisoformat(row["due_date"])).days
        name = "0-30" if late <= 30 else "31-60" if late <= 60 else "61-90" if late <= 90 else "91+"
        owed[row["customerid"]][name] += max(rest, ZERO)
    accounts = [
        {
            "userid": key,
            **{n: money(v, code) for n, v in b.items()},
            "total": money(sum(b.values(), ZERO), code),
        }
        for key, b in owed.items()
    ]
    return {"accounts": accounts, "totals": {}}


def _monthly(tables: Rows, business: int, code: str, first: str, last: str) -> Iterator[tuple[str, Row]]:
    def within(name: str, key: str, day: str) -> list[Row]:
        rows = (r for r in current(tables[name], key) if r["business_id"] == business)
        return [
            r
            for r in rows
            if first <= r[day] <= last and (r.get("amount") or {}).get("code", r.get("currency_code")) == code
        ]

    deleted = {
        r["invoiceid"]
        for r in tables["invoices"]
        if r["business_id"] == business and r["is_deleted"] and r["invoiceid"] == 8
    }
    credits = [r for r in within("credit_notes", "creditid", "create_date") if r["display_status"] != "draft"]
    payments = [r for r in within("payments", "id", "date") if r["invoiceid"] not in deleted]
    invoices = [r for r in within("invoices", "invoiceid", "create_date") if r["v3_status"] != "draft"]
    expenses = within("expenses", "expenseid", "date")
    lines = [
        (ln["categoryid"], decimal(ln["amount"]))
        for r in within("bills", "id", "issue_date")
        for ln in r["lines"]
    ]
    lines += [
        (r["categoryid"], decimal(r["amount"]) - decimal(r.get("taxAmount1")) - decimal(r.get("taxAmount2")))
        for r in expenses
    ]
    goods = {r["categoryid"] for r in tables["expense_categories"] if r["is_cogs"]}
    sales = sum((decimal(ln["amount"]) for r in invoices for ln in r["lines"]), ZERO)
    sales += sum((decimal(r["discount_total"]) for r in invoices), ZERO)
    sales -= sum((decimal(r["amount"]) for r in credits if r["credit_type"] == "goodwill"), ZERO)
    for row in within("other_income", "incomeid", "date"):
        rate = 1 + sum((Decimal(t["amount"]) for t in row["taxes"]), ZERO) / 100
        sales += cents(decimal(row["amount"]) / rate)
    income = sales - sum((value for key, value in lines if key in goods), ZERO)
    spent = sum((value for key, value in lines if key not in goods), ZERO)

    def shown(text: str, value: Decimal, *children: Row) -> Row:
        return {
            "description": text,
            "entry_type": "credit",
            "total": money(value, code),
            "children": list(children),
        }

    yield (
        "report_profit_and_loss",
        {
            "cash_based": False,
            "income": [shown("Sales", income, shown("Invoice", income, shown("Deeper", income)))],
            "expenses": [shown("Spending", spent)],
            "total_income": shown("Gross Profit", income),
            "total_expenses": shown("Total Expenses", spent),
            "net_profit": shown(f"Net Profit ({code})", income - spent),
            "gross_margin": {"description": "Gross Margin", "total": {"amount": "100.00", "code": "%"}},
        },
    )
    yield (
        "report_payments_collected",
        {
            "payments": [
                {
                    "amount": r["amount"],
                    "date": r["date"],
                    "invoiceid": r["invoiceid"],
                    "creditid": r.get("creditid"),
                    "from_credit": r["from_credit"],
                }
                for r in payments
            ]
            + [
                {
                    "amount": r["amount"],
                    "date": r["create_date"],
                    "invoiceid": None,
                    "creditid": r["creditid"],
                    "from_credit": False,
                }
                for r in credits
            ],
            "totals": [],
        },
    )
    grouped = [{"expenseid": r["expenseid"], "amount": r["amount"], "date": r["date"]} for r in expenses]
    yield (
        "report_expense_details",
        {"data": [{"groupid": "1", "children": [], "expenses": grouped}], "clients": {}, "categories": {}},
    )
    income_rows = within("other_income", "incomeid", "date")
    yield "report_tax_summary", _tax_summary(code, invoices, credits, income_rows, expenses)
    details = within("invoices", "invoiceid", "create_date")
    yield "report_invoice_details", {"clients": _by_client(details), "summary": {}}
    yield "report_item_sales", _item_sales(code, invoices)
    yield (
        "report_revenue_by_client",
        _revenue(code, [r for r in payments if not r["from_credit"]], credits, tables),
    )


def _by_client(invoices: list[Row]) -> list[Row]:
    """Drafts are in it."""
    shown = ("invoiceid", "v3_status", "create_date", "paid", "outstanding")
    found: dict[int, list[Row]] = defaultdict(list)
    for row in invoices:
        found[row["customerid"]].append({**{name: row[name] for name in shown}, "total": row["amount"]})
    return [{"userid": key, "invoices": rows} for key, rows in found.items()]


def _item_sales(code: str, invoices: list[Row]) -> Row:
    sold: dict[str, Decimal] = defaultdict(lambda: ZERO)
    off: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in invoices:
        for line in row["lines"]:
            sold[line["name"]] += decimal(line["amount"])
        if row["lines"]:
            off[row["lines"][-1]["name"]] += decimal(row["discount_total"])
    items = [
        {"name": name, "total": money(value, code), "total_discount": money(off[name], code)}
        for name, value in sold.items()
    ]
    return {"items": items, "total": money(sum(sold.values(), ZERO), code)}


def _revenue(code: str, payments: list[Row], credits: list[Row], tables: Rows) -> Row:
    payers = {(r["business_id"], r["invoiceid"]): r["customerid"] for r in tables["invoices"]}
    sums: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for row in payments:
        sums[payers[row["business_id"], row["invoiceid"]]] += decimal(row["amount"])
    for row in credits:
        sums[row["clientid"]] += decimal(row["amount"])
    clients = [{"userid": key, "total": money(value, code)} for key, value in sums.items()]
    total = money(sum(sums.values(), ZERO), code)
    return {"clients": clients, "sales_type": "collected", "total_sales": total}


def _tax_summary(
    code: str, invoices: list[Row], credits: list[Row], income: list[Row], expenses: list[Row]
) -> Row:
    collected: dict[str, Decimal] = defaultdict(lambda: ZERO)
    paid: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in invoices:
        for name, value in _line_taxes(row["lines"], 1 - Decimal(row["discount_value"]) / 100):
            collected[name] += value
    for row in credits:
        if row["credit_type"] == "goodwill":
            for name, value in _line_taxes(row["lines"], Decimal(1)):
                collected[name] -= value
    for row in income:
        gross, (tax,) = decimal(row["amount"]), row["taxes"]
        collected[tax["name"]] += gross - cents(gross / (1 + Decimal(tax["amount"]) / 100))
    for row in expenses:
        for slot in "12":
            if row.get(f"taxName{slot}"):
                paid[row[f"taxName{slot}"]] += decimal(row[f"taxAmount{slot}"])
    taxes = [
        {
            "tax_name": name,
            "tax_collected": money(collected[name], code),
            "tax_paid": money(paid[name], code),
            "net_tax": money(collected[name] - paid[name], code),
        }
        for name in sorted({*collected, *paid})
    ]
    invoiced = sum((decimal(row["amount"]) for row in invoices), ZERO)
    return {"cash_based": False, "taxes": taxes, "total_invoiced": money(invoiced, code)}


def _line_taxes(lines: list[Row], keep: Decimal) -> list[tuple[str, Decimal]]:
    """(name, amount) of each tax of a document, rounded once."""
    sums: dict[tuple[str, Decimal], Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        base = decimal(line["amount"]) * keep
        percents = [Decimal(line["taxAmount1"]), Decimal(line["taxAmount2"])]
        first = base * percents[0] / 100
        second = (base + (first if line["compounded_tax"] else 0)) * percents[1] / 100
        for name, percent, value in zip(
            (line["taxName1"], line["taxName2"]), percents, (first, second), strict=True
        ):
            if percent:
                sums[name, percent] += value
    return [(name, cents(value)) for (name, _), value in sums.items()]


def cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)
