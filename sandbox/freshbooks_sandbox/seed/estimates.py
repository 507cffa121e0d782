"""Estimates at each stage; the invoiced ones are the origin of real invoices."""

from __future__ import annotations

from datetime import date, timedelta

from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import estimates
from freshbooks_sandbox.resources import ESTIMATES
from freshbooks_sandbox.seed.clients import known
from freshbooks_sandbox.seed.rng import Rng
from freshbooks_sandbox.values import Row

_LINE = ("name", "description", "qty", "unit_cost", "compounded_tax")
_TAX = ("taxName1", "taxAmount1", "taxName2", "taxAmount2")
# stage -> how many per size step
_STAGES = {"draft": 3, "sent": 3, "viewed": 2, "replied": 1, "accepted": 2, "deleted": 1}


def fill(books: Books, size: int) -> None:
    rng = Rng(books, "estimates")
    plan: list[tuple[date, str, Row | None]] = []
    settled = [row for row in books["invoices"].values() if _may_have_come_from_an_estimate(books, row)]
    for invoice in rng.sample(settled, 4 * size):
        issued = date.fromisoformat(invoice["create_date"])
        plan.append((issued - timedelta(days=rng.randint(3, 25)), "", invoice))
    for stage, count in _STAGES.items():
        first = date(2026, 3, 1) if stage in ("draft", "sent") else date(2025, 1, 5)
        plan += [(rng.day(first), stage, None) for _ in range(count * size)]
    for on, stage, origin in sorted(plan, key=lambda entry: (entry[0], entry[1])):
        at = rng.at(on)
        source = origin or rng.choice(list(books["invoices"].values()))
        fields = {
            "customerid": origin["customerid"] if origin else rng.choice(known(books, on))["id"],
            "create_date": on.isoformat(),
            "discount_value": source["discount_value"],
            "lines": [_line(line) for line in source["lines"] if line["type"] == 0],
            "notes": rng.choice(("", "Valid for 30 days", "Gültig bis Monatsende")),
        }
        row = estimates.create(books, fields, at)
        if origin:
            origin["estimateid"] = row["id"]
        status = 6 if origin else {"sent": 2, "viewed": 3, "replied": 4, "accepted": 5}.get(stage, 1)
        for step in range(2, status + 1):
            at = rng.later(at, 2)
            estimates.set_stage(row, step)
            crud.touch(ESTIMATES, books, row, at)
        if stage == "deleted":
            crud.set_visibility(ESTIMATES, books, row, crud.DELETED, rng.later(at, 9))


def _may_have_come_from_an_estimate(books: Books, row: Row) -> bool:
    """A settled invoice whose client was there a month before."""
    before = date.fromisoformat(row["create_date"]) - timedelta(days=30)
    return row["v3_status"] == "paid" and books["clients"][row["customerid"]] in known(books, before)


def _line(line: Row) -> Row:
    unit_cost = {"amount": line["unit_cost"]["amount"]}
    return {**{k: line[k] for k in (*_LINE, *_TAX)}, "unit_cost": unit_cost}
