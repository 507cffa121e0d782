"""Raw tables of a large business, made by DuckDB alone: four lines an invoice, payments, expenses, hours.

Every figure follows from the row's number, so the books add up: amounts are lines plus tax, payments settle what is
paid. A tenth is in Canadian dollars.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from freshbooks_hub.sync.catalog import StreamTable, stream_table

SCHEMAS = Path(__file__).parents[1] / "source_freshbooks" / "schemas"
AS_OF_DATE = "2026-06-30"
BUSINESS = {"account_id": "'bEnCh1'", "business_id": "100001"}
KEPT = {"is_deleted": "false", "is_archived": "false"}
STAMP = {"updated_at_utc": "timestamp '2026-06-01 10:00:00' + to_seconds(i % 86400)"}
CURRENCY = "case when i % 10 = 0 then 'CAD' else 'USD' end"
DAY = "date '2022-01-01' + (i % 1600)::integer"

# Per invoice: four lines of 5 to 500 dollars, one to eight of each, 13 % tax on their sum.
COST = "(500 + (i * 7919 + k * 104729) % 49500)"
QUANTITY = "(1 + (i + k) % 8)"
LINES_CENTS = f"list_sum([{COST} * {QUANTITY} for k in [1, 2, 3, 4]])"
TAX_CENTS = f"round({LINES_CENTS} * 0.13)::bigint"
PAID_CENTS = "case when i % 4 > 0 then amount_cents when i % 8 = 4 then amount_cents // 2 else 0 end"


def money(cents: str, code: str = CURRENCY) -> str:
    return f"to_json({{amount: printf('%d.%02d', ({cents}) // 100, ({cents}) % 100), code: {code}}})"


LINE = f"""{{
    amount: {{amount: printf('%d.%02d', {COST} * {QUANTITY} // 100, {COST} * {QUANTITY} % 100), code: {CURRENCY}}},
    basecampid: 0, compounded_tax: false, date: null, description: repeat('Design and build, ', 4), expenseid: 0,
    invoiceid: i, lineid: k, modern_project_id: null, modern_time_entries: [], name: 'Service ' || (i * k % 40),
    qty: {QUANTITY}::varchar, retainer_id: null, retainer_period_id: null, taskno: k, taxAmount1: '13',
    taxAmount2: '0', taxName1: 'HST', taxName2: '', taxNumber1: null, taxNumber2: null, type: 0,
    unit_cost: {{amount: printf('%d.%02d', {COST} // 100, {COST} % 100), code: {CURRENCY}}},
    updated: '2026-03-02 11:20:00'
}}"""
INVOICE = {
    **BUSINESS,
    **KEPT,
    **STAMP,
    "invoiceid": "i",
    "id": "i",
    "invoice_number": "printf('INV%07d', i)",
    "customerid": "1 + i % clients",
    "create_date": DAY,
    "due_date": f"{DAY} + 30",
    "created_at": f"({DAY})::varchar || ' 11:27:45'",
    "currency_code": CURRENCY,
    "current_organization": "'Client ' || (1 + i % clients)",
    "organization": "'Client ' || (1 + i % clients)",
    "fname": "'Gavin'",
    "lname": "'Belson'",
    "street": "'174 Spadina Avenue'",
    "city": "'Toronto'",
    "notes": "repeat('Thank you for your business. ', 3)",
    "discount_value": "'0'",
    "discount_total": money("0"),
    "status": "2",
    "v3_status": "case when i % 4 > 0 then 'paid' when i % 8 = 4 then 'partial' else 'sent' end",
    "display_status": "'sent'",
    "amount": money("amount_cents"),
    "paid": money(PAID_CENTS),
    "outstanding": money(f"amount_cents - ({PAID_CENTS})"),
    "lines": f"to_json([{LINE} for k in [1, 2, 3, 4]])",
    "vis_state": "0",
}
AMOUNTS = f"select *, {LINES_CENTS} + {TAX_CENTS} as amount_cents from"

# Rows for so many invoices and clients, and columns by an expression of `i`, the row's number from 1.
StreamRows = tuple[Callable[[int, int], int], Mapping[str, str]]
STREAMS: dict[str, StreamRows] = {
    "businesses": (
        lambda invoices, clients: 1,
        {**BUSINESS, **KEPT, "name": "'Bench'", "timezone": "'America/Toronto'"},
    ),
    "clients": (
        lambda invoices, clients: clients,
        {
            **BUSINESS,
            **KEPT,
            **STAMP,
            "userid": "i",
            "id": "i",
            "organization": "'Client ' || i",
            "fname": "'Gavin'",
            "lname": "'Belson'",
            "email": "'client' || i || '@example.com'",
            "currency_code": CURRENCY,
            "contacts": "'[]'::json",
        },
    ),
    "invoices": (lambda invoices, clients: invoices, INVOICE),
    "payments": (
        lambda invoices, clients: invoices,
        {
            **BUSINESS,
            **KEPT,
            **STAMP,
            "id": "i",
            "logid": "i",
            "invoiceid": "i",
            "clientid": "1 + i % clients",
            "amount": money(PAID_CENTS),
            "date": f"{DAY} + 20",
            "type": "'Check'",
            "from_credit": "false",
        },
    ),
    "expense_categories": (
        lambda invoices, clients: 20,
        {
            **BUSINESS,
            **KEPT,
            **STAMP,
            "categoryid": "i",
            "category": "'Category ' || i",
            "parentid": "case when i > 5 then 1 + i % 5 end",
            "is_cogs": "i = 5",
        },
    ),
    "expenses": (
        lambda invoices, clients: invoices // 4,
        {
            **BUSINESS,
            **KEPT,
            **STAMP,
            "expenseid": "i",
            "categoryid": "1 + i % 20",
            "amount": money("1130 + i % 9000"),
            "taxname1": "'HST'",
            "taxamount1": money("130"),
            "date": DAY,
            "vendor": "'Vendor ' || (i % 300)",
            "billable": "i % 3 = 0",
        },
    ),
    "projects": (
        lambda invoices, clients: clients,
        {
            **BUSINESS,
            **KEPT,
            **STAMP,
            "id": "i",
            "title": "'Project ' || i",
            "client_id": "i",
            "project_type": "'hourly_rate'",
            "billing_method": "'project_rate'",
            "rate": "'80.00'",
            "services": "'[]'::json",
        },
    ),
    "time_entries": (
        lambda invoices, clients: invoices // 2,
        {
            **BUSINESS,
            **KEPT,
            "id": "i",
            "identity_id": "1 + i % 20",
            "client_id": "1 + i % clients",
            "project_id": "1 + i % clients",
            "is_logged": "true",
            "started_at": f"({DAY})::timestamp",
            "local_started_at": f"({DAY})::varchar || 'T09:00:00'",
            "local_timezone": "'America/Toronto'",
            "duration": "900 + i % 20000",
            "billable": "true",
            "billed": "i % 2 = 0",
            "observed_at": "timestamp '2026-06-01 10:00:00'",
        },
    ),
}

POSTED = "1 + (i - 1) // 10"  # ten postings an invoice
POSTED_CURRENCY = f"case when ({POSTED}) % 10 = 0 then 'CAD' else 'USD' end"
# What the pages show besides; `python -m benchmarks --only pages` alone has them.
MORE_STREAMS: dict[str, StreamRows] = {
    "journal_entry_details": (
        lambda invoices, clients: 10 * invoices,
        {
            **BUSINESS,
            **KEPT,
            "detailid": "i",
            "observed_at": "timestamp '2026-06-01 10:00:00'",
            "name": f"printf('INV%07d', {POSTED})",
            "description": f"'Invoice ' || ({POSTED})",
            "user_entered_date": f"date '2022-01-01' + ({POSTED})::integer % 1600",
            "detail_type": "case when i % 10 < 8 then 'invoice' else 'payment' end",
            "debit": money(
                "case when i % 2 = 0 then 500 + i // 2 * 7919 % 49500 else 0 end", POSTED_CURRENCY
            ),
            "credit": money(
                "case when i % 2 = 1 then 500 + i // 2 * 7919 % 49500 else 0 end", POSTED_CURRENCY
            ),
            "account": "to_json({account_name: 'Account ' || i % 30, account_number: 1000 + i % 30, "
            "account_type: ['asset', 'liability', 'income', 'expense', 'equity'][1 + i % 5]})",
            "sub_account": "to_json({account_sub_name: 'Part ' || i % 120, account_sub_number: i % 120})",
            "entry": f"to_json({{entryid: {POSTED}, invoiceid: {POSTED}, clientid: 1 + ({POSTED}) % clients}})",
        },
    ),
    "bills": (
        lambda invoices, clients: invoices // 10,
        {
            **BUSINESS,
            **KEPT,
            **STAMP,
            "id": "i",
            "bill_number": "printf('B%06d', i)",
            "vendorid": "1 + i % 300",
            "vendor": "to_json({vendor_name: 'Vendor ' || i % 300})",
            "issue_date": DAY,
            "due_date": f"{DAY} + 30",
            "currency_code": CURRENCY,
            "amount": money("1000 + i % 9000"),
            "total_amount": money("1130 + i % 9000"),
            "tax_amount": money("130"),
            "paid": money("case when i % 4 > 0 then 1130 + i % 9000 else 0 end"),
            "outstanding": money("case when i % 4 > 0 then 0 else 1130 + i % 9000 end"),
            "status": "case when i % 4 > 0 then 'paid' else 'unpaid' end",
            "overall_category": "'Category ' || (1 + i % 20)",
            "lines": "'[]'::json",
        },
    ),
}


def table(stream: str) -> StreamTable:
    """The raw table of a stream, as the loader makes it."""
    schema = json.loads((SCHEMAS / f"{stream}.json").read_text())
    key = [["account_id"], ["business_id"], ["invoiceid"]] if stream == "invoices" else []
    cursor = ["updated_at_utc"] if stream == "invoices" else []
    described = {"name": stream, "json_schema": schema}
    return stream_table({**described, "source_defined_primary_key": key, "default_cursor_field": cursor})


def write(
    path: Path, invoices: int, clients: int | None = None, streams: Mapping[str, StreamRows] = STREAMS
) -> None:
    """Raw tables with so many invoices; by default of a two-hundredth as many clients."""
    clients = clients or max(50, invoices // 200)
    with duckdb.connect(path, config={"memory_limit": "2GB", "preserve_insertion_order": False}) as db:
        db.execute("create schema freshbooks")
        for stream, (rows, columns) in streams.items():
            found = table(stream)
            definition = ", ".join(f'"{column.name}" {column.type}' for column in found.columns)
            loader = "_airbyte_raw_id varchar, _airbyte_extracted_at timestamp, _airbyte_meta json"
            db.execute(f"create table freshbooks.{stream} ({definition}, {loader})")
            values = [f"({columns.get(column.name, 'null')})::{column.type}" for column in found.columns]
            values += ["uuidv7()::varchar", "timestamp '2026-06-29 12:00:00'", "'{\"changes\":[]}'::json"]
            keep = f"where ({PAID_CENTS}) > 0" if stream == "payments" else ""
            count = rows(invoices, clients)
            numbers = f"({AMOUNTS} (select range as i, {clients} as clients from range(1, {count} + 1)))"
            db.execute(f"insert into freshbooks.{stream} select {', '.join(values)} from {numbers} {keep}")


def change(path: Path, invoices: int) -> None:
    """As a sync that read so many invoices again, each with a new note."""
    with duckdb.connect(path) as db:
        db.execute(
            "update freshbooks.invoices set notes = 'changed', updated_at_utc = timestamp '2026-06-30 11:00:00', "
            f"_airbyte_extracted_at = timestamp '2026-06-30 12:00:00' where invoiceid <= {invoices}"
        )


if __name__ == "__main__":
    {"write": write, "change": change}[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
