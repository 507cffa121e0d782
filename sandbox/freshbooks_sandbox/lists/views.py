"""What a stored accounting row looks like in an answer: hidden columns out, computed keys in."""

from __future__ import annotations

import re
from calendar import monthrange
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from freshbooks_sandbox.books.resource import Resource
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain.settlement import seen_status
from freshbooks_sandbox.lists.oddities import told
from freshbooks_sandbox.values import ZERO, Row, decimal, money

Balances = dict[int, dict[str, Decimal]]  # client id -> currency -> amount
BALANCES = ("outstanding", "draft", "overdue", "credit")


def today(books: Books, now: datetime) -> str:
    """The business's calendar day."""
    return now.astimezone(ZoneInfo(books.timezone)).date().isoformat()


def public(row: Row, without: frozenset[str] | set[str] = frozenset()) -> Row:
    """The row without hidden columns and without the keys in `without`."""
    seen = row.copy()
    for key in row:
        if key[0] == "_" or key in without:
            del seen[key]
    return seen


def view(books: Books, resource: Resource, row: Row, asked: set[str], day: str) -> Row:
    """The row as answered with the includes `asked` on calendar day `day`."""
    seen = public(row, set(resource.includes) - asked)
    seen.update(resource.seen(books, row, day))
    wanted = asked.intersection(resource.includes) - seen.keys()
    seen.update({name: _include(books, resource, row, name, day) for name in wanted})
    return told(books.behaviours, resource, seen)


def _include(books: Books, resource: Resource, row: Row, name: str, day: str) -> Any:
    if resource.name == "clients":
        return _client_include(books, row, name, day)
    if resource.name == "payments":
        table, key = {
            "client": ("clients", "clientid"),
            "invoice": ("invoices", "invoiceid"),
            "credit_note": ("credit_notes", "creditid"),
        }.get(name, ("", ""))
        linked = books[table].get(row[key]) if table else None
        return public(linked, {"lines", "contacts", "presentation"}) if linked else None
    if resource.name == "expenses":
        table, key = {
            "category": ("expense_categories", "categoryid"),
            "project": ("projects", "modern_projectid"),
        }.get(name, ("", ""))
        linked = books[table].get(row[key]) if table else None
        return public(linked) if linked else None
    if name == "contacts":
        client = books["clients"].get(row["customerid"])
        return client["contacts"] if client else []
    if name == "next_issue_date":
        return _next_issue(row, day)
    if name == "owner":
        return {"userid": 1, "fname": books.system["fname"], "lname": books.system["lname"]}
    if name == "payments":
        return [public(p) for p in books.where("payments", invoiceid=row["id"]) if p["vis_state"] == 0]
    return [] if name.endswith("s") else None


def _next_issue(profile: Row, day: str) -> str | None:
    """The first date of a recurring profile that is not before `day`; none where it is disabled (3.6)."""
    found = re.fullmatch(r"(\d*)([dwmy])", str(profile["frequency"]))
    if profile["disable"] or not found:
        return None
    count, unit = int(found[1] or 1), found[2]
    first, number = date.fromisoformat(profile["create_date"]), 0
    issue = first
    while issue.isoformat() < day:
        number += 1
        if unit in "dw":
            issue = first + timedelta(days=number * count * (7 if unit == "w" else 1))
        else:
            months = first.month - 1 + number * count * (12 if unit == "y" else 1)
            year, month = first.year + months // 12, months % 12 + 1
            issue = date(year, month, min(first.day, monthrange(year, month)[1]))
    return issue.isoformat()


def _client_include(books: Books, row: Row, name: str, day: str) -> Any:
    if name == "late_fee":
        return {
            "userid": row["id"],
            "enabled": False,
            "type": "percent",
            "value": 0,
            "days": 0,
            "repeat": False,
        }
    if not name.endswith("_balance"):
        return []
    kinds = ("outstanding", "draft") if name == "grand_total_balance" else (name.removesuffix("_balance"),)
    total: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for kind in kinds:
        for code, value in balances(books, kind, day).get(row["id"], {}).items():
            total[code] += value
    return [{"amount": money(value, code)} for code, value in sorted(total.items()) if value]


def balances(books: Books, kind: str, day: str) -> Balances:
    """Open amounts by client and currency: outstanding, draft, overdue (invoices) or credit (notes)."""
    table = books.table("credit_notes" if kind == "credit" else "invoices")

    def make() -> Balances:
        found: Balances = defaultdict(lambda: defaultdict(lambda: ZERO))
        for row in table.rows.values():
            if row["vis_state"] == 1:
                continue
            if kind == "credit":
                found[row["clientid"]][row["currency_code"]] += decimal(row["amount"]) - decimal(row["paid"])
                continue
            draft = row["v3_status"] == "draft"
            if draft != (kind == "draft") or (kind == "overdue" and seen_status(row, day) != "overdue"):
                continue
            found[row["customerid"]][row["currency_code"]] += decimal(row["outstanding"])
        return found

    made: Balances = table.cached(("balances", kind, day), make)
    return made
