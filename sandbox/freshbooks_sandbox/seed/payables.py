"""Vendors, their bills in every status, and what was paid on them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import bill_vendors, bills
from freshbooks_sandbox.resources import BILL_PAYMENTS, BILL_VENDORS, BILLS
from freshbooks_sandbox.seed.businesses import MAIN
from freshbooks_sandbox.seed.catalog import category
from freshbooks_sandbox.seed.rng import Rng
from freshbooks_sandbox.values import Row, cents, decimal, words

_VENDORS = (
    ("Imprimerie Solisco", "Printing", ("Packaging", True), 240, 1900),
    ("Cloudhost Ltd.", "Servers", ("Online Services", False), 60, 420),
    ("Büro Möbel AG", "Desks and chairs", ("Hardware", False), 180, 2200),
    ("Harper & Sons LLP", "Bookkeeping", ("Accounting", False), 200, 900),
    ("Studio Nord Freelance", "Illustration", ("Contractors", True), 300, 2400),
    ("Wellesley Properties", "Rent", ("Office Space", False), 1200, 2600),
    ("Courier Plus", "Deliveries", ("Shipping & Couriers", False), 20, 160),
    ("Tipografía Ñandú", "Type licences", ("Software", False), 90, 480),
)
# what becomes of every tenth bill
_STATES = words("paid paid paid unpaid partial overdue paid partial_overdue paid unpaid")
_METHODS = ("Check", "Bank Transfer", "Credit Card", "ACH", "Cash")


def fill(books: Books, size: int) -> None:
    """20 bills a size step over up to eight vendors; one vendor archived, one deleted."""
    rng = Rng(books, "bills")
    vendors = [_vendor(books, rng, number) for number in range(8 if size > 1 else 5)]
    plan = sorted(
        (_issued(rng, state), position, state)
        for position in range(20 * size)
        for state in (_STATES[position % len(_STATES)],)
    )
    for on, position, state in plan:
        _bill(books, rng, vendors[position % len(vendors)], on, state)
    rows = list(books["bills"].values())
    for row, flag in zip(rows[4::17], (crud.DELETED, crud.ARCHIVED, crud.DELETED), strict=False):
        at = datetime(2026, 10, 12, 14, 20, row["id"] % 60, tzinfo=UTC)
        crud.set_visibility(BILLS, books, row, flag, at)
    paid = [p for p in books["bill_payments"].values() if books["bills"][p["billid"]]["vis_state"] == 0]
    taken_back = datetime(2026, 10, 14, 16, 40, 7, tzinfo=UTC)
    crud.set_visibility(BILL_PAYMENTS, books, paid[2], crud.DELETED, taken_back)
    crud.set_visibility(BILL_VENDORS, books, vendors[-1], crud.ARCHIVED, taken_back)
    spare = bill_vendors.create(books, {"vendor_name": "Entered twice"}, rng.at(date(2026, 1, 9)))
    crud.set_visibility(BILL_VENDORS, books, spare, crud.DELETED, taken_back)


def _vendor(books: Books, rng: Rng, number: int) -> Row:
    name = _VENDORS[number][0]
    foreign = "USD" if books.currency == "CAD" else "CAD"
    tax = {"name": "HST", "amount": "13"} if books.business_id == MAIN else {"name": "TPS", "amount": "5"}
    fields = {
        "vendor_name": name,
        "account_number": f"AC-{7000 + 13 * number}" if number % 3 else "",
        "is_1099": number % 4 == 0,
        "currency_code": foreign if number % 4 == 2 else books.currency,
        "primary_contact_first_name": rng.choice(("Inès", "Bob", "Yuki")),
        "primary_contact_last_name": rng.choice(("Roy", "Núñez", "O'Brien")),
        "primary_contact_email": f"billing{number}@vendor.example",
        "city": rng.choice(("Montréal", "Toronto", "Boston")),
        "country": "Canada",
        "website": "vendor.example" if number % 2 else "",
        "tax_defaults": [tax] if number == 1 else [],
    }
    return bill_vendors.create(books, fields, rng.at(date(2024, 10, 7) + timedelta(days=3 * number)))


def _issued(rng: Rng, state: str) -> date:
    if state in ("unpaid", "partial"):  # not due yet
        return rng.day(date(2026, 10, 8), date(2026, 10, 26))
    if state.endswith("overdue"):
        return rng.day(date(2026, 5, 4), date(2026, 8, 28))
    return rng.day(date(2024, 12, 2), date(2026, 8, 20))


def _bill(books: Books, rng: Rng, vendor: Row, on: date, state: str) -> None:
    _, text, (name, cogs), low, high = next(v for v in _VENDORS if v[0] == vendor["vendor_name"])
    at, main = rng.at(on), books.business_id == MAIN
    lines = []
    for position in range(rng.choice((1, 1, 2, 3))):
        other = position == 2
        line: Row = {
            "categoryid": category(books, "Office Supplies" if other else name, cogs=cogs and not other),
            "description": rng.choice((text, f"{text}, part {position + 1}", "")),
            "quantity": rng.choice((1, 1, 2, "2.5", 10)),
            "unit_cost": str(rng.price(low // 4 + 1, high // 4 + 2)),
        }
        if rng.chance(0.5):
            line |= {"tax_name1": "HST" if main else "TPS", "tax_percent1": "13" if main else "5"}
            if not main:
                line |= {"tax_name2": "TVQ", "tax_percent2": "9.975"}
        lines.append(line)
    fields = {
        "vendorid": vendor["vendorid"],
        "bill_number": f"{text[:2].upper()}-{rng.randint(100, 9999)}" if rng.chance(0.85) else None,
        "issue_date": on.isoformat(),
        "due_offset_days": rng.choice((30, 30, 45)) if state in ("unpaid", "partial") else 30,
        "lines": lines,
    }
    row = bills.create(books, fields, at)
    if state == "paid":
        _pay(books, rng, row, at, parts=rng.choice((1, 1, 2)), rest=0)
    elif state.startswith("partial"):
        _pay(books, rng, row, at, parts=1, rest=rng.randint(20, 70))


def _pay(books: Books, rng: Rng, row: Row, at: datetime, *, parts: int, rest: int) -> None:
    """Pay all but `rest` percent."""
    due = cents(decimal(row["outstanding"]) * (100 - rest) / 100)
    for part in range(parts):
        at = rng.later(at, 14)
        value = due if part == parts - 1 else cents(due / 2)
        due -= value
        fields = {
            "billid": row["id"],
            "amount": {"amount": str(value), "code": row["currency_code"]},
            "paid_date": at.date().isoformat(),
            "payment_type": rng.choice(_METHODS),
            "note": rng.choice((None, "", "Virement n° 7")),
        }
        bills.create_payment(books, fields, at)
