"""Double entry: the chart and the postings follow from the documents; manual entries are added to them."""

from __future__ import annotations

from freshbooks_sandbox.domain import journal_entries
from freshbooks_sandbox.resource import Resource

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
