"""What is kept up to date, and how often: each group is a few streams that make sense only together.

`along` are streams that the group's rows name. They are read in the same run, so that no published row names
a client or a project that is not there yet; incrementally that is one request each.

A full refresh reads its streams from the beginning, with the ids of all stored rows: it finds what increments missed,
and rows deleted for good (freshbooks-api.md 3.5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from freshbooks_hub.core.errors import HubError

MINUTES_20 = timedelta(minutes=20)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=31)
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(days=7)}


@dataclass(frozen=True)
class Plan:
    """An entity as it is by default."""

    name: str
    streams: tuple[str, ...]
    frequency: timedelta
    along: tuple[str, ...] = ()
    whole: bool = False


PLANS = (
    Plan("invoices", ("invoices", "payments", "credit_notes"), MINUTES_20, along=("clients",)),
    Plan("clients", ("clients",), HOUR),
    Plan("expenses", ("expenses",), HOUR, along=("expense_categories",)),
    Plan("time_entries", ("time_entries",), 2 * HOUR, along=("projects", "services", "team_members")),
    Plan("projects", ("projects",), 2 * HOUR, along=("clients",)),
    Plan("estimates", ("estimates",), 6 * HOUR, along=("clients",)),
    Plan("services", ("services", "service_rates", "tasks"), 6 * HOUR),
    Plan("categories", ("expense_categories",), 6 * HOUR),
    Plan("bills", ("bills", "bill_vendors", "bill_payments"), 6 * HOUR, along=("expense_categories",)),
    Plan("other_income", ("other_income",), 6 * HOUR),
    Plan("recurring", ("invoice_profiles",), DAY, along=("clients",)),
    Plan("items", ("items", "taxes"), DAY),
    Plan("team", ("team_members", "team_member_rates", "staff"), DAY),
    Plan("businesses", ("businesses", "systems"), DAY),
    Plan("ledger", ("ledger_accounts", "journal_entry_accounts", "journal_entry_details"), DAY),
    Plan(
        "reports",
        (
            "report_profit_and_loss",
            "report_balance_sheet",
            "report_trial_balance",
            "report_tax_summary",
            "report_payments_collected",
            "report_accounts_aging",
            "report_invoice_details",
            "report_expense_details",
            "report_item_sales",
            "report_revenue_by_client",
        ),
        DAY,
    ),
    Plan("invoices_whole", ("invoices", "payments", "credit_notes"), WEEK, along=("clients",), whole=True),
    Plan(
        "lists_whole",
        (
            "clients",
            "expenses",
            "expense_categories",
            "time_entries",
            "projects",
            "estimates",
            "services",
            "bills",
            "bill_vendors",
            "bill_payments",
            "other_income",
            "invoice_profiles",
            "items",
            "taxes",
            "tasks",
        ),
        WEEK,
        whole=True,
    ),
)
BY_NAME = {plan.name: plan for plan in PLANS}


def parse_frequency(text: str) -> timedelta:
    """`30m`, `2h`, `1d`, `1w`; raises HubError."""
    match = re.fullmatch(r"(\d{1,5})\s*([mhdw])", text.strip().lower())
    frequency = int(match[1]) * UNITS[match[2]] if match else timedelta()
    if not SHORTEST <= frequency <= LONGEST:
        raise HubError(
            f"{text!r} is not a frequency. Write it as 30m, 2h, 1d or 1w; it must be between "
            f"{format_frequency(SHORTEST)} and {format_frequency(LONGEST)}."
        )
    return frequency


def format_frequency(frequency: timedelta) -> str:
    """As `parse_frequency` reads it."""
    unit = next(u for u in ("w", "d", "h", "m") if not frequency % UNITS[u] or u == "m")
    return f"{frequency // UNITS[unit]}{unit}"
