"""Approvals: everything that agents want to write. Nothing is written before a person approves it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Action, Channel, Status
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.labels import plural
from freshbooks_hub.web.forms import action
from freshbooks_hub.web.request_context import context_of, person
from freshbooks_hub.web.views import back, render

SHOWN = 20
RECORD = "Number of the record in FreshBooks, if it exists"
# Sent, and not clear how it ended: FreshBooks is being asked, or a person must look there.
UNCLEAR = (Status.dispatching, Status.unknown, Status.needs_person)
# Look of the pill and its words.
STATES = {
    Status.proposed: ("warn", "to approve"),
    Status.approved: ("warn", "approved, not sent"),
    Status.dispatching: ("warn", "being sent"),
    Status.unknown: ("warn", "being checked"),
    Status.confirmed: ("good", "done"),
    Status.absent: ("quiet", "not done"),
    Status.needs_person: ("bad", "check in FreshBooks"),
    Status.refused: ("quiet", Status.refused.label),
    Status.expired: ("quiet", "expired"),
    Status.failed: ("bad", "failed"),
}


def page(request: Request) -> Response:
    """`/approvals`"""
    home = context_of(request).home
    found = ActionService(home).list() if home.history.exists() else []
    now = datetime.now(UTC)
    open_now = [one for one in found if _is_open(one, now)]
    unclear = [one for one in found if one.status in UNCLEAR]
    past = [one for one in found if one not in open_now and one not in unclear]
    return render(
        request,
        "approvals.html",
        now=now,
        # The oldest has waited longest.
        to_approve=open_now[::-1],
        unclear=unclear,
        past=past[:SHOWN],
        states=STATES,
        kinds=KINDS,
    )


@action
def approve(request: Request, form: FormData) -> Response:
    """Approve exactly what was shown, and send it."""
    actions = ActionService(context_of(request).home)
    asked = action_id(request)
    try:
        if actions.get(asked).status is not Status.approved:
            actions.approve(asked, str(form.get("payload_hash", "")), person(request).name, Channel.web)
        done = actions.dispatch(asked)
    except HubError as error:
        return back(request, "/approvals", str(error), good=False)
    message = done.result.message if done.result else STATES[done.status][1].capitalize() + "."
    return back(request, "/approvals", message, good=done.status is Status.confirmed)


@action
def reject(request: Request, _: FormData) -> Response:
    """Reject it; nothing is written."""
    try:
        ActionService(context_of(request).home).reject(action_id(request), person(request).name, Channel.web)
    except HubError as error:
        return back(request, "/approvals", str(error), good=False)
    return back(request, "/approvals", "Rejected. Nothing was written.")


@action
def check(request: Request, _: FormData) -> Response:
    """Ask FreshBooks for the outcome of actions whose answer was lost."""
    try:
        settled = ActionService(context_of(request).home).settle()
    except HubError as error:
        return back(request, "/approvals", str(error), good=False)
    found = (
        f"{plural(len(settled), 'action was', 'actions were')} checked." if settled else "Nothing new yet."
    )
    return back(request, "/approvals", found)


@partial(action, labels={"record_id": RECORD})
def settle(request: Request, form: FormData) -> Response:
    """A person looked in FreshBooks: it is this record, or none."""
    number = str(form.get("record_id", "")).strip()
    if form.get("found") and not (number.isdecimal() and len(number) < 19):
        wrong = f"{RECORD}: write a whole number, as shown in the record's address in FreshBooks."
        return back(request, "/approvals", wrong, good=False)
    record_id = int(number) if form.get("found") else None
    try:
        done = ActionService(context_of(request).home).resolve(
            action_id(request), record_id, person(request).name, Channel.web
        )
    except HubError as error:
        return back(request, "/approvals", str(error), good=False)
    return back(request, "/approvals", done.result.message if done.result else "Saved.")


def _is_open(one: Action, now: datetime) -> bool:
    return one.status is Status.approved or (one.status is Status.proposed and one.expires_at > now)


def action_id(request: Request) -> str:
    """The action that the address names."""
    found = request.path_params.get("action")
    if not isinstance(found, str):
        raise HTTPException(404, "There is no such action.")
    return found


routes = [
    Route("/approvals", page),
    Route("/approvals/check", check, methods=["POST"]),
    Route("/approvals/{action}/approve", approve, methods=["POST"]),
    Route("/approvals/{action}/reject", reject, methods=["POST"]),
    Route("/approvals/{action}/settle", settle, methods=["POST"]),
]
