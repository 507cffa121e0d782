"""The open months of a list whose rows have a date and no stamp, the ledger's: read at each sync, all rows weekly.

The list can be asked for rows since a day (freshbooks-api.md 3.3), but not for those that changed. Books are kept in
the months just past, so a sync reads from the first day of the month before last on, later dates included. What
changes in older months comes with the whole list, which is read when the last full read is a week old. The cursor
of the stream is the time of that read: a sync that read the open months alone leaves it where it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from source_freshbooks.components.timestamps import BEGINNING, eastern_day, parse_utc

WHOLE_EVERY = timedelta(days=7)


def first_open_day(day: date) -> date:
    """The first day of the second month before that of `day`."""
    last_month = day.replace(day=1) - timedelta(days=1)
    return (last_month.replace(day=1) - timedelta(days=1)).replace(day=1)


@dataclass
class Window:
    """What one read of one business asks for.

    start: the first day, ISO; "" for the whole list. parameter: the server's filter. dated: the field with the day.
    older: a row from before `start` came.
    """

    start: str = ""
    parameter: str = ""
    dated: str = ""
    older: bool = False

    @classmethod
    def at(cls, parameter: str, dated: str, cursor: str, now: str) -> "Window":
        """The open months, or the whole list if the last full read, at `cursor`, is too old, or there was none.

        `cursor` and `now` are UTC. `now` is the server's clock: ours may be wrong.
        """
        clock = parse_utc(now)
        if cursor <= BEGINNING or not timedelta() <= clock - parse_utc(cursor) < WHOLE_EVERY:
            return cls()
        return cls(first_open_day(eastern_day(clock)).isoformat(), parameter, dated)

    @property
    def params(self) -> dict[str, Any]:
        return {self.parameter: self.start} if self.start else {}

    def look_at(self, rows: Iterable[Any]) -> None:
        """Note whether one of `rows` is older than what was asked for."""
        if self.start and not self.older:
            self.older = any(_day(row, self.dated) < self.start for row in rows)


def _day(row: Any, dated: str) -> str:
    """ISO, of a row that has one; else a day that is in every window."""
    day = row.get(dated) if isinstance(row, dict) else None
    return day[:10] if isinstance(day, str) and day else "9999"
