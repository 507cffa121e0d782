"""A home with a connection, a scripted source, and a look into the raw tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.preparation import Preparation

FAKE_SOURCE = Path(__file__).with_name("fake_source.py")


def connector_config(**credentials: Any) -> dict[str, Any]:
    """A complete connector config; its token is valid for a very long time."""
    return {
        "credentials": {
            "auth_type": "oauth2.0",
            "client_id": "client",
            "client_secret": "very-secret-word",
            "redirect_uri": "https://localhost:8765/callback",
            "refresh_token": "refresh-0",
            "access_token": "access-0",
            "token_expiry_date": "2100-01-01T00:00:00Z",
        }
        | credentials
    }


@pytest.fixture(autouse=True)
def _no_freshbooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here may reach FreshBooks; a test with a server of its own names it."""
    for name in ("FRESHBOOKS_API_URL", "FRESHBOOKS_AUTH_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")


@pytest.fixture(autouse=True)
def _unprepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of these syncs build nothing, or a project of their own."""
    monkeypatch.setattr(Preparation, "begin", lambda *_: None)


@pytest.fixture
def config() -> Callable[..., dict[str, Any]]:
    return connector_config


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A connected home."""
    home = Home(tmp_path / "home").ensure()
    ConnectionStore(home.connection).connect(connector_config())
    return home


@pytest.fixture
def scripted(tmp_path: Path) -> Callable[..., Source]:
    """`scripted(read=[...], discover=[...], check=[...], verify=[...])`: a source that emits these steps."""
    number = iter(range(1000))

    def make(**verbs: list[Any]) -> Source:
        name = f"script-{next(number)}"
        script = tmp_path / f"{name}.json"
        script.write_text(json.dumps(verbs), "utf-8")
        return Source((sys.executable, str(FAKE_SOURCE), str(script)), version=name)

    return make


@pytest.fixture
def raw(home: Home) -> Callable[[str], list[tuple[Any, ...]]]:
    """Ask raw.duckdb."""

    def ask(statement: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(home.raw, read_only=True) as db:
            return db.execute(statement).fetchall()

    return ask
