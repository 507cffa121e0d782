"""What tells that a row is deleted or archived, and by which lists every row is seen (freshbooks-api.md 3.5)."""

import json
from pathlib import Path
from typing import Any

import pytest

from source_freshbooks.components.deletions import VISIBILITY, KnownIds, is_gone, one_list, single_record
from source_freshbooks.components.errors import ConfigError, FreshbooksError


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


@pytest.mark.parametrize("kind", VISIBILITY)
def test_one_list_is_the_plain_one_and_tells_the_same_of_a_row(kind: str) -> None:
    plain = one_list(VISIBILITY[kind])
    wanted = {"team": "true", "include_deleted": "true"} if kind == "time_entries" else {}
    assert plain.passes == (wanted,)
    for row in ({"vis_state": 1}, {"active": False}, {"state": "deleted"}):
        assert plain.flags(row, wanted) == VISIBILITY[kind].flags(row, wanted)


def test_known_ids_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    by_day = {"2026-11-05": [81, 82], "2026-11-06": [83]}
    file.write_text(json.dumps({"taxes": {"439000": [7840], "5": []}, "ledger": {"439000": by_day}}))
    known = KnownIds.from_file(str(file))
    assert known.businesses("taxes") == {439000, 5}
    assert known.businesses("clients") == set()
    assert known.of("taxes", 439000) == {7840}
    assert known.of("taxes", 5) == known.of("taxes", 6) == known.of("clients", 439000) == set()
    assert known.of("ledger", 439000) == {81, 82, 83}
    assert known.of("ledger", 439000, since="2026-11-06") == {83}
    assert known.of("taxes", 439000, since="2026-11-06") == set()  # of these no day is known
    assert KnownIds().of("taxes", 439000) == set()


@pytest.mark.parametrize("text", ["", "[]", '{"taxes": [1]}', '{"taxes": {"1": 7}}', "[" * 100_000, "\x80"])
def test_a_file_of_known_ids_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "known.json"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match=r"known\.json cannot be read") as error:
        KnownIds.from_file(str(file))
    assert 'Give a JSON file such as {"taxes": {"439000": [7840]}}.' in str(error.value)


def test_a_record_is_found_by_its_key_wherever_it_stands() -> None:
    row = {"taxid": 7, "name": "VAT"}
    for body in (
        {"response": {"result": {"tax": row}}},
        {"response": {"tax": row}},
        {"tax": row},
        {"tax": {"taxid": "7", "name": "VAT"}},
        {"meta": {"id": 1}, "tax": {"id": 7}},
    ):
        assert str(single_record(body, "taxid", 7).get("taxid", 7)) == "7"
    assert single_record({"response": {"result": {"tax": row}}}, "taxid", "7") == row


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"response": {}}, {"response": {"result": {}}}, {"response": {"result": {"tax": {"taxid": 8}}}},
     {"response": {"result": {"tax": [{"taxid": 7}]}}}, {"tax": {}}],
)  # fmt: skip
def test_an_answer_without_the_record_is_no_record(body: Any) -> None:
    with pytest.raises(LookupError, match="the record is missing"):
        single_record(body, "taxid", 7)


def test_gone_is_what_freshbooks_says_of_a_row_that_is_not_there() -> None:
    assert is_gone(FreshbooksError("no such tax", status=404))
    assert is_gone(FreshbooksError("no such tax", status=422, errno=1012))
    assert not is_gone(FreshbooksError("no such tax", status=403))
    assert not is_gone(FreshbooksError("no such tax", status=500))
