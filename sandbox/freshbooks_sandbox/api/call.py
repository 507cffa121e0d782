"""One authorised API call, and the wrapper that every endpoint goes through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from json import JSONDecodeError, loads
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.books.store import Books, Store
from freshbooks_sandbox.oauth import Access, OAuth
from freshbooks_sandbox.values import Row


@dataclass
class Call:
    """The request with its token checked and its body read; `now` is the sandbox's clock."""

    request: Request
    store: Store
    access: Access
    family: str
    raw: bytes
    now: datetime

    @cached_property
    def params(self) -> dict[str, str]:
        """Query parameters; of a repeated one the last counts."""
        return dict(self.request.query_params.multi_items())

    @property
    def multi(self) -> list[tuple[str, str]]:
        return self.request.query_params.multi_items()

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def include(self) -> set[str]:
        """`include[]=a&include[]=b`; a comma list in `include=` is not understood (3.6)."""
        return {value for name, value in self.multi if name == "include[]"}

    def need(self, scope_object: str, verb: str | None = None) -> None:
        """403 unless the token holds `user:<object>:read`, or `:write` for anything but a GET (1.6)."""
        verb = verb or ("read" if self.request.method == "GET" else "write")
        needed = f"user:{scope_object}:{verb}"
        if needed not in self.access.scopes:
            raise responses.insufficient_scope(self.family, self.access.scope, needed)

    def need_account(self, older: str) -> None:
        """The ledger's scope: `account`, where that is set, or the `older` one (1.5)."""
        says = self.store.behaviours.account_scope
        verb = "read" if self.request.method == "GET" else "write"
        if says == "unknown" or (says == "accepted" and f"user:{older}:{verb}" in self.access.scopes):
            self.need(older)
        else:
            self.need("account")

    def books(self, found: Books | None) -> Books:
        if found is None:
            raise responses.family_not_found(self.family)
        if found.role == "client" and self.request.method != "GET":
            raise responses.permission_denied(self.family)
        return found

    def whole(self) -> Row:
        """The body as an object; numbers with a point arrive as Decimal."""
        try:
            sent = loads(self.raw or b"{}", parse_float=Decimal)
        except (JSONDecodeError, UnicodeDecodeError):
            if self.family == "accounting":
                raise responses.accounting(400, 1005, "Could not parse the request body.") from None
            raise responses.ApiError(400, {"message": "Could not parse the request body."}) from None
        return sent if isinstance(sent, dict) else {}

    def body(self, key: str) -> Row:
        """The object under the singular name."""
        fields = self.whole().get(key)
        if not isinstance(fields, dict):
            if self.family == "accounting":
                raise responses.required(key, key)
            if self.family == "events":
                raise responses.unprocessable(f"{key}: Field required")
            raise responses.invalid(key, "field required")
        return fields

    def number(self, name: str) -> int:
        text = self.path(name)
        return int(text) if text.isdigit() else -1


Handler = Callable[[Call], Response]


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def route(path: str, methods: Mapping[str, Handler], family: str) -> Route:
    """A route of `family` with a handler per method; every call needs a living token."""

    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        store: Store = request.app.state.store
        oauth: OAuth = request.app.state.oauth
        handler = methods["GET" if request.method == "HEAD" else request.method]
        try:
            access = oauth.check(_token(request))
            if access is None:
                raise responses.unauthenticated(family)
            with store.lock:
                return handler(Call(request, store, access, family, raw, store.clock.now()))
        except responses.ApiError as error:
            return error.answer(new_shape="x-api-version" in request.headers)

    wrapped: Callable[[Request], Awaitable[Response]] = endpoint
    return Route(path, wrapped, methods=list(methods))


def jsonable(value: Any) -> Any:
    """Decimals that a caller sent as JSON numbers, as text."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: jsonable(item) for key, item in value.items()}
    return [jsonable(item) for item in value] if isinstance(value, list) else value
