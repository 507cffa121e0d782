"""The token owner: one file, one refresh, nothing spent that could not be kept."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.connection import oauth
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import examine, keep_alive, renewed_access_token, valid_access_token
from freshbooks_hub.core.errors import HomeError, HubError, InvalidConfig, NotConnected
from freshbooks_hub.core.home import Home
from unit_tests.hub.token_server import TokenServer

Config = Callable[..., dict[str, Any]]
EXPIRED = "2020-01-01T00:00:00Z"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenServer]:
    server = TokenServer()
    monkeypatch.setenv("FRESHBOOKS_API_URL", server.url)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def store(tmp_path: Path, config: Config) -> ConnectionStore:
    store = ConnectionStore(tmp_path / "connection.json")
    store.connect(config(token_expiry_date=EXPIRED))
    return store


def test_a_valid_token_is_returned_without_a_request(
    server: TokenServer, store: ConnectionStore, config: Config
) -> None:
    store.connect(config())
    assert valid_access_token(store) == "access-0"
    assert server.posts == []


@pytest.mark.parametrize(("minutes", "refreshes"), [(9, 1), (11, 0)])
def test_a_token_is_refreshed_ten_minutes_before_it_expires(
    server: TokenServer, store: ConnectionStore, config: Config, minutes: int, refreshes: int
) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=minutes)
    store.connect(config(token_expiry_date=soon.isoformat()))
    assert valid_access_token(store) == f"access-{refreshes}"
    assert len(server.posts) == refreshes


def test_a_refresh_is_on_disk_before_its_token_is_used(server: TokenServer, store: ConnectionStore) -> None:
    assert valid_access_token(store) == "access-1"
    stored = store.load()
    assert stored.credentials["refresh_token"] == "refresh-1"
    assert stored.expires_at is not None
    left = stored.expires_at - datetime.now(UTC)
    assert timedelta(hours=11, minutes=59) < left <= timedelta(hours=12)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert server.posts == [
        {
            "client_id": "client",
            "client_secret": "very-secret-word",
            "redirect_uri": "https://localhost:8765/callback",
            "grant_type": "refresh_token",
            "refresh_token": "refresh-0",
        }
    ]


def test_expiry_counts_from_created_at(server: TokenServer, store: ConnectionStore) -> None:
    created = int(datetime.now(UTC).timestamp()) - 3600
    server.answer = (
        200,
        {"access_token": "a", "refresh_token": "r", "created_at": created, "expires_in": 43200},
    )
    valid_access_token(store)
    assert store.load().expires_at == datetime.fromtimestamp(created + 43200, UTC)


@pytest.mark.parametrize(
    "told",
    [{}, {"created_at": 1_767_225_600, "expires_in": 43200}, {"created_at": "soon", "expires_in": None}],
    ids=["nothing", "the_first_created_at", "nonsense"],
)
def test_a_token_whose_end_is_unknown_is_used_until_it_is_refused(
    server: TokenServer, store: ConnectionStore, told: dict[str, Any]
) -> None:
    server.answer = (200, {"access_token": "access-1", "refresh_token": "refresh-1"} | told)
    assert [valid_access_token(store) for _ in range(5)] == ["access-1"] * 5
    assert store.load().expires_at is None
    assert len(server.posts) == 1
    server.answer = (200, {"access_token": "access-2", "refresh_token": "refresh-2"} | told)
    assert [renewed_access_token(store, "access-1") for _ in range(5)] == ["access-2"] * 5
    assert len(server.posts) == 2


def test_what_the_source_does_not_know_of_its_new_token_is_not_taken_from_the_old_one(
    server: TokenServer, store: ConnectionStore
) -> None:
    new = {"access_token": "access-1", "refresh_token": "refresh-1", "token_expiry_date": None}
    store.rotate("refresh-0", new)
    assert valid_access_token(store) == "access-1"
    assert server.posts == []


def test_an_idle_grant_whose_end_is_unknown_is_refreshed_within_the_week(
    server: TokenServer, store: ConnectionStore, config: Config
) -> None:
    began = store.connect(config(token_expiry_date=None)).connected_at
    for days, refreshes in ((6, 0), (6.6, 1)):
        keep_alive(store, lambda days=days: began + timedelta(days=days))
        assert len(server.posts) == refreshes


def test_eight_processes_with_an_expired_token_make_one_refresh(
    server: TokenServer, store: ConnectionStore
) -> None:
    server.delay = 0.3
    code = (
        "import sys; from pathlib import Path\n"
        "from freshbooks_hub.connection.store import ConnectionStore\n"
        "from freshbooks_hub.connection.tokens import valid_access_token\n"
        "sys.stdin.readline()\n"
        "print(valid_access_token(ConnectionStore(Path(sys.argv[1]))))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(store.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[0].strip() for process in processes] == ["access-1"] * 8
    assert len(server.posts) == 1


def test_a_dead_grant_is_posted_once_until_a_new_connection(
    server: TokenServer, store: ConnectionStore, config: Config
) -> None:
    server.generation = 5
    for _ in range(3):
        with pytest.raises(oauth.GrantRefused, match="Connect again"):
            valid_access_token(store)
    assert len(server.posts) == 1
    store.connect(config(refresh_token="refresh-5", token_expiry_date=EXPIRED))
    assert valid_access_token(store) == "access-6"


@pytest.mark.parametrize("code", ["invalid_client", "unauthorized_client"])
def test_refused_app_credentials_are_named_and_keep_the_grant(
    server: TokenServer, store: ConnectionStore, code: str
) -> None:
    server.answer = (401, {"error": code})
    with pytest.raises(oauth.ClientRefused, match=code) as caught:
        valid_access_token(store)
    assert "very-secret-word" not in str(caught.value)
    assert store.load().dead_since is None


@pytest.mark.parametrize(("days", "refreshes"), [(0, 0), (5.9, 0), (6.1, 1), (400, 1)])
def test_an_idle_grant_is_refreshed_within_the_week(
    server: TokenServer, store: ConnectionStore, config: Config, days: float, refreshes: int
) -> None:
    ended = datetime(2026, 3, 1, tzinfo=UTC)
    store.connect(config(token_expiry_date=ended.isoformat()))

    def clock() -> datetime:
        return ended + timedelta(days=days)

    assert keep_alive(store, clock) is bool(refreshes)
    assert len(server.posts) == refreshes


def test_neither_a_dead_grant_nor_none_is_kept_alive(server: TokenServer, store: ConnectionStore) -> None:
    server.generation = 5
    with pytest.raises(oauth.GrantRefused):
        keep_alive(store)
    assert not keep_alive(store)
    assert len(server.posts) == 1
    store.remove()
    assert not keep_alive(store)


def test_every_refresh_is_dated(server: TokenServer, store: ConnectionStore) -> None:
    connected = store.load().refreshed_at
    valid_access_token(store)
    refreshed = store.load().refreshed_at
    assert connected is not None
    assert refreshed is not None
    assert refreshed > connected


@pytest.mark.parametrize("me", [200, 403, 503])
def test_somebody_elses_failure_does_not_touch_a_grant_that_lives(
    server: TokenServer, home: Home, store: ConnectionStore, me: int
) -> None:
    server.me = me
    examine(home, store)
    assert server.posts == []
    assert store.load().dead_since is None


def test_somebody_elses_failure_finds_a_dead_grant(
    server: TokenServer, home: Home, store: ConnectionStore
) -> None:
    server.me = 401
    server.generation = 5
    for _ in range(2):
        with pytest.raises(oauth.GrantRefused, match="Connect again"):
            examine(home, store)
    assert store.load().dead_since
    assert len(server.posts) == 1


def test_an_access_token_that_died_early_is_replaced(
    server: TokenServer, home: Home, store: ConnectionStore
) -> None:
    server.me = 401
    examine(home, store)
    assert store.load().credentials["access_token"] == "access-1"


def test_a_connection_file_of_before_is_still_read(store: ConnectionStore) -> None:
    document = json.loads(store.path.read_text())
    del document["refreshed_at"], document["profile"]
    store.path.write_text(json.dumps(document))
    assert store.load().profile is None


def test_a_lost_answer_is_not_sent_again(server: TokenServer, store: ConnectionStore) -> None:
    server.hang_up = True
    with pytest.raises(oauth.AnswerLost, match="Try again; if it is refused"):
        valid_access_token(store)
    assert len(server.posts) == 1
    assert store.load().credentials["refresh_token"] == "refresh-0"


def test_a_slow_answer_counts_as_lost(
    server: TokenServer, store: ConnectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth, "READ_TIMEOUT", 0.2)
    server.delay = 1.0
    with pytest.raises(oauth.AnswerLost):
        valid_access_token(store)


def test_a_redirect_is_not_followed(server: TokenServer, store: ConnectionStore) -> None:
    server.answer = (302, {})
    with pytest.raises(oauth.OAuthError, match="302"):
        valid_access_token(store)
    assert len(server.posts) == 1


def test_an_unreachable_host_is_said_plainly(store: ConnectionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHBOOKS_API_URL", "http://127.0.0.1:1")
    with pytest.raises(oauth.Unreachable, match="cannot be reached"):
        valid_access_token(store)


def test_no_token_is_spent_when_the_new_one_could_not_be_kept(
    server: TokenServer, store: ConnectionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(HomeError, match="full"):
        valid_access_token(store)
    assert server.posts == []


def test_rotation_by_the_source_does_not_overwrite_a_newer_connection(
    store: ConnectionStore, config: Config
) -> None:
    rotated = config(refresh_token="refresh-1", access_token="access-1")["credentials"]
    assert store.rotate("refresh-0", rotated).credentials["access_token"] == "access-1"
    store.connect(config(refresh_token="newer"))
    with pytest.raises(HubError, match="replaced"):
        store.rotate("refresh-1", rotated)
    assert store.load().credentials["refresh_token"] == "newer"


def test_no_connection_and_a_damaged_one_are_told_apart(store: ConnectionStore) -> None:
    store.path.write_text("{")
    with pytest.raises(NotConnected, match="damaged"):
        store.load()
    store.path.unlink()
    with pytest.raises(NotConnected, match="not connected yet"):
        store.load()


def test_secrets_are_in_no_repr(store: ConnectionStore) -> None:
    text = repr(store.load()) + repr(oauth.Tokens("access-0", "refresh-0", datetime.now(UTC)))
    assert not [secret for secret in ("very-secret-word", "access-0", "refresh-0") if secret in text]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"client_secret": ""}, "credentials.client_secret"),
        ({"redirect_uri": "http://localhost"}, "redirect_uri"),
        ({"redirect_uri": "https://localhost/callback?x=1"}, "redirect_uri"),
        ({"token_expiry_date": "2026-01-01T00:00:00"}, "token_expiry_date"),
    ],
)
def test_a_wrong_config_is_refused_by_the_field(
    store: ConnectionStore, config: Config, change: dict[str, str], named: str
) -> None:
    before = json.loads(store.path.read_text())
    with pytest.raises(InvalidConfig, match=named):
        store.connect(config(**change))
    assert json.loads(store.path.read_text()) == before
