"""Files of the home that are damaged: every command and page says so in a sentence, with what to do."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from freshbooks_hub.cli.main import cli
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import HomeError
from freshbooks_hub.core.home import Home
from freshbooks_hub.marts.open import MartsDamaged
from freshbooks_hub.sync.history import History
from integration_tests.web.serving import Client

CONFIG = {
    "credentials": {
        "auth_type": "oauth2.0",
        "client_id": "client",
        "client_secret": "secret",
        "redirect_uri": "https://localhost:8765/callback",
        "refresh_token": "refresh",
        "access_token": "access",
        "token_expiry_date": "2100-01-01T00:00:00Z",
    }
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Connected to nobody, synced once, with marts of a few blocks."""
    home = Home(tmp_path / "home").ensure()
    monkeypatch.setenv("FRESHBOOKS_HOME", str(home.root))
    monkeypatch.setenv("FRESHBOOKS_API_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("FRESHBOOKS_AUTH_URL", "http://127.0.0.1:1")
    ConnectionStore(home.connection).connect(CONFIG)
    history = History(home.history)
    history.finish(history.start())
    with duckdb.connect(home.marts) as db:
        db.execute(
            "CREATE SCHEMA marts; CREATE TABLE marts.filling AS FROM range(200_000);"
            "CREATE TABLE marts.businesses AS SELECT range AS business_id, 'B' || range AS business_name, "
            "'a' AS account_id, 'UTC' AS time_zone, 'USD' AS base_currency_code FROM range(50_000);"
            "CREATE TABLE marts.fb_reconciliation AS SELECT 'c' AS check_name, 'B' || range AS business_name, "
            "'USD' AS currency_code, NULL::DATE AS end_date, 1.0 AS our_amount, 2.0 AS freshbooks_amount, "
            "1.0 AS difference_amount, '' AS wrong_rows, range AS business_id, range < 0 AS is_ok "
            "FROM range(50_000)"
        )
    return home


@pytest.mark.parametrize(
    "command", ["status", "schedule", "sync", "sync --due", "pause"], ids=lambda c: c.replace(" ", "_")
)
def test_a_damaged_hub_sqlite_is_one_sentence(home: Home, command: str) -> None:
    home.history.write_bytes(b"this was a database once" * 400)
    result = CliRunner().invoke(cli, command.split())
    assert isinstance(result.exception, HomeError)
    assert f"{home.history} is damaged" in str(result.exception)
    assert "Restore it from a backup" in str(result.exception)


@pytest.mark.parametrize("path", ["/", "/activity"])
def test_pages_tell_of_a_damaged_hub_sqlite(home: Home, path: str) -> None:
    home.history.write_bytes(b"this was a database once" * 400)
    home.marts.unlink()
    answer = Client(home).get(path)
    assert answer.status_code == 503
    assert "is damaged" in answer.text
    assert "Restore it from a backup" in answer.text
    assert Client(home).get("/balances").status_code == 200  # the books are not in it


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 4)


def scramble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for block in range(4096 * 3, len(content), 262_144):
        content[block + 5000 : block + 6000] = b"x" * 1000
    path.write_bytes(content[: path.stat().st_size])


@pytest.mark.parametrize("damage", [cut, scramble], ids=["cut", "scrambled"])
def test_damaged_marts_are_one_sentence(home: Home, damage: object) -> None:
    assert callable(damage)
    damage(home.marts)
    for command in (["status"], ["query", "select sum(outstanding_amount) from outstanding_balances"]):
        result = CliRunner().invoke(cli, command)
        assert isinstance(result.exception, MartsDamaged), command
        assert f"{home.marts} is damaged" in str(result.exception)
        assert "`freshbooks build`" in str(result.exception)
    for path in ("/", "/balances"):
        answer = Client(home).get(path)
        assert (answer.status_code, "freshbooks build" in answer.text) == (503, True)
