"""After a run that failed: what is tried again when, and whether a person must be told."""

from __future__ import annotations

from datetime import datetime

from freshbooks_api.errors import RATE_LIMITED
from freshbooks_hub.connection.oauth import ClientRefused, GrantRefused
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import HomeError, HubError, TransformFailed
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import alarms
from freshbooks_hub.sync.alarms import Alarms
from freshbooks_hub.sync.ingest import ReadFailed
from freshbooks_hub.sync.messages import Failure
from freshbooks_hub.sync.schedule import CONNECTION, Schedule, ScheduledGroup


def note_failure(
    home: Home, tried: list[ScheduledGroup], error: HubError, since: datetime, now: datetime
) -> None:
    """Store the outcome of a run that began at `since` with the groups of streams `tried`.

    | what happened | what waits |
    |---|---|
    | a group was read to its end | nothing: it worked |
    | some groups failed, others worked | those that failed, each by itself |
    | all failed, FreshBooks is down or refuses | the connection |
    | the connection or this machine needs a person | the connection, with one alarm |
    """
    schedule = Schedule(home)
    fresh = {e.name for e in schedule.groups(now) if e.last_success and e.last_success >= _second(since)}
    done = [group.name for group in tried if group.name in fresh]
    failed = [group for group in tried if group.name not in fresh]
    failures = _of_streams(error.failures) if isinstance(error, ReadFailed) else []
    schedule.worked(*done)
    Alarms(home).clear(*done, now=now)
    person = _needs_person(error, failures, bool(done))
    if person:
        Alarms(home).raise_(*person, now)
        if ConnectionStore(home.connection).load().dead_since:
            schedule.worked(CONNECTION)  # once reconnected, it is tried at once
            return
    connection_is_fine = person is None or person[0] == alarms.MARTS
    at_fault = [e for e in failed if connection_is_fine and (done or e.failures or _reason(e, failures))]
    for group in at_fault:
        reason = _reason(group, failures)
        schedule.failed(group.name, reason.message if reason else str(error), now)
        if reason:
            Alarms(home).raise_(group.name, reason.message, now)
    slowed = any(failure.code == RATE_LIMITED for failure in failures)
    if slowed or len(at_fault) < len(failed):
        schedule.explain(str(error), now)
    else:
        schedule.worked(CONNECTION)


def note_success(home: Home, streams: set[str], marts: bool, now: datetime) -> None:
    """After a run that worked, whoever started it: its alarms are closed, and nothing waits.

    `streams` are those it read to their end; none: FreshBooks was not asked. `marts`: whether these followed.
    """
    schedule = Schedule(home)
    asked = [CONNECTION] if streams else []
    done = [group.name for group in schedule.groups(now) if streams.issuperset(group.streams)]
    schedule.worked(*asked, *done)
    kinds = [alarms.HOME, *([alarms.MARTS] if marts else []), *([alarms.CONNECTION] if streams else [])]
    Alarms(home).clear(*kinds, *done, now=now)


def _needs_person(error: HubError, failures: list[Failure], some_worked: bool) -> tuple[str, str] | None:
    """The alarm for what stops the whole connection or the marts: its kind and message."""
    if isinstance(error, TransformFailed):
        return alarms.MARTS, str(error)
    if isinstance(error, HomeError):
        return alarms.HOME, str(error)
    if isinstance(error, GrantRefused | ClientRefused):
        return alarms.CONNECTION, str(error)
    final = [failure for failure in failures if failure.needs_person]
    if not final or some_worked:
        return None
    same = len({failure.message for failure in final}) == 1 and len(failures) > 1
    return (alarms.CONNECTION, final[0].message) if same else None


def _reason(group: ScheduledGroup, failures: list[Failure]) -> Failure | None:
    """Why a stream of the group failed, where that is the stream's own trouble."""
    streams = {*group.streams, *group.with_streams}
    return next((f for f in failures if f.stream in streams and f.needs_person), None)


def _of_streams(failures: list[Failure]) -> list[Failure]:
    """Without the summary that follows the failures of streams."""
    return [failure for failure in failures if failure.stream] or failures


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
