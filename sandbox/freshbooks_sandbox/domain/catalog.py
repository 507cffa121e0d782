"""Items, taxes, tasks and the accounting system's own record."""

from __future__ import annotations

from datetime import datetime

from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain.common import amount, assign, require
from freshbooks_sandbox.values import Row, eastern, money


def create_item(books: Books, fields: Row, at: datetime) -> Row:
    require(fields, "item", "name")
    number = books.new_id("items")
    row: Row = {
        "itemid": number,
        "id": number,
        "accounting_systemid": books.account_id,
        "name": "",
        "description": "",
        "qty": "1",
        "inventory": None,
        "sku": "",
        "unit_cost": money(0, books.currency),
        "tax1": 0,
        "tax2": 0,
        "updated": eastern(at),
        "vis_state": 0,
    }
    change_item(books, row, fields, at)
    return books.table("items").put(number, row)


def change_item(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, ("name", "description", "qty", "inventory", "sku", "tax1", "tax2"))
    if "unit_cost" in fields:
        row["unit_cost"] = amount(fields["unit_cost"], books.currency, "unit_cost", "item")


def create_tax(books: Books, fields: Row, at: datetime) -> Row:
    require(fields, "tax", "name", "amount")
    number = books.new_id("taxes")
    row: Row = {
        "taxid": number,
        "id": number,
        "accounting_systemid": books.account_id,
        "name": fields["name"],
        "amount": str(fields["amount"]),
        "number": fields.get("number"),
        "compound": bool(fields.get("compound", False)),
        "updated": eastern(at),
    }
    return books.table("taxes").put(number, row)


def change_tax(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, ("name", "number", "compound"))
    if "amount" in fields:
        row["amount"] = str(fields["amount"])


def create_task(books: Books, fields: Row, at: datetime) -> Row:
    """A task; services have such a twin (3.6)."""
    require(fields, "task", "name")
    number = books.new_id("tasks")
    row: Row = {
        "taskid": number,
        "id": number,
        "name": "",
        "tname": "",
        "description": "",
        "tdesc": "",
        "billable": True,
        "rate": money(0, books.currency),
        "tax1": None,
        "tax2": None,
        "updated": eastern(at),
        "vis_state": 0,
    }
    change_task(books, row, fields, at)
    return books.table("tasks").put(number, row)


def change_task(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, ("name", "description", "billable", "tax1", "tax2"))
    row["tname"], row["tdesc"] = row["name"], row["description"]
    if "rate" in fields:
        row["rate"] = amount(fields["rate"], books.currency, "rate", "task")


def make_system(books: Books, at: datetime) -> Row:
    """The record behind `systems/systems/{BIZ}`; its currency is the account's base currency."""
    business = books.business
    address = business.get("address") or {}
    return {
        "systemid": 4350000 + books.business_id % 100000,
        "accountid": books.account_id,
        "business_uuid": books.uuid,
        "businessid": books.business_id,
        "name": business["name"],
        "currency_code": books.currency,
        "timezone": books.timezone,
        "timezoneid": 25,
        "dst": True,
        "date": eastern(at),
        "billing_status": "active",
        "active": True,
        "email": "owner@mapleandpine.example",
        "fname": "Robin",
        "lname": "Achterberg",
        "bus_phone": "5555550100",
        "mob_phone": "",
        "fax": "",
        "street": address.get("street") or "",
        "street2": address.get("street2") or "",
        "city": address.get("city") or "",
        "province": address.get("province") or "",
        "code": address.get("postal_code") or "",
        "country": address.get("country") or "",
        "language": "en",
        "fiscal_year_end_month": 12,
        "fiscal_year_end_day": 31,
        "date_format": business["date_format"],
        "modern_system": True,
        "info_email": "owner@mapleandpine.example",
    }
