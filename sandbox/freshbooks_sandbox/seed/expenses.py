"""Expenses over the category tree: taxed, foreign, billable, uncategorised, twins and deleted ones."""

from __future__ import annotations

from datetime import date

from freshbooks_sandbox import desk
from freshbooks_sandbox.answers import Row
from freshbooks_sandbox.domain import expenses
from freshbooks_sandbox.domain.common import fake_jwt
from freshbooks_sandbox.money import cents, decimal
from freshbooks_sandbox.resources import EXPENSES
from freshbooks_sandbox.seed.catalog import category
from freshbooks_sandbox.seed.clients import known
from freshbooks_sandbox.seed.dice import Dice
from freshbooks_sandbox.store import Books

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
    dice = Dice(books, "expenses")
    for on in sorted(dice.day() for _ in range(150 * size)):
        row = expenses.create(books, _fields(books, dice, on), dice.at(on))
        if dice.chance(0.04):
            desk.edit(EXPENSES, books, row, {"notes": "checked"}, dice.later(dice.at(on), 30))
    rows = list(books["expenses"].values())
    for row in rows[20 :: 150 // 4]:
        on = _day(row)
        desk.set_visibility(EXPENSES, books, row, desk.DELETED, dice.later(dice.at(on), 25))
    twin = {name: rows[7][name] for name in ("amount", "categoryid", "staffid", "date", "vendor", "clientid")}
    expenses.create(books, twin, dice.at(_day(rows[7])))  # the same receipt, entered twice
    desk.set_visibility(EXPENSES, books, rows[11], desk.ARCHIVED, dice.later(dice.at(_day(rows[11])), 60))


def _day(row: Row) -> date:
    return date.fromisoformat(row["date"])


def _fields(books: Books, dice: Dice, on: date) -> Row:
    vendor, name, low, high = dice.choice(_VENDORS)
    cogs = dice.chance(0.08)
    code = books.currency if dice.chance(0.85) else dice.choice(("EUR", "CAD", "USD"))
    value = dice.price(low, high)
    fields: Row = {
        "amount": {"amount": str(value), "code": code},
        "categoryid": category(books, dice.choice(_COGS), cogs=True) if cogs else category(books, name),
        "is_cogs": cogs,
        "staffid": dice.choice((1, 1, 1, 2, 3)),
        "date": on.isoformat(),
        "vendor": vendor or None,
        "notes": dice.choice(("", "", "Reçu n° 4", "monthly")),
    }
    if dice.chance(0.45):  # the tax is a part of the amount
        fields |= {"taxName1": "HST", "taxPercent1": "13", "taxAmount1": _part(value, "13", code)}
    if dice.chance(0.08) and "taxName1" in fields:
        fields |= {"taxName2": "QST", "taxPercent2": "9.975", "taxAmount2": _part(value, "9.975", code)}
    if dice.chance(0.22):
        client = dice.choice(known(books, on))["id"]
        project = next((p["id"] for p in books["projects"].values() if p["client_id"] == client), None)
        fields |= {"clientid": client, "billable": dice.chance(0.8), "modern_projectid": project}
        fields["markup_percent"] = dice.choice(("0", "0", "10"))
    if dice.chance(0.3):
        number = dice.randint(1, 10**9)
        fields["attachment"] = {"jwt": fake_jwt("receipt", number), "media_type": "image/jpeg"}
    return fields


def _part(value: object, percent: str, code: str) -> Row:
    inside = decimal(value) * decimal(percent) / (100 + decimal(percent))
    return {"amount": str(cents(inside)), "code": code}
