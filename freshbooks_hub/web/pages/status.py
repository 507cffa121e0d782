"""Status: is everything up to date, and if not, what to do about it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from freshbooks_api import scopes
from freshbooks_hub.connection import permissions
from freshbooks_hub.connection.store import Connection, ConnectionStore
from freshbooks_hub.core.errors import NotConnected
from freshbooks_hub.core.home import Home
from freshbooks_hub.marts.reconciliation import counted
from freshbooks_hub.status.problems import (
    Held,
    business_states,
    concerns,
    not_available,
    refuted,
    shortfalls,
)
from freshbooks_hub.sync import dbt_findings
from freshbooks_hub.sync.alarms import Alarms
from freshbooks_hub.sync.history import Availability, History
from freshbooks_hub.sync.progress import read_progress
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.web.forms import action
from freshbooks_hub.web.marts import Marts, Row, all_gaps, opened, rejected_streams
from freshbooks_hub.web.request_context import choose_business, context_of
from freshbooks_hub.web.schedule_lines import Line, lines_of
from freshbooks_hub.web.views import back, render


@dataclass(frozen=True)
class Problem:
    """Something to report at the top. `remedy`: what to do; `path`: the page where it is done."""

    what: str
    remedy: str = ""
    path: str = ""
    grave: bool = True


@dataclass(frozen=True)
class Build:
    """The last dbt build: how many models and tests ended how, and the rows that checks found without failing."""

    models: int
    passed: int
    failed: int
    warned: dict[str, int]
    finished_at: str


def page(request: Request) -> Response:
    """`/status`"""
    home, now = context_of(request).home, datetime.now(UTC)
    connection, damage = _connection(home)
    history = History(home.history) if home.history.exists() else None
    schedule = Schedule(home)
    with opened(home.marts) as marts:
        choice = choose_business(request, marts)
        checks = _checks(marts)
        held = _held(marts)
        gaps, rejected = all_gaps(marts), rejected_streams(marts)
    groups = schedule.groups(now)
    outcomes = Availability(home).outcomes(connection.business_ids) if connection else []
    names = connection.business_names if connection else {}
    unavailable = not_available(connection, outcomes) if connection else []
    lines = lines_of(groups, history, shortfalls(outcomes, names), unavailable)
    last = history.last_run() if history else None
    problems = _problems(home, connection, damage, last, checks)
    if not context_of(request).site.syncs.running(home):
        found = concerns(groups, last, schedule.trouble(), now) if connection else []
        problems += [Problem(concern.what, concern.remedy, grave=False) for concern in found]
    problems += _short(lines)
    generation = history.generation() if history and home.marts.exists() else None
    return render(
        request,
        "status.html",
        zone=choice.zone,
        now=now,
        connection=connection,
        businesses=business_states(connection, held, any(e.last_success for e in groups)),
        needed=_scopes(connection),
        unavailable=unavailable,
        problems=problems,
        paused_since=schedule.paused_since(),
        lines=lines,
        last=last,
        next_due=min((e.next_due for e in groups if e.next_due), default=None),
        generation=generation,
        build=_build(home) if generation else None,
        checks=checks,
        gaps=gaps,
        rejected=rejected,
        refuted={names.get(business, business): facts for business, facts in refuted(home).items()},
        progress=read_progress(home),
    )


def progress(request: Request) -> Response:
    """`/progress`: the running sync as JSON, for the script."""
    here = context_of(request)
    state = read_progress(here.home)
    streams = [{"name": name, **vars(row)} for name, row in state.streams.items()] if state else []
    running = here.site.syncs.running(here.home)
    return JSONResponse(
        {
            "running": running,
            "phase": state.phase if state else "Starting",
            "streams": streams,
            "figures": here.home.marts.exists(),
        }
    )


@action
def sync_now(request: Request, form: FormData) -> Response:
    """Start a sync in the background; back to where it was asked for, `from` (Home or Status)."""
    here = context_of(request)
    if not ConnectionStore(here.home.connection).exists():
        return back(request, "/settings/freshbooks", "Connect FreshBooks first.", good=False)
    started = here.site.syncs.start(here.home)
    asked_at = "/" if form.get("from") == "home" else "/status"
    return back(request, asked_at, "Sync started." if started else "A sync is running already.")


@action
def pause(request: Request, _: FormData) -> Response:
    """Stop reading by itself until resumed."""
    Schedule(context_of(request).home).pause(datetime.now(UTC))
    return back(request, "/status", "Paused. Nothing is read until you resume, except by Sync now.")


@action
def resume(request: Request, _: FormData) -> Response:
    """Go on."""
    Schedule(context_of(request).home).resume()
    return back(request, "/status", "Resumed.")


def _connection(home: Home) -> tuple[Connection | None, str]:
    """The stored connection, or None and what is wrong with it."""
    store = ConnectionStore(home.connection)
    if not store.exists():
        return None, ""
    try:
        return store.load(), ""
    except NotConnected as error:
        return None, str(error)


def _held(marts: Marts | None) -> Held:
    """How many rows of each business the marts have, by stream."""
    rows = (
        marts.rows(
            "SELECT business_id, stream_name, sum(row_count)::BIGINT AS row_count FROM fb_freshness "
            "WHERE row_count > 0 AND business_id IS NOT NULL GROUP BY ALL"
        )
        if marts
        else []
    )
    held: Held = {}
    for row in rows:
        held.setdefault(row["business_id"], {})[row["stream_name"]] = row["row_count"]
    return held


def _scopes(connection: Connection | None) -> list[tuple[scopes.Scope, bool]]:
    """Every scope that the log-in asked for, and whether the token has it."""
    if connection is None:
        return []
    token = connection.access_token
    have = scopes.granted(token)
    acts = [scope for scope in scopes.ACTIONS if have and scope.name in have]
    wanted = permissions.described(connection.asked) if connection.asked else [*scopes.READ, *acts]
    lacking = set(scopes.missing(token, wanted))
    return [(scope, scope not in lacking) for scope in wanted]


def _problems(
    home: Home,
    connection: Connection | None,
    damage: str,
    last: dict[str, Any] | None,
    checks: list[Row],
) -> list[Problem]:
    connect = "/settings/freshbooks"
    found = [
        Problem(alarm.message, path=connect if alarm.kind == "connection" else "")
        for alarm in Alarms(home).open()
    ]
    if damage:
        found.append(Problem(damage, "Connect again.", connect))
    if connection and connection.dead_since and connect not in {problem.path for problem in found}:
        found.append(Problem("FreshBooks no longer accepts this connection.", "Authorise it again.", connect))
    if last and last["status"] == "failed" and not found:
        found.append(Problem(f"The last sync failed. {last['error']}", grave=False))
    wrong = Counter(row["check_kind"] for row in checks if not row["is_ok"])
    found += [
        Problem(f"{counted(kind, number)}.", "See below.", "#checks", grave=False)
        for kind, number in wrong.items()
    ]
    return found


def _short(lines: list[Line]) -> list[Problem]:
    """What is read with less than all of its rows."""
    names = [line.name for line in lines if line.short]
    return (
        [Problem(f"Incomplete: {', '.join(names)}.", "See why.", "#schedule", grave=False)] if names else []
    )


def _checks(marts: Marts | None) -> list[Row]:
    """Every figure that was compared, differences first."""
    if marts is None:
        return []
    return marts.rows(
        "SELECT check_name, check_kind, business_name, currency_code, start_date, end_date, our_amount, "
        "freshbooks_amount, difference_amount, is_ok, wrong_rows FROM fb_reconciliation "
        "ORDER BY is_ok, abs(difference_amount) DESC, check_name, business_id, currency_code, end_date"
    )


def _build(home: Home) -> Build | None:
    results = home.dbt / "target" / "run_results.json"
    try:
        return replace(_read_build(results, results.stat().st_mtime_ns), warned=dbt_findings.warned(home))
    except (OSError, ValueError, KeyError):
        return None


@lru_cache(maxsize=8)
def _read_build(results: Path, _changed: int) -> Build:
    """`_changed` makes a new build a new reading; the file is a megabyte."""
    document: dict[str, Any] = json.loads(results.read_bytes())
    counted = Counter((row["unique_id"].split(".")[0], row["status"]) for row in document["results"])
    return Build(
        models=counted["model", "success"],
        passed=counted["test", "pass"],
        failed=counted["test", "fail"] + counted["test", "error"] + counted["model", "error"],
        warned={},
        finished_at=document["metadata"]["generated_at"],
    )


routes = [
    Route("/status", page),
    Route("/progress", progress),
    Route("/sync", sync_now, methods=["POST"]),
    Route("/pause", pause, methods=["POST"]),
    Route("/resume", resume, methods=["POST"]),
]
