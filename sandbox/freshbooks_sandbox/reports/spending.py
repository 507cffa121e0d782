"""Expense details: groups by top category, with look-up maps keyed by id."""

from __future__ import annotations

import hashlib
from collections import defaultdict

from freshbooks_sandbox.ledger.documents import counts
from freshbooks_sandbox.reports.ask import Ask
from freshbooks_sandbox.values import ZERO, Row, decimal, words


def expense_details(ask: Ask) -> Row:
    tree = ask.books["expense_categories"]
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in ask.books["expenses"].values():
        if counts(row) and row["amount"]["code"] == ask.code and ask.holds(row["date"]):
            groups[tree[row["categoryid"]]["parentid"] or row["categoryid"]].append(row)
    chosen = [row for rows in groups.values() for row in rows]
    return {
        **ask.head(),
        "exclude_personal": False,
        "group_by": "category",
        "data": [
            {
                "groupid": str(group),
                "total": ask.money(sum((decimal(row["amount"]) for row in rows), ZERO)),
                "children": [],
                "expenses": [_expense(row) for row in sorted(rows, key=lambda r: (r["date"], r["id"]))],
            }
            for group, rows in sorted(groups.items())
        ],
        "clients": {str(key): _client(ask, key) for key in sorted({row["clientid"] for row in chosen})},
        "vendors": {_hash(row["vendor"]): row["vendor"] for row in chosen if row["vendor"]},
        "authors": {str(key): _author(ask, key) for key in sorted({row["staffid"] for row in chosen})},
        "categories": _categories(ask, groups),
    }


def _expense(row: Row) -> Row:
    """Ids of other records are text here, the expense's own is a number."""
    taxes = {f"tax{name}{slot}": row[f"tax{name}{slot}"] for name in ("Name", "Percent") for slot in "12"}
    return {
        "expenseid": row["id"],
        "date": row["date"],
        "vendor": row["vendor"],
        "vendorid": _hash(row["vendor"]) if row["vendor"] else None,
        "categoryid": str(row["categoryid"]),
        "clientid": str(row["clientid"]),
        "authorid": str(row["staffid"]),
        "account_name": row["account_name"],
        "amount": row["amount"],
        **taxes,
        "taxAmount1": row["taxAmount1"],
        "taxAmount2": row["taxAmount2"],
        "is_cogs": row["is_cogs"],
        "imported_from_csv": row["from_bulk_import"],
        "notes": row["notes"],
    }


def _hash(vendor: str) -> str:
    return hashlib.md5(vendor.lower().encode(), usedforsecurity=False).hexdigest()


def _client(ask: Ask, key: int) -> Row:
    """`"0"` is no client: it shows the business itself, without an id."""
    if key == 0:
        system, name = ask.books.system, ask.books.business["name"]
        known = {"fname": system["fname"], "lname": system["lname"], "email": system["email"]}
        return {"id": None, "userid": None, "organization": name, "language": None, **known}
    row, names = ask.books["clients"][key], words("id userid organization language fname lname email")
    return {name: row[name] for name in names}


def _author(ask: Ask, key: int) -> Row:
    row = ask.books["staff"].get(key, {"userid": key})
    return {name: row.get(name) for name in ("userid", "organization", "fname", "lname", "email")}


def _categories(ask: Ask, groups: dict[int, list[Row]]) -> Row:
    """The categories of the expenses, ids as text, and those of the groups, ids as numbers."""
    tree = ask.books["expense_categories"]
    found: Row = {}
    for group, rows in groups.items():
        for key in {row["categoryid"] for row in rows}:
            name = tree[key]["category"]
            found[str(key)] = {"category": name, "subcategory_name": name, "categoryid": str(key)}
        name = tree[group]["category"]
        found[str(group)] = {"category": name, "subcategory_name": f"{name} (general)", "categoryid": group}
    return found
