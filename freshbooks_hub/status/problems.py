"""What keeps the hub from being up to date, beyond its alarms; for `freshbooks status` and the Status page alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from freshbooks_hub.core.stream_labels import stream_label
from freshbooks_hub.sync.availability import Outcome
from freshbooks_hub.sync.schedule import Entity, Trouble


@dataclass(frozen=True)
class Concern:
    """`what` is wrong, and the `remedy`, a sentence."""

    what: str
    remedy: str


def is_late(entity: Entity) -> bool:
    """Whether two of its turns went by."""
    waits = entity.paused or entity.refused
    return not waits and entity.lag is not None and entity.lag > 2 * entity.frequency


def shortfalls(outcomes: Iterable[Outcome], names: Mapping[int, str]) -> dict[str, list[str]]:
    """By stream, a sentence for each business of which FreshBooks does not send every row; `names` of businesses."""
    found: dict[str, list[str]] = {}
    for one in outcomes:
        if one.status == "short":
            business = names.get(one.business_id, one.business_id)
            found.setdefault(one.stream, []).append(
                f"{stream_label(one.stream)} of {business}: FreshBooks counts {one.counted or 0:,} and sends "
                f"{one.row_count or 0:,}, since your role does not show the others."
            )
    return found


def concerns(
    entities: list[Entity], last: dict[str, Any] | None, trouble: Trouble | None, now: datetime
) -> list[Concern]:
    """The worst first; none while a sync runs, the schedule is paused, or before the first sync."""
    if last is None or last["status"] == "running" or entities[0].paused or entities[0].refused:
        return []
    found = []
    if last["status"] == "interrupted":
        found.append(Concern(last["error"], "What it read is kept; the next sync continues from there."))
    if trouble and trouble.error != last["error"]:
        found.append(
            Concern(f"Syncing is on hold: {trouble.error}", f"The next attempt is {_when(trouble, now)}.")
        )
    if late := [entity for entity in entities if is_late(entity)]:
        lag = max(entity.lag for entity in late if entity.lag)
        kinds = "kind of data is" if len(late) == 1 else "kinds of data are"
        found.append(
            Concern(
                f"{len(late)} {kinds} late, by up to {_span(lag)}.",
                "Check that `freshbooks serve` is running, or the timer that calls `freshbooks sync --due`; "
                "without either, nothing is read.",
            )
        )
    if unread := [entity for entity in entities if entity.last_success is None]:
        kinds = "kind of data was" if len(unread) == 1 else "kinds of data were"
        found.append(Concern(f"{len(unread)} {kinds} not read yet.", "The next scheduled sync reads them."))
    if failing := [entity for entity in entities if entity.last_error]:
        names = ", ".join(entity.name for entity in failing)
        found.append(Concern(f"Failing: {names}.", failing[0].last_error or ""))
    return found


def _when(trouble: Trouble, now: datetime) -> str:
    return "due now" if trouble.retry_at <= now else f"at {trouble.retry_at:%H:%M} UTC"


def _span(lag: timedelta) -> str:
    hours = int(lag.total_seconds() // 3600)
    return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h" if hours else "an hour"
