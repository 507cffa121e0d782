"""The health of a connection in short, for `freshbooks connections`, without opening its marts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from freshbooks_hub.connection.store import state_of
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import plural
from freshbooks_hub.status.problems import concerns
from freshbooks_hub.status.summary import gaps, scheduled
from freshbooks_hub.sync.history import History
from freshbooks_hub.sync.schedule import Schedule

# Where the files of a connection cannot be read.
UNKNOWN: dict[str, Any] = {
    "last_sync": None,
    "next_due": None,
    "paused_since": None,
    "waiting_for": None,
    "alarms": [],
    "problems": [],
    "gaps": [],
}
OF_A_SYNC = ("started_at", "finished_at", "status", "error")


def health(home: Home, now: datetime) -> dict[str, Any]:
    """JSON-ready: `state` and `user`, the last and the next sync, alarms, problems, gaps. Reads files alone.

    `needs_attention`: whether a person should look at it; gaps alone are no reason. Files of the connection that cannot
    be read are its `error`, so that one connection hides no other.
    """
    found: dict[str, Any] = {
        "name": home.name,
        "home": str(home.root),
        **state_of(home),
        **UNKNOWN,
        "error": None,
    }
    try:
        found |= _syncing(home, now)
    except HubError as error:
        found["error"] = str(error)
    troubled = found["error"] or found["alarms"] or found["problems"]
    return found | {"needs_attention": bool(troubled or found["state"] in {"refused", "damaged"})}


def _syncing(home: Home, now: datetime) -> dict[str, Any]:
    last = History(home.history).last_run() if home.history.exists() else None
    schedule = Schedule(home)
    groups, trouble = schedule.groups(now), schedule.trouble()
    problems = concerns(groups, last, trouble, now) if home.connection.exists() else []
    not_available, incomplete = gaps(home)
    return {
        "last_sync": {name: last[name] for name in OF_A_SYNC} if last else None,
        **scheduled(home, schedule, groups, trouble, now),
        "problems": [asdict(problem) for problem in problems],
        "gaps": [group["text"] for group in not_available]
        + [sentence for sentences in incomplete.values() for sentence in sentences],
    }


def in_short(found: dict[str, Any]) -> tuple[str, str, list[str]]:
    """For a line of a table: start of the last sync and of the next one (UTC, to the minute), and what to look at."""
    last = found["last_sync"]
    notes = [found["error"]] if found["error"] else []
    if last and last["status"] not in {"succeeded", "running"}:
        notes.append(f"last sync {last['status']}")
    if found["paused_since"]:
        notes.append("paused")
    for name, word in (("alarms", "alarm"), ("problems", "problem"), ("gaps", "gap")):
        if found[name]:
            notes.append(plural(len(found[name]), word))
    return _minute(last["started_at"] if last else None), _minute(found["next_due"]), notes


def _minute(at: str | None) -> str:
    return at[:16].replace("T", " ") if at else "-"
