from source_freshbooks.components.partitions import PerBusinessState


def test_a_business_connected_later_does_not_inherit_the_cursor_of_the_others() -> None:
    saved = {
        "use_global_cursor": False,
        "states": [{"partition": {"business_id": 1}, "cursor": {"updated_at_utc": "2026-01-01T00:00:00Z"}}],
        "state": {"updated_at_utc": "2026-01-01T00:00:00Z"},
        "lookback_window": 1,
    }
    migration = PerBusinessState()
    assert migration.should_migrate(saved)
    assert migration.migrate(saved) == {"use_global_cursor": False, "states": saved["states"]}
    assert not migration.should_migrate({})
