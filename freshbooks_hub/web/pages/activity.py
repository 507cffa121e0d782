"""Activity: what was synced, what agents did, who decided what."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.agent.actions.audit_words import detail_words, event_words
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Channel
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.sync.alarms import Alarms
from freshbooks_hub.sync.history import History
from freshbooks_hub.web.forms import action
from freshbooks_hub.web.pages.approvals import STATES, action_id
from freshbooks_hub.web.request_context import context_of, person
from freshbooks_hub.web.views import back, render

STEP, MOST = 25, 1000
RUNS = {
    "succeeded": ("good", "done"),
    "failed": ("bad", "failed"),
    "interrupted": ("warn", "stopped"),
    "running": ("quiet", "running"),
}


def page(request: Request) -> Response:
    """`/activity`; `?more=50` shows more of each list."""
    home = context_of(request).home
    asked = request.query_params.get("more", "")
    shown = min(int(asked), MOST) if asked.isdecimal() and len(asked) < 6 else STEP
    known = home.history.exists()
    actions = ActionService(home)
    runs = History(home.history).runs(shown + 1) if known else []
    found = actions.list()[: shown + 1] if known else []
    entries = actions.audit.entries(shown + 1) if known else []
    lists = (runs, found, entries)
    return render(
        request,
        "activity.html",
        now=datetime.now(UTC),
        runs=[run | {"seconds": _seconds(run["started_at"], run["finished_at"])} for run in runs[:shown]],
        actions=found[:shown],
        undoable={one.id for one in found[:shown] if actions.may_undo(one)},
        entries=entries[:shown],
        alarms=Alarms(home).all()[:shown],
        chain=actions.audit.verify() if entries else None,
        more=shown + STEP if any(len(one) > shown for one in lists) and shown < MOST else None,
        looks=RUNS,
        states=STATES,
        event_words=event_words,
        detail_words=detail_words,
    )


@action
def undo(request: Request, _: FormData) -> Response:
    """Delete in FreshBooks what an action made there, within a day."""
    actions = ActionService(context_of(request).home)
    try:
        done = actions.undo(action_id(request), person(request).name, Channel.web)
    except HubError as error:
        return back(request, "/activity", str(error), good=False)
    return back(request, "/activity", done.result.message if done.result else "Undone.")


def _seconds(started: str, finished: str | None) -> float | None:
    if finished is None:
        return None
    return (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()


routes = [
    Route("/activity", page, methods=["GET"]),
    Route("/activity/{action}/undo", undo, methods=["POST"]),
]
