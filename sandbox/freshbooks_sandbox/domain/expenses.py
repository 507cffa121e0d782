"""Expenses and their categories (freshbooks-api.md 3.6, 4.3, 7.5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain.common import amount, assign, day, find, number, require
from freshbooks_sandbox.values import Row, eastern, words

_WRITABLE = (
    *words("notes vendor billable include_receipt is_cogs taxName1 taxName2 compounded_tax"),
    *words("account_name bank_name has_receipt modern_projectid"),
)
_SAME = ("date", "amount", "vendor", "categoryid", "staffid", "clientid")


def create(books: Books, fields: Row, at: datetime) -> Row:
    require(fields, "expense", "amount", "categoryid", "staffid", "date")
    expense_id = books.new_id("expenses")
    row: Row = {
        "expenseid": expense_id,
        "id": expense_id,
        "accounting_systemid": books.account_id,
        "amount": amount(fields["amount"], books.currency, "amount", "expense"),
        "date": day(fields, "date", "expense"),
        "categoryid": 0,
        "clientid": 0,
        "projectid": 0,
        "modern_projectid": None,
        "converse_projectid": None,
        "invoiceid": None,
        "staffid": number(fields, "staffid", "expense"),
        "profileid": None,
        "transactionid": None,
        "accountid": None,
        "account_name": "",
        "bank_name": "",
        "vendor": None,
        "notes": "",
        "status": 0,
        "billable": False,
        "markup_percent": "0",
        "taxName1": None,
        "taxAmount1": None,
        "taxPercent1": None,
        "taxName2": None,
        "taxAmount2": None,
        "taxPercent2": None,
        "compounded_tax": False,
        "has_receipt": False,
        "include_receipt": False,
        "is_cogs": False,
        "isduplicate": False,
        "from_bulk_import": False,
        "potential_bill_payment": False,
        "bill_matches": [],
        "background_jobid": None,
        "ext_accountid": None,
        "ext_invoiceid": 0,
        "ext_systemid": 0,
        "updated": eastern(at),
        "version": f"{eastern(at)}.{at.microsecond:06d}",
        "vis_state": 0,
        "attachment": None,
    }
    _apply(books, row, fields)
    row["status"] = 1 if row["clientid"] else 0
    _flag_twins(books, row)
    books.table("expenses").put(expense_id, row)
    _book_on_category(books, row["categoryid"], at)
    return row


def change(books: Books, row: Row, fields: Row, at: datetime) -> None:
    before = row["categoryid"]
    _apply(books, row, fields)
    if row["status"] in (0, 1):
        row["status"] = 1 if row["clientid"] else 0
    if row["categoryid"] != before:
        _book_on_category(books, row["categoryid"], at)


def _apply(books: Books, row: Row, fields: Row) -> None:
    assign(row, fields, _WRITABLE)
    if "amount" in fields:
        row["amount"] = amount(fields["amount"], row["amount"]["code"], "amount", "expense")
    if "date" in fields:
        row["date"] = day(fields, "date", "expense")
    if "categoryid" in fields:
        row["categoryid"] = find(books, "expense_categories", fields["categoryid"], "categoryid", "category")[
            "id"
        ]
    if fields.get("clientid"):
        row["clientid"] = find(books, "clients", fields["clientid"], "clientid", "client")["id"]
    elif "clientid" in fields:
        row["clientid"] = 0
    for slot in ("1", "2"):
        if f"taxAmount{slot}" in fields:
            sent = fields[f"taxAmount{slot}"]
            code = row["amount"]["code"]
            row[f"taxAmount{slot}"] = (
                None if sent is None else amount(sent, code, f"taxAmount{slot}", "expense")
            )
        if f"taxPercent{slot}" in fields:
            row[f"taxPercent{slot}"] = _text(fields[f"taxPercent{slot}"])
    if "markup_percent" in fields:
        row["markup_percent"] = _text(fields["markup_percent"]) or "0"
    attachment = fields.get("attachment")
    if attachment:
        key = books.new_id("attachments")
        row["attachment"] = {
            "attachmentid": key,
            "id": key,
            "jwt": attachment["jwt"],
            "media_type": attachment.get("media_type"),
        }
        row["has_receipt"] = True


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _flag_twins(books: Books, row: Row) -> None:
    """Equal expenses are accepted, and both flagged (3.6)."""
    for other in books["expenses"].values():
        if other["vis_state"] == 0 and all(other[key] == row[key] for key in _SAME):
            other["isduplicate"] = row["isduplicate"] = True


def _book_on_category(books: Books, category_id: int, at: datetime) -> None:
    """`updated_at` and `transaction_posted` move when an expense is booked on a category (3.6)."""
    category = books["expense_categories"].get(category_id)
    if category is not None:
        category["transaction_posted"] = True
        category["updated_at"] = max(category["updated_at"], eastern(at))
        books.table("expense_categories").changed()


def create_category(books: Books, fields: Row, at: datetime) -> Row:
    require(fields, "category", "category")
    number_ = books.new_id("expense_categories")
    row: Row = {
        "categoryid": number_,
        "id": number_,
        "category": fields["category"],
        "parentid": fields.get("parentid"),
        "is_cogs": bool(fields.get("is_cogs", False)),
        "is_editable": bool(fields.get("is_editable", True)),
        "transaction_posted": False,
        "created_at": eastern(at),
        "updated_at": eastern(at),
        "vis_state": 0,
    }
    return books.table("expense_categories").put(number_, row)


def change_category(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, ("category", "parentid", "is_cogs"))
