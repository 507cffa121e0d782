"""The sync schedule as Status and Settings show it: a line for each sync group, with how it is doing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from freshbooks_hub.connection.permissions import NotAvailable
from freshbooks_hub.status.problems import is_late
from freshbooks_hub.sync.history import History
from freshbooks_hub.sync.schedule import ScheduledGroup

NAMES = {
    "invoices_whole": "Invoices, full refresh",
    "lists_whole": "Other lists, full refresh",
    "time_entries": "Time",
}


@dataclass(frozen=True)
class Line:
    """One row of the table of groups.

    `short`: a sentence for each stream of a business of which FreshBooks does not send every row. `missing`: none of
    its streams can be read of any business.
    """

    name: str
    group: ScheduledGroup
    rows: int | None
    short: tuple[str, ...] = ()
    missing: bool = False

    @property
    def state(self) -> tuple[str, str]:
        """Look and words of its pill."""
        if self.missing:
            return "quiet", "not available"
        if self.group.last_error:
            return "bad", "failing"
        if self.group.last_success is None:
            return "quiet", "not read yet"
        if self.group.refused:
            return "quiet", "not reading"
        if self.group.paused:
            return "quiet", "paused"
        if is_late(self.group):
            return "warn", "late"
        return ("warn", "incomplete") if self.short else ("good", "up to date")


def lines_of(
    groups: list[ScheduledGroup],
    history: History | None,
    short: Mapping[str, list[str]] | None = None,
    unavailable: Iterable[NotAvailable] = (),
) -> list[Line]:
    """Groups with their display names, and the rows of their tables if `history` has them.

    `short`: as `shortfalls` tells it.
    """
    gone = {stream for one in unavailable if not one.businesses for stream in one.streams}
    streams = history.latest_streams() if history else []
    totals = {row["stream"]: row["rows_total"] for row in streams}
    return [
        Line(
            NAMES.get(group.name) or group.name.replace("_", " ").capitalize(),
            group,
            None
            if group.is_full_reread or not totals.keys() & group.streams
            else sum(totals.get(s, 0) for s in group.streams),
            ()
            if group.is_full_reread
            else tuple(text for s in group.streams for text in (short or {}).get(s, [])),
            gone.issuperset(group.streams),
        )
        for group in groups
    ]
