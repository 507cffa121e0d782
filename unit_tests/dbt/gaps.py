"""Streams taken away from the books in the ways that an account does.

A scope that was not granted, a plan of one business, a table that was emptied, a stream that is not synced, with and
without the connector's word for it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from unit_tests.dbt.books import all_rows
from unit_tests.dbt.raw_tables import STREAMS, Row, Rows

BUSINESSES = (1, 2, 3)
DATA = [stream for stream in STREAMS if stream != "stream_availability"]
BASIC = {"businesses", "invoices", "invoice_profiles", "clients", "expenses", "expense_categories"} | {
    stream for stream in DATA if stream.startswith("report_")
}


@dataclass
class Missing:
    """`gone`: (business, stream) whose rows are not there, with the status that the connector gives, none for none.

    `unsaid`: streams of which the connector says nothing; `deselected`: streams without a table; `rejected`:
    rows that it could not hand on.
    """

    gone: dict[tuple[int, str], str | None] = field(default_factory=dict)
    unsaid: set[str] = field(default_factory=set)
    deselected: set[str] = field(default_factory=set)
    rejected: dict[tuple[int, str], list[Row]] = field(default_factory=dict)

    def tables(self) -> Rows:
        full = all_rows()
        found: Rows = {}
        for stream in DATA:
            if stream not in self.deselected:
                found[stream] = [r for r in full[stream] if (r["business_id"], stream) not in self.gone]
        found["stream_availability"] = [
            self._said(row) for row in full["stream_availability"] if row["stream_name"] not in self.unsaid
        ]
        return found

    def _said(self, row: Row) -> Row:
        key = row["business_id"], row["stream_name"]
        status = self.gone.get(key)
        said = {"status": status, "has_rows": False} if status else {}
        return row | said | {"rejected_rows": self.rejected.get(key)}


def random_missing(seed: int) -> Missing:
    dice = random.Random(seed)
    streams = DATA if seed % 3 else [stream for stream in DATA if not stream.startswith("report_")]

    def some(most: int) -> list[str]:
        return dice.sample(streams, dice.randint(0, most))

    missing = Missing(deselected=set(some(3)), unsaid=set(DATA if dice.random() < 0.2 else some(8)))
    for stream in some(8):
        missing.gone |= {(business, stream): "not_granted" for business in BUSINESSES}
    for status in ("gated", "refused", None):
        for business in BUSINESSES:
            missing.gone |= {(business, stream): status for stream in some(2)}
    return missing


def missing_of(*streams: str) -> Missing:
    """Streams that no business granted."""
    return Missing(gone={(business, stream): "not_granted" for business in BUSINESSES for stream in streams})
