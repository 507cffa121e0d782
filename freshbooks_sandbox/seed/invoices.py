"""Invoices in every status, with their payments and credits, each lived through event by event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from freshbooks_sandbox import desk
from freshbooks_sandbox.answers import Row
from freshbooks_sandbox.domain import invoices, payments
from freshbooks_sandbox.money import ZERO, cents, decimal
from freshbooks_sandbox.resources import INVOICES, PAYMENTS
from freshbooks_sandbox.seed.businesses import MAIN
from freshbooks_sandbox.seed.dice import FIRST, LAST, Dice
from freshbooks_sandbox.stamps import EASTERN
from freshbooks_sandbox.store import Books

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
_METHODS = ("Check", "Bank Transfer", "Credit Card", "Cash", "PayPal", "ACH", "VISA", "Other")


def fill(books: Books, size: int) -> None:
    dice = Dice(books, "invoices")
    column = 0 if size > 1 else 1
    plan = [
        (dice.day(first, last), scenario)
        for scenario, (*counts, first, last) in PLAN.items()
        for _ in range(counts[column])
    ]
    for on, scenario in sorted(plan):
        _LIFE.get(scenario, _no_more)(books, dice, _issue(books, dice, on, scenario))
    _around_dst(books)


def _issue(books: Books, dice: Dice, on: date, scenario: str) -> Row:
    """The draft, on a client that had signed up by then."""
    at = dice.at(on)
    known = [c for c in books["clients"].values() if c["signup_date"][:10] < on.isoformat()]
    client = dice.choice(known)
    fields: Row = {
        "customerid": client["id"],
        "create_date": on.isoformat(),
        "due_offset_days": dice.choice((0, 15, 30, 30, 30, 45, 60)),
        "discount_value": dice.choice(("0", "0", "0", "0", "10", "5", "12.5", "33")),
        "notes": dice.choice(("", "", "Thank you!", "Bitte überweisen Sie innerhalb der Frist.")),
        "po_number": f"PO-{dice.randint(100, 999)}" if dice.chance(0.2) else None,
        "terms": dice.choice((None, "", "Net 30")),
        "lines": _lines(books, dice, client, at, free=scenario == "zero"),
        "auto_bill": scenario == "autopaid",
    }
    if scenario in ("sent", "viewed") and dice.chance(0.12):
        fields["due_offset_days"] = dice.choice((180, 240, 365))
    if scenario == "deposit_partial":
        fields["deposit_percentage"] = "50"
    if scenario == "deposit_paid":
        fields["deposit_amount"] = "25.00"
    return invoices.create(books, fields, at)


def _lines(books: Books, dice: Dice, client: Row, at: datetime, *, free: bool) -> list[Row]:
    taxes: tuple[tuple[Any, ...], ...]
    if books.business_id == MAIN:
        taxes = ((), (), (("HST", "13"),), (("GST", "5"), ("QST", "9.975")))
    else:
        taxes = ((), (("TPS", "5"), ("TVQ", "9.975")), (("TPS", "5"), ("TVQ", "9.975")), (("TPS", "5"),))
    taxed, project = dice.choice(taxes), _project(books, client)
    lines = []
    for _ in range(dice.choice((1, 1, 2, 2, 3, 4, 5, 6))):
        name, description, low, high = dice.choice(_WORK)
        line: Row = {
            "name": name,
            "description": description,
            "qty": dice.choice(_QUANTITIES),
            "unit_cost": "0.00" if free else str(dice.price(low, high)),
            "taxName1": dice.choice((None, "")),
            "taxName2": dice.choice((None, "")),
        }
        for slot, (tax, percent) in enumerate(taxed if dice.chance(0.85) else (), 1):
            line[f"taxName{slot}"], line[f"taxAmount{slot}"] = tax, percent
            line["compounded_tax"] = tax == "QST"
        if project and dice.chance(0.3):
            line["modern_project_id"] = project
        lines.append(line)
    expense = _to_rebill(books, client, at) if dice.chance(0.3) and not free else None
    if expense:
        lines.append(
            {"type": 1, "expenseid": expense["id"], "name": "Expense", "unit_cost": expense["amount"]}
        )
    return lines


def _project(books: Books, client: Row) -> int | None:
    return next((p["id"] for p in books["projects"].values() if p["client_id"] == client["id"]), None)


def _to_rebill(books: Books, client: Row, at: datetime) -> Row | None:
    """An open expense of that client in its currency, booked before."""
    for row in books.where("expenses", clientid=client["id"], status=1, vis_state=desk.ACTIVE, billable=True):
        if row["amount"]["code"] == client["currency_code"] and row["date"] < at.date().isoformat():
            return row
    return None


# -- what happens to an invoice after it was drafted


def _no_more(books: Books, dice: Dice, row: Row) -> None:
    """Stays a draft."""


def _sent(books: Books, dice: Dice, row: Row) -> datetime:
    at = dice.later(_born(row), 2)
    invoices.mark_sent(row)
    desk.touch(INVOICES, books, row, at)
    return at


def _viewed(books: Books, dice: Dice, row: Row) -> datetime:
    at = dice.later(_sent(books, dice, row), 6)
    row.update(status=3, v3_status="viewed", display_status="viewed")
    desk.touch(INVOICES, books, row, at)
    return at


def _pay(books: Books, dice: Dice, row: Row, at: datetime, value: Decimal, **extra: Any) -> Row:
    fields = {
        "invoiceid": row["id"],
        "amount": {"amount": str(cents(value)), "code": row["currency_code"]},
        "date": at.date().isoformat(),
        "type": dice.choice(_METHODS),
        "note": dice.choice(("", "", "Chèque n° 12", "partial – more to come")),
        **extra,
    }
    return payments.create(books, fields, at)


def _settle(books: Books, dice: Dice, row: Row, at: datetime, rest: Decimal = ZERO) -> datetime:
    """Pay in one to three parts until only `rest` is open."""
    due = decimal(row["outstanding"]) - rest
    parts = dice.choice((1, 1, 1, 2, 3)) if due > 30 else 1
    for part in range(parts):
        at = dice.later(at, 20)
        value = due if part == parts - 1 else cents(due * dice.randint(20, 60) / 100)
        if value > 0:
            _pay(books, dice, row, at, value)
            due -= value
    return at


def _paid(books: Books, dice: Dice, row: Row) -> datetime:
    start = _viewed if dice.chance(0.5) else _sent
    return _settle(books, dice, row, start(books, dice, row))


def _partial(books: Books, dice: Dice, row: Row) -> None:
    start = _viewed if dice.chance(0.4) else _sent
    rest = cents(decimal(row["outstanding"]) * dice.randint(10, 80) / 100)
    _settle(books, dice, row, start(books, dice, row), rest)


def _autopaid(books: Books, dice: Dice, row: Row) -> None:
    at = dice.later(_sent(books, dice, row), 1)
    _pay(
        books, dice, row, at, decimal(row["outstanding"]), gateway="Stripe", type="Credit Card", orderid=None
    )
    row["autobill_status"], row["last_order_status"] = "success", "success"


def _credited(share: int) -> Callable[[Books, Dice, Row], None]:
    """A goodwill credit pays `share` percent; above 50 the rest is paid in cash."""

    def life(books: Books, dice: Dice, row: Row) -> None:
        at = dice.later(_sent(books, dice, row), 10)
        value = cents(decimal(row["outstanding"]) * share / 100)
        note = payments.create_credit(
            books,
            {
                "clientid": row["customerid"],
                "create_date": at.date().isoformat(),
                "currency_code": row["currency_code"],
                "credit_type": dice.choice(("goodwill", "prepayment")),
                "lines": [{"name": "Credit", "unit_cost": str(value + dice.choice((0, 0, 50)))}],
            },
            at,
        )
        at = dice.later(at, 5)
        _pay(books, dice, row, at, value, creditid=note["id"], type="Credit")
        if share > 50:
            _settle(books, dice, row, at)

    return life


def _overpaid(books: Books, dice: Dice, row: Row) -> None:
    at = dice.later(_sent(books, dice, row), 15)
    _pay(books, dice, row, at, decimal(row["outstanding"]) + dice.price(5, 80))


def _disputed(books: Books, dice: Dice, row: Row) -> None:
    at = dice.later(_sent(books, dice, row), 10)
    row.update(v3_status="disputed", dispute_status="disputed")
    desk.touch(INVOICES, books, row, at)


def _failing(status: str) -> Callable[[Books, Dice, Row], None]:
    def life(books: Books, dice: Dice, row: Row) -> None:
        at = dice.later(_sent(books, dice, row), 3)
        row.update(status={"retry": 6, "failed": 7}[status], v3_status=status, autobill_status=status)
        desk.touch(INVOICES, books, row, at)

    return life


def _deposit(share: Decimal) -> Callable[[Books, Dice, Row], None]:
    def life(books: Books, dice: Dice, row: Row) -> None:
        at = dice.later(_sent(books, dice, row), 8)
        asked = decimal(row["deposit_amount"]) or decimal(row["amount"]) / 2
        _pay(books, dice, row, at, min(asked, decimal(row["amount"]) - 1) * share)

    return life


def _deleted_paid(books: Books, dice: Dice, row: Row) -> None:
    """Deleted while its payments stay active in the payments list (freshbooks-api.md 3.5)."""
    _partial(books, dice, row)
    desk.set_visibility(INVOICES, books, row, desk.DELETED, dice.later(_latest(row), 5))


def _deleted_draft(books: Books, dice: Dice, row: Row) -> None:
    desk.set_visibility(INVOICES, books, row, desk.DELETED, dice.later(_born(row), 20))


def _payment_deleted(books: Books, dice: Dice, row: Row) -> None:
    at = _paid(books, dice, row)
    mine = list(books.where("payments", invoiceid=row["id"]))
    if mine:
        desk.set_visibility(PAYMENTS, books, mine[-1], desk.DELETED, dice.later(at, 10))


def _archived(books: Books, dice: Dice, row: Row) -> None:
    at = _paid(books, dice, row)
    desk.set_visibility(INVOICES, books, row, desk.ARCHIVED, dice.later(at, 40))


_LIFE: dict[str, Callable[[Books, Dice, Row], Any]] = {
    "sent": _sent,
    "viewed": _viewed,
    "partial": _partial,
    "paid": _paid,
    "autopaid": _autopaid,
    "credit_paid": _credited(60),
    "credit_partial": _credited(30),
    "overpaid": _overpaid,
    "disputed": _disputed,
    "deposit_partial": _deposit(Decimal("0.4")),
    "deposit_paid": _deposit(Decimal(1)),
    "zero": _sent,
    "deleted_draft": _deleted_draft,
    "deleted_paid": _deleted_paid,
    "payment_deleted": _payment_deleted,
    "archived": _archived,
    "retry": _failing("retry"),
    "failed": _failing("failed"),
}


def _born(row: Row) -> datetime:
    return _read(row["created_at"])


def _latest(row: Row) -> datetime:
    return _read(row["updated"])


def _read(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=EASTERN).astimezone(UTC)


def _around_dst(books: Books) -> None:
    """Two edits an hour apart that carry the same Eastern text, one hour before and after the change."""
    old = [row for row in books["invoices"].values() if row["updated"] < "2025-10-30"][-2:]
    for row, hour in zip(old, (5, 6), strict=True):
        at = datetime(2025, 11, 2, hour, 30, tzinfo=UTC)
        desk.edit(INVOICES, books, row, {"notes": "Edited in the hour that comes twice."}, at)
