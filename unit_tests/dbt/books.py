"""The rest of the small business: purchases, catalogue, people, time, credits and the general ledger."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from unit_tests.dbt.ledger import ONE, TWO, client, flags, invoice, line, money, rows
from unit_tests.dbt.raw_tables import STREAMS, Row, Rows
from unit_tests.dbt.reports import reports
from unit_tests.dbt.statements import accounts

WITHOUT_ACCOUNTING = {
    "businesses",
    "projects",
    "time_entries",
    "services",
    "service_rates",
    "team_members",
    "team_member_rates",
}
HOURS_ONLY = {"account_id": None, "business_id": 3}  # a business without accounting has no account
STAMP = {"updated_at_utc": "2026-05-01 10:00:00"}
PLAIN = {"is_deleted": False, "is_archived": False}


def project(business: Row, number: int, **more: object) -> Row:
    return {
        **business,
        **STAMP,
        **PLAIN,
        "id": number,
        "title": f"Project {number}",
        "client_id": 5,
        "project_type": "hourly_rate",
        "billing_method": "project_rate",
        "internal": False,
        "complete": False,
        "services": [],
        **more,
    }


def entry(business: Row, number: int, hours: str, **more: object) -> Row:
    return {
        **business,
        **PLAIN,
        "id": number,
        "observed_at": "2026-06-30 11:00:00",
        "identity_id": 900,
        "client_id": 5,
        "project_id": None,
        "service_id": None,
        "is_logged": True,
        # Late in the evening of the person, already the next day in UTC.
        "started_at": f"2026-06-{number % 20 + 2:02} 02:30:00",
        "local_started_at": f"2026-06-{number % 20 + 1:02}T22:30:00",
        "local_timezone": "America/Toronto",
        "duration": int(float(hours) * 3600),
        "billable": True,
        "billed": False,
        "internal": False,
        **more,
    }


def estimate(number: int, amount: str, day: str, status: int, code: str = "USD", **more: object) -> Row:
    return {
        **ONE,
        **STAMP,
        "estimateid": number,
        "estimate_number": f"E-{number}",
        "customerid": 5,
        "create_date": day,
        "currency_code": code,
        "amount": money(amount, code),
        "status": status,
        **flags(0),
        **more,
    }


def bill(number: int, amount: str, due: str, paid: str = "0.00", vis_state: int = 0, **more: object) -> Row:
    rest = f"{float(amount) - float(paid):.2f}"
    return {
        **ONE,
        **STAMP,
        "id": number,
        "bill_number": f"B-{number}",
        "vendorid": 70,
        "issue_date": "2026-04-01",
        "due_date": due,
        "currency_code": "USD",
        "amount": money(amount),
        "tax_amount": money("0.00"),
        "total_amount": money(amount),
        "paid": money(paid),
        "outstanding": money(rest),
        "status": "unpaid",
        "vendor": {"vendor_name": "Embedded"},
        "lines": [{"categoryid": 12, "amount": money(amount)}],
        **flags(vis_state),
        **more,
    }


def credit(number: int, amount: str, used: str, kind: str, vis_state: int = 0, **more: object) -> Row:
    return {
        **ONE,
        "creditid": number,
        "credit_number": f"C-{number}",
        "credit_type": kind,
        "clientid": 8,
        "create_date": "2026-05-10",
        "currency_code": "USD",
        "amount": money(amount),
        "paid": money(used),
        "display_status": "created",
        "payment_status": "partial",
        "lines": [line(amount)],
        **flags(vis_state),
        **more,
    }


def posting(number: int, debit: str | None, credit_: str | None, account: str, **entry_: object) -> Row:
    return {
        **ONE,
        **PLAIN,
        "detailid": number,
        "name": "Invoice 1",
        "user_entered_date": "2026-01-15",
        "detail_type": "sales",
        "debit": money(debit) if debit else None,
        "credit": money(credit_) if credit_ else None,
        "balance": money("0.00"),
        "account": {"account_name": account, "account_number": "1200", "account_type": "asset"},
        "sub_account": {"account_sub_name": f"{account} (general)", "account_sub_number": "1"},
        "entry": {"entryid": 1, "clientid": 5, **entry_},
    }


def all_rows() -> Rows:
    """Every stream filled, with FreshBooks' reports computed from the same rows."""
    tables: Rows = {stream: [] for stream in STREAMS} | rows()
    one = {**ONE, **PLAIN}
    tables["systems"] = [{**one, "systemid": 1, "name": "One Ltd", "currency_code": "USD"}]
    tables["clients"].append(client(ONE, 10, currency_code="CAD"))
    tables["invoices"] += [
        # Made from an estimate; a deposit is paid; a second invoice of the same estimate comes later.
        invoice(
            ONE,
            20,
            8,
            "200.00",
            "2026-07-15",
            paid="50.00",
            v3_status="deposit-paid",
            estimateid=3,
            create_date="2026-05-15",
            deposit_amount=money("50.00"),
            deposit_status="paid",
        ),
        invoice(ONE, 21, 8, "10.00", "2026-07-20", estimateid=3, create_date="2026-06-20"),
        # Overpaid: the rest became a credit note, the payment holds what the invoice took.
        invoice(ONE, 22, 8, "75.00", "2026-05-31", paid="75.00", v3_status="paid"),
    ]
    paid = {**STAMP, **flags(0), **ONE, "type": "Check", "from_credit": False, "clientid": 8}
    tables["payments"] += [
        {**paid, "id": 20, "invoiceid": 20, "amount": money("50.00"), "date": "2026-05-16"},
        {
            **paid,
            "id": 22,
            "invoiceid": 22,
            "amount": money("75.00"),
            "date": "2026-05-10",
            "overpaymentid": 2,
        },
    ]
    tables["credit_notes"] = [
        credit(1, "40.00", "15.00", "goodwill"),
        credit(2, "25.00", "0.00", "overpayment"),
        credit(3, "99.00", "0.00", "goodwill", vis_state=1),
        credit(4, "7.50", "0.00", "goodwill", display_status="draft"),
    ]
    tables["estimates"] = [
        estimate(1, "5.00", "2025-12-01", 1),
        estimate(2, "80.00", "2026-05-02", 5, accepted=True, invoiced=False),
        estimate(3, "210.00", "2026-05-05", 5, accepted=True),  # an invoice says more than its status
        estimate(4, "30.00", "2026-05-09", 3, ui_status="open"),
        estimate(5, "60.00", "2026-05-20", 2, "CAD"),
        estimate(6, "999.00", "2026-05-20", 2, **flags(1)),
    ]
    tables["invoice_profiles"] = [
        {
            **one,
            **STAMP,
            "profileid": 1,
            "customerid": 5,
            "create_date": "2026-01-01",
            "frequency": "m",
            "numberRecurring": 12,
            "occurrences_to_date": 6,
            "next_issue_date": "2026-07-01",
            "amount": money("9.00"),
        }
    ]
    tables["items"] = [
        {**one, **STAMP, "itemid": 1, "name": "Monkey", "qty": "1", "unit_cost": money("12.34"), "tax1": 1},
        {**one, **STAMP, "itemid": 2, "name": "Gone", "unit_cost": None, "tax1": 0, **flags(1)},
    ]
    tables["items"][1]["is_deleted"] = True
    tables["taxes"] = [{**one, **STAMP, "taxid": 1, "name": "HST", "amount": "13", "compound": False}]
    tables["tasks"] = [{**one, **STAMP, "taskid": 1, "name": "Work", "rate": money("25.47")}]
    tables["bill_vendors"] = [
        {**one, **STAMP, "vendorid": 70, "vendor_name": "Wood's", "currency_code": "USD"}
    ]
    tables["bills"] = [
        bill(1, "300.00", "2026-05-01", paid="100.00"),  # 60 days late, part paid
        bill(2, "50.00", "2026-07-01", lines=[{"categoryid": 11, "amount": money("50.00")}]),
        bill(3, "20.00", "2026-04-30", paid="20.00"),
        bill(4, "500.00", "2026-04-30", vis_state=1),
    ]
    bill_payment = {**ONE, "payment_type": "Check", "note": None, **flags(0)}
    tables["bill_payments"] = [
        {**bill_payment, "id": 1, "billid": 1, "amount": money("100.00"), "paid_date": "2026-06-05"},
        {**bill_payment, "id": 2, "billid": 3, "amount": money("20.00"), "paid_date": "2026-04-20"},
        {**bill_payment, "id": 3, "billid": 4, "amount": money("9.00"), "paid_date": "2026-04-20"},
    ]
    tables["other_income"] = [
        {
            **one,
            **STAMP,
            "incomeid": 1,
            "amount": money("113.00"),
            "date": "2026-05-11",
            "source": "Etsy",
            "category_name": "online_sales",
            "taxes": [{"name": "HST", "amount": "13"}],
        }
    ]
    tables["services"] = [
        {**one, "id": 1, "name": "Design", "billable": True},
        {**one, "id": 2, "name": "Unpriced", "billable": True},
        {**HOURS_ONLY, **PLAIN, "id": 1, "name": "Teaching", "billable": True},
    ]
    tables["service_rates"] = [
        {**one, "service_id": 1, "rate": "80.50"},
        {**HOURS_ONLY, **PLAIN, "service_id": 1, "rate": "20.00"},
    ]
    embedded = [{"id": 3, "business_id": 1, "name": "Only in a project", "billable": True, "vis_state": 0}]
    tables["projects"] = [
        project(ONE, 1, rate="50.02", services=embedded, budget="36000"),
        project(ONE, 2, billing_method="service_rate", complete=True),
        project(ONE, 3, billing_method="team_member_rate", client_id=10),
        project(ONE, 4, project_type="fixed_price", billing_method=None, fixed_price="4800.00"),
        project(ONE, 5, rate=None),
        project(ONE, 6, client_id=None, internal=True, rate="10.00"),
        project(ONE, 7, billing_method="business_rate"),
        project(HOURS_ONLY, 1, client_id=None, billing_method="service_rate", title="Classes"),
        project(ONE, 8, is_deleted=True, rate="1.00"),
    ]
    tables["time_entries"] = [
        entry(ONE, 1, "0.75", project_id=1),  # 37.515: half a cent goes up
        entry(ONE, 2, "1", project_id=1),
        entry(ONE, 3, "2", project_id=1, billed=True),
        entry(ONE, 4, "3", project_id=1, billable=False),
        entry(ONE, 5, "1.5", project_id=2, service_id=1),
        entry(ONE, 6, "1", project_id=2, service_id=2),
        entry(ONE, 7, "1", project_id=2),
        entry(ONE, 8, "2", project_id=3, client_id=None),  # the project's client, in CAD
        entry(ONE, 9, "2", project_id=3, identity_id=901),
        entry(ONE, 10, "4", project_id=4),
        entry(ONE, 11, "1", project_id=5),
        entry(ONE, 12, "5", project_id=6, client_id=None),  # internal by its project
        entry(ONE, 13, "1", project_id=7),
        entry(ONE, 14, "1"),
        entry(ONE, 15, "9", project_id=1, is_deleted=True),
        entry(ONE, 16, "9", project_id=1, is_logged=False),
        entry(HOURS_ONLY, 1, "1", project_id=1, client_id=None, service_id=1),
        entry(ONE, 17, "1", project_id=99),
        entry(ONE, 18, "2.5", project_id=1, retainer_id=1),
    ]
    member = {**STAMP, **PLAIN, "first_name": "Gordon", "last_name": "Shumway", "business_role_name": "owner"}
    tables["team_members"] = [
        {**ONE, **member, "uuid": "u-1", "identity_id": 900, "email": "ALF@example.com"},
        {**ONE, **member, "uuid": "u-0", "identity_id": 900, "is_archived": True},  # invited twice
        {**ONE, **member, "uuid": "u-2", "identity_id": 901, "first_name": "Kate"},
        {**TWO, **member, "uuid": "u-3", "identity_id": 900},
    ]
    tables["team_member_rates"] = [{**one, "identity_id": 900, "rate": "100.00"}]
    # One expense of the owner, one of somebody who is not in the list of staff.
    tables["expenses"][0]["staffid"], tables["expenses"][1]["staffid"] = 1, 9
    tables["staff"] = [{**one, **STAMP, "userid": 1, "fname": "Gordon", "rate": "10.00"}]
    tables["journal_entry_accounts"] = [row for business in (ONE, TWO) for row in accounts(business)]
    tables["journal_entry_details"] = [
        posting(1, "100.00", None, "Accounts Receivable", invoiceid=1),
        posting(2, None, "100.00", "Sales", invoiceid=1),
    ]
    tables["ledger_accounts"] = [{**one, **STAMP, "uuid": "l-1", "name": "Cash", "type": "asset"}]
    _fill_credit(tables)
    tables |= reports(tables)
    return tables | {"stream_availability": availability(tables)}


def _fill_credit(tables: Rows) -> None:
    """Clients say themselves what credit they have: the same as their credit notes."""
    unused: dict[tuple[int, int, str], Decimal] = defaultdict(Decimal)
    for row in tables["credit_notes"]:
        if not row["is_deleted"] and row["display_status"] != "draft":
            key = row["business_id"], row["clientid"], row["currency_code"]
            unused[key] += Decimal(row["amount"]["amount"]) - Decimal(row["paid"]["amount"])
    for row in tables["clients"]:
        mine = [
            (code, rest)
            for (*key, code), rest in unused.items()
            if key == [row["business_id"], row["userid"]]
        ]
        row["credit_balance"] = [{"amount": money(str(rest), code)} for code, rest in mine]


def availability(tables: Rows) -> list[Row]:
    """What the connector says of each business and stream: all of it was read, but for what is named here."""
    said: dict[tuple[int, str], Row] = {
        (TWO["business_id"], "ledger_accounts"): {"status": "gated", "errno": 1003, "http_status": 403},
        (ONE["business_id"], "tasks"): {"status": "short", "row_count": 1, "counted": 3},
    }
    found = []
    for business in (ONE, TWO, HOURS_ONLY):
        for stream in sorted(tables.keys() - {"stream_availability"}):
            has_rows = any(row["business_id"] == business["business_id"] for row in tables[stream])
            lacking = business is HOURS_ONLY and stream not in WITHOUT_ACCOUNTING
            found.append(
                {
                    **business,
                    "stream_name": stream,
                    "status": "not_applicable" if lacking else "read",
                    "has_rows": has_rows,
                    "observed_at": "2026-06-30 12:00:00",
                    **said.get((business["business_id"], stream), {}),
                }
            )
    return found
