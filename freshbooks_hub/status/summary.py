"""The summary of `freshbooks status`: the connection, the last sync, the published marts."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from freshbooks_hub.connection import permissions
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import NotConnected
from freshbooks_hub.core.home import Home
from freshbooks_hub.marts.findings import findings
from freshbooks_hub.marts.gaps import rejected_json, set_aside
from freshbooks_hub.marts.reconciliation import counted
from freshbooks_hub.status.problems import concerns, not_available, refuted, shortfalls
from freshbooks_hub.sync.alarms import Alarms
from freshbooks_hub.sync.history import Availability, History
from freshbooks_hub.sync.next_due import Trouble
from freshbooks_hub.sync.progress import read_progress
from freshbooks_hub.sync.schedule import Schedule, ScheduledGroup

# As people say it; others as they are.
SYNC_WORDS = {"interrupted": "stopped"}


def status(home: Home) -> dict[str, Any]:
    """A JSON-ready summary of `home`; reads files only, without any request."""
    history = History(home.history) if home.history.exists() else None
    generation = history.generation() if history and home.marts.exists() else None
    last = history.last_run() if history else None
    schedule, now = Schedule(home), datetime.now(UTC)
    groups, trouble = schedule.groups(now), schedule.trouble()
    problems = concerns(groups, last, trouble, now) if home.connection.exists() else []
    missing, short = gaps(home)
    found = findings(home)
    running = read_progress(home)
    return {
        "home": str(home.root),
        "connection": _connection(ConnectionStore(home.connection)),
        "last_sync": last,
        "phase": running.phase if running else None,
        "streams": history.latest_streams() if history else [],
        "differences": [asdict(d) for d in found.differences],
        "rejected": rejected_json(found.rejected),
        "rejected_text": set_aside(found.rejected),
        "marts": {"published_at": generation.published_at.isoformat(), "as_of_date": generation.as_of_date}
        if generation
        else None,
        "schedule": scheduled(home, schedule, groups, trouble, now),
        "problems": [asdict(concern) for concern in problems],
        "not_available": missing,
        "incomplete": short,
        "refuted": {
            business: [fact.as_json() | {"text": text} for fact, text in facts]
            for business, facts in refuted(home).items()
        },
    }


def gaps(home: Home) -> tuple[list[dict[str, Any]], dict[str, list[str]]]:
    """What this connection cannot read, and by stream what FreshBooks does not send all rows of."""
    connection = ConnectionStore(home.connection).find()
    if connection is None:
        return [], {}
    outcomes = Availability(home).outcomes(connection.business_ids)
    names = connection.business_names
    groups = not_available(connection, outcomes)
    return [group.as_json() | {"text": str(group)} for group in groups], shortfalls(outcomes, names)


def scheduled(
    home: Home, schedule: Schedule, groups: list[ScheduledGroup], trouble: Trouble | None, now: datetime
) -> dict[str, Any]:
    """The pause, the next sync, what it waits for and the open alarms."""
    paused = schedule.paused_since()
    dues = [group.next_due for group in groups if group.next_due]
    return {
        "paused_since": paused.isoformat(timespec="seconds") if paused else None,
        "next_due": max(min(dues), now).isoformat(timespec="seconds") if dues else None,
        "waiting_for": trouble.error if trouble else None,
        "alarms": [
            {"kind": a.kind, "message": a.message, "raised_at": a.raised_at.isoformat(timespec="seconds")}
            for a in Alarms(home).open()
        ],
    }


def _connection(store: ConnectionStore) -> dict[str, Any]:
    if not store.exists():
        return {"state": "not connected"}
    try:
        connection = store.load()
    except NotConnected as error:
        return {"state": "damaged", "message": str(error)}
    expires_at, profile = connection.expires_at, connection.profile
    lacking = permissions.not_approved(connection.access_token, connection.asked)
    return {
        "state": "refused" if connection.dead_since else "connected",
        "connected_at": connection.connected_at.isoformat(timespec="seconds"),
        "refused_since": connection.dead_since.isoformat(timespec="seconds")
        if connection.dead_since
        else None,
        "user": {"name": profile.name, "email": profile.email} if profile else None,
        "businesses": [
            {"id": business.id, "name": business.name, "role": business.role}
            for business in (profile.businesses if profile else ())
            if business.id in connection.chosen
        ],
        "missing_scopes": [scope.name for scope in lacking],
        "token_valid": expires_at is None or expires_at > datetime.now(UTC),
    }


def as_text(picture: dict[str, Any], streams: bool = False) -> str:
    """The picture as lines for a person: whether all is well first; with `streams`, each of them at the end."""
    connection, run, marts, schedule = (
        picture["connection"],
        picture["last_sync"],
        picture["marts"],
        picture["schedule"],
    )
    attention = [alarm["message"] for alarm in schedule["alarms"]]
    attention += [f"{problem['what']} {problem['remedy']}" for problem in picture["problems"]]
    kinds = Counter(difference["check_kind"] for difference in picture["differences"])
    attention += [f"{counted(kind, number)}." for kind, number in kinds.items()]
    lines = [f"Health      {_health(picture, len(attention))}"]
    lines += [f"Attention   {sentence}" for sentence in attention]
    if kinds:
        lines.append('            See them: freshbooks query "from fb_reconciliation where not is_ok"')
    if waiting := picture.get("approvals"):
        lines.append(f"Approvals   {waiting:,} waiting for you. See them: freshbooks actions list")
    lines += [f"Home        {picture['home']}", f"Connection  {_connection_text(connection)}"]
    lines += [f"Not available: {group['text']}" for group in picture["not_available"]]
    for business, facts in picture["refuted"].items():
        lines += [f"Not as assumed in business {business}: {fact['text']}" for fact in facts]
    lines += _sync_lines(run)
    if picture["phase"]:
        lines.append(f"Now         {picture['phase']}")
    if marts is None:
        lines.append("Marts       none yet")
    else:
        lines.append(f"Marts       as of {marts['as_of_date']}, published {_time(marts['published_at'])}")
    if schedule["paused_since"]:
        lines.append(
            f"Schedule    paused since {_time(schedule['paused_since'])}. Resume with: freshbooks resume"
        )
    elif schedule["next_due"] and connection["state"] == "connected":
        lines.append(f"Schedule    next sync {_time(schedule['next_due'])}")
    if picture["rejected_text"]:
        lines.append(f"Rejected    {picture['rejected_text']}")
    return "\n".join([*lines, *_stream_lines(picture, streams)])


def _health(picture: dict[str, Any], attention: int) -> str:
    run, state = picture["last_sync"], picture["connection"]["state"]
    if state == "not connected":
        return "not connected yet"
    if state in ("refused", "damaged"):
        return "the connection needs your attention"
    if attention or (run and run["status"] == "failed"):
        return "needs attention"
    if run is None:
        return "no sync yet"
    return "well, but the schedule is paused" if picture["schedule"]["paused_since"] else "all is well"


def _sync_lines(run: dict[str, Any] | None) -> list[str]:
    if run is None:
        return ["Last sync   none yet. Run: freshbooks sync"]
    counts = f"{run['rows_read']:,} rows read, {run['rows_changed']:,} changed"
    word = SYNC_WORDS.get(run["status"], run["status"])
    lines = [f"Last sync   {word}, started {_time(run['started_at'])}, {counts}"]
    if run["error"]:
        lines.append(f"            {run['error']}")
    return lines + [f"            Warning: {warning}" for warning in run["warnings"]]


def _stream_lines(picture: dict[str, Any], every: bool) -> list[str]:
    """All of them, or only those that are incomplete."""
    lines, width = [], max((len(stream["stream"]) for stream in picture["streams"]), default=0)
    for stream in picture["streams"]:
        short = picture["incomplete"].get(stream["stream"], [])
        complete = stream["completed"] and not short
        if complete and not every:
            continue
        rows = f"{stream['stream']:<{width}}  {stream['rows_total']:>9,} rows"
        state = "" if complete else ", incomplete"
        lines.append(f"  {rows}  last read {_time(stream['started_at'])}{state}")
        lines += [f"      {sentence}" for sentence in short]
    if picture["streams"] and not every:
        count = f"{len(picture['streams'])} read. See them: freshbooks status --streams"
        return [f"Streams     {count}", *lines]
    return lines


def _time(stamp: str) -> str:
    """To the minute, in the time zone of the hub."""
    return f"{stamp[:16].replace('T', ' ')} UTC"


def _connection_text(connection: dict[str, Any]) -> str:
    match connection["state"]:
        case "connected":
            who = f" as {connection['user']['name']}" if connection["user"] else ""
            names = ", ".join(business["name"] for business in connection["businesses"])
            return f"connected{who} since {_time(connection['connected_at'])}{f': {names}' if names else ''}"
        case "refused":
            since = _time(connection["refused_since"])
            return f"refused by FreshBooks since {since}. Connect again: freshbooks connect"
        case "damaged":
            return str(connection["message"])
        case _:
            return "none. Run: freshbooks connect"
