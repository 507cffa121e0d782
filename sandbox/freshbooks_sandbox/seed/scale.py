"""Many invoices with four lines each, for benchmarks: quick to make, small in memory.

Invoices share a pool of line lists; nothing changes a list in place, so an edit never shows in another one.
"""

from __future__ import annotations

import gc
from datetime import UTC, datetime, timedelta

from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import clients, invoices
from freshbooks_sandbox.seed.rng import Rng
from freshbooks_sandbox.values import cents, decimal, eastern

_POOL = 500
_START = datetime(2024, 11, 1, 14, tzinfo=UTC)


def fill(books: Books, count: int) -> None:
    """`count` sent, partly paid and paid invoices over 200 clients, in order of their ids."""
    rng = Rng(books, "scale")
    for number in range(200):
        clients.create(
            books, {"organization": f"Client {number:03d}", "email": f"c{number}@example.com"}, _START
        )
    people = list(books["clients"].values())
    pool = []
    for _ in range(_POOL):
        lines = [
            {
                "name": rng.choice(("Design", "Hosting", "Print")),
                "description": "As agreed",
                "qty": rng.choice(("1", "2", "0.75")),
                "unit_cost": str(rng.price(20, 400)),
                "taxName1": "HST",
                "taxAmount1": "13",
            }
            for _ in range(4)
        ]
        fields = {"customerid": rng.choice(people)["id"], "create_date": "2024-11-01", "lines": lines}
        pool.append(invoices.create(books, fields, _START))
    for base in pool:
        for line in base["lines"]:
            del line["invoiceid"]  # shared by many invoices
    books["invoices"].clear()
    gc_was_on = gc.isenabled()
    gc.disable()  # a hundred thousand live dicts make every collection slow
    step = timedelta(days=720) / max(count, 1)
    table, first = books["invoices"], 217_501
    for number in range(count):
        base, at = pool[number % _POOL], _START + step * number
        stamp, key = eastern(at), first + number
        row = {
            **base,
            "invoiceid": key,
            "id": key,
            "invoice_number": f"{number + 1:07d}",
            "customerid": people[number % 200]["id"],
            "create_date": stamp[:10],
            "due_date": (at.date() + timedelta(days=30)).isoformat(),
            "due_offset_days": 30,
            "created_at": stamp,
            "updated": stamp,
            "version": f"{stamp}.000000",
        }
        table[key] = row
    books.start_ids({"invoices": first + count})
    _pay(books, count)
    if gc_was_on:
        gc.enable()
    books.table("invoices").changed()


def _pay(books: Books, count: int) -> None:
    """Of three invoices one is open, one half paid, one paid."""
    table = books["payments"]
    for number, row in enumerate(books["invoices"].values()):
        row.update(status=2, v3_status="sent", display_status="sent")
        part = (0, 50, 100)[number % 3]
        if not part:
            continue
        code, total = row["currency_code"], decimal(row["amount"])
        paid = cents(total * part / 100)
        key = 115_801 + len(table)
        table[key] = {
            "id": key,
            "logid": key,
            "accounting_systemid": books.account_id,
            "invoiceid": row["id"],
            "clientid": row["customerid"],
            "creditid": None,
            "date": row["create_date"],
            "amount": {"amount": str(paid), "code": code},
            "type": "Check",
            "note": "",
            "gateway": None,
            "from_credit": False,
            "overpaymentid": None,
            "updated": row["updated"],
            "vis_state": 0,
        }
        row["paid"] = {"amount": str(paid), "code": code}
        row["net_paid_amount"] = {"amount": f"{paid}{'0' * 23}", "code": code}
        row["outstanding"] = {"amount": str(total - paid), "code": code}
        state = "paid" if part == 100 else "partial"
        row.update(v3_status=state, payment_status=state, status=4 if part == 100 else 2)
        if part == 100:
            row.update(display_status="paid", date_paid=row["create_date"])
    books.start_ids({"payments": 115_801 + count})
    books.table("payments").changed()
