"""Other income, recurring profiles, retainers, staff, and the owner's first money."""

from __future__ import annotations

from datetime import UTC, date, datetime

from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import invoice_profiles, journal_entries, other_income, retainers
from freshbooks_sandbox.domain import staff as people
from freshbooks_sandbox.ledger.chart import chart
from freshbooks_sandbox.resources import INVOICE_PROFILES, OTHER_INCOME, RETAINERS, STAFF
from freshbooks_sandbox.seed.businesses import MAIN, OPENED
from freshbooks_sandbox.seed.rng import Rng
from freshbooks_sandbox.values import Row

_SOURCES = (
    ("Etsy", "online_sales", "Other"),
    ("Christmas market", "in_person_sales", "Cash"),
    ("Podcast sponsor", "advertising", "Bank Transfer"),
    ("Studio sublet", "rentals", "Check"),
    ("Interest", "other", None),
    ("Café wall prints", "in_person_sales", "Visa"),
)
_ROLES = {"owner": "admin", "contractor": "contractor"}


def staff(books: Books) -> None:
    """The team as accounting knows it. Three ids in each account: expenses name them all."""
    rates = books["team_member_rates"]
    for member in books["team_members"].values():
        fields = {
            "fname": member["first_name"],
            "lname": member["last_name"],
            "email": member["email"],
            "role": _ROLES.get(member["business_role_name"], "staff"),
            "rate": rates.get(member["identity_id"], {}).get("rate"),
        }
        people.create(books, fields, OPENED)
    if len(books["staff"]) < 3:
        left = people.create(books, {"fname": "Noé", "lname": "Gagnon", "email": "noe@left.example"}, OPENED)
        crud.set_visibility(STAFF, books, left, crud.DELETED, datetime(2026, 9, 14, 15, 2, tzinfo=UTC))


def fill(books: Books, size: int) -> None:
    _other_income(books, size)
    _profiles(books, size)
    _retainers(books, size)
    capital, cash = chart(books).by_key["capital"], chart(books).by_key["cash"]
    value = str(40_000 * size)
    details = [
        {"sub_accountid": cash.id, "debit": value, "credit": None},
        {"sub_accountid": capital.id, "debit": None, "credit": value},
    ]
    entry = {"name": "Opening balance", "description": "Owner's investment", "date": "2024-10-02"}
    journal_entries.create(books, {**entry, "details": details}, OPENED)


_LOANS = (
    # Both sides within one month, so that no month's end and no total of the demo moves.
    ("Owner's loan to the business", "Bridge until the client pays", 1, 0, "2025-03-04", "2025-03-27"),
    ("Owner's draw", "Advance on March", 0, 1, "2026-03-02", "2026-03-30"),
)


def manual_entries(books: Books, size: int) -> None:
    """A few entries of an accountant's kind: money lent or drawn by the owner, and given back."""
    subs = [chart(books).by_key[key].id for key in ("cash", "capital")]
    for name, text, to, source, first, last in _LOANS:
        value = str(1_250 * size)
        for title, debit, credit, on in ((name, to, source, first), (f"{name}, repaid", source, to, last)):
            details = [
                {"sub_accountid": subs[debit], "debit": value, "credit": None},
                {"sub_accountid": subs[credit], "debit": None, "credit": value},
            ]
            fields: Row = {"name": title, "description": text, "date": on, "details": details}
            journal_entries.create(books, fields, OPENED)


def _other_income(books: Books, size: int) -> None:
    rng = Rng(books, "other income")
    tax = [{"name": "HST", "amount": "13"}] if books.business_id == MAIN else [{"name": "TPS", "amount": "5"}]
    both = tax if books.business_id == MAIN else [*tax, {"name": "TVQ", "amount": "9.975"}]
    for on in sorted(rng.day() for _ in range(14 * size)):
        source, kind, method = rng.choice(_SOURCES)
        foreign = "EUR" if rng.chance(0.15) else books.currency
        fields: Row = {
            "amount": {"amount": str(rng.price(20, 900)), "code": foreign},
            "date": on.isoformat(),
            "source": source,
            "category_name": kind,
            "payment_type": method,
            "note": rng.choice(("", "", "Envoyé par la poste")),
            "taxes": rng.choice(([], tax, both)),
        }
        row = other_income.create(books, fields, rng.at(on))
        if rng.chance(0.1):
            crud.edit(OTHER_INCOME, books, row, {"note": "checked"}, rng.later(rng.at(on), 20))
    rows = list(books["other_income"].values())
    for row, state in ((rows[5], crud.DELETED), (rows[9], crud.ARCHIVED)):
        crud.set_visibility(OTHER_INCOME, books, row, state, rng.later(rng.at(date(2026, 10, 1)), 20))


def _profiles(books: Books, size: int) -> None:
    """Their first invoices come after the seed's last day: none has been made yet."""
    rng = Rng(books, "profiles")
    active = [c for c in books["clients"].values() if c["vis_state"] == crud.ACTIVE]
    for number, client in enumerate(rng.sample(active, 5 * size)):
        lines: list[Row] = [
            {"name": "Hosting, monthly", "description": "Per site", "unit_cost": str(rng.price(15, 80))},
            {"name": "Care plan", "qty": "2", "unit_cost": str(rng.price(60, 240)), "type": 0},
        ]
        if number % 2:
            tax = ("HST", "13") if books.business_id == MAIN else ("TPS", "5")
            lines = [{**line, "taxName1": tax[0], "taxAmount1": tax[1]} for line in lines]
        fields = {
            "customerid": client["id"],
            "create_date": rng.day(date(2026, 11, 20), date(2026, 12, 20)).isoformat(),
            "frequency": rng.choice(("m", "m", "2w", "3m", "1y")),
            "numberRecurring": rng.choice((0, 0, 6, 12)),
            "discount_value": rng.choice(("0", "0", "5")),
            "send_email": number % 3 != 0,
            "include_unbilled_time": number % 4 == 3,
            "disable": number % 5 == 4,
            "lines": lines[: 1 + number % 2],
            "notes": rng.choice(("", "Thank you!")),
        }
        row = invoice_profiles.create(books, fields, rng.at(rng.day(date(2026, 9, 1), date(2026, 10, 20))))
        if number in (1, 3):
            state = crud.DELETED if number == 1 else crud.ARCHIVED
            at = datetime(2026, 10, 26, 17, number, tzinfo=UTC)
            crud.set_visibility(INVOICE_PROFILES, books, row, state, at)


def _retainers(books: Books, size: int) -> None:
    rng = Rng(books, "retainers")
    active = [c for c in books["clients"].values() if c["vis_state"] == crud.ACTIVE]
    for number, client in enumerate(rng.sample(active, 2 * size)):
        at = rng.at(rng.day(date(2026, 6, 1), date(2026, 9, 1)))
        fields = {
            "client_user_id": client["id"],
            "start_date": at.date().isoformat(),
            "next_period_start_date": "2026-11-01",
            "fee": str(rng.choice(("600.00", "1250.00", "95.50"))),
            "excess_rate": rng.choice((None, "110.00", "140.00")),
            "budgeted_time": rng.choice((36_000, 72_000, 144_000)),
        }
        row = retainers.create(books, fields, at)
        if number == 1:
            ended = datetime(2026, 10, 5, 14, 11, tzinfo=UTC)
            crud.set_visibility(RETAINERS, books, row, crud.DELETED, ended)
