"""What comes again as it was is neither staged nor merged, and only that."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from freshbooks_hub.core.errors import LoadFailed
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import raw as raw_module
from freshbooks_hub.sync.catalog import stream_table
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.raw import RawStore, Written
from freshbooks_hub.sync.raw_tables import RawTables
from unit_tests.hub.protocol import catalog, complete, record, row, state, stream
from unit_tests.hub.sync.test_load import Ask, ingest, saved_state

Scripted = Callable[..., Source]
READ_AT = {"observed_at": {"type": "string", "format": "date-time"}}


def later(message: dict[str, Any], number: int) -> dict[str, Any]:
    """The same record, written at another moment."""
    inner = message["record"]
    return {**message, "record": {**inner, "emitted_at": inner["emitted_at"] + number}}


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that batches were staged for."""
    found: list[str] = []
    stage = RawStore._stage

    def counted(store: RawStore, table: Any, *rest: Any) -> None:
        found.append(table.name)
        stage(store, table, *rest)

    monkeypatch.setattr(RawStore, "_stage", counted)
    return found


def test_the_rows_of_the_last_change_are_read_again_and_nothing_is_done(
    home: Home, scripted: Scripted, raw: Ask, staged: list[str]
) -> None:
    rows = [record(row(1, name="a")), record(row(2, name="b"))]
    found: list[list[tuple[Any, ...]]] = []
    for number in range(3):
        read = [*(later(one, number) for one in rows), state("x"), complete()]
        result = ingest(home, scripted(discover=[catalog(stream())], read=read))["invoices"]
        found.append(raw("SELECT version, saved_at FROM freshbooks_sync.version, freshbooks_sync.state"))
    assert found[0] == found[1] == found[2]
    assert staged == []  # the first was inserted
    assert (result.read, result.inserted, result.updated, result.total) == (2, 0, 0, 2)


def test_a_state_that_moved_on_is_saved_without_rows(home: Home, scripted: Scripted, raw: Ask) -> None:
    streams = [catalog(stream(), stream("clients"))]
    for position in ("x", "y"):
        read: list[Any] = []
        for name in ("invoices", "clients"):
            rows = [record(row(1), name)] if name == "invoices" else []
            read += [*rows, state(position, name), complete(name)]
        ingest(home, scripted(discover=streams, read=read))
        assert {saved_state(raw), saved_state(raw, "clients")} == {position}


def test_the_moment_of_reading_does_not_make_a_row_another(
    home: Home, scripted: Scripted, raw: Ask, staged: list[str]
) -> None:
    described = stream(**READ_AT) | {"default_cursor_field": ["observed_at"]}
    for number in range(3):
        data = row(1, name="a", observed_at=f"2026-01-0{number + 1}T00:00:00Z")
        ingest(home, scripted(discover=[catalog(described)], read=[record(data), complete()]))
    assert staged == []
    assert raw("SELECT name, observed_at::DATE::VARCHAR FROM freshbooks.invoices") == [("a", "2026-01-01")]


def test_a_row_that_changed_back_is_merged(home: Home, scripted: Scripted, raw: Ask) -> None:
    described = stream(incremental=True)
    for number, name in enumerate("aba"):
        data = row(1, f"2026-01-0{number + 1}T00:00:00Z", name=name)
        ingest(home, scripted(discover=[catalog(described)], read=[record(data), complete()]))
        assert raw("SELECT name FROM freshbooks.invoices") == [(name,)]


def test_the_same_rows_after_a_full_refresh_and_in_a_wider_table_are_looked_at(
    home: Home, scripted: Scripted, raw: Ask, staged: list[str]
) -> None:
    read = [record(row(1, name="a")), state("x"), complete()]
    ingest(home, scripted(discover=[catalog(stream())], read=read))
    ingest(home, scripted(discover=[catalog(stream(note={"type": "string"}))], read=read))
    assert staged == ["invoices"]
    other = [record(row(1, name="b")), state("x"), complete()]
    ingest(home, scripted(discover=[catalog(stream())], read=other), full_refresh=True)
    ingest(home, scripted(discover=[catalog(stream())], read=read))
    assert staged == ["invoices", "invoices"]
    assert raw("SELECT name FROM freshbooks.invoices") == [("a",)]


def test_a_view_of_the_user_is_no_raw_table(home: Home, scripted: Scripted) -> None:
    ingest(home, scripted(discover=[catalog(stream())], read=[record(row(1)), complete()]))
    with duckdb.connect(home.raw) as db:
        db.execute("CREATE VIEW freshbooks.mine AS FROM freshbooks.invoices")
    store = RawStore(home.raw, home.run / "duckdb")
    assert store.tables.names() == ["invoices"]
    assert store.tables.changed_since(0) == {"invoices"}
    store.close()


def test_a_batch_whose_commit_failed_comes_in_with_the_next_try(
    home: Home, tmp_path: Path, raw: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RawStore(home.raw, home.run / "duckdb")
    table = store.prepare(stream_table(stream()), shadow=False)
    spool = tmp_path / "spool"
    spool.write_text(json.dumps(record(row(1))) + "\n")

    def fail(self: RawStore, name: str, text: str) -> None:
        raise duckdb.IOException("the disk went away")

    with monkeypatch.context() as patch:
        patch.setattr(raw_module.RawStore, "_save_state", fail)
        with pytest.raises(LoadFailed):
            store.write(table, spool, 1, 200, {"cursor": 1})
    assert store.write(table, spool, 1, 200, {"cursor": 1}) == Written(1, 0)
    store.close()
    assert raw("SELECT count(*) FROM freshbooks.invoices") == [(1,)]


def test_a_newer_source_widens_the_tables_once(
    home: Home, scripted: Scripted, raw: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    widen = RawTables.widen

    def counted(store: RawTables, version: str, tables: Any) -> None:
        widen(store, version, (looked.append(table.name) or table for table in tables))  # type: ignore[func-returns-value]

    monkeypatch.setattr(RawTables, "widen", counted)
    first = scripted(discover=[catalog(stream())], read=[record(row(1)), complete()])
    for _ in range(2):
        ingest(home, first)
    assert looked == ["invoices"]
    newer = scripted(discover=[catalog(stream(note={"type": "string"}))], read=[record(row(1)), complete()])
    ingest(home, newer)
    assert looked == ["invoices"] * 2
    assert raw("SELECT note FROM freshbooks.invoices") == [(None,)]
