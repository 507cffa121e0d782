"""Settings → Agents: what they may propose, what they may do without asking, and which receipts they may read.

The same as `freshbooks actions allow`, `stop`, `receipts` and `link`; only a person changes it, no tool does.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import get_args

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Channel
from freshbooks_hub.agent.actions.policy import Limits, Link, Policy, PolicyView, Rule
from freshbooks_hub.agent.mcp.oauth.access import accesses
from freshbooks_hub.agent.mcp.transports import token_made_at
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.web.forms import Typed, action
from freshbooks_hub.web.request_context import context_of, person
from freshbooks_hub.web.views import back, render

ROOT = "/settings/agents"
AMOUNT = re.compile(r"(\d+(?:\.\d+)?)[\s:]*([A-Za-z]{3})")
LIMITS = {
    "max_amount": "Limit per action",
    "max_amount_per_day": "Limit in 24 hours",
    "per_day": "Actions in 24 hours",
    "per_recipient_per_day": "E-mails to one address in 24 hours",
}
FOLDER = "Receipts folder"
LINKS: dict[Link, str] = {
    "auto": "As this account's own invoices do it",
    "mark": "Mark each time entry as billed after the draft is made",
    "lines": "Send the time entries with the invoice's lines",
    "off": "Leave FreshBooks alone; the hub itself bills no time twice",
}


def page(request: Request, typed: Typed | None = None, status: int = 200) -> Response:
    """What is allowed, and who has access."""
    home = context_of(request).home
    policy = _view(request)
    return render(
        request,
        "agents.html",
        status=status,
        typed=typed or Typed(),
        rules=[(kind, policy.rule(kind.write)) for kind in KINDS.values()],
        unattended=any(rule.unattended for rule in policy.rules.values()),
        folder=policy.receipts_folder or "",
        billed_time=policy.link,
        links=LINKS,
        accesses=accesses(home),
        token_made_at=token_made_at(home),
        mcp_path=f"{home.pages_path}/mcp",
    )


def show(request: Request) -> Response:
    """`/settings/agents`"""
    return page(request)


def one(request: Request, typed: Typed | None = None, status: int = 200, which: str = "") -> Response:
    """`/settings/agents/{write}`; `which` of its two forms `typed` is of."""
    kind = _kind(request)
    rule = _view(request).rule(kind.write)
    return render(
        request,
        "agent_rule.html",
        status=status,
        kind=kind,
        rule=rule,
        shown={"allow": shown(rule), "grant": shown(rule.unattended or rule)},
        typed={"allow": Typed(), "grant": Typed()} | ({which: typed} if typed else {}),
        labels=LIMITS,
    )


def show_one(request: Request) -> Response:
    """One kind of action: whether it may be proposed, and what of it is done without asking."""
    return one(request)


@partial(action, labels=LIMITS)
def allow(request: Request, form: FormData) -> Response:
    """Turn a kind of action on with its limits, or off; a standing permission stays while it is on."""
    kind, typed, policy = _kind(request), Typed.of(form), _policy(request)
    if "allowed" not in form:
        policy.set(kind.write, Rule(), person(request).name, Channel.web)
        return back(request, ROOT, f"{kind.label}: off. Agents may not propose it any more.")
    limits = _limits(typed)
    if not typed.problems:
        with typed.problem_of():
            standing = policy.view().rule(kind.write).unattended
            rule = Rule(allowed=True, unattended=standing, **limits.model_dump())
            policy.set(kind.write, rule, person(request).name, Channel.web)
    if typed.problems:
        return one(request, typed, 400, "allow")
    return back(request, ROOT, f"{kind.label}: on. Agents may propose it within these limits.")


@partial(action, labels=LIMITS)
def grant(request: Request, form: FormData) -> Response:
    """Allow it without asking for 90 days, or renew that for another 90 days."""
    kind, typed, policy = _kind(request), Typed.of(form), _policy(request)
    limits = _limits(typed)
    if "sure" not in form:
        typed.problems["sure"] = "Tick the box to say that nothing is to ask you."
    if not typed.problems:
        with typed.problem_of():
            policy.grant(
                kind.write, limits, person(request).name, Channel.web, own_drafts="own_drafts" in form
            )
    if typed.problems:
        return one(request, typed, 400, "grant")
    return back(
        request, ROOT, f"{kind.label}: done without asking within these limits, for 90 days from now."
    )


@action
def end(request: Request, _: FormData) -> Response:
    """End one standing permission."""
    kind, policy = _kind(request), _policy(request)
    rule = policy.view().rule(kind.write).model_copy(update={"unattended": None})
    policy.set(kind.write, rule, person(request).name, Channel.web)
    return back(request, ROOT, f"{kind.label}: each waits for your approval again.")


@action
def stop(request: Request, _: FormData) -> Response:
    """End every standing permission."""
    _policy(request).stop(person(request).name, Channel.web)
    return back(request, ROOT, "Stopped: each action waits for your approval again.")


@partial(action, labels={"folder": FOLDER})
def receipts(request: Request, form: FormData) -> Response:
    """The only folder from which receipts are read; none without one."""
    typed = Typed.of(form)
    with typed.problem_of("folder", FOLDER):
        folder = _folder(typed.get("folder"))
        _policy(request).set_receipts_folder(folder, person(request).name, Channel.web)
    if typed.problems:
        return page(request, typed, 400)
    text = f"Agents may attach files of {folder}." if folder else "Agents may read no files."
    return back(request, ROOT, text)


@action
def link(request: Request, form: FormData) -> Response:
    """How billed time is to show as billed in FreshBooks."""
    wanted = next((one for one in get_args(Link) if one == form.get("link")), None)
    if wanted is None:
        return back(request, ROOT, "Choose one of the ways in the list.", good=False)
    _policy(request).set_link(wanted, person(request).name, Channel.web)
    return back(request, ROOT, "Saved.")


def shown(limits: Limits) -> dict[str, str]:
    """Limits as the fields of the form have them."""
    return {
        "max_amount": _amounts(limits.max_amount),
        "max_amount_per_day": _amounts(limits.max_amount_per_day),
        "per_day": str(limits.per_day),
        "per_recipient_per_day": str(limits.per_recipient_per_day),
    }


def _amounts(caps: dict[str, str]) -> str:
    return ", ".join(f"{amount} {currency}" for currency, amount in caps.items())


def _limits(typed: Typed) -> Limits:
    """What was typed; each that cannot be read is a problem of its field."""
    found: dict[str, object] = {}
    for name in ("max_amount", "max_amount_per_day"):
        with typed.problem_of(name, LIMITS[name]):
            found[name] = _caps(typed.get(name))
    for name in ("per_day", "per_recipient_per_day"):
        text = typed.get(name)
        if text.isdecimal() and len(text) < 6:
            found[name] = int(text)
        elif name in typed:
            typed.problems[name] = f"{LIMITS[name]}: write a whole number, 0 or more."
    return Limits.model_validate(found)


def _caps(text: str) -> dict[str, str]:
    caps: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[,;]", text))):
        match = AMOUNT.fullmatch(part)
        if match is None or match[2].upper() in caps:
            raise HubError(
                f"{part!r} is not an amount with its currency, or its currency is given twice. Write it as "
                "1500 USD, several with a comma between: 1500 USD, 1200.50 CAD."
            )
        caps[match[2].upper()] = match[1]
    return caps


def _folder(text: str) -> Path | None:
    if not text:
        return None
    try:
        folder = Path(text).expanduser()
        if folder.is_absolute() and folder.is_dir():
            return folder
    except (OSError, RuntimeError, ValueError):
        pass
    raise HubError(
        f"{text!r} is no folder on the machine of this server. Write its full path, as /home/me/Receipts."
    )


def _policy(request: Request) -> Policy:
    return ActionService(context_of(request).home.ensure()).policy


def _view(request: Request) -> PolicyView:
    """The settings; looking at them makes no file."""
    home = context_of(request).home
    return _policy(request).view() if home.history.exists() else PolicyView()


def _kind(request: Request) -> ActionKind:
    wanted = request.path_params["write"]
    found = next((kind for kind in KINDS.values() if kind.write == wanted), None)
    if found is None:
        raise HTTPException(404, "There is no such kind of action.")
    return found


routes = [
    Route(ROOT, show, methods=["GET"]),
    Route("/settings/stop", stop, methods=["POST"]),
    Route("/settings/receipts", receipts, methods=["POST"]),
    Route("/settings/billed-time", link, methods=["POST"]),
    Route(f"{ROOT}/{{write}}", show_one, methods=["GET"]),
    Route(f"{ROOT}/{{write}}/allow", allow, methods=["POST"]),
    Route(f"{ROOT}/{{write}}/unattended", grant, methods=["POST"]),
    Route(f"{ROOT}/{{write}}/end", end, methods=["POST"]),
]
