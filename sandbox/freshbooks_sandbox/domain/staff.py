"""Staff: the older, per-account view of the team (freshbooks-api.md 3.6). It leaks an `api_token`."""

from __future__ import annotations

from datetime import datetime

from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain.common import assign, fake_secret
from freshbooks_sandbox.values import Row, eastern, utc_plain, words

_ADDRESS = words("street street2 city province code country")
_WRITABLE = words("fname lname organization email display_name rate role note language bus_phone mob_phone")


def create(books: Books, fields: Row, at: datetime) -> Row:
    key = books.new_id("staff")
    row: Row = {
        "userid": key,
        "id": key,
        "accounting_systemid": books.account_id,
        "fname": "",
        "lname": "",
        "display_name": f"{fields['fname']} {fields['lname']}",
        "organization": books.business["name"],
        "email": "",
        "username": f"staff{key}{fake_secret('staff', books.account_id, key)[:6]}",
        "role": "staff",
        "level": 0,
        "rate": None,
        "language": "en",
        "currency_code": books.currency,
        "bus_phone": "",
        "mob_phone": "",
        "home_phone": None,
        "fax": "",
        "note": None,
        **{f"p_{part}": "" for part in _ADDRESS},
        "num_logins": 0,
        "last_login": eastern(at),
        "signup_date": utc_plain(at),
        "updated": eastern(at),
        "api_token": fake_secret("api token", books.account_id, key)[:40],
        "vis_state": 0,
    }
    change(books, row, fields, at)
    return books.table("staff").put(key, row)


def change(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, _WRITABLE)
