"""Problems beyond the alarms, what is not available, and the state of each business."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from freshbooks_api import scopes
from freshbooks_api.roles import FULL_ROLES
from freshbooks_api.streams import STREAMS
from freshbooks_api.verified import Fact, grouped, sentence
from freshbooks_hub.connection.permissions import SCOPE_OF, NotAvailable, Refusal, Why, by_token, group
from freshbooks_hub.connection.profile import Business
from freshbooks_hub.connection.store import Connection
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import plural, stream_label
from freshbooks_hub.sync.assumptions import Assumptions
from freshbooks_hub.sync.history import Outcome
from freshbooks_hub.sync.next_due import Trouble
from freshbooks_hub.sync.schedule import ScheduledGroup

# Streams that not every account has, and the outcome if they answer 404.
OPTIONAL = frozenset(stream.name for stream in STREAMS if stream.optional)
NOT_THERE = "not_applicable"
# Business by stream: rows of the published marts.
Held = dict[int, dict[str, int]]
SHOWN = (
    ("projects", "project", "projects"),
    ("time_entries", "time entry", "time entries"),
    ("services", "service", "services"),
    ("team_members", "team member", "team members"),
)


@dataclass(frozen=True)
class Concern:
    """`what` is wrong, and the `remedy`, a sentence."""

    what: str
    remedy: str


def is_late(group: ScheduledGroup) -> bool:
    """Whether it missed two of its turns."""
    waits = group.paused or group.refused
    return not waits and group.age is not None and group.age > 2 * group.frequency


def shortfalls(outcomes: Iterable[Outcome], names: Mapping[int, str]) -> dict[str, list[str]]:
    """By stream, a sentence for each business whose rows FreshBooks does not all send; `names` of businesses."""
    found: dict[str, list[str]] = {}
    for one in outcomes:
        if one.status == "short":
            business = names.get(one.business_id, one.business_id)
            found.setdefault(one.stream, []).append(
                f"{stream_label(one.stream)} of {business}: FreshBooks counts {one.counted or 0:,} and sends "
                f"{one.row_count or 0:,}, since your role does not show the others."
            )
    return found


def refuted(home: Home) -> dict[int, list[tuple[Fact, str]]]:
    """By business, each refuted fact with its sentence, which also says what is done because of it."""
    return {
        business: [
            (fact, sentence(fact, [stream_label(s) for s in subjects])) for fact, subjects in grouped(facts)
        ]
        for business, facts in Assumptions(home).refuted().items()
    }


def concerns(
    groups: list[ScheduledGroup], last: dict[str, Any] | None, trouble: Trouble | None, now: datetime
) -> list[Concern]:
    """The worst first; none while a sync runs, the schedule is paused, or before the first sync."""
    if last is None or last["status"] == "running" or groups[0].paused or groups[0].refused:
        return []
    found = []
    if last["status"] == "interrupted":
        found.append(Concern(last["error"], "What it read is kept; the next sync continues from there."))
    if trouble and trouble.error != last["error"]:
        found.append(
            Concern(f"Syncing is on hold: {trouble.error}", f"The next attempt is {_when(trouble, now)}.")
        )
    if late := [group for group in groups if is_late(group)]:
        age = max(group.age for group in late if group.age)
        kinds = "kind of data is" if len(late) == 1 else "kinds of data are"
        found.append(
            Concern(
                f"{len(late)} {kinds} late, by up to {_span(age)}.",
                "Check that `freshbooks serve` is running, or the timer that calls `freshbooks sync --due`; "
                "without either, nothing is read.",
            )
        )
    if unread := [group for group in groups if group.last_success is None]:
        kinds = "kind of data was" if len(unread) == 1 else "kinds of data were"
        found.append(Concern(f"{len(unread)} {kinds} not read yet.", "The next scheduled sync reads them."))
    if failing := [group for group in groups if group.last_error]:
        names = ", ".join(group.name for group in failing)
        found.append(Concern(f"Failing: {names}.", failing[0].last_error or ""))
    return found


def _when(trouble: Trouble, now: datetime) -> str:
    return "due now" if trouble.retry_at <= now else f"at {trouble.retry_at:%H:%M} UTC"


def _span(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h" if hours else "an hour"


def not_available(connection: Connection, outcomes: Iterable[Outcome]) -> list[NotAvailable]:
    """What the token does not allow, and what the last reads found that plan and role do not."""
    token = connection.access_token
    lacked = by_token(token, connection.asked)
    reported = {refusal.stream for refusal in lacked}
    # A stream of which the token lacks the scope has that reason, whatever else an answer asked for.
    profile = connection.profile
    with_books = {business.id for business in profile.businesses if business.account_id} if profile else set()
    read = _by_outcomes(outcomes, token, with_books)
    found = [refusal for refusal in read if refusal.stream not in reported]
    return group([*lacked, *found], connection.business_names)


def _by_outcomes(outcomes: Iterable[Outcome], token: str, with_books: set[int]) -> list[Refusal]:
    """A scope that was missing then and is granted now does not count: the next sync reads that stream.

    `with_books`: the businesses with accounting; that another lacks what belongs to accounting is no news.
    """
    have = scopes.granted(token)
    found = []
    for one in outcomes:
        if one.status in {Why.gated, Why.refused}:
            found.append(Refusal(one.stream, Why(one.status), one.business_id))
        elif one.status == NOT_THERE and one.stream in OPTIONAL and one.business_id in with_books:
            found.append(Refusal(one.stream, Why.absent, one.business_id))
        elif one.status == Why.not_granted:
            lacked = tuple((one.missing_scopes or SCOPE_OF.get(one.stream, "")).split())
            beyond = [name for name in lacked if name != SCOPE_OF.get(one.stream)]
            if have is None or any(name not in have for name in beyond):
                found.append(Refusal(one.stream, Why.not_granted, one.business_id, lacked))
    return found


@dataclass(frozen=True)
class BusinessState:
    """One business of the connected user."""

    name: str
    role: str
    words: str


def business_states(connection: Connection | None, held: Held, any_read: bool) -> list[BusinessState]:
    """Every business of the user; `any_read`: whether something was read of those chosen now."""
    if connection is None or connection.profile is None:
        return []
    chosen = connection.chosen
    return [
        BusinessState(
            b.name, b.role, _words(b, connection, b.id in chosen, held.get(b.id, {}) if any_read else {})
        )
        for b in connection.profile.businesses
    ]


def _words(business: Business, connection: Connection, chosen: bool, rows: dict[str, int]) -> str:
    # Without a choice the source reads every business owned or administered, accounting or not.
    partly = not connection.business_ids and not business.can_sync and business.role in FULL_ROLES
    if (chosen or partly) and connection.dead_since:
        return "not reading"
    if chosen:
        return "synced" if rows else "chosen, not read yet"
    found = [plural(rows[name], one, many) for name, one, many in SHOWN if rows.get(name)]
    if partly and found:
        return f"synced without its accounting: {', '.join(found)}. {business.why_not}"
    if business.why_not:
        return f"not synced. {business.why_not}"
    return "not chosen"
