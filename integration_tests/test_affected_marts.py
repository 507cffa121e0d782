"""Marts of which only the affected ones were rebuilt are those that a whole build makes; healing reads."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest

from freshbooks_sandbox import Sandbox
from integration_tests.hub import Hub

BUSINESS = 439000


def marts_of(home: Path) -> dict[str, list[Any]]:
    """Every row of every mart."""
    with duckdb.connect(home / "freshbooks.duckdb", read_only=True) as db:
        tables = db.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts'").fetchall()
        return {name: db.execute(f"SELECT * FROM marts.{name} ORDER BY ALL").fetchall() for (name,) in tables}


def built(home: Path) -> set[str]:
    results = json.loads((home / "dbt" / "target" / "run_results.json").read_bytes())["results"]
    return {r["unique_id"].split(".")[-1] for r in results if r["unique_id"].startswith("model.")}


@pytest.mark.long
def test_affected_marts_equal_those_of_a_whole_build(sandbox: Sandbox, tmp_path: Path) -> None:
    hub = Hub(tmp_path / "home", sandbox)
    hub.connect()
    hub.sync()
    everything = built(hub.home)
    books = sandbox.books(BUSINESS)
    first, second, *_ = books["invoices"]
    sandbox.edit("invoices", BUSINESS, first, notes="changed")
    sandbox.delete("invoices", BUSINESS, second)
    sandbox.edit("clients", BUSINESS, next(iter(books["clients"])), organization="Renamed Ltd")
    sandbox.delete("payments", BUSINESS, next(iter(books["payments"])))
    entry = next(iter(books["time_entries"]))
    sandbox.edit("time_entries", BUSINESS, entry, duration=5400)

    assert hub.sync()["published"]
    affected = built(hub.home)
    assert {"invoices", "outstanding_balances", "time_entries", "crm_contacts", "ar_aging"} <= affected
    assert not {"expense_categories", "stg_freshbooks__expenses", "stg_freshbooks__estimates"} & affected
    assert len(affected) < len(everything)
    found = marts_of(hub.home)

    with sqlite3.connect(hub.home / "hub.sqlite") as db:
        db.execute("DELETE FROM generations")
    assert hub.sync()["published"]
    assert built(hub.home) == everything
    whole = marts_of(hub.home)
    assert found.keys() == whole.keys()
    for mart, rows in whole.items():
        assert found[mart] == rows, mart


@pytest.mark.long
def test_a_whole_read_finds_what_was_deleted_for_good_and_loses_nothing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Two rows of one list vanish: one is deleted for good, one is in no list but still there."""
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.progress import Silent
    from freshbooks_hub.sync.run import SyncOptions, sync

    hub = Hub(tmp_path / "home", sandbox)
    hub.connect()
    home = Home(hub.home)
    options = SyncOptions(["taxes", "clients", "businesses"], marts=False)
    sync(home, options, Silent())
    gone, *_ = sandbox.books(BUSINESS)["taxes"]
    sandbox.delete("taxes", BUSINESS, gone)
    hidden, *_ = [n for n, row in sandbox.books(BUSINESS)["clients"].items() if row["vis_state"] == 0]
    sandbox.books(BUSINESS)["clients"][hidden]["vis_state"] = 7
    sandbox.books(BUSINESS).table("clients").changed()
    before = _raw(home, "SELECT count(*), count(*) FILTER (is_deleted) FROM freshbooks.taxes")

    sync(home, options, Silent())
    assert _raw(home, "SELECT count(*), count(*) FILTER (is_deleted) FROM freshbooks.taxes") == before
    again = SyncOptions(["taxes", "clients"], full_reread=frozenset({"taxes", "clients"}), marts=False)
    sync(home, again, Silent())

    [(total, deleted)] = before
    assert _raw(home, "SELECT count(*), count(*) FILTER (is_deleted) FROM freshbooks.taxes") == [
        (total, deleted + 1)
    ]
    # A tombstone marks the row and leaves what it said.
    [(name, is_deleted)] = _raw(
        home,
        f"SELECT name, is_deleted FROM freshbooks.taxes WHERE (business_id, taxid) = ({BUSINESS}, {gone})",
    )
    assert name
    assert is_deleted
    assert _raw(
        home,
        f"SELECT is_deleted FROM freshbooks.clients WHERE (business_id, userid) = ({BUSINESS}, {hidden})",
    ) == [(False,)]
    # Incremental reads go on from where they were.
    result = sync(home, options, Silent())
    assert sum(s.updated + s.inserted for s in result.streams) == 0


def _raw(home: Any, statement: str) -> list[Any]:
    with duckdb.connect(home.raw, read_only=True) as db:
        return db.execute(statement).fetchall()
