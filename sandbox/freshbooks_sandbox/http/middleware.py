"""The ASGI layer in front of the API: log, rate limit, faults, and the headers of every answer."""

from __future__ import annotations

import asyncio
from email.utils import format_datetime
from urllib.parse import parse_qsl, unquote_plus

import orjson
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from freshbooks_sandbox import responses
from freshbooks_sandbox.clock import Clock
from freshbooks_sandbox.oauth import OAuth
from freshbooks_sandbox.responses import Answer
from freshbooks_sandbox.traffic import AFTER, Fault, Faults, Limits, LoggedRequest, RequestLog

CONTROL = "/_sandbox"
_OAUTH = ("/oauth/", "/auth/oauth/", "/service/", "/.well-known/")
_HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>nginx</body></html>"
_BLOCK = frozenset({"page", "pages", "per_page", "total"})


class Middleware:
    """Wraps the Starlette app."""

    def __init__(
        self, app: ASGIApp, clock: Clock, limits: Limits, faults: Faults, oauth: OAuth, log: RequestLog
    ) -> None:
        self._app, self._clock, self._limits = app, clock, limits
        self._faults, self._oauth, self._log = faults, oauth, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        now = self._clock.now()
        body, receive = await read(receive)
        query = scope["query_string"].decode("latin-1")
        pairs = parse_qsl(query, keep_blank_values=True)
        logged = LoggedRequest(scope["method"], scope["path"], pairs, now.isoformat(), body=body)
        scope["sandbox.note"] = logged.note
        self._log.append(logged)
        passes = True
        rate: dict[str, str] = {}
        if not scope["path"].startswith(_OAUTH):
            passes, rate = self._limits.count(scope["method"], scope["path"], now)
        headers = [
            (b"date", format_datetime(now, usegmt=True).encode()),
            (b"server", b"nginx"),
            (b"via", b"1.1 google"),
            (b"x-api-version", b"2023-02-20"),
            *((name.lower().encode(), value.encode()) for name, value in rate.items()),
        ]
        said = self._limits.behaviours.answer_headers
        headers = [(name, said.get(name.decode(), value.decode()).encode()) for name, value in headers]
        headers = [(name, value) for name, value in headers if value]

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                logged.status = message["status"]
                own = {name for name, _ in message["headers"]}
                message = {
                    **message,
                    "headers": [*message["headers"], *(h for h in headers if h[0] not in own)],
                }
            await send(message)

        if not passes:
            await HTMLResponse(_HTML.format("429 Too Many Requests"), 429)(scope, receive, answer)
            return
        page = dict(pairs).get("page", "1")
        number = int(page) if page.isdigit() else 1
        fault = self._faults.take(scope["method"], scope["path"], unquote_plus(query), number)
        if fault is None:
            await self._app(scope, receive, answer)
            return
        logged.fault = fault.kind
        await self._strike(fault, scope, receive, answer, logged)

    async def _strike(
        self, fault: Fault, scope: Scope, receive: Receive, send: Send, logged: LoggedRequest
    ) -> None:
        if fault.kind in AFTER:
            await self._spoil(fault, scope, receive, send, logged)
            return
        if fault.kind == "drop_before":
            await _drop(scope)
            return
        if fault.kind == "hang":
            while (await receive())["type"] != "http.disconnect":
                continue
            return
        if fault.kind == "expire_token":
            sent = dict(scope["headers"]).get(b"authorization", b"").decode()
            self._oauth.expire(sent.removeprefix("Bearer "))
        if fault.kind == "duplicate":
            await self._app(scope, _given(logged.body, receive), _unsent)
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        await (_canned(fault) or self._app)(scope, receive, send)

    async def _spoil(
        self, fault: Fault, scope: Scope, receive: Receive, send: Send, logged: LoggedRequest
    ) -> None:
        """Let the work be done, then lose or bend its answer."""
        start: Message = {}
        body = b""

        async def keep(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            else:
                body += message.get("body", b"")

        await self._app(scope, receive, keep)
        if fault.kind == "drop_after":
            await _drop(scope)
            return
        if fault.kind == "truncate":
            await send(start)
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            await asyncio.sleep(0)
            scope["sandbox.transport"].close()
            logged.status = None
            return
        body = _bend(fault, body)
        names = {b"content-length"}
        kept = [(k, v) for k, v in start["headers"] if k not in names]
        start = {**start, "headers": [*kept, (b"content-length", str(len(body)).encode())]}
        await send(start)
        await send({"type": "http.response.body", "body": body})


async def read(receive: Receive) -> tuple[bytes, Receive]:
    """The whole body, and a `receive` that gives it again."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body, _given(body, receive)


def _given(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _unsent(message: Message) -> None:
    """A `send` for an answer that nobody hears."""


async def _drop(scope: Scope) -> None:
    """Close the socket with nothing sent; the server notices before this task ends."""
    scope["sandbox.transport"].abort()
    for _ in range(3):
        await asyncio.sleep(0)


def _canned(fault: Fault) -> Response | None:
    if fault.kind == "status":
        if fault.body is None or isinstance(fault.body, str):
            return HTMLResponse(
                fault.body if fault.body is not None else _HTML.format(fault.status), fault.status
            )
        return Answer(fault.body, fault.status)
    if fault.kind == "not_json":
        return HTMLResponse(_HTML.format("We'll be right back"))
    if fault.kind == "error_200":
        return responses.accounting(200, fault.errno, "Something is not right here.").answer(new_shape=False)
    if fault.kind == "rate_limited":
        headers = {"Retry-After": f"{fault.seconds:g}", "X-RateLimit-Remaining": "0"}
        return HTMLResponse(_HTML.format("429 Too Many Requests"), 429, headers=headers)
    return None


def _bend(fault: Fault, body: bytes) -> bytes:
    """A shorter list or another total, in whichever envelope the answer has, or any other body."""
    if fault.rewrite is not None:
        return fault.rewrite(body)
    content = orjson.loads(body)
    outer = content.get("response", content)
    inner = outer.get("result", outer) if isinstance(outer, dict) else content
    block = inner.get("meta", inner)
    if fault.kind == "wrong_total":
        block["total"] += fault.rows
        block["pages"] = -(-block["total"] // block["per_page"]) if block["per_page"] else 0
    else:
        rows = next(v for k, v in inner.items() if isinstance(v, list) and k not in _BLOCK)
        del rows[max(len(rows) - fault.rows, 0) :]
    return orjson.dumps(content)
