"""What `freshbooks status` says: the connection, the last sync, the published marts."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from freshbooks_hub.connection import permissions
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import NotConnected
from freshbooks_hub.core.home import Home
from freshbooks_hub.marts.gaps import rejected_json, set_aside
from freshbooks_hub.marts.reconciliation import counted, findings
from freshbooks_hub.status.assumptions import refuted
from freshbooks_hub.status.problems import concerns, not_available, shortfalls
from freshbooks_hub.sync.alarms import Alarms
from freshbooks_hub.sync.history import Availability, History
from freshbooks_hub.sync.schedule import Schedule, ScheduledGroup, Trouble


def status(home: Home) -> dict[str, Any]:
    """A JSON-ready picture of `home`; reads files only, calls nobody."""
    history = History(home.history) if home.history.exists() else None
    generation = history.generation() if history and home.marts.exists() else None
    last = history.last_run() if history else None
    schedule, now = Schedule(home), datetime.now(UTC)
    groups, trouble = schedule.groups(now), schedule.trouble()
    problems = concerns(groups, last, trouble, now) if home.connection.exists() else []
    missing, short = gaps(home)
    found, rejected = findings(home.marts)
    return {
        "home": str(home.root),
        "connection": _connection(ConnectionStore(home.connection)),
        "last_sync": last,
        "streams": history.latest_streams() if history else [],
        "differences": [asdict(d) for d in found],
        "rejected": rejected_json(rejected),
        "rejected_text": set_aside(rejected),
        "marts": {"published_at": generation.published_at.isoformat(), "as_of_date": generation.as_of_date}
        if generation
        else None,
        "schedule": scheduled(home, schedule, groups, trouble, now),
        "problems": [asdict(concern) for concern in problems],
        "not_available": missing,
        "incomplete": short,
        "refuted": {
            business: [fact.as_json() | {"text": text} for fact, text in told]
            for business, told in refuted(home).items()
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


def as_text(picture: dict[str, Any]) -> str:
    """The picture as lines for a person."""
    connection, run, marts = picture["connection"], picture["last_sync"], picture["marts"]
    lines = [f"Home        {picture['home']}", f"Connection  {_connection_text(connection)}"]
    lines += [f"Not available: {group['text']}" for group in picture["not_available"]]
    for business, facts in picture["refuted"].items():
        lines += [f"Not as assumed in business {business}: {fact['text']}" for fact in facts]
    if run is None:
        lines.append("Last sync   none yet. Run: freshbooks sync")
    else:
        counts = f"{run['rows_read']:,} rows read, {run['rows_changed']:,} changed"
        lines.append(f"Last sync   {run['status']}, started {run['started_at']}, {counts}")
        if run["error"]:
            lines.append(f"            {run['error']}")
        lines += [f"            Warning: {warning}" for warning in run["warnings"]]
    if marts is None:
        lines.append("Marts       none yet")
    else:
        lines.append(f"Marts       as of {marts['as_of_date']}, published {marts['published_at']}")
    schedule = picture["schedule"]
    if schedule["paused_since"]:
        lines.append(f"Schedule    paused since {schedule['paused_since']}. Resume with: freshbooks resume")
    lines += [f"Attention   {alarm['message']}" for alarm in schedule["alarms"]]
    lines += [f"Attention   {problem['what']} {problem['remedy']}" for problem in picture["problems"]]
    if picture["rejected_text"]:
        lines.append(f"Rejected    {picture['rejected_text']}")
    kinds = Counter(difference["check_kind"] for difference in picture["differences"])
    lines += [f"Attention   {counted(kind, number)}." for kind, number in kinds.items()]
    if kinds:
        lines.append('            See them: freshbooks query "from fb_reconciliation where not is_ok"')
    width = max((len(stream["stream"]) for stream in picture["streams"]), default=0)
    for stream in picture["streams"]:
        rows = f"{stream['stream']:<{width}}  {stream['rows_total']:>9,} rows"
        short = picture["incomplete"].get(stream["stream"], [])
        state = "" if stream["completed"] and not short else ", incomplete"
        lines.append(f"  {rows}  last read {stream['started_at']}{state}")
        lines += [f"      {sentence}" for sentence in short]
    return "\n".join(lines)


def _connection_text(connection: dict[str, Any]) -> str:
    match connection["state"]:
        case "connected":
            who = f" as {connection['user']['name']}" if connection["user"] else ""
            names = ", ".join(business["name"] for business in connection["businesses"])
            return f"connected{who} since {connection['connected_at']}{f': {names}' if names else ''}"
        case "refused":
            since = connection["refused_since"]
            return f"refused by FreshBooks since {since}. Connect again: freshbooks connect"
        case "damaged":
            return str(connection["message"])
        case _:
            return "none. Run: freshbooks connect"
