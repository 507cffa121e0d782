"""Expenses over the category tree: taxed, foreign, billable, uncategorised, twins and deleted ones."""

from __future__ import annotations

from datetime import date

from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import expenses
from freshbooks_sandbox.domain.common import fake_jwt
from freshbooks_sandbox.resources import EXPENSES
from freshbooks_sandbox.seed.catalog import category
from freshbooks_sandbox.seed.clients import known
from freshbooks_sandbox.seed.rng import Rng
from freshbooks_sandbox.values import Row, cents, decimal

_VENDORS = (
    ("Adobe", "Software", 20, 90),
    ("Staples", "Office Supplies", 8, 160),
    ("Air Canada", "Airfare", 180, 1400),
    ("Hôtel Le Germain", "Hotel/Lodging/Accommodation", 140, 620),
    ("Uber", "Taxi & Parking", 6, 60),
    ("Tim Hortons", "Restaurants/Dining", 4, 45),
    ("Bell Canada", "Phone", 50, 130),
    ("Hydro One", "Gas & Electrical", 60, 320),
    ("Meta Ads", "Advertising", 30, 900),
    ("Regus", "Office Space", 800, 2400),
    ("Purolator", "Shipping & Couriers", 9, 80),
    ("Shell", "Gas", 35, 95),
    ("Dell", "Hardware", 300, 2600),
    ("Scotiabank", "Bank Fees", 3, 40),
    ("Borden Ladner", "Legal Fees", 250, 1800),
    ("Vannette Plants", "Studio plants", 12, 90),
    ("", "Uncategorized Expenses", 5, 200),
)
_COGS = ("Packaging", "Shipping & Couriers", "Contractors", "Supplies")


def fill(books: Books, size: int) -> None:
    rng = Rng(books, "expenses")
    for on in sorted(rng.day() for _ in range(150 * size)):
        row = expenses.create(books, _fields(books, rng, on), rng.at(on))
        if rng.chance(0.04):
            crud.edit(EXPENSES, books, row, {"notes": "checked"}, rng.later(rng.at(on), 30))
    rows = list(books["expenses"].values())
    for row in rows[20 :: 150 // 4]:
        on = _day(row)
        crud.set_visibility(EXPENSES, books, row, crud.DELETED, rng.later(rng.at(on), 25))
    twin = {name: rows[7][name] for name in ("amount", "categoryid", "staffid", "date", "vendor", "clientid")}
    expenses.create(books, twin, rng.at(_day(rows[7])))  # the same receipt, entered twice
    crud.set_visibility(EXPENSES, books, rows[11], crud.ARCHIVED, rng.later(rng.at(_day(rows[11])), 60))


def _day(row: Row) -> date:
    return date.fromisoformat(row["date"])


def _fields(books: Books, rng: Rng, on: date) -> Row:
    vendor, name, low, high = rng.choice(_VENDORS)
    cogs = rng.chance(0.08)
    code = books.currency if rng.chance(0.85) else rng.choice(("EUR", "CAD", "USD"))
    value = rng.price(low, high)
    fields: Row = {
        "amount": {"amount": str(value), "code": code},
        "categoryid": category(books, rng.choice(_COGS), cogs=True) if cogs else category(books, name),
        "is_cogs": cogs,
        "staffid": rng.choice((1, 1, 1, 2, 3)),
        "date": on.isoformat(),
        "vendor": vendor or None,
        "notes": rng.choice(("", "", "Reçu n° 4", "monthly")),
    }
    if rng.chance(0.45):  # the tax is a part of the amount
        fields |= {"taxName1": "HST", "taxPercent1": "13", "taxAmount1": _part(value, "13", code)}
    if rng.chance(0.08) and "taxName1" in fields:
        fields |= {"taxName2": "QST", "taxPercent2": "9.975", "taxAmount2": _part(value, "9.975", code)}
    if rng.chance(0.22):
        client = rng.choice(known(books, on))["id"]
        project = next((p["id"] for p in books["projects"].values() if p["client_id"] == client), None)
        fields |= {"clientid": client, "billable": rng.chance(0.8), "modern_projectid": project}
        fields["markup_percent"] = rng.choice(("0", "0", "10"))
    if rng.chance(0.3):
        number = rng.randint(1, 10**9)
        fields["attachment"] = {"jwt": fake_jwt("receipt", number), "media_type": "image/jpeg"}
    return fields


def _part(value: object, percent: str, code: str) -> Row:
    inside = decimal(value) * decimal(percent) / (100 + decimal(percent))
    return {"amount": str(cents(inside)), "code": code}
