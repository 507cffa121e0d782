"""What the marts must say, computed from the sandbox's own books in plain Python and `Decimal`.

It shares nothing with the SQL under test: it reads the books and not what was synced, and follows
freshbooks-api.md 3.5 and 5 and the marts' documented meaning.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from freshbooks_sandbox import Sandbox

BUSINESSES = (439000, 439117)
Row = dict[str, Any]
ACTIVE, DELETED, ARCHIVED = 0, 1, 2
STATUS = {ACTIVE: "active", DELETED: "deleted", ARCHIVED: "archived"}
ZERO = Decimal("0.00")


def money(value: Row | None) -> Decimal:
    return Decimal(value["amount"]) if value else ZERO


def books(sandbox: Sandbox, resource: str) -> Iterator[tuple[int, Row]]:
    for business in BUSINESSES:
        for row in sandbox.books(business)[resource].values():
            yield business, row


def sent_invoices(sandbox: Sandbox) -> Iterator[tuple[int, Row]]:
    """Invoices that somebody owes or has paid: neither drafts nor deleted."""
    for business, row in books(sandbox, "invoices"):
        if row["vis_state"] != DELETED and row["v3_status"] != "draft":
            yield business, row


def bucket(due: date, as_of: date) -> str:
    late = (as_of - due).days
    for name, most in (("current", 0), ("1_30", 30), ("31_60", 60), ("61_90", 90)):
        if late <= most:
            return name
    return "91_plus"


def outstanding_balances(sandbox: Sandbox, as_of: date) -> dict[tuple[int, int, str], dict[str, Any]]:
    """(business, client, currency) to outstanding, overdue, aging, open invoices, oldest due date, drafts."""
    found: dict[tuple[int, int, str], dict[str, Any]] = {}

    def entry(business: int, invoice: Row) -> dict[str, Any]:
        key = (business, invoice["customerid"], invoice["currency_code"])
        empty = {
            "outstanding": ZERO,
            "overdue": ZERO,
            "buckets": defaultdict(lambda: ZERO),
            "open": 0,
            "oldest": None,
            "drafts": ZERO,
        }
        return found.setdefault(key, empty)

    for business, invoice in sent_invoices(sandbox):
        owed = money(invoice["outstanding"])
        if owed > 0:
            due = date.fromisoformat(invoice["due_date"])
            here = entry(business, invoice)
            here["outstanding"] += owed
            here["buckets"][bucket(due, as_of)] += owed
            here["overdue"] += owed if due < as_of else ZERO
            here["open"] += 1
            here["oldest"] = min(due, here["oldest"] or due)
    for business, invoice in books(sandbox, "invoices"):
        if invoice["vis_state"] != DELETED and invoice["v3_status"] == "draft":
            entry(business, invoice)["drafts"] += money(invoice["amount"])
    return found


def expense_categories(
    sandbox: Sandbox,
) -> dict[tuple[int, int | None, str, date], tuple[Decimal, Decimal, int]]:
    """(business, category, month, currency) to total with tax, tax, number."""
    totals: dict[Any, Any] = defaultdict(lambda: (ZERO, ZERO, 0))
    for business, row in books(sandbox, "expenses"):
        if row["vis_state"] == DELETED:
            continue
        month = date.fromisoformat(row["date"]).replace(day=1)
        key = (business, row["categoryid"] or None, row["amount"]["code"], month)
        total, tax, count = totals[key]
        taxes = money(row.get("taxAmount1")) + money(row.get("taxAmount2"))
        totals[key] = (total + money(row["amount"]), tax + taxes, count + 1)
    return dict(totals)


def crm_contacts(sandbox: Sandbox) -> dict[tuple[int, str], dict[str, Any]]:
    """(business, key) to the status of the best client behind it and the invoices of all of them.

    The key is the e-mail, and the name with it where people of different names share the e-mail.
    """
    invoices: dict[tuple[int, int], int] = defaultdict(int)
    for business, invoice in sent_invoices(sandbox):
        invoices[business, invoice["customerid"]] += 1
    behind: dict[tuple[int, str], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for business, client in books(sandbox, "clients"):
        for person in (client, *(client.get("contacts") or [])):
            if email := (person.get("email") or "").strip().lower():
                name = f"{person.get('fname') or ''} {person.get('lname') or ''}".strip().lower()
                behind[business, email][name].add(client["userid"])
    people: dict[tuple[int, str], set[int]] = {}
    for (business, email), names in behind.items():
        if len(names.keys() - {""}) < 2:
            people[business, email] = set().union(*names.values())
        else:
            people |= {(business, f"{email}, {n}" if n else email): found for n, found in names.items()}
    order = [ACTIVE, ARCHIVED, DELETED]
    return {
        (business, key): {
            "status": STATUS[
                min((sandbox.books(business)["clients"][c]["vis_state"] for c in clients), key=order.index)
            ],
            "clients": len(clients),
            "invoices": sum(invoices[business, client] for client in clients),
        }
        for (business, key), clients in people.items()
    }
