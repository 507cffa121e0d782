"""The sandbox's own endpoints under `/_sandbox`, for use from another process. JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox.backend import Backend
from freshbooks_sandbox.responses import Answer, ApiError
from freshbooks_sandbox.values import Row

ROOT = "/_sandbox"
_VERBS = ("edit", "archive", "delete", "undelete", "create")


def routes(backend: Backend) -> list[Route]:
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
            method = getattr(backend, verb)
            key = [] if verb == "create" else [sent["id"]]
            row: Row = method(sent["resource"], sent["business_id"], *key, **sent.get("fields", {}))
            return row

        return work

    both = ("GET", "POST", "DELETE")
    return [
        post("/", lambda _: _info(backend), ("GET",)),
        post("/grant", lambda sent: backend.grant(sent.get("scopes"))),
        post("/revoke_grant", lambda _: backend.oauth.revoke_grant()),
        post("/clock", lambda sent: _clock(backend, sent), ("GET", "POST")),
        post("/faults", lambda sent: _faults(backend, sent), both),
        post("/behaviours", lambda sent: _behaviours(backend, sent), ("GET", "POST")),
        post("/requests", lambda sent: _log(backend, sent), ("GET", "DELETE")),
        post("/outbox", lambda _: backend.outbox, ("GET",)),
        post("/webhooks", lambda sent: _webhooks(backend, sent), ("GET", "POST")),
        post("/ledger/{business:int}/{resource}", lambda sent: _rows(backend, sent), ("GET",)),
        post("/befall", lambda sent: backend.befall(sent["business_id"], sent["id"], sent["trouble"])),
        *(post(f"/{verb}", change(verb)) for verb in _VERBS),
    ]


def _info(backend: Backend) -> Row:
    return {
        "url": backend.url,
        "client_id": backend.client_id,
        "client_secret": backend.client_secret,
        "redirect_uris": backend.oauth.redirect_uris,
        "businesses": [{**b.business, "role": b.role} for b in backend.store.businesses.values()],
    }


def _clock(backend: Backend, sent: Row) -> Row:
    """`{"set": iso}`, `{"advance": {"hours": 13}}`, `{"freeze": true}`, `{"resume": true}`."""
    if "set" in sent:
        backend.clock.set(datetime.fromisoformat(sent["set"]))
    if "advance" in sent:
        backend.clock.advance(**sent["advance"])
    if sent.get("freeze"):
        backend.clock.freeze()
    if sent.get("resume"):
        backend.clock.resume()
    return {"now": backend.clock.now().isoformat()}


def _faults(backend: Backend, sent: Row) -> list[Row]:
    if sent["method"] == "DELETE":
        backend.faults.clear()
    if sent["method"] == "POST":
        backend.faults.add(**sent["fault"])
    return backend.faults.listed()


def _behaviours(backend: Backend, sent: Row) -> Row:
    for name, value in sent.get("set", {}).items():
        known = getattr(backend.behaviours, name)
        setattr(backend.behaviours, name, set(value) if isinstance(known, set) else value)
    return asdict(backend.behaviours)


def _log(backend: Backend, sent: Row) -> list[Row]:
    logged = [request.plain() for request in backend.requests]
    if sent["method"] == "DELETE":
        backend.requests.clear()
    return logged


def _webhooks(backend: Backend, sent: Row) -> Row:
    """What waits and what was posted; POST `{"times": 2}` posts what waits, each twice."""
    if sent["method"] == "POST":
        backend.webhooks.deliver(int(sent.get("times", 1)))
    return {name: [d.plain() for d in getattr(backend.webhooks, name)] for name in ("pending", "delivered")}


def _rows(backend: Backend, sent: Row) -> list[Row]:
    with backend.store.lock:
        return list(backend.books(sent["business"])[sent["resource"]].values())


def _plain(value: Any) -> Any:
    """Sets as sorted lists; everything else is JSON-ready already."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value
