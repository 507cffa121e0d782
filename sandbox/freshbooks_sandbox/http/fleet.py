"""One app with many users, behind one address: each has a grant, books, faults and a log of requests of their own."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from freshbooks_sandbox.backend import Backend
from freshbooks_sandbox.clock import Clock
from freshbooks_sandbox.http.app import build_app
from freshbooks_sandbox.http.middleware import Middleware, read
from freshbooks_sandbox.http.server import Serving
from freshbooks_sandbox.traffic import Limits, LoggedRequest

_GRANTS = "/auth/oauth/"


class Fleet:
    """`users` are their backends; the first one answers what belongs to nobody. As a context manager it serves.

    All are the same by name. `rate_limit`: requests a minute of the app, whoever sends them, None for no limit.
    `prepare` fills the books of each, all at one instant, so that they are alike.
    """

    def __init__(
        self,
        users: int,
        seed: str = "empty",
        *,
        rate_limit: int | None = 600,
        prepare: Callable[[Backend], None] | None = None,
    ) -> None:
        self.clock = Clock()
        self.clock.freeze()
        self.users = [Backend(seed, clock=self.clock, rate_limit=rate_limit) for _ in range(users)]
        first = self.users[0]
        self.limits: Limits = first.limits
        for user in self.users:
            user.oauth.client_id, user.oauth.client_secret = first.client_id, first.client_secret
            if prepare:
                prepare(user)
        self.clock.resume()
        self.url = ""
        self._apps: dict[int, ASGIApp] = {}
        self._owners: dict[str, int] = {}  # of tokens, also of those that have died
        self._serving: Serving | None = None

    def requests(self, path: str = "*", method: str | None = None) -> list[LoggedRequest]:
        """Those of all users whose path fits the glob."""
        return [one for user in self.users for one in user.requests.matching(path, method)]

    def __enter__(self) -> Self:
        self._serving = Serving(self)
        self.url = self._serving.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        assert self._serving is not None
        self._serving.stop()
        for user in self.users:
            user.webhooks.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ")
        if scope["path"].startswith(_GRANTS):
            body, receive = await read(receive)
            form = parse_qs(body.decode("utf-8", "replace"))
            token = next((form[name][0] for name in ("refresh_token", "token", "code") if name in form), "")
        await self._app(self._owner(token))(scope, receive, send)

    def _owner(self, token: str) -> int:
        if token not in self._owners:
            for number, user in enumerate(self.users):
                if user.oauth.knows(token):
                    self._owners[token] = number
                    break
        return self._owners.get(token, 0)

    def _app(self, number: int) -> ASGIApp:
        if number not in self._apps:
            user = self.users[number]
            self._apps[number] = Middleware(
                build_app(user), self.clock, self.limits, user.faults, user.oauth, user.requests
            )
        return self._apps[number]
