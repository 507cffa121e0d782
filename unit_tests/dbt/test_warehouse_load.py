"""Rows of several connections in one PostgreSQL: as they are, whole or not at all, and each connection's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.raw import RawStore
from freshbooks_hub.sync.warehouse.address import Warehouse, WarehouseFailed, name_by_argument
from freshbooks_hub.sync.warehouse.load import connection_id, forget, load
from unit_tests.dbt import postgres
from unit_tests.dbt.raw_tables import STREAMS, Row, write_raw
from unit_tests.dbt.tenants import books, tenant, warehouse_of

pytestmark = pytest.mark.long

CLIENT = {"account_id": "a1", "business_id": 1, "is_deleted": False, "is_archived": False}


@pytest.fixture
def warehouse(server: postgres.Server) -> Warehouse:
    """Empty."""
    run(server, "DROP SCHEMA IF EXISTS freshbooks, freshbooks_sync CASCADE")
    return warehouse_of(server)


@pytest.fixture
def clients(tmp_path: Path) -> Home:
    """A home with clients 1 to 3."""
    home = Home(tmp_path / "home").ensure()
    write(home, [client(1), client(2), client(3)])
    return home


def run(server: postgres.Server, statement: str) -> list[tuple[Any, ...]]:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def client(number: int, **more: object) -> Row:
    return {**CLIENT, "userid": number, "fname": f"Name {number}", **more}


def write(home: Home, rows: list[Row]) -> None:
    home.raw.unlink(missing_ok=True)
    write_raw(home.raw, {"clients": rows, "taxes": [{**CLIENT, "taxid": 1, "name": "VAT"}]})
    RawStore(home.raw, home.run / "duckdb").close()


def change(home: Home, statement: str) -> None:
    with duckdb.connect(str(home.raw)) as db:
        db.execute(statement)


def names(server: postgres.Server, home: Home) -> dict[int, str]:
    return dict(
        run(
            server,
            "SELECT userid, fname FROM freshbooks.clients "
            f"WHERE _freshbooks_connection = '{connection_id(home)}'",
        )
    )


def test_every_value_arrives_as_it_is(warehouse: Warehouse, server: postgres.Server, tmp_path: Path) -> None:
    """All streams of the good books: what DuckDB holds as text, PostgreSQL holds too."""
    one = tenant(tmp_path, 1, books(tmp_path))
    done = one.load(warehouse)
    assert done.set_aside == {}
    assert len(done.tables) == len(STREAMS)
    with duckdb.connect(str(one.home.raw)) as raw, server.connect() as there, there.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        for table in done.tables:
            columns = raw.execute(f"SELECT * FROM freshbooks.{table} LIMIT 0").description
            read = "SELECT {} FROM freshbooks." + f"{table} ORDER BY _airbyte_raw_id"
            texts = [f'"{name}"::text' for name, kind, *_ in columns if kind not in ("JSON", "TIMESTAMP")]
            stamps = [f'"{name}"' for name, kind, *_ in columns if kind == "TIMESTAMP"]
            parsed = [f'"{name}"' for name, kind, *_ in columns if kind == "JSON"]
            cursor.execute(
                read.format(", ".join([*texts, *(f"{s} AT TIME ZONE 'UTC'" for s in stamps), *parsed]))
            )
            found = cursor.fetchall()
            ours = raw.execute(read.format(", ".join([*texts, *stamps, *parsed]))).fetchall()
            first = len(texts) + len(stamps)
            assert found == [
                (*row[:first], *(value and json.loads(value) for value in row[first:])) for row in ours
            ], table


@pytest.mark.parametrize(
    "text",
    [
        "tab\there",
        "two\nlines\r\n",
        "\\.",
        "a\n\\.\nb",
        "\\N",
        "back\\slash \\t",
        "",
        "“Zoë” 🍁",
        '"quoted", ',
    ],
)
def test_text_arrives_to_the_letter(
    warehouse: Warehouse, server: postgres.Server, clients: Home, text: str
) -> None:
    write(clients, [client(1, fname=text, organization=None, contacts=[{"note": text}])])
    load(clients, warehouse)
    [found] = run(server, "SELECT fname, organization, contacts -> 0 ->> 'note' FROM freshbooks.clients")
    assert found == (text, None, text)


def test_what_postgresql_cannot_hold_in_a_text_is_left_out(
    warehouse: Warehouse, server: postgres.Server, clients: Home
) -> None:
    """NUL, in a text and in JSON; a backslash before u0000 that is meant stays."""
    change(clients, "UPDATE freshbooks.clients SET fname = 'a' || chr(0) || 'b' WHERE userid = 1")
    change(
        clients, r"""UPDATE freshbooks.clients SET contacts = '["x\u0000y", "x\\u0000y"]' WHERE userid = 1"""
    )
    assert load(clients, warehouse).set_aside == {}
    [found] = run(
        server, "SELECT fname, contacts ->> 0, contacts ->> 1 FROM freshbooks.clients WHERE userid = 1"
    )
    assert found == ("ab", "xy", "x\\u0000y")


def test_a_row_that_postgresql_does_not_take_holds_up_no_other(
    warehouse: Warehouse, server: postgres.Server, clients: Home
) -> None:
    change(clients, "UPDATE freshbooks.clients SET contacts = '[1e999999]' WHERE userid = 2")
    done = load(clients, warehouse)
    assert done.set_aside == {"clients": 1}
    assert done.warnings()[0].startswith("Clients: 1 row could not be loaded")
    assert names(server, clients) == {1: "Name 1", 3: "Name 3"}
    [(reason,)] = run(server, "SELECT reason FROM freshbooks_sync.set_aside WHERE raw_id = 'clients-00001'")
    assert "numeric" in reason
    change(clients, "UPDATE freshbooks.clients SET contacts = '[1]' WHERE userid = 2")
    change(clients, "UPDATE freshbooks.clients SET _airbyte_extracted_at = now()::TIMESTAMP WHERE userid = 2")
    assert load(clients, warehouse).added == 1
    assert run(server, "SELECT count(*) FROM freshbooks_sync.set_aside") == [(0,)]


def test_a_second_load_brings_what_changed(
    warehouse: Warehouse, server: postgres.Server, clients: Home
) -> None:
    """A merge stamps a row anew, a swap takes rows away; the clock may have been set back meanwhile."""
    load(clients, warehouse)
    assert load(clients, warehouse).tables == []
    change(clients, "DELETE FROM freshbooks.clients WHERE userid = 1")
    change(
        clients,
        "UPDATE freshbooks.clients SET fname = 'New', _airbyte_extracted_at = '2020-01-01' WHERE userid = 2",
    )
    done = load(clients, warehouse)
    assert (done.added, done.deleted, done.tables) == (1, 2, ["clients"])
    assert names(server, clients) == {2: "New", 3: "Name 3"}


def test_rows_that_were_renewed_at_the_same_instant_are_all_seen(
    warehouse: Warehouse, server: postgres.Server, clients: Home
) -> None:
    """Whatever their number: what tells whether a table changed must not cancel out."""
    load(clients, warehouse)
    for number, chosen in enumerate(("1, 2", "1, 2, 3"), start=1):
        change(
            clients,
            f"UPDATE freshbooks.clients SET fname = 'Round {number}', "
            f"_airbyte_extracted_at = '2026-07-0{number}' WHERE userid IN ({chosen})",
        )
        load(clients, warehouse)
        assert names(server, clients)[2] == f"Round {number}"


def test_a_field_that_is_new_becomes_a_column(
    warehouse: Warehouse, server: postgres.Server, clients: Home
) -> None:
    load(clients, warehouse)
    change(clients, "ALTER TABLE freshbooks.clients ADD COLUMN shoe_size BIGINT")
    change(clients, "UPDATE freshbooks.clients SET shoe_size = 44, _airbyte_extracted_at = now()::TIMESTAMP")
    load(clients, warehouse)
    assert run(server, "SELECT DISTINCT shoe_size FROM freshbooks.clients") == [(44,)]


def test_a_load_that_fails_leaves_nothing_and_the_next_one_is_whole(
    warehouse: Warehouse, server: postgres.Server, clients: Home
) -> None:
    load(clients, warehouse)
    run(server, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'out of order'; END $$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON freshbooks.taxes EXECUTE FUNCTION refuse()")  # fmt: skip
    write(clients, [client(1, fname="New")])
    for table in ("clients", "taxes"):
        change(clients, f"UPDATE freshbooks.{table} SET _airbyte_extracted_at = now()::TIMESTAMP")
    with pytest.raises(WarehouseFailed, match="out of order"):
        load(clients, warehouse)
    assert len(names(server, clients)) == 3
    run(server, "DROP TRIGGER refuse ON freshbooks.taxes; DROP FUNCTION refuse")
    load(clients, warehouse)
    assert names(server, clients) == {1: "New"}


def test_a_connection_changes_its_own_rows_alone(
    warehouse: Warehouse, server: postgres.Server, tmp_path: Path
) -> None:
    """Also where both read the same business."""
    one, two = (Home(tmp_path / name).ensure() for name in ("one", "two"))
    write(one, [client(1), client(2)])
    write(two, [client(1, fname="Theirs")])
    load(one, warehouse)
    load(two, warehouse)
    write(two, [])
    load(two, warehouse)
    assert (names(server, one), names(server, two)) == ({1: "Name 1", 2: "Name 2"}, {})


def test_a_connection_that_is_forgotten_leaves_no_row(
    warehouse: Warehouse, server: postgres.Server, tmp_path: Path
) -> None:
    one, two = (Home(tmp_path / name).ensure() for name in ("one", "two"))
    for home in (one, two):
        write(home, [client(1), client(2)])
        load(home, warehouse)
    assert forget(one, warehouse) == 3
    assert (len(names(server, one)), len(names(server, two))) == (0, 2)
    assert load(one, warehouse).added == 3


def test_a_lost_raw_file_takes_no_other_stream_along(
    warehouse: Warehouse, server: postgres.Server, clients: Home
) -> None:
    """What was loaded of a stream stays as long as a sync of it says otherwise."""
    load(clients, warehouse)
    clients.raw.unlink()
    write_raw(clients.raw, {"clients": [client(9, _airbyte_raw_id="another")]})
    RawStore(clients.raw, clients.run / "duckdb").close()
    load(clients, warehouse)
    assert names(server, clients) == {9: "Name 9"}
    assert run(server, "SELECT count(*) FROM freshbooks.taxes") == [(1,)]


def test_tables_of_another_loader_are_left_alone(
    warehouse: Warehouse, server: postgres.Server, clients: Home
) -> None:
    run(server, "CREATE SCHEMA freshbooks; CREATE TABLE freshbooks.clients (userid bigint)")
    with pytest.raises(WarehouseFailed, match="another loader"):
        load(clients, warehouse)


def test_a_password_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = "postgresql://loader:s3cret@127.0.0.1:1/books"
    with pytest.raises(WarehouseFailed, match="can be listed") as refused:
        name_by_argument(address)
    file = tmp_path / "address"
    file.write_text(address + "\n")
    monkeypatch.setenv("FRESHBOOKS_WAREHOUSE_FILE", str(file))
    found = Warehouse.needed()
    with pytest.raises(WarehouseFailed, match=r"127\.0\.0\.1/books") as down, found.connect():
        pass
    with pytest.raises(WarehouseFailed, match="cannot be read") as unreadable:
        Warehouse.of("postgresql://loader:s3cret@[")
    said = [repr(found), *(repr(error.value) for error in (refused, down, unreadable))]
    assert not [text for text in said if "s3cret" in text]
    assert found.dbt_environment()["FRESHBOOKS_PG_PASSWORD"] == "s3cret"
