"""Clients and their secondary contacts."""

from __future__ import annotations

from datetime import datetime

from freshbooks_sandbox import responses
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain.common import assign, fake_secret
from freshbooks_sandbox.values import Row, eastern, utc_plain, words

_ADDRESS = ("street", "street2", "city", "province", "code", "country")
_WRITABLE = (
    *words("fname lname organization email language currency_code bus_phone mob_phone home_phone fax"),
    *words("note vat_name vat_number pref_email allow_late_fees allow_late_notifications notified"),
    *words("allow_email_include_pdf company_industry company_size username"),
    *(f"p_{part}" for part in _ADDRESS),
    *(f"s_{part}" for part in _ADDRESS),
)
_FROM_ADDRESS = words("street street2 city province code country")


def create(books: Books, fields: Row, at: datetime) -> Row:
    if not (fields.get("organization") or fields.get("email") or fields.get("fname") or fields.get("lname")):
        raise responses.required("organization", "client")
    number = books.new_id("clients")
    secret = fake_secret("client", books.account_id, number)
    row: Row = {
        "userid": number,
        "id": number,
        "uuid": f"{secret[:8]}-{secret[8:12]}-4{secret[12:15]}-8{secret[15:18]}-{secret[18:30]}",
        "accounting_systemid": books.account_id,
        "fname": "",
        "lname": "",
        "organization": "",
        "email": "",
        "username": f"user{number}{secret[:6]}",
        "role": "client",
        "level": 0,
        "language": "en",
        "currency_code": books.currency,
        "bus_phone": "",
        "mob_phone": "",
        "home_phone": None,
        "fax": "",
        "note": None,
        "vat_name": None,
        "vat_number": None,
        **{f"p_{part}": "" for part in _ADDRESS},
        **{f"s_{part}": "" for part in _ADDRESS},
        "pref_email": True,
        "pref_gmail": False,
        "allow_late_fees": True,
        "allow_late_notifications": True,
        "allow_email_include_pdf": False,
        "notified": False,
        "num_logins": 0,
        "last_login": None,
        "last_activity": None,
        "signup_date": utc_plain(at),
        "updated": eastern(at),
        "subdomain": None,
        "statement_token": fake_secret("statement", books.account_id, number),
        "direct_link_token": fake_secret("link", books.account_id, number),
        "retainer_id": None,
        "has_retainer": None,
        "company_industry": None,
        "company_size": None,
        "exceeds_client_limit": 0,
        "number_format": None,
        "vis_state": 0,
        "contacts": [],
    }
    assign(row, fields, _WRITABLE)
    _set_contacts(books, row, fields)
    return books.table("clients").put(number, row)


def change(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, _WRITABLE)
    _set_contacts(books, row, fields)
    organization = row["organization"]
    if "organization" in fields:  # documents keep their own snapshot, but follow in this one key (3.6)
        for table in ("invoices", "estimates", "credit_notes"):
            for document in books.where(table, customerid=row["id"]):
                document["current_organization"] = organization


def touch(books: Books, client_id: int, at: datetime) -> None:
    """A new invoice moves its client's `updated` (3.6)."""
    client = books["clients"].get(client_id)
    if client is not None:
        client["updated"] = max(client["updated"], eastern(at))
        client["last_activity"] = eastern(at)
        books.table("clients").changed()


def snapshot(client: Row) -> Row:
    """Name and address as an invoice, estimate or credit note keeps them from the day it was made."""
    return {
        "organization": client["organization"],
        "current_organization": client["organization"],
        "fname": client["fname"],
        "lname": client["lname"],
        "address": "",
        **{part: client[f"p_{part}"] for part in _FROM_ADDRESS},
        "vat_name": client["vat_name"],
        "vat_number": client["vat_number"] or "",
    }


def _set_contacts(books: Books, row: Row, fields: Row) -> None:
    if "contacts" not in fields:
        return
    row["contacts"] = [
        {
            "contactid": contact.get("contactid") or books.new_id("contacts"),
            "userid": row["id"],
            "fname": contact.get("fname", ""),
            "lname": contact.get("lname", ""),
            "email": contact.get("email", ""),
            "phone1": contact.get("phone1"),
            "phone2": contact.get("phone2"),
        }
        for contact in fields["contacts"]
    ]
