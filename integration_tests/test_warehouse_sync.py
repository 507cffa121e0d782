"""`freshbooks sync` with a warehouse that connections share: what is read is loaded, and marts come from there."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from freshbooks_sandbox import Sandbox
from integration_tests import programs
from integration_tests.hub import Hub
from unit_tests.dbt import postgres

READ = tuple(word for stream in ("businesses", "clients", "taxes") for word in ("--stream", stream))


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    binaries = programs.postgresql()
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        with postgres.server(folder, binaries) as running:
            yield running
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def hub(sandbox: Sandbox, tmp_path: Path) -> Hub:
    made = Hub(tmp_path / "home", sandbox)
    made.connect()
    return made


def address(port: int) -> str:
    return f"postgresql://freshbooks@127.0.0.1:{port}/postgres"


def clients(server: postgres.Server) -> int:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM freshbooks.clients")
        return int(cursor.fetchone()[0])


def test_what_is_read_is_loaded_and_no_marts_are_built_here(
    hub: Hub, server: postgres.Server, tmp_path: Path
) -> None:
    """A warehouse that is down holds up no reading; the next sync brings the rest. The address may be an argument."""
    down = hub.run("sync", *READ, "--to", address(1))
    assert down.returncode == 1
    assert "The warehouse at 127.0.0.1/postgres failed" in down.stderr
    with duckdb.connect(str(hub.home / "raw.duckdb")) as raw:
        [read] = raw.execute("SELECT count(*) FROM freshbooks.clients").fetchone() or [0]
    assert read > 0
    done = hub.run("sync", *READ, "--json", "--to", address(server.port))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["published"] is False
    assert clients(server) == read
    assert not (hub.home / "freshbooks.duckdb").exists()


def test_a_password_among_the_arguments_is_refused(hub: Hub) -> None:
    refused = hub.run("sync", "--to", "postgresql://loader:s3cret@127.0.0.1/books")
    assert refused.returncode == 1
    assert "can be listed by every user" in refused.stderr
    assert "s3cret" not in refused.stdout + refused.stderr


@pytest.mark.long
def test_marts_come_from_the_warehouse(
    hub: Hub, server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One build there; the next sync, which finds nothing new, publishes them here, and one more has nothing to do."""
    monkeypatch.setenv("FRESHBOOKS_WAREHOUSE", address(server.port))
    first = hub.run("sync", "--json", *READ)
    assert first.returncode == 0, first.stderr
    built = hub.run("warehouse", "build")
    assert built.returncode == 0, built.stderr
    assert built.stdout.startswith("Marts of 3 businesses published")  # one has no accounting
    published = [json.loads(hub.run("sync", "--json", *READ).stdout)["published"] for _ in range(2)]
    assert published == [True, False]
    [row] = hub.query("select count(*) as clients, count(distinct business_id) as businesses from clients")
    assert row["businesses"] == 2
    assert row["clients"] > 0
    assert json.loads(hub.run("status", "--json").stdout)
