"""What happens to a drafted invoice: sent, viewed, paid in parts, credited, disputed, deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import payments, settlement
from freshbooks_sandbox.resources import INVOICES, PAYMENTS
from freshbooks_sandbox.seed.rng import Rng
from freshbooks_sandbox.values import ZERO, Row, cents, decimal, parse_eastern

_METHODS = ("Check", "Bank Transfer", "Credit Card", "Cash", "PayPal", "ACH", "VISA", "Other")


def _sent(books: Books, rng: Rng, row: Row) -> datetime:
    at = rng.later(_born(row), 2)
    settlement.mark_sent(row)
    crud.touch(INVOICES, books, row, at)
    return at


def _viewed(books: Books, rng: Rng, row: Row) -> datetime:
    at = rng.later(_sent(books, rng, row), 6)
    row.update(status=3, v3_status="viewed", display_status="viewed")
    crud.touch(INVOICES, books, row, at)
    return at


def _pay(books: Books, rng: Rng, row: Row, at: datetime, value: Decimal, **extra: Any) -> Row:
    fields = {
        "invoiceid": row["id"],
        "amount": {"amount": str(cents(value)), "code": row["currency_code"]},
        "date": at.date().isoformat(),
        "type": rng.choice(_METHODS),
        "note": rng.choice(("", "", "Chèque n° 12", "partial – more to come")),
        **extra,
    }
    return payments.create(books, fields, at)


def _settle(books: Books, rng: Rng, row: Row, at: datetime, rest: Decimal = ZERO) -> datetime:
    """Pay in one to three parts until only `rest` is open."""
    due = decimal(row["outstanding"]) - rest
    parts = rng.choice((1, 1, 1, 2, 3)) if due > 30 else 1
    for part in range(parts):
        at = rng.later(at, 20)
        value = due if part == parts - 1 else cents(due * rng.randint(20, 60) / 100)
        if value > 0:
            _pay(books, rng, row, at, value)
            due -= value
    return at


def _paid(books: Books, rng: Rng, row: Row) -> datetime:
    start = _viewed if rng.chance(0.5) else _sent
    return _settle(books, rng, row, start(books, rng, row))


def _partial(books: Books, rng: Rng, row: Row) -> None:
    start = _viewed if rng.chance(0.4) else _sent
    rest = cents(decimal(row["outstanding"]) * rng.randint(10, 80) / 100)
    _settle(books, rng, row, start(books, rng, row), rest)


def _autopaid(books: Books, rng: Rng, row: Row) -> None:
    at = rng.later(_sent(books, rng, row), 1)
    _pay(books, rng, row, at, decimal(row["outstanding"]), gateway="Stripe", type="Credit Card", orderid=None)
    row["autobill_status"], row["last_order_status"] = "success", "success"


def _credited(share: int) -> Callable[[Books, Rng, Row], None]:
    """A goodwill credit pays `share` percent; above 50 the rest is paid in cash."""

    def life(books: Books, rng: Rng, row: Row) -> None:
        at = rng.later(_sent(books, rng, row), 10)
        value = cents(decimal(row["outstanding"]) * share / 100)
        note = payments.create_credit(
            books,
            {
                "clientid": row["customerid"],
                "create_date": at.date().isoformat(),
                "currency_code": row["currency_code"],
                "credit_type": rng.choice(("goodwill", "prepayment")),
                "lines": [{"name": "Credit", "unit_cost": str(value + rng.choice((0, 0, 50)))}],
            },
            at,
        )
        at = rng.later(at, 5)
        _pay(books, rng, row, at, value, creditid=note["id"], type="Credit")
        if share > 50:
            _settle(books, rng, row, at)

    return life


def _overpaid(books: Books, rng: Rng, row: Row) -> None:
    at = rng.later(_sent(books, rng, row), 15)
    _pay(books, rng, row, at, decimal(row["outstanding"]) + rng.price(5, 80))


def _disputed(books: Books, rng: Rng, row: Row) -> None:
    at = rng.later(_sent(books, rng, row), 10)
    row.update(v3_status="disputed", dispute_status="disputed")
    crud.touch(INVOICES, books, row, at)


def _failing(status: str) -> Callable[[Books, Rng, Row], None]:
    def life(books: Books, rng: Rng, row: Row) -> None:
        at = rng.later(_sent(books, rng, row), 3)
        row.update(status={"retry": 6, "failed": 7}[status], v3_status=status, autobill_status=status)
        crud.touch(INVOICES, books, row, at)

    return life


def _deposit(share: Decimal) -> Callable[[Books, Rng, Row], None]:
    def life(books: Books, rng: Rng, row: Row) -> None:
        at = rng.later(_sent(books, rng, row), 8)
        asked = decimal(row["deposit_amount"]) or decimal(row["amount"]) / 2
        _pay(books, rng, row, at, min(asked, decimal(row["amount"]) - 1) * share)

    return life


def _deleted_paid(books: Books, rng: Rng, row: Row) -> None:
    """Deleted while its payments stay active in the payments list (freshbooks-api.md 3.5)."""
    _partial(books, rng, row)
    crud.set_visibility(INVOICES, books, row, crud.DELETED, rng.later(_latest(row), 5))


def _deleted_draft(books: Books, rng: Rng, row: Row) -> None:
    crud.set_visibility(INVOICES, books, row, crud.DELETED, rng.later(_born(row), 20))


def _payment_deleted(books: Books, rng: Rng, row: Row) -> None:
    at = _paid(books, rng, row)
    mine = list(books.where("payments", invoiceid=row["id"]))
    if mine:
        crud.set_visibility(PAYMENTS, books, mine[-1], crud.DELETED, rng.later(at, 10))


def _archived(books: Books, rng: Rng, row: Row) -> None:
    at = _paid(books, rng, row)
    crud.set_visibility(INVOICES, books, row, crud.ARCHIVED, rng.later(at, 40))


LIFE: dict[str, Callable[[Books, Rng, Row], Any]] = {
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
    return parse_eastern(row["created_at"])


def _latest(row: Row) -> datetime:
    return parse_eastern(row["updated"])
