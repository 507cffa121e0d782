"""Answers from the sandbox's books; shares nothing with the marts and the reads (freshbooks-api.md 3.5-3.8)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from freshbooks_sandbox import Sandbox
from integration_tests import oracle
from integration_tests.hub import AS_OF
from integration_tests.oracle import ACTIVE, ARCHIVED, DELETED, ZERO, Row, books, money, sent_invoices

MAIN, SECOND, SMALL = 439000, 439117, 600777
TODAY = date.fromisoformat(AS_OF)
CENT = Decimal("0.01")

__all__ = ["ACTIVE", "ARCHIVED", "DELETED", "ZERO", "books", "money"]

Key = tuple[int, str]


def summed(rows: Iterable[tuple[Any, Decimal]]) -> dict[Any, Decimal]:
    totals: dict[Any, Decimal] = defaultdict(lambda: ZERO)
    for key, amount in rows:
        totals[key] += amount
    return dict(totals)


def day(row: Row, field: str) -> date:
    return date.fromisoformat(row[field][:10])


# -- clients


def client_name(row: Row) -> str:
    return row["organization"] or f"{row['fname']} {row['lname']}".strip() or row["email"]


def client_id(sandbox: Sandbox, name: str) -> tuple[int, int]:
    """(business, client) of a name that one client has."""
    [found] = [
        (business, row["id"]) for business, row in books(sandbox, "clients") if client_name(row) == name
    ]
    return found


def client(sandbox: Sandbox, name: str) -> Row:
    business, number = client_id(sandbox, name)
    row: Row = sandbox.books(business)["clients"][number]
    return row


def clients(sandbox: Sandbox, business: int, *states: int) -> set[int]:
    return {
        row["id"] for of, row in books(sandbox, "clients") if of == business and row["vis_state"] in states
    }


# -- receivables


def issued(sandbox: Sandbox, business: int | None = None) -> Iterator[tuple[int, Row]]:
    return ((of, row) for of, row in sent_invoices(sandbox) if business in (None, of))


def open_invoices(sandbox: Sandbox, business: int | None = None) -> list[tuple[int, Row]]:
    return [(of, row) for of, row in issued(sandbox, business) if money(row["outstanding"]) > 0]


def overdue_invoices(sandbox: Sandbox, business: int | None = None) -> list[tuple[int, Row]]:
    return [(of, row) for of, row in open_invoices(sandbox, business) if day(row, "due_date") < TODAY]


def balance(sandbox: Sandbox, name: str) -> dict[str, Row]:
    """Currency to what `oracle.outstanding_balances` says of the client."""
    business, number = client_id(sandbox, name)
    return {
        currency: found
        for (of, client, currency), found in oracle.outstanding_balances(sandbox, TODAY).items()
        if (of, client) == (business, number)
    }


def owed(sandbox: Sandbox, figure: str = "outstanding") -> dict[Key, Decimal]:
    """(business, currency) to the total over clients."""
    balances = oracle.outstanding_balances(sandbox, TODAY).items()
    return summed(((business, currency), found[figure]) for (business, _, currency), found in balances)


def drafts(sandbox: Sandbox, business: int) -> set[int]:
    rows = sandbox.books(business)["invoices"].values()
    return {row["id"] for row in rows if row["v3_status"] == "draft" and row["vis_state"] != DELETED}


def by_currency(rows: Iterable[tuple[int, Row]], field: str) -> dict[Key, Decimal]:
    return summed(((of, row["currency_code"]), money(row[field])) for of, row in rows)


def invoice(sandbox: Sandbox, business: int, number: str) -> Row:
    [found] = [row for row in sandbox.books(business)["invoices"].values() if row["invoice_number"] == number]
    return found


def payments_of(sandbox: Sandbox, business: int, number: str) -> list[Decimal]:
    """Amounts that count towards an invoice, oldest first."""
    wanted = invoice(sandbox, business, number)["id"]
    rows = [
        row
        for row in sandbox.books(business)["payments"].values()
        if row["invoiceid"] == wanted and row["vis_state"] != DELETED
    ]
    return [money(row["amount"]) for row in sorted(rows, key=lambda row: (row["date"], row["id"]))]


def cash(sandbox: Sandbox, business: int) -> list[Row]:
    """Payments that brought money: no credits, none of deleted invoices."""
    invoices = sandbox.books(business)["invoices"]
    return [
        row
        for row in sandbox.books(business)["payments"].values()
        if row["vis_state"] != DELETED
        and not row["from_credit"]
        and invoices[row["invoiceid"]]["vis_state"] != DELETED
    ]


# -- expenses


def expenses(sandbox: Sandbox, business: int | None = None, year: str = "") -> list[tuple[int, Row]]:
    return [
        (of, row)
        for of, row in books(sandbox, "expenses")
        if row["vis_state"] != DELETED and business in (None, of) and row["date"].startswith(year)
    ]


def category_path(sandbox: Sandbox, business: int, number: int) -> str:
    categories = sandbox.books(business)["expense_categories"]
    row = categories[number]
    parent = row.get("parentid")
    return (
        f"{category_path(sandbox, business, parent)} > {row['category']}" if parent else str(row["category"])
    )


def spent(
    sandbox: Sandbox,
    by: Callable[[int, Row], Any] | None = None,
    business: int | None = None,
    year: str = "",
) -> dict[Any, Decimal]:
    """(business, group if any, currency) to the total with tax."""
    rows = expenses(sandbox, business, year)
    return summed(
        ((of, *([by(of, row)] if by else []), row["amount"]["code"]), money(row["amount"]))
        for of, row in rows
    )


# -- time


def entries(sandbox: Sandbox, business: int) -> list[Row]:
    rows = sandbox.books(business)["time_entries"].values()
    return [row for row in rows if row["is_logged"] and row["active"]]


def local_day(entry: Row) -> date:
    """The calendar day where it was worked; the stamp is UTC."""
    started = datetime.fromisoformat(entry["started_at"]).astimezone(UTC)
    return started.astimezone(ZoneInfo(entry["local_timezone"])).date()


def utc_day(entry: Row) -> date:
    return datetime.fromisoformat(entry["started_at"]).astimezone(UTC).date()


def unbilled(sandbox: Sandbox, business: int, **fields: Any) -> list[Row]:
    return [
        row
        for row in entries(sandbox, business)
        if row["billable"]
        and not row["billed"]
        and row["client_id"]
        and all(row[name] == value for name, value in fields.items())
    ]


def hours(rows: Iterable[Row]) -> Decimal:
    return (Decimal(sum(row["duration"] for row in rows)) / 3600).quantize(CENT)


def projects(sandbox: Sandbox, business: int, **fields: Any) -> list[Row]:
    rows = sandbox.books(business)["projects"].values()
    return [row for row in rows if all(row[name] == value for name, value in fields.items())]


def person(sandbox: Sandbox, business: int, identity: int) -> str:
    rows = sandbox.books(business)["team_members"].values()
    [name] = {f"{row['first_name']} {row['last_name']}" for row in rows if row["identity_id"] == identity}
    return name
