"""A small business by hand: two businesses with equal ids, and every trap the marts must survive."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from unit_tests.dbt.raw_tables import Row, Rows

AS_OF_DATE = "2026-06-30"
FIRST_STREAMS = (
    "businesses",
    "clients",
    "invoices",
    "payments",
    "expenses",
    "expense_categories",
    "projects",
    "time_entries",
    "estimates",
)
ONE, TWO = {"account_id": "aaa111", "business_id": 1}, {"account_id": "bbb222", "business_id": 2}


def money(amount: str, code: str = "USD") -> Row:
    return {"amount": amount, "code": code}


def flags(vis_state: int) -> Row:
    return {"vis_state": vis_state, "is_deleted": vis_state == 1, "is_archived": vis_state == 2}


def line(amount: str, code: str = "USD", **more: Any) -> Row:
    return {
        "lineid": 1,
        "type": 0,
        "name": "Work",
        "qty": "1",
        "unit_cost": money(amount, code),
        "amount": money(amount, code),
        "taxName1": "",
        "taxAmount1": "0",
        "taxName2": None,
        "taxAmount2": "0",
        "compounded_tax": False,
        **more,
    }


def client(business: Row, userid: int, vis_state: int = 0, **more: Any) -> Row:
    return {
        **business,
        "userid": userid,
        "id": userid,
        "fname": "",
        "lname": "",
        "organization": f"Client {userid}",
        "email": "",
        "currency_code": "USD",
        "language": "en",
        "updated_at_utc": "2026-05-01 10:00:00",
        "contacts": [],
        "credit_balance": [],
        **flags(vis_state),
        **more,
    }


def invoice(
    business: Row,
    invoiceid: int,
    customerid: int,
    amount: str,
    due: str,
    *,
    paid: str = "0.00",
    code: str = "USD",
    v3_status: str = "sent",
    vis_state: int = 0,
    lines: list[Row] | None = None,
    **more: Any,
) -> Row:
    return {
        **business,
        "invoiceid": invoiceid,
        "id": invoiceid,
        "customerid": customerid,
        "create_date": "2026-01-15",
        "due_date": due,
        "currency_code": code,
        "amount": money(amount, code),
        "paid": money(paid, code),
        "outstanding": money(str(Decimal(amount) - Decimal(paid)), code),
        "discount_value": "0",
        "discount_total": money("-0.00", code),
        "status": 1 if v3_status == "draft" else 2,
        "v3_status": v3_status,
        "display_status": v3_status,
        "current_organization": f"Invoiced {customerid}",
        "lines": [line(amount, code)] if lines is None else lines,
        "updated_at_utc": "2026-05-01 10:00:00",
        **flags(vis_state),
        **more,
    }


def payment(
    business: Row,
    number: int,
    invoiceid: int,
    amount: str,
    code: str = "USD",
    vis_state: int = 0,
    **more: Any,
) -> Row:
    return {
        **business,
        "id": number,
        "logid": number,
        "invoiceid": invoiceid,
        "amount": money(amount, code),
        "date": "2026-03-10",
        "type": "Check",
        "from_credit": False,
        "updated_at_utc": "2026-05-01 10:00:00",
        **flags(vis_state),
        **more,
    }


def expense(
    business: Row,
    number: int,
    categoryid: int,
    amount: str,
    date: str,
    code: str = "USD",
    vis_state: int = 0,
    **more: Any,
) -> Row:
    return {
        **business,
        "expenseid": number,
        "categoryid": categoryid,
        "amount": money(amount, code),
        "date": date,
        "billable": False,
        "updated_at_utc": "2026-05-01 10:00:00",
        **flags(vis_state),
        **more,
    }


def category(business: Row, number: int, name: str, parentid: int | None = None, **more: Any) -> Row:
    return {
        **business,
        "categoryid": number,
        "category": name,
        "parentid": parentid,
        "is_cogs": False,
        "updated_at_utc": "2026-05-01 10:00:00",
        **flags(0),
        **more,
    }


def rows() -> Rows:
    """Rows of the first nine streams; unit_tests/dbt/books.py has them all."""
    taxed = [  # the example of freshbooks-api.md 5: 10 % discount, 13 % tax on one of two lines
        line(
            "20.00", "CAD", lineid=1, qty="4", unit_cost=money("5.00", "CAD"), taxName1="HST", taxAmount1="13"
        ),
        line("24.00", "CAD", lineid=2),
    ]
    compound = [
        line(
            "100.00", taxName1="GST", taxAmount1="5", taxName2="PST", taxAmount2="9.975", compounded_tax=True
        )
    ]
    tables: Rows = {stream: [] for stream in FIRST_STREAMS}
    tables["businesses"] = [
        {**ONE, "name": "One Ltd", "timezone": "America/Toronto", **flags(0)},
        {**TWO, "name": "Two Ltd", "timezone": "Africa/Nairobi", **flags(0)},
        # A business without accounting has no account.
        {"account_id": None, "business_id": 3, "name": "Hours only", **flags(0)},
    ]
    for table in tables["businesses"]:
        del table["vis_state"]  # businesses have none
    tables["clients"] = [
        client(
            ONE,
            5,
            fname="Ann",
            lname="Lee",
            organization="Acme",
            email="Ann@Example.com ",
            contacts=[
                {
                    "contactid": 50,
                    "fname": "Bob",
                    "lname": "Ray",
                    "email": "bob@example.com",
                    "phone1": "555-1",
                },
                {"fname": "Nameless", "lname": "", "email": ""},
            ],
        ),
        client(
            ONE,
            6,
            vis_state=2,
            fname="Ann",
            lname="Old",
            email="ann@example.com",
            updated_at_utc="2026-06-20 00:00:00",
        ),
        client(ONE, 7, vis_state=1, fname="BOB", lname="ray", email="bob@example.com"),
        client(ONE, 8),
        client(ONE, 9, credit_balance=[{"amount": money("25.00")}, {"amount": money("4.50", "EUR")}]),
        client(TWO, 5, fname="Ann", email="ann@example.com", organization="", credit_balance=None),
    ]
    tables["invoices"] = [
        invoice(ONE, 1, 5, "100.00", "2026-06-30"),  # due today: current
        invoice(ONE, 2, 5, "50.00", "2026-06-29", paid="20.00", v3_status="partial"),  # one day late
        invoice(ONE, 3, 5, "70.00", "2026-05-30"),  # 31 days
        invoice(
            ONE,
            4,
            5,
            "41.94",
            "2026-07-10",
            paid="20.00",
            code="CAD",
            lines=taxed,
            discount_value="10",
            discount_total=money("-4.40", "CAD"),
        ),
        invoice(ONE, 5, 6, "80.00", "2026-04-01"),  # archived client, 90 days
        invoice(ONE, 6, 7, "90.00", "2026-03-31"),  # deleted client, 91 days
        invoice(ONE, 7, 8, "33.00", "2026-07-31", v3_status="draft"),  # draft only
        invoice(
            ONE, 8, 5, "999.00", "2026-01-31", paid="400.00", v3_status="partial", vis_state=1
        ),  # deleted
        invoice(ONE, 9, 5, "60.00", "2026-02-01", paid="60.00", v3_status="paid"),  # cash and a credit
        invoice(ONE, 10, 5, "10.00", "2026-02-01", paid="15.00", v3_status="paid"),  # overpaid
        invoice(ONE, 11, 5, "115.47", "2026-05-31", lines=compound),  # 100 + 5 + 10.47, 30 days
        invoice(ONE, 12, 404, "12.00", "2026-06-01"),  # client not synced
        invoice(TWO, 1, 5, "7.00", "2026-06-01", v3_status="viewed"),
        # A deleted and restored invoice, both versions in raw: the restored one counts.
        invoice(TWO, 2, 5, "9.00", "2026-07-01", vis_state=1, updated_at_utc="2026-05-02 10:00:00"),
        invoice(TWO, 2, 5, "11.00", "2026-07-01", updated_at_utc="2026-05-03 10:00:00"),
    ]
    tables["payments"] = [
        payment(ONE, 1, 2, "20.00", date="2026-06-11"),
        payment(ONE, 2, 4, "20.00", "CAD"),
        payment(ONE, 3, 9, "45.00"),
        payment(ONE, 4, 9, "15.00", type="Credit", from_credit=True, creditid=77, date="2026-06-25"),
        payment(ONE, 5, 9, "45.00", vis_state=1),
        payment(ONE, 6, 8, "400.00", date="2026-06-28"),  # outlives its deleted invoice
        payment(ONE, 7, 10, "15.00"),
    ]
    tables["estimates"] = [
        {
            **ONE,
            "estimateid": 1,
            "customerid": 5,
            "create_date": "2025-12-01",
            "updated_at_utc": "2026-05-01 10:00:00",
            "amount": money("5.00"),
            **flags(0),
        },
    ]
    tables["expense_categories"] = [
        category(ONE, 10, "Travel"),
        category(ONE, 11, "Airfare", 10),
        category(ONE, 12, "Materials", None, is_cogs=True),
        category(TWO, 10, "Office"),
        category(TWO, 11, "Paper", 10),
    ]
    tables["expenses"] = [
        expense(ONE, 1, 11, "113.00", "2026-05-01", taxName1="HST", taxAmount1=money("13.00"), billable=True),
        expense(
            ONE,
            2,
            11,
            "20.00",
            "2026-05-31",
            taxName1="GST",
            taxAmount1=money("1.00"),
            taxName2="PST",
            taxAmount2=money("0.50"),
        ),
        expense(ONE, 3, 11, "20.00", "2026-06-01"),
        expense(ONE, 4, 11, "30.00", "2026-05-15", "CAD"),
        expense(ONE, 5, 11, "500.00", "2026-05-15", vis_state=1),
        expense(ONE, 6, 0, "6.00", "2026-05-15"),
        expense(ONE, 7, 12, "8.00", "2026-05-15", vis_state=2),
        expense(TWO, 1, 11, "9.00", "2026-05-15"),
    ]
    return tables
