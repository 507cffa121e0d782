"""Books that are legal though they are not what we guess of FreshBooks."""

from __future__ import annotations

from typing import Any

from unit_tests.dbt.books import all_rows, bill, credit
from unit_tests.dbt.ledger import ONE, client, flags, invoice, line, money, payment
from unit_tests.dbt.odd_published import PUBLISHED
from unit_tests.dbt.odd_rejected import REJECTED
from unit_tests.dbt.odd_rows import books_with
from unit_tests.dbt.raw_tables import Row, Rows

EUR = {"code": "EUR"}  # no other row of this business is in euros
CLIENT = 600


def _invoice(number: int, amount: str, **more: Any) -> Row:
    made = invoice(ONE, number, CLIENT, amount, "2026-08-01", **{**EUR, **more})
    return {**made, "create_date": more.get("create_date", "2026-06-01")}


def _payment(number: int, invoiceid: int | None, amount: str, day: str, **more: Any) -> Row:
    made = payment(ONE, number, invoiceid or 0, amount, "EUR", date=day, clientid=CLIENT)
    return {**made, "invoiceid": invoiceid, **more}


def _credit(number: int, amount: str, kind: str, day: str, code: str = "EUR") -> Row:
    made = credit(number, amount, "0.00", kind, clientid=CLIENT, currency_code=code, create_date=day)
    return {**made, "amount": money(amount, code), "paid": money("0.00", code), "lines": []}


def _dated_later(tables: Rows) -> None:
    """In francs: what is issued, paid, applied and billed in the days after the as-of day, 2026-06-30."""
    client_id, chf = 620, {"code": "CHF", "lines": [line("100.00", "CHF")]}
    tables["clients"].append(client(ONE, client_id, currency_code="CHF"))
    paid = {"paid": "100.00", "v3_status": "paid", "date_paid": "2026-07-01", "create_date": "2026-06-01"}
    half = {"paid": "20.00", "v3_status": "partial", "create_date": "2026-06-01"}
    tables["invoices"] += [
        invoice(ONE, 621, client_id, "100.00", "2026-06-15", **chf, **paid),
        invoice(ONE, 622, client_id, "100.00", "2026-07-31", **chf, create_date="2026-07-01"),
        invoice(ONE, 623, client_id, "100.00", "2026-07-31", **chf, **half),
    ]
    tables["payments"] += [
        payment(ONE, 621, 621, "100.00", "CHF", date="2026-07-01", clientid=client_id),
        payment(
            ONE,
            623,
            623,
            "20.00",
            "CHF",
            date="2026-07-02",
            clientid=client_id,
            type="Credit",
            from_credit=True,
            creditid=621,
        ),
    ]
    tables["credit_notes"] += [
        _credit(621, "20.00", "goodwill", "2026-06-10", "CHF") | {"paid": money("20.00", "CHF")},
        _credit(622, "7.00", "goodwill", "2026-07-03", "CHF"),
    ]
    for row in tables["credit_notes"][-2:]:
        row["clientid"] = client_id
    overpaid = {"paid": money("45.00"), "outstanding": money("-5.00")}
    tables["bills"] += [
        bill(621, "40.00", "2026-06-15") | overpaid,
        bill(622, "40.00", "2026-07-31", issue_date="2026-07-01"),
    ]
    bill_payment = {**ONE, **flags(0), "payment_type": "Check", "note": None}
    tables["bill_payments"].append(
        {**bill_payment, "id": 621, "billid": 621, "amount": money("45.00"), "paid_date": "2026-07-01"}
    )


def unusual() -> Rows:
    tables = all_rows()
    tables["clients"].append(client(ONE, CLIENT, currency_code="EUR"))
    flat = {"discount": {"type": "flat", "amount": money("500.00", "EUR")}, "discount_value": "500.00"}
    late_fee = _invoice(606, "100.00", paid="0.00", lines=[line("100.00", "EUR")])
    tables["invoices"] += [
        _invoice(601, "67.00", lines=[line("62.00", "EUR")]),  # 5.00 more than its lines
        _invoice(602, "80.00", paid="10.00"),  # its payments are 20.00
        _invoice(
            603,
            "1000.00",
            lines=[line("1500.00", "EUR", taxName1="T", taxAmount1="10")],
            discount_total=money("-500.00", "EUR"),
            **flat,
        ),
        _invoice(604, "113.00", lines=[line("113.00", "EUR", taxName1="HST", taxAmount1="13")]),  # tax inside
        _invoice(605, "100.00", paid="100.00", v3_status="paid"),  # paid three times over, see below
        {**late_fee, "outstanding": money("105.00", "EUR")},  # a late fee is on top
        _invoice(607, "30.00"),  # its payment was read a minute later
        _invoice(608, "40.00", lines=[None, line("40.00", "EUR")]),
        _invoice(609, "41.00", lines=[line("1,00", "EUR")]),
        _invoice(610, "42.00", lines=[line("42.00", "GBP")]),
        _invoice(611, "43.00", lines=[line("43.00", "EUR", taxName1="T", taxAmount1="1e9")]),
        _invoice(612, "44.00", due_date=None),
    ]
    tables["payments"] += [
        _payment(602, 602, "20.00", "2026-06-02"),
        _payment(605, 605, "120.00", "2026-04-10", overpaymentid=605),
        _payment(615, 605, "50.00", "2026-05-10", overpaymentid=615),
        _payment(607, 607, "30.00", "2026-07-01"),
        _payment(608, None, "500.00", "2026-03-05"),
        _payment(609, 601, "1.00", "2026-06-03") | {"amount": money("1.00", "CAD")},
    ]
    tables["credit_notes"] += [
        _credit(605, "20.00", "overpayment", "2026-04-10"),
        _credit(615, "50.00", "overpayment", "2026-05-10"),
        _credit(608, "500.00", "prepayment", "2026-03-05"),
    ]
    tables["bills"].append(bill(601, "50.00", "2026-07-01") | {"amount": money("40.00")})
    tables["bills"].append(bill(602, "50.00", "2026-07-01", due_date=None))
    tables["bills"].append(bill(603, "50.00", "2026-07-01") | {"outstanding": money("60.00")})
    _dated_later(tables)
    # Yen have no decimals, and dinars three, which may be noughts.
    for number, code, amount, paid in ((631, "JPY", "1000", "250"), (632, "KWD", "10.000", "2.500")):
        day = {"create_date": "2026-06-01", "v3_status": "partial"}
        tables["clients"].append(client(ONE, number, currency_code=code))
        tables["invoices"].append(
            invoice(ONE, number, number, amount, "2026-07-31", paid=paid, code=code, **day)
        )
        tables["payments"].append(
            payment(ONE, number, number, paid, code, date="2026-06-02", clientid=number)
        )
    # Elements of lists that are no objects.
    tables["clients"].append(client(ONE, 601, contacts=[None, "x", {}], credit_balance=[1, {"amount": "2"}]))
    tables["expense_categories"] += [
        {**tables["expense_categories"][0], "categoryid": one, "parentid": two}
        for one, two in ((1, 2), (2, 1))
    ]
    for stream, name in (("report_revenue_by_client", "clients"), ("report_invoice_details", "clients")):
        tables[stream][0][name] = [None, "x", {}, *tables[stream][0][name]]
    return tables


def odd_books() -> Rows:
    """Everything that may be odd at once, in these books."""
    return books_with([*REJECTED, *PUBLISHED], unusual())
