"""The ids that the source is told of, of a stream whose open months are read alone: by day."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from freshbooks_api.streams import DATED
from freshbooks_hub.sync import batch_sql as sql
from freshbooks_hub.sync.catalog import stream_table
from integration_tests.connector import manifest

DETAILS = {
    "name": "journal_entry_details",
    "json_schema": {
        "properties": {
            "business_id": {"type": ["null", "integer"]},
            "detailid": {"type": ["null", "integer"]},
            "user_entered_date": {"type": ["null", "string"], "format": "date"},
            "is_deleted": {"type": ["null", "boolean"]},
        }
    },
    "source_defined_primary_key": [["business_id"], ["detailid"]],
    "supported_sync_modes": ["full_refresh", "incremental"],
    "default_cursor_field": ["observed_at"],
}


def test_source_and_hub_mean_the_same_streams_and_dates() -> None:
    windowed = {name: found["dated"] for name, found in manifest().items() if found.get("window")}
    assert windowed == DATED


@pytest.mark.parametrize("kind", ["DATE", "VARCHAR"])
def test_ids_are_told_by_day(tmp_path: Path, kind: str) -> None:
    query = sql.known_ids(stream_table(DETAILS), "user_entered_date")
    assert query is not None
    with duckdb.connect(tmp_path / "raw.duckdb") as db:
        db.execute("CREATE SCHEMA freshbooks")
        db.execute(
            "CREATE TABLE freshbooks.journal_entry_details "
            f"(business_id BIGINT, detailid BIGINT, user_entered_date {kind}, is_deleted BOOLEAN)"
        )
        day = date(2026, 11, 5).isoformat()
        rows = [
            (1, 9, day, False),
            (1, 8, day, False),
            (1, 7, day, True),
            (1, 6, None, False),
            (2, 8, day, False),
        ]
        db.executemany("INSERT INTO freshbooks.journal_entry_details VALUES (?, ?, ?, ?)", rows)
        assert db.execute(query).fetchall() == [(1, "", [6]), (1, day, [8, 9]), (2, day, [8])]
