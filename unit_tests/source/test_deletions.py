"""What tells that a row is deleted or archived, and by which lists every row is seen (freshbooks-api.md 3.5)."""

from typing import Any

import pytest

from source_freshbooks.components.deletions import VISIBILITY


@pytest.mark.parametrize(
    ("kind", "row", "asked", "flags"),
    [
        ("vis_state", {"vis_state": 0}, {}, (False, False, True)),
        ("vis_state", {"vis_state": 1}, {}, (True, False, True)),
        ("vis_state", {"vis_state": 2}, {}, (False, True, True)),
        ("vis_state", {"vis_state": "1"}, {}, (True, False, True)),
        ("vis_state", {"visState": 2}, {}, (False, True, True)),
        ("vis_state", {"vis_state": 0}, {"search[vis_state]": 1}, (False, False, True)),
        # Without the key, what was asked for is what came.
        ("vis_state", {}, {"search[vis_state]": 1}, (True, False, False)),
        ("vis_state", {}, {"search[vis_state]": 2}, (False, True, False)),
        ("vis_state", {}, {}, (False, False, False)),
        ("vis_state", {"vis_state": 7}, {"search[vis_state]": 1}, (True, False, False)),
        ("vis_state", {"vis_state": True}, {}, (False, False, False)),
        ("vis_state", {"vis_state": [1]}, {}, (False, False, False)),
        ("services", {"vis_state": 1}, {}, (True, False, True)),
        ("projects", {"active": False}, {}, (True, False, True)),
        ("projects", {"active": True}, {}, (False, False, True)),
        ("time_entries", {"active": None}, {}, (False, False, True)),
        ("active", {"active": 0}, {}, (False, False, True)),
        ("ledger", {"state": "deleted"}, {}, (True, False, True)),
        ("ledger", {"state": "archived"}, {}, (False, True, True)),
        ("ledger", {"state": "inactive"}, {}, (False, True, True)),
        ("ledger", {"state": "active"}, {}, (False, False, True)),
        ("none", {"vis_state": 1, "active": False, "state": "deleted"}, {}, (False, False, True)),
    ],
)
def test_flags_of_a_row(
    kind: str, row: dict[str, Any], asked: dict[str, Any], flags: tuple[bool, bool, bool]
) -> None:
    assert VISIBILITY[kind].flags(row, asked) == flags


def test_the_lists_that_show_every_row_end_with_the_deleted_ones() -> None:
    assert [passed["search[vis_state]"] for passed in VISIBILITY["vis_state"].passes] == [0, 2, 1]
    assert VISIBILITY["projects"].passes == ({}, {"active": "true"}, {"active": "false"})
    assert VISIBILITY["time_entries"].passes == ({"team": "true", "include_deleted": "true"},)
    assert {kind for kind, how in VISIBILITY.items() if how.overlapping} == {"projects", "services"}
    assert all(VISIBILITY[kind].passes == ({},) for kind in ("active", "services", "ledger", "none"))
