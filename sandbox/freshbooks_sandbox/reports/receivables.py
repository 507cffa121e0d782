"""Accounts aging: who owes how much for how long."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from freshbooks_sandbox.ledger.documents import counts, issued
from freshbooks_sandbox.reports.ask import Ask
from freshbooks_sandbox.values import ZERO, Row, decimal

BUCKETS = ("0-30", "31-60", "61-90", "91+")


def accounts_aging(ask: Ask) -> Row:
    paid: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for payment in ask.books["payments"].values():
        if counts(payment) and payment["date"] <= ask.end:
            paid[payment["invoiceid"]] += decimal(payment["amount"])
    owed: dict[int, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(BUCKETS, ZERO))
    for row in ask.books["invoices"].values():
        if issued(row) and row["currency_code"] == ask.code and row["create_date"] <= ask.end:
            rest = decimal(row["amount"]) - paid[row["id"]]
            if rest:
                owed[row["customerid"]][bucket(row["due_date"], ask.end)] += rest
    accounts = [_account(ask, client, found) for client, found in owed.items() if any(found.values())]
    totals = {name: sum((found[name] for found in owed.values()), ZERO) for name in BUCKETS}
    head = ask.head()
    del head["start_date"]
    return {
        **head,
        "accounts": sorted(accounts, key=lambda a: (a["organization"].lower(), a["userid"])),
        "totals": _amounts(ask, totals),
    }


def bucket(due: str, day: str) -> str:
    """By days past the due date; up to 30 past, or not due yet, is "0-30"."""
    late = (date.fromisoformat(day) - date.fromisoformat(due)).days
    return BUCKETS[0 if late <= 30 else 1 if late <= 60 else 2 if late <= 90 else 3]


def _account(ask: Ask, client: int, found: dict[str, Decimal]) -> Row:
    row = ask.books["clients"][client]
    who = {name: row[name] for name in ("userid", "organization", "fname", "lname", "email")}
    return {**who, **_amounts(ask, found)}


def _amounts(ask: Ask, found: dict[str, Decimal]) -> Row:
    shown = {name: ask.money(value) for name, value in found.items()}
    return {**shown, "total": ask.money(sum(found.values(), ZERO))}
