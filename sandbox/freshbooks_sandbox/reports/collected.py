"""Money that came in, by payment and by client."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from freshbooks_sandbox import responses
from freshbooks_sandbox.ledger.documents import counts, issued, live_payments
from freshbooks_sandbox.reports.ask import Ask, periods
from freshbooks_sandbox.values import ZERO, Row, decimal, money


def payments_collected(ask: Ask) -> Row:
    code = ask.get("currency_code")
    rows = [row for row in _rows(ask) if code in ("", row["amount"]["code"])]
    totals: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        totals[row["amount"]["code"]] += ZERO if row["from_credit"] else decimal(row["amount"])
    head = ask.head()
    return {
        **{name: head[name] for name in ("start_date", "end_date", "download_token")},
        "clientids": [],
        "currency_codes": sorted(totals) or [ask.code],
        "payment_methods": sorted({row["method"] for row in rows}),
        "payments": sorted(rows, key=lambda r: (r["date"], r["invoiceid"] or 0), reverse=True),
        "summary_only": False,
        "totals": [money(value, code) for code, value in sorted(totals.items())] or [ask.money(ZERO)],
    }


def _rows(ask: Ask) -> list[Row]:
    """Payments and credit notes of the period, of every currency."""
    books = ask.books
    made_by = {p["overpaymentid"]: p for p in books["payments"].values() if p["overpaymentid"]}
    rows = []
    for payment in live_payments(books):
        if not ask.holds(payment["date"]):
            continue
        credit = books["credit_notes"].get(payment["creditid"])
        rows.append(
            {
                "date": payment["date"],
                "amount": payment["amount"],
                "method": "Credit" if payment["from_credit"] else payment["type"],
                "description": payment["note"],
                "from_credit": payment["from_credit"],
                "invoiceid": payment["invoiceid"],
                "invoice_number": books["invoices"][payment["invoiceid"]]["invoice_number"],
                "creditid": payment["creditid"],
                "credit_number": credit["credit_number"] if credit else None,
                **_client(ask, payment["clientid"]),
            }
        )
    for note in filter(counts, books["credit_notes"].values()):
        if not ask.holds(note["create_date"]):
            continue
        source = made_by.get(note["id"])
        number = books["invoices"][source["invoiceid"]]["invoice_number"] if source else ""
        rows.append(
            {
                "date": note["create_date"],
                "amount": note["amount"],
                "method": source["type"] if source else "Credit",
                "description": f"Overpayment: invoice #{number}" if source else note["notes"],
                "from_credit": False,
                "invoiceid": None,
                "invoice_number": None,
                "creditid": note["id"],
                "credit_number": note["credit_number"],
                **_client(ask, note["clientid"]),
            }
        )
    return rows


def _client(ask: Ask, key: int) -> Row:
    client = ask.books["clients"][key]
    return {"clientid": key, "client": client["organization"] or f"{client['fname']} {client['lname']}"}


def revenue_by_client(ask: Ask) -> Row:
    """errno 1004 without a known `sales_type`."""
    kind = ask.get("sales_type")
    if kind not in ("collected", "billed"):
        message = f"Invalid value '{kind}' for field 'sales_type'."
        raise responses.accounting(422, 1004, message, "sales_type", "report", kind)
    months = periods(ask.start, ask.end, 1)
    sums: dict[int, list[Decimal]] = defaultdict(lambda: [ZERO] * len(months))
    for key, day, amount in _billed(ask) if kind == "billed" else _taken(ask):
        sums[key][next(i for i, (_, last) in enumerate(months) if day <= last)] += amount
    clients = []
    for key, data in sums.items():
        client = ask.books["clients"][key]
        who = {name: client[name] for name in ("userid", "organization", "fname", "lname", "email")}
        shown = {"data": [ask.money(v) for v in data], "total": ask.money(sum(data, ZERO))}
        clients.append({**who, **shown})
    by_month = [sum((data[i] for data in sums.values()), ZERO) for i in range(len(months))]
    head = ask.head()
    del head["company_name"]
    return {
        **head,
        "clientids": [],
        "sales_type": kind,
        "labels": [first for first, _ in months],
        "clients": sorted(clients, key=lambda c: (c["organization"].lower(), c["userid"])),
        "total_sales": ask.money(sum(by_month, ZERO)),
        "total_sales_data": [ask.money(value) for value in by_month],
    }


def _billed(ask: Ask) -> list[tuple[int, str, Decimal]]:
    return [
        (row["customerid"], row["create_date"], decimal(row["amount"]))
        for row in ask.books["invoices"].values()
        if issued(row) and row["currency_code"] == ask.code and ask.holds(row["create_date"])
    ]


def _taken(ask: Ask) -> list[tuple[int, str, Decimal]]:
    return [
        (row["clientid"], row["date"], decimal(row["amount"]))
        for row in _rows(ask)
        if row["amount"]["code"] == ask.code and not row["from_credit"]
    ]
