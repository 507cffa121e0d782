"""The sandbox's own endpoints under `/_sandbox`, for use from another process. JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox.answers import Answer, Row
from freshbooks_sandbox.errors import ApiError

if TYPE_CHECKING:
    from freshbooks_sandbox.server import Sandbox

ROOT = "/_sandbox"
_VERBS = ("edit", "archive", "delete", "undelete", "create")


def routes(sandbox: Sandbox) -> list[Route]:
    """Each endpoint takes the JSON body as keyword arguments of the method of the same name."""

    def post(path: str, work: Callable[[Row], Any], methods: tuple[str, ...] = ("POST",)) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                sent = orjson.loads(await request.body() or b"{}")
                call = {**sent, **request.path_params, "method": request.method}
                # In a thread: a delivery may be answered by a call to this server.
                return Answer(_plain(await run_in_threadpool(work, call)))
            except ApiError as error:
                return error.answer(new_shape=False)
            except (KeyError, TypeError, ValueError) as error:
                return Answer({"error": f"{type(error).__name__}: {error}"}, 400)

        wrapped: Callable[[Request], Awaitable[Response]] = endpoint
        return Route(path, wrapped, methods=list(methods))

    def change(verb: str) -> Callable[[Row], Row]:
        def work(sent: Row) -> Row:
            method = getattr(sandbox, verb)
            key = [] if verb == "create" else [sent["id"]]
            row: Row = method(sent["resource"], sent["business_id"], *key, **sent.get("fields", {}))
            return row

        return work

    both = ("GET", "POST", "DELETE")
    return [
        post("/", lambda _: _info(sandbox), ("GET",)),
        post("/grant", lambda sent: sandbox.grant(sent.get("scopes"))),
        post("/revoke_grant", lambda _: sandbox.oauth.revoke_grant()),
        post("/clock", lambda sent: _clock(sandbox, sent), ("GET", "POST")),
        post("/faults", lambda sent: _faults(sandbox, sent), both),
        post("/switches", lambda sent: _switches(sandbox, sent), ("GET", "POST")),
        post("/requests", lambda sent: _log(sandbox, sent), ("GET", "DELETE")),
        post("/outbox", lambda _: sandbox.outbox, ("GET",)),
        post("/webhooks", lambda sent: _webhooks(sandbox, sent), ("GET", "POST")),
        post("/ledger/{business:int}/{resource}", lambda sent: _rows(sandbox, sent), ("GET",)),
        post("/befall", lambda sent: sandbox.befall(sent["business_id"], sent["id"], sent["trouble"])),
        *(post(f"/{verb}", change(verb)) for verb in _VERBS),
    ]


def _info(sandbox: Sandbox) -> Row:
    return {
        "url": sandbox.url,
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "redirect_uris": sandbox.oauth.redirect_uris,
        "businesses": [{**b.business, "role": b.role} for b in sandbox.store.businesses.values()],
    }


def _clock(sandbox: Sandbox, sent: Row) -> Row:
    """`{"set": iso}`, `{"advance": {"hours": 13}}`, `{"freeze": true}`, `{"resume": true}`."""
    if "set" in sent:
        sandbox.clock.set(datetime.fromisoformat(sent["set"]))
    if "advance" in sent:
        sandbox.clock.advance(**sent["advance"])
    if sent.get("freeze"):
        sandbox.clock.freeze()
    if sent.get("resume"):
        sandbox.clock.resume()
    return {"now": sandbox.clock.now().isoformat()}


def _faults(sandbox: Sandbox, sent: Row) -> list[Row]:
    if sent["method"] == "DELETE":
        sandbox.faults.clear()
    if sent["method"] == "POST":
        sandbox.faults.add(**sent["fault"])
    return sandbox.faults.listed()


def _switches(sandbox: Sandbox, sent: Row) -> Row:
    for name, value in sent.get("set", {}).items():
        known = getattr(sandbox.switches, name)
        setattr(sandbox.switches, name, set(value) if isinstance(known, set) else value)
    return asdict(sandbox.switches)


def _log(sandbox: Sandbox, sent: Row) -> list[Row]:
    logged = [request.plain() for request in sandbox.requests]
    if sent["method"] == "DELETE":
        sandbox.requests.clear()
    return logged


def _webhooks(sandbox: Sandbox, sent: Row) -> Row:
    """What waits and what was posted; POST `{"times": 2}` posts what waits, each twice."""
    if sent["method"] == "POST":
        sandbox.webhooks.deliver(int(sent.get("times", 1)))
    return {name: [d.plain() for d in getattr(sandbox.webhooks, name)] for name in ("pending", "delivered")}


def _rows(sandbox: Sandbox, sent: Row) -> list[Row]:
    with sandbox.store.lock:
        return list(sandbox.books(sent["business"])[sent["resource"]].values())


def _plain(value: Any) -> Any:
    """Sets as sorted lists; everything else is JSON-ready already."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value
