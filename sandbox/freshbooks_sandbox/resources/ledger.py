"""Double entry: the chart and the postings follow from the documents; manual entries are added to them."""

from __future__ import annotations

from freshbooks_sandbox.books.query import Test, day_value, equals_number
from freshbooks_sandbox.books.resource import Resource
from freshbooks_sandbox.domain import journal_entries


def _sub_account(key: str, values: list[str]) -> Test:
    test = equals_number("id")(key, values)
    return lambda row: test(row["sub_account"])


def _from(day: str) -> Test:
    return lambda row: str(row["user_entered_date"]) >= day


def _to(day: str) -> Test:
    """Included, as the end of a report."""
    return lambda row: str(row["user_entered_date"]) <= day


JOURNAL_ACCOUNTS = Resource(
    "journal_entry_accounts",
    "journal_entries",
    path="journal_entry_accounts/journal_entry_accounts",
    singular="journal_entry_account",
    id="accountid",
    stamp=None,
    soft_delete=None,
    one_page=True,
)
JOURNAL_DETAILS = Resource(
    "journal_entry_details",
    "journal_entries",
    path="journal_entries/journal_entry_details",
    singular="journal_entry_detail",
    id="detailid",
    stamp=None,
    soft_delete=None,
    filters={
        "sub_accountid": _sub_account,
        "start_date": lambda key, values: _from(day_value(key, values)),
        "end_date": lambda key, values: _to(day_value(key, values)),
    },
)
JOURNAL_ENTRIES = Resource(
    "journal_entries",
    "journal_entries",
    path="journal_entries/journal_entries",
    singular="journal_entry",
    id="entryid",
    stamp=None,
    soft_delete=None,
    create=journal_entries.create,
    listed=False,
)
LEDGER_ACCOUNTS = Resource(
    "ledger_accounts", "journal_entries", id="uuid", stamp="updated_at", soft_delete=None
)
