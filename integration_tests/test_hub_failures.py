"""What a user meets when something is wrong: one clear sentence, exit code 1, the earlier marts untouched."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of
from integration_tests.hub import Hub

MARTS = b"the marts of an earlier sync"
EXPIRED = "2020-01-01T00:00:00Z"


@pytest.fixture
def hub(tmp_path: Path, sandbox: Sandbox) -> Hub:
    hub = Hub(tmp_path / "home", sandbox)
    hub.connect()
    (hub.home / "freshbooks.duckdb").write_bytes(MARTS)
    return hub


def fails(hub: Hub, *args: str) -> str:
    """The one line a failed command leaves."""
    result = hub.run(*args)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.stderr
    assert (hub.home / "freshbooks.duckdb").read_bytes() == MARTS
    return lines[0]


def change(hub: Hub, **credentials: str) -> None:
    path = hub.home / "connection.json"
    document = json.loads(path.read_text())
    document["config"]["credentials"] |= credentials
    path.write_text(json.dumps(document))


def test_a_wrong_client_secret(hub: Hub) -> None:
    change(hub, client_secret="not-the-secret-of-this-app", token_expiry_date=EXPIRED)
    said = fails(hub, "sync")
    assert "Client ID" in said
    assert "not-the-secret-of-this-app" not in said


def test_a_spent_refresh_token(hub: Hub) -> None:
    hub.sandbox.grant()  # another authorization took the grant over
    change(hub, token_expiry_date=EXPIRED)
    said = fails(hub, "sync")
    assert "refresh token" in said
    assert "freshbooks connect" in said
    posts = len(hub.sandbox.requests.matching("*/oauth/token", "POST"))
    fails(hub, "sync")
    assert len(hub.sandbox.requests.matching("*/oauth/token", "POST")) == posts  # a dead grant is posted once


def test_an_unreachable_host(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setattr(hub.sandbox, "url", f"http://127.0.0.1:{unused.getsockname()[1]}")
        assert "could not be reached" in fails(hub, "sync")


def test_missing_scopes_are_told_by_their_cost_when_connecting_and_are_no_failure(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_of(sandbox)
    tokens = sandbox.grant(scopes=["user:profile:read", "user:clients:read"])
    config["credentials"] |= {key: tokens[key] for key in ("access_token", "refresh_token")}
    (tmp_path / "config.json").write_text(json.dumps(config))
    result = Hub(tmp_path / "home", sandbox).run("connect", "--config", str(tmp_path / "config.json"))
    assert result.returncode == 0, result.stderr
    told = "Not approved: user:invoices:read. Invoices cannot be read, so balances and revenue are unknown."
    assert result.stdout.count(told) == 1


def test_a_scope_that_is_taken_away_stops_the_sync_and_keeps_the_rows(hub: Hub) -> None:
    assert hub.run("sync", "--stream", "taxes", "--no-marts").returncode == 0
    tokens = hub.sandbox.grant(scopes=["user:profile:read", "user:clients:read"])
    change(hub, access_token=tokens["access_token"], refresh_token=tokens["refresh_token"])
    assert "user:taxes:read" in fails(hub, "sync", "--stream", "taxes")
    assert "5 are stored" in fails(hub, "sync", "--stream", "taxes", "--full-refresh")


def test_no_connection_yet(sandbox: Sandbox, tmp_path: Path) -> None:
    result = Hub(tmp_path / "new", sandbox).run("sync")
    assert result.returncode == 1
    assert "freshbooks connect" in result.stderr


def test_a_home_that_cannot_be_written(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = Hub(tmp_path / "file" / "home", sandbox).run("sync")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "FRESHBOOKS_HOME" in result.stderr


def test_an_unknown_stream_is_a_usage_error_that_lists_the_known_ones(hub: Hub) -> None:
    result = hub.run("sync", "--stream", "invioces")
    assert result.returncode in (1, 2)
    assert "invoices" in result.stderr


def test_wrong_sql_and_missing_marts_are_told(hub: Hub) -> None:
    (hub.home / "freshbooks.duckdb").unlink()
    result = hub.run("query", "select 1")
    assert result.returncode == 1
    assert "freshbooks sync" in result.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("a full disk needs root, to mount one of 6 MB")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk(sandbox: Sandbox, small_disk: Path) -> None:
    hub = Hub(small_disk / "home", sandbox)
    hub.connect()
    (hub.home / "freshbooks.duckdb").write_bytes(MARTS)
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    (small_disk / "ballast").write_bytes(b"\0" * max(free - 300_000, 0))
    said = fails(hub, "sync")
    assert "full" in said or "space" in said


def test_a_read_only_home(sandbox: Sandbox, small_disk: Path) -> None:
    hub = Hub(small_disk / "home", sandbox)
    hub.connect()
    (hub.home / "freshbooks.duckdb").write_bytes(MARTS)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert "is not writable" in fails(hub, "sync")
