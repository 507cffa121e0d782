"""Rows that a real account may hold and that no figure may stumble over.

Each is said in the types that a loader writes: what does not fit one is null there, and named in `_airbyte_meta`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from unit_tests.dbt.books import HOURS_ONLY, PLAIN, STAMP, bill, credit, entry, estimate, posting, project
from unit_tests.dbt.ledger import ONE, client, expense, flags, invoice, line, money, payment
from unit_tests.dbt.raw_tables import Row

DAY = "2026-05-01"


@dataclass(frozen=True)
class Odd:
    """A row, what of it is listed (row key, column, why), and the plain row that it counts as; None for no row."""

    name: str
    stream: str
    row: Row
    listed: tuple[str | None, str, str]
    counts_as: Row | None = None


def nulled(field: str, value: str, by: str = "SOURCE_SERIALIZATION_ERROR") -> Row:
    """What the connector says of a value that it had to leave out."""
    return {
        "_airbyte_meta": {"changes": [{"field": field, "change": "NULLED", "reason": by, "value": value}]}
    }


def rejected(name: str, stream: str, row: Row, key: object, column: str, why: str) -> Odd:
    return Odd(name, stream, row, (None if key is None else str(key), column, why))


def published(name: str, stream: str, row: Row, key: object, column: str, why: str, **counts_as: Any) -> Odd:
    plain = {**row, **counts_as}
    plain.pop("_airbyte_meta", None)
    return Odd(name, stream, row, (str(key), column, why), plain)


def _invoice(number: int, **more: Any) -> Row:
    made = invoice(ONE, number, 8, "62.00", "2026-08-01")
    return {**made, "create_date": "2026-06-01", **more}


def _payment(number: int, **more: Any) -> Row:
    return {**payment(ONE, number, 1, "5.00", date="2026-06-01"), **more}


def _expense(number: int, **more: Any) -> Row:
    return {**expense(ONE, number, 11, "62.00", DAY), **more}


def _income(number: int, **more: Any) -> Row:
    plain = {**ONE, **PLAIN, **STAMP, "incomeid": number, "amount": money("7.00"), "date": DAY, "taxes": []}
    return {**plain, **more}


def _bill_payment(number: int, **more: Any) -> Row:
    return {**ONE, **flags(0), "id": number, "billid": 1, "amount": money("1.00"), "paid_date": DAY, **more}


def _report(code: str | None, **more: Any) -> Row:
    period = {"start_date": "2025-01-01", "end_date": "2025-01-31", "observed_at": "2026-06-30 11:30:00"}
    return {**ONE, **PLAIN, "currency_code": code, **period, **more}


NOBODY = {"account_id": None}
HUGE = "12345678901234567.89"

REJECTED = [
    rejected(
        "an invoice without an id", "invoices", _invoice(0, invoiceid=None), None, "invoiceid", "missing_key"
    ),
    rejected(
        "an invoice without an account",
        "invoices",
        {**_invoice(901), **NOBODY},
        901,
        "account_id",
        "missing_key",
    ),
    rejected(
        "an invoice without a client",
        "invoices",
        _invoice(902, customerid=None),
        902,
        "customerid",
        "missing",
    ),
    rejected("an invoice of client 0", "invoices", _invoice(903, customerid=0), 903, "customerid", "missing"),
    rejected(
        "an invoice without a day", "invoices", _invoice(904, create_date=None), 904, "create_date", "missing"
    ),
    rejected(
        "an invoice of an impossible day",
        "invoices",
        _invoice(905, create_date=None, **nulled("create_date", "2026-02-30")),
        905,
        "create_date",
        "unreadable",
    ),
    rejected(
        "an invoice of the year 1",
        "invoices",
        _invoice(906, create_date="0001-01-01"),
        906,
        "create_date",
        "impossible_date",
    ),
    rejected(
        "an invoice without an amount", "invoices", _invoice(907, amount=None), 907, "amount", "missing"
    ),
    rejected(
        "an invoice of text", "invoices", _invoice(908, amount=money("12,50")), 908, "amount", "unreadable"
    ),
    rejected(
        "an invoice of NaN", "invoices", _invoice(909, amount=money("NaN")), 909, "amount", "unreadable"
    ),
    rejected("an invoice of a list", "invoices", _invoice(910, amount=[62]), 910, "amount", "unreadable"),
    rejected(
        "an invoice of a number",
        "invoices",
        _invoice(911, amount={"amount": {}}),
        911,
        "amount",
        "unreadable",
    ),
    rejected(
        "an invoice beyond decimal(18,2)",
        "invoices",
        _invoice(912, amount=money(HUGE)),
        912,
        "amount",
        "too_large",
    ),
    rejected(
        "an invoice beyond every sum",
        "invoices",
        _invoice(913, amount=money("9999999999999999.99")),
        913,
        "amount",
        "too_large",
    ),
    rejected(
        "an invoice of 1e30", "invoices", _invoice(914, amount=money("1e30")), 914, "amount", "too_large"
    ),
    rejected(
        "an invoice in no currency",
        "invoices",
        _invoice(
            915,
            currency_code="",
            amount=money("62.00", ""),
            outstanding=money("62.00", ""),
            paid=money("0", ""),
        ),
        915,
        "currency_code",
        "missing_currency",
    ),
    rejected(
        "an invoice in an unknown currency",
        "invoices",
        _invoice(916, currency_code="ZZZ"),
        916,
        "currency_code",
        "unknown_currency",
    ),
    rejected(
        "an invoice in two currencies",
        "invoices",
        _invoice(917, outstanding=money("62.00", "CAD")),
        917,
        "outstanding",
        "two_currencies",
    ),
    rejected(
        "an invoice without any balance",
        "invoices",
        _invoice(918, outstanding=None, paid=None),
        918,
        "outstanding",
        "missing",
    ),
    rejected("a payment without an id", "payments", _payment(0, id=None), None, "id", "missing_key"),
    rejected("a payment without a day", "payments", _payment(921, date=None), 921, "date", "missing"),
    rejected(
        "a payment of nothing", "payments", _payment(922, amount={"code": "USD"}), 922, "amount", "unreadable"
    ),
    rejected(
        "a payment in no currency",
        "payments",
        _payment(923, amount=money("5.00", "")),
        923,
        "amount",
        "missing_currency",
    ),
    rejected(
        "an expense in no currency",
        "expenses",
        _expense(931, amount=money("62.00", "")),
        931,
        "amount",
        "missing_currency",
    ),
    rejected(
        "an expense in dollars",
        "expenses",
        _expense(932, amount=money("62.00", "dollars")),
        932,
        "amount",
        "unknown_currency",
    ),
    rejected(
        "an expense too large", "expenses", _expense(933, amount=money(HUGE)), 933, "amount", "too_large"
    ),
    rejected("an expense without a day", "expenses", _expense(934, date=None), 934, "date", "missing"),
    rejected(
        "an expense taxed in text",
        "expenses",
        _expense(935, taxAmount1=money("13 %")),
        935,
        "taxamount1",
        "unreadable",
    ),
    rejected(
        "an expense taxed in euros",
        "expenses",
        _expense(936, taxAmount1=money("1.00", "EUR")),
        936,
        "taxamount1",
        "two_currencies",
    ),
    rejected(
        "an expense without an id", "expenses", _expense(0, expenseid=None), None, "expenseid", "missing_key"
    ),
    rejected(
        "a credit of nobody",
        "credit_notes",
        credit(941, "5.00", "0.00", "goodwill", clientid=None),
        941,
        "clientid",
        "missing",
    ),
    rejected(
        "a credit without a day",
        "credit_notes",
        credit(942, "5.00", "0.00", "goodwill", create_date=None),
        942,
        "create_date",
        "missing",
    ),
    rejected(
        "a credit used in text",
        "credit_notes",
        credit(943, "5.00", "some", "goodwill"),
        943,
        "paid",
        "unreadable",
    ),
    rejected(
        "an estimate without a day",
        "estimates",
        {**estimate(951, "9.00", DAY, 2), "create_date": None},
        951,
        "create_date",
        "missing",
    ),
    rejected(
        "an estimate of text",
        "estimates",
        {**estimate(952, "9.00", DAY, 2), "amount": money("tba")},
        952,
        "amount",
        "unreadable",
    ),
    rejected(
        "a bill without a day",
        "bills",
        {**bill(961, "9.00", "2026-07-01"), "issue_date": None},
        961,
        "issue_date",
        "missing",
    ),
    rejected(
        "a bill without a total",
        "bills",
        {**bill(962, "9.00", "2026-07-01"), "total_amount": None},
        962,
        "total_amount",
        "missing",
    ),
    rejected(
        "a bill payment of text",
        "bill_payments",
        _bill_payment(963, amount=money("one")),
        963,
        "amount",
        "unreadable",
    ),
    rejected(
        "a bill payment without a day",
        "bill_payments",
        _bill_payment(964, paid_date=None),
        964,
        "paid_date",
        "missing",
    ),
    rejected(
        "income in an unknown currency",
        "other_income",
        _income(965, amount=money("7.00", "X")),
        965,
        "amount",
        "unknown_currency",
    ),
    rejected(
        "time without any day",
        "time_entries",
        entry(ONE, 971, "1", started_at=None, local_started_at=None),
        971,
        "started_at",
        "missing",
    ),
    rejected(
        "time of no length",
        "time_entries",
        entry(ONE, 972, "1") | {"duration": None, **nulled("duration", "an hour")},
        972,
        "duration",
        "unreadable",
    ),
    rejected(
        "time of a century",
        "time_entries",
        entry(ONE, 973, "1") | {"duration": 10**15},
        973,
        "duration",
        "unreadable",
    ),
    rejected(
        "time of nobody's business",
        "time_entries",
        {**entry(ONE, 974, "1"), "business_id": None},
        974,
        "business_id",
        "missing_key",
    ),
    rejected(
        "a client without an id", "clients", {**client(ONE, 0), "userid": None}, None, "userid", "missing_key"
    ),
    rejected(
        "a posting of text",
        "journal_entry_details",
        {**posting(981, "1.00", None, "Sales"), "debit": money("x")},
        981,
        "debit",
        "unreadable",
    ),
    rejected(
        "a posting without a day",
        "journal_entry_details",
        {**posting(982, "1.00", None, "Sales"), "user_entered_date": None},
        982,
        "user_entered_date",
        "missing",
    ),
    rejected(
        "a second system",
        "systems",
        {**ONE, **PLAIN, "systemid": 2, "currency_code": "EUR"},
        2,
        "systemid",
        "second_of_business",
    ),
    rejected(
        "a report in no currency",
        "report_item_sales",
        _report(None, items=[]),
        None,
        "currency_code",
        "missing_key",
    ),
    rejected(
        "a report in an unknown currency",
        "report_trial_balance",
        _report("ZZZ", data=[]),
        None,
        "currency_code",
        "missing_key",
    ),
]

DUE = {"due_offset_days": 30}
LINE = line("62.00")

PUBLISHED = [
    published(
        "an invoice without a due date",
        "invoices",
        _invoice(801, due_date=None, **DUE),
        801,
        "due_date",
        "missing",
        due_date="2026-07-01",
    ),
    published(
        "an invoice due on day 0",
        "invoices",
        _invoice(802, due_date=None, **DUE, **nulled("due_date", "0000-00-00")),
        802,
        "due_date",
        "unreadable",
        due_date="2026-07-01",
    ),
    published(
        "an invoice without paid",
        "invoices",
        _invoice(803, paid=None),
        803,
        "paid",
        "missing",
        paid=money("0.00"),
    ),
    published(
        "an invoice without outstanding",
        "invoices",
        _invoice(804, outstanding=None),
        804,
        "outstanding",
        "missing",
        outstanding=money("62.00"),
    ),
    published(
        "an invoice with its currency on the amount",
        "invoices",
        _invoice(805, currency_code=None),
        805,
        "currency_code",
        "missing",
        currency_code="USD",
    ),
    published(
        "an invoice without a stamp",
        "invoices",
        _invoice(806, updated_at_utc=None),
        806,
        "updated_at_utc",
        "missing",
        updated_at_utc="2026-05-01 10:00:00",
    ),
    published(
        "an invoice without flags",
        "invoices",
        _invoice(807, is_deleted=None),
        807,
        "is_deleted",
        "missing",
        is_deleted=False,
    ),
    published(
        "an invoice whose lines are an object",
        "invoices",
        _invoice(808, lines={"0": LINE}),
        808,
        "lines",
        "unreadable",
        lines=[],
    ),
    published(
        "an invoice in a status of tomorrow",
        "invoices",
        _invoice(809, v3_status="floating"),
        809,
        "v3_status",
        "unknown_word",
        v3_status="sent",
    ),
    published(
        "a discount of text",
        "invoices",
        _invoice(810, discount_value="ten"),
        810,
        "discount_value",
        "unreadable",
        discount_value="0",
    ),
    published(
        "a payment without a stamp",
        "payments",
        _payment(821, updated_at_utc=None),
        821,
        "updated_at_utc",
        "missing",
        updated_at_utc="2026-05-01 10:00:00",
    ),
    published(
        "an expense of a status of tomorrow",
        "expenses",
        _expense(831, status=3),
        831,
        "status",
        "unknown_word",
        status=None,
    ),
    published(
        "a client whose contacts are an object",
        "clients",
        client(ONE, 841, contacts={"email": "x"}),
        841,
        "contacts",
        "unreadable",
        contacts=[],
    ),
    published(
        "a client in an unknown currency",
        "clients",
        client(ONE, 842, currency_code="QQQ"),
        842,
        "currency_code",
        "unknown_currency",
        currency_code=None,
    ),
    published(
        "a bill without a due date",
        "bills",
        {**bill(851, "9.00", "2026-07-01"), "due_date": None, "due_offset_days": 91},
        851,
        "due_date",
        "missing",
        due_date="2026-07-01",
    ),
    published(
        "a bill without outstanding",
        "bills",
        {**bill(852, "9.00", "2026-07-01"), "outstanding": None},
        852,
        "outstanding",
        "missing",
        outstanding=money("9.00"),
    ),
    published(
        "a bill payment of no bill",
        "bill_payments",
        _bill_payment(861, billid=None),
        861,
        "billid",
        "missing",
    ),
    published(
        "time without a start",
        "time_entries",
        entry(ONE, 871, "1", started_at=None),
        871,
        "started_at",
        "missing",
    ),
    published(
        "time on June 31",
        "time_entries",
        entry(ONE, 872, "1", started_at="2026-06-30 22:00:00", local_started_at="2026-06-31T22:00:00"),
        872,
        "local_started_at",
        "impossible_date",
        local_started_at="2026-06-30T22:00:00",
    ),
    published(
        "time of an hours-only business without a stamp",
        "time_entries",
        entry(HOURS_ONLY, 873, "1", observed_at=None),
        873,
        "observed_at",
        "missing",
        observed_at="2026-06-30 11:00:00",
    ),
    published(
        "a project billed by the moon",
        "projects",
        project(ONE, 881, billing_method=None, billed_status="moon"),
        881,
        "billed_status",
        "unknown_word",
    ),
    published(
        "a project at a rate of text",
        "projects",
        project(ONE, 882, rate="a lot"),
        882,
        "rate",
        "unreadable",
        rate=None,
    ),
    published(
        "a category without a name",
        "expense_categories",
        {**ONE, **STAMP, **flags(0), "categoryid": 891, "category": None},
        891,
        "category",
        "missing",
        category="Unnamed category",
    ),
    published(
        "a tax of 100000 percent",
        "taxes",
        {**ONE, **PLAIN, **STAMP, "taxid": 892, "name": "T", "amount": "100000"},
        892,
        "amount",
        "unreadable",
        amount=None,
    ),
    published(
        "income taxed by an object",
        "other_income",
        _income(893, taxes={"name": "HST"}),
        893,
        "taxes",
        "unreadable",
        taxes=[],
    ),
]

# Lists that hold what is no object, or an amount that is none: the document counts, and its lines say what is wrong.
ODD_LINES = [
    Odd(
        "lines that are no objects",
        "invoices",
        _invoice(701, lines=[None, "x", 7]),
        ("701", "lines.2.amount", "unreadable"),
    ),
    Odd(
        "a line of text",
        "invoices",
        _invoice(702, lines=[line("1,50")]),
        ("702", "lines.1.amount", "unreadable"),
    ),
    Odd(
        "a line in euros",
        "invoices",
        _invoice(703, lines=[line("62.00", "EUR")]),
        ("703", "lines.1.amount", "two_currencies"),
    ),
    Odd(
        "a line taxed beyond reason",
        "invoices",
        _invoice(704, lines=[line("62.00", taxName1="T", taxAmount1="1e9")]),
        ("704", "lines.1.tax1_percent", "unreadable"),
    ),
]
