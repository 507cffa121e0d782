"""Reading a stream from the beginning over what is stored: nothing is lost, whatever comes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.progress import Silent
from freshbooks_hub.sync.run import SyncOptions, SyncResult, sync
from unit_tests.hub.protocol import catalog, complete, record, row, state, stream

Scripted = Callable[..., Source]
Ask = Callable[[str], list[tuple[Any, ...]]]
FLAGS = {"is_deleted": {"type": "boolean"}, "is_archived": {"type": "boolean"}}
CATALOG = catalog(stream("invoices", **FLAGS), stream("clients", **FLAGS))
FULL_REREAD = SyncOptions(full_reread=frozenset({"invoices", "clients"}), marts=False)


def shown(number: int, name: str, **values: Any) -> dict[str, Any]:
    return row(number, name=name, is_deleted=False, is_archived=False) | values


@pytest.fixture
def read(home: Home, scripted: Scripted) -> Callable[..., SyncResult]:
    """`read(options, *steps)` after a first sync of two invoices and a client."""

    def run(options: SyncOptions, *steps: Any) -> SyncResult:
        return sync(home, options, Silent(), scripted(discover=[CATALOG], read=list(steps)))

    run(
        SyncOptions(marts=False),
        record(shown(1, "a")),
        record(shown(2, "b")),
        state("first"),
        complete(),
        record(shown(7, "c"), "clients"),
        state("first", "clients"),
        complete("clients"),
    )
    return run


def states(raw: Ask) -> dict[str, str]:
    rows = raw("SELECT stream, state FROM freshbooks_sync.state")
    return {name: json.loads(text)["stream"]["stream_state"]["cursor"] for name, text in rows}


def test_it_begins_anew_and_hands_over_the_ids_of_what_is_stored(
    read: Callable[..., SyncResult], tmp_path: Path
) -> None:
    copy = {"do": "copy_inputs", "to": str(tmp_path)}
    done = [record(shown(7, "c"), "clients"), complete("clients"), record(shown(1, "a")), complete()]
    result = read(FULL_REREAD, copy, *done)
    assert all(stream.is_full_reread for stream in result.streams)
    assert json.loads((tmp_path / "state.json").read_text()) == []
    assert json.loads((tmp_path / "known-ids.json").read_text()) == {
        "invoices": {"439000": [1, 2]},
        "clients": {"439000": [7]},
    }
    read(SyncOptions(marts=False), copy, complete(), complete("clients"))
    assert len(json.loads((tmp_path / "state.json").read_text())) == 2


def test_what_is_not_sent_stays_and_a_tombstone_marks_the_row(
    read: Callable[..., SyncResult], raw: Ask
) -> None:
    gone = row(2, "2026-02-01T00:00:00Z", is_deleted=True, is_archived=False)
    read(
        FULL_REREAD,
        record(gone),
        state("again"),
        complete(),
        record(shown(7, "c"), "clients"),
        complete("clients"),
    )
    assert raw("SELECT id, name, is_deleted FROM freshbooks.invoices ORDER BY id") == [
        (1, "a", False),
        (2, "b", True),
    ]
    assert states(raw) == {"invoices": "again", "clients": "first"}


def test_a_deleted_row_that_comes_with_its_fields_is_stored_with_them(
    read: Callable[..., SyncResult], raw: Ask
) -> None:
    """A tombstone has none, and of the row that it marks the stamp moves alone."""
    gone = shown(1, "a, credited", is_deleted=True) | {"updated_at_utc": "2026-02-03T00:00:00Z"}
    tombstone = row(2, "2026-02-04T00:00:00Z", is_deleted=True, is_archived=False)
    read(SyncOptions(marts=False), record(gone), record(tombstone), complete(), complete("clients"))
    assert raw(
        "SELECT id, name, is_deleted, updated_at_utc::DATE::VARCHAR FROM freshbooks.invoices ORDER BY id"
    ) == [
        (1, "a, credited", True, "2026-02-03"),
        (2, "b", True, "2026-02-04"),
    ]


def test_an_interrupted_one_leaves_the_stored_state(read: Callable[..., SyncResult], raw: Ask) -> None:
    """A state from the middle of the history would make the next sync read half of it again."""
    with pytest.raises(HubError):
        read(FULL_REREAD, record(shown(1, "new")), state("middle"), {"do": "exit", "code": 1})
    assert states(raw) == {"invoices": "first", "clients": "first"}
    assert raw("SELECT name FROM freshbooks.invoices WHERE id = 1") == [("new",)]


def test_a_stream_that_gives_nothing_any_more_fails_alone(
    read: Callable[..., SyncResult], raw: Ask, home: Home
) -> None:
    with pytest.raises(
        HubError, match="Clients could not be read: FreshBooks sent no rows of clients, though 1 are stored"
    ):
        read(
            FULL_REREAD,
            state("empty", "clients"),
            complete("clients"),
            state("empty", "clients"),
            record(shown(1, "healed")),
            state("again"),
            complete(),
        )
    assert states(raw) == {"invoices": "again", "clients": "first"}
    assert raw("SELECT name FROM freshbooks.invoices WHERE id = 1") == [("healed",)]
    assert raw("SELECT count(*) FROM freshbooks.clients") == [(1,)]
