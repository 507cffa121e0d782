"""Invoices in every status, with their payments and credits, each lived through event by event."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import invoices
from freshbooks_sandbox.resources import INVOICES
from freshbooks_sandbox.seed.businesses import MAIN
from freshbooks_sandbox.seed.clients import known
from freshbooks_sandbox.seed.rng import FIRST, LAST, Rng
from freshbooks_sandbox.seed.status_history import LIFE
from freshbooks_sandbox.values import Row, utc_naive_iso

_SPRING, _RECENT, _YEAR = date(2026, 4, 1), date(2026, 9, 1), date(2025, 10, 1)
_SETTLED = date(2026, 9, 20)
# scenario -> (count in the first business, in the second, first day, last day)
PLAN: dict[str, tuple[int, int, date, date]] = {
    "draft": (20, 7, _RECENT, LAST),
    "sent": (34, 12, _SPRING, date(2026, 10, 26)),
    "viewed": (22, 7, _SPRING, date(2026, 10, 20)),
    "partial": (34, 11, _YEAR, date(2026, 10, 10)),
    "paid": (118, 38, FIRST, _SETTLED),
    "autopaid": (14, 4, FIRST, _SETTLED),
    "credit_paid": (8, 3, _YEAR, _SETTLED),
    "credit_partial": (4, 2, _YEAR, _SETTLED),
    "overpaid": (6, 2, FIRST, _SETTLED),
    "disputed": (4, 2, _YEAR, _SETTLED),
    "deposit_partial": (4, 1, _SPRING, _SETTLED),
    "deposit_paid": (5, 2, _SPRING, _SETTLED),
    "zero": (4, 1, FIRST, _SETTLED),
    "deleted_draft": (4, 1, _YEAR, _SETTLED),
    "deleted_paid": (5, 2, _YEAR, _SETTLED),
    "payment_deleted": (6, 2, _YEAR, _SETTLED),
    "archived": (6, 2, FIRST, _SPRING),
    "retry": (1, 1, _SPRING, _SETTLED),
    "failed": (1, 0, _SPRING, _SETTLED),
}
_WORK = (
    ("Design", "Layout and revisions", 90, 160),
    ("Development", "Feature work", 100, 180),
    ("Consulting", "Advice, per hour", 150, 220),
    ("Brand guide", "", 300, 900),
    ("Hosting, yearly", "Includes certificate – renewal", 120, 400),
    ("Print run", "500 pieces, 4/4 colour", 80, 700),
    ("Fotografía", "Día completo 📷", 400, 900),
    ("", "Misc. work", 15, 60),
)
_QUANTITIES = ("1", "1", "1", "2", "3", "0.5", "1.25", "2.75", "7.5", "12", "0.333")


def fill(books: Books, size: int) -> None:
    rng = Rng(books, "invoices")
    column = 0 if size > 1 else 1
    plan = [
        (rng.day(first, last), scenario)
        for scenario, (*counts, first, last) in PLAN.items()
        for _ in range(counts[column])
    ]
    for on, scenario in sorted(plan):
        row = _issue(books, rng, on, scenario)
        if scenario in LIFE:  # a draft has no further life
            LIFE[scenario](books, rng, row)
    _around_dst(books)


def _issue(books: Books, rng: Rng, on: date, scenario: str) -> Row:
    """The draft, on a client that had signed up by then."""
    at = rng.at(on)
    client = rng.choice(known(books, on))
    fields: Row = {
        "customerid": client["id"],
        "create_date": on.isoformat(),
        "due_offset_days": rng.choice((0, 15, 30, 30, 30, 45, 60)),
        "discount_value": rng.choice(("0", "0", "0", "0", "10", "5", "12.5", "33")),
        "notes": rng.choice(("", "", "Thank you!", "Bitte überweisen Sie innerhalb der Frist.")),
        "po_number": f"PO-{rng.randint(100, 999)}" if rng.chance(0.2) else None,
        "terms": rng.choice((None, "", "Net 30")),
        "lines": _lines(books, rng, client, at, free=scenario == "zero"),
        "auto_bill": scenario == "autopaid",
    }
    if scenario in ("sent", "viewed") and rng.chance(0.12):
        fields["due_offset_days"] = rng.choice((180, 240, 365))
    if scenario == "deposit_partial":
        fields["deposit_percentage"] = "50"
    if scenario == "deposit_paid":
        fields["deposit_amount"] = "25.00"
    return invoices.create(books, fields, at)


def _lines(books: Books, rng: Rng, client: Row, at: datetime, *, free: bool) -> list[Row]:
    taxes: tuple[tuple[Any, ...], ...]
    if books.business_id == MAIN:
        taxes = ((), (), (("HST", "13"),), (("GST", "5"), ("QST", "9.975")))
    else:
        taxes = ((), (("TPS", "5"), ("TVQ", "9.975")), (("TPS", "5"), ("TVQ", "9.975")), (("TPS", "5"),))
    taxed, project = rng.choice(taxes), _project(books, client, at)
    lines = []
    for _ in range(rng.choice((1, 1, 2, 2, 3, 4, 5, 6))):
        name, description, low, high = rng.choice(_WORK)
        line: Row = {
            "name": name,
            "description": description,
            "qty": rng.choice(_QUANTITIES),
            "unit_cost": "0.00" if free else str(rng.price(low, high)),
            "taxName1": rng.choice((None, "")),
            "taxName2": rng.choice((None, "")),
        }
        for slot, (tax, percent) in enumerate(taxed if rng.chance(0.85) else (), 1):
            line[f"taxName{slot}"], line[f"taxAmount{slot}"] = tax, percent
            line["compounded_tax"] = tax == "QST"
        if project and rng.chance(0.3):
            line["modern_project_id"] = project
        lines.append(line)
    expense = _to_rebill(books, client, at) if rng.chance(0.3) and not free else None
    if expense:
        lines.append(
            {"type": 1, "expenseid": expense["id"], "name": "Expense", "unit_cost": expense["amount"]}
        )
    return lines


def _project(books: Books, client: Row, at: datetime) -> int | None:
    mine = books.where("projects", client_id=client["id"])
    return next((p["id"] for p in mine if p["created_at"] < utc_naive_iso(at)), None)


def _to_rebill(books: Books, client: Row, at: datetime) -> Row | None:
    """An open expense of that client in its currency, booked before."""
    for row in books.where("expenses", clientid=client["id"], status=1, vis_state=crud.ACTIVE, billable=True):
        if row["amount"]["code"] == client["currency_code"] and row["date"] < at.date().isoformat():
            return row
    return None


def _around_dst(books: Books) -> None:
    """Two edits an hour apart that carry the same Eastern text, one hour before and after the change."""
    old = [row for row in books["invoices"].values() if row["updated"] < "2025-10-30"][-2:]
    for row, hour in zip(old, (5, 6), strict=True):
        at = datetime(2025, 11, 2, hour, 30, tzinfo=UTC)
        crud.edit(INVOICES, books, row, {"notes": "Edited in the hour that comes twice."}, at)
