"""A demo sandbox shared by the tests that only read, and a fresh small one for the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from freshbooks_sandbox import Sandbox

MAIN, SECOND, GUEST, SMALL = 439_000, 439_117, 512_340, 600_777
ACCOUNT = {MAIN: "mPx4Q9", SECOND: "zD7mNq", GUEST: "hLb3Tz"}
NOW = datetime(2026, 11, 5, 15, 30, 0, tzinfo=UTC)


@dataclass
class Api:
    """A caller with a token. Paths may start with `{acct}`: the first business's accounting prefix."""

    sandbox: Sandbox
    session: requests.Session

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        path = path.replace("{acct}", f"/accounting/account/{ACCOUNT[MAIN]}")
        return self.session.request(method, self.sandbox.url + path, timeout=10, **more)

    def get(self, path: str, params: Any = None, **more: Any) -> requests.Response:
        return self.call("GET", path, params=params, **more)

    def list(self, path: str, params: Any = None) -> dict[str, Any]:
        answer = self.get(path, params)
        assert answer.status_code == 200, answer.text
        return answer.json()["response"]["result"]

    def every(self, path: str, key: str, params: list[tuple[str, Any]] | None = None) -> list[dict[str, Any]]:
        rows, page = [], 1
        while True:
            found = self.list(path, [*(params or []), ("per_page", 100), ("page", page)])
            rows += found[key]
            if page >= found["pages"]:
                return rows
            page += 1

    def post(self, path: str, **body: Any) -> requests.Response:
        return self.call("POST", path, json=body)

    def put(self, path: str, **body: Any) -> requests.Response:
        return self.call("PUT", path, json=body)

    def made(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.post(path, **body)
        assert answer.status_code == 200, answer.text
        (row,) = answer.json()["response"]["result"].values()
        return row


def caller(sandbox: Sandbox, scopes: list[str] | None = None) -> Api:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {sandbox.grant(scopes)['access_token']}"
    return Api(sandbox, session)


@pytest.fixture(scope="session")
def demo() -> Iterator[Sandbox]:
    """Read only: tests that change anything take `fresh`."""
    with Sandbox(seed="demo", rate_limit=None) as sandbox:
        sandbox.clock.freeze(NOW)
        yield sandbox


@pytest.fixture(scope="session")
def api(demo: Sandbox) -> Api:
    return caller(demo)


@pytest.fixture
def fresh() -> Iterator[Sandbox]:
    """The businesses with a client, a category and nothing else; the clock stands still."""
    sandbox = Sandbox(seed="empty")
    sandbox.clock.freeze(NOW)
    with sandbox:
        sandbox.create("clients", MAIN, organization="Acme", email="pay@acme.example")
        yield sandbox


@pytest.fixture
def fresh_api(fresh: Sandbox) -> Api:
    return caller(fresh)
