"""Records into raw.duckdb: types, keys, states, full refreshes, and what survives a kill."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import LoadFailed, SourceFailed
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import load
from freshbooks_hub.sync.extract import RunLog, Source
from freshbooks_hub.sync.history import StreamResult
from freshbooks_hub.sync.ingest import Ingestion
from freshbooks_hub.sync.progress import Silent
from freshbooks_hub.sync.raw import RawStore
from freshbooks_hub.sync.raw_tables import ROW_GROUP
from unit_tests.hub.conftest import connector_config
from unit_tests.hub.protocol import catalog, complete, control, error, record, row, state, status, stream

Ask = Callable[[str], list[tuple[Any, ...]]]
Scripted = Callable[..., Source]


def ingest(
    home: Home, source: Source, full_refresh: bool = False, names: list[str] | None = None
) -> dict[str, StreamResult]:
    raw = RawStore(home.raw, home.run / "duckdb")
    try:
        ingestion = Ingestion(home, ConnectionStore(home.connection), raw, source, Silent())
        ingestion.run(names or [], full_refresh)
        return {result.stream: result for result in ingestion.results()}
    finally:
        raw.close()


def saved_state(raw: Ask, name: str = "invoices") -> Any:
    [(text,)] = raw(f"SELECT state FROM freshbooks_sync.state WHERE stream = '{name}'")
    return json.loads(text)["stream"]["stream_state"]["cursor"]


def test_values_get_the_types_and_names_that_airbyte_destinations_write(
    home: Home, scripted: Scripted, raw: Ask
) -> None:
    nullable = {
        "taxName1": {"type": ["null", "string"]},
        "flag": {"type": ["null", "boolean"]},
        "day": {"type": ["null", "string"], "format": "date"},
        "rate": {"type": ["null", "number"]},
        "lines": {"type": ["null", "array"]},
        "amount": {"type": ["null", "object"]},
    }
    data = row(
        1,
        "2026-03-08T01:30:00-05:00",
        taxName1="GST",
        flag=False,
        day="2026-02-28",
        rate=1.25,
        lines=[{"qty": "2"}],
        amount={"amount": "12.30", "code": "USD"},
        undeclared="dropped",
    )
    ingest(home, scripted(discover=[catalog(stream(**nullable))], read=[record(data), complete()]))
    assert raw(
        "SELECT taxname1, flag, day, rate, lines, amount, updated_at_utc FROM freshbooks.invoices"
    ) == [
        (
            "GST",
            False,
            date(2026, 2, 28),
            Decimal("1.25"),
            '[{"qty":"2"}]',
            '{"amount":"12.30","code":"USD"}',
            datetime(2026, 3, 8, 6, 30),
        )
    ]
    types = dict(raw("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'invoices'"))
    assert types["id"] == "BIGINT"
    assert types["rate"] == "DECIMAL(38,9)"
    assert types["updated_at_utc"] == "TIMESTAMP"
    assert types["lines"] == "JSON"
    [(extracted, meta)] = raw("SELECT _airbyte_extracted_at, _airbyte_meta FROM freshbooks.invoices")
    assert extracted == datetime(2026, 1, 1)
    assert json.loads(meta) == {"changes": []}


def test_a_value_that_does_not_fit_becomes_null_and_is_listed(
    home: Home, scripted: Scripted, raw: Ask
) -> None:
    """And what fits beside it is the same as in a batch where all does."""
    fields = {
        "day": {"type": "string", "format": "date"},
        "count": {"type": "integer"},
        "lines": {"type": ["null", "array"]},
    }
    read = [
        record(
            row(
                1, "2026-03-08T01:30:00-05:00", day="2026-02-30", count=1.5, name="kept", lines=[{"qty": "2"}]
            )
        ),
        record(row(2, day="2026-02-28", count=7)),
        complete(),
    ]
    ingest(home, scripted(discover=[catalog(stream(**fields))], read=read))
    rows = raw("SELECT id, day, count, name, _airbyte_meta FROM freshbooks.invoices ORDER BY id")
    assert [r[:4] for r in rows] == [(1, None, None, "kept"), (2, date(2026, 2, 28), 7, None)]
    assert raw("SELECT updated_at_utc, lines FROM freshbooks.invoices WHERE id = 1") == [
        (datetime(2026, 3, 8, 6, 30), '[{"qty":"2"}]')
    ]
    assert json.loads(rows[0][4])["changes"] == [
        {"field": name, "change": "NULLED", "reason": "DESTINATION_TYPECAST_ERROR", "value": value}
        for name, value in (("count", "1.5"), ("day", "2026-02-30"))
    ]
    assert json.loads(rows[1][4])["changes"] == []


def test_a_home_may_have_an_apostrophe_in_its_path(tmp_path: Path, scripted: Scripted) -> None:
    home = Home(tmp_path / "O'Neill's books").ensure()
    ConnectionStore(home.connection).connect(connector_config())
    source = scripted(discover=[catalog(stream())], read=[record(row(1)), complete()])
    assert ingest(home, source)["invoices"].inserted == 1


def unreadable(value: str) -> dict[str, str]:
    """What the source says of a value that it had to leave out."""
    return {
        "field": "day",
        "change": "NULLED",
        "reason": "SOURCE_SERIALIZATION_ERROR",
        "value": value,
    }


def with_changes(data: dict[str, Any], *changes: dict[str, str]) -> dict[str, Any]:
    message = record(data)
    message["record"]["meta"] = {"changes": list(changes)}
    return message


@pytest.mark.parametrize("count", [7, "a number"], ids=["all_else_fits", "another_value_does_not_fit"])
def test_what_the_source_left_out_of_a_row_stands_beside_it(
    home: Home, scripted: Scripted, raw: Ask, count: Any
) -> None:
    fields = {"day": {"type": ["null", "string"], "format": "date"}, "count": {"type": "integer"}}
    told = unreadable("0000-00-00 'quoted' \"twice\" ⚠")
    read = [with_changes(row(1, day=None, count=count), told), record(row(2, count=8)), complete()]
    ingest(home, scripted(discover=[catalog(stream(**fields))], read=read))
    rows = dict(raw("SELECT id, _airbyte_meta FROM freshbooks.invoices"))
    first, second = (json.loads(rows[number])["changes"] for number in (1, 2))
    assert first[0] == told
    assert [change["value"] for change in first[1:]] == ([] if count == 7 else ["a number"])
    assert second == []


@pytest.mark.parametrize("meta", [None, {}, {"changes": None}, {"changes": {}}, [], "x"])
def test_a_meta_of_another_shape_costs_nothing(home: Home, scripted: Scripted, raw: Ask, meta: Any) -> None:
    message = record(row(1, name="kept"))
    message["record"]["meta"] = meta
    ingest(home, scripted(discover=[catalog(stream())], read=[message, complete()]))
    assert raw("SELECT name, _airbyte_meta::VARCHAR FROM freshbooks.invoices") == [("kept", '{"changes":[]}')]


def test_another_unreadable_value_in_place_of_the_first_is_a_change(
    home: Home, scripted: Scripted, raw: Ask
) -> None:
    fields = {"day": {"type": ["null", "string"], "format": "date"}}
    for value, updated in (("0000-00-00", 0), ("2026-02-30", 1), ("2026-02-30", 0)):
        read = [with_changes(row(1, day=None), unreadable(value)), complete()]
        done = ingest(home, scripted(discover=[catalog(stream(**fields))], read=read))
        assert done["invoices"].updated == updated
    [(meta,)] = raw("SELECT _airbyte_meta FROM freshbooks.invoices")
    assert json.loads(meta)["changes"] == [unreadable("2026-02-30")]


def test_within_a_batch_the_newest_row_of_a_key_stays_and_a_tie_goes_to_the_later_line(
    home: Home, scripted: Scripted, raw: Ask
) -> None:
    read = [
        record(row(1, "2026-01-02T00:00:00Z", name="newest")),
        record(row(1, "2026-01-01T00:00:00Z", name="older, later line")),
        record(row(2, name="first")),
        record(row(2, name="second")),
        record(row(None, name="null key")),
        record(row(None, name="null key again")),
        complete(),
    ]
    ingest(home, scripted(discover=[catalog(stream())], read=read))
    assert raw("SELECT id, name FROM freshbooks.invoices ORDER BY id NULLS LAST") == [
        (1, "newest"),
        (2, "second"),
        (None, "null key again"),
    ]


@pytest.mark.parametrize("batch_bytes", [1, 1_000, 16 * 1024 * 1024])
def test_a_first_load_keeps_one_row_of_a_key_wherever_it_comes_again(
    home: Home, scripted: Scripted, raw: Ask, monkeypatch: pytest.MonkeyPatch, batch_bytes: int
) -> None:
    monkeypatch.setattr(load, "BATCH_BYTES", batch_bytes)
    rows = [row(i, "2026-01-05T00:00:00Z", name="first") for i in range(1, 40)]
    rows += [row(7, "2026-01-06T00:00:00Z", name="again"), row(8, "2026-01-04T00:00:00Z", name="stale")]
    rows += [row(i, "2026-01-05T00:00:00Z", name="later") for i in range(40, 80)]
    read = [message for number, one in enumerate(rows) for message in (record(one), state(number))]
    result = ingest(home, scripted(discover=[catalog(stream())], read=[*read, complete()]))["invoices"]
    assert result.total == 79
    assert raw("SELECT id, name FROM freshbooks.invoices WHERE id IN (7, 8) ORDER BY id") == [
        (7, "again"),
        (8, "first"),
    ]


def test_an_older_row_does_not_replace_a_stored_one_and_an_equal_cursor_does(
    home: Home, scripted: Scripted, raw: Ask
) -> None:
    first = [record(row(i, "2026-01-05T00:00:00Z", name="stored")) for i in (1, 2, 3, None)] + [complete()]
    second = [
        record(row(1, "2026-01-04T00:00:00Z", name="stale")),
        record(row(2, "2026-01-05T00:00:00Z", name="same moment")),
        record(row(3, "2026-01-06T00:00:00Z", name="newer")),
        record(row(None, "2026-01-06T00:00:00Z", name="newer")),
        record(row(4, name="new")),
        complete(),
    ]
    ingest(home, scripted(discover=[catalog(stream())], read=first))
    result = ingest(home, scripted(discover=[catalog(stream())], read=second))["invoices"]
    assert raw("SELECT id, name FROM freshbooks.invoices ORDER BY id NULLS LAST") == [
        (1, "stored"),
        (2, "same moment"),
        (3, "newer"),
        (4, "new"),
        (None, "newer"),
    ]
    assert (result.read, result.inserted, result.updated, result.total) == (5, 1, 3, 5)


def test_a_row_that_was_only_read_again_is_no_change(home: Home, scripted: Scripted, raw: Ask) -> None:
    def read(at: str) -> list[Any]:
        return [record(row(1, at, name="same")), complete()]

    ingest(home, scripted(discover=[catalog(stream())], read=read("2026-01-01T00:00:00Z")))
    before = raw("SELECT version FROM freshbooks_sync.version")
    # The cursor of time entries is the request's own clock: it moves although the entry does not.
    ingest(home, scripted(discover=[catalog(stream())], read=read("2026-01-09T00:00:00Z")))
    assert raw("SELECT version FROM freshbooks_sync.version") == before


def test_a_new_field_adds_a_column_and_leaves_the_old_ones(home: Home, scripted: Scripted, raw: Ask) -> None:
    ingest(home, scripted(discover=[catalog(stream())], read=[record(row(1, name="a")), complete()]))
    wider = stream(notes={"type": ["null", "string"]})
    del wider["json_schema"]["properties"]["name"]
    read = [record(row(2, notes="b")), complete()]
    ingest(home, scripted(discover=[catalog(wider)], read=read))
    assert raw("SELECT id, name, notes FROM freshbooks.invoices ORDER BY id") == [
        (1, "a", None),
        (2, None, "b"),
    ]


def test_a_new_field_of_a_stream_that_is_not_due_adds_its_column_too(
    home: Home, scripted: Scripted, raw: Ask
) -> None:
    """The models name it, and are built after each sync; a stream that was never read stays without a table."""
    read = [record(row(1, name="a"), "clients"), complete(), complete("clients")]
    ingest(home, scripted(discover=[catalog(stream(), stream("clients"))], read=read))
    wider = stream("clients", notes={"type": ["null", "string"]})
    discovered = [catalog(stream(), wider, stream("items"))]
    ingest(home, scripted(discover=discovered, read=[complete()]), names=["invoices"])
    assert raw("SELECT id, name, notes FROM freshbooks.clients") == [(1, "a", None)]
    tables = raw("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'freshbooks'")
    assert ("items",) not in tables


def test_the_saved_state_goes_back_to_the_source(
    home: Home, scripted: Scripted, raw: Ask, tmp_path: Path
) -> None:
    ingest(home, scripted(discover=[catalog(stream())], read=[record(row(1)), state("mon"), complete()]))
    assert saved_state(raw) == "mon"
    ingest(
        home,
        scripted(discover=[catalog(stream())], read=[{"do": "copy_inputs", "to": str(tmp_path)}, complete()]),
    )
    [message] = json.loads((tmp_path / "state.json").read_text())
    assert message["stream"] == {
        "stream_descriptor": {"name": "invoices"},
        "stream_state": {"cursor": "mon"},
    }
    assert json.loads((tmp_path / "config.json").read_text())["credentials"]["access_token"] == "access-0"
    assert list(home.run.glob("*.json")) == []


def test_a_full_refresh_stream_is_replaced_whole_and_only_when_it_completes(
    home: Home, scripted: Scripted, raw: Ask
) -> None:
    found = [catalog(stream("staff", incremental=False))]

    def read(*ids: int) -> list[Any]:
        return [record(row(i), "staff") for i in ids]

    ingest(home, scripted(discover=found, read=[*read(1, 2), complete("staff")]))
    with pytest.raises(SourceFailed, match="Staff"):
        ingest(home, scripted(discover=found, read=[*read(3), status("INCOMPLETE", "staff")]))
    assert raw("SELECT id FROM freshbooks.staff ORDER BY id") == [(1,), (2,)]
    ingest(home, scripted(discover=found, read=[*read(2, 3, 3), complete("staff")]))
    assert raw("SELECT id FROM freshbooks.staff ORDER BY id") == [(2,), (3,)]
    assert raw("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'freshbooks'") == [("staff",)]


def test_a_business_that_is_read_no_more_keeps_its_row_for_what_was_read_of_it(
    home: Home, scripted: Scripted, raw: Ask
) -> None:
    """Its invoices stay too, and name it; a full refresh swaps both."""
    found = [catalog(stream("businesses", incremental=False))]

    def read(*ids: int) -> Source:
        rows = [record(row(i), "businesses") for i in ids]
        return scripted(discover=found, read=[*rows, complete("businesses")])

    ingest(home, read(439117))
    ingest(home, read(439000))
    assert raw("SELECT id FROM freshbooks.businesses ORDER BY id") == [(439000,), (439117,)]
    ingest(home, read(439000), full_refresh=True)
    assert raw("SELECT id FROM freshbooks.businesses") == [(439000,)]


def test_full_refresh_reads_from_the_beginning_and_keeps_the_old_table_on_failure(
    home: Home, scripted: Scripted, raw: Ask, tmp_path: Path
) -> None:
    found = [catalog(stream())]
    ingest(home, scripted(discover=found, read=[record(row(1)), state("old"), complete()]))
    broken = [record(row(2)), state("lost"), error("FreshBooks said no.", "invoices")]
    with pytest.raises(SourceFailed, match="Invoices could not be read: FreshBooks said no"):
        ingest(home, scripted(discover=found, read=broken), full_refresh=True)
    assert raw("SELECT id FROM freshbooks.invoices") == [(1,)]
    assert saved_state(raw) == "old"
    whole = [{"do": "copy_inputs", "to": str(tmp_path)}, record(row(2)), state("new"), complete()]
    ingest(home, scripted(discover=found, read=whole), full_refresh=True)
    assert json.loads((tmp_path / "state.json").read_text()) == []
    assert raw("SELECT id FROM freshbooks.invoices") == [(2,)]
    assert saved_state(raw) == "new"


@pytest.mark.parametrize("full_refresh", [False, True])
def test_a_state_that_follows_complete_is_saved(
    home: Home, scripted: Scripted, raw: Ask, full_refresh: bool
) -> None:
    read = [record(row(1)), state("early"), complete(), state("last")]
    ingest(home, scripted(discover=[catalog(stream())], read=read), full_refresh)
    assert saved_state(raw) == "last"
    assert raw("SELECT count(*) FROM freshbooks_sync.state") == [(1,)]


def test_a_full_refresh_that_finds_the_same_is_no_change(home: Home, scripted: Scripted, raw: Ask) -> None:
    source = scripted(discover=[catalog(stream())], read=[record(row(1)), record(row(2)), complete()])
    first = ingest(home, source, full_refresh=True)["invoices"]
    before = raw("SELECT version FROM freshbooks_sync.version")
    second = ingest(home, source, full_refresh=True)["invoices"]
    assert (first.inserted, second.read, second.inserted, second.updated) == (2, 2, 0, 0)
    assert raw("SELECT version FROM freshbooks_sync.version") == before


def test_what_was_read_before_an_error_is_kept_with_its_state(
    home: Home, scripted: Scripted, raw: Ask
) -> None:
    read = [
        record(row(1)),
        state("one"),
        record(row(2)),
        error("Too many requests."),
        {"do": "exit", "code": 1},
    ]
    with pytest.raises(SourceFailed, match="Too many requests"):
        ingest(home, scripted(discover=[catalog(stream())], read=read))
    assert raw("SELECT id FROM freshbooks.invoices ORDER BY id") == [(1,), (2,)]
    assert saved_state(raw) == "one"


def test_a_source_that_dies_without_a_word_is_an_error_and_its_log_has_no_secret(
    home: Home, scripted: Scripted
) -> None:
    read = [
        {"do": "stderr", "text": "boom with very-secret-word"},
        "not protocol, access-0",
        {"do": "exit", "code": 3},
    ]
    with pytest.raises(SourceFailed, match="exit code 3"):
        ingest(home, scripted(discover=[catalog(stream())], read=read))
    [log] = home.logs.glob("sync-*.log")
    text = log.read_text()
    assert "boom with ****" in text
    assert "not protocol, ****" in text
    assert "very-secret-word" not in text


def test_a_rotated_token_is_on_disk_at_once_and_hidden_in_the_log(
    home: Home, scripted: Scripted, config: Callable[..., dict[str, Any]]
) -> None:
    read = [
        control(config(refresh_token="refresh-1", access_token="access-1")),
        {"do": "stderr", "text": "using access-1"},
        {"do": "exit", "code": 9},
    ]
    with pytest.raises(SourceFailed):
        ingest(home, scripted(discover=[catalog(stream())], read=read))
    assert ConnectionStore(home.connection).load().credentials["refresh_token"] == "refresh-1"
    [log] = home.logs.glob("sync-*.log")
    assert "access-1" not in log.read_text()


def test_a_token_that_the_log_named_before_it_was_announced_is_blotted_out(home: Home) -> None:
    log = RunLog(home.logs / "sync-1.log")
    log.write("using access-1")
    log.hide({"credentials": {"access_token": "access-1"}})
    log.write("done with access-1")
    log.close()
    assert log.path.read_text() == "using ****\ndone with ****\n"


DRIVER = """
import sys
from pathlib import Path
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.progress import Silent
from freshbooks_hub.sync import load
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.ingest import Ingestion
from freshbooks_hub.sync.raw import RawStore

load.BATCH_BYTES = 20_000
home = Home(Path(sys.argv[1]))
raw = RawStore(home.raw, home.run / "duckdb")
source = Source(tuple(sys.argv[2:]), "v")
Ingestion(home, ConnectionStore(home.connection), raw, source, Silent()).run([], False)
raw.close()
"""


@pytest.mark.parametrize(
    "delay", [0.3, pytest.param(0.5, marks=pytest.mark.long), 0.7, pytest.param(0.9, marks=pytest.mark.long)]
)
def test_killed_at_any_moment_rows_and_state_agree_and_the_next_sync_completes(
    home: Home, scripted: Scripted, raw: Ask, delay: float
) -> None:
    rows, step = 3000, 100
    slow: list[Any] = []
    for start in range(0, rows, step):
        slow += [record(row(i, name="x" * 50)) for i in range(start, start + step)]
        slow += [state(start + step), {"do": "sleep", "seconds": 0.04}]
    source = scripted(discover=[catalog(stream())], read=[*slow, complete()])
    process = subprocess.Popen([sys.executable, "-c", DRIVER, str(home.root), *source.command])
    until = time.monotonic() + 30
    while not home.raw.exists() and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    RawStore(home.raw, home.run / "duckdb").close()
    done = raw("SELECT state FROM freshbooks_sync.state")
    position = json.loads(done[0][0])["stream"]["stream_state"]["cursor"] if done else 0
    tables = raw("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'invoices'")[0][0]
    stored = (
        raw("SELECT count(*) FROM freshbooks.invoices WHERE id < " + str(position))[0][0] if tables else 0
    )
    assert stored == position
    # A real source goes on from the state it is given.
    rest = [record(row(i, name="x" * 50)) for i in range(position, rows)]
    ingest(home, scripted(discover=[catalog(stream())], read=[*rest, state(rows), complete()]))
    assert raw("SELECT count(*), count(DISTINCT id) FROM freshbooks.invoices") == [(rows, rows)]
    assert saved_state(raw) == rows
    assert list(home.run.iterdir()) == []


def test_after_a_batch_that_could_not_be_written_nothing_of_its_stream_is(
    home: Home, scripted: Scripted, raw: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "BATCH_BYTES", 1)
    write, calls = RawStore.write, []

    def failing(store: RawStore, *arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise LoadFailed("no room")
        return write(store, *arguments)

    monkeypatch.setattr(RawStore, "write", failing)
    read = [message for number in range(1, 6) for message in (record(row(number)), state(str(number)))]
    with pytest.raises(LoadFailed, match="no room"):
        ingest(home, scripted(discover=[catalog(stream())], read=[*read, complete()]))
    assert len(calls) == 2
    assert raw("SELECT count(*) FROM freshbooks.invoices") == [(1,)]
    assert raw("SELECT * FROM freshbooks_sync.state") == []


def test_a_batch_that_fills_row_groups_is_in_the_table_and_not_in_the_log(
    home: Home, scripted: Scripted, raw: Ask
) -> None:
    rows = [record(row(number)) for number in range(ROW_GROUP)]
    ingest(home, scripted(discover=[catalog(stream())], read=[*rows, complete()]))
    groups = "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('freshbooks.invoices')"
    assert raw(groups) == [(1,)]
    ingest(home, scripted(discover=[catalog(stream())], read=[record(row(ROW_GROUP)), complete()]))
    assert raw(groups) == [(2,)]


def test_times_of_the_run_are_utc(home: Home, scripted: Scripted, raw: Ask) -> None:
    ingest(home, scripted(discover=[catalog(stream())], read=[record(row(1)), state("x"), complete()]))
    [(saved,)] = raw("SELECT saved_at FROM freshbooks_sync.state")
    assert abs((datetime.now(UTC).replace(tzinfo=None) - saved).total_seconds()) < 60
