"""Income without an invoice (freshbooks-api.md 3.6)."""

from __future__ import annotations

from datetime import datetime

from freshbooks_sandbox import responses
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain.common import amount, assign, day, percent, require
from freshbooks_sandbox.values import Row, eastern, plain, words

REQUIRED = words("amount date source category_name")
_CATEGORIES = words("advertising in_person_sales online_sales rentals other")


def create(books: Books, fields: Row, at: datetime) -> Row:
    """`amount` holds its taxes, as an expense's does."""
    require(fields, "other_income", *REQUIRED)
    key = books.new_id("other_income")
    row: Row = {
        "incomeid": key,
        "amount": None,
        "date": None,
        "source": "",
        "sourceid": None,
        "userid": None,
        "category_name": "",
        "payment_type": None,
        "note": "",
        "taxes": [],
        "created_at": eastern(at),
        "updated_at": eastern(at),
        "vis_state": 0,
    }
    change(books, row, fields, at)
    return books.table("other_income").put(key, row)


def change(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    if fields.get("category_name", "other") not in _CATEGORIES:
        value = str(fields["category_name"])
        message = f"Invalid value '{value}' for field 'category_name'."
        raise responses.accounting(422, 1004, message, "category_name", "other_income", value)
    assign(row, fields, ("source", "category_name", "payment_type", "note"))
    if "date" in fields:
        row["date"] = day(fields, "date", "other_income")
    if "amount" in fields:
        code = row["amount"]["code"] if row["amount"] else books.currency
        row["amount"] = amount(fields["amount"], code, "amount", "other_income")
    if "taxes" in fields:
        row["taxes"] = [
            {"name": tax["name"], "amount": plain(percent(tax["amount"], "amount", "other_income"))}
            for tax in fields["taxes"] or []
        ]
