"""What is kept in step, and how often: each entity is a few streams that make sense only together.

`along` are streams that the entity's rows name. They are read in the same run, so that no published row names
a client or a project that is not there yet; incrementally that is one request each.

A `whole` entity reads its streams from the beginning, with the ids of all stored rows: what increments missed is
healed, and rows deleted for good (freshbooks-api.md 3.5) are found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from freshbooks_api.streams import group_streams

MINUTES_20 = timedelta(minutes=20)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Plan:
    """An entity as it is by default."""

    name: str
    streams: tuple[str, ...]
    frequency: timedelta
    along: tuple[str, ...] = ()
    whole: bool = False


def _plan(name: str, frequency: timedelta, along: tuple[str, ...] = (), whole: bool = False) -> Plan:
    return Plan(name, group_streams(name), frequency, along, whole)


# Which streams a group has, the table of streams says (freshbooks_api/streams.py).
PLANS = (
    _plan("invoices", MINUTES_20, along=("clients",)),
    _plan("clients", HOUR),
    _plan("expenses", HOUR, along=("expense_categories",)),
    _plan("time_entries", 2 * HOUR, along=("projects", "services", "team_members")),
    _plan("projects", 2 * HOUR, along=("clients",)),
    _plan("estimates", 6 * HOUR, along=("clients",)),
    _plan("services", 6 * HOUR),
    _plan("categories", 6 * HOUR),
    _plan("bills", 6 * HOUR, along=("expense_categories",)),
    _plan("other_income", 6 * HOUR),
    _plan("recurring", DAY, along=("clients",)),
    _plan("items", DAY),
    _plan("team", DAY),
    _plan("businesses", DAY),
    _plan("ledger", DAY),
    _plan("reports", DAY),
    _plan("invoices_whole", WEEK, along=("clients",), whole=True),
    _plan("lists_whole", WEEK, whole=True),
)
BY_NAME = {plan.name: plan for plan in PLANS}
