"""The pages of a home, served by a thread, and a person with a browser in front of them."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import httpx2
import uvicorn
from starlette.testclient import TestClient

from freshbooks_hub.core.home import Home
from freshbooks_hub.web.app import create_app
from freshbooks_hub.web.server import listen
from freshbooks_hub.web.sessions import Sessions

PAGES = (
    "/",
    "/status",
    "/money",
    "/tax",
    "/tax/lines",
    "/balances",
    "/invoices",
    "/clients",
    "/payments",
    "/bills",
    "/expenses",
    "/expenses/list",
    "/projects",
    "/time",
    "/time/entries",
    "/ledger",
    "/pack",
    "/approvals",
    "/activity",
    "/settings",
    "/settings/freshbooks",
    "/settings/agents",
    "/settings/agents/draft",
    "/settings/users",
    "/connections",
    "/account",
    "/settings/notifications",
    "/settings/webhooks",
)
# Pages about one thing: what their addresses begin with, and the mart and the key of what follows.
RECORDS = {
    "/invoices/": ("invoices", "invoice_id"),
    "/clients/": ("clients", "client_id"),
    "/bills/": ("bills", "bill_id"),
    "/projects/": ("projects", "project_id"),
}
# Lists, reports and answers in another state than the one that they come in.
STATES = (
    "/?business=all",
    "/money?business=all",
    "/invoices?q=a&status=overdue&from=2026-01-01",
    "/invoices?q=nothing-of-this-name",
    "/invoices?columns=all",
    "/ledger?page=2&sort=account",
    "/no-such-page",
)
# With the piece of a page that scripts ask for.
ANSWERS = (*PAGES, "/progress")
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


def records(published: Path) -> list[str]:
    """The address of one record of each kind, from the middle of its mart."""
    with duckdb.connect(published, read_only=True) as db:
        found = []
        for path, (mart, key) in RECORDS.items():
            row = db.execute(f"SELECT quantile_disc({key}, 0.5) FROM marts.{mart}").fetchone()
            assert row
            found.append(f"{path}{row[0]}")
        return found


class Served:
    """A server on a free port of 127.0.0.1, as a context manager."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.app = create_app(home)
        self._socket = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(self.app, log_level="critical", access_log=False, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    def link(self) -> str:
        """A link that signs one browser in, and leads to Home."""
        return self.app.state.site.sessions.link()

    def __enter__(self) -> Self:
        self.app.state.site.sessions.serve(self.url)
        self._thread.start()
        while not self._server.started:
            threading.Event().wait(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.app.state.site.logins.stop()
        self._server.should_exit = True
        self._thread.join()


class Stranger(TestClient):
    """A browser without a screen that is not signed in: keeps cookies, sends forms with their token."""

    def __init__(self, home: Home, **settings: object) -> None:
        super().__init__(create_app(home, **settings), base_url="http://127.0.0.1:8766")  # type: ignore[arg-type]

    def submit(self, path: str, page: str = "/", **fields: str) -> httpx2.Response:
        """Open `page`, then post the form to `path` as the page would."""
        return self.post(path, data=fields | {"csrf": self.token(page)}, follow_redirects=False)

    def token(self, page: str = "/") -> str:
        """The token in the forms of `page`."""
        found = TOKEN.search(self.get(page).text)
        assert found, f"{page} has no form"
        return found[1]


class Client(Stranger):
    """The same of the owner: signed in by a link."""

    def __init__(self, home: Home, **settings: object) -> None:
        super().__init__(home, **settings)
        sessions = Sessions(home)
        sessions.serve(str(self.base_url))
        assert self.get(sessions.link(), follow_redirects=False).headers["location"] == "/"
